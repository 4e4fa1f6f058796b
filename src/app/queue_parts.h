/* Shared by the queue's own files: an entry with what is not shown of it, the store, dispatch and control. */
#ifndef APP_QUEUE_PARTS_H
#define APP_QUEUE_PARTS_H

#include <printop/loop.h>
#include <printop/printer.h>
#include <printop/queue.h>

#define QUEUE_OBSERVERS 4
#define QUEUE_KEEP_S 86400.0		/* ended jobs */
#define QUEUE_JOBS_MAX 10000

struct queue_entry {
	struct queue_job job;		/* first: handed out */
	double rank;			/* place among those that wait; smaller is earlier */
	/* What the printer showed before it was told to start: the proof, later, that it did or did not. */
	char before_file[NAME_CAP];
	enum printer_status before;
	uint32_t printer_id;		/* 0: not looked up yet */
	uint32_t op;			/* operation under way, 0 none */
	bool op_sent;			/* its request has reached the printer */
	bool asked;			/* the printer was asked for its state since */
	bool told;			/* the sender got its answer */
	int64_t since_ms;		/* when this copy began to look at it in this state */
	int64_t not_before_ms;		/* retries wait */
};

struct queue_control;

struct queue {
	struct app *app;
	char *dir;
	int lock_fd;			/* -1: another copy owns the queue */
	struct queue_entry **entries;	/* in the order of queue_at() */
	size_t n, cap;
	struct loop_timer *turn;	/* work is due */
	struct loop_timer *later;	/* the next retry, or old jobs to forget */
	struct queue_control *control;
	struct {
		queue_changed_fn *fn;
		void *ctx;
	} observers[QUEUE_OBSERVERS];
};

/* ---- queue.c ---- */
struct queue_entry *queue_find(const struct queue *q, const char *id);
void queue_insert_take(struct queue *q, struct queue_entry *n);
void queue_forget(struct queue *q, struct queue_entry *n);	/* from memory and disk */
void queue_touched(struct queue *q);				/* sorts and tells */
/* A new state, on disk. False when it could not be written; it is in memory all the same. */
bool queue_set(struct queue *q, struct queue_entry *n, enum queue_state s, const char *reason);
/* Ends it and writes what became of it into the journal. */
void queue_end(struct queue *q, struct queue_entry *n, enum queue_state s, const char *reason);
void queue_kick(struct queue *q);				/* dispatch at the end of this turn */
void queue_journal(struct queue *q, const struct queue_entry *n, const char *outcome);
bool queue_is_waiting(const struct queue_job *j);		/* waiting or held */
double queue_rank_last(const struct queue *q);

/* ---- queue_store.c ---- */
bool queue_store_open(struct queue *q, struct err *e);		/* folder and lock */
void queue_store_load(struct queue *q);
void queue_store_close(struct queue *q);
bool queue_store_save(struct queue *q, const struct queue_entry *n, struct err *e);
/* The file is in the folder .in-ID already; with this the job exists. */
bool queue_store_admit(struct queue *q, const struct queue_entry *n, struct err *e);
void queue_store_drop(struct queue *q, const char *id);
bool queue_store_rename(struct queue *q, struct queue_entry *n);	/* gives it a new id */
char *queue_store_path(const struct queue *q, const char *id, const char *name);
char *queue_store_intake_dir(const struct queue *q, const char *id);
void queue_store_remove_dir(const char *dir);
void queue_new_id(char id[40]);

/* ---- queue_dispatch.c ---- */
void queue_dispatch(struct queue *q);
struct printer *queue_printer(const struct queue *q, struct queue_entry *n);
bool queue_can_read(const struct printer *p, const char *name);	/* a file of this kind */

/* ---- queue_settle.c ---- */
/* Looks at the printer of a job that was being started, or that prints, and draws the conclusions. */
void queue_watch_starting(struct queue *q, struct queue_entry *n);
void queue_watch_printing(struct queue *q, struct queue_entry *n);

/* ---- queue_control.c ---- */
struct queue_control *queue_control_new(struct queue *q);
void queue_control_free(struct queue_control *c);

#endif
