/*
 * Looking at one address: is a printer's server there, which one, what is it called, what may one
 * do.
 */
#include <printop/adopt.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/transport.h>
#include <stdlib.h>

#define LEAST_MS 50		/* a question that has less time is not asked */

enum stage { PROBE, PROBE_AGAIN, INTRODUCE };

struct look {
	struct app *app;
	char *url, *key, *ca_file, *pin;
	bool insecure;
	long connect_ms;
	int64_t until_ms;
	enum stage stage;
	const struct driver *driver;
	struct introduction in;
	struct call *call;
	look_done_fn *done;
	void *ctx;
};

static void replied(void *ctx, const struct http_reply *r);

static void send_req(struct look *l, struct http_req *req)
{
	const struct endpoint to = {
		.base_url = l->url, .key = l->key, .ca_file = l->ca_file, .pin = l->pin,
		.insecure = l->insecure, .connect_ms = l->connect_ms,
	};
	struct transport *t = l->app->transport;
	int64_t left = l->until_ms - loop_now_ms(l->app->loop);

	req->timeout_ms = left > LEAST_MS ? (long)left : LEAST_MS;
	l->call = t->ops->send(t, &to, req, replied, l);
}

/* The caller may free l in here: it is not touched afterwards. */
static void end(struct look *l, const struct err *why)
{
	struct adopt_found f = { .in = l->in };
	const struct printer *twin;
	struct http_url u;
	struct err late;

	if (!l->driver || !l->in.known) {
		if (why->code == ERR_NONE)
			err_set(&late, ERR_TIMEOUT, "no answer in time");
		l->done(l->ctx, NULL, why->code == ERR_NONE ? &late : why);
		return;
	}
	str_copy(f.url, sizeof(f.url), l->url);
	f.dialect = l->driver->name;
	f.title = l->driver->title;
	twin = adopt_twin(l->app->fleet, l->url);
	if (twin)
		str_copy(f.twin, sizeof(f.twin), twin->config.name);
	if (f.in.name[0])
		adopt_free_name(l->app->fleet, f.in.name, f.name, sizeof(f.name));
	else if (http_url_parse(l->url, &u, NULL))
		adopt_free_name(l->app->fleet, u.host, f.name, sizeof(f.name));
	l->done(l->ctx, &f, why);
}

/* The next question, or the end of them. */
static void introduce(struct look *l, const struct http_reply *prev)
{
	struct http_req req;
	struct err e = { 0 };
	enum exchange_next next;

	http_req_init(&req);
	next = l->driver->introduce(&l->in, prev, &req, &e);
	if (next == EXCHANGE_FAILED)
		l->in.known = false;
	if (next == EXCHANGE_SEND && loop_now_ms(l->app->loop) + LEAST_MS <= l->until_ms) {
		send_req(l, &req);
		http_req_done(&req);
		return;
	}
	http_req_done(&req);
	end(l, &e);
}

static void probe(struct look *l, enum stage stage)
{
	struct http_req req;

	http_req_init(&req);
	l->stage = stage;
	if (stage == PROBE)
		driver_probe(&req);
	else
		driver_probe_again(&req);
	send_req(l, &req);
	http_req_done(&req);
}

/* A proxy may drop OctoPrint's mark and answer /access/info with a page of its own. */
static bool worth_another(const struct look *l, const struct http_reply *r)
{
	return l->stage == PROBE && !r->fault && r->status >= 200 && r->status < 500;
}

static void replied(void *ctx, const struct http_reply *r)
{
	struct look *l = ctx;
	struct err e = { 0 };

	l->call = NULL;
	if (l->stage == INTRODUCE) {
		introduce(l, r);
		return;
	}
	l->driver = driver_detect(r, &e);
	if (l->driver) {
		l->stage = INTRODUCE;
		introduce(l, NULL);
	} else if (worth_another(l, r)) {
		probe(l, PROBE_AGAIN);
	} else {
		end(l, &e);
	}
}

struct look *look_new(struct app *a, const char *url, const char *key, const struct adopt_tls *tls,
		      long connect_ms, long limit_ms, look_done_fn *done, void *ctx)
{
	struct look *l = MEM_NEW(struct look);

	l->app = a;
	l->url = mem_strdup(url);
	l->key = mem_strdup(key);
	l->in.with_key = key != NULL;
	if (tls) {
		l->ca_file = mem_strdup(tls->ca_file);
		l->pin = mem_strdup(tls->pin);
		l->insecure = tls->insecure;
	}
	l->connect_ms = connect_ms;
	l->until_ms = loop_now_ms(a->loop) + limit_ms;
	l->done = done;
	l->ctx = ctx;
	probe(l, PROBE);
	return l;
}

void look_free(struct look *l)
{
	struct secret key = { NULL };

	if (!l)
		return;
	if (l->call)
		l->app->transport->ops->cancel(l->app->transport, l->call);
	key.value = l->key;
	secret_done(&key);
	free(l->url);
	free(l->ca_file);
	free(l->pin);
	free(l);
}
