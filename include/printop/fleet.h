/* The fleet: every printer with its state. Commits diff a new state and tell observers what changed. */
#ifndef PRINTOP_FLEET_H
#define PRINTOP_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/fields.h>
#include <printop/printer.h>

struct fleet;

struct fleet_change {
	uint32_t id;
	field_mask mask;
	enum printer_status from, to;	/* equal when the status did not change */
};

struct fleet *fleet_new(void);
void fleet_free(struct fleet *f);

size_t fleet_count(const struct fleet *f);
struct printer *fleet_at(const struct fleet *f, size_t i);	/* in the order of the config */
struct printer *fleet_get(const struct fleet *f, uint32_t id);	/* NULL when gone */
struct printer *fleet_find(const struct fleet *f, const char *name);

/* Takes the contents of c (empty afterwards) and returns the new printer. */
struct printer *fleet_add_take(struct fleet *f, struct printer_config *c);
void fleet_remove(struct fleet *f, uint32_t id);
/*
 * Makes the fleet hold exactly configs[0..n): printers of the same name and server keep id, state and
 * history. Takes the contents. Observers hear of the rest as changes with the whole mask.
 */
void fleet_replace_take(struct fleet *f, struct printer_config *configs, size_t n);

/*
 * Swaps in a new state; computes ends_at and since_at, notes temperatures; queues a change when a
 * visible field differs. Returns the mask.
 */
field_mask fleet_commit(struct fleet *f, uint32_t id, const struct printer_state *next,
			int64_t now_ms, double wall_s);
void fleet_touch(struct fleet *f, uint32_t id, field_mask mask);	/* a change outside the state */

/* Changes since the last call, one per printer, masks merged; from is the first, to the last status. */
typedef void fleet_change_fn(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n);
void fleet_observe(struct fleet *f, fleet_change_fn *fn, void *ctx);	/* at most 8 */
void fleet_unobserve(struct fleet *f, fleet_change_fn *fn, void *ctx);
bool fleet_dirty(const struct fleet *f);
void fleet_publish(struct fleet *f);		/* once per loop turn: calls the observers */

void fleet_count_states(const struct fleet *f, size_t counts[PRINTER_STATUS_N]);

#endif
