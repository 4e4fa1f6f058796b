/* The queue: its jobs in order, what people may do to them, and who is told. */
#include "app/queue_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/alert.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/str.h>

#define TWIN_UNTOLD_S 120.0

/* ---- entries ---- */

struct queue_entry *queue_find(const struct queue *q, const char *id)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_eq(q->entries[i]->job.id, id))
			return q->entries[i];
	return NULL;
}

bool queue_is_waiting(const struct queue_job *j)
{
	return j->state == QUEUE_WAITING || j->state == QUEUE_HELD;
}

/* Under way, waiting, ended. */
static int group(const struct queue_job *j)
{
	if (queue_job_ended(j))
		return 2;
	return queue_is_waiting(j);
}

static int compare(const void *a, const void *b)
{
	const struct queue_entry *x = *(struct queue_entry *const *)a, *y = *(struct queue_entry *const *)b;
	int gx = group(&x->job), gy = group(&y->job);

	if (gx != gy)
		return gx < gy ? -1 : 1;
	if (gx == 2 && x->job.ended_at != y->job.ended_at)
		return x->job.ended_at > y->job.ended_at ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->job.id, y->job.id);
}

void queue_touched(struct queue *q)
{
	if (q->n)
		qsort(q->entries, q->n, sizeof(struct queue_entry *), compare);
	for (int i = 0; i < QUEUE_OBSERVERS; i++)
		if (q->observers[i].fn)
			q->observers[i].fn(q->observers[i].ctx);
}

void queue_insert_take(struct queue *q, struct queue_entry *n)
{
	n->since_ms = loop_now_ms(q->app->loop);
	q->entries = mem_grow(q->entries, q->n, &q->cap, sizeof(struct queue_entry *));
	q->entries[q->n++] = n;
}

void queue_forget(struct queue *q, struct queue_entry *n)
{
	size_t i = 0;

	queue_store_drop(q, n->job.id);
	while (i < q->n && q->entries[i] != n)
		i++;
	memmove(&q->entries[i], &q->entries[i + 1], (q->n - i - 1) * sizeof(struct queue_entry *));
	q->n--;
	free(n);
}

double queue_rank_last(const struct queue *q)
{
	double last = 0;

	for (size_t i = 0; i < q->n; i++)
		last = fmax(last, q->entries[i]->rank);
	return last;
}

/* ---- states ---- */

bool queue_set(struct queue *q, struct queue_entry *n, enum queue_state s, const char *reason)
{
	struct err e = { 0 };

	n->job.state = s;
	n->job.changed_at = loop_wall_s();
	n->since_ms = loop_now_ms(q->app->loop);
	n->asked = false;
	str_copy(n->job.reason, sizeof(n->job.reason), reason);
	if (queue_job_ended(&n->job))
		n->job.ended_at = n->job.changed_at;
	if (queue_store_save(q, n, &e)) {
		queue_touched(q);
		return true;
	}
	log_error("queue: %s", e.text);
	queue_touched(q);
	return false;
}

/* Who sent what where, and what became of it. */
void queue_journal(struct queue *q, const struct queue_entry *n, const char *outcome)
{
	struct json *o = json_new_object();
	const struct queue_job *j = &n->job;
	char text[TEXT_CAP];

	str_printf(text, sizeof(text), "%s from %s (%s): %s%s%s", j->name, j->owner, j->client, outcome,
		   j->reason[0] ? ": " : "", j->reason);
	json_set_str(o, "kind", "queue");
	json_set_str(o, "job", j->id);
	json_set_str(o, "printer", j->printer[0] ? j->printer : NULL);
	json_set_str(o, "file", j->name);
	json_set_str(o, "client", j->client);
	json_set_str(o, "key", j->owner);
	json_set_str(o, "target", j->target[0] ? j->target : "any");
	json_set_str(o, "outcome", outcome);
	json_set_str(o, "text", text);
	json_set_num(o, "took_s", j->ended_at - j->started_at);
	journal_write_take(q->app->journal, o);
}

void queue_end(struct queue *q, struct queue_entry *n, enum queue_state s, const char *reason)
{
	queue_set(q, n, s, reason);
	queue_journal(q, n, queue_state_name(s));
	log_info("queue: %s on %s: %s%s%s", n->job.name, n->job.printer, queue_state_name(s), *reason ? ": " : "", reason);
}

/* ---- when there is work ---- */

void queue_kick(struct queue *q)
{
	loop_timer_start(q->turn, 0);
}

static void turn(void *ctx)
{
	queue_dispatch(ctx);
}

/* Which of the changes can move a job on: a printer's status, or anything of one that has a job from here. */
static bool concerns(const struct queue *q, const struct fleet_change *c)
{
	if (c->from != c->to || c->mask == FIELD_MASK_ALL)
		return true;
	for (size_t i = 0; i < q->n && group(&q->entries[i]->job) == 0; i++)
		if (q->entries[i]->printer_id == c->id)
			return true;
	return false;
}

