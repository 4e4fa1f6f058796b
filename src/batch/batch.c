/* One shell verb from the command line to the exit status: options, printers, polls, output. */
#include "batch/batch.h"

#include <errno.h>
#include <langinfo.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/poller.h>
#include <printop/str.h>
#include <printop/text.h>

#define STDIN_CAP (1u << 20)
#define ROUND_TICK_MS 10
#define HINT_ADD "add them to printers.conf (see man printers.conf), or try printop --demo"

/* ---- messages ---- */

void say(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("printop: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

int fail_with(const struct err *e)
{
	say("%s", e->text);
	return e->code == ERR_NOT_FOUND ? EXIT_BAD_USAGE : err_exit_status(e->code);
}

int fail_usage(const struct batch *b, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say("%s: %s", b->verb->name, text);
	fprintf(stderr, "usage: printop %s %s   (printop help %s)\n", b->verb->name,
		batch_verb_args(b->verb), b->verb->name);
	return EXIT_BAD_USAGE;
}

/* ---- output ---- */

static bool want_color(const struct batch *b)
{
	const char *how = options_str(&b->opt, OPTION_COLOR), *term = getenv("TERM"),
		*no_color = getenv("NO_COLOR");

	if (!how)
		how = b->app ? settings_str(&b->app->config->settings, SETTING_COLOR) : "auto";
	if (str_eq(how, "always") || str_eq(how, "never"))
		return str_eq(how, "always");
	return isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term &&
		!str_eq(term, "dumb");
}

static bool want_ascii(const struct batch *b)
{
	const char *how = !b->app ? "auto" :
		settings_str(&b->app->config->settings, SETTING_CHARSET);

	if (str_eq(how, "auto"))
		return !str_eq_nocase(nl_langinfo(CODESET), "UTF-8");
	return str_eq(how, "ascii");
}

int batch_terminal_width(int fd)
{
	struct winsize size = { 0 };

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

static void style_output(struct batch *b)
{
	const char *theme = b->app ? settings_str(&b->app->config->settings, SETTING_THEME) : NULL;

	b->out.color = want_color(b);
	b->out.ascii = want_ascii(b);
	b->out.width = batch_terminal_width(STDOUT_FILENO);
	if (b->out.color && theme)	/* the built-in theme stays when it cannot be read */
		theme_load(theme, &b->out.theme, NULL);
}

bool batch_output(struct batch *b, const struct out_source *source, enum out_format standard,
		  int *status)
{
	struct err e = { 0 };

	if (!out_open(&b->out, stdout, source, &b->opt, standard, &e)) {
		*status = fail_usage(b, "%s", e.text);
		return false;
	}
	style_output(b);
	return true;
}

bool batch_pipe_closed(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) > 0 && (p.revents & POLLERR) != 0;
}

int batch_flush(int status)
{
	bool now = fflush(stdout) != 0;

	if (!now && !ferror(stdout))
		return status;
	if (batch_pipe_closed() || (now && errno == EPIPE))
		return status;
	fprintf(stderr, "printop: cannot write the output: %s\n", strerror(now ? errno : EIO));
	return EXIT_SOME_FAILED;
}

/* ---- selectors ---- */

static char *read_stdin(void)
{
	struct sbuf b = SBUF_INIT(STDIN_CAP);
	char chunk[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && !sbuf_add(&b, chunk, (size_t)n))
			break;
	return sbuf_take(&b);
}

/* A selector word, or for `-` each line of stdin. */
static void add_target(struct batch *b, char *word)
{
	char *rest, *line;

	if (!str_eq(word, "-")) {
		words_add(&b->targets, word);
		return;
	}
	if (b->target_text)
		return;
	rest = b->target_text = read_stdin();
	while ((line = str_token(&rest, "\r\n")) != NULL) {
		line = str_trim(line);
		if (*line)
			words_add(&b->targets, line);
	}
}

static bool read_targets(struct batch *b, unsigned pick, int *status)
{
	const struct words *named = options_all(&b->opt, OPTION_TO), *args = &b->opt.args;

	for (size_t i = 0; i < named->n; i++)
		add_target(b, named->at[i]);
	for (size_t i = 0; (pick & PICK_ARGS) && i < args->n; i++)
		add_target(b, args->at[i]);
	if (b->targets.n > 0 || (pick & PICK_ALL))
		return true;
	if (b->target_text) {
		say("%s: no names on the standard input: nothing to do", b->verb->name);
		*status = EXIT_DONE;
	} else {
		*status = fail_usage(b, "which printers? Give a name, tag:X, state:X ..., or all");
	}
	return false;
}

/*
 * A selector that asks for a state may match nothing, and that is no mistake. A name or tag that
 * does not exist is one: so each word that needs no state is tried alone, before any poll.
 */
static bool check_words(struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->targets.n; i++) {
		const char *word = b->targets.at[i];
		struct selector *s = selector_parse(&word, 1, e);
		uint32_t *ids = NULL;
		size_t n;
		bool good = s;

		if (good && !selector_needs_state(s) && word[0] != '!') {
			ids = selector_ids(s, b->app->fleet, &n, e);
			good = ids;
		}
		free(ids);
		selector_free(s);
		if (!good)
			return false;
	}
	return true;
}

/* The name itself is among the words, not a glob or tag that fits it. */
static bool named_exactly(const struct batch *b, const struct printer *p)
{
	size_t len = strlen(p->config.name);

	for (size_t i = 0; i < b->targets.n; i++) {
		for (const char *w = b->targets.at[i]; *w; w += strspn(w, ",")) {
			size_t n = strcspn(w, ",");

			if (n == len && strncasecmp(w, p->config.name, n) == 0)
				return true;
			w += n;
		}
	}
	return false;
}

static void leave_out_parked(struct batch *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n_ids; i++) {
		const struct printer *p = fleet_get(b->app->fleet, b->ids[i]);

		if (!p->config.parked || named_exactly(b, p))
			b->ids[kept++] = b->ids[i];
		else
			say("%s is parked and left out", p->config.name);
	}
	b->n_ids = kept;
}

