/*
 * Hooks: programs that get an event's JSON on stdin, and addresses that get it by POST. They never hold up
 * the program.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <printop/alert.h>
#include <printop/fields.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "app/internal.h"

#define RUNNING_MAX 4
#define POST_TRIES 4
#define POST_AGAIN_MS 2000
#define WAITING_MAX 200		/* a storm of events must not become a storm of programs */

struct run {			/* one program, or one POST, for one event */
	struct hooks *hooks;
	struct loop_child *child;
	struct call *call;
	struct loop_timer *again;
	char *post;		/* not NULL: an address, which may hold a secret and is never shown */
	int tries;
	char **argv;
	char *input;
	double timeout_s;
	struct run *next;
};

struct hooks {
	struct app *app;
	struct run *waiting, **last;
	size_t n_waiting;
	struct run *running[RUNNING_MAX];
};

static void run_free(struct run *r)
{
	for (char **p = r->argv; *p; p++)
		free(*p);
	free(r->argv);
	free(r->input);
	if (r->post)
		explicit_bzero(r->post, strlen(r->post));
	free(r->post);
	loop_timer_free(r->again);
	free(r);
}

static void start_waiting(struct hooks *h);

static void run_over(struct run *r)
{
	struct hooks *h = r->hooks;

	for (int i = 0; i < RUNNING_MAX; i++)
		if (h->running[i] == r)
			h->running[i] = NULL;
	run_free(r);
	start_waiting(h);
}

static void run_done(void *ctx, int status, bool timed_out, const char *output, size_t len)
{
	struct run *r = ctx;
	struct hooks *h = r->hooks;

	(void)output;
	(void)len;
	if (timed_out)
		alerts_note(h->app->alerts, EVENT_NOTE, NULL, "hook %s was stopped after %.0f s", str_basename(r->argv[0]),
			    r->timeout_s);
	else if (status != 0)
		alerts_note(h->app->alerts, EVENT_NOTE, NULL, "hook %s ended with status %d", str_basename(r->argv[0]), status);
	run_over(r);
}

/* ---- POST ---- */

static void post_send(void *ctx);

/* What follows the host: a path, a query, or nothing. */
static const char *post_rest(const struct run *r)
{
	const char *host = strstr(r->post, "://") + 3;

	return host + strcspn(host, "/?#");
}

/* The host without path, query, and a user's password in front of it: what may be told. */
static const char *post_host(const struct run *r, char *buf, size_t size)
{
	const char *host = strstr(r->post, "://") + 3, *end = post_rest(r);

	for (const char *s = host; s < end; s++)
		if (*s == '@')
			host = s + 1;
	str_printf(buf, size, "%.*s", (int)(end - host), host);
	return buf;
}

static void post_done(void *ctx, const struct http_reply *reply)
{
	struct run *r = ctx;
	char host[128];
	/* Only what surely did not arrive is sent again: an event comes once. */
	bool lost = reply->fault == HTTP_FAULT_DNS || reply->fault == HTTP_FAULT_REFUSED || reply->fault == HTTP_FAULT_CONNECT;

	r->call = NULL;
	if (lost && ++r->tries < POST_TRIES) {
		loop_timer_start(r->again, POST_AGAIN_MS * r->tries);
		return;
	}
	if (reply->fault)
		alerts_note(r->hooks->app->alerts, EVENT_NOTE, NULL, "hook at %s: %s", post_host(r, host, sizeof(host)),
			    http_fault_text(reply->fault));
	else if (reply->status < 200 || reply->status > 299)
		alerts_note(r->hooks->app->alerts, EVENT_NOTE, NULL, "hook at %s answered %ld", post_host(r, host, sizeof(host)),
			    reply->status);
	run_over(r);
}