static void fleet_changed(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	struct queue *q = ctx;

	(void)f;
	if (!q->n || loop_timer_active(q->turn))
		return;
	for (size_t i = 0; i < n; i++) {
		if (concerns(q, &c[i])) {
			queue_kick(q);
			return;
		}
	}
}

/* Operations tell in the middle of their own work: only noted here. */
static void op_changed(void *ctx, const struct op *op)
{
	struct queue *q = ctx;

	for (size_t i = 0; i < q->n && group(&q->entries[i]->job) == 0; i++) {
		struct queue_entry *n = q->entries[i];

		if (n->op != op->id)
			continue;
		n->op_sent = n->op_sent || op->phase == OP_CONFIRMING || op->x.sent;
		if (op_ended(op))
			queue_kick(q);
	}
}

/* ---- open and close ---- */

struct queue *queue_new(struct app *a, struct err *e)
{
	struct queue *q = MEM_NEW(struct queue);

	q->app = a;
	q->lock_fd = -1;
	q->turn = loop_timer_new(a->loop, turn, q);
	q->later = loop_timer_new(a->loop, turn, q);
	if (!queue_store_open(q, e)) {
		queue_free(q);
		return NULL;
	}
	queue_store_load(q);
	queue_touched(q);
	if (!queue_is_owner(q))
		return q;
	fleet_observe(a->fleet, fleet_changed, q);
	ops_observe(a->ops, op_changed, q);
	q->control = queue_control_new(q);
	queue_kick(q);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	fleet_unobserve(q->app->fleet, fleet_changed, q);
	ops_unobserve(q->app->ops, op_changed, q);
	queue_control_free(q->control);
	loop_timer_free(q->turn);
	loop_timer_free(q->later);
	queue_store_close(q);
	for (size_t i = 0; i < q->n; i++)
		free(q->entries[i]);
	free(q->entries);
	free(q);
}

bool queue_is_owner(const struct queue *q)
{
	return q->lock_fd >= 0;
}

void queue_observe(struct queue *q, queue_changed_fn *fn, void *ctx)
{
	for (int i = 0; i < QUEUE_OBSERVERS; i++) {
		if (!q->observers[i].fn) {
			q->observers[i].fn = fn;
			q->observers[i].ctx = ctx;
			return;
		}
	}
	fatal("too many observers of the queue");
}

void queue_unobserve(struct queue *q, queue_changed_fn *fn, void *ctx)
{
	for (int i = 0; i < QUEUE_OBSERVERS; i++)
		if (q->observers[i].fn == fn && q->observers[i].ctx == ctx)
			q->observers[i].fn = NULL;
}

/* ---- looking ---- */

size_t queue_count(const struct queue *q)
{
	return q->n;
}

const struct queue_job *queue_at(const struct queue *q, size_t i)
{
	return i < q->n ? &q->entries[i]->job : NULL;
}

const struct queue_job *queue_get(const struct queue *q, const char *id)
{
	const struct queue_entry *n = queue_find(q, id);

	return n ? &n->job : NULL;
}

char *queue_file_path(const struct queue *q, const char *id)
{
	return queue_store_path(q, id, "file");
}

const struct queue_job *queue_twin(const struct queue *q, const struct queue_job *like, double within_s)
{
	double now = loop_wall_s();

	for (size_t i = 0; i < q->n; i++) {
		const struct queue_entry *n = q->entries[i];
		const struct queue_job *j = &n->job;
		double age = now - j->created_at;

		if (j->bytes == like->bytes && str_eq(j->sha256, like->sha256) && str_eq(j->name, like->name) &&
		    str_eq(j->folder, like->folder) && str_eq(j->owner, like->owner) && str_eq(j->target, like->target) &&
		    (age <= within_s || (!n->told && age <= TWIN_UNTOLD_S)))
			return j;
	}
	return NULL;
}

void queue_told(struct queue *q, const char *id)
{
	struct queue_entry *n = queue_find(q, id);

	if (n)
		n->told = true;
}

/* ---- what people may do ---- */

static struct queue_entry *mine(struct queue *q, const char *id, struct err *e)
{
	struct queue_entry *n;

	if (!queue_is_owner(q)) {
		err_set(e, ERR_REFUSED, "another copy of printop runs the queue");
		return NULL;
	}
	n = queue_find(q, id);
	if (!n)
		err_set(e, ERR_NOT_FOUND, "there is no such job");
	return n;
}

static bool refuse(const struct queue_entry *n, const char *what, struct err *e)
{
	return err_set(e, ERR_REFUSED, "a job that is %s cannot be %s", queue_state_name(n->job.state), what);
}