/* All printers, or none when stdin was to name them and was empty. */
static void take_all(struct batch *b)
{
	b->n_ids = b->target_text ? 0 : fleet_count(b->app->fleet);
	b->ids = mem_zalloc(b->n_ids + 1, sizeof(*b->ids));
	for (size_t i = 0; i < b->n_ids; i++)
		b->ids[i] = fleet_at(b->app->fleet, i)->id;
}

static bool choose(struct batch *b, unsigned pick, int *status)
{
	struct err e = { 0 };

	if (!b->selector) {
		take_all(b);
	} else {
		b->ids = selector_ids(b->selector, b->app->fleet, &b->n_ids, &e);
		if (!b->ids && !selector_needs_state(b->selector)) {
			*status = fail_with(&e);
			return false;
		}
	}
	if (pick & PICK_ACT)
		leave_out_parked(b);
	if (b->n_ids == 0 && !(pick & PICK_ALL)) {
		say("%s: %s: nothing to do", b->verb->name,
		    e.text[0] ? e.text : "no printer matches");
		*status = EXIT_DONE;
		return false;
	}
	return true;
}

/* ---- the app ---- */

static bool first_round_done(void *ctx)
{
	struct batch *b = ctx;

	return poller_first_round_done(b->app->poller);
}

static bool ask_once(struct batch *b, int *status)
{
	const struct settings *s = &b->app->config->settings;
	double limit_s = options_num(&b->opt, OPTION_TIMEOUT);

	/*
	 * A silent Moonraker is asked a second question, to tell it from a silent Klippy; requests
	 * of a large fleet wait for each other.
	 */
	if (isnan(limit_s))
		limit_s = 1 + settings_num(s, SETTING_CONNECT_TIMEOUT) +
			2 * settings_num(s, SETTING_REPLY_TIMEOUT) +
			(double)fleet_count(b->app->fleet) / 100;
	if (batch_wait(b, first_round_done, b, limit_s, ROUND_TICK_MS) != BATCH_SIGNAL)
		return true;
	*status = batch_signal_status(b);
	return false;
}

