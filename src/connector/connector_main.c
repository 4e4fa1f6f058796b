/* `printop connector`: the connector by itself, with the command line of the original. */
#include "connector/parts.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/config.h>
#include <printop/limits.h>
#include <printop/path.h>
#include <printop/poller.h>
#include <printop/str.h>
#include <printop/transport.h>

enum { EXIT_WELL = 0, EXIT_BAD = 1, EXIT_ARGS = 2 };

struct program {
	struct app *app;
	struct connector *connector;
	const char *config, *level;
	bool once, version, help, read_only;
	int signo;
};

static const char usage[] =
	"usage: printop connector [OPTIONS]\n"
	"connect printers to a cloud that was made for printer-connector\n\n"
	"  --config FILE     config.json of printer-connector, or a printers.conf with a connector "
	"group\n"
	"  --once            pair when needed, one heartbeat, the commands that wait, one report, "
	"then end\n"
	"  --log-level L     debug, info, warn or error (info)\n"
	"  --version         print the version\n\n"
	"exit status: 0 ended by a signal, or --once went well; 1 configuration, pairing or a\n"
	"step of --once failed; 2 usage.\n";

/* ---- the command line: one dash or two, as the original takes them ---- */

static bool is_option(const char *arg, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (*arg != '-')
		return false;
	arg += arg[1] == '-' ? 2 : 1;
	*value = NULL;
	if (strncmp(arg, name, len) || (arg[len] && arg[len] != '='))
		return false;
	if (arg[len])
		*value = arg + len + 1;
	return true;
}

static bool take_value(const char *value, int argc, char **argv, int *i, const char **ret)
{
	if (value) {
		*ret = value;
		return true;
	}
	if (*i + 1 >= argc) {
		fprintf(stderr, "printop connector: %s needs a value\n", argv[*i]);
		return false;
	}
	*ret = argv[++*i];
	return true;
}

static bool parse(struct program *g, int argc, char **argv)
{
	const char *value;

	for (int i = 1; i < argc; i++) {
		if (is_option(argv[i], "config", &value)) {
			if (!take_value(value, argc, argv, &i, &g->config))
				return false;
		} else if (is_option(argv[i], "log-level", &value)) {
			if (!take_value(value, argc, argv, &i, &g->level))
				return false;
		} else if (is_option(argv[i], "once", &value) && !value) {
			g->once = true;
		} else if (is_option(argv[i], "version", &value) && !value) {
			g->version = true;
		} else if ((is_option(argv[i], "help", &value) ||
			    is_option(argv[i], "h", &value)) &&
			   !value) {
			g->help = true;
		} else {
			fprintf(stderr, "printop connector: unknown argument %s\n", argv[i]);
			return false;
		}
	}
	return true;
}

static bool set_level(const struct program *g)
{
	enum log_level level = LOG_LEVEL_INFO;

	if (g->level && !log_level_from_name(g->level, &level)) {
		fprintf(stderr, "printop connector: --log-level is debug, info, warn or error\n");
		return false;
	}
	log_set_level(level);
	return true;
}

/* ---- the configuration ---- */

/* JSON begins with a bracket, and no printers.conf does. */
static bool is_json(const char *path)
{
	char *text, first;
	struct err unread;

	if (!path_read(path, LIMIT_CONFIG_BYTES, &text, NULL, &unread))
		return str_ends(path, ".json");
	first = text[strspn(text, " \t\r\n\xef\xbb\xbf")];
	free(text);
	return first == '{' || first == '[';
}

static struct config *load(const struct program *g)
{
	char *path = config_find(g->config);
	struct config *c;

	if (!path)
		return NULL;
	c = is_json(path) ? config_load_original(path) : config_load(path);
	free(path);
	return c;
}

static bool print_issues(const struct config *c)
{
	for (size_t i = 0; i < c->n_issues; i++)
		fprintf(stderr, "printop connector: %s: %s%s\n", c->issues[i].where,
			c->issues[i].severity == CONFIG_WARNING ? "warning: " : "",
			c->issues[i].text);
	return !config_has_errors(c);
}

/* ---- running ---- */

static void on_signal(void *ctx, int signo)
{
	struct program *g = ctx;

	g->signo = signo;
	loop_stop(g->app->loop);
}

/* Once: all is done. Else: a token that the cloud does not take will not get better by waiting. */
static void after_turn(void *ctx)
{
	struct program *g = ctx;

	if (g->once ? connector_finished(g->connector) : g->connector->pairing.refused)
		loop_stop(g->app->loop);
}

static int run(struct program *g)
{
	struct loop *l = g->app->loop;
	struct loop_signal *term = loop_signal_new(l, SIGTERM, on_signal, g),
			   *interrupt = loop_signal_new(l, SIGINT, on_signal, g);
	struct err e;
	int status = EXIT_BAD;

	g->connector = connector_new(g->app, g->once, &e);
	if (g->connector) {
		poller_start(g->app->poller);
		loop_after_turn(l, after_turn, g);
		loop_run(l);
		loop_after_turn_remove(l, after_turn, g);
		status = !g->signo && (!g->once || g->connector->failed) ? EXIT_BAD : EXIT_WELL;
		connector_free(g->connector);
	} else {
		fprintf(stderr, "printop connector: %s\n", e.text);
	}
	loop_signal_free(term);
	loop_signal_free(interrupt);
	return status;
}

static int run_config(struct program *g, struct loop *l, struct config *c)
{
	int status;

	if (!print_issues(c) || !c->connector.on) {
		if (!config_has_errors(c))
			fprintf(stderr, "printop connector: there is no connector group in %s\n",
				c->path ? c->path : "it");
		config_free(c);
		return EXIT_BAD;
	}
	bool read_only = g->read_only || settings_bool(&c->settings, SETTING_READ_ONLY);

	g->app = app_new(l, c, transport_curl_new(l, read_only), read_only, true);
	g->app->frontend = "connector";
	set_level(g);			/* the configuration may have set another one */
	status = run(g);
	app_free(g->app);
	return status;
}

int connector_main(struct loop *l, const char *config, bool read_only, int argc, char **argv)
{
	struct program g = { .config = config, .read_only = read_only };
	struct config *c;

	if (!parse(&g, argc, argv) || !set_level(&g))
		return EXIT_ARGS;
	if (g.help) {
		fputs(usage, stdout);
		return EXIT_WELL;
	}
	if (g.version) {
		printf("printer-connector version %s (printop)\n", PROTOCOL_VERSION);
		return EXIT_WELL;
	}
	c = load(&g);
	if (!c) {
		fprintf(stderr,
			"printop connector: --config is needed: there is no printers.conf\n");
		return EXIT_ARGS;
	}
	return run_config(&g, l, c);
}
