/*
 * Snapshots: taken in rounds, kept in a bounded ring while the cloud is away, sent in batches,
 * oldest first.
 */
#include "connector/parts.h"

#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

#define RING_COUNT 2000
#define RING_BYTES (8u << 20)
#define BATCH_COUNT 50
#define BATCH_BYTES (512u << 10)
#define SINGLE_MS 5000			/* after that the completion goes without it */

struct capture {
	struct connector *c;
	char printer[64];
	int64_t printer_id;
	char at[24];
	struct call *call;
	captured_fn *done;
	void *ctx;
	struct capture *next;
};

struct single {
	struct connector *c;
	char *json, *command_id;
	struct call *call;
	struct single *next;
};

/* ---- the ring ---- */

static void drop_oldest(struct snapshots *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->bytes -= s->ring[i].len;
		free(s->ring[i].json);
	}
	if (s->n > n)
		memmove(s->ring, s->ring + n, (s->n - n) * sizeof(*s->ring));
	s->n -= n;
}

static void keep(struct connector *c, char *json_take)
{
	struct snapshots *s = &c->snapshots;
	size_t len = strlen(json_take);

	s->ring = mem_grow(s->ring, s->n, &s->cap, sizeof(*s->ring));
	s->ring[s->n++] = (struct snapshot){ json_take, len };
	s->bytes += len;
	/* What is on its way just now is not touched. */
	while ((s->n > RING_COUNT || s->bytes > RING_BYTES) && !s->under_way && s->n > 1) {
		if (!s->dropped++)
			log_warn("connector: the cloud was away for long: the oldest snapshots are "
				 "dropped");
		drop_oldest(s, 1);
	}
}

/* ---- taking them ---- */

static void capture_over(struct capture *k, struct json *payload, const char *error)
{
	struct capture **p = &k->c->snapshots.capturing;
	char *text = payload ? protocol_snapshot(k->printer_id, k->at, payload) : NULL;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	k->done(k->ctx, text, error);
	free(k);
}

static void capture_heard(void *ctx, const struct http_reply *r)
{
	struct capture *k = ctx;
	const struct printer *p = fleet_find(k->c->app->fleet, k->printer);
	struct err e = { 0 };
	struct json *root = p ? look_read(p, r, &e) : NULL;

	k->call = NULL;
	if (root && !json_is_object(json_at(root, "result.status"))) {
		json_free(root);
		root = NULL;
		err_set(&e, ERR_BAD_REPLY, "the answer has no result.status");
	}
	capture_over(k, root, p ? e.text : "the printer was removed");
}

void snapshots_capture(struct connector *c, const char *printer, int64_t printer_id,
		       captured_fn *done, void *ctx)
{
	const struct printer *p = fleet_find(c->app->fleet, printer);
	struct capture *k;
	struct http_req r;

	if (!p || !protocol_reachable(p)) {
		done(ctx, NULL, "the printer does not answer");
		return;
	}
	k = MEM_NEW(struct capture);
	*k = (struct capture){.c = c,
			      .printer_id = printer_id,
			      .done = done,
			      .ctx = ctx,
			      .next = c->snapshots.capturing};
	str_copy(k->printer, sizeof(k->printer), printer);
	if (c->snapshots.captured_at[0])
		str_copy(k->at, sizeof(k->at), c->snapshots.captured_at);
	else
		protocol_time(loop_wall_s(), k->at);
	c->snapshots.capturing = k;
	http_req_init(&r);
	if (look_snapshot(p, &r)) {
		struct endpoint to = app_endpoint(c->app, p);

		k->call =
			c->app->transport->ops->send(c->app->transport, &to, &r, capture_heard, k);
	}
	http_req_done(&r);
	if (!k->call)
		capture_over(k, protocol_payload(p, (double)connector_now_ms(c) / 1000), NULL);
}

static void nobody(void *ctx, char *snapshot_take, const char *error)
{
	(void)ctx;
	(void)error;
	free(snapshot_take);
}

void snapshots_forget(struct connector *c, const void *ctx)
{
	for (struct capture *k = c->snapshots.capturing; k; k = k->next) {
		if (k->ctx == ctx) {
			k->ctx = NULL;
			k->done = nobody;
		}
	}
}

/* ---- rounds ---- */

static void round_part_over(struct connector *c)
{
	if (--c->snapshots.captures)
		return;
	if (c->snapshots.n)
		lane_now(&c->lanes[LANE_PUSH]);
	else
		c->once_left &= ~(1u << LANE_PUSH);
	lane_end(&c->lanes[LANE_CAPTURE], CLOUD_GOOD, NULL);
}

static void round_captured(void *ctx, char *snapshot_take, const char *error)
{
	struct connector *c = ctx;

	if (snapshot_take)
		keep(c, snapshot_take);
	else
		log_debug("connector: no snapshot: %s", error);
	round_part_over(c);
}

