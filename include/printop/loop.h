/*
 * The event loop (libuv inside): timers, file descriptors, signals, child programs and a worker pool.
 * All callbacks run on the loop's thread. Handles are opaque; each *_free() takes NULL, stops at once and
 * never calls back again.
 */
#ifndef PRINTOP_LOOP_H
#define PRINTOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_fd;
struct loop_signal;
struct loop_child;

struct loop *loop_new(void);
void loop_free(struct loop *l);		/* asserts that every handle was freed */
void loop_run(struct loop *l);		/* until loop_stop() */
void loop_stop(struct loop *l);
/* Monotonic milliseconds, cached for this turn of the loop. */
int64_t loop_now_ms(const struct loop *l);
/* Wall clock in seconds. */
double loop_wall_s(void);
/*
 * Runs once after every turn of the loop, after all callbacks: "act and draw once". At most 4, called in the
 * order they were added.
 */
void loop_after_turn(struct loop *l, void (*fn)(void *ctx), void *ctx);
void loop_after_turn_remove(struct loop *l, void (*fn)(void *ctx), void *ctx);

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx);
void loop_timer_start(struct loop_timer *t, int64_t in_ms);	/* one shot; again replaces */
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4 };
/* The fd stays the caller's. fn gets the ready bits; LOOP_ERROR also for a broken fd. */
struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*fn)(void *ctx, int ready), void *ctx);
void loop_fd_want(struct loop_fd *f, int bits);		/* 0 stops */
void loop_fd_free(struct loop_fd *f);

struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*fn)(void *ctx, int signo),
				    void *ctx);
void loop_signal_free(struct loop_signal *s);

struct loop_spawn {
	const char *const *argv;	/* argv[0] is looked up in PATH; NULL ends */
	const char *input;		/* written to stdin, then closed; NULL: /dev/null */
	size_t input_len;
	size_t max_output;		/* stdout is kept up to here, stderr goes to /dev/null; 0: stdout too */
	int64_t timeout_ms;		/* then SIGTERM, 1 s later SIGKILL to its process group */
	/* status: exit status, 128 + signal, or -1 when it could not be started; output is NUL-terminated. */
	void (*done)(void *ctx, int status, bool timed_out, const char *output, size_t len);
	void *ctx;
};
/* Copies what it needs. Returns NULL and sets errno when the program cannot be started (done is not called). */
struct loop_child *loop_child_new(struct loop *l, const struct loop_spawn *spawn);
void loop_child_kill(struct loop_child *c);	/* done is still called */
void loop_child_leave(struct loop_child *c);	/* it goes on alone; done is not called */

/* work runs on a pool thread and must touch only ctx; then done on the loop's thread. */
void loop_work(struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

#endif
