/* The states that end each verb, well or badly. */
#include <printop/mem.h>
#include <printop/str.h>
#include "app/op_proof.h"

/* A firmware restart takes about 3 s; a ready state before that may be the old one. */
#define RESTART_LEAST_S 4.0
#define RESTART_ERROR_S 8.0

#define BIT STATUS_BIT

static const struct proof_row {
	double limit_s;
	uint32_t done;		/* any of these states proves it */
	uint32_t failed;	/* any of these means that it will not come */
	const char *word;
} rows[VERB_N] = {
	/* Pause and cancel wait behind a running M190: minutes. */
	[VERB_PAUSE] = { 600, BIT(PRINTER_PAUSED),
			 STATUS_READY | BIT(PRINTER_ERROR) | BIT(PRINTER_SHUTDOWN) | BIT(PRINTER_DISCONNECTED), "paused" },
	[VERB_RESUME] = { 600, BIT(PRINTER_PRINTING) | BIT(PRINTER_PREPARING) | BIT(PRINTER_FINISHING),
			  STATUS_READY | BIT(PRINTER_ERROR) | BIT(PRINTER_SHUTDOWN) | BIT(PRINTER_DISCONNECTED), "printing again" },
	[VERB_CANCEL] = { 600, STATUS_READY,
			  BIT(PRINTER_ERROR) | BIT(PRINTER_SHUTDOWN) | BIT(PRINTER_DISCONNECTED), "cancelled" },
	[VERB_START] = { 120, STATUS_ACTIVE,
			 BIT(PRINTER_ERROR) | BIT(PRINTER_SHUTDOWN) | BIT(PRINTER_DISCONNECTED) | BIT(PRINTER_FAILED), "started" },
	[VERB_UPLOAD] = { 120, STATUS_ACTIVE,
			  BIT(PRINTER_ERROR) | BIT(PRINTER_SHUTDOWN) | BIT(PRINTER_DISCONNECTED) | BIT(PRINTER_FAILED), "sent" },
	[VERB_ESTOP] = { 30, BIT(PRINTER_SHUTDOWN) | BIT(PRINTER_ERROR) | BIT(PRINTER_DISCONNECTED), 0, "stopped" },
	[VERB_CONNECT] = { 90, STATUS_OPERATIONAL, BIT(PRINTER_ERROR), "connected" },
	[VERB_DISCONNECT] = { 30, BIT(PRINTER_DISCONNECTED), 0, "disconnected" },
	[VERB_RESTART] = { 90, STATUS_READY | BIT(PRINTER_BUSY), 0, "restarted" },
	[VERB_FILES] = { 60, 0, 0, "listed" },
	[VERB_HOME] = { 600, 0, 0, "homed" },
	[VERB_DELETE] = { 60, 0, 0, "deleted" },
};

double proof_limit_s(enum verb v)
{
	return rows[v].limit_s;
}

const char *proof_word(enum verb v)
{
	return rows[v].word;
}

bool proof_needed(const struct op *op)
{
	if (op->x.verb == VERB_UPLOAD)
		return op->x.args.start && !op->x.start_refused;
	return rows[op->x.verb].done != 0;
}

static enum proof fail(char *why, size_t size, const struct printer *p)
{
	const struct status_info *s = printer_status_info(p->state.status);

	if (p->state.reason[0])
		str_printf(why, size, "the printer is %s: %s", s->name, p->state.reason);
	else
		str_printf(why, size, "the printer is %s", s->name);
	return PROOF_FAILED;
}

/* A job so short that it ended between two polls: counted by the model, or a result that was not there before. */
static bool job_came_and_went(const struct op *op, const struct printer *p)
{
	return STATUS_BIT(p->state.status) & STATUS_READY &&
	       (p->state.job.seq != op->job_before || (p->state.status == PRINTER_COMPLETE && op->before != PRINTER_COMPLETE));
}

static enum proof check_restart(const struct printer *p, double waited_s, bool seen_away, char *why, size_t size)
{
	uint32_t now = STATUS_BIT(p->state.status);

	if (now & rows[VERB_RESTART].done && (seen_away || waited_s > RESTART_LEAST_S))
		return PROOF_DONE;
	if (now & (BIT(PRINTER_ERROR) | BIT(PRINTER_SHUTDOWN)) && waited_s > RESTART_ERROR_S)
		return fail(why, size, p);
	return PROOF_WAIT;
}

enum proof proof_check(const struct op *op, const struct printer *p, double waited_s, bool seen_away, char *why,
		       size_t size)
{
	const struct proof_row *row = &rows[op->x.verb];
	uint32_t now = STATUS_BIT(p->state.status);

	/* Old values prove nothing, and a lost connection is no result: it may come back. */
	if (p->state.fresh.failures > 0)
		return PROOF_WAIT;
	/* A hung Klippy takes no stop, and counts as disconnected: that alone is no proof without an answer. */
	if (op->x.verb == VERB_ESTOP && p->state.status == PRINTER_DISCONNECTED && !op->x.sent)
		return PROOF_WAIT;
	if (op->x.verb == VERB_RESTART)
		return check_restart(p, waited_s, seen_away, why, size);
	if (now & row->done)
		return PROOF_DONE;
	if ((op->x.verb == VERB_START || op->x.verb == VERB_UPLOAD) && job_came_and_went(op, p))
		return PROOF_DONE;
	/* The state from before the verb is not its result. */
	if (now & row->failed && p->state.status != op->before)
		return fail(why, size, p);
	return PROOF_WAIT;
}
