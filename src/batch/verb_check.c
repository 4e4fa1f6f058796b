/* check: is the configuration right, and does each printer answer with its key? */
#include "batch/batch.h"

#include <stdio.h>
#include <unistd.h>
#include <printop/str.h>
#include "batch/printers.h"

enum { CHECK_NAME, CHECK_OK, CHECK_URL, CHECK_DIALECT, CHECK_VERSION, CHECK_ACCESS, CHECK_STATE,
	CHECK_TEXT, CHECK_WHERE, CHECK_N };

static const struct out_column columns[CHECK_N] = {
	[CHECK_NAME] = { "name", "NAME", COL_TABLE | COL_JSON },
	[CHECK_OK] = { "ok", "WELL", COL_TABLE | COL_JSON | COL_ROLE },
	[CHECK_URL] = { "url", "URL", COL_JSON },
	[CHECK_DIALECT] = { "dialect", "DIALECT", COL_TABLE | COL_JSON },
	[CHECK_VERSION] = { "version", "VERSION", COL_TABLE | COL_JSON },
	[CHECK_ACCESS] = { "access", "ACCESS", COL_TABLE | COL_JSON },
	[CHECK_STATE] = { "state", "STATE", COL_TABLE | COL_JSON },
	[CHECK_TEXT] = { "text", "WHAT", COL_TABLE | COL_JSON },
	[CHECK_WHERE] = { "where", "IN", COL_JSON },
};

struct check_row {
	const struct printer *p;
	bool ok;
	char text[TEXT_CAP * 2];
};

static struct cell cell(const void *row, size_t col)
{
	const struct check_row *r = row;
	const struct printer *p = r->p;

	switch (col) {
	case CHECK_NAME:
		return (struct cell){ CELL_TEXT, p->config.name, 0 };
	case CHECK_OK:
		return (struct cell){ CELL_BOOL, NULL, r->ok };
	case CHECK_URL:
		return (struct cell){ CELL_TEXT, p->config.url, 0 };
	case CHECK_DIALECT:
		return (struct cell){ CELL_TEXT, field_str(p, FIELD_DIALECT), 0 };
	case CHECK_VERSION:
		return (struct cell){ CELL_TEXT, field_str(p, FIELD_VERSION), 0 };
	case CHECK_ACCESS:
		return (struct cell){ CELL_TEXT, field_str(p, FIELD_ACCESS), 0 };
	case CHECK_STATE:
		return (struct cell){ CELL_TEXT, printer_status_info(p->state.status)->name, 0 };
	case CHECK_TEXT:
		return (struct cell){ CELL_TEXT, r->text[0] ? r->text : NULL, 0 };
	default:
		return (struct cell){ CELL_TEXT, p->config.where, 0 };
	}
}

static enum role role(const void *row)
{
	return ((const struct check_row *)row)->ok ? ROLE_GOOD : ROLE_BAD;
}

static const struct out_source source = {
	.columns = columns, .n_columns = CHECK_N, .cell = cell, .role = role,
};

/* What to do about it, for the troubles that the configuration can mend. */
static void advice(const struct printer *p, char *buf, size_t size)
{
	const char *where = p->config.where ? p->config.where : "printers.conf";

	buf[0] = '\0';
	if (p->state.status == PRINTER_OFFLINE)
		str_printf(buf, size, ": is the host on, and is %s its address?", p->config.url);
	else if (p->state.status == PRINTER_UNAUTHORIZED && secret_is_set(&p->config.key))
		str_printf(buf, size, ": mend its %s in %s",
			   p->config.key_source ? p->config.key_source : "key", where);
	else if (p->state.status == PRINTER_UNAUTHORIZED)
		str_printf(buf, size, ": it has no key; give it one in %s", where);
}

static void judge(struct check_row *r)
{
	const struct printer *p = r->p;
	const char *reason = field_str(p, FIELD_REASON);
	char more[TEXT_CAP];

	if (!reason || !*reason)
		reason = p->state.status == PRINTER_UNKNOWN ? "no answer in time" : "";
	r->ok = printers_look_status(p) == EXIT_DONE;
	advice(p, more, sizeof(more));
	str_printf(r->text, sizeof(r->text), "%s%s", reason, more);
	if (!r->text[0] && str_eq(p->state.access, "read-only"))
		str_copy(r->text, sizeof(r->text), "its key may look, but not act");
}

/* Every verb tells the warnings on a terminal; this one tells them into a pipe and a log as well. */
static size_t print_warnings(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_issues; i++) {
		if (c->issues[i].severity != CONFIG_WARNING)
			continue;
		n++;
		if (!isatty(STDERR_FILENO))
			say("%s: warning: %s", c->issues[i].where, c->issues[i].text);
	}
	return n;
}

static void print_heading(const struct batch *b)
{
	const struct config *c = b->app->config;
	size_t warnings = print_warnings(c);

	if (b->out.format != OUT_TABLE || !b->out.header)
		return;
	printf("%s: %zu printers, %zu warnings\n", c->path ? c->path : "the demo",
	       fleet_count(b->app->fleet), warnings);
}

int verb_check(struct batch *b)
{
	const unsigned pick = PICK_ALL | PICK_ARGS | PICK_FIRST_ROUND | PICK_ALL_TOPICS;
	bool quiet = options_has(&b->opt, OPTION_QUIET);
	struct tally t = { 0 };
	int status;

	if (!batch_output(b, &source, OUT_TABLE, &status) ||
	    !batch_open(b, pick, false, &status))
		return status;
	if (!quiet)
		print_heading(b);
	for (size_t i = 0; i < b->n_ids; i++) {
		struct check_row r = { .p = fleet_get(b->app->fleet, b->ids[i]) };

		if (!r.p)
			continue;
		judge(&r);
		printers_count_look(&t, r.p);
		if (!quiet || !r.ok)
			out_row(&b->out, &r);
	}
	out_close(&b->out);
	return tally_all(&t);
}
