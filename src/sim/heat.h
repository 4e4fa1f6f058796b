/*
 * Heater curves in closed form: a heater remembers when which target was set, and from that follow
 * temperature and power at any moment, past ones too. Nothing has to be stepped, so an idle printer costs
 * nothing. Times are simulated seconds.
 */
#ifndef SIM_HEAT_H
#define SIM_HEAT_H

#include <stdint.h>

#define HEAT_CHANGES 12

struct heat_kind {
	double full_c;		/* what full power would reach in the end */
	double up_s, down_s;	/* time constants */
};

extern const struct heat_kind heat_extruder, heat_bed;

struct heat_change {
	double at, from_c, target_c;
};

struct heater_sim {
	const struct heat_kind *kind;
	double ambient_c;
	uint32_t seed;
	int n;
	struct heat_change change[HEAT_CHANGES];	/* oldest first */
	double stuck_c;		/* a target still shown though the power is off; NAN none */
};

struct heat_now {
	double actual_c, target_c, power;
};

void heat_init(struct heater_sim *h, const struct heat_kind *kind, uint32_t seed);
void heat_set(struct heater_sim *h, double at, double target_c);
void heat_cut(struct heater_sim *h, double at);		/* firmware halt: off, the target stays shown */
struct heat_now heat_at(const struct heater_sim *h, double at);
/* Seconds from `at` until the target is reached; 0 when there is none. */
double heat_wait_s(const struct heater_sim *h, double at);
/* A repeatable random number, -1 to 1, that changes twice a second. */
double heat_noise(uint32_t seed, double at);

#endif
