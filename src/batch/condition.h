/* What `wait` waits for: states, temperatures and progress of a printer. Pure. */
#ifndef BATCH_CONDITION_H
#define BATCH_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/printer.h>

enum temp_op { TEMP_AT_LEAST, TEMP_AT_MOST, TEMP_ABOVE, TEMP_BELOW, TEMP_NEAR, TEMP_AT_TARGET };

struct temp_condition {
	char heater[HEATER_NAME];
	enum temp_op op;
	double value_c;
};

#define CONDITION_TEMPS 8

struct condition {
	uint32_t states;	/* STATUS_BITs, 0: any */
	struct temp_condition temps[CONDITION_TEMPS];
	int n_temps;
	double progress;	/* 0..1, NAN: any */
};

/* "idle,complete" into STATUS_BITs, in the words of state: selectors; ERR_USAGE with the nearest. */
bool condition_states(const char *list, uint32_t *ret, struct err *e);
/* "bed:>=60", "extruder:<50", "bed:60", "bed:~" added to c. */
bool condition_add_temp(struct condition *c, const char *text, struct err *e);
bool condition_met(const struct condition *c, const struct printer_state *s);
/* What the printer shows of the things waited for: "printing, bed 58.0 C, 41 %". Returns buf. */
char *condition_seen(const struct condition *c, const struct printer_state *s, char *buf,
		     size_t size);

#endif
