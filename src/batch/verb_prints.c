/* prints: who printed what on which printer, and how it ended, put together from the journal. */
#include "batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/alert.h>
#include <printop/mem.h>
#include <printop/str.h>

#define STANDARD_LINES 50
#define START_S 900		/* a start that printop sent so long before is this print's */
#define START_ANY_S 60		/* ... whatever the server called the file */

struct print_row {
	double started_at, ended_at;
	char printer[64], file[NAME_CAP], who[64], outcome[16], text[TEXT_CAP];
};

enum {
	PRINT_STARTED,
	PRINT_PRINTER,
	PRINT_FILE,
	PRINT_WHO,
	PRINT_DURATION,
	PRINT_OUTCOME,
	PRINT_ENDED,
	PRINT_TEXT,
	PRINT_N
};

static const struct out_column columns[PRINT_N] = {
	[PRINT_STARTED] = { "started_at", "STARTED", COL_TABLE | COL_JSON },
	[PRINT_PRINTER] = { "printer", "PRINTER", COL_TABLE | COL_JSON },
	[PRINT_FILE] = { "file", "FILE", COL_TABLE | COL_JSON },
	[PRINT_WHO] = { "who", "WHO", COL_TABLE | COL_JSON },
	[PRINT_DURATION] = { "duration_s", "TOOK", COL_TABLE | COL_JSON | COL_RIGHT },
	[PRINT_OUTCOME] = { "outcome", "OUTCOME", COL_TABLE | COL_JSON },
	[PRINT_ENDED] = { "ended_at", "ENDED", COL_JSON },
	[PRINT_TEXT] = { "text", "HOW", COL_JSON },
};

static struct cell cell(const void *row, size_t col)
{
	const struct print_row *r = row;
	const char *const texts[PRINT_N] = {
		[PRINT_PRINTER] = r->printer, [PRINT_FILE] = r->file, [PRINT_WHO] = r->who,
		[PRINT_OUTCOME] = r->outcome, [PRINT_TEXT] = r->text,
	};

	if (col == PRINT_STARTED || col == PRINT_ENDED)
		return (struct cell){CELL_WHEN, NULL,
				     col == PRINT_STARTED ? r->started_at : r->ended_at};
	if (col == PRINT_DURATION)
		return (struct cell){ CELL_TIME, NULL, r->ended_at - r->started_at };
	return (struct cell){ CELL_TEXT, *texts[col] ? texts[col] : NULL, 0 };
}

static const struct out_source source = {
	.columns = columns, .n_columns = PRINT_N, .cell = cell,
};

/* ---- lines to prints ---- */

struct device {			/* what the journal said of a printer so far */
	char name[64];
	size_t open;		/* 1 + the row of the print under way, 0 none */
	double start_at;	/* the last start that printop sent */
	char start_who[64], start_file[NAME_CAP];
};

struct reading {
	struct batch *b;
	struct print_row *rows;
	size_t n, cap;
	struct device *devices;
	size_t n_devices, cap_devices;
};

static struct device *device_of(struct reading *rd, const char *name)
{
	struct device *d;

	for (size_t i = 0; i < rd->n_devices; i++)
		if (str_eq_nocase(rd->devices[i].name, name))
			return &rd->devices[i];
	rd->devices = mem_grow(rd->devices, rd->n_devices, &rd->cap_devices, sizeof(*rd->devices));
	d = &rd->devices[rd->n_devices++];
	memset(d, 0, sizeof(*d));
	d->start_at = NAN;
	str_copy(d->name, sizeof(d->name), name);
	return d;
}

/* A start, or an upload that starts, as it was sent. */
static void take_action(struct device *d, const struct json *line)
{
	const char *action = json_raw(line, "action");
	bool starts = str_eq(action, "start") ||
		      (str_eq(action, "upload") && json_bool(line, "start", 0) == 1);
	char file[NAME_CAP];

	if (!starts || !str_eq(json_raw(line, "phase"), "sent"))
		return;
	d->start_at = json_num(line, "at", NAN);
	json_str(line, "who", d->start_who, sizeof(d->start_who));
	if (!json_str(line, "file", file, sizeof(file)) &&
	    !json_str(line, "name", file, sizeof(file)))
		json_str(line, "local", file, sizeof(file));
	str_copy(d->start_file, sizeof(d->start_file), str_basename(file));
}

static bool was_sent(const struct device *d, const struct print_row *r)
{
	double ago = r->started_at - d->start_at;

	return ago >= -5 && ago < START_S &&
	       (ago < START_ANY_S || str_eq(str_basename(r->file), d->start_file));
}

