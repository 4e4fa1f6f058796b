/* When to ask a printer next: pure functions of the clock, so that tests can turn it. */
#ifndef APP_SCHED_H
#define APP_SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/printer.h>

struct sched_rule {		/* milliseconds */
	int64_t active, idle, offline;
};

enum sched_class {
	SCHED_HURRY,		/* an operation waits for this state */
	SCHED_ACTIVE,		/* works, or is on screen in detail */
	SCHED_IDLE,
	SCHED_REFUSED,		/* its key was refused: asked seldom, a wrong key in a loop looks like an attack */
	SCHED_OFFLINE,		/* no answer: backoff */
};

enum sched_class sched_class_of(enum printer_status s, int failures, bool wanted_often, bool hurry);

/*
 * Milliseconds from the end of one poll to the next. Backoff doubles from 1 s to rule->offline with +-25 % of
 * jitter from `seed` (a printer's own number mixed with the failure count).
 */
int64_t sched_period(const struct sched_rule *rule, enum sched_class c, int failures, uint32_t seed);

/*
 * The next due time after `now` of a printer with this phase: every printer has its own places on a grid of ticks
 * (a tenth of the period, 100 ms to 1 s), so that polls go out in small even bunches, whatever happened before.
 */
int64_t sched_next(int64_t phase, int64_t now, int64_t period);

/* The phase of printer number i: spreads any number of printers evenly over one period. */
int64_t sched_phase(uint32_t i, int64_t period);

#endif
