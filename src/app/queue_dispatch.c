/*
 * Which job goes to which printer: sent first, then started, each as an operation of its own, so that at any moment it
 * is known what the printer may have heard. Nothing here waits; whatever changes brings the next look.
 */
#include "app/queue_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/poller.h>
#include <printop/str.h>

#define RETRY_FIRST_MS 5000
#define RETRY_MOST_MS 300000
#define REFUSALS 5		/* then a person has to look */
#define STICK_MS 30000		/* a job for any printer leaves one that is not ready after so long */
#define FORGET_EVERY_MS 600000
#define LOOK_MS 200		/* an answer that changes nothing makes no event */
#define WAIT_MS 5000

/* ---- which printer ---- */

struct printer *queue_printer(const struct queue *q, struct queue_entry *n)
{
	struct printer *p = n->printer_id ? fleet_get(q->app->fleet, n->printer_id) : NULL;

	if (!p && n->job.printer[0])
		p = fleet_find(q->app->fleet, n->job.printer);
	n->printer_id = p ? p->id : 0;
	return p;
}

bool queue_can_read(const struct printer *p, const char *name)
{
	static const struct {
		const char *ending, *dialect;	/* "": all */
	} kinds[] = {
		{ ".gcode", "" }, { ".gco", "" }, { ".g", "" }, { ".ufp", "moonraker" }, { ".nc", "moonraker" },
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(kinds); i++)
		if (str_eq_nocase(dot, kinds[i].ending))
			return !kinds[i].dialect[0] || str_eq(kinds[i].dialect, p->dialect ? p->dialect : p->config.dialect);
	return false;
}

static bool has_tag(const struct printer *p, const char *tag)
{
	for (int i = 0; i < p->config.n_tags; i++)
		if (str_eq_nocase(p->config.tags[i], tag))
			return true;
	return false;
}

static bool is_target(const struct queue_job *j, const struct printer *p)
{
	if (!j->target[0])
		return true;
	if (str_starts(j->target, "tag:"))
		return has_tag(p, j->target + 4);
	return str_eq_nocase(j->target, p->config.name);
}

/* Is the target one printer, or any of several? */
static bool is_flexible(const struct queue_job *j)
{
	return !j->target[0] || str_starts(j->target, "tag:");
}

bool queue_kind_ok(const struct app *a, const char *target, const char *name, struct err *e)
{
	const char *dot = strrchr(name, '.');
	struct queue_job j = { .start = true };
	size_t targets = 0;

	str_copy(j.target, sizeof(j.target), target);
	for (size_t i = 0; i < fleet_count(a->fleet); i++) {
		const struct printer *p = fleet_at(a->fleet, i);

		if (!is_target(&j, p))
			continue;
		targets++;
		if (queue_can_read(p, name))
			return true;
	}
	if (!targets)
		return err_set(e, ERR_NOT_FOUND, "there is no printer %s", *target ? target : "at all");
	return err_set(e, ERR_UNSUPPORTED, "%s cannot read %s files: save it as .gcode", targets == 1 ? "the printer" : "the printers",
		       dot ? dot : "such");
}

/* Another job from here that is on its way to being printed there. */
static bool is_taken(const struct queue *q, const struct queue_entry *n, const struct printer *p)
{
	for (size_t i = 0; i < q->n; i++) {
		const struct queue_job *j = &q->entries[i]->job;

		if (q->entries[i] != n && j->start && !queue_is_waiting(j) && !queue_job_ended(j) &&
		    str_eq_nocase(j->printer, p->config.name))
			return true;
	}
	return false;
}

static bool is_printing_file(const struct printer *p, const struct queue_job *j)
{
	size_t len = strlen(j->folder);
	const char *file = p->state.job.file;

	if (!(STATUS_BIT(p->state.status) & STATUS_ACTIVE))
		return false;
	if (len)
		return !strncmp(file, j->folder, len) && file[len] == '/' && str_eq(file + len + 1, j->name);
	return str_eq(file, j->name);
}

