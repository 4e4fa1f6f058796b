/*
 * The poller: one round of questions per printer whenever it is due, one question at a time per printer,
 * many printers at once. A slow or dead server holds up nobody but itself.
 */
#include <stdlib.h>
#include <string.h>
#include <printop/driver.h>
#include <printop/history.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>
#include "app/internal.h"
#include "app/sched.h"

#define YOUNG_MS 500		/* a request older than this hangs and holds no place any more */
#define LIMIT_HANGING 1024	/* ... up to so many */
#define TICK_BLOCKED_MS 50	/* look again for free places */
#define NONE_DUE INT64_MAX

struct poll {			/* the poller's side of a printer */
	struct poller *poller;
	uint32_t id;
	uint32_t number;	/* in the fleet: phase and jitter */
	int64_t due_ms;
	int64_t sent_ms;	/* of the request under way */
	struct call *call;
	enum topic_id topic;	/* asked now; TOPIC_N: the probe */
	uint32_t todo;		/* topics left in this round */
	uint32_t asked;		/* WHEN_NEEDED topics asked since they were needed */
	bool in_round, again, heard, skip;
	int hurry;
};

struct poller {
	struct app *app;
	struct loop_timer *timer;
	struct poll **polls;
	size_t n;
	size_t next;		/* where the next scan begins: no printer is always last */
	uint32_t topics;
	uint32_t focus;
	bool started, blocked;
	int64_t timer_at;	/* when the timer fires */
	int64_t started_ms, sweep_end_ms;
	struct poller_stats stats;
};

static void round_next(struct poll *q);

static int64_t now_ms(const struct poller *p)
{
	return loop_now_ms(p->app->loop);
}

static struct poll *find(const struct poller *p, uint32_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->polls[i]->id == id)
			return p->polls[i];
	return NULL;
}

static struct printer *printer_of(const struct poll *q)
{
	return fleet_get(q->poller->app->fleet, q->id);
}

static void commit(struct poll *q, const struct printer_state *next)
{
	fleet_commit(q->poller->app->fleet, q->id, next, now_ms(q->poller), loop_wall_s());
}

/* The pump runs at `when` at the latest. */
static void wake_at(struct poller *p, int64_t when)
{
	int64_t now = now_ms(p);

	if (!p->started || (loop_timer_active(p->timer) && p->timer_at <= when))
		return;
	p->timer_at = when > now ? when : now;
	loop_timer_start(p->timer, p->timer_at - now);
}

/* ---- what is never asked: parked printers and ones whose key cannot be read ---- */

static bool settle_without_asking(struct poll *q, struct printer *pr)
{
	const char *why = pr->config.parked ? pr->config.parked : pr->config.key_error;
	struct printer_state next;

	if (!why)
		return false;
	next = pr->state;
	next.status = pr->config.parked ? PRINTER_PARKED : PRINTER_UNAUTHORIZED;
	str_copy(next.reason, sizeof(next.reason), why);
	q->heard = true;
	q->due_ms = NONE_DUE;
	commit(q, &next);
	return true;
}

/* ---- schedule ---- */

static double own_or_general(const struct poller *p, double own, enum setting_id general)
{
	return own > 0 ? own : settings_num(&p->app->config->settings, general);
}

static struct sched_rule rule_of(const struct poller *p, const struct printer *pr)
{
	struct sched_rule r = {
		.active = (int64_t)(own_or_general(p, pr->config.poll_active_s, SETTING_POLL_ACTIVE) * 1000),
		.idle = (int64_t)(own_or_general(p, pr->config.poll_idle_s, SETTING_POLL_IDLE) * 1000),
		.offline = (int64_t)(own_or_general(p, pr->config.poll_offline_s, SETTING_POLL_OFFLINE) * 1000),
	};

	return r;
}

static void schedule(struct poll *q, const struct printer *pr)
{
	struct poller *p = q->poller;
	struct sched_rule rule = rule_of(p, pr);
	enum sched_class c = sched_class_of(pr->state.status, pr->state.fresh.failures, p->focus == q->id,
					    q->hurry > 0);
	int64_t period = sched_period(&rule, c, pr->state.fresh.failures, q->number);

	if (c == SCHED_HURRY || c == SCHED_OFFLINE)
		q->due_ms = now_ms(p) + period;
	else
		q->due_ms = sched_next(sched_phase(q->number, period), now_ms(p), period);
}

static void note_heard(struct poll *q)
{
	struct poller *p = q->poller;

	if (q->heard)
		return;
	q->heard = true;
	if (!p->sweep_end_ms && poller_first_round_done(p)) {
		p->sweep_end_ms = now_ms(p);
		p->stats.last_sweep_s = (double)(p->sweep_end_ms - p->started_ms) / 1000;
	}
}

