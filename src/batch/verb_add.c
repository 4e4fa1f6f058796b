/* add, remove, rename: printers that have a file of their own in printers.d. */
#include "batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/adopt.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "batch/terminal.h"

#define TICK_MS 500

enum { ADD_NAME, ADD_URL, ADD_DIALECT, ADD_VERSION, ADD_ACCESS, ADD_KEY, ADD_FILE, ADD_N };

static const struct out_column columns[ADD_N] = {
	[ADD_NAME] = { "name", "NAME", COL_TABLE | COL_JSON },
	[ADD_URL] = { "url", "URL", COL_TABLE | COL_JSON },
	[ADD_DIALECT] = { "dialect", "DIALECT", COL_TABLE | COL_JSON },
	[ADD_VERSION] = { "version", "VERSION", COL_TABLE | COL_JSON },
	[ADD_ACCESS] = { "access", "ACCESS", COL_TABLE | COL_JSON },
	[ADD_KEY] = { "has_key", "KEY", COL_TABLE | COL_JSON },
	[ADD_FILE] = { "file", "FILE", COL_JSON },
};

struct adding {
	struct batch *b;
	struct adopt_tls tls;
	struct adopt *adopt;
	struct adopt_access *access;
	struct adopt_found found;
	struct secret key;
	char *ca_file;		/* a whole path: the file is read from elsewhere */
	char *file;
	bool told;		/* that somebody is to press Allow */
};

static struct cell cell(const void *row, size_t col)
{
	const struct adding *g = row;
	const char *const texts[ADD_N] = {
		[ADD_NAME] = g->found.name,	   [ADD_URL] = g->found.url,
		[ADD_DIALECT] = g->found.dialect,  [ADD_VERSION] = g->found.in.version,
		[ADD_ACCESS] = g->found.in.access, [ADD_FILE] = g->file,
	};

	if (col == ADD_KEY)
		return (struct cell){ CELL_BOOL, NULL, secret_is_set(&g->key) };
	return (struct cell){ CELL_TEXT, texts[col] && *texts[col] ? texts[col] : NULL, 0 };
}

static const struct out_source source = {
	.columns = columns, .n_columns = ADD_N, .cell = cell,
};

/* ---- which server ---- */

static void on_change(void *ctx)
{
	batch_look_again(((struct adding *)ctx)->b);
}

static bool looked(void *ctx)
{
	return adopt_ended(((struct adding *)ctx)->adopt);
}

static void list_found(const struct adding *g)
{
	for (size_t i = 0; i < adopt_count(g->adopt); i++) {
		const struct adopt_found *f = adopt_at(g->adopt, i);

		fprintf(stderr, "  %zu  %-9s %-28s %s%s%s\n", i + 1, f->title, f->url, f->name,
			f->twin[0] ? ", already in the fleet as " : "", f->twin);
	}
}

/* Which of several; the first one with --yes. */
static bool choose_one(struct adding *g, size_t *ret, int *status)
{
	char answer[16];
	int64_t n;

	*ret = 0;
	if (adopt_count(g->adopt) == 1 || options_has(&g->b->opt, OPTION_YES))
		return true;
	say("several servers are there:");
	list_found(g);
	*status = EXIT_BAD_USAGE;
	if (!terminal_has_person()) {
		say("write the port of the one that you mean behind the address, or --yes for the "
		    "first");
		return false;
	}
	if (!terminal_ask("Which one (its number)? ", answer, sizeof(answer)) ||
	    !str_to_int64(str_trim(answer), &n) || n < 1 || (size_t)n > adopt_count(g->adopt))
		return say("nothing was added"), false;
	*ret = (size_t)n - 1;
	return true;
}

static bool find_server(struct adding *g, const struct adopt_address *address, int *status)
{
	size_t i;

	g->adopt = adopt_new(g->b->app, address, &g->tls, on_change, g);
	if (batch_wait(g->b, looked, g, NAN, 0) == BATCH_SIGNAL) {
		*status = batch_signal_status(g->b);
		return false;
	}
	if (!adopt_count(g->adopt)) {
		*status = fail_with(adopt_error(g->adopt));
		return false;
	}
	if (!choose_one(g, &i, status))
		return false;
	g->found = *adopt_at(g->adopt, i);
	if (!g->found.twin[0])
		return true;
	say("%s is in the fleet already: %s", g->found.url, g->found.twin);
	*status = EXIT_BAD_USAGE;
	return false;
}

/* ---- access ---- */