static bool can_take(const struct queue *q, const struct queue_entry *n, const struct printer *p, struct err *e)
{
	if (!queue_can_read(p, n->job.name))
		return err_set(e, ERR_UNSUPPORTED, "it cannot read this kind of file");
	if (!op_allowed(q->app, p->id, VERB_UPLOAD, e))
		return false;
	if (p->state.fresh.failures)
		return err_set(e, ERR_UNREACHABLE, "it does not answer");
	if (!n->job.start)
		return !is_printing_file(p, &n->job) || err_set(e, ERR_REFUSED, "it prints a file of that name");
	if (is_taken(q, n, p))
		return err_set(e, ERR_REFUSED, "another job is before it");
	return op_allowed(q->app, p->id, VERB_START, e);
}

/* The first one that can take it; why says what is in the way of the (last) one. */
static struct printer *choose(const struct queue *q, const struct queue_entry *n, struct err *why)
{
	size_t targets = 0;

	for (size_t i = 0; i < fleet_count(q->app->fleet); i++) {
		struct printer *p = fleet_at(q->app->fleet, i);

		if (!is_target(&n->job, p))
			continue;
		targets++;
		if (can_take(q, n, p, why))
			return p;
		err_wrap(why, "%s", p->config.name);
	}
	if (!targets)
		err_set(why, ERR_NOT_FOUND, "there is no printer %s", n->job.target[0] ? n->job.target : "at all");
	else if (targets > 1)
		err_set(why, ERR_REFUSED, "none of %zu printers is free", targets);
	return NULL;
}

/* Why a job waits is for looking only: not worth a write to the disk each time. */
static void set_reason(struct queue_entry *n, const char *text)
{
	str_copy(n->job.reason, sizeof(n->job.reason), text);
}

static void retry_later(struct queue *q, struct queue_entry *n)
{
	int64_t ms = RETRY_FIRST_MS;

	for (int i = 1; i < n->job.tries && ms < RETRY_MOST_MS; i++)
		ms *= 2;
	n->not_before_ms = loop_now_ms(q->app->loop) + (ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS);
}

/* ---- sending ---- */

static void send_file(struct queue *q, struct queue_entry *n, struct printer *p)
{
	struct verb_args args = { .local_bytes = -1 };

	str_copy(n->job.printer, sizeof(n->job.printer), p->config.name);
	n->printer_id = p->id;
	n->job.tries++;
	if (!queue_set(q, n, QUEUE_SENDING, "")) {
		n->job.state = QUEUE_WAITING;
		set_reason(n, "the queue's folder cannot be written");
		retry_later(q, n);
		return;
	}
	args.local = queue_file_path(q, n->job.id);
	args.name = mem_strdup(n->job.name);
	args.folder = n->job.folder[0] ? mem_strdup(n->job.folder) : NULL;
	n->op_sent = false;
	n->op = op_submit(q->app->ops, 0, p->id, VERB_UPLOAD, &args, NAN);
	verb_args_done(&args);
}

static void try_send(struct queue *q, struct queue_entry *n)
{
	struct err why = { 0 };
	struct printer *p;

	if (n->not_before_ms > loop_now_ms(q->app->loop))
		return;
	p = choose(q, n, &why);
	if (p)
		send_file(q, n, p);
	else
		set_reason(n, why.text);
}

static void back_to_waiting(struct queue *q, struct queue_entry *n, const char *reason)
{
	n->job.printer[0] = n->job.remote_path[0] = '\0';
	n->printer_id = 0;
	queue_set(q, n, QUEUE_WAITING, reason);
}

static void sending_failed(struct queue *q, struct queue_entry *n, const struct err *e)
{
	bool again = e->code == ERR_UNREACHABLE || e->code == ERR_TIMEOUT || e->code == ERR_BAD_REPLY ||
		     e->code == ERR_INTERNAL || (e->code == ERR_REFUSED && n->job.tries < REFUSALS);

	log_warn("queue: %s was not sent to %s: %s", n->job.name, n->job.printer, e->text);
	back_to_waiting(q, n, e->text);
	if (again)
		retry_later(q, n);
	else
		queue_set(q, n, QUEUE_HELD, e->text);
}

