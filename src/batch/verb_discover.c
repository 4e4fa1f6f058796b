/* discover: servers nearby, shown as they are found. */
#include "batch/batch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <printop/discover.h>
#include <printop/str.h>
#include "batch/terminal.h"

#define LISTEN_S 5.0

enum {
	DISC_URL,
	DISC_DIALECT,
	DISC_NAME,
	DISC_ACCESS,
	DISC_VERSION,
	DISC_PRINTER,
	DISC_ANNOUNCED,
	DISC_N
};

static const struct out_column columns[DISC_N] = {
	[DISC_URL] = { "url", "ADDRESS", COL_TABLE | COL_JSON },
	[DISC_DIALECT] = { "dialect", "DIALECT", COL_TABLE | COL_JSON },
	[DISC_NAME] = { "name", "NAME", COL_TABLE | COL_JSON },
	[DISC_ACCESS] = { "access", "ACCESS", COL_TABLE | COL_JSON },
	[DISC_VERSION] = { "version", "VERSION", COL_TABLE | COL_JSON },
	[DISC_PRINTER] = { "printer", "IN THE FLEET AS", COL_TABLE | COL_JSON },
	[DISC_ANNOUNCED] = { "announced", "ANNOUNCED", COL_JSON },
};

struct looking {
	struct batch *b;
	struct discover *d;
	size_t shown;
	bool live;		/* a line at once, for people */
};

static struct cell cell(const void *row, size_t col)
{
	const struct discovered *x = row;
	const char *const texts[DISC_N] = {
		[DISC_URL] = x->f.url,
		[DISC_DIALECT] = x->f.dialect,
		[DISC_NAME] = x->f.name,
		[DISC_ACCESS] = x->f.in.access,
		[DISC_VERSION] = x->f.in.version,
		[DISC_PRINTER] = x->f.twin,
	};

	if (col == DISC_ANNOUNCED)
		return (struct cell){ CELL_BOOL, NULL, x->announced };
	return (struct cell){ CELL_TEXT, *texts[col] ? texts[col] : NULL, 0 };
}

static const struct out_source source = {
	.columns = columns, .n_columns = DISC_N, .cell = cell,
};

/* ---- as they are found ---- */

static void print_found(struct looking *l, const struct discovered *x)
{
	if (!l->live) {
		out_row(&l->b->out, x);
		return;
	}
	printf("%-32s %-10s %-16s %-10s %s%s\n", x->f.url, x->f.title,
	       x->f.in.version[0] ? x->f.in.version : "-", x->f.in.access[0] ? x->f.in.access : "-",
	       x->f.name, x->f.twin[0] ? ", in the fleet already" : "");
	fflush(stdout);
}

static void on_change(void *ctx)
{
	struct looking *l = ctx;

	while (l->d && l->shown < discover_count(l->d))
		print_found(l, discover_at(l->d, l->shown++));
	batch_look_again(l->b);
}

static bool looked(void *ctx)
{
	return discover_ended(((struct looking *)ctx)->d);
}

/* ---- the range ---- */

static bool confirmed(struct batch *b, const struct discover_range *r)
{
	char what[120], question[200], answer[16];

	if (options_has(&b->opt, OPTION_YES))
		return true;
	discover_range_describe(r, what, sizeof(what));
	if (!terminal_has_person()) {
		say("this would ask %s: add --yes when this is what you mean; nothing was asked",
		    what);
		return false;
	}
	str_printf(question, sizeof(question), "Ask %s? y = yes: ", what);
	return terminal_ask(question, answer, sizeof(answer)) && str_eq(str_trim(answer), "y");
}

/* False with *status; *has: there is a range. */
static bool read_range(struct batch *b, struct discover_range *r, bool *has, int *status)
{
	const char *text = options_str(&b->opt, OPTION_RANGE);
	struct err e = { 0 };

	if (b->opt.args.n + (text != NULL) > 1) {
		*status = fail_usage(b, "one range");
		return false;
	}
	if (!text && b->opt.args.n)
		text = b->opt.args.at[0];
	*has = text != NULL;
	if (!text)
		return true;
	*status = EXIT_BAD_USAGE;
	if (discover_range_parse(text, r, &e))
		return confirmed(b, r);
	*status = fail_usage(b, "%s", e.text);
	return false;
}

/* ---- the whole ---- */

static int look(struct looking *l, const struct discover_range *range)
{
	struct batch *b = l->b;
	double listen_s = options_num(&b->opt, OPTION_TIMEOUT);
	enum batch_end end;
	bool said;

	l->d = discover_new(b->app, range, isnan(listen_s) ? LISTEN_S : listen_s, on_change, l);
	said = discover_trouble(l->d)[0];
	if (said)
		say("%s", discover_trouble(l->d));
	end = batch_wait(b, looked, l, NAN, 0);
	on_change(l);
	out_close(&b->out);
	if (discover_trouble(l->d)[0] && !said)
		say("%s", discover_trouble(l->d));
	if (l->live && !discover_count(l->d) && end == BATCH_DONE)
		say("nothing was found%s",
		    range ? "" : "; --range 10.0.4.0/24 looks through addresses");
	else if (l->live && isatty(STDERR_FILENO))
		say("printop add ADDRESS adds one");
	discover_free(l->d);
	return end == BATCH_SIGNAL ? batch_signal_status(b) : EXIT_DONE;
}

int verb_discover(struct batch *b)
{
	struct looking l = { .b = b };
	struct discover_range range;
	bool has_range;
	int status;

	if (!read_range(b, &range, &has_range, &status) ||
	    !batch_output(b, &source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_ALL | PICK_NO_POLL, false, &status))
		return status;
	l.live = b->out.format == OUT_TABLE && !options_has(&b->opt, OPTION_FIELDS);
	return look(&l, has_range ? &range : NULL);
}
