/*
 * The fleet view's parts: which rows in which order (fleet_rows.c), and the panes around them
 * (fleet_pane.c).
 */
#ifndef TUI_FLEET_VIEW_H
#define TUI_FLEET_VIEW_H

#include "tui.h"

struct filter;

/*
 * Words that must all match: plain text in name, file, state or tags; tag: state: group: model:; !
 * turns a word round.
 */
struct filter *filter_new(const char *text);	/* NULL for an empty one */
void filter_free(struct filter *f);
bool filter_match(const struct filter *f, const struct printer *p);	/* f NULL: always */

/* The printers to show, in order. */
struct fleet_rows {
	uint32_t *ids;
	size_t n, cap;
};
/* order: a choice of the setting "sort". */
void fleet_rows_fill(struct fleet_rows *r, const struct fleet *f, const struct filter *filter,
		     const char *order, bool reverse, int64_t now_ms);
void fleet_rows_done(struct fleet_rows *r);

/* "14:53" when that is clear, else a day of at most 5 columns. */
void fleet_end_text(double at, double wall_s, char *buf, size_t size);
/* Why a printer is in the state it is in, with how long; "" when all is well. */
void fleet_reason(const struct tui *t, const struct printer *p, const struct moment *m, char *buf,
		  size_t size);
/* The printer's numbers mean something: else its row shows the reason in their place. */
bool fleet_has_numbers(const struct printer *p);
/* An age in steps that do not make the screen tick every second. */
void fleet_age_text(double seconds, char *buf, size_t size);

/* fleet_table.c; a row answers whether it will look different by getting older. */
void fleet_table_header(struct canvas *c, const struct layout_columns *l, struct area row);
bool fleet_table_row(struct tui *t, struct canvas *c, const struct layout_columns *l,
		     struct area row, const struct printer *p, const struct moment *m);

/* fleet_pane.c */
void fleet_strip(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		 const struct moment *m);
void fleet_side(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		const struct moment *m);
void fleet_transfers(struct tui *t, struct canvas *c, struct area a);

#endif