static void sending_over(struct queue *q, struct queue_entry *n, const struct op *op)
{
	struct err lost = { ERR_INTERNAL, "the upload was lost sight of" };

	if (!op || op->phase != OP_DONE) {
		sending_failed(q, n, op ? &op->err : &lost);
		return;
	}
	str_copy(n->job.remote_path, sizeof(n->job.remote_path), op->x.remote_path);
	n->job.tries = 0;
	queue_set(q, n, QUEUE_SENT, "");
	if (!n->job.start)
		queue_journal(q, n, "stored");
}

/* A copy that ended while it sent: nothing was started, and sending the same again replaces the same. */
static void sending_again(struct queue *q, struct queue_entry *n)
{
	back_to_waiting(q, n, "");
	queue_kick(q);
}

/* ---- starting ---- */

static void start_print(struct queue *q, struct queue_entry *n, const struct printer *p)
{
	struct verb_args args = { .local_bytes = -1 };

	str_copy(n->before_file, sizeof(n->before_file), p->state.job.file);
	n->before = p->state.status;
	n->job.started_at = loop_wall_s();
	n->job.tries++;
	/* What is not on disk must not be done: after a crash nobody would know of it. */
	if (!queue_set(q, n, QUEUE_STARTING, "")) {
		n->job.state = QUEUE_SENT;
		set_reason(n, "the queue's folder cannot be written");
		retry_later(q, n);
		return;
	}
	args.file = mem_strdup(n->job.remote_path);
	n->op_sent = false;
	n->op = op_submit(q->app->ops, 0, p->id, VERB_START, &args, NAN);
	verb_args_done(&args);
}

/* It lies there unstarted and somebody else uses the printer: for another printer it is a new job. */
static void move_on(struct queue *q, struct queue_entry *n, const char *why)
{
	if (!is_flexible(&n->job) || loop_now_ms(q->app->loop) - n->since_ms < STICK_MS) {
		set_reason(n, why);
		return;
	}
	back_to_waiting(q, n, "");
	if (queue_store_rename(q, n))
		queue_touched(q);
}

static void try_start(struct queue *q, struct queue_entry *n)
{
	const struct printer *p = queue_printer(q, n);
	struct err why = { 0 };

	if (!p) {
		queue_set(q, n, QUEUE_HELD, "its printer is not in the configuration any more");
		return;
	}
	if (n->not_before_ms > loop_now_ms(q->app->loop))
		return;
	/* What it shows before the start is the proof afterwards: it must be from now. */
	if (p->state.fresh.ok_ms <= n->since_ms && !n->asked) {
		n->asked = true;
		poller_refresh(q->app->poller, p->id);
	}
	if (p->state.fresh.failures || p->state.fresh.ok_ms <= n->since_ms)
		move_on(q, n, "the printer does not answer");
	else if (!op_allowed(q->app, p->id, VERB_START, &why))
		move_on(q, n, why.text);
	else
		start_print(q, n, p);
}

/* Refused for certain: nothing was started. Anything else is looked at. */
static void starting_failed(struct queue *q, struct queue_entry *n, const struct op *op)
{
	log_warn("queue: %s was not started on %s: %s", n->job.name, n->job.printer, op->err.text);
	switch (n->op_sent ? ERR_NONE : op->err.code) {
	case ERR_REFUSED:
		queue_set(q, n, n->job.tries < REFUSALS ? QUEUE_SENT : QUEUE_HELD, op->err.text);
		retry_later(q, n);
		break;
	case ERR_NOT_FOUND:
		back_to_waiting(q, n, op->err.text);
		queue_store_rename(q, n);
		retry_later(q, n);
		queue_touched(q);
		break;
	case ERR_AUTH:
	case ERR_UNSUPPORTED:
		queue_set(q, n, QUEUE_HELD, op->err.text);
		break;
	case ERR_NONE:
	case ERR_USAGE:
	case ERR_CONFIG:
	case ERR_UNREACHABLE:
	case ERR_TIMEOUT:
	case ERR_BAD_REPLY:
	case ERR_TOO_BIG:
	case ERR_IO:
	case ERR_CANCELLED:
	case ERR_INTERNAL:
	case ERR_N:
		n->since_ms = loop_now_ms(q->app->loop);
		set_reason(n, op->err.text);
		break;
	}
}

