/*
 * Operations: runs each verb's exchange of requests, then watches the printer until its state proves the verb, or
 * its time is over. Uploads wait for their turn; nothing else waits for anybody.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/alert.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/poller.h>
#include <printop/str.h>
#include "app/file_cache.h"
#include "app/internal.h"
#include "app/op_journal.h"
#include "app/op_proof.h"
#include "app/op_rules.h"

#define KEEP_ENDED 200
#define RETRY_MS 1500		/* two uploads in the same second collide on one Moonraker host */
#define RETRIES 4
#define AFTER_FAULT_S 15.0	/* a request was lost on its way: did the printer hear it? */
#define OBSERVERS 8

struct task {			/* an operation as the engine sees it */
	struct op op;		/* first: handed out */
	struct ops *ops;
	struct call *call;
	struct loop_timer *timer;	/* limit, retry */
	int64_t phase_ms;	/* when this phase began */
	int64_t rate_ms, rate_bytes;
	int retries;
	bool watched;		/* the poller hurries and p->pending is set for us */
	bool seen_away;		/* the printer was seen in no ready state since */
	bool journaled;
	bool retry_wait;
	bool asked_change;	/* the request under way changes something */
	struct err fault;	/* the answer was lost after sending: told when nothing is seen */
};

struct ops {
	struct app *app;
	struct task **tasks;
	size_t n, cap;
	uint32_t next_id, next_group;
	struct file_cache files;
	int telling;			/* an observer is being called: no operation goes away under it */
	struct {
		op_changed_fn *fn;
		void *ctx;
	} observers[OBSERVERS];
};

static void start_uploads(struct ops *o);
static void run_step(struct task *t, const struct http_reply *prev);

/* ---- small helpers ---- */

static int64_t now_ms(const struct ops *o)
{
	return loop_now_ms(o->app->loop);
}

static struct printer *printer_of(const struct task *t)
{
	return fleet_get(t->ops->app->fleet, t->op.printer_id);
}

static struct task *find(const struct ops *o, uint32_t id)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->tasks[i]->op.id == id)
			return o->tasks[i];
	return NULL;
}

bool op_ended(const struct op *op)
{
	return op->phase == OP_DONE || op->phase == OP_FAILED || op->phase == OP_CANCELLED;
}

static void notify(struct task *t)
{
	struct ops *o = t->ops;

	o->telling++;
	for (int i = 0; i < OBSERVERS; i++)
		if (o->observers[i].fn)
			o->observers[i].fn(o->observers[i].ctx, &t->op);
	o->telling--;
}

static void set_phase(struct task *t, enum op_phase phase)
{
	t->op.phase = phase;
	t->phase_ms = now_ms(t->ops);
}

/* Two can be under way (a cancel gets past a pause): the later one counts. verb + 1, 0 none. */
static int watched_verb(const struct ops *o, uint32_t printer_id)
{
	int found = 0;

	for (size_t i = 0; i < o->n; i++)
		if (o->tasks[i]->watched && o->tasks[i]->op.printer_id == printer_id)
			found = (int)o->tasks[i]->op.x.verb + 1;
	return found;
}

/* While a verb is unconfirmed its printer is polled fast and shown as pausing, cancelling ... */
static void watch(struct task *t, bool on)
{
	struct printer *p = printer_of(t);

	if (t->watched == on)
		return;
	t->watched = on;
	poller_hurry(t->ops->app->poller, t->op.printer_id, on);
	if (p)
		p->pending = watched_verb(t->ops, p->id);
}

static void drop_call(struct task *t)
{
	struct transport *tr = t->ops->app->transport;

	if (t->call)
		tr->ops->cancel(tr, t->call);
	t->call = NULL;
}

static void task_free(struct task *t)
{
	drop_call(t);
	loop_timer_free(t->timer);
	exchange_done(&t->op.x);
	free(t);
}

static bool may_go(const struct task *t, uint32_t group)
{
	return op_ended(&t->op) && !(group && t->op.group == group);
}

/* The oldest ended operations go when there are many, but none of the group that grows: its result is looked at. */
static void forget_old(struct ops *o, uint32_t group)
{
	size_t ended = 0;

	if (o->telling)
		return;
	for (size_t i = 0; i < o->n; i++)
		ended += may_go(o->tasks[i], group);
	for (size_t i = 0; i < o->n && ended > KEEP_ENDED;) {
		if (!may_go(o->tasks[i], group)) {
			i++;
			continue;
		}
		task_free(o->tasks[i]);
		memmove(o->tasks + i, o->tasks + i + 1, (o->n - i - 1) * sizeof(*o->tasks));
		o->n--;
		ended--;
	}
}

/* ---- ends ---- */

static double took_s(const struct task *t)
{
	return (double)(now_ms(t->ops) - t->op.submitted_ms) / 1000;
}

