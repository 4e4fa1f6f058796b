/*
 * What the connector does again and again, each at its own pace: a slow or failing one never holds
 * another up.
 */
#include "connector/parts.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <printop/str.h>

/* Between signs of life while the cloud refuses us: it may have been a mistake. */
#define REFUSED_PERIOD_S 900
#define IDLE_AGAIN_MS 10

static void heartbeat(struct connector *c);

static const struct {
	const char *name;
	void (*work)(struct connector *c);
	bool on_demand;
} lanes[LANE_N] = {
	[LANE_HEARTBEAT] = { "heartbeat", heartbeat, false },
	[LANE_COMMANDS] = { "commands", orders_poll, false },
	[LANE_CAPTURE] = { "snapshots", snapshots_round, false },
	[LANE_PUSH] = { "push", snapshots_push, true },
	[LANE_CAMERAS] = { "cameras", cameras_poll, false },
};

/* splitmix64: jitter wants no more than being different in every copy. */
double connector_random(void)
{
	static uint64_t state;
	uint64_t z;

	if (!state)
		state = (uint64_t)time(NULL) * 1000003u ^ (uint64_t)getpid() << 32;
	z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

/* ---- heartbeat ---- */

static void heartbeat_heard(void *ctx, const struct http_reply *r)
{
	struct lane *l = ctx;
	bool was_refused = l->c->cloud.refused;
	struct err e;
	enum verdict v;

	l->call = NULL;
	v = cloud_hear(&l->c->cloud, r, &e);
	lane_end(l, v, r);
	if (was_refused && v == CLOUD_GOOD)
		lanes_start(l->c);
}

static void heartbeat(struct connector *c)
{
	struct lane *l = &c->lanes[LANE_HEARTBEAT];
	struct sbuf id = SBUF_INIT(4 * PROTOCOL_ID);
	struct wire_printer *p;
	struct http_req r;
	size_t n;

	p = connector_printers(c, &n);
	str_url_encode(&id, c->cloud.id, false);
	cloud_req(&r, HTTP_POST, "/api/v1/connectors/%s/heartbeat", sbuf_str(&id));
	cloud_body_take(&r, protocol_heartbeat((connector_now_ms(c) - c->started_ms) / 1000, p, n));
	l->call = cloud_send(&c->cloud, &r, heartbeat_heard, l);
	sbuf_done(&id);
	free(p);
}

/* ---- pace ---- */

static bool is_asleep(const struct lane *l)
{
	return l->c->cloud.refused && l->id != LANE_HEARTBEAT;
}

static void fire(void *ctx)
{
	struct lane *l = ctx;

	if (l->busy || connector_check_config(l->c) || is_asleep(l))
		return;
	l->busy = true;
	lanes[l->id].work(l->c);
}

static void once_ended(struct lane *l, enum verdict v)
{
	l->c->once_left &= ~(1u << l->id);
	if (v != CLOUD_GOOD) {
		l->c->failed = true;
		log_error("connector: %s failed: %s", lanes[l->id].name, l->c->cloud.trouble);
	}
}

static int64_t pause_ms(struct lane *l, enum verdict v, const struct http_reply *r, int64_t now)
{
	double period = l->id == LANE_CAMERAS ? cameras_period_s(l->c) : l->period_s;
	int64_t ms;

	if (l->c->cloud.refused)
		return REFUSED_PERIOD_S * 1000;
	if (v != CLOUD_GOOD) {
		ms = protocol_backoff_ms(++l->failures, connector_random());
		return r && r->retry_after_s * 1000 > ms ? r->retry_after_s * 1000 : ms;
	}
	l->failures = 0;
	/* From when it was due, not from when it ended: the pace is kept. */
	l->due_ms += (int64_t)(period * 1000);
	if (l->due_ms < now || l->due_ms > now + (int64_t)(period * 1000))
		l->due_ms = now + (int64_t)(period * 1000);
	return l->due_ms - now;
}

void lane_end(struct lane *l, enum verdict v, const struct http_reply *r)
{
	struct connector *c = l->c;
	int64_t now = connector_now_ms(c), ms;

	l->busy = false;
	ms = pause_ms(l, v, r, now);
	if (c->once && l->id != LANE_PUSH) {
		once_ended(l, v);
		return;
	}
	if (c->once && (v != CLOUD_GOOD || !c->snapshots.n)) {
		once_ended(l, v);
		return;
	}
	if (lanes[l->id].on_demand && v == CLOUD_GOOD) {
		if (c->snapshots.n)
			loop_timer_start(l->timer, IDLE_AGAIN_MS);
		return;
	}
	loop_timer_start(l->timer, ms);
}

void lane_now(struct lane *l)
{
	if (!l->busy && !l->failures)
		loop_timer_start(l->timer, 0);
}

static double first_known(double a, double b, double standard)
{
	return !isnan(a) ? a : !isnan(b) ? b : standard;
}

void lanes_init(struct connector *c)
{
	for (unsigned i = 0; i < LANE_N; i++) {
		c->lanes[i].c = c;
		c->lanes[i].id = (enum lane_id)i;
		c->lanes[i].timer = loop_timer_new(c->app->loop, fire, &c->lanes[i]);
	}
}

void lanes_start(struct connector *c)
{
	const struct identity *i = &c->identity;
	const struct connector_config *k = &c->config;
	/* There the cloud's wish stands over the file's, as the original has it. */
	bool wish = k->original;

	c->lanes[LANE_HEARTBEAT].period_s = first_known(k->heartbeat_s, NAN, 10);
	c->lanes[LANE_COMMANDS].period_s = first_known(wish ? i->commands_s : k->commands_s,
						       wish ? k->commands_s : i->commands_s, 3);
	c->lanes[LANE_CAPTURE].period_s = first_known(wish ? i->snapshots_s : k->snapshots_s,
						      wish ? k->snapshots_s : i->snapshots_s, 30);
	for (unsigned n = 0; n < LANE_N; n++) {
		struct lane *l = &c->lanes[n];

		if (l->busy)
			continue;
		l->failures = 0;
		if (lanes[n].on_demand && !c->snapshots.n)
			continue;
		l->due_ms = connector_now_ms(c);
		loop_timer_start(l->timer, 0);
	}
	outbox_run(c);
}

void lanes_stop(struct connector *c)
{
	for (unsigned i = 0; i < LANE_N; i++) {
		cloud_drop(&c->cloud, &c->lanes[i].call);
		c->lanes[i].busy = false;
		c->lanes[i].failures = 0;
		loop_timer_stop(c->lanes[i].timer);
	}
}