static void round_end(struct poll *q)
{
	struct printer *pr = printer_of(q);

	q->in_round = false;
	note_heard(q);
	if (!pr)
		return;
	if (q->again) {
		q->again = false;
		q->due_ms = now_ms(q->poller);
	} else {
		schedule(q, pr);
	}
	/* Somebody may be waiting for the place that is free now. */
	wake_at(q->poller, q->poller->blocked ? now_ms(q->poller) : q->due_ms);
}

/* ---- hearing ---- */

static void sample_cb(void *ctx, const char *heater, double age_s, double actual_c, double target_c)
{
	struct poll *q = ctx;
	struct printer *pr = printer_of(q);

	if (pr && pr->history)
		history_seed(pr->history, heater, age_s, actual_c, target_c, now_ms(q->poller));
}

/* A refused key is an answer: the server is there, only the values are not renewed. */
static void freshen(struct printer_state *next, int64_t now, const struct err *e)
{
	struct freshness *f = &next->fresh;

	f->tried_ms = now;
	f->polls_total++;
	f->errors_total += e->code != ERR_NONE;
	f->err = e->code;
	str_copy(f->text, sizeof(f->text), e->text);
	if (e->code == ERR_NONE)
		f->ok_ms = now;
	f->failures = e->code == ERR_NONE || e->code == ERR_AUTH ? 0 : f->failures + 1;
}

/*
 * One lost poll is no lost printer: a printer that was well keeps its state, shown as old, until a
 * second question fails as well. A refused connection is told at once: nobody listens there.
 */
static bool first_miss(const struct printer *pr, const struct printer_state *next, const struct http_reply *r)
{
	return next->status == PRINTER_OFFLINE && pr->state.fresh.failures == 0 && pr->state.fresh.ok_ms >= 0 &&
	       STATUS_BIT(pr->state.status) & STATUS_OPERATIONAL && r->fault != HTTP_FAULT_REFUSED;
}

static bool is_main_topic(enum topic_id t)
{
	return t == TOPIC_STATUS || t == TOPIC_SERVER;
}

static void hear(struct poll *q, struct printer *pr, const struct http_reply *r)
{
	const struct driver *d = driver_of(pr);
	struct history_sink sink = { .sample = sample_cb, .ctx = q };
	struct printer_state next = pr->state;
	struct err e = { 0 };
	bool told = d->hear(pr, q->topic, r, &next, &sink, &e);

	if (!told && e.code == ERR_NONE)
		err_set(&e, ERR_BAD_REPLY, "the answer was not understood");
	if (is_main_topic(q->topic)) {
		if (first_miss(pr, &next, r)) {
			next.status = pr->state.status;
			str_copy(next.reason, sizeof(next.reason), pr->state.reason);
		}
		freshen(&next, now_ms(q->poller), &e);
		if (e.code == ERR_NONE)
			next.latency_ms = r->took_s * 1000;
		if (next.fresh.failures) {
			q->poller->stats.failures++;
			q->asked = 0;		/* a server that comes back may be another one */
			if (!next.klippy_silent)
				q->todo = 0;	/* and is not asked the rest of its questions now */
		}
	}
	if (e.code != ERR_NONE)
		log_debug("%s: %s", pr->config.name, e.text);
	commit(q, &next);
}

static void hear_probe(struct poll *q, struct printer *pr, const struct http_reply *r)
{
	struct printer_state next = pr->state;
	struct err e = { 0 }, why = { 0 };
	const struct driver *d = driver_detect(r, &why);

	if (d) {
		pr->dialect = d->name;
		fleet_touch(q->poller->app->fleet, q->id, FIELD_BIT(FIELD_DIALECT));
		return;
	}
	if (!driver_hear_fault(r, &next, &e)) {
		next.status = r->fault ? PRINTER_OFFLINE : PRINTER_UNKNOWN;
		if (e.code == ERR_NONE)
			e = why;
		str_copy(next.reason, sizeof(next.reason), e.text);
	}
	freshen(&next, now_ms(q->poller), &e);
	q->poller->stats.failures++;
	commit(q, &next);
}

/* What a topic's answer changes in what others ask or show: they are asked once more in this round. */
static uint32_t asks_again(enum topic_id t)
{
	return t == TOPIC_OBJECTS || t == TOPIC_METADATA ? TOPIC_BIT(TOPIC_STATUS) : 0;
}

