/* queue: the jobs that wait for printers; asked from the copy of printop that runs them, else read from the disk. */
#include "batch/batch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/queue.h>
#include <printop/str.h>

#define ID_LEAST 4		/* letters of an id */

enum { Q_ID, Q_STATE, Q_NAME, Q_TARGET, Q_PRINTER, Q_OWNER, Q_CLIENT, Q_BYTES, Q_TIME, Q_CREATED, Q_STARTED, Q_ENDED, Q_START,
	Q_FOLDER, Q_REMOTE, Q_SHA256, Q_REASON, Q_N };

static const struct out_column columns[Q_N] = {
	[Q_ID] = { "id", "ID", COL_TABLE | COL_JSON },
	[Q_STATE] = { "state", "STATE", COL_TABLE | COL_JSON },
	[Q_NAME] = { "name", "FILE", COL_TABLE | COL_JSON },
	[Q_TARGET] = { "target", "FOR", COL_TABLE | COL_JSON },
	[Q_PRINTER] = { "printer", "PRINTER", COL_TABLE | COL_JSON },
	[Q_OWNER] = { "owner", "FROM", COL_TABLE | COL_JSON },
	[Q_CLIENT] = { "client", "CLIENT", COL_JSON },
	[Q_BYTES] = { "bytes", "SIZE", COL_JSON | COL_RIGHT },
	[Q_TIME] = { "time_s", "TIME", COL_TABLE | COL_JSON | COL_RIGHT },
	[Q_CREATED] = { "created_at", "SENT", COL_JSON },
	[Q_STARTED] = { "started_at", "STARTED", COL_JSON },
	[Q_ENDED] = { "ended_at", "ENDED", COL_JSON },
	[Q_START] = { "start", "PRINT", COL_JSON },
	[Q_FOLDER] = { "folder", "FOLDER", COL_JSON },
	[Q_REMOTE] = { "remote_path", "THERE", COL_JSON },
	[Q_SHA256] = { "sha256", "SHA-256", COL_JSON },
	[Q_REASON] = { "reason", "WHY", COL_TABLE | COL_JSON },
};

static struct cell number_cell(const struct queue_job *j, size_t col)
{
	switch (col) {
	case Q_BYTES:
		return (struct cell){ CELL_BYTES, NULL, j->bytes < 0 ? (double)NAN : (double)j->bytes };
	case Q_TIME:
		return (struct cell){ CELL_TIME, NULL, j->time_s };
	case Q_CREATED:
		return (struct cell){ CELL_WHEN, NULL, j->created_at };
	case Q_STARTED:
		return (struct cell){ CELL_WHEN, NULL, j->started_at };
	case Q_ENDED:
		return (struct cell){ CELL_WHEN, NULL, j->ended_at };
	}
	return (struct cell){ CELL_BOOL, NULL, j->start };
}

static struct cell cell(const void *row, size_t col)
{
	const struct queue_job *j = row;
	const char *const texts[Q_N] = {
		[Q_ID] = j->id, [Q_STATE] = queue_state_name(j->state), [Q_NAME] = j->name, [Q_TARGET] = j->target,
		[Q_PRINTER] = j->printer, [Q_OWNER] = j->owner, [Q_CLIENT] = j->client, [Q_FOLDER] = j->folder,
		[Q_REMOTE] = j->remote_path, [Q_SHA256] = j->sha256, [Q_REASON] = j->reason,
	};

	if (!texts[col])
		return number_cell(j, col);
	return (struct cell){ CELL_TEXT, *texts[col] ? texts[col] : NULL, 0 };
}

static const struct out_source source = {
	.columns = columns, .n_columns = Q_N, .cell = cell,
};

/* ---- asking ---- */

/* NULL with *e: nobody could be asked, or the answer was no. The caller frees. */
static struct json *ask(struct batch *b, const struct json *request, struct err *e)
{
	struct json *reply = queue_call(b->app, request, e);
	struct queue *q;
	char text[400];

	if (!reply && e->code == ERR_NOT_FOUND) {
		err_clear(e);
		q = queue_new(b->app, e);
		reply = q ? queue_answer(q, request) : NULL;
		queue_free(q);
	}
	if (reply && !json_bool(reply, "ok", false)) {
		json_str(reply, "text", text, sizeof(text));
		err_set(e, str_eq(json_raw(reply, "code"), "not-found") ? ERR_NOT_FOUND : ERR_REFUSED, "%s", text);
		json_free(reply);
		return NULL;
	}
	return reply;
}