static void end(struct task *t, enum op_phase phase)
{
	drop_call(t);
	loop_timer_stop(t->timer);
	/* "resuming" was our word for it: when nothing came of it, the truth is asked for at once. */
	if (t->watched && phase != OP_DONE)
		poller_refresh(t->ops->app->poller, t->op.printer_id);
	watch(t, false);
	set_phase(t, phase);
	t->op.ended_ms = now_ms(t->ops);
	if (t->journaled)
		op_journal_end(t->ops->app, &t->op, took_s(t));
	notify(t);
	if (t->op.x.verb == VERB_UPLOAD)
		start_uploads(t->ops);
}

static void end_failed(struct task *t, const struct err *e)
{
	t->op.err = *e;
	str_copy(t->op.seen, sizeof(t->op.seen), e->text);
	end(t, OP_FAILED);
}

static void end_done(struct task *t)
{
	const struct exchange *x = &t->op.x;
	char size[STR_SMALL];

	if (x->verb == VERB_UPLOAD)
		str_printf(t->op.seen, sizeof(t->op.seen), "sent %s in %.1f s%s%s",
			   str_bytes(size, sizeof(size), (double)t->op.total_bytes), took_s(t),
			   x->args.start ? ", started" : "", x->note[0] ? "; " : "");
	else
		str_printf(t->op.seen, sizeof(t->op.seen), "%s in %.1f s%s", proof_word(x->verb), took_s(t),
			   x->note[0] ? "; " : "");
	if (x->note[0]) {
		size_t len = strlen(t->op.seen);

		str_copy(t->op.seen + len, sizeof(t->op.seen) - len, x->note);
	}
	end(t, OP_DONE);
}

static void end_late(struct task *t)
{
	const struct printer *p = printer_of(t);
	struct err e = { 0 };

	if (t->fault.code != ERR_NONE)
		err_set(&e, t->fault.code, "%s; the printer was last seen %s", t->fault.text,
			p ? printer_status_info(p->state.status)->name : "gone");
	else
		err_set(&e, ERR_TIMEOUT, "%s; after %.0f s the printer is %s",
			t->op.phase == OP_CONFIRMING ? "accepted, but nothing came of it" : "no answer yet",
			(double)(now_ms(t->ops) - t->phase_ms) / 1000, p ? printer_status_info(p->state.status)->name : "gone");
	end_failed(t, &e);
}

/* ---- confirming ---- */

static void confirm_check(struct task *t)
{
	const struct printer *p = printer_of(t);
	char why[TEXT_CAP];
	struct err e = { 0 };

	if (!p) {
		err_set(&e, ERR_NOT_FOUND, "the printer was removed from the configuration");
		end_failed(t, &e);
		return;
	}
	if (!(STATUS_BIT(p->state.status) & STATUS_READY))
		t->seen_away = true;
	switch (proof_check(&t->op, p, (double)(now_ms(t->ops) - t->phase_ms) / 1000, t->seen_away, why, sizeof(why))) {
	case PROOF_WAIT:
		str_printf(t->op.seen, sizeof(t->op.seen), "%s", printer_status_info(p->state.status)->name);
		break;
	case PROOF_DONE:
		end_done(t);
		break;
	case PROOF_FAILED:
		err_set(&e, ERR_REFUSED, "%s", why);
		end_failed(t, &e);
		break;
	}
}

static void confirm_start(struct task *t, double limit_s)
{
	double left = t->op.x.verb == VERB_UPLOAD ? limit_s
						  : limit_s - (double)(now_ms(t->ops) - t->op.submitted_ms) / 1000;

	set_phase(t, OP_CONFIRMING);
	watch(t, true);
	poller_refresh(t->ops->app->poller, t->op.printer_id);
	loop_timer_start(t->timer, left > 1 ? (int64_t)(left * 1000) : 1000);
	notify(t);
	if (t->op.x.verb == VERB_UPLOAD)	/* all is sent: another one may send while this one's start is watched */
		start_uploads(t->ops);
}

static void fleet_changed(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	struct ops *o = ctx;

	(void)f;
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < o->n; i++)
			if (o->tasks[i]->op.printer_id == c[k].id && o->tasks[i]->op.phase == OP_CONFIRMING)
				confirm_check(o->tasks[i]);
}

/* ---- sending ---- */

static void progressed(void *ctx, int64_t sent_bytes, int64_t total_bytes)
{
	struct task *t = ctx;
	int64_t now = now_ms(t->ops), ms = now - t->rate_ms;

	t->op.sent_bytes = sent_bytes;
	t->op.total_bytes = total_bytes;
	if (ms >= 500) {
		double rate = (double)(sent_bytes - t->rate_bytes) * 1000 / (double)ms;

		t->op.rate_bytes_s = t->op.rate_bytes_s > 0 ? 0.7 * t->op.rate_bytes_s + 0.3 * rate : rate;
		t->rate_ms = now;
		t->rate_bytes = sent_bytes;
	}
	notify(t);
}