static void replied(void *ctx, const struct http_reply *r)
{
	struct poll *q = ctx;
	struct printer *pr = printer_of(q);

	q->call = NULL;
	q->poller->stats.in_flight--;
	if (!pr) {
		q->in_round = false;
		return;
	}
	if (q->topic == TOPIC_N) {
		hear_probe(q, pr, r);
		if (driver_of(pr))
			round_next(q);
		else
			round_end(q);
		return;
	}
	hear(q, pr, r);
	q->todo |= asks_again(q->topic);
	round_next(q);
}

/* ---- asking ---- */

static bool send_req(struct poll *q, struct printer *pr, struct http_req *req)
{
	struct poller *p = q->poller;
	struct endpoint to = app_endpoint(p->app, pr);

	if (!req->timeout_ms || req->timeout_ms == TIMEOUT_REPLY_MS)
		req->timeout_ms = app_reply_ms(p->app);
	q->sent_ms = now_ms(p);
	p->stats.polls++;
	p->stats.in_flight++;
	q->call = p->app->transport->ops->send(p->app->transport, &to, req, replied, q);
	return q->call != NULL;
}

static bool ask(struct poll *q, struct printer *pr, enum topic_id t)
{
	struct http_req req;
	struct err e = { 0 };
	bool sent = false;

	http_req_init(&req);
	q->topic = t;
	if (t == TOPIC_N) {
		driver_probe(&req);
		sent = send_req(q, pr, &req);
	} else if (driver_of(pr)->ask(pr, t, &req, &e)) {
		sent = send_req(q, pr, &req);
	} else {
		log_debug("%s: not asked: %s", pr->config.name, e.text);
	}
	http_req_done(&req);
	return sent;
}

/* The next topic of this round: what is left of the table and still needed. */
static bool next_topic(struct poll *q, const struct printer *pr, enum topic_id *ret)
{
	const struct driver *d = driver_of(pr);

	for (size_t i = 0; i < d->n_topics; i++) {
		const struct topic *t = &d->topics[i];
		uint32_t bit = TOPIC_BIT(t->id);
		bool needed = !t->needs || t->needs(pr);

		if (!(q->poller->topics & bit))
			continue;
		if (t->when == TOPIC_WHEN_NEEDED) {
			if (!needed)
				q->asked &= ~bit;
			else if (!(q->asked & bit) && pr->state.fresh.failures == 0) {
				q->asked |= bit;
				*ret = t->id;
				return true;
			}
		} else if (q->todo & bit && needed) {
			q->todo &= ~bit;
			*ret = t->id;
			return true;
		}
	}
	return false;
}

static void round_next(struct poll *q)
{
	struct printer *pr = printer_of(q);
	enum topic_id t;

	while (pr && next_topic(q, pr, &t))
		if (ask(q, pr, t))
			return;
	round_end(q);
}

static void round_start(struct poll *q, struct printer *pr)
{
	q->in_round = true;
	q->again = false;
	q->todo = ~0u;
	if (driver_of(pr))
		round_next(q);
	else if (!ask(q, pr, TOPIC_N))
		round_end(q);
}

/* ---- the pump ---- */

/* Places on the wire: hanging requests lose theirs, so that dead servers cannot starve living ones. */
static int free_places(const struct poller *p)
{
	int64_t now = now_ms(p);
	int young = 0, old = 0;

	if (p->stats.in_flight < LIMIT_IN_FLIGHT)
		return LIMIT_IN_FLIGHT - p->stats.in_flight;
	for (size_t i = 0; i < p->n; i++) {
		if (!p->polls[i]->call)
			continue;
		if (now - p->polls[i]->sent_ms < YOUNG_MS)
			young++;
		else
			old++;
	}
	return old >= LIMIT_HANGING ? 0 : LIMIT_IN_FLIGHT - young;
}

static void pump(struct poller *p)
{
	int64_t now = now_ms(p), next = NONE_DUE;
	int places = free_places(p);

	p->blocked = false;
	for (size_t k = 0; k < p->n; k++) {
		size_t i = (p->next + k) % p->n;
		struct poll *q = p->polls[i];
		struct printer *pr;

		if (q->in_round || q->skip)
			continue;
		if (q->due_ms > now) {
			next = q->due_ms < next ? q->due_ms : next;
			continue;
		}
		if (places <= 0) {
			p->next = i;
			p->blocked = true;
			next = now + TICK_BLOCKED_MS;
			break;
		}
		pr = printer_of(q);
		if (pr && !settle_without_asking(q, pr)) {
			round_start(q, pr);
			places--;
		}
	}
	if (next != NONE_DUE)
		wake_at(p, next);
}

static void timer_fired(void *ctx)
{
	struct poller *p = ctx;

	if (p->started)
		pump(p);
}

