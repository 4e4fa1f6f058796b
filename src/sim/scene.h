/*
 * Scenes: situations to put a simulated printer into, by name. Some are states of the printer (a job at 41 %, a
 * shutdown), some are faults of its server or of the network. The demo, `--faults` and the tests use them.
 */
#ifndef SIM_SCENE_H
#define SIM_SCENE_H

#include <sim/sim_http.h>

enum sim_fault {
	FAULT_NONE,
	FAULT_REFUSE,		/* nothing listens; the farm's business */
	FAULT_HANG,
	FAULT_DRIP,
	FAULT_RESET,
	FAULT_EMPTY,
	FAULT_UNAUTHORIZED,
	FAULT_HTTP401,
	FAULT_HTTP403,
	FAULT_HTTP500,
	FAULT_PROXY502,
	FAULT_REDIRECT,
	FAULT_SPA,
	FAULT_GARBAGE,
	FAULT_TRUNCATED,
	FAULT_HUGE,
	FAULT_TYPES,
	FAULT_NAN,
	FAULT_CONTROL,
	FAULT_BOOT		/* OctoPrint's stand-in server while it starts */
};

struct scene_args {
	const char *file;	/* NULL: one by the printer's seed */
	double progress;	/* NAN: by the seed */
	double ago_s;		/* how long ago it happened; NAN: some minutes */
};

struct scene {
	const char *name;
	enum sim_fault fault;
	void (*set)(struct sim_printer *p, double at, const struct scene_args *a);	/* NULL: leave */
	const char *sentence;
};

size_t scene_count(void);
const struct scene *scene_at(size_t i);
const struct scene *scene_find(const char *name);	/* NULL when there is none */
/* Makes the printer as new, then sets the scene. NULL arguments: by the seed. */
void scene_set(const struct scene *s, struct sim_printer *p, double at, const struct scene_args *a);

/* Answers a request as the printer's server would with this fault. */
void sim_answer(struct sim_printer *p, enum sim_fault fault, const struct sim_request *q, double at,
		struct sim_reply *r);

#endif
