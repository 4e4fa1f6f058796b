/*
 * Jobs as Cura sees them: those of the queue, those that somebody started elsewhere, and uploads that were refused.
 * Cura shows one job on a printer's card; which one is decided here, as it would show the last of several.
 */
#include "gateway/cura.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define SHOW_ENDED_S 1800.0	/* a finished print stays on the card until the next one, or so long */
#define SHOW_SENT_S 3600.0	/* brought to the printer and not started */
#define SHOW_REFUSED_S 1800.0

/* Who gets the card of a printer: the greatest. */
enum place { PLACE_NONE, PLACE_ENDED, PLACE_HELD, PLACE_SENT, PLACE_STARTING, PLACE_ACTIVE };

static const char *const names[CURA_STATUS_N] = {
	[CURA_QUEUED] = "queued", [CURA_ERROR] = "error", [CURA_SENT] = "sent_to_printer", [CURA_PRE_PRINT] = "pre_print",
	[CURA_PRINTING] = "printing", [CURA_PAUSING] = "pausing", [CURA_PAUSED] = "paused", [CURA_RESUMING] = "resuming",
	[CURA_POST_PRINT] = "post_print", [CURA_ABORTING] = "aborting", [CURA_WAIT_CLEANUP] = "wait_cleanup",
	[CURA_FAILED] = "failed",
};

const char *cura_status_name(enum cura_status s)
{
	return names[s];
}

/* ---- times ---- */

static int64_t seconds(double s)
{
	if (!(s > 0))
		return 0;
	return s < INT32_MAX ? (int64_t)s : INT32_MAX;
}

/* OctoPrint and Moonraker know different things; the first that is known counts. */
static double total_time(const struct printer_state *s, double from_file)
{
	const struct job *j = &s->job;

	if (!isnan(j->elapsed_s) && !isnan(j->left_s))
		return j->elapsed_s + j->left_s;
	if (!isnan(from_file))
		return from_file;
	if (str_eq(s->meta.for_file, j->file) && !isnan(s->meta.estimated_s))
		return s->meta.estimated_s;
	return j->progress > 0.01 ? j->elapsed_s / j->progress : NAN;
}

static void set_times(struct cura_job *job, const struct printer_state *s, double from_file)
{
	job->elapsed_s = seconds(s->job.elapsed_s);
	job->total_s = seconds(total_time(s, from_file));
	if (job->total_s < job->elapsed_s)
		job->total_s = job->elapsed_s;
}

/* Cura shows wait_cleanup as aborted when time is left, else as finished. */
static void set_ended_times(struct cura_job *job, bool finished, double total)
{
	job->total_s = seconds(total) > 0 ? seconds(total) : 1;
	job->elapsed_s = finished ? job->total_s : 0;
}

/* ---- a job on a printer ---- */

static bool is_active(const struct printer *p)
{
	return p && (STATUS_BIT(p->state.status) & STATUS_ACTIVE);
}

static enum cura_status active_status(const struct printer *p)
{
	static const struct {
		enum printer_status from;
		enum cura_status to;
	} map[] = {
		{ PRINTER_PREPARING, CURA_PRE_PRINT }, { PRINTER_PAUSING, CURA_PAUSING }, { PRINTER_PAUSED, CURA_PAUSED },
		{ PRINTER_RESUMING, CURA_RESUMING }, { PRINTER_CANCELLING, CURA_ABORTING },
		{ PRINTER_FINISHING, CURA_POST_PRINT },
	};

	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (map[i].from == p->state.status)
			return map[i].to;
	return p->state.job.elapsed_s > 0 ? CURA_PRINTING : CURA_PRE_PRINT;
}

/* ---- jobs of the queue ---- */

static const struct printer *printer_of(const struct cura *c, const struct queue_job *q)
{
	return q->printer[0] ? fleet_find(c->app->fleet, q->printer) : NULL;
}

static void from_printing(struct cura_job *job, const struct queue_job *q)
{
	/* While the printer is away nothing is known but that it was printing. */
	job->status = is_active(job->printer) ? active_status(job->printer) : CURA_PRINTING;
	job->place = PLACE_ACTIVE;
	if (job->printer)
		set_times(job, &job->printer->state, q->time_s);
}

static void from_ended(struct cura_job *job, const struct queue_job *q)
{
	if (q->state == QUEUE_FAILED) {
		job->status = job->printer && !isnan(q->started_at) ? CURA_FAILED : CURA_ERROR;
		str_copy(job->why, sizeof(job->why), q->reason);
	} else {
		job->status = CURA_WAIT_CLEANUP;
	}
	job->place = PLACE_ENDED;
	set_ended_times(job, q->state == QUEUE_DONE, q->time_s);
}