/* One of each printer that can be asked; those that cannot are told of in the heartbeat. */
void snapshots_round(struct connector *c)
{
	c->snapshots.captures = 1;
	protocol_time(loop_wall_s(), c->snapshots.captured_at);
	for (size_t i = 0; i < c->identity.n_printers; i++) {
		const struct connector_printer *k = &c->identity.printers[i];

		if (k->id <= 0)
			continue;
		c->snapshots.captures++;
		snapshots_capture(c, k->name, k->id, round_captured, c);
	}
	c->snapshots.captured_at[0] = '\0';
	round_part_over(c);
}

/* ---- sending ---- */

static void batch_body(struct snapshots *s, struct sbuf *b)
{
	size_t bytes = 0, most = s->batch ? s->batch : BATCH_COUNT;

	sbuf_adds(b, "{\"snapshots\":[");
	for (s->under_way = 0; s->under_way < s->n && s->under_way < most; s->under_way++) {
		const struct snapshot *x = &s->ring[s->under_way];

		if (s->under_way && bytes + x->len > BATCH_BYTES)
			break;
		bytes += x->len;
		sbuf_addf(b, "%s%s", s->under_way ? "," : "", x->json);
	}
	sbuf_adds(b, "]}");
}

/* The cloud does not want these: fewer at once, until the one that is wrong is alone and goes. */
static void batch_refused(struct snapshots *s)
{
	if (s->under_way > 1) {
		s->batch = s->under_way / 2;
		return;
	}
	log_warn("connector: the cloud refuses a snapshot: dropped");
	s->dropped++;
	drop_oldest(s, 1);
}

static void push_heard(void *ctx, const struct http_reply *r)
{
	struct lane *l = ctx;
	struct connector *c = l->c;
	struct snapshots *s = &c->snapshots;
	struct err e;
	enum verdict v;

	l->call = NULL;
	v = cloud_hear(&c->cloud, r, &e);
	if (v == CLOUD_GOOD) {
		log_info("connector: %zu snapshots sent", s->under_way);
		drop_oldest(s, s->under_way);
		s->batch = s->batch ? s->batch * 2 : 0;
		s->batch = s->batch > BATCH_COUNT ? 0 : s->batch;
	} else if (v == CLOUD_REFUSED && r->status != 409) {
		batch_refused(s);
		l->failures = 0;	/* the next try is another batch */
	}
	s->under_way = 0;
	lane_end(l, v, r);
}

void snapshots_push(struct connector *c)
{
	struct lane *l = &c->lanes[LANE_PUSH];
	struct http_req r;

	if (!c->snapshots.n) {
		lane_end(l, CLOUD_GOOD, NULL);
		return;
	}
	cloud_req(&r, HTTP_POST, "/api/v1/snapshots/batch");
	batch_body(&c->snapshots, &r.body);
	l->call = cloud_send(&c->cloud, &r, push_heard, l);
}

/* ---- the one that goes with a completion ---- */

static void single_over(struct single *x, bool sent)
{
	struct connector *c = x->c;
	struct single **p = &c->snapshots.singles;

	while (*p != x)
		p = &(*p)->next;
	*p = x->next;
	outbox_release(c, x->command_id);
	if (sent)
		free(x->json);
	else
		keep(c, x->json);
	free(x->command_id);
	free(x);
}

static void single_heard(void *ctx, const struct http_reply *r)
{
	struct single *x = ctx;
	struct err e;

	x->call = NULL;
	single_over(x, cloud_hear(&x->c->cloud, r, &e) == CLOUD_GOOD);
}

void snapshots_push_single(struct connector *c, char *snapshot_take, const char *command_id)
{
	struct single *x = MEM_NEW(struct single);
	struct http_req r;

	*x = (struct single){.c = c,
			     .json = snapshot_take,
			     .command_id = mem_strdup(command_id),
			     .next = c->snapshots.singles};
	c->snapshots.singles = x;
	cloud_req(&r, HTTP_POST, "/api/v1/snapshots/batch");
	sbuf_addf(&r.body, "{\"snapshots\":[%s]}", snapshot_take);
	r.timeout_ms = SINGLE_MS;
	x->call = cloud_send(&c->cloud, &r, single_heard, x);
}

void snapshots_stop(struct connector *c)
{
	struct snapshots *s = &c->snapshots;
	struct transport *t = c->app->transport;

	while (s->capturing) {
		struct capture *k = s->capturing;

		s->capturing = k->next;
		if (k->call)
			t->ops->cancel(t, k->call);
		free(k);
	}
	while (s->singles) {
		struct single *x = s->singles;

		s->singles = x->next;
		cloud_drop(&c->cloud, &x->call);
		free(x->json);
		free(x->command_id);
		free(x);
	}
	drop_oldest(s, s->n);
	free(s->ring);
	*s = (struct snapshots){ .dropped = s->dropped };
}
