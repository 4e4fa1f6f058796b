/* Frontends and the command line that chooses one. Each runs the loop until it is done and returns an exit status. */
#ifndef PRINTOP_FRONTEND_H
#define PRINTOP_FRONTEND_H

#include <stdbool.h>
#include <printop/app.h>

struct batch_request;		/* a parsed verb and its options, see batch.h */

/*
 * Runs the full screen until the user leaves; the exit status. a may have no printers: then the first-run page is
 * shown, and TUI_EXIT_DEMO says that the user wants the demo: main starts the program again with --demo.
 */
enum { TUI_EXIT_DEMO = 100 };
int tui_run(struct app *a);

/*
 * Runs one batch verb. argv[0] is the verb ("status" when none was given). Parses its own options; writes
 * results to stdout and errors to stderr. make_app builds the app when the verb needs one (sim and keys do not).
 */
struct batch_env {
	struct loop *loop;
	const char *config_option;	/* --config, NULL */
	bool demo;
	bool read_only;
	/* Loads the config (issues printed to stderr) and builds the app; NULL and *exit_status when it cannot be. */
	struct app *(*make_app)(void *ctx, bool events, int *exit_status);
	/* Runs the simulated farm with these arguments until SIGTERM. */
	int (*run_sim)(void *ctx, int argc, char **argv);
	/* The connector to a cloud alone, with options of its own. */
	int (*run_connector)(void *ctx, int argc, char **argv);
	/* Runs the services without a screen until SIGTERM or SIGINT. */
	int (*run_serve)(void *ctx, struct app *a);
	void *ctx;
};
int batch_run(const struct batch_env *env, int argc, char **argv);

/* The services without a screen: logs to stderr, SIGHUP reads the configuration again, SIGTERM ends it at once. */
int serve_run(struct app *a);

#endif
