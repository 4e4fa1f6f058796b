/* library: G-code files on this machine, and what they say of themselves. */
#include "batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/library.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

enum {
	LIB_NAME,
	LIB_TIME,
	LIB_FILAMENT,
	LIB_WEIGHT,
	LIB_TYPE,
	LIB_NOZZLE,
	LIB_BED,
	LIB_LAYER,
	LIB_X,
	LIB_Y,
	LIB_Z,
	LIB_SLICER,
	LIB_BYTES,
	LIB_CHANGED,
	LIB_PATH,
	LIB_N
};

static const struct out_column columns[LIB_N] = {
	[LIB_NAME] = { "name", "NAME", COL_TABLE | COL_JSON },
	[LIB_TIME] = { "time_s", "TIME", COL_TABLE | COL_JSON | COL_RIGHT },
	[LIB_FILAMENT] = { "filament_mm", "FILAMENT", COL_JSON | COL_RIGHT },
	[LIB_WEIGHT] = { "filament_g", "GRAMS", COL_TABLE | COL_JSON | COL_RIGHT },
	[LIB_TYPE] = { "filament_type", "TYPE", COL_TABLE | COL_JSON },
	[LIB_NOZZLE] = { "nozzle_c", "NOZZLE", COL_TABLE | COL_JSON | COL_RIGHT },
	[LIB_BED] = { "bed_c", "BED", COL_TABLE | COL_JSON | COL_RIGHT },
	[LIB_LAYER] = { "layer_height_mm", "LAYER", COL_JSON | COL_RIGHT },
	[LIB_X] = { "size_x_mm", "X", COL_JSON | COL_RIGHT },
	[LIB_Y] = { "size_y_mm", "Y", COL_JSON | COL_RIGHT },
	[LIB_Z] = { "size_z_mm", "Z", COL_JSON | COL_RIGHT },
	[LIB_SLICER] = { "slicer", "SLICER", COL_TABLE | COL_JSON },
	[LIB_BYTES] = { "size_bytes", "SIZE", COL_TABLE | COL_JSON | COL_RIGHT },
	[LIB_CHANGED] = { "changed_at", "CHANGED", COL_TABLE | COL_JSON | COL_RIGHT },
	[LIB_PATH] = { "path", "PATH", COL_JSON },
};

static struct cell cell(const void *row, size_t col)
{
	const struct library_file *f = *(const struct library_file *const *)row;
	const struct library_facts *k = &f->facts;
	const double numbers[LIB_N] = {
		[LIB_TIME] = k->time_s,
		[LIB_FILAMENT] = k->filament_mm,
		[LIB_WEIGHT] = k->filament_g,
		[LIB_NOZZLE] = k->nozzle_c,
		[LIB_BED] = k->bed_c,
		[LIB_LAYER] = k->layer_height_mm,
		[LIB_X] = k->size_mm[0],
		[LIB_Y] = k->size_mm[1],
		[LIB_Z] = k->size_mm[2],
		[LIB_BYTES] = (double)f->bytes,
		[LIB_CHANGED] = (double)f->changed_ns / 1e9,
	};
	static const enum cell_kind kinds[LIB_N] = {
		[LIB_NAME] = CELL_TEXT,	 [LIB_TYPE] = CELL_TEXT,   [LIB_SLICER] = CELL_TEXT,
		[LIB_PATH] = CELL_TEXT,	 [LIB_TIME] = CELL_TIME,   [LIB_FILAMENT] = CELL_NUM,
		[LIB_WEIGHT] = CELL_NUM, [LIB_NOZZLE] = CELL_NUM,  [LIB_BED] = CELL_NUM,
		[LIB_LAYER] = CELL_NUM,	 [LIB_X] = CELL_NUM,	   [LIB_Y] = CELL_NUM,
		[LIB_Z] = CELL_NUM,	 [LIB_BYTES] = CELL_BYTES, [LIB_CHANGED] = CELL_WHEN,
	};
	const char *text = col == LIB_NAME ? f->shown : col == LIB_TYPE ? k->filament_type :
			   col == LIB_SLICER ? k->slicer : col == LIB_PATH ? f->path : "";