static struct print_row *new_row(struct reading *rd, struct device *d, const struct json *line)
{
	struct print_row *r;

	rd->rows = mem_grow(rd->rows, rd->n, &rd->cap, sizeof(*rd->rows));
	r = &rd->rows[rd->n++];
	*r = (struct print_row){ .started_at = NAN, .ended_at = NAN };
	str_copy(r->printer, sizeof(r->printer), d->name);
	json_str(line, "file", r->file, sizeof(r->file));
	return r;
}

static void take_start(struct reading *rd, struct device *d, const struct json *line)
{
	struct print_row *r;

	if (d->open)		/* its end was not seen */
		str_copy(rd->rows[d->open - 1].outcome, sizeof(r->outcome), "unknown");
	r = new_row(rd, d, line);
	d->open = rd->n;
	r->started_at = json_num(line, "at", NAN);
	str_copy(r->outcome, sizeof(r->outcome), "running");
	if (was_sent(d, r))
		str_copy(r->who, sizeof(r->who), d->start_who);
	d->start_at = NAN;
}

/*
 * A print whose beginning nobody saw has an end all the same; a printer that fails without one has
 * none.
 */
static void take_end(struct reading *rd, struct device *d, const struct json *line,
		     const char *outcome)
{
	struct print_row *r;

	if (!d->open && str_eq(outcome, "failed") && !json_raw(line, "file"))
		return;
	r = d->open ? &rd->rows[d->open - 1] : new_row(rd, d, line);
	d->open = 0;
	r->ended_at = json_num(line, "at", NAN);
	str_copy(r->outcome, sizeof(r->outcome), outcome);
	json_str(line, "text", r->text, sizeof(r->text));
	if (!r->file[0])
		json_str(line, "file", r->file, sizeof(r->file));
}

static bool take_line(void *ctx, const char *text, size_t len)
{
	struct reading *rd = ctx;
	struct json *line = json_parse(text, len, NULL);
	const char *kind = json_raw(line, "kind"), *event = json_raw(line, "event");
	char name[64];

	if (json_str(line, "printer", name, sizeof(name)) && name[0]) {
		struct device *d = device_of(rd, name);

		if (str_eq(kind, "action"))
			take_action(d, line);
		else if (str_eq(event, "started"))
			take_start(rd, d, line);
		else if (str_eq(event, "finished") || str_eq(event, "cancelled") ||
			 str_eq(event, "failed"))
			take_end(rd, d, line, event);
	}
	json_free(line);
	return true;
}

/* ---- which of them ---- */

/* By name: who was in the fleet then may not be there any more. */
static bool is_wanted(const struct reading *rd, const struct print_row *r, double since)
{
	const struct batch *b = rd->b;
	bool wanted = b->targets.n == 0;
	double at = isnan(r->ended_at) ? r->started_at : r->ended_at;

	for (size_t i = 0; !wanted && i < b->n_ids; i++)
		wanted = str_eq_nocase(batch_name(b, b->ids[i]), r->printer);
	return wanted && (isnan(since) || at >= since);
}

static void print(struct reading *rd, double since)
{
	double lines = options_num(&rd->b->opt, OPTION_LINES);
	size_t max = isnan(lines) ? STANDARD_LINES
		     : lines > 0  ? (size_t)lines
				  : SIZE_MAX,
	       n = 0, skip;

	for (size_t i = 0; i < rd->n; i++)
		n += is_wanted(rd, &rd->rows[i], since);
	skip = n > max ? n - max : 0;
	for (size_t i = 0; i < rd->n; i++) {
		if (!is_wanted(rd, &rd->rows[i], since))
			continue;
		if (skip)
			skip--;
		else
			out_row(&rd->b->out, &rd->rows[i]);
	}
	out_close(&rd->b->out);
}

int verb_prints(struct batch *b)
{
	struct reading rd = { .b = b };
	struct err e = { 0 };
	char *path = NULL;
	double since;
	int status;

	if (!options_since(&b->opt, &since, &e))
		return fail_usage(b, "%s", e.text);
	if (!batch_output(b, &source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_ALL | PICK_ARGS | PICK_NO_POLL, false, &status))
		return status;
	path = journal_path(b->app);
	status = EXIT_DONE;
	if (!path)
		status = fail_usage(b, "the journal is off here");
	else if (access(path, F_OK) != 0)
		say("no prints yet: %s is not there", path);
	else if (!journal_read(path, SIZE_MAX, take_line, &rd, &e))
		status = fail_with(&e);
	if (path && status == EXIT_DONE)
		print(&rd, since);
	free(path);
	free(rd.rows);
	free(rd.devices);
	return status;
}
