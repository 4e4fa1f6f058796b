/* Heater physics: exponential up at full power, held at the target, exponential down to the room. */
#include <sim/heat.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define NEAR_C 0.7		/* this close counts as reached, as firmware does */

const struct heat_kind heat_extruder = { .full_c = 420, .up_s = 90, .down_s = 150 };
const struct heat_kind heat_bed = { .full_c = 165, .up_s = 370, .down_s = 700 };

void heat_init(struct heater_sim *h, const struct heat_kind *kind, uint32_t seed)
{
	memset(h, 0, sizeof(*h));
	h->kind = kind;
	h->seed = seed * 2654435761u + 1;
	h->ambient_c = 22.5 + (seed % 7) * 0.4;
	h->stuck_c = NAN;
	h->n = 1;
	h->change[0] = (struct heat_change){ -1e9, h->ambient_c, 0 };
}

double heat_noise(uint32_t seed, double at)
{
	uint32_t x = seed + (uint32_t)(int64_t)floor(at * 2) * 2246822519u;

	x ^= x >> 15;
	x *= 2246822519u;
	x ^= x >> 13;
	x *= 3266489917u;
	x ^= x >> 16;
	return (double)x / 2147483648.0 - 1.0;
}

/* Seconds after a change until its target is reached; INFINITY when the heater is too weak. */
static double reach_s(const struct heater_sim *h, const struct heat_change *c)
{
	const struct heat_kind *k = h->kind;

	if (c->target_c <= 0 || fabs(c->target_c - c->from_c) < NEAR_C)
		return 0;
	if (c->target_c > c->from_c) {
		if (c->target_c >= k->full_c)
			return INFINITY;
		return k->up_s * log((k->full_c - c->from_c) / (k->full_c - c->target_c));
	}
	if (c->target_c <= h->ambient_c)
		return INFINITY;
	return k->down_s * log((c->from_c - h->ambient_c) / (c->target_c - h->ambient_c));
}

/* Held at the target: a small dying swing after the arrival, then noise. */
static struct heat_now hold(const struct heater_sim *h, double target_c, double held_s, double at)
{
	double noise = heat_noise(h->seed, at);
	double idle = (target_c - h->ambient_c) / (h->kind->full_c - h->ambient_c);
	double swing = 2.2 * exp(-held_s / 14) * sin(held_s / 5);
	double power = idle * 1.1 + 0.04 * noise - swing * 0.06;

	return (struct heat_now){ target_c + swing + 0.18 * noise, target_c,
				  power < 0 ? 0 : power > 1 ? 1 : power };
}

static struct heat_now change_at(const struct heater_sim *h, const struct heat_change *c, double at)
{
	const struct heat_kind *k = h->kind;
	double dt = at - c->at, reach = reach_s(h, c), noise = 0.06 * heat_noise(h->seed, at);
	bool up = c->target_c > c->from_c;
	double end = up ? k->full_c : h->ambient_c, tau = up ? k->up_s : k->down_s;

	if (c->target_c > 0 && dt >= reach)
		return hold(h, c->target_c, dt - reach, at);
	return (struct heat_now){ end + (c->from_c - end) * exp(-dt / tau) + noise, c->target_c,
				  up ? 1.0 : 0.0 };
}

static const struct heat_change *change_of(const struct heater_sim *h, double at)
{
	int i = h->n - 1;

	while (i > 0 && h->change[i].at > at)
		i--;
	return &h->change[i];
}

struct heat_now heat_at(const struct heater_sim *h, double at)
{
	const struct heat_change *c = change_of(h, at);
	struct heat_now now = change_at(h, c, at > c->at ? at : c->at);

	if (!isnan(h->stuck_c) && c == &h->change[h->n - 1])
		now.target_c = h->stuck_c;
	return now;
}

void heat_set(struct heater_sim *h, double at, double target_c)
{
	double from = heat_at(h, at).actual_c;

	h->stuck_c = NAN;
	if (h->n == HEAT_CHANGES)
		memmove(&h->change[0], &h->change[1], sizeof(h->change[0]) * (size_t)--h->n);
	h->change[h->n++] = (struct heat_change){ at, from, target_c };
}

void heat_cut(struct heater_sim *h, double at)
{
	double shown = heat_at(h, at).target_c;

	heat_set(h, at, 0);
	h->stuck_c = shown;
}

double heat_wait_s(const struct heater_sim *h, double at)
{
	const struct heat_change *c = &h->change[h->n - 1];
	double left = reach_s(h, c) - (at - c->at);

	return left > 0 ? left : 0;
}
