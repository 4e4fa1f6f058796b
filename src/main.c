/* printop: reads the command line, puts transport and frontends together, returns the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <printop/app.h>
#include <printop/connector.h>
#include <printop/frontend.h>
#include <printop/log.h>
#include <printop/mdns.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/service.h>
#include <printop/sim.h>
#include <printop/str.h>
#include <printop/transport.h>
#include "gateway/gateway.h"
#include "serve/parts.h"

enum { EXIT_USAGE = 2 };

struct program {
	struct loop *loop;
	struct sim_farm *farm;		/* --demo */
	struct app *app;
	const char *config_option;
	bool demo, read_only, no_tui;
	const char *log_level;
};

static const char usage[] =
	"printop watches and runs a fleet of OctoPrint and Moonraker printers.\n"
	"\n"
	"  printop [options]              the full screen\n"
	"  printop [options] VERB ...     one command; the same as printop --no-tui VERB ...\n"
	"  printop --no-tui               the fleet as a table\n"
	"  printop help [VERB]            the verbs, or one of them\n"
	"\n"
	"  --config FILE    this printers.conf\n"
	"  --demo           a simulated farm instead of the configured printers\n"
	"  -r, --read-only  send nothing that changes a printer\n"
	"  --no-tui         no full screen\n"
	"  --log-level L    error, warn, info or debug, to standard error (without the full screen)\n"
	"  --version, --help\n"
	"\n"
	"Manual: man printop, man printers.conf\n";

/* The limit of open files is often 1024, less than a large fleet needs. */
static void raise_file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max > 65536 ? 65536 : r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/*
 * Who starts a program without standard files (cron, a daemon) must not get its results written into
 * whatever is opened next. Only for reading: writing there is to fail, and be told.
 */
static bool open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void add_demo_printers(struct config *c, const struct sim_farm *farm)
{
	for (size_t i = 0; i < sim_farm_count(farm); i++) {
		struct sim_info info = sim_farm_info(farm, i);
		struct printer_config p;
		char *tags = mem_strdup(info.tags), *rest = tags, *tag;

		printer_config_init(&p);
		p.name = mem_strdup(info.name);
		p.url = mem_strdup(info.url);
		p.dialect = mem_strdup(info.dialect ? info.dialect : "auto");
		p.group = mem_strdup(info.group);
		p.notes = mem_strdup(info.notes);
		p.parked = mem_strdup(info.parked);
		secret_set(&p.key, info.key);
		while (tags && p.n_tags < LIMIT_TAGS && (tag = str_token(&rest, " ")))
			p.tags[p.n_tags++] = mem_strdup(tag);
		free(tags);
		config_add_printer_take(c, &p);
	}
}

/* The demo farm runs inside this process; its printers are real HTTP servers on loopback. */
static struct config *demo_config(struct program *g, struct err *e)
{
	struct sim_options o = { .seed = 7, .speed = 1, .demo = true };
	struct config *c;

	g->farm = sim_farm_start(g->loop, &o, e);
	if (!g->farm)
		return NULL;
	c = config_load(NULL);
	add_demo_printers(c, g->farm);
	return c;
}

/* Warnings are for people; in a script's log they would be noise (printop check tells them always). */
static bool print_issues(const struct config *c)
{
	for (size_t i = 0; i < c->n_issues; i++)
		if (c->issues[i].severity == CONFIG_ERROR || isatty(STDERR_FILENO))
			fprintf(stderr, "printop: %s%s%s%s\n", c->issues[i].where, c->issues[i].where[0] ? ": " : "",
				c->issues[i].severity == CONFIG_WARNING ? "warning: " : "", c->issues[i].text);
	return !config_has_errors(c);
}

static struct config *load_config(struct program *g, struct err *e)
{
	struct config *c;
	char *path;

	if (g->demo)
		return demo_config(g, e);
	path = config_find(g->config_option);
	c = config_load(path);
	free(path);
	return c;
}

static struct app *make_app(struct program *g, bool events, const char *frontend, int *exit_status)
{
	struct err e = { 0 };
	struct config *c = load_config(g, &e);
	struct transport *t;
	enum log_level level;
	bool read_only;

	if (!c) {
		fprintf(stderr, "printop: %s\n", e.text);
		*exit_status = err_exit_status(e.code);
		return NULL;
	}
	if (!print_issues(c)) {
		fprintf(stderr, "printop: nothing was done: mend the configuration first\n");
		config_free(c);
		*exit_status = err_exit_status(ERR_CONFIG);
		return NULL;
	}
	read_only = g->read_only || settings_bool(&c->settings, SETTING_READ_ONLY);
	t = transport_curl_new(g->loop, read_only);
	g->app = app_new(g->loop, c, t, read_only, events);
	if (g->log_level && log_level_from_name(g->log_level, &level))
		log_set_level(level);		/* over what the configuration says */
	g->app->mdns = &mdns;
	g->app->demo = g->demo;
	g->app->frontend = frontend;
	return g->app;
}

static struct app *make_batch_app(void *ctx, bool events, int *exit_status)
{
	return make_app(ctx, events, "batch", exit_status);
}

/* Services that `printop serve` and the full screen run when printers.conf switches them on. */
static const struct service_ops *const parts[] = { &gateway_service, &metrics_service, &mqtt_service, &connector_service, NULL };

