/* Getting a key for a server that was found, and looking what it is good for. */
#include <math.h>
#include <stdlib.h>
#include <printop/adopt.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/transport.h>

#define POLL_MS 1000		/* OctoPrint forgets a question that was not asked after for 5 s */
#define ASK_MS 4000
#define CHECK_MS 5000

struct adopt_access {
	struct app *app;
	struct adopt_found found;	/* as it was; then as it is with the key */
	const struct driver *driver;
	char *ca_file, *pin;
	bool insecure;
	enum adopt_state state;
	struct claim claim;
	struct secret key;
	struct call *call;
	struct look *look;
	struct loop_timer *timer;
	int64_t until_ms;
	struct err err;
	void (*changed)(void *ctx);
	void *ctx;
};

static struct adopt_tls tls_of(const struct adopt_access *ac)
{
	return (struct adopt_tls){ ac->ca_file, ac->pin, ac->insecure };
}

/* The caller may free ac in here. */
static void enter(struct adopt_access *ac, enum adopt_state state)
{
	ac->state = state;
	if (state != ADOPT_ASKS)
		loop_timer_stop(ac->timer);
	ac->changed(ac->ctx);
}

/* ---- what the key is good for ---- */

static void looked(void *ctx, const struct adopt_found *f, const struct err *why)
{
	struct adopt_access *ac = ctx;

	look_free(ac->look);
	ac->look = NULL;
	if (!f) {
		ac->err = *why;
		enter(ac, ADOPT_REFUSED);
		return;
	}
	ac->found = *f;
	if (str_eq(f->in.access, "protected")) {
		err_set(&ac->err, ERR_AUTH, "%s does not accept this key", f->title);
		enter(ac, ADOPT_REFUSED);
		return;
	}
	enter(ac, ADOPT_GRANTED);
}

static void check_key(struct adopt_access *ac)
{
	const struct adopt_tls tls = tls_of(ac);

	ac->look = look_new(ac->app, ac->found.url, ac->key.value, &tls, 0, CHECK_MS, looked, ac);
}

/* ---- asking for one ---- */

static void replied(void *ctx, const struct http_reply *r);

static void take_step(struct adopt_access *ac, const struct http_reply *prev)
{
	const struct endpoint to = {.base_url = ac->found.url,
				    .ca_file = ac->ca_file,
				    .pin = ac->pin,
				    .insecure = ac->insecure};
	struct transport *t = ac->app->transport;
	struct http_req req;
	enum exchange_next next;

	http_req_init(&req);
	next = ac->driver->claim(&ac->claim, prev, &req, &ac->err);
	if (next == EXCHANGE_SEND) {
		req.timeout_ms = ASK_MS;
		ac->call = t->ops->send(t, &to, &req, replied, ac);
	}
	http_req_done(&req);
	switch (next) {
	case EXCHANGE_SEND:
		break;
	case EXCHANGE_RETRY:
		loop_timer_start(ac->timer, POLL_MS);
		ac->changed(ac->ctx);
		break;
	case EXCHANGE_DONE:
		secret_set(&ac->key, ac->claim.key.value);
		check_key(ac);
		enter(ac, ADOPT_CHECKS);
		break;
	case EXCHANGE_FAILED:
		enter(ac, ADOPT_REFUSED);
		break;
	}
}

static void replied(void *ctx, const struct http_reply *r)
{
	struct adopt_access *ac = ctx;

	ac->call = NULL;
	take_step(ac, r);
}

/* First asked from here as well: nobody hears of changes from inside adopt_access_new(). */
static void timer_fired(void *ctx)
{
	struct adopt_access *ac = ctx;

	if (loop_now_ms(ac->app->loop) < ac->until_ms) {
		take_step(ac, NULL);
		return;
	}
	err_set(&ac->err, ERR_TIMEOUT, "nobody pressed Allow in time");
	enter(ac, ADOPT_REFUSED);
}

struct adopt_access *adopt_access_new(struct app *a, const struct adopt_found *f,
				      const struct adopt_tls *tls, const struct adopt_ask *ask,
				      void (*changed)(void *ctx), void *ctx)
{
	struct adopt_access *ac = MEM_NEW(struct adopt_access);

	ac->app = a;
	ac->found = *f;
	ac->driver = driver_by_name(f->dialect);
	if (tls) {
		ac->ca_file = mem_strdup(tls->ca_file);
		ac->pin = mem_strdup(tls->pin);
		ac->insecure = tls->insecure;
	}
	ac->changed = changed;
	ac->ctx = ctx;
	ac->until_ms = loop_now_ms(a->loop) + (int64_t)(ask->limit_s * 1000);
	ac->timer = loop_timer_new(a->loop, timer_fired, ac);
	if (ask->key) {
		ac->state = ADOPT_CHECKS;
		secret_set(&ac->key, ask->key);
		check_key(ac);
		return ac;
	}
	ac->claim.user = mem_strdup(ask->user);
	secret_set(&ac->claim.password, ask->password);
	str_copy(ac->claim.source, sizeof(ac->claim.source), f->in.source);
	loop_timer_start(ac->timer, 0);
	return ac;
}

void adopt_access_free(struct adopt_access *ac)
{
	if (!ac)
		return;
	if (ac->call)
		ac->app->transport->ops->cancel(ac->app->transport, ac->call);
	look_free(ac->look);
	loop_timer_free(ac->timer);
	claim_done(&ac->claim);
	secret_done(&ac->key);
	free(ac->ca_file);
	free(ac->pin);
	free(ac);
}

enum adopt_state adopt_access_state(const struct adopt_access *ac)
{
	return ac->state;
}

double adopt_access_left_s(const struct adopt_access *ac)
{
	if (ac->state != ADOPT_ASKS || ac->claim.user)
		return 0;
	return fmax(0, (double)(ac->until_ms - loop_now_ms(ac->app->loop)) / 1000);
}

const char *adopt_access_key(const struct adopt_access *ac)
{
	return ac->state == ADOPT_GRANTED ? ac->key.value : NULL;
}

const struct adopt_found *adopt_access_found(const struct adopt_access *ac)
{
	return &ac->found;
}

const struct err *adopt_access_error(const struct adopt_access *ac)
{
	return &ac->err;
}
