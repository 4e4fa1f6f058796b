/*
 * Where things go: pure functions of the screen size, tested by properties (nothing overlaps or
 * leaves the screen).
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include "canvas.h"

/* An area with w or h 0 is not shown. Works for every size from 1x1 to 300x100. */
struct layout_fleet {
	struct area title, filter, header, rows;
	struct area strip;	/* focus strip below the rows (narrow screens) */
	struct area side;	/* focus pane at the right (from 110 columns) */
	struct area events, transfers;	/* their first row is a separator line */
	struct area footer;	/* never the last cell of the screen */
};
/* filter: one is set, so its line is shown on narrow screens as well. transfers: some run. */
struct layout_fleet layout_fleet(int cols, int rows, size_t n_printers, bool filter,
				 bool transfers);

/*
 * Columns of the fleet table: x and w, w 0: not shown. longest_name: columns of the longest name.
 */
struct layout_columns {
	struct area sign, name, state, bar, percent, left, end, nozzle, bed, job;
};
struct layout_columns layout_columns(int width, int longest_name);

/*
 * The first row of a pane is a line with its title; job has none where it is above the graph (job.x
 * 0).
 */
struct layout_printer {
	struct area title, job, graph, heaters, motion, notes, ops;
	struct area events, footer;
};
struct layout_printer layout_printer(int cols, int rows, int n_heaters, bool notes);

#endif