	return (struct cell){ kinds[col], *text ? text : NULL, numbers[col] };
}

static const struct out_source source = {
	.columns = columns, .n_columns = LIB_N, .cell = cell,
};

struct listing {
	struct batch *b;
	struct library *library;
	size_t sort;		/* LIB_N: by name */
	bool reverse;
};

static void on_change(void *ctx)
{
	batch_look_again(((struct listing *)ctx)->b);
}

static bool all_read(void *ctx)
{
	return !library_busy(((struct listing *)ctx)->library);
}

/* Unknown values last, whatever the direction. */
static int compare(const void *a, const void *b, void *ctx)
{
	const struct listing *l = ctx;
	struct cell x = cell(a, l->sort), y = cell(b, l->sort);
	int d;

	if (x.kind != CELL_TEXT && (isnan(x.num) || isnan(y.num)))
		return isnan(x.num) - isnan(y.num);
	if (x.kind == CELL_TEXT)
		d = strcmp(x.text ? x.text : "", y.text ? y.text : "");
	else
		d = (x.num > y.num) - (x.num < y.num);
	return l->reverse ? -d : d;
}

static void print(struct listing *l, const char *words)
{
	size_t n = 0, all = library_count(l->library);
	const struct library_file **rows = mem_zalloc(all ? all : 1, sizeof(*rows));

	for (size_t i = 0; i < all; i++)
		if (library_match(library_at(l->library, i), words))
			rows[n++] = library_at(l->library, i);
	if (l->sort < LIB_N)
		qsort_r(rows, n, sizeof(*rows), compare, l);
	for (size_t i = 0; i < n; i++)
		out_row(&l->b->out, &rows[i]);
	out_close(&l->b->out);
	free(rows);
	if (library_trouble(l->library)[0])
		say("%s", library_trouble(l->library));
}

static bool read_order(struct listing *l, struct err *e)
{
	const char *name = options_str(&l->b->opt, OPTION_SORT);

	l->sort = LIB_N;
	if (!name)
		return true;
	l->reverse = name[0] == '-';
	return out_find_column(&source, name + l->reverse, &l->sort, e) || err_wrap(e, "--sort");
}

/* Words behind the verb are looked for, too. */
static char *search_words(const struct batch *b)
{
	struct sbuf words = SBUF_INIT(1024);
	const char *option = options_str(&b->opt, OPTION_SEARCH);

	sbuf_adds(&words, option ? option : "");
	for (size_t i = 0; i < b->opt.args.n; i++)
		sbuf_addf(&words, " %s", b->opt.args.at[i]);
	return sbuf_take(&words);
}

static int list(struct listing *l)
{
	struct batch *b = l->b;
	char *words = search_words(b);
	enum batch_end end;

	l->library = library_new(b->app, on_change, l);
	library_scan(l->library);
	end = batch_wait(b, all_read, l, NAN, 0);
	if (end == BATCH_DONE)
		print(l, words);
	library_free(l->library);
	free(words);
	if (end == BATCH_SIGNAL)
		return batch_signal_status(b);
	return EXIT_DONE;
}

int verb_library(struct batch *b)
{
	struct listing l = { .b = b };
	struct err e = { 0 };
	int status;

	if (!read_order(&l, &e))
		return fail_usage(b, "%s", e.text);
	if (!batch_output(b, &source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_ALL | PICK_NO_POLL, false, &status))
		return status;
	if (*settings_str(&b->app->config->settings, SETTING_LIBRARY))
		return list(&l);
	say("there is no library: write library = \"~/gcode\"; into printers.conf");
	return EXIT_BAD_USAGE;
}
