/* events: the journal of events and actions. */
#include "batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <printop/alert.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>

#define STANDARD_LINES 50

struct event_row {
	double at;
	double took_s;
	char printer[64], kind[32], text[400], who[64], from[96];
	char action[32], phase[16], result[16], code[32], file[NAME_CAP];
};

enum { EV_AT, EV_PRINTER, EV_KIND, EV_TEXT, EV_WHO, EV_FROM, EV_ACTION, EV_PHASE, EV_RESULT,
	EV_CODE, EV_FILE, EV_TOOK, EV_N };

static const struct out_column columns[EV_N] = {
	[EV_AT] = { "at", "WHEN", COL_TABLE | COL_JSON },
	[EV_PRINTER] = { "printer", "PRINTER", COL_TABLE | COL_JSON },
	[EV_KIND] = { "kind", "KIND", COL_TABLE | COL_JSON },
	[EV_TEXT] = { "text", "WHAT", COL_TABLE | COL_JSON },
	[EV_WHO] = { "who", "WHO", COL_JSON },
	[EV_FROM] = { "from", "FROM", COL_JSON },
	[EV_ACTION] = { "action", "ACTION", COL_JSON },
	[EV_PHASE] = { "phase", "PHASE", COL_JSON },
	[EV_RESULT] = { "result", "RESULT", COL_JSON },
	[EV_CODE] = { "code", "CODE", COL_JSON },
	[EV_FILE] = { "file", "FILE", COL_JSON },
	[EV_TOOK] = { "took_s", "TOOK", COL_JSON | COL_RIGHT },
};

/* Where a column's text is in a row, and what it is called in the journal. */
static const struct { size_t offset, size; } texts[EV_N] = {
#define TEXT(m) { offsetof(struct event_row, m), sizeof(((struct event_row *)0)->m) }
	[EV_PRINTER] = TEXT(printer), [EV_KIND] = TEXT(kind), [EV_TEXT] = TEXT(text),
	[EV_WHO] = TEXT(who), [EV_FROM] = TEXT(from), [EV_ACTION] = TEXT(action),
	[EV_PHASE] = TEXT(phase), [EV_RESULT] = TEXT(result), [EV_CODE] = TEXT(code),
	[EV_FILE] = TEXT(file),
#undef TEXT
};

static struct cell cell(const void *row, size_t col)
{
	const struct event_row *r = row;
	const char *text = (const char *)row + texts[col].offset;

	if (col == EV_AT)
		return (struct cell){ CELL_WHEN, NULL, r->at };
	if (col == EV_TOOK)
		return (struct cell){ CELL_NUM, NULL, r->took_s };
	return (struct cell){ CELL_TEXT, text[0] ? text : NULL, 0 };
}

static const struct out_source source = {
	.columns = columns, .n_columns = EV_N, .cell = cell,
};

/* ---- which lines ---- */

struct reading {
	struct batch *b;
	struct words kinds;
	double since;		/* wall clock, NAN: all */
	struct event_row *rows;	/* a ring of the last max */
	size_t n, max, cap;
};

static bool read_kinds(const struct words *lists, struct words *ret, struct err *e)
{
	char hint[NEAREST_HINT];

	for (size_t i = 0; i < lists->n; i++)
		words_split(ret, lists->at[i]);
	for (size_t i = 0; i < ret->n; i++) {
		struct nearest n;
		bool known = false;

		nearest_init(&n, ret->at[i]);
		for (unsigned k = 0; k < EVENT_KIND_N; k++) {
			const char *name = event_kind_name((enum event_kind)k);

			known = known || str_eq(name, ret->at[i]);
			nearest_try(&n, name);
		}
		if (!known)
			return err_set(e, ERR_USAGE, "--kind: unknown kind \"%s\"%s", ret->at[i],
				       nearest_hint(&n, hint, sizeof(hint)));
	}
	return true;
}

