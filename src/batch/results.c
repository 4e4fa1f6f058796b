/* Prints how a verb ended on each printer, and makes one exit status of it. */
#include "batch/results.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>

enum { RESULT_NAME, RESULT_VERB, RESULT_FILE, RESULT_OK, RESULT_PHASE, RESULT_CODE, RESULT_TEXT,
	RESULT_TOOK, RESULT_REMOTE, RESULT_N };

static const struct out_column columns[RESULT_N] = {
	[RESULT_NAME] = { "name", "NAME", COL_TABLE | COL_JSON },
	[RESULT_VERB] = { "verb", "VERB", COL_JSON },
	[RESULT_FILE] = { "file", "FILE", COL_JSON },
	[RESULT_OK] = { "ok", "OK", COL_JSON | COL_ROLE },
	[RESULT_PHASE] = { "phase", "PHASE", COL_TABLE | COL_JSON | COL_ROLE },
	[RESULT_CODE] = { "code", "CODE", COL_JSON },
	[RESULT_TEXT] = { "text", "RESULT", COL_TABLE | COL_JSON },
	[RESULT_TOOK] = { "took_s", "TOOK", COL_JSON | COL_RIGHT },
	[RESULT_REMOTE] = { "remote_path", "ON THE PRINTER", COL_JSON },
};

static bool went_well(const struct result *r)
{
	return r->code == ERR_NONE;
}

static const char *code_name(const struct result *r)
{
	if (went_well(r))
		return NULL;
	return r->code_name ? r->code_name : err_name(r->code);
}

static struct cell cell(const void *row, size_t col)
{
	const struct result *r = row;

	switch (col) {
	case RESULT_NAME:
		return (struct cell){ CELL_TEXT, r->name, 0 };
	case RESULT_VERB:
		return (struct cell){ CELL_TEXT, r->verb, 0 };
	case RESULT_FILE:
		return (struct cell){ CELL_TEXT, r->file, 0 };
	case RESULT_OK:
		return (struct cell){ CELL_BOOL, NULL, went_well(r) };
	case RESULT_PHASE:
		return (struct cell){ CELL_TEXT, r->phase, 0 };
	case RESULT_CODE:
		return (struct cell){ CELL_TEXT, code_name(r), 0 };
	case RESULT_TEXT:
		return (struct cell){ CELL_TEXT, r->text[0] ? r->text : NULL, 0 };
	case RESULT_TOOK:
		return (struct cell){ CELL_NUM, NULL, round(r->took_s * 1000) / 1000 };
	default:
		return (struct cell){ CELL_TEXT, r->remote_path[0] ? r->remote_path : NULL, 0 };
	}
}

static enum role role(const void *row)
{
	return went_well(row) ? ROLE_GOOD : ROLE_BAD;
}

const struct out_source results_source = {
	.columns = columns, .n_columns = RESULT_N, .cell = cell, .role = role,
};

void results_init(struct results *r, struct batch *b)
{
	*r = (struct results){ .b = b, .name_width = batch_name_width(b) };
	r->live = b->out.format == OUT_TABLE && !options_has(&b->opt, OPTION_FIELDS) &&
		!options_has(&b->opt, OPTION_QUIET);
}

void results_done(struct results *r)
{
	free(r->rows);
	r->rows = NULL;
}

struct result *results_add(struct results *r, uint32_t printer_id, const char *verb)
{
	struct result *row;

	r->rows = mem_grow(r->rows, r->n, &r->cap, sizeof(*r->rows));
	row = &r->rows[r->n++];
	*row = (struct result){ .printer_id = printer_id, .verb = verb, .phase = "queued",
		.took_s = NAN };
	str_copy(row->name, sizeof(row->name), batch_name(r->b, printer_id));
	return row;
}

/* "voron-01  ok      paused in 0.4 s" */
static void print_line(struct results *r, const struct result *row, const char *text)
{
	const char *word = row->dry ? "would" : "ok";
	struct sbuf line = SBUF_INIT(1u << 14);
	char ascii[sizeof(row->text)];

	if (!went_well(row))
		word = row->code == ERR_CANCELLED ? "stopped" : "FAILED";
	sbuf_adds(&line, row->name);
	sbuf_addn(&line, ' ', (size_t)(r->name_width - text_width(row->name) + 2));
	out_styled(&r->b->out, &line, role(row), word);
	sbuf_addn(&line, ' ', 8 - text_width(word));
	if (r->show_file && row->file)
		sbuf_addf(&line, "%s: ", str_basename(row->file));
	sbuf_adds(&line, text);
	if (r->b->out.ascii)
		text_to_ascii(ascii, sizeof(ascii), sbuf_str(&line));
	puts(r->b->out.ascii ? ascii : sbuf_str(&line));
	sbuf_done(&line);
}

void results_end(struct results *r, struct result *row)
{
	char text[sizeof(row->text)], *rest = text, *line;

	if (row->ended)
		return;
	row->ended = true;
	r->n_ended++;
	if (!r->live)
		return;
	if (r->before_line)
		r->before_line(r->ctx);
	str_copy(text, sizeof(text), row->text);
	if (!text[0])
		print_line(r, row, "");
	while ((line = str_token(&rest, "\n")) != NULL)
		print_line(r, row, line);
	fflush(stdout);
}

size_t results_failed(const struct results *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += !went_well(&r->rows[i]);
	return n;
}

/* On a terminal the lines above said it already. */
static void say_failures(const struct results *r)
{
	size_t failed = results_failed(r);

	if (failed == 0)
		return;
	for (size_t i = 0; i < r->n && !(r->live && isatty(STDOUT_FILENO)); i++)
		if (!went_well(&r->rows[i]))
			say("%s: %s: %s", r->rows[i].name, r->rows[i].verb, r->rows[i].text);
	if (r->n > 1)
		say("%s: %zu of %zu failed", r->rows[0].verb, failed, r->n);
}

int results_finish(struct results *r)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		tally_add(&t, err_exit_status(r->rows[i].code));
		if (!r->live && !options_has(&r->b->opt, OPTION_QUIET))
			out_row(&r->b->out, &r->rows[i]);
	}
	if (!r->live && !options_has(&r->b->opt, OPTION_QUIET))
		out_close(&r->b->out);
	say_failures(r);
	return tally_all(&t);
}
