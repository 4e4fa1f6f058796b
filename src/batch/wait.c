/* Runs the loop for a verb until something has come true, and counts how the printers ended. */
#include "batch/batch.h"

#include <math.h>
#include <signal.h>

struct batch_loop {
	struct batch *b;
	bool (*done)(void *ctx);
	void *ctx;
	enum batch_end end;
	int64_t tick_ms;
	struct loop_timer *limit, *tick;
};

static void end_with(struct batch_loop *w, enum batch_end end)
{
	w->end = end;
	loop_stop(w->b->env->loop);
}

static void limit_passed(void *ctx)
{
	end_with(ctx, BATCH_TIMEOUT);
}

static void signal_came(void *ctx, int signo)
{
	struct batch_loop *w = ctx;

	w->b->signo = signo;
	end_with(w, BATCH_SIGNAL);
}

static void ticked(void *ctx)
{
	struct batch_loop *w = ctx;

	if (w->done(w->ctx))
		end_with(w, BATCH_DONE);
	else
		loop_timer_start(w->tick, w->tick_ms);
}

void batch_look_again(struct batch *b)
{
	if (b->loop && b->loop->done(b->loop->ctx))
		end_with(b->loop, BATCH_DONE);
}

enum batch_end batch_wait(struct batch *b, bool (*done)(void *ctx), void *ctx, double limit_s,
			  int64_t tick_ms)
{
	struct loop *l = b->env->loop;
	struct batch_loop w = { .b = b, .done = done, .ctx = ctx, .tick_ms = tick_ms };
	struct loop_signal *sigint, *sigterm;

	if (done(ctx))
		return BATCH_DONE;
	sigint = loop_signal_new(l, SIGINT, signal_came, &w);
	sigterm = loop_signal_new(l, SIGTERM, signal_came, &w);
	w.limit = loop_timer_new(l, limit_passed, &w);
	w.tick = loop_timer_new(l, ticked, &w);
	if (!isnan(limit_s))
		loop_timer_start(w.limit, (int64_t)(limit_s * 1000));
	if (tick_ms > 0)
		loop_timer_start(w.tick, tick_ms);
	b->loop = &w;
	loop_run(l);
	b->loop = NULL;
	loop_timer_free(w.tick);
	loop_timer_free(w.limit);
	loop_signal_free(sigterm);
	loop_signal_free(sigint);
	return w.end;
}

int batch_signal_status(const struct batch *b)
{
	return EXIT_SIGNAL + b->signo;
}

void tally_add(struct tally *t, int status)
{
	t->n++;
	if (status == EXIT_DONE)
		return;
	if (t->failed++ == 0)
		t->status = status;
	else if (t->status != status)
		t->status = EXIT_SOME_FAILED;
}

int tally_all(const struct tally *t)
{
	if (t->failed == 0)
		return EXIT_DONE;
	return t->failed == t->n ? t->status : EXIT_SOME_FAILED;
}

int tally_any(const struct tally *t)
{
	return t->n > 0 && t->failed == t->n ? t->status : EXIT_DONE;
}
