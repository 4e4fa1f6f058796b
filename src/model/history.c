/* Temperatures of the last 20 minutes: a ring of deci-degrees per heater, made when the heater is first seen. */
#include <printop/history.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define MAX_SERIES 8		/* what a graph can show; memory is what limits it */
#define MAX_BRIDGE 2		/* steps */
#define UNKNOWN INT16_MIN

struct series {
	char name[HEATER_NAME];
	int16_t *target;		/* NULL until a target is known: sensors have none */
	int16_t actual[HISTORY_SAMPLES];
};

struct history {
	struct series *series[MAX_SERIES];
	int n;
	bool any;			/* head is set */
	int64_t head;			/* the newest step, in units of HISTORY_STEP_MS */
};

static int64_t step_of(int64_t ms)
{
	int64_t step = ms / HISTORY_STEP_MS;

	return ms % HISTORY_STEP_MS < 0 ? step - 1 : step;
}

static unsigned slot_of(int64_t step)
{
	int64_t slot = step % HISTORY_SAMPLES;

	return (unsigned)(slot < 0 ? slot + HISTORY_SAMPLES : slot);
}

static int16_t pack(double celsius)
{
	if (!isfinite(celsius))
		return UNKNOWN;
	return (int16_t)lround(fmax(-3000.0, fmin(3000.0, celsius)) * 10.0);
}

static double unpack(int16_t v)
{
	return v == UNKNOWN ? (double)NAN : v / 10.0;
}

static void wipe(int16_t *samples)
{
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		samples[i] = UNKNOWN;
}

struct history *history_new(void)
{
	return MEM_NEW(struct history);
}

void history_free(struct history *h)
{
	if (!h)
		return;
	for (int i = 0; i < h->n; i++) {
		free(h->series[i]->target);
		free(h->series[i]);
	}
	free(h);
}

static struct series *find(const struct history *h, const char *name)
{
	for (int i = 0; i < h->n; i++)
		if (str_eq(h->series[i]->name, name))
			return h->series[i];
	return NULL;
}

static struct series *find_or_add(struct history *h, const char *name)
{
	struct series *s = find(h, name);

	if (s || h->n == MAX_SERIES)
		return s;
	s = MEM_NEW(struct series);
	str_copy(s->name, sizeof(s->name), name);
	wipe(s->actual);
	h->series[h->n++] = s;
	return s;
}

/* Moves the ring on to step; what was skipped is unknown. */
static void advance(struct history *h, int64_t step)
{
	int64_t from;

	if (h->any && step <= h->head)
		return;
	from = h->any && step - h->head < HISTORY_SAMPLES ? h->head + 1 : step - HISTORY_SAMPLES + 1;
	for (int64_t at = from; at <= step; at++) {
		unsigned slot = slot_of(at);

		for (int i = 0; i < h->n; i++) {
			h->series[i]->actual[slot] = UNKNOWN;
			if (h->series[i]->target)
				h->series[i]->target[slot] = UNKNOWN;
		}
	}
	h->head = step;
	h->any = true;
}

static void put(struct series *s, unsigned slot, double actual_c, double target_c)
{
	s->actual[slot] = pack(actual_c);
	if (!s->target && isfinite(target_c)) {
		s->target = mem_alloc(sizeof(*s->target) * HISTORY_SAMPLES);
		wipe(s->target);
	}
	if (s->target)
		s->target[slot] = pack(target_c);
}

/* A poll can miss a step or two without a hole in the graph: the value before is carried over. */
static void bridge(struct series *s, int64_t step)
{
	for (int back = 2; back <= MAX_BRIDGE + 1; back++) {
		unsigned from = slot_of(step - back);

		if (s->actual[from] == UNKNOWN)
			continue;
		for (int to = back - 1; to > 0; to--) {
			unsigned slot = slot_of(step - to);

			if (s->actual[slot] != UNKNOWN)
				return;
			s->actual[slot] = s->actual[from];
			if (s->target)
				s->target[slot] = s->target[from];
		}
		return;
	}
}

void history_note(struct history *h, const struct printer_state *s, int64_t now_ms)
{
	int64_t step = step_of(now_ms);

	if (s->n_heaters == 0)
		return;
	advance(h, step);
	if (step <= h->head - HISTORY_SAMPLES)
		return;
	for (int i = 0; i < s->n_heaters; i++) {
		const struct heater *heater = &s->heaters[i];
		struct series *series;

		if (isnan(heater->actual_c))
			continue;
		series = find_or_add(h, heater->name);
		if (!series)
			continue;
		put(series, slot_of(step), heater->actual_c, heater->target_c);
		bridge(series, step);
	}
}

void history_seed(struct history *h, const char *heater, double age_s, double actual_c,
		  double target_c, int64_t now_ms)
{
	struct series *s;
	int64_t step;

	if (!(age_s >= 0.0 && age_s < HISTORY_SAMPLES * (HISTORY_STEP_MS / 1000.0)) ||
	    isnan(actual_c))
		return;
	advance(h, step_of(now_ms));
	step = step_of(now_ms - (int64_t)(age_s * 1000.0));
	if (step <= h->head - HISTORY_SAMPLES)
		return;
	s = find_or_add(h, heater);
	if (s && s->actual[slot_of(step)] == UNKNOWN)
		put(s, slot_of(step), actual_c, target_c);
}

/* The slot of a step that the ring still holds, -1 when it does not. */
static int slot_back(const struct history *h, int steps_back, int64_t now_ms)
{
	int64_t step = step_of(now_ms) - steps_back;

	if (!h->any || step > h->head || step <= h->head - HISTORY_SAMPLES)
		return -1;
	return (int)slot_of(step);
}

double history_actual(const struct history *h, const char *heater, int steps_back, int64_t now_ms)
{
	const struct series *s = find(h, heater);
	int slot = slot_back(h, steps_back, now_ms);

	return s && slot >= 0 ? unpack(s->actual[slot]) : (double)NAN;
}

double history_target(const struct history *h, const char *heater, int steps_back, int64_t now_ms)
{
	const struct series *s = find(h, heater);
	int slot = slot_back(h, steps_back, now_ms);

	return s && s->target && slot >= 0 ? unpack(s->target[slot]) : (double)NAN;
}

bool history_empty(const struct history *h)
{
	return h->n == 0;
}
