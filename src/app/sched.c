/* The poll schedule: periods, backoff, phases and ticks. */
#include "app/sched.h"

#define HURRY_MS 400
#define REFUSED_MS 30000
#define TICK_MIN_MS 100
#define TICK_MAX_MS 1000

enum sched_class sched_class_of(enum printer_status s, int failures, bool wanted_often, bool hurry)
{
	const uint32_t moving = STATUS_ACTIVE | STATUS_BIT(PRINTER_BUSY) | STATUS_BIT(PRINTER_CONNECTING) |
				STATUS_BIT(PRINTER_STARTING);

	if (hurry)
		return SCHED_HURRY;
	if (failures > 0)
		return SCHED_OFFLINE;
	if (s == PRINTER_UNAUTHORIZED)
		return SCHED_REFUSED;
	return wanted_often || STATUS_BIT(s) & moving ? SCHED_ACTIVE : SCHED_IDLE;
}

/* A fixed, well mixed number for (seed, failures): the same printers do not come back together. */
static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	return x ^ x >> 16;
}

static int64_t backoff(int64_t longest, int failures, uint32_t seed)
{
	int64_t wait = 1000;

	for (int i = 1; i < failures && wait < longest; i++)
		wait *= 2;
	if (wait > longest)
		wait = longest;
	/* 75 % to 125 % */
	return wait * 3 / 4 + wait / 2 * (int64_t)(mix(seed * 31u + (uint32_t)failures) % 1024) / 1024;
}

int64_t sched_period(const struct sched_rule *rule, enum sched_class c, int failures, uint32_t seed)
{
	switch (c) {
	case SCHED_HURRY:
		/* Even then a dead server is not hammered. */
		return failures > 2 ? backoff(4000, failures, seed) : HURRY_MS;
	case SCHED_ACTIVE:
		return rule->active;
	case SCHED_IDLE:
		return rule->idle;
	case SCHED_REFUSED:
		return rule->offline < REFUSED_MS ? rule->offline : REFUSED_MS;
	case SCHED_OFFLINE:
		break;
	}
	return backoff(rule->offline, failures, seed);
}

int64_t sched_next(int64_t phase, int64_t now, int64_t period)
{
	int64_t tick = period / 10, next;

	if (tick < TICK_MIN_MS)
		tick = TICK_MIN_MS;
	if (tick > TICK_MAX_MS)
		tick = TICK_MAX_MS;
	phase -= phase % tick;
	next = now - now % period + phase;
	return next > now ? next : next + period;
}

int64_t sched_phase(uint32_t i, int64_t period)
{
	/* Multiples of the golden ratio: even for every count, without knowing it. */
	return (int64_t)((uint64_t)(i * 2654435769u) * (uint64_t)period >> 32);
}
