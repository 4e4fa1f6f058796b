/* The printers of the demo: fixed, so that pictures, tests and people see the same. */
#ifndef SIM_DEMO_H
#define SIM_DEMO_H

#include <stdbool.h>
#include <stddef.h>

struct demo_row {
	const char *name, *dialect;
	const char *scene, *file;	/* file NULL: none */
	double progress, ago_s;		/* of the scene; NAN by itself */
	bool has_key, chamber;
	const char *tags, *group, *notes, *parked;	/* NULL: not set */
};

size_t demo_count(void);
const struct demo_row *demo_at(size_t i);

#endif
