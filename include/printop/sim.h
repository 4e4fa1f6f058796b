/*
 * The simulated farm: OctoPrint's and Moonraker's paths with their real JSON, from one seeded physics model.
 * Pure: a request and a moment give a reply; sim/farm.c puts it on real sockets through net's httpd.h.
 */
#ifndef PRINTOP_SIM_H
#define PRINTOP_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/loop.h>

struct sim_farm;

struct sim_options {
	int printers;		/* how many; ignored by the demo farm */
	uint64_t seed;
	const char *address;	/* one of loopback's; NULL: 127.0.0.1 */
	int port;		/* first port; 0: any free ones */
	double speed;		/* simulated seconds per second */
	bool demo;		/* the fixed demo farm: every state a user can meet within 10 s */
	const char *faults;	/* "hang=50,refuse=50" for benchmarks and tests; see sim --help */
	const char *dialect;	/* NULL: both, in turn */
	bool idle;		/* all idle, but for the faults */
	int tick_ms;		/* Klippy answers queries on this tick (a real one: 250); 0: at once */
};

/* Starts serving on 127.0.0.1 inside this process. NULL and *e when it cannot listen. */
struct sim_farm *sim_farm_start(struct loop *l, const struct sim_options *o, struct err *e);
void sim_farm_stop(struct sim_farm *f);
/* One simulated printer as a user would configure it; strings live as long as the farm, NULL when not set. */
struct sim_info {
	const char *name, *url, *dialect, *key, *tags /* split by spaces */, *group, *notes, *parked;
};
size_t sim_farm_count(const struct sim_farm *f);
struct sim_info sim_farm_info(const struct sim_farm *f, size_t i);
/*
 * `printop sim ...`, argv[0] being "sim": parses options, prints (or writes) a printers.conf, runs until SIGTERM
 * or SIGINT. Returns the exit status.
 */
int sim_main(struct loop *l, int argc, char **argv);

#endif
