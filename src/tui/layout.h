/* Where things go: pure functions of the screen size, tested by properties (nothing overlaps or leaves the screen). */
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
	struct area events, transfers;
	struct area message;	/* prompt, or what the program says */
	struct area footer;
};
struct layout_fleet layout_fleet(int cols, int rows, size_t n_printers, bool transfers);

/* Columns of the fleet table: x and w, w 0: not shown. */
struct layout_columns {
	struct area sign, name, state, bar, percent, left, end, nozzle, bed, job;
};
struct layout_columns layout_columns(int width);

struct layout_printer {
	struct area title, job, graph, heaters, motion, notes, ops;
	struct area events, message, footer;
};
struct layout_printer layout_printer(int cols, int rows, int n_heaters, bool notes);

#endif
