/* A transport without a network: keeps the requests, answers what and when the test says. */
#ifndef TEST_FAKE_TRANSPORT_H
#define TEST_FAKE_TRANSPORT_H

#include <stdlib.h>
#include <string.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/transport.h>

#define FAKE_CALLS 512

struct call {
	char url[300], key[64];
	struct http_req req;
	transport_done_fn *done;
	void *ctx;
	bool open, cancelled;
};

struct fake {
	struct transport base;
	struct loop *loop;
	struct call calls[FAKE_CALLS];
	size_t n;
};

static struct call *fake_send(struct transport *t, const struct endpoint *to, struct http_req *req,
			      transport_done_fn *done, void *ctx)
{
	struct fake *f = (struct fake *)t;
	struct call *c = &f->calls[f->n++];

	if (f->n >= FAKE_CALLS)
		fatal("too many requests for the fake transport");
	str_printf(c->url, sizeof(c->url), "%s%s", to->base_url, sbuf_str(&req->path));
	str_copy(c->key, sizeof(c->key), to->key);
	http_req_move(&c->req, req);
	c->done = done;
	c->ctx = ctx;
	c->open = true;
	return c;
}

static void fake_progress(struct call *c, transport_progress_fn *fn)
{
	(void)c;
	(void)fn;
}

static void fake_cancel(struct transport *t, struct call *c)
{
	(void)t;
	c->open = false;
	c->cancelled = true;
}

static void fake_free(struct transport *t)
{
	struct fake *f = (struct fake *)t;

	for (size_t i = 0; i < f->n; i++)
		http_req_done(&f->calls[i].req);
	free(f);
}

static inline struct fake *fake_new(struct loop *l)
{
	static const struct transport_ops ops = { fake_send, fake_progress, fake_cancel, fake_free };
	struct fake *f = MEM_NEW(struct fake);

	f->base.ops = &ops;
	f->loop = l;
	return f;
}

/* The oldest open request whose "METHOD URL" contains part, NULL when there is none. */
static inline struct call *fake_find(struct fake *f, const char *part)
{
	char text[400];

	for (size_t i = 0; i < f->n; i++) {
		str_printf(text, sizeof(text), "%s %s", http_method_name(f->calls[i].req.method), f->calls[i].url);
		if (f->calls[i].open && strstr(text, part))
			return &f->calls[i];
	}
	return NULL;
}

/* The same, but there has to be one. */
static inline struct call *fake_get(struct fake *f, const char *part)
{
	struct call *c = fake_find(f, part);

	if (!c)
		fatal("no open request for %s", part);
	return c;
}

/* How many requests with this part were ever sent. */
static inline size_t fake_count(const struct fake *f, const char *part)
{
	char text[400];
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		str_printf(text, sizeof(text), "%s %s", http_method_name(f->calls[i].req.method), f->calls[i].url);
		n += strstr(text, part) != NULL;
	}
	return n;
}

static inline void fake_answer(struct call *c, enum http_fault fault, long status, const char *body)
{
	struct http_reply r = { 0 };

	r.fault = fault;
	r.status = status;
	r.body = body;
	r.len = strlen(body);
	r.retry_after_s = -1;
	str_copy(r.content_type, sizeof(r.content_type), body[0] == '<' ? "text/html" : "application/json");
	c->open = false;
	c->done(c->ctx, &r);
}

static inline void fake_stop(void *ctx)
{
	loop_stop(ctx);
}

/* Lets the loop run for so long. */
static inline void fake_run(struct loop *l, int ms)
{
	struct loop_timer *t = loop_timer_new(l, fake_stop, l);

	loop_timer_start(t, ms);
	loop_run(l);
	loop_timer_free(t);
}

#endif
