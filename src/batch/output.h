/*
 * Rows for people and for programs: one set of columns printed as an aligned table, JSON, CSV or by
 * a template. A source describes its columns and turns a row into cells; everything else is here.
 */
#ifndef BATCH_OUTPUT_H
#define BATCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <printop/err.h>
#include <printop/json.h>
#include <printop/sbuf.h>
#include <printop/theme.h>
#include "batch/options.h"

enum out_format { OUT_TABLE, OUT_JSON, OUT_CSV, OUT_TEMPLATE };

enum {
	COL_TABLE = 1,		/* in the table unless --fields says otherwise */
	COL_JSON = 2,		/* in JSON and CSV unless --fields says otherwise */
	COL_RIGHT = 4,
	COL_ROLE = 8,		/* drawn in the colour of the row's role */
};

enum cell_kind { CELL_TEXT, CELL_NUM, CELL_BOOL, CELL_BYTES, CELL_TIME, CELL_WHEN };

struct cell {			/* one value; unknown is NULL or NAN */
	enum cell_kind kind;
	const char *text;
	double num;
};

struct out;

struct out_column {
	const char *name, *title;
	unsigned flags;
};

struct out_source {
	const struct out_column *columns;
	size_t n_columns;
	/* Either cell() ... */
	struct cell (*cell)(const void *row, size_t col);
	/* ... or both of these: text for people, and the member columns[col].name of an object. */
	char *(*text)(const struct out *o, const void *row, size_t col, char *buf, size_t size);
	void (*json)(const struct out *o, const void *row, size_t col, struct json *object);
	/* Colour role of a row, ROLE_NORMAL for none. May be NULL. */
	enum role (*role)(const void *row);
};

struct piece {			/* of a template: text, or a column */
	char *text;		/* NULL: a column */
	size_t col;
	bool people;		/* {name:text} */
};

struct out {
	FILE *file;
	enum out_format format;
	const struct out_source *source;
	size_t *cols;		/* shown columns, in order */
	size_t n_cols;
	struct piece *pieces;
	size_t n_pieces, cap_pieces;
	bool header, color, ascii;
	int width;		/* columns of the terminal, 0: not cut */
	int64_t now_ms;		/* for ages, set by the verb */
	struct theme theme;
	char **cells;		/* of the table, n_cols a row, printed by out_close() */
	enum role *roles;
	size_t n_rows, cap_cells, cap_roles;
};

/*
 * Reads --json --csv --format --fields --no-header; standard: the format without any of them.
 * Call out_done() in any case.
 */
bool out_open(struct out *o, FILE *file, const struct out_source *source,
	      const struct options *opt, enum out_format standard, struct err *e);
void out_row(struct out *o, const void *row);
void out_close(struct out *o);		/* prints what is left: the table, the end of the array */
void out_done(struct out *o);
/* The column of this name; ERR_USAGE with the nearest one when there is none. */
bool out_find_column(const struct out_source *s, const char *name, size_t *ret, struct err *e);
/* The row's shown columns as an object; the caller frees. */
struct json *out_row_json(const struct out *o, const void *row);
/* Is this column shown or part of the template? */
bool out_shows(const struct out *o, size_t col);
/* A piece of text in a role's colour, as the terminal wants it. */
void out_styled(const struct out *o, struct sbuf *b, enum role role, const char *text);

#endif
