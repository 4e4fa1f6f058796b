/* files: what is stored on the printers' servers. */
#include "batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/str.h>

enum { FILE_PRINTER, FILE_PATH, FILE_SIZE, FILE_PRINT_TIME, FILE_MODIFIED, FILE_FILAMENT,
	FILE_PRINTS_OK, FILE_PRINTS_FAILED, FILE_FOLDER, FILE_COL_N };

static const struct out_column columns[FILE_COL_N] = {
	[FILE_PRINTER] = { "printer", "PRINTER", COL_TABLE | COL_JSON },
	[FILE_PATH] = { "path", "PATH", COL_TABLE | COL_JSON },
	[FILE_SIZE] = { "size_bytes", "SIZE", COL_TABLE | COL_JSON | COL_RIGHT },
	[FILE_PRINT_TIME] = { "estimated_s", "TIME", COL_TABLE | COL_JSON | COL_RIGHT },
	[FILE_MODIFIED] = { "modified_at", "MODIFIED", COL_TABLE | COL_JSON | COL_RIGHT },
	[FILE_FILAMENT] = { "filament_mm", "FILAMENT", COL_JSON | COL_RIGHT },
	[FILE_PRINTS_OK] = { "prints_ok", "OK", COL_JSON | COL_RIGHT },
	[FILE_PRINTS_FAILED] = { "prints_failed", "FAILED", COL_JSON | COL_RIGHT },
	[FILE_FOLDER] = { "folder", "FOLDER", COL_JSON },
};

struct file_row {
	char printer[64];
	size_t rank;		/* of the printer among the chosen ones */
	char *path;		/* a folder's ends in a slash */
	struct remote_file file;	/* its own path is not used */
};

struct listing {		/* one printer's operation */
	uint32_t op_id;
	bool ended;
};

struct files {
	struct batch *b;
	struct listing *listings;	/* b->n_ids of them */
	struct file_row *rows;
	size_t n, cap;
	struct tally tally;
	bool folders;
	size_t sort;
	bool reverse;
};

static double whole_or_nan(int64_t n)
{
	return n < 0 ? NAN : (double)n;
}

static struct cell cell(const void *row, size_t col)
{
	const struct file_row *r = row;
	const struct remote_file *f = &r->file;

	switch (col) {
	case FILE_PRINTER:
		return (struct cell){ CELL_TEXT, r->printer, 0 };
	case FILE_PATH:
		return (struct cell){ CELL_TEXT, r->path, 0 };
	case FILE_SIZE:
		return (struct cell){ CELL_BYTES, NULL, whole_or_nan(f->size_bytes) };
	case FILE_PRINT_TIME:
		return (struct cell){ CELL_TIME, NULL, f->estimated_s };
	case FILE_MODIFIED:
		return (struct cell){ CELL_WHEN, NULL, f->modified_at };
	case FILE_FILAMENT:
		return (struct cell){ CELL_NUM, NULL, f->filament_mm };
	case FILE_PRINTS_OK:
		return (struct cell){ CELL_NUM, NULL, whole_or_nan(f->prints_ok) };
	case FILE_PRINTS_FAILED:
		return (struct cell){ CELL_NUM, NULL, whole_or_nan(f->prints_failed) };
	default:
		return (struct cell){ CELL_BOOL, NULL, f->is_folder };
	}
}

static const struct out_source source = {
	.columns = columns, .n_columns = FILE_COL_N, .cell = cell,
};

/* ---- gathering ---- */

static void take_files(struct files *fs, size_t rank, const struct op *op)
{
	for (size_t i = 0; i < op->x.files.n; i++) {
		const struct remote_file *f = &op->x.files.files[i];
		struct file_row *r;

		if (f->is_folder && !fs->folders)
			continue;
		fs->rows = mem_grow(fs->rows, fs->n, &fs->cap, sizeof(*fs->rows));
		r = &fs->rows[fs->n++];
		r->file = *f;
		r->rank = rank;
		r->path = mem_printf("%s%s", f->path, f->is_folder ? "/" : "");
		str_copy(r->printer, sizeof(r->printer), op->printer_name);
	}
	if (op->x.files.n == 0)
		say("%s: no files", op->printer_name);
	if (op->x.files.cut)
		say("%s: only the first %zu files are listed", op->printer_name, op->x.files.n);
}