static void starting_over(struct queue *q, struct queue_entry *n, const struct op *op)
{
	if (!op) {
		n->since_ms = loop_now_ms(q->app->loop);
	} else if (op->phase == OP_DONE) {
		n->job.tries = 0;
		queue_set(q, n, QUEUE_PRINTING, "");
		queue_journal(q, n, "started");
		log_info("queue: %s is printed on %s", n->job.name, n->job.printer);
	} else {
		starting_failed(q, n, op);
	}
}

/* ---- the round ---- */

/* True when the operation still runs. */
static bool is_busy(struct queue *q, struct queue_entry *n)
{
	const struct op *op;

	if (!n->op)
		return false;
	op = op_get(q->app->ops, n->op);
	if (op && !op_ended(op))
		return true;
	n->op = 0;
	if (n->job.state == QUEUE_SENDING)
		sending_over(q, n, op);
	else if (n->job.state == QUEUE_STARTING)
		starting_over(q, n, op);
	return false;
}

/* Ultimaker's own flavour has no homing and no heating in it: printed elsewhere it ends in a crash. */
static bool is_dangerous(const struct queue_entry *n)
{
	return n->job.griffin && n->job.start && !n->job.force && (n->job.state == QUEUE_WAITING || n->job.state == QUEUE_SENT);
}

static void step(struct queue *q, struct queue_entry *n)
{
	if (is_busy(q, n))
		return;
	if (is_dangerous(n)) {
		queue_set(q, n, QUEUE_HELD, "made for an Ultimaker (Griffin): it neither homes nor heats; slice it as Marlin, "
			  "or force it");
		queue_journal(q, n, "held");
		return;
	}
	switch (n->job.state) {
	case QUEUE_WAITING:
		try_send(q, n);
		break;
	case QUEUE_SENDING:
		sending_again(q, n);
		break;
	case QUEUE_SENT:
		if (n->job.start)
			try_start(q, n);
		break;
	case QUEUE_STARTING:
		queue_watch_starting(q, n);
		break;
	case QUEUE_PRINTING:
		queue_watch_printing(q, n);
		break;
	case QUEUE_DONE:
	case QUEUE_CANCELLED:
	case QUEUE_FAILED:
	case QUEUE_HELD:
	case QUEUE_STATE_N:
		break;
	}
}

static void forget_old(struct queue *q)
{
	double now = loop_wall_s();

	while (q->n) {
		struct queue_entry *n = q->entries[q->n - 1];

		if (!queue_job_ended(&n->job) || !(now - n->job.ended_at > QUEUE_KEEP_S))
			return;
		queue_forget(q, n);
	}
}

/* The next moment at which something may be due without an event. */
static int64_t due_ms(const struct queue_entry *n, int64_t now)
{
	const struct queue_job *j = &n->job;
	int64_t next = now + FORGET_EVERY_MS;

	if (n->op)
		return next;
	if (j->state == QUEUE_STARTING || (j->state == QUEUE_SENT && j->start))
		next = now + LOOK_MS;
	else if (j->state == QUEUE_WAITING)
		next = now + WAIT_MS;
	return n->not_before_ms > next ? n->not_before_ms : next;
}

static void arm(struct queue *q)
{
	int64_t now = loop_now_ms(q->app->loop), next = now + FORGET_EVERY_MS;

	for (size_t i = 0; i < q->n; i++) {
		int64_t due = due_ms(q->entries[i], now);

		next = due < next ? due : next;
	}
	loop_timer_start(q->later, next - now);
}

void queue_dispatch(struct queue *q)
{
	struct queue_entry **all;
	size_t n = q->n;

	if (!queue_is_owner(q) || !n)
		return;
	/* Each step may sort the entries anew. */
	all = mem_alloc(n * sizeof(struct queue_entry *));
	memcpy(all, q->entries, n * sizeof(struct queue_entry *));
	for (size_t i = 0; i < n; i++)
		step(q, all[i]);
	free(all);
	forget_old(q);
	arm(q);
}