/* The request may have been carried out though its answer was lost: the printer's state tells. */
static bool lost_answer(const struct task *t, const struct http_reply *r)
{
	if (!r || !t->asked_change || !proof_needed(&t->op) || t->op.x.verb == VERB_UPLOAD)
		return false;
	return r->fault == HTTP_FAULT_TIMEOUT || r->fault == HTTP_FAULT_RESET || r->fault == HTTP_FAULT_EMPTY;
}

static void replied(void *ctx, const struct http_reply *r)
{
	struct task *t = ctx;

	t->call = NULL;
	run_step(t, r);
}

static void send_req(struct task *t, struct printer *p, struct http_req *req)
{
	struct app *a = t->ops->app;
	struct endpoint to = app_endpoint(a, p);

	if (req->changes && !t->journaled) {
		t->journaled = true;
		op_journal_start(a, &t->op);
	}
	t->asked_change = req->changes;
	if (req->changes)
		watch(t, proof_needed(&t->op));
	t->call = a->transport->ops->send(a->transport, &to, req, replied, t);
	if (t->op.x.verb == VERB_UPLOAD)
		a->transport->ops->progress(t->call, progressed);
}

static void retry_later(struct task *t, const struct err *e)
{
	if (++t->retries > RETRIES) {
		end_failed(t, e);
		return;
	}
	t->retry_wait = true;
	t->op.x.step = 0;
	loop_timer_start(t->timer, RETRY_MS * t->retries);
}

static void accepted(struct task *t)
{
	struct err e = { 0 };

	if (t->op.x.start_refused) {
		err_set(&e, ERR_REFUSED, "sent, but not started%s%s", t->op.x.note[0] ? ": " : "", t->op.x.note);
		end_failed(t, &e);
	} else if (proof_needed(&t->op)) {
		confirm_start(t, t->op.limit_s);
		confirm_check(t);
	} else {
		if (t->op.x.verb == VERB_FILES)
			file_cache_put(&t->ops->files, t->op.printer_id, &t->op.x.files);
		end_done(t);
	}
}

static void run_step(struct task *t, const struct http_reply *prev)
{
	struct printer *p = printer_of(t);
	const struct driver *d = p ? driver_of(p) : NULL;
	struct http_req req;
	struct err e = { 0 };

	if (!d) {
		err_set(&e, ERR_NOT_FOUND, "the printer was removed from the configuration");
		end_failed(t, &e);
		return;
	}
	http_req_init(&req);
	t->op.x.known = file_cache_get(&t->ops->files, t->op.printer_id);
	switch (d->step(p, &t->op.x, prev, &req, &e)) {
	case EXCHANGE_SEND:
		send_req(t, p, &req);
		break;
	case EXCHANGE_DONE:
		accepted(t);
		break;
	case EXCHANGE_RETRY:
		retry_later(t, &e);
		break;
	case EXCHANGE_FAILED:
		if (lost_answer(t, prev)) {
			t->fault = e;
			confirm_start(t, took_s(t) + AFTER_FAULT_S);
		} else {
			end_failed(t, &e);
		}
		break;
	}
	http_req_done(&req);
}

static void begin(struct task *t)
{
	t->op.submitted_ms = now_ms(t->ops);
	set_phase(t, OP_SENDING);
	t->rate_ms = now_ms(t->ops);
	if (t->op.x.verb != VERB_UPLOAD)
		loop_timer_start(t->timer, (int64_t)(t->op.limit_s * 1000));
	notify(t);
	run_step(t, NULL);
}

static void timer_fired(void *ctx)
{
	struct task *t = ctx;

	if (t->retry_wait) {
		t->retry_wait = false;
		run_step(t, NULL);
		return;
	}
	if (t->op.phase == OP_CONFIRMING) {
		confirm_check(t);	/* a proof that only time gives */
		if (op_ended(&t->op))
			return;
	}
	end_late(t);
}

/* ---- uploads take turns ---- */

static void start_uploads(struct ops *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->tasks[i]->op.phase == OP_QUEUED && op_upload_turn(o->app, &o->tasks[i]->op))
			begin(o->tasks[i]);
}

/* ---- submitting ---- */

static bool check(struct task *t, struct err *e)
{
	if (!op_allowed(t->ops->app, t->op.printer_id, t->op.x.verb, e))
		return false;
	return t->op.x.verb != VERB_UPLOAD || op_upload_file(&t->op, e);
}

static struct task *task_new(struct ops *o, uint32_t group, uint32_t printer_id, enum verb verb)
{
	const struct printer *p = fleet_get(o->app->fleet, printer_id);
	struct task *t = MEM_NEW(struct task);

