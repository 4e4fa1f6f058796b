/* For tests of drivers: a printer, one reply after the other, and what became of them. */
#ifndef PRINTOP_TEST_DRIVER_CASE_H
#define PRINTOP_TEST_DRIVER_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/driver.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

struct driver_case {
	struct printer p;
	struct exchange x;
	struct http_req req;
	struct err e;
};

static inline void case_open(struct driver_case *c, const char *dialect, enum printer_status status)
{
	memset(c, 0, sizeof(*c));
	printer_config_init(&c->p.config);
	printer_state_init(&c->p.state);
	exchange_init(&c->x, VERB_N);
	http_req_init(&c->req);
	c->p.dialect = dialect;
	c->p.state.status = status;
}

static inline void case_close(struct driver_case *c)
{
	exchange_done(&c->x);
	http_req_done(&c->req);
	printer_config_done(&c->p.config);
}

static inline struct http_reply reply_json(long status, const char *body)
{
	struct http_reply r = { .status = status, .body = body, .len = strlen(body), .retry_after_s = -1 };

	str_copy(r.content_type, sizeof(r.content_type), "application/json");
	return r;
}

static inline struct http_reply reply_html(long status)
{
	struct http_reply r = reply_json(status, "<html>");

	str_copy(r.content_type, sizeof(r.content_type), "text/html");
	return r;
}

static inline struct http_reply reply_fault(enum http_fault fault, const char *text)
{
	struct http_reply r = { .fault = fault, .body = "", .retry_after_s = -1 };

	str_copy(r.fault_text, sizeof(r.fault_text), text);
	return r;
}

/* Lets the printer hear a reply; the new state is taken whatever it returns, as the poller does. */
static inline bool case_hear(struct driver_case *c, enum topic_id t, struct http_reply r)
{
	struct printer_state next = c->p.state;
	bool told = driver_of(&c->p)->hear(&c->p, t, &r, &next, NULL, &c->e);

	c->p.state = next;
	return told;
}

static inline const char *case_ask(struct driver_case *c, enum topic_id t)
{
	assert_true(driver_of(&c->p)->ask(&c->p, t, &c->req, &c->e));
	assert_false(c->req.changes);
	return sbuf_str(&c->req.path);
}

static inline bool case_needs(const struct driver_case *c, enum topic_id t)
{
	const struct driver *d = driver_of(&c->p);

	for (size_t i = 0; i < d->n_topics; i++) {
		if (d->topics[i].id == t)
			return d->topics[i].needs(&c->p);
	}
	return false;
}

/* Begins a verb; file, and whatever else, is set in c->x.args before. */
static inline enum exchange_next case_begin(struct driver_case *c, enum verb v)
{
	c->x.verb = v;
	return driver_of(&c->p)->step(&c->p, &c->x, NULL, &c->req, &c->e);
}

static inline enum exchange_next case_step(struct driver_case *c, struct http_reply r)
{
	return driver_of(&c->p)->step(&c->p, &c->x, &r, &c->req, &c->e);
}

static inline void assert_request(const struct driver_case *c, enum http_method m, const char *path,
			   const char *body)
{
	assert_int_equal(c->req.method, m);
	assert_string_equal(sbuf_str(&c->req.path), path);
	assert_string_equal(sbuf_str(&c->req.body), body);
	assert_int_equal(c->req.changes, m != HTTP_GET);
}

static inline void assert_told(const struct driver_case *c, enum printer_status status, const char *reason)
{
	assert_string_equal(printer_status_info(c->p.state.status)->name,
			    printer_status_info(status)->name);
	assert_string_equal(c->p.state.reason, reason);
}

static inline void assert_failed(const struct driver_case *c, enum exchange_next got, enum err_code code,
			  const char *part)
{
	assert_int_equal(got, EXCHANGE_FAILED);
	assert_string_equal(err_name(c->e.code), err_name(code));
	assert_non_null(strstr(c->e.text, part));
}

#endif
