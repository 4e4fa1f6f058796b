/* What the shell verbs share: the table of verbs, choosing printers, waiting, exit status. */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/action.h>
#include <printop/app.h>
#include <printop/frontend.h>
#include <printop/select.h>
#include "batch/options.h"
#include "batch/output.h"

struct batch;

struct batch_verb {
	const char *name;
	int (*run)(struct batch *b);	/* the exit status */
	enum action_id action;		/* ACTION_N: not in the action table */
	const char *args, *sentence;	/* then: of their own */
	bool hidden;
	bool own_options;		/* reads b->argv itself, --help included */
	const char *more;		/* the rest of its help; may be NULL */
};

struct batch {
	const struct batch_env *env;
	const struct batch_verb *verb;
	int argc;
	char **argv;
	struct options opt;
	struct out out;
	struct app *app;		/* the program's; NULL before batch_open() */
	struct words targets;		/* words of the selector */
	char *target_text;		/* what stdin gave */
	struct selector *selector;	/* NULL: all */
	uint32_t *ids;			/* the chosen printers */
	size_t n_ids;
	int signo;			/* SIGINT or SIGTERM came */
	struct batch_loop *loop;	/* while batch_wait() runs */
};

enum { EXIT_DONE = 0, EXIT_SOME_FAILED = 1, EXIT_BAD_USAGE = 2, EXIT_UNREACHABLE = 3,
	EXIT_REFUSED = 4, EXIT_BAD_KEY = 5, EXIT_TIMED_OUT = 6, EXIT_SIGNAL = 128 };

/* ---- messages on stderr ---- */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));	/* "printop: ..." */
int fail_with(const struct err *e);			/* says it; its exit status */
int fail_usage(const struct batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- the table of verbs (verbs.c) ---- */
const struct batch_verb *batch_verb_at(size_t i);	/* NULL behind the last */
const struct batch_verb *batch_verb_find(const char *name);
const char *batch_verb_sentence(const struct batch_verb *v);
int batch_verb_sentence_len(const struct batch_verb *v);	/* without what is about keys */
const char *batch_verb_args(const struct batch_verb *v);
void batch_verb_help(const struct batch_verb *v, FILE *to);

int verb_status(struct batch *b);
int verb_watch(struct batch *b);
int verb_wait(struct batch *b);
int verb_act(struct batch *b);
int verb_upload(struct batch *b);
int verb_files(struct batch *b);
int verb_check(struct batch *b);
int verb_events(struct batch *b);
int verb_keys(struct batch *b);
int verb_docs(struct batch *b);
int verb_help(struct batch *b);
int verb_version(struct batch *b);
int verb_sim(struct batch *b);
int verb_connector(struct batch *b);
int verb_serve(struct batch *b);
int verb_metrics(struct batch *b);
int verb_queue(struct batch *b);
int verb_key(struct batch *b);
int verb_add(struct batch *b);
int verb_remove(struct batch *b);
int verb_rename(struct batch *b);
int verb_discover(struct batch *b);
int verb_library(struct batch *b);
int verb_prints(struct batch *b);

/* ---- output ---- */
/* Opens b->out by the options, before anything is asked; false with *status when they are wrong. */
bool batch_output(struct batch *b, const struct out_source *source, enum out_format standard,
		  int *status);
int batch_terminal_width(int fd);	/* 0: no terminal */
/* Prints what is buffered. A full disk is EXIT_SOME_FAILED; a closed pipe leaves status alone. */
int batch_flush(int status);
bool batch_pipe_closed(void);		/* nobody reads stdout any more */

/* ---- the fleet and the chosen printers ---- */
enum { PICK_ALL = 1,		/* no selector means all */
	PICK_ARGS = 2,		/* arguments are selectors */
	PICK_ACT = 4,		/* parked printers are left out unless they were named */
	PICK_FIRST_ROUND = 8,	/* ask each chosen printer once, so that its state is known */
	PICK_ALL_TOPICS = 16,	/* ask for versions, access and history as well */
	PICK_NO_POLL = 32 };	/* ask nobody; the selector cannot be about states then */
/*
 * Builds the app (with events: journal and hooks), reads the selector, starts polling and fills
 * b->ids. False with *status when the verb cannot go on; that may be 0 (nothing matches).
 */
bool batch_open(struct batch *b, unsigned pick, bool events, int *status);
/* "voron-01"; "" when the printer is gone. */
const char *batch_name(const struct batch *b, uint32_t id);
int batch_name_width(const struct batch *b);

/* ---- waiting ---- */
enum batch_end { BATCH_DONE, BATCH_TIMEOUT, BATCH_SIGNAL };
/*
 * Runs the loop until done() says so, limit_s passes (NAN: never), or SIGINT or SIGTERM comes.
 * done() is asked at first, after batch_look_again() and every tick_ms (0: only then).
 */
enum batch_end batch_wait(struct batch *b, bool (*done)(void *ctx), void *ctx, double limit_s,
			  int64_t tick_ms);
void batch_look_again(struct batch *b);	/* from observers */
int batch_signal_status(const struct batch *b);

/* ---- exit status of several printers ---- */
struct tally {
	size_t n, failed;
	int status;		/* of all failures so far; EXIT_SOME_FAILED when they differ */
};

void tally_add(struct tally *t, int status);
int tally_all(const struct tally *t);	/* some failed: 1; all with the same status: that */
int tally_any(const struct tally *t);	/* one that went well is enough for 0 */

#endif