/* ---- public ---- */

struct poller *poller_new(struct app *a)
{
	struct poller *p = MEM_NEW(struct poller);

	p->app = a;
	p->topics = ~0u;
	p->timer = loop_timer_new(a->loop, timer_fired, p);
	return p;
}

static void poll_free(struct poll *q)
{
	struct poller *p = q->poller;

	if (q->call) {
		p->app->transport->ops->cancel(p->app->transport, q->call);
		p->stats.in_flight--;
	}
	free(q);
}

void poller_free(struct poller *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		poll_free(p->polls[i]);
	free(p->polls);
	loop_timer_free(p->timer);
	free(p);
}

static struct poll *poll_new(struct poller *p, const struct printer *pr, uint32_t number)
{
	struct poll *q = MEM_NEW(struct poll);

	q->poller = p;
	q->id = pr->id;
	q->number = number;
	q->due_ms = now_ms(p);		/* a new printer is asked at once; then it falls into its phase */
	return q;
}

static void set_dialect(struct printer *pr)
{
	const struct driver *d = driver_by_name(pr->config.dialect);

	if (d)
		pr->dialect = d->name;
}

void poller_reload(struct poller *p)
{
	size_t n = fleet_count(p->app->fleet);
	struct poll **fresh = mem_zalloc(n ? n : 1, sizeof(*fresh));

	for (size_t i = 0; i < n; i++) {
		struct printer *pr = fleet_at(p->app->fleet, i);

		for (size_t k = 0; k < p->n && !fresh[i]; k++) {
			if (p->polls[k] && p->polls[k]->id == pr->id) {
				fresh[i] = p->polls[k];
				p->polls[k] = NULL;
			}
		}
		if (!fresh[i])
			fresh[i] = poll_new(p, pr, (uint32_t)i);
		fresh[i]->number = (uint32_t)i;
		set_dialect(pr);
		if (fresh[i]->due_ms == NONE_DUE)	/* parked or without a key until now */
			fresh[i]->due_ms = now_ms(p);
	}
	for (size_t k = 0; k < p->n; k++)
		if (p->polls[k])
			poll_free(p->polls[k]);
	free(p->polls);
	p->polls = fresh;
	p->n = n;
	p->next = 0;
	wake_at(p, now_ms(p));
}

void poller_start(struct poller *p)
{
	p->started = true;
	p->started_ms = now_ms(p);
	poller_reload(p);
}

void poller_refresh(struct poller *p, uint32_t id)
{
	for (size_t i = 0; i < p->n; i++) {
		struct poll *q = p->polls[i];

		if (id && q->id != id)
			continue;
		q->heard = false;
		q->asked = 0;
		q->due_ms = now_ms(p);
		q->again = q->in_round;
	}
	wake_at(p, now_ms(p));
}

void poller_hurry(struct poller *p, uint32_t id, bool on)
{
	struct poll *q = find(p, id);

	if (!q)
		return;
	q->hurry += on ? 1 : -1;
	if (q->hurry < 0)
		q->hurry = 0;
	if (on && !q->in_round && q->due_ms != NONE_DUE) {
		q->due_ms = now_ms(p);
		wake_at(p, q->due_ms);
	}
}

void poller_focus(struct poller *p, uint32_t id)
{
	struct poll *q = id ? find(p, id) : NULL;

	if (p->focus == id)
		return;
	p->focus = id;
	if (q && !q->in_round && q->due_ms != NONE_DUE) {
		const struct printer *pr = printer_of(q);

		if (pr && pr->state.fresh.failures == 0)
			schedule(q, pr);
		wake_at(p, q->due_ms);
	}
}

void poller_topics(struct poller *p, uint32_t mask)
{
	p->topics = mask;
}

void poller_only(struct poller *p, const uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < p->n; i++) {
		p->polls[i]->skip = n > 0;
		for (size_t k = 0; k < n; k++)
			if (p->polls[i]->id == ids[k])
				p->polls[i]->skip = false;
	}
}

double poller_next_s(const struct poller *p, uint32_t id)
{
	const struct poll *q = find(p, id);

	if (!q || q->in_round || q->due_ms == NONE_DUE)
		return -1;
	return q->due_ms > now_ms(p) ? (double)(q->due_ms - now_ms(p)) / 1000 : 0;
}

bool poller_first_round_done(const struct poller *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->polls[i]->heard && !p->polls[i]->skip)
			return false;
	return p->started;
}

bool poller_heard(const struct poller *p, uint32_t id)
{
	const struct poll *q = find(p, id);

	return q && q->heard;
}

struct poller_stats poller_stats(const struct poller *p)
{
	return p->stats;
}