static bool some_printers(struct batch *b, unsigned pick, int *status)
{
	const char *path = b->app->config->path;

	if (fleet_count(b->app->fleet) > 0 || ((pick & PICK_NO_POLL) && b->targets.n == 0))
		return true;
	if (!path)
		say("no printers are configured: " HINT_ADD);
	else
		say("%s has no printers: " HINT_ADD, path);
	*status = EXIT_BAD_USAGE;
	return path && (pick & PICK_ALL) && b->targets.n == 0;
}

static bool parse_selector(struct batch *b, unsigned pick, int *status)
{
	struct err e = { 0 };

	if (b->targets.n == 0)
		return true;
	b->selector = selector_parse((const char *const *)b->targets.at, b->targets.n, &e);
	if (!b->selector || !check_words(b, &e)) {
		*status = fail_with(&e);
		return false;
	}
	if ((pick & PICK_NO_POLL) && selector_needs_state(b->selector)) {
		*status = fail_usage(b, "state: means nothing here, no printer is asked");
		return false;
	}
	return true;
}

bool batch_open(struct batch *b, unsigned pick, bool events, int *status)
{
	bool need_state;

	if (!read_targets(b, pick, status))
		return false;
	*status = EXIT_BAD_USAGE;
	b->app = b->env->make_app(b->env->ctx, events, status);
	if (!b->app)
		return false;
	style_output(b);
	if (!some_printers(b, pick, status))
		return false;
	if (!parse_selector(b, pick, status))
		return false;
	need_state = b->selector && selector_needs_state(b->selector);
	if (!need_state && !choose(b, pick, status))
		return false;
	if ((pick & PICK_NO_POLL) || (!need_state && b->n_ids == 0))
		return true;
	if (!(pick & PICK_ALL_TOPICS))
		poller_topics(b->app->poller, TOPICS_LOOK);
	poller_start(b->app->poller);
	if (!need_state)	/* one name costs one printer's requests */
		poller_only(b->app->poller, b->ids, b->n_ids);
	if ((need_state || (pick & PICK_FIRST_ROUND)) && !ask_once(b, status))
		return false;
	return !need_state || choose(b, pick, status);
}

const char *batch_name(const struct batch *b, uint32_t id)
{
	const struct printer *p = fleet_get(b->app->fleet, id);

	return p ? p->config.name : "";
}

int batch_name_width(const struct batch *b)
{
	int width = 0;

	for (size_t i = 0; i < b->n_ids; i++) {
		int w = text_width(batch_name(b, b->ids[i]));

		width = w > width ? w : width;
	}
	return width;
}

/* ---- entry ---- */

static int unknown_verb(const char *name)
{
	const struct batch_verb *v;
	char hint[NEAREST_HINT];
	struct nearest n;

	nearest_init(&n, name);
	for (size_t i = 0; (v = batch_verb_at(i)) != NULL; i++)
		if (!v->hidden)
			nearest_try(&n, v->name);
	say("unknown verb \"%s\"%s   (printop help lists them)", name,
	    nearest_hint(&n, hint, sizeof(hint)));
	return EXIT_BAD_USAGE;
}

static int run_verb(struct batch *b)
{
	struct err e = { 0 };

	if (b->verb->own_options)
		return b->verb->run(b);
	if (!options_parse(&b->opt, b->verb->name, b->argc, b->argv, &e)) {
		say("%s", e.text);
		return EXIT_BAD_USAGE;
	}
	if (options_has(&b->opt, OPTION_HELP)) {
		batch_verb_help(b->verb, stdout);
		return EXIT_DONE;
	}
	return b->verb->run(b);
}

int batch_run(const struct batch_env *env, int argc, char **argv)
{
	static char status_verb[] = "status";
	char *alone[] = { status_verb, NULL };
	struct batch b = { .env = env, .argc = argc, .argv = argv };
	int status;

	if (argc == 0) {
		b.argc = 1;
		b.argv = alone;
	}
	b.verb = batch_verb_find(b.argv[0]);
	if (!b.verb)
		return unknown_verb(b.argv[0]);
	status = batch_flush(run_verb(&b));
	out_done(&b.out);
	selector_free(b.selector);
	free(b.ids);
	free(b.target_text);
	words_done(&b.targets);
	options_done(&b.opt);
	return status;
}