	t->ops = o;
	t->timer = loop_timer_new(o->app->loop, timer_fired, t);
	t->op.id = ++o->next_id;
	t->op.group = group;
	t->op.printer_id = printer_id;
	str_copy(t->op.printer_name, sizeof(t->op.printer_name), p ? p->config.name : "?");
	t->op.before = p ? p->state.status : PRINTER_UNKNOWN;
	t->op.job_before = p ? p->state.job.seq : 0;
	t->op.submitted_at = loop_wall_s();
	t->op.submitted_ms = now_ms(o);
	t->op.ended_ms = -1;
	exchange_init(&t->op.x, verb);
	o->tasks = mem_grow(o->tasks, o->n, &o->cap, sizeof(*o->tasks));
	o->tasks[o->n++] = t;
	return t;
}

uint32_t op_submit(struct ops *o, uint32_t group, uint32_t printer_id, enum verb verb,
		   const struct verb_args *args, double limit_s)
{
	struct task *t = task_new(o, group, printer_id, verb);
	struct err e = { 0 };

	t->op.limit_s = isnan(limit_s) ? proof_limit_s(verb) : limit_s;
	if (args) {
		verb_args_done(&t->op.x.args);
		verb_args_copy(&t->op.x.args, args);
	}
	forget_old(o, group);	/* not before: args may be those of an old one */
	uint32_t id = t->op.id;

	/* The new operation itself must not count as one that is under way. */
	set_phase(t, OP_FAILED);
	if (!check(t, &e)) {
		if (verb != VERB_FILES)
			op_journal_refused(o->app, &t->op, &e);
		end_failed(t, &e);
		return id;
	}
	set_phase(t, OP_QUEUED);
	if (verb != VERB_UPLOAD || op_upload_turn(o->app, &t->op))
		begin(t);
	else
		notify(t);
	return id;
}

uint32_t op_retry(struct ops *o, uint32_t id, uint32_t group)
{
	const struct task *t = find(o, id);

	if (!t)
		return 0;
	return op_submit(o, group, t->op.printer_id, t->op.x.verb, &t->op.x.args, t->op.limit_s);
}

void op_cancel(struct ops *o, uint32_t id)
{
	struct task *t = find(o, id);
	bool upload;

	if (!t || op_ended(&t->op))
		return;
	upload = t->op.x.verb == VERB_UPLOAD && t->op.phase != OP_CONFIRMING;
	str_copy(t->op.seen, sizeof(t->op.seen),
		 upload ? "nothing of it is left on the server" : "no longer watched; what was sent stays sent");
	err_set(&t->op.err, ERR_CANCELLED, "%s", t->op.seen);
	end(t, OP_CANCELLED);
}

/* ---- the table ---- */

struct ops *ops_new(struct app *a)
{
	struct ops *o = MEM_NEW(struct ops);

	o->app = a;
	fleet_observe(a->fleet, fleet_changed, o);
	return o;
}

void ops_free(struct ops *o)
{
	if (!o)
		return;
	fleet_unobserve(o->app->fleet, fleet_changed, o);
	for (size_t i = 0; i < o->n; i++)
		task_free(o->tasks[i]);
	free(o->tasks);
	file_cache_done(&o->files);
	free(o);
}

uint32_t ops_new_group(struct ops *o)
{
	return ++o->next_group;
}

const struct op *op_get(const struct ops *o, uint32_t id)
{
	const struct task *t = find(o, id);

	return t ? &t->op : NULL;
}

size_t ops_count(const struct ops *o)
{
	return o->n;
}

const struct op *ops_at(const struct ops *o, size_t i)
{
	return i < o->n ? &o->tasks[i]->op : NULL;
}

size_t ops_running(const struct ops *o)
{
	size_t running = 0;

	for (size_t i = 0; i < o->n; i++)
		running += !op_ended(&o->tasks[i]->op);
	return running;
}

size_t ops_uploads_running(const struct ops *o)
{
	size_t running = 0;

	for (size_t i = 0; i < o->n; i++)
		running += o->tasks[i]->op.x.verb == VERB_UPLOAD && !op_ended(&o->tasks[i]->op);
	return running;
}

void ops_observe(struct ops *o, op_changed_fn *fn, void *ctx)
{
	for (int i = 0; i < OBSERVERS; i++) {
		if (!o->observers[i].fn) {
			o->observers[i].fn = fn;
			o->observers[i].ctx = ctx;
			return;
		}
	}
	fatal("too many observers of operations");
}

void ops_unobserve(struct ops *o, op_changed_fn *fn, void *ctx)
{
	for (int i = 0; i < OBSERVERS; i++)
		if (o->observers[i].fn == fn && o->observers[i].ctx == ctx)
			o->observers[i].fn = NULL;
}