static void post_send(void *ctx)
{
	struct run *r = ctx;
	const char *rest = post_rest(r);
	char *base = mem_strndup(r->post, (size_t)(rest - r->post));
	struct transport *t = r->hooks->app->transport;
	struct endpoint to = { .base_url = base };
	struct http_req req;

	http_req_init(&req);
	req.method = HTTP_POST;
	req.changes = true;
	req.elsewhere = true;
	req.timeout_ms = (long)(r->timeout_s * 1000);
	sbuf_adds(&req.path, *rest ? rest : "/");
	sbuf_adds(&req.body, r->input);
	r->call = t->ops->send(t, &to, &req, post_done, r);
	http_req_done(&req);
	explicit_bzero(base, strlen(base));
	free(base);
}

/* ---- starting ---- */

static bool run_start(struct hooks *h, struct run *r)
{
	struct loop_spawn spawn = {
		.argv = (const char *const *)r->argv,
		.input = r->input,
		.input_len = strlen(r->input),
		.timeout_ms = (int64_t)(r->timeout_s * 1000),
		.done = run_done,
		.ctx = r,
	};

	if (r->post) {
		r->again = loop_timer_new(h->app->loop, post_send, r);
		post_send(r);
		return true;
	}
	r->child = loop_child_new(h->app->loop, &spawn);
	if (r->child)
		return true;
	alerts_note(h->app->alerts, EVENT_NOTE, NULL, "hook %s cannot be started: %s", r->argv[0], strerror(errno));
	run_free(r);
	return false;
}

static void start_waiting(struct hooks *h)
{
	for (int i = 0; i < RUNNING_MAX && h->waiting; i++) {
		struct run *r = h->waiting;

		if (h->running[i])
			continue;
		h->waiting = r->next;
		if (!h->waiting)
			h->last = &h->waiting;
		h->n_waiting--;
		if (run_start(h, r))
			h->running[i] = r;
		else
			i--;
	}
}

static char *input_of(const struct event *ev, const struct printer *p, int64_t now_ms)
{
	struct json *o = json_new_object();
	char *text;

	json_set_str(o, "event", event_kind_name(ev->kind));
	json_set_num(o, "at", (double)(int64_t)(ev->at * 1000) / 1000);
	json_set_str(o, "text", ev->text);
	if (p)
		json_set_take(o, "printer", printer_to_json(p, now_ms));
	else
		json_set_null(o, "printer");
	text = json_print(o, false);
	json_free(o);
	return text;
}

static bool wants(const struct hook *k, enum event_kind kind)
{
	for (int i = 0; i < k->n_on; i++)
		if (str_eq(k->on[i], "all") || str_eq(k->on[i], event_kind_name(kind)))
			return true;
	return false;
}

void hooks_run(struct hooks *h, const struct event *ev, const struct printer *p)
{
	const struct config *c = h->app->config;

	for (size_t i = 0; i < c->n_hooks; i++) {
		const struct hook *k = &c->hooks[i];
		struct run *r;

		if (!wants(k, ev->kind) || (k->argc == 0 && !k->post))
			continue;
		if (h->n_waiting >= WAITING_MAX) {
			log_error("too many hooks wait: one is not run for: %s", ev->text);
			continue;
		}
		r = MEM_NEW(struct run);
		r->hooks = h;
		r->argv = mem_zalloc((size_t)k->argc + 1, sizeof(*r->argv));
		for (int a = 0; a < k->argc; a++)
			r->argv[a] = mem_strdup(k->argv[a]);
		r->timeout_s = k->timeout_s;
		r->post = mem_strdup(k->post);
		r->input = input_of(ev, p, loop_now_ms(h->app->loop));
		*h->last = r;
		h->last = &r->next;
		h->n_waiting++;
	}
	start_waiting(h);
}

struct hooks *hooks_new(struct app *a)
{
	struct hooks *h = MEM_NEW(struct hooks);

	h->app = a;
	h->last = &h->waiting;
	return h;
}

/* Programs that run are left to their end. */
void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	for (int i = 0; i < RUNNING_MAX; i++) {
		struct run *r = h->running[i];

		if (!r)
			continue;
		if (r->call)
			h->app->transport->ops->cancel(h->app->transport, r->call);
		loop_child_leave(r->child);
		run_free(r);
	}
	while (h->waiting) {
		struct run *r = h->waiting;

		h->waiting = r->next;
		run_free(r);
	}
	free(h);
}
