/*
 * Operations: a verb on one printer, from the key to the state that proves it. Accepted by the server is
 * not done: an operation ends when the printer's state says so, or at its time limit with what was seen.
 */
#ifndef PRINTOP_OP_H
#define PRINTOP_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/driver.h>
#include <printop/err.h>
#include <printop/fleet.h>

struct app;
struct ops;

enum op_phase {
	OP_QUEUED,		/* waits for its turn (uploads: one per host) */
	OP_SENDING,
	OP_CONFIRMING,		/* accepted; the state is watched */
	OP_DONE,
	OP_FAILED,
	OP_CANCELLED		/* by the user; for an upload: nothing is left running */
};

struct op {			/* read-only for frontends */
	uint32_t id;
	uint32_t group;		/* submitted together */
	uint32_t printer_id;
	char printer_name[64];
	enum op_phase phase;
	struct exchange x;	/* verb, arguments, what the driver learned */
	struct err err;		/* OP_FAILED: why */
	char seen[TEXT_CAP];	/* what was seen last, or how it ended: "paused in 0.4 s" */
	double submitted_at;	/* wall clock */
	int64_t submitted_ms, ended_ms;	/* ended_ms -1 while it runs */
	double limit_s;		/* confirm limit */
	int64_t sent_bytes, total_bytes;	/* uploads */
	double rate_bytes_s;
	enum printer_status before;
	uint32_t job_before;	/* job.seq at that moment */
};

struct ops *ops_new(struct app *a);
void ops_free(struct ops *o);

uint32_t ops_new_group(struct ops *o);
/*
 * Submits a verb; copies args (may be NULL). Always returns an operation id: one that the state or
 * read-only mode forbids is FAILED at once with the reason. limit_s NAN: the verb's own time limit.
 */
uint32_t op_submit(struct ops *o, uint32_t group, uint32_t printer_id, enum verb verb,
		   const struct verb_args *args, double limit_s);
/* Whether a verb may be sent to this printer now; false with the reason in plain words. */
bool op_allowed(const struct app *a, uint32_t printer_id, enum verb verb, struct err *e);
/* Stops an upload or a wait. A command that was sent is not taken back; only the watching ends. */
void op_cancel(struct ops *o, uint32_t id);
uint32_t op_retry(struct ops *o, uint32_t id, uint32_t group);	/* the same again */

const struct op *op_get(const struct ops *o, uint32_t id);
size_t ops_count(const struct ops *o);			/* oldest first; the last 200 ended ones are kept, and the group submitted to last */
const struct op *ops_at(const struct ops *o, size_t i);
size_t ops_running(const struct ops *o);
size_t ops_uploads_running(const struct ops *o);
bool op_ended(const struct op *op);

typedef void op_changed_fn(void *ctx, const struct op *op);
void ops_observe(struct ops *o, op_changed_fn *fn, void *ctx);	/* at most 8 */
void ops_unobserve(struct ops *o, op_changed_fn *fn, void *ctx);

/* What --dry-run prints and what the journal says: "POST /api/job {...}" lines the verb would send first. */
bool op_describe(struct app *a, uint32_t printer_id, enum verb verb, const struct verb_args *args,
		 char *buf, size_t size, struct err *e);
/* The same command as a shell line: printop upload x.gcode -t a,b . The caller frees. config: of --config, or NULL. */
char *op_twin(const char *config, enum verb verb, const struct verb_args *args,
	      const char *const *names, size_t n);

#endif
