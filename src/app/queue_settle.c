/*
 * What became of a job is read from its printer's state: after a start, during the print, and when a copy of printop
 * ended in the middle. A job that may have been started is never started again by itself: a person looks.
 */
#include "app/queue_parts.h"

#include <printop/log.h>
#include <printop/op.h>
#include <printop/str.h>

#define SURE_MS 5000		/* the printer was heard for so long without a sign of the job */
#define SURE_WITHIN_S 120.0	/* later than this it may have been printed and forgotten */

static uint32_t bit(const struct printer *p)
{
	return STATUS_BIT(p->state.status);
}

/* Told by the printer since this copy began to look. */
static bool is_news(const struct queue_entry *n, const struct printer *p)
{
	return !p->state.fresh.failures && p->state.fresh.ok_ms > n->since_ms;
}

/* The result that a printer at rest shows. Ended for certain; how may be unknown. */
static void ended(struct queue *q, struct queue_entry *n, const struct printer *p)
{
	bool same = str_eq(p->state.job.file, n->job.remote_path);

	if (!same && p->state.job.file[0]) {
		queue_end(q, n, QUEUE_FAILED, "how it ended was not seen: the printer shows another file");
		return;
	}
	if (p->state.status == PRINTER_COMPLETE)
		queue_end(q, n, QUEUE_DONE, "");
	else if (p->state.status == PRINTER_CANCELLED)
		queue_end(q, n, QUEUE_CANCELLED, "");
	else if (bit(p) & (STATUS_BIT(PRINTER_FAILED) | STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN)))
		queue_end(q, n, QUEUE_FAILED, p->state.reason);
	else if (same)		/* OctoPrint 1.11.8: after a cancel the file stays selected, without progress */
		queue_end(q, n, QUEUE_CANCELLED, "it ended before its end");
	else
		queue_end(q, n, QUEUE_FAILED, "how it ended was not seen");
}

void queue_watch_printing(struct queue *q, struct queue_entry *n)
{
	const struct printer *p = queue_printer(q, n);

	if (!p) {
		str_copy(n->job.reason, sizeof(n->job.reason), "its printer is not in the configuration any more");
		return;
	}
	if (p->state.fresh.failures || p->state.fresh.ok_ms < 0) {
		str_copy(n->job.reason, sizeof(n->job.reason), "the printer does not answer");
		return;
	}
	n->job.reason[0] = '\0';
	if (bit(p) & STATUS_ACTIVE) {
		if (p->state.job.file[0] && !str_eq(p->state.job.file, n->job.remote_path))
			queue_end(q, n, QUEUE_FAILED, "how it ended was not seen: the printer prints another file");
		return;
	}
	if (bit(p) & (STATUS_READY | STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN)))
		ended(q, n, p);
}

static void hold_unsure(struct queue *q, struct queue_entry *n)
{
	queue_set(q, n, QUEUE_HELD, "it may have been started: look at the printer, then release it to print it (again)");
	queue_journal(q, n, "held");
}

/* The printer rests. Did it print the file meanwhile, or was the start never heard? */
static void settle_at_rest(struct queue *q, struct queue_entry *n, const struct printer *p)
{
	bool same = str_eq(p->state.job.file, n->job.remote_path);
	bool unchanged = str_eq(p->state.job.file, n->before_file) && p->state.status == n->before;
	double age = loop_wall_s() - n->job.changed_at;

	if (!unchanged && same) {
		ended(q, n, p);
		return;
	}
	if (p->state.fresh.ok_ms - n->since_ms < SURE_MS)
		return;		/* the start may still be on its way */
	if (unchanged && !same && age >= 0 && age < SURE_WITHIN_S) {
		queue_set(q, n, QUEUE_SENT, "");
		log_info("queue: the start of %s was not heard by %s: once more", n->job.name, n->job.printer);
		queue_kick(q);
	} else {
		hold_unsure(q, n);
	}
}

void queue_watch_starting(struct queue *q, struct queue_entry *n)
{
	const struct printer *p = queue_printer(q, n);

	if (!p) {
		hold_unsure(q, n);
		return;
	}
	if (!is_news(n, p))
		return;
	if (bit(p) & STATUS_ACTIVE) {
		if (str_eq(p->state.job.file, n->job.remote_path)) {
			queue_set(q, n, QUEUE_PRINTING, "");
			queue_journal(q, n, "started");
		} else if (p->state.job.file[0]) {
			hold_unsure(q, n);
		}
		return;
	}
	if (bit(p) & STATUS_READY)
		settle_at_rest(q, n, p);
	else if (bit(p) & (STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN)))
		hold_unsure(q, n);
}
