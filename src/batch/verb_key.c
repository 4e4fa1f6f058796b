/* key: the keys that slicers and other programs bring to the gateway. */
#include "batch/batch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <printop/access.h>
#include <printop/mem.h>
#include <printop/str.h>

enum { KEY_NAME, KEY_UPLOAD, KEY_START, KEY_CONTROL, KEY_OVERWRITE, KEY_MADE, KEY_N };

static const struct out_column columns[KEY_N] = {
	[KEY_NAME] = { "name", "NAME", COL_TABLE | COL_JSON },
	[KEY_UPLOAD] = { "upload", "SENDS", COL_TABLE | COL_JSON },
	[KEY_START] = { "start", "STARTS", COL_TABLE | COL_JSON },
	[KEY_CONTROL] = { "control", "CONTROLS", COL_TABLE | COL_JSON },
	[KEY_OVERWRITE] = { "overwrite", "REPLACES", COL_TABLE | COL_JSON },
	[KEY_MADE] = { "made_at", "MADE", COL_TABLE | COL_JSON },
};

static struct cell cell(const void *row, size_t col)
{
	static const unsigned rights[KEY_N] = {
		[KEY_UPLOAD] = ACCESS_UPLOAD, [KEY_START] = ACCESS_START, [KEY_CONTROL] = ACCESS_CONTROL,
	};
	const struct access_client *c = row;

	if (col == KEY_NAME)
		return (struct cell){ CELL_TEXT, c->name, 0 };
	if (col == KEY_MADE)
		return (struct cell){ CELL_WHEN, NULL, c->made_at };
	if (col == KEY_OVERWRITE)
		return (struct cell){ CELL_BOOL, NULL, c->overwrite };
	return (struct cell){ CELL_BOOL, NULL, (c->rights & rights[col]) != 0 };
}

static const struct out_source source = {
	.columns = columns, .n_columns = KEY_N, .cell = cell,
};

static int list(struct batch *b, const struct access *a)
{
	int status;

	if (!batch_output(b, &source, OUT_TABLE, &status))
		return status;
	for (size_t i = 0; i < access_count(a); i++)
		out_row(&b->out, access_at(a, i));
	out_close(&b->out);
	return EXIT_DONE;
}

/* Sending is what keys are for: it is meant unless only other rights were named. */
static unsigned rights_of(const struct options *o)
{
	unsigned rights = 0;

	if (options_has(o, OPTION_UPLOADS) || options_has(o, OPTION_START))
		rights |= ACCESS_UPLOAD;
	if (options_has(o, OPTION_START))
		rights |= ACCESS_START;
	if (options_has(o, OPTION_CONTROL))
		rights |= ACCESS_CONTROL;
	return rights ? rights : options_has(o, OPTION_LOOK) ? ACCESS_LOOK : ACCESS_UPLOAD;
}

static int make(struct batch *b, struct access *a, const char *name)
{
	unsigned rights = rights_of(&b->opt);
	struct err e = { 0 };
	char key[64];

	if (!access_new(a, name, rights, !options_has(&b->opt, OPTION_NEW_NAMES), key, &e))
		return fail_with(&e);
	printf("%s\n", key);
	explicit_bzero(key, sizeof(key));
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "This key is shown once. It may %s%s%s.\n", rights & ACCESS_UPLOAD ? "send files" : "look",
			rights & ACCESS_START ? ", start prints" : "", rights & ACCESS_CONTROL ? ", pause and cancel" : "");
	return batch_flush(EXIT_DONE);
}

static int drop(struct access *a, const struct words *names)
{
	struct err e = { 0 };

	for (size_t i = 1; i < names->n; i++)
		if (!access_remove(a, names->at[i], &e))
			return fail_with(&e);
	return EXIT_DONE;
}

int verb_key(struct batch *b)
{
	const struct words *args = &b->opt.args;
	const char *what = args->n ? args->at[0] : "list";
	struct err e = { 0 };
	struct access *a = access_load(&e);
	int status;

	if (!a)
		return fail_with(&e);
	if (str_eq(what, "list") && args->n <= 1)
		status = list(b, a);
	else if (str_eq(what, "new") && args->n == 2)
		status = make(b, a, args->at[1]);
	else if (str_eq(what, "remove") && args->n > 1)
		status = drop(a, args);
	else
		status = fail_usage(b, "say new NAME, list, or remove NAME");
	access_free(a);
	return status;
}