static struct json *request_new(const char *what)
{
	struct json *o = json_new_object();

	json_set_str(o, "do", what);
	return o;
}

static struct json *ask_take(struct batch *b, struct json *request, struct err *e)
{
	struct json *reply = ask(b, request, e);

	json_free(request);
	return reply;
}

/* The whole id of what the user wrote, which may be its beginning. */
static bool find_id(struct batch *b, const char *word, char id[40], struct err *e)
{
	struct json *reply = ask_take(b, request_new("list"), e);
	size_t found = 0;
	char one[40];

	if (!reply)
		return false;
	for (const struct json *v = json_first(json_get(reply, "jobs")); v; v = json_next(v)) {
		if (!json_str(v, "id", one, sizeof(one)) || !str_starts_nocase(one, word))
			continue;
		found++;
		str_copy(id, 40, one);
	}
	json_free(reply);
	if (strlen(word) < ID_LEAST)
		return err_set(e, ERR_USAGE, "%s: an id needs its first %d letters", word, ID_LEAST);
	if (found > 1)
		return err_set(e, ERR_USAGE, "%s: %zu jobs begin so", word, found);
	return found == 1 || err_set(e, ERR_NOT_FOUND, "there is no job %s", word);
}

/* ---- verbs ---- */

static int print_jobs(struct batch *b)
{
	struct err e = { 0 };
	struct json *reply = ask_take(b, request_new("list"), &e);
	struct queue_job j;

	if (!reply)
		return fail_with(&e);
	for (const struct json *v = json_first(json_get(reply, "jobs")); v; v = json_next(v)) {
		if (!queue_job_read(v, &j))
			continue;
		if (b->out.format == OUT_TABLE)
			j.id[8] = '\0';
		out_row(&b->out, &j);
	}
	out_close(&b->out);
	json_free(reply);
	return EXIT_DONE;
}

static const struct act {
	const char *name;
	size_t args;		/* behind the verb; 0: any number of ids */
	const char *usage;
} acts[] = {
	{ "move", 2, "move ID PLACE (0 is next)" },
	{ "assign", 2, "assign ID PRINTER (or tag:X)" },
	{ "remove", 0, "remove ID..." },
	{ "hold", 0, "hold ID..." },
	{ "release", 0, "release ID..." },
};

static int act_on(struct batch *b, const struct act *a, const char *word, const char *argument)
{
	struct json *request = request_new(a->name), *reply;
	struct err e = { 0 };
	int64_t place = 0;
	char id[40];

	if (!find_id(b, word, id, &e)) {
		json_free(request);
		return fail_with(&e);
	}
	json_set_str(request, "id", id);
	if (str_eq(a->name, "move") && (!str_to_int64(argument, &place) || place < 0)) {
		json_free(request);
		return fail_usage(b, "%s is no place: 0 is next", argument);
	}
	if (str_eq(a->name, "move"))
		json_set_int(request, "to", place, -1);
	if (str_eq(a->name, "assign"))
		json_set_str(request, "printer", argument);
	if (str_eq(a->name, "hold"))
		json_set_str(request, "reason", options_str(&b->opt, OPTION_REASON));
	json_set_bool(request, "force", options_has(&b->opt, OPTION_FORCE));
	reply = ask_take(b, request, &e);
	json_free(reply);
	return reply ? EXIT_DONE : fail_with(&e);
}

static int act(struct batch *b, const struct words *args)
{
	int status = EXIT_DONE, one;

	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		const struct act *a = &acts[i];

		if (!str_eq(a->name, args->at[0]))
			continue;
		if (a->args ? args->n != a->args + 1 : args->n < 2)
			return fail_usage(b, "say %s", a->usage);
		if (a->args)
			return act_on(b, a, args->at[1], args->at[2]);
		for (size_t k = 1; k < args->n; k++) {
			one = act_on(b, a, args->at[k], NULL);
			status = one ? one : status;
		}
		return status;
	}
	return fail_usage(b, "say list, move, assign, hold, release or remove");
}

int verb_queue(struct batch *b)
{
	const struct words *args = &b->opt.args;
	bool list = !args->n || (args->n == 1 && str_eq(args->at[0], "list"));
	int status;

	if (!batch_output(b, &source, OUT_TABLE, &status) || !batch_open(b, PICK_ALL | PICK_NO_POLL, false, &status))
		return status;
	return list ? print_jobs(b) : act(b, args);
}
