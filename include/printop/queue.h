/*
 * The queue: print jobs that wait on this machine's disk for a printer, whoever sent them. It
 * survives kill -9 at any moment: a job is never lost and never started twice. One folder a job under
 * the state folder's queue/, mode 0700: job.json (temp + fsync + rename) and the file. One running copy
 * owns the queue (a lock); others only read it.
 */
#ifndef PRINTOP_QUEUE_H
#define PRINTOP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/app.h>
#include <printop/err.h>

enum queue_state {
	QUEUE_WAITING,		/* for a printer */
	QUEUE_SENDING,		/* its upload is under way */
	QUEUE_SENT,		/* on the printer, not (yet) started: upload only, or the start was refused */
	QUEUE_STARTING,
	QUEUE_PRINTING,		/* the printer's state shows it */
	QUEUE_DONE, QUEUE_CANCELLED, QUEUE_FAILED,	/* ended; kept for a day */
	QUEUE_HELD,		/* a person has to look: reason says why; queue_release() lets it go on */
	QUEUE_STATE_N
};

struct queue_job {
	char id[40];		/* uuid; a job sent back to the queue gets a new one */
	enum queue_state state;
	char name[256];		/* file name for the printer, clean */
	char folder[256];
	char owner[96];		/* who sent it, in words: Cura's user, a key's name */
	char client[96];	/* "Cura", "PrusaSlicer/2.9.4", "printop" */
	char target[128];	/* "": any printer; a printer's name, or "tag:X" */
	char printer[64];	/* assigned to, "" not yet */
	char remote_path[512];	/* on the printer, once sent */
	char reason[256];	/* why it is held, failed or waits; "" none */
	bool start;		/* print it; false: only bring it there */
	bool force;		/* an operator overrode a warning */
	bool griffin;		/* Ultimaker's own flavour: held until somebody forces it */
	double created_at, changed_at, started_at, ended_at;	/* wall clock, NAN unknown */
	int64_t bytes;
	char sha256[65];
	double time_s, filament_mm;	/* from the file, NAN unknown */
	char material_guid[40];
	int tries;
};

void queue_job_init(struct queue_job *j);	/* all unknown, waiting */
const char *queue_state_name(enum queue_state s);
bool queue_job_ended(const struct queue_job *j);	/* nothing more will happen to it by itself */
/* As it is on disk, in `printop queue --json` and for programs; unknown is null. */
struct json;
struct json *queue_job_json(const struct queue_job *j);
bool queue_job_read(const struct json *o, struct queue_job *ret);	/* false: no job */

struct queue;

/* Opens the folder, takes the lock, settles what was under way when the last owner ended. */
struct queue *queue_new(struct app *a, struct err *e);
void queue_free(struct queue *q);
bool queue_is_owner(const struct queue *q);

/* A file on its way in. Cap and free space are checked while it grows; abort leaves nothing. */
struct queue_intake;
struct queue_intake *queue_intake_new(struct queue *q, int64_t expect_bytes, struct err *e);
bool queue_intake_add(struct queue_intake *in, const void *data, size_t len, struct err *e);
int queue_intake_fd(const struct queue_intake *in);	/* for reading back what was written (thumbnail, header) */
/* Sets bytes and sha256 of *job to what came in so far: for queue_twin(). */
void queue_intake_sum(const struct queue_intake *in, struct queue_job *job);
/*
 * Takes the file over as a job (fields of want; id, state, bytes and sha256 are set here). Frees in.
 * NULL with *e: nothing was kept.
 */
const struct queue_job *queue_intake_commit(struct queue_intake *in, const struct queue_job *want,
					    struct err *e);
void queue_intake_abort(struct queue_intake *in);

size_t queue_count(const struct queue *q);
/* In order: what is under way, then what waits (next first) or is held, then what has ended (latest first). */
const struct queue_job *queue_at(const struct queue *q, size_t i);
const struct queue_job *queue_get(const struct queue *q, const char *id);
/*
 * The job that the same client sent a moment ago (name, size, hash, owner, target), to be started or not; NULL none:
 * slicers repeat unanswered uploads. One whose sender got no answer is remembered for two minutes, however short within_s.
 */
const struct queue_job *queue_twin(const struct queue *q, const struct queue_job *like, double within_s);
void queue_told(struct queue *q, const char *id);	/* its sender got the answer */
char *queue_file_path(const struct queue *q, const char *id);	/* the caller frees */

/* All of these fail on a copy that is not the owner. move: 0 is next; counts what waits or is held. */
bool queue_move(struct queue *q, const char *id, size_t to, struct err *e);
bool queue_remove(struct queue *q, const char *id, struct err *e);	/* waiting, held, sent or ended ones */
bool queue_hold(struct queue *q, const char *id, const char *reason, struct err *e);
bool queue_release(struct queue *q, const char *id, bool force, struct err *e);
bool queue_assign(struct queue *q, const char *id, const char *printer, struct err *e);
/* Print it, though it was only to be brought there. True also when it is to be printed already. */
bool queue_start(struct queue *q, const char *id, struct err *e);

/*
 * The same from another process: {"do": "list"|"move"|"remove"|"hold"|"release"|"assign", "id", "to", "printer",
 * "reason", "force"} gives {"ok": true, "jobs": [...]} or {"ok": false, "code": name, "text"}. queue_call() asks the
 * running owner (waits up to 5 s); NULL with ERR_NOT_FOUND when there is none. The caller frees.
 */
struct json *queue_call(const struct app *a, const struct json *request, struct err *e);
struct json *queue_answer(struct queue *q, const struct json *request);

/* Whether any printer of the target can read a file of this name; ERR_UNSUPPORTED with a sentence, ERR_NOT_FOUND. */
bool queue_kind_ok(const struct app *a, const char *target, const char *name, struct err *e);

typedef void queue_changed_fn(void *ctx);
void queue_observe(struct queue *q, queue_changed_fn *fn, void *ctx);	/* at most 4 */
void queue_unobserve(struct queue *q, queue_changed_fn *fn, void *ctx);

#endif