static int run_serve(void *ctx, struct app *a)
{
	struct program *g = ctx;

	if (!g->log_level)
		log_set_level(LOG_LEVEL_INFO);
	a->frontend = "serve";
	a->services = services_new(a, parts);
	return serve_run(a);
}

static int run_connector(void *ctx, int argc, char **argv)
{
	struct program *g = ctx;

	return connector_main(g->loop, g->config_option, g->read_only, argc, argv);
}

static int run_sim(void *ctx, int argc, char **argv)
{
	struct program *g = ctx;

	return sim_main(g->loop, argc, argv);
}

static int run_screen(struct program *g)
{
	int status = 0;
	struct app *a;

	log_to_stderr(false);
	a = make_app(g, true, "screen", &status);
	if (!a)
		return status;
	a->services = services_new(a, parts);
	services_sync(a->services, NULL);
	return tui_run(a);
}

static int run_batch(struct program *g, int argc, char **argv)
{
	static char word[] = "status";
	char *status_only[] = { word, NULL };
	struct batch_env env = {
		.loop = g->loop,
		.config_option = g->config_option,
		.demo = g->demo,
		.read_only = g->read_only,
		.make_app = make_batch_app,
		.run_sim = run_sim,
		.run_serve = run_serve,
		.run_connector = run_connector,
		.ctx = g,
	};

	if (argc == 0)
		return batch_run(&env, 1, status_only);
	return batch_run(&env, argc, argv);
}

static bool takes_value(const char *arg, const char *name, int argc, char **argv, int *i, const char **ret)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len))
		return false;
	if (arg[len] == '=') {
		*ret = arg + len + 1;
		return true;
	}
	if (arg[len] || *i + 1 >= argc)
		return false;
	*ret = argv[++*i];
	return true;
}

/* The options before the verb; returns the index of the verb, -1 when the program is to end with *exit_status. */
static int parse(struct program *g, int argc, char **argv, int *exit_status)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (arg[0] != '-' || !arg[1])
			return i;
		if (!strcmp(arg, "--"))
			return i + 1;
		if (!strcmp(arg, "--no-tui"))
			g->no_tui = true;
		else if (!strcmp(arg, "--demo"))
			g->demo = true;
		else if (!strcmp(arg, "-r") || !strcmp(arg, "--read-only"))
			g->read_only = true;
		else if (takes_value(arg, "--config", argc, argv, &i, &g->config_option) ||
			 takes_value(arg, "--log-level", argc, argv, &i, &g->log_level))
			continue;
		else if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
			fputs(usage, stdout);
			*exit_status = 0;
			return -1;
		} else if (!strcmp(arg, "--version") || !strcmp(arg, "-V")) {
			puts("printop " PRINTOP_VERSION);
			*exit_status = 0;
			return -1;
		} else if (str_eq(arg, "--config") || str_eq(arg, "--log-level")) {
			fprintf(stderr, "printop: %s needs a value\n", arg);
			*exit_status = EXIT_USAGE;
			return -1;
		} else if (g->no_tui) {
			return i;	/* an option of the status verb */
		} else {
			fprintf(stderr, "printop: unknown option %s (printop --help lists them)\n", arg);
			*exit_status = EXIT_USAGE;
			return -1;
		}
	}
	return i;
}

static int run(struct program *g, int argc, char **argv, int verb)
{
	static char status_word[] = "status";
	enum log_level level;

	if (g->log_level && !log_level_from_name(g->log_level, &level)) {
		fprintf(stderr, "printop: --log-level is error, warn, info or debug\n");
		return EXIT_USAGE;
	}
	log_to_stderr(true);
	if (g->log_level)
		log_set_level(level);
	if (!g->no_tui && verb >= argc) {
		if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
			return run_screen(g);
		fprintf(stderr, "printop: this is no terminal; printop --no-tui prints the fleet as a table\n");
		return EXIT_USAGE;
	}
	if (verb < argc && argv[verb][0] == '-') {	/* --no-tui --json: options of the status verb */
		char **with_verb = mem_zalloc((size_t)(argc - verb) + 2, sizeof(*with_verb));
		int status;

		with_verb[0] = status_word;
		memcpy(with_verb + 1, argv + verb, (size_t)(argc - verb) * sizeof(*argv));
		status = run_batch(g, argc - verb + 1, with_verb);
		free(with_verb);
		return status;
	}
	return run_batch(g, argc - verb, argv + verb);
}

static int run_once(struct program *g, int argc, char **argv, int verb)
{
	int status;

	g->loop = loop_new();
	status = run(g, argc, argv, verb);
	app_free(g->app);
	sim_farm_stop(g->farm);
	loop_free(g->loop);
	g->app = NULL;
	g->farm = NULL;
	return status;
}

int main(int argc, char **argv)
{
	struct program g = { 0 };
	int status = EXIT_USAGE, verb;

	if (!open_standard_files())
		return 1;
	setlocale(LC_CTYPE, "");
	fatal_init();
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	verb = parse(&g, argc, argv, &status);
	if (verb < 0)
		return status;
	status = run_once(&g, argc, argv, verb);
	if (status == TUI_EXIT_DEMO) {	/* chosen on the page that is shown when there are no printers */
		g.demo = true;
		status = run_once(&g, argc, argv, verb);
	}
	log_close();
	return status;
}