static bool saved(struct queue *q, struct queue_entry *n, struct err *e)
{
	bool good = queue_store_save(q, n, e);

	queue_touched(q);
	queue_kick(q);
	return good;
}

/* After many moves two ranks may have no number between them: all that wait are numbered anew. */
static void renumber(struct queue *q)
{
	struct err ignored;
	double rank = 0;

	for (size_t i = 0; i < q->n; i++) {
		if (!queue_is_waiting(&q->entries[i]->job))
			continue;
		q->entries[i]->rank = ++rank;
		queue_store_save(q, q->entries[i], &ignored);
	}
}

/* The ranks of those before and behind place to, without n itself. */
static void neighbours(const struct queue *q, const struct queue_entry *n, size_t to, double *before, double *behind)
{
	size_t at = 0;

	*before = *behind = NAN;
	for (size_t i = 0; i < q->n; i++) {
		const struct queue_entry *x = q->entries[i];

		if (x == n || !queue_is_waiting(&x->job))
			continue;
		if (at++ < to)
			*before = x->rank;
		else if (isnan(*behind))
			*behind = x->rank;
	}
}

bool queue_move(struct queue *q, const char *id, size_t to, struct err *e)
{
	struct queue_entry *n = mine(q, id, e);
	double before, behind;

	if (!n)
		return false;
	if (!queue_is_waiting(&n->job))
		return refuse(n, "moved", e);
	for (int again = 0; again < 2; again++) {
		neighbours(q, n, to, &before, &behind);
		if (isnan(before) && isnan(behind))
			return true;
		n->rank = isnan(before) ? behind - 1 : isnan(behind) ? before + 1 : (before + behind) / 2;
		if (n->rank != before && n->rank != behind)
			break;
		renumber(q);
	}
	return saved(q, n, e);
}

bool queue_remove(struct queue *q, const char *id, struct err *e)
{
	struct queue_entry *n = mine(q, id, e);

	if (!n)
		return false;
	if (!queue_is_waiting(&n->job) && n->job.state != QUEUE_SENT && !queue_job_ended(&n->job))
		return refuse(n, "removed: cancel it on its printer first", e);
	if (!queue_job_ended(&n->job))
		queue_journal(q, n, "removed");
	queue_forget(q, n);
	queue_touched(q);
	return true;
}

bool queue_hold(struct queue *q, const char *id, const char *reason, struct err *e)
{
	struct queue_entry *n = mine(q, id, e);

	if (!n)
		return false;
	if (n->job.state != QUEUE_WAITING && (n->job.state != QUEUE_SENT || !n->job.start))
		return refuse(n, "held", e);
	queue_set(q, n, QUEUE_HELD, reason && *reason ? reason : "held by hand");
	return true;
}

bool queue_release(struct queue *q, const char *id, bool force, struct err *e)
{
	struct queue_entry *n = mine(q, id, e);

	if (!n)
		return false;
	if (n->job.state != QUEUE_HELD)
		return refuse(n, "released", e);
	n->job.force = n->job.force || force;
	n->job.tries = 0;
	n->not_before_ms = 0;
	queue_set(q, n, n->job.remote_path[0] ? QUEUE_SENT : QUEUE_WAITING, "");
	queue_journal(q, n, "released");
	queue_kick(q);
	return true;
}

/* What lies on another printer already is of no use there. */
static void take_back(struct queue_entry *n)
{
	n->job.remote_path[0] = n->job.printer[0] = '\0';
	n->printer_id = 0;
}

bool queue_assign(struct queue *q, const char *id, const char *printer, struct err *e)
{
	struct queue_entry *n = mine(q, id, e);

	if (!n)
		return false;
	if (!queue_is_waiting(&n->job))
		return refuse(n, "assigned", e);
	if (*printer && !str_starts(printer, "tag:") && !fleet_find(q->app->fleet, printer))
		return err_set(e, ERR_NOT_FOUND, "there is no printer named %s", printer);
	str_copy(n->job.target, sizeof(n->job.target), printer);
	if (!str_eq_nocase(n->job.printer, printer))
		take_back(n);
	n->job.reason[0] = '\0';
	n->not_before_ms = 0;
	return saved(q, n, e);
}

bool queue_start(struct queue *q, const char *id, struct err *e)
{
	struct queue_entry *n = mine(q, id, e);

	if (!n)
		return false;
	if (n->job.start && !queue_job_ended(&n->job))
		return true;
	if (n->job.start)
		return refuse(n, "started: send it again", e);
	n->job.start = true;
	n->job.ended_at = NAN;
	n->since_ms = loop_now_ms(q->app->loop);
	n->asked = false;
	if (!saved(q, n, e)) {
		n->job.start = false;
		return false;
	}
	queue_journal(q, n, "to be started");
	return true;
}