static bool decided(void *ctx)
{
	struct adding *g = ctx;
	enum adopt_state s = adopt_access_state(g->access);
	double left_s = adopt_access_left_s(g->access);

	if (s == ADOPT_ASKS && left_s > 0 && isatty(STDERR_FILENO)) {
		fprintf(stderr, "\rPress Allow at %s  (%d:%02d left, Ctrl-C stops) ", g->found.url,
			(int)left_s / 60, (int)left_s % 60);
		g->told = true;
	} else if (s == ADOPT_ASKS && left_s > 0 && !g->told) {
		say("press Allow at %s: OctoPrint asks there whether printop may have a key",
		    g->found.url);
		g->told = true;
	}
	return s == ADOPT_GRANTED || s == ADOPT_REFUSED;
}

static bool get_access(struct adding *g, const struct adopt_ask *ask, int *status)
{
	enum batch_end end;

	g->access = adopt_access_new(g->b->app, &g->found, &g->tls, ask, on_change, g);
	end = batch_wait(g->b, decided, g, NAN, TICK_MS);
	if (g->told && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	if (end == BATCH_SIGNAL) {
		*status = batch_signal_status(g->b);
		return false;
	}
	if (adopt_access_state(g->access) == ADOPT_REFUSED) {
		*status = fail_with(adopt_access_error(g->access));
		if (ask->limit_s > 0)
			say("nothing was added; --key-file and --key-stdin give it a key, --no-key "
			    "adds it without one");
		return false;
	}
	g->found = *adopt_access_found(g->access);
	secret_set(&g->key, adopt_access_key(g->access));
	return true;
}

static bool log_in(struct adding *g, const char *user, int *status)
{
	char password[256], question[160];
	struct adopt_ask ask = { .user = user, .password = password, .limit_s = 30 };
	bool ok = false;

	str_printf(question, sizeof(question), "Password of %s at %s: ", user, g->found.url);
	if (terminal_ask_secret(question, password, sizeof(password)))
		ok = get_access(g, &ask, status);
	else
		*status = fail_usage(
			g->b, "--user reads a password from the terminal, and there is none");
	explicit_bzero(password, sizeof(password));
	return ok;
}

static bool press_allow(struct adding *g, int *status)
{
	double limit_s = options_num(&g->b->opt, OPTION_TIMEOUT);
	const struct adopt_ask ask = { .limit_s = isnan(limit_s) ? ADOPT_ALLOW_S : limit_s };

	return get_access(g, &ask, status);
}

/* A key that was given is tried in any case: a wrong one would lock out even a trusted client. */
static bool settle_access(struct adding *g, int *status)
{
	const char *user = options_str(&g->b->opt, OPTION_USER);

	if (secret_is_set(&g->key)) {
		const struct adopt_ask ask = { .key = g->key.value };

		return get_access(g, &ask, status);
	}
	if (user)
		return log_in(g, user, status);
	if (str_eq(g->found.in.access, "full") || options_has(&g->b->opt, OPTION_NO_KEY) ||
	    options_has(&g->b->opt, OPTION_DRY_RUN))
		return true;
	if (g->found.in.grants)
		return press_allow(g, status);
	say("%s wants a key: give it with --key-file or --key-stdin%s, or --no-key adds it as it "
	    "is",
	    g->found.url,
	    g->found.in.logs_in
		    ? ", log in with --user, let it trust this computer (trusted_clients)"
		    : "");
	*status = EXIT_BAD_KEY;
	return false;
}

/* ---- the key that was given ---- */

static bool key_from_stdin(struct secret *key, struct err *e)
{
	char text[LIMIT_KEY_BYTES + 8];
	bool ok = fgets(text, sizeof(text), stdin)
			  ? adopt_key_accept(text, key, e)
			  : err_set(e, ERR_USAGE, "--key-stdin: nothing came");

	explicit_bzero(text, sizeof(text));
	return ok;
}

static bool read_key(struct adding *g, struct err *e)
{
	const char *file = options_str(&g->b->opt, OPTION_KEY_FILE);
	int ways = (file != NULL) + options_has(&g->b->opt, OPTION_KEY_STDIN) +
		   options_has(&g->b->opt, OPTION_USER) + options_has(&g->b->opt, OPTION_NO_KEY);

	if (ways > 1)
		return err_set(e, ERR_USAGE,
			       "only one of --key-file, --key-stdin, --user and --no-key");
	if (file)
		return adopt_key_from_file(file, &g->key, e);
	return !options_has(&g->b->opt, OPTION_KEY_STDIN) || key_from_stdin(&g->key, e);
}

/* ---- the whole ---- */

static bool write_it(struct adding *g, int *status)
{
	const struct words *tags = options_all(&g->b->opt, OPTION_TAG);
	struct adopt_printer p = {
		.name = g->found.name, .url = g->found.url, .dialect = g->found.dialect,
		.key = g->key.value, .group = options_str(&g->b->opt, OPTION_GROUP),
		.tags = (const char *const *)tags->at, .n_tags = tags->n, .tls = g->tls,
	};
	struct err e = { 0 };

	if (options_has(&g->b->opt, OPTION_DRY_RUN))
		return true;
	if (adopt_write(g->b->app, &p, &g->file, &e))
		return true;
	*status = e.code == ERR_USAGE ? (say("%s", e.text), EXIT_BAD_USAGE) : fail_with(&e);
	return false;
}

static void print_it(const struct adding *g)
{
	struct batch *b = g->b;
	const char *access = g->found.in.access;

	if (b->out.format != OUT_TABLE) {
		out_row(&b->out, g);
		out_close(&b->out);
		return;
	}
	printf("%s %s: %s%s%s at %s, access %s%s%s\n", g->file ? "added" : "would add",
	       g->found.name, g->found.title, g->found.in.version[0] ? " " : "",
	       g->found.in.version, g->found.url, *access ? access : "unknown",
	       g->file ? ", in " : "", g->file ? g->file : "");
}

static int add(struct adding *g, const struct adopt_address *address)
{
	const char *name = options_str(&g->b->opt, OPTION_NAME);
	int status = EXIT_DONE;

	if (!find_server(g, address, &status) || !settle_access(g, &status))
		return status;
	if (name)
		str_copy(g->found.name, sizeof(g->found.name), name);
	if (!write_it(g, &status))
		return status;
	print_it(g);
	return EXIT_DONE;
}

/*
 * A configuration that is named but not there is a mistake elsewhere; here it is what shall be
 * made. Returns the folder that was made for it, NULL none; the caller frees.
 */
static char *make_place(struct batch *b)
{
	char *path = config_find(b->env->config_option), *dir = NULL, *folder = NULL;
	struct err e;

	if (path && access(path, F_OK) != 0 && str_eq(str_basename(path), "printers.conf")) {
		dir = path_dirname(path);
		folder = path_join(dir, "printers.d");
		if (access(folder, F_OK) == 0 || !path_make_dirs(folder, &e)) {
			free(folder);
			folder = NULL;
		}
	}
	free(dir);
	free(path);
	return folder;
}

static int start(struct adding *g)
{
	struct batch *b = g->b;
	struct adopt_address address;
	struct err e = { 0 };
	int status;

	if (b->opt.args.n != 1)
		return fail_usage(
			b, "one address, such as 10.0.4.21, octopi.local or http://host/prefix");
	if (!adopt_address_parse(b->opt.args.at[0], &address, &e) || !read_key(g, &e))
		return fail_usage(b, "%s", e.text);
	if (!batch_output(b, &source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_ALL | PICK_NO_POLL, false, &status))
		return status;
	return add(g, &address);
}

int verb_add(struct batch *b)
{
	const char *ca_file = options_str(&b->opt, OPTION_CA_FILE);
	struct adding g = { .b = b, .ca_file = ca_file ? realpath(ca_file, NULL) : NULL };
	char *made = b->env->demo ? NULL : make_place(b);
	int status;

	g.tls = (struct adopt_tls){ g.ca_file, options_str(&b->opt, OPTION_PIN),
				    options_has(&b->opt, OPTION_INSECURE) };
	if (ca_file && !g.ca_file)
		status = fail_usage(b, "%s cannot be read", ca_file);
	else
		status = start(&g);
	adopt_access_free(g.access);
	adopt_free(g.adopt);
	secret_done(&g.key);
	free(g.file);
	free(g.ca_file);
	if (made)
		rmdir(made);	/* does nothing when there is a printer in it now */
	free(made);
	return status;
}

int verb_remove(struct batch *b)
{
	struct err e = { 0 };
	char *path;
	int status;

	if (b->opt.args.n != 1)
		return fail_usage(b, "one name");
	if (!batch_open(b, PICK_ALL | PICK_NO_POLL, false, &status))
		return status;
	if (!adopt_remove(b->app, b->opt.args.at[0], &path, &e))
		return fail_with(&e);
	printf("removed %s: %s is gone\n", b->opt.args.at[0], path);
	free(path);
	return EXIT_DONE;
}

int verb_rename(struct batch *b)
{
	struct err e = { 0 };
	char *path;
	int status;

	if (b->opt.args.n != 2)
		return fail_usage(b, "the name, and the new one");
	if (!batch_open(b, PICK_ALL | PICK_NO_POLL, false, &status))
		return status;
	if (!adopt_rename(b->app, b->opt.args.at[0], b->opt.args.at[1], &path, &e))
		return fail_with(&e);
	printf("%s is %s now, in %s\n", b->opt.args.at[0], b->opt.args.at[1], path);
	free(path);
	return EXIT_DONE;
}