static bool is_wanted(const struct reading *rd, const struct event_row *r)
{
	bool kind = rd->kinds.n == 0, printer = rd->b->targets.n == 0;

	for (size_t i = 0; i < rd->kinds.n; i++)
		kind = kind || str_eq(rd->kinds.at[i], r->kind);
	for (size_t i = 0; !printer && i < rd->b->n_ids; i++)
		printer = str_eq_nocase(batch_name(rd->b, rd->b->ids[i]), r->printer);
	return kind && printer && (isnan(rd->since) || r->at >= rd->since);
}

/* ---- reading ---- */

static void action_text(struct event_row *r)
{
	char how[sizeof(r->text)];

	str_copy(how, sizeof(how), r->text);
	str_printf(r->text, sizeof(r->text), "%s %s%s%s%s%s", r->action,
		   r->result[0] ? r->result : r->phase, how[0] ? ": " : "", how,
		   r->file[0] ? "  " : "", r->file);
}

static void read_row(const struct json *line, struct event_row *r)
{
	memset(r, 0, sizeof(*r));
	r->at = json_num(line, "at", NAN);
	r->took_s = json_num(line, "took_s", NAN);
	for (size_t i = 0; i < EV_N; i++)
		if (texts[i].size > 0)
			json_str(line, columns[i].name, (char *)r + texts[i].offset, texts[i].size);
	if (!r->file[0])
		json_str(line, "local", r->file, sizeof(r->file));
	if (str_eq(r->kind, "event"))
		json_str(line, "event", r->kind, sizeof(r->kind));
	else if (str_eq(r->kind, "action"))
		action_text(r);
}

static bool take_line(void *ctx, const char *text, size_t len)
{
	struct reading *rd = ctx;
	struct json *line = json_parse(text, len, NULL);
	struct event_row r;

	if (!line)	/* not ours; the rest may be */
		return true;
	read_row(line, &r);
	json_free(line);
	if (!is_wanted(rd, &r))
		return true;
	if (rd->n < rd->max)
		rd->rows = mem_grow(rd->rows, rd->n, &rd->cap, sizeof(*rd->rows));
	rd->rows[rd->n++ % rd->max] = r;
	return true;
}

static int print_journal(struct reading *rd, const char *path)
{
	struct batch *b = rd->b;
	bool filtered = rd->kinds.n > 0 || b->targets.n > 0 || !isnan(rd->since);
	struct err e = { 0 };
	size_t shown;

	if (access(path, F_OK) != 0)
		say("no events yet: %s is not there", path);
	else if (!journal_read(path, filtered ? SIZE_MAX : rd->max, take_line, rd, &e))
		return fail_with(&e);
	shown = rd->n < rd->max ? rd->n : rd->max;
	for (size_t i = 0; i < shown; i++)
		out_row(&b->out, &rd->rows[(rd->n - shown + i) % rd->max]);
	out_close(&b->out);
	return EXIT_DONE;
}

int verb_events(struct batch *b)
{
	struct reading rd = { .b = b };
	double lines = options_num(&b->opt, OPTION_LINES);
	struct err e = { 0 };
	char *path = NULL;
	int status;

	rd.max = isnan(lines) ? STANDARD_LINES : lines > 0 ? (size_t)lines : SIZE_MAX;
	if (!options_since(&b->opt, &rd.since, &e) ||
	    !read_kinds(options_all(&b->opt, OPTION_KIND), &rd.kinds, &e)) {
		status = fail_usage(b, "%s", e.text);
	} else if (batch_output(b, &source, OUT_TABLE, &status) &&
		   batch_open(b, PICK_ALL | PICK_ARGS | PICK_NO_POLL, false, &status)) {
		path = journal_path(b->app);
		if (path)
			status = print_journal(&rd, path);
		else
			status = fail_usage(b, "the journal is off here");
	}
	free(path);
	free(rd.rows);
	words_done(&rd.kinds);
	return status;
}