static void from_held(struct cura_job *job, const struct queue_job *q)
{
	job->griffin = q->griffin;
	job->status = q->griffin ? CURA_QUEUED : CURA_ERROR;
	job->place = q->griffin ? PLACE_HELD : PLACE_NONE;
	str_copy(job->why, sizeof(job->why), q->reason);
}

/* Brought there and not started: shown for a while, or until somebody at the printer has started it. */
static bool is_stored(const struct queue_job *q, const struct printer *p, double age)
{
	return age < SHOW_SENT_S && !(p && str_eq(p->state.job.file, q->remote_path) && p->since_at > q->changed_at);
}

/* False: Cura is not shown this one (any more). */
static bool from_queue(const struct cura *c, const struct queue_job *q, struct cura_job *job)
{
	double age = loop_wall_s() - (isnan(q->ended_at) ? q->changed_at : q->ended_at);

	memset(job, 0, sizeof(*job));
	str_copy(job->uuid, sizeof(job->uuid), q->id);
	str_copy(job->name, sizeof(job->name), q->name);
	str_copy(job->owner, sizeof(job->owner), q->owner);
	job->queued = q;
	job->created_at = q->created_at;
	job->total_s = seconds(q->time_s);
	job->printer = printer_of(c, q);
	switch (q->state) {
	case QUEUE_WAITING:
	case QUEUE_SENDING:	/* may go to another printer yet, and Cura keeps what was assigned once */
		job->status = CURA_QUEUED;
		job->printer = NULL;
		return true;
	case QUEUE_HELD:
		from_held(job, q);
		return true;
	case QUEUE_SENT:
		job->status = CURA_SENT;
		job->place = PLACE_SENT;
		return q->start || is_stored(q, job->printer, age);
	case QUEUE_STARTING:
		job->status = CURA_PRE_PRINT;
		job->place = PLACE_STARTING;
		return true;
	case QUEUE_PRINTING:
		from_printing(job, q);
		return true;
	case QUEUE_DONE:
	case QUEUE_CANCELLED:
	case QUEUE_FAILED:
		from_ended(job, q);
		return age < SHOW_ENDED_S;
	case QUEUE_STATE_N:
		break;
	}
	return false;
}

/* ---- jobs from elsewhere ---- */

static bool from_printer(const struct cura *c, const struct printer *p, struct cura_job *job)
{
	const struct cura_id *id = cura_ids_of(c->ids, p);
	const struct printer_state *s = &p->state;
	bool ended = s->status == PRINTER_COMPLETE || s->status == PRINTER_CANCELLED;
	char which[NAME_CAP + STR_SMALL];

	if (!id || (!is_active(p) && (!ended || loop_wall_s() - p->since_at > SHOW_ENDED_S || !s->job.file[0])))
		return false;
	memset(job, 0, sizeof(*job));
	str_printf(which, sizeof(which), "%s %u", s->job.file, s->job.seq);
	cura_uuid(job->uuid, "job", id->uuid, which);
	str_copy(job->name, sizeof(job->name), s->job.file[0] ? str_basename(s->job.file) : "a print");
	str_copy(job->owner, sizeof(job->owner), s->job.user);
	job->created_at = isnan(s->job.elapsed_s) ? p->since_at : loop_wall_s() - s->job.elapsed_s;
	job->printer = p;
	if (ended) {
		job->status = CURA_WAIT_CLEANUP;
		job->place = PLACE_ENDED;
		set_ended_times(job, s->status == PRINTER_COMPLETE, s->job.elapsed_s);
	} else {
		job->status = active_status(p);
		job->place = PLACE_STARTING;	/* the queue's own view of the same print wins */
		set_times(job, s, NAN);
	}
	return true;
}

static bool from_refusal(const struct cura_refusal *r, struct cura_job *job)
{
	if (!r->uuid[0] || loop_wall_s() - r->at > SHOW_REFUSED_S)
		return false;
	memset(job, 0, sizeof(*job));
	str_copy(job->uuid, sizeof(job->uuid), r->uuid);
	str_copy(job->name, sizeof(job->name), r->name);
	str_copy(job->owner, sizeof(job->owner), r->owner);
	str_copy(job->why, sizeof(job->why), r->why);
	job->status = CURA_ERROR;
	job->created_at = r->at;
	job->refusal = r;
	return true;
}

void cura_refuse(struct cura *c, const char *name, const char *owner, const char *why)
{
	struct cura_refusal *r = &c->refusals[c->next_refusal++ % CURA_REFUSALS];
	char which[STR_SMALL];

	r->at = loop_wall_s();
	str_copy(r->name, sizeof(r->name), name[0] ? name : "unnamed");
	str_copy(r->owner, sizeof(r->owner), owner);
	str_copy(r->why, sizeof(r->why), why);
	str_printf(which, sizeof(which), "%zu %.6f", c->next_refusal, r->at);
	cura_uuid(r->uuid, "refused", r->name, which);
}