static void listing_ended(struct files *fs, struct listing *l, const struct op *op)
{
	if (l->ended)
		return;
	l->ended = true;
	if (op->phase == OP_DONE) {
		take_files(fs, (size_t)(l - fs->listings), op);
		tally_add(&fs->tally, EXIT_DONE);
		return;
	}
	say("%s: %s", op->printer_name, op->err.text[0] ? op->err.text : op->seen);
	tally_add(&fs->tally, err_exit_status(op->err.code));
}

static void on_op(void *ctx, const struct op *op)
{
	struct files *fs = ctx;

	for (size_t i = 0; op_ended(op) && i < fs->b->n_ids; i++)
		if (fs->listings[i].op_id == op->id)
			listing_ended(fs, &fs->listings[i], op);
	batch_look_again(fs->b);
}

static bool all_listed(void *ctx)
{
	struct files *fs = ctx;

	return fs->tally.n == fs->b->n_ids;
}

static enum batch_end gather(struct files *fs)
{
	struct batch *b = fs->b;
	struct ops *ops = b->app->ops;
	double limit_s = options_num(&b->opt, OPTION_TIMEOUT);
	uint32_t group = ops_new_group(ops);
	enum batch_end end;

	ops_observe(ops, on_op, fs);
	for (size_t i = 0; i < b->n_ids; i++) {
		struct listing *l = &fs->listings[i];
		const struct op *op;

		l->op_id = op_submit(ops, group, b->ids[i], VERB_FILES, NULL, limit_s);
		op = op_get(ops, l->op_id);
		if (op && op_ended(op))
			listing_ended(fs, l, op);
	}
	end = batch_wait(b, all_listed, fs, NAN, 0);
	ops_unobserve(ops, on_op, fs);
	return end;
}

/* ---- order ---- */

static int by_place(const struct file_row *a, const struct file_row *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Unknown values last, whatever the direction. */
static int compare(const void *a, const void *b, void *ctx)
{
	const struct files *fs = ctx;
	struct cell x, y;
	int d;

	if (fs->sort == FILE_COL_N)
		return by_place(a, b);
	x = cell(a, fs->sort);
	y = cell(b, fs->sort);
	if (x.kind != CELL_TEXT && (isnan(x.num) || isnan(y.num)))
		d = isnan(x.num) - isnan(y.num);
	else if (x.kind == CELL_TEXT)
		d = fs->reverse ? strcmp(y.text, x.text) : strcmp(x.text, y.text);
	else
		d = ((x.num > y.num) - (x.num < y.num)) * (fs->reverse ? -1 : 1);
	return d != 0 ? d : by_place(a, b);
}

static bool read_order(struct files *fs, struct err *e)
{
	const char *name = options_str(&fs->b->opt, OPTION_SORT);

	fs->sort = FILE_COL_N;
	if (!name)
		return true;
	fs->reverse = name[0] == '-';
	return out_find_column(&source, name + fs->reverse, &fs->sort, e) || err_wrap(e, "--sort");
}

/* ---- the whole ---- */

/* One printer's list needs no column that says which printer. */
static void hide_printer_column(struct batch *b)
{
	if (b->n_ids != 1 || b->out.format != OUT_TABLE || options_has(&b->opt, OPTION_FIELDS))
		return;
	memmove(b->out.cols, b->out.cols + 1, (b->out.n_cols - 1) * sizeof(*b->out.cols));
	b->out.n_cols--;
}

static int list_files(struct files *fs)
{
	struct batch *b = fs->b;
	enum batch_end end;

	fs->listings = mem_zalloc(b->n_ids + 1, sizeof(*fs->listings));
	end = gather(fs);
	if (fs->n > 0)
		qsort_r(fs->rows, fs->n, sizeof(*fs->rows), compare, fs);
	hide_printer_column(b);
	for (size_t i = 0; i < fs->n; i++)
		out_row(&b->out, &fs->rows[i]);
	out_close(&b->out);
	for (size_t i = 0; i < fs->n; i++)
		free(fs->rows[i].path);
	free(fs->rows);
	free(fs->listings);
	return end == BATCH_SIGNAL ? batch_signal_status(b) : tally_all(&fs->tally);
}

int verb_files(struct batch *b)
{
	struct files fs = { .b = b, .folders = options_has(&b->opt, OPTION_FOLDERS) };
	struct err e = { 0 };
	int status;

	if (!read_order(&fs, &e))
		return fail_usage(b, "%s", e.text);
	if (!batch_output(b, &source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_ALL | PICK_ARGS | PICK_ACT | PICK_FIRST_ROUND, false, &status))
		return status;
	return list_files(&fs);
}