/* ---- the list ---- */

static size_t gather(const struct cura *c, struct cura_job *jobs)
{
	size_t n = 0, n_queue = queue_count(c->queue);

	for (size_t i = 0; i < n_queue; i++)
		n += from_queue(c, queue_at(c->queue, i), &jobs[n]);
	for (size_t i = 0; i < CURA_REFUSALS; i++)
		n += from_refusal(&c->refusals[i], &jobs[n]);
	for (size_t i = 0; i < fleet_count(c->app->fleet); i++)
		n += from_printer(c, fleet_at(c->app->fleet, i), &jobs[n]);
	return n;
}

static size_t index_of(const struct fleet *f, const struct printer *p)
{
	size_t i = 0;

	while (i < fleet_count(f) && fleet_at(f, i) != p)
		i++;
	return i;
}

/* An override is offered on a printer's card only: a job for any printer gets the first one that is free. */
static const struct printer *place_held(const struct cura *c, const struct cura_job *job, struct cura_job *const *cards)
{
	const char *target = job->queued->target;

	for (size_t i = 0; i < fleet_count(c->app->fleet); i++) {
		const struct printer *p = fleet_at(c->app->fleet, i);
		bool wanted = !target[0] ? !cards[i] && (STATUS_BIT(p->state.status) & STATUS_READY) :
			      str_eq_nocase(target, p->config.name);

		if (wanted && (!cards[i] || cards[i]->place < PLACE_HELD))
			return p;
	}
	return NULL;
}

static bool wins(const struct cura_job *job, const struct cura_job *other)
{
	/* Of equals the first: the queue lists what ended last before what ended earlier. */
	return !other || job->place > other->place;
}

/* Fills cards, one for each printer, and takes the printer from every job that did not get its card. */
static void deal(const struct cura *c, struct cura_job *jobs, size_t n)
{
	const struct fleet *f = c->app->fleet;
	struct cura_job **cards = mem_zalloc(fleet_count(f) + 1, sizeof(*cards));

	for (size_t i = 0; i < n; i++) {
		size_t at = jobs[i].printer && jobs[i].place != PLACE_HELD ? index_of(f, jobs[i].printer) : fleet_count(f);

		if (at < fleet_count(f) && wins(&jobs[i], cards[at]))
			cards[at] = &jobs[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].place != PLACE_HELD)
			continue;
		jobs[i].printer = place_held(c, &jobs[i], cards);
		if (jobs[i].printer)
			cards[index_of(f, jobs[i].printer)] = &jobs[i];
	}
	for (size_t i = 0; i < n; i++)
		if (jobs[i].printer && cards[index_of(f, jobs[i].printer)] != &jobs[i])
			jobs[i].printer = NULL;
	free(cards);
}

/* Without a card a job that waits for its start is in the queue; one that is or was printing is shown nowhere. */
static bool keep(struct cura_job *job)
{
	if (job->printer || job->status == CURA_QUEUED || job->status == CURA_ERROR)
		return true;
	if (job->status != CURA_SENT)
		return false;
	job->status = CURA_QUEUED;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct cura_job *x = a, *y = b;
	bool cx = x->printer && !x->griffin, cy = y->printer && !y->griffin;

	/* What is on a card comes last, in case a job that Cura saw there before would claim it. */
	if (cx != cy)
		return cx - cy;
	return y->place - x->place;
}

size_t cura_jobs(const struct cura *c, struct cura_job **ret)
{
	size_t room = queue_count(c->queue) + CURA_REFUSALS + fleet_count(c->app->fleet), n, kept = 0;
	struct cura_job *jobs = mem_zalloc(room ? room : 1, sizeof(*jobs));

	n = gather(c, jobs);
	deal(c, jobs, n);
	for (size_t i = 0; i < n; i++) {
		if (!keep(&jobs[i]))
			continue;
		jobs[kept] = jobs[i];
		/* The order of the queue, for a sort that need not be stable. */
		jobs[kept].place = -(int)kept - 1;
		kept++;
	}
	if (kept)
		qsort(jobs, kept, sizeof(*jobs), compare);
	*ret = jobs;
	return kept;
}

bool cura_job_find(const struct cura *c, const char *uuid, struct cura_job *ret)
{
	struct cura_job *jobs;
	size_t n = cura_jobs(c, &jobs);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		found = str_eq_nocase(jobs[i].uuid, uuid);
		if (found)
			*ret = jobs[i];
	}
	free(jobs);
	return found;
}
