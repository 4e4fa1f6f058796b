/* `printop sim`: the farm by itself, for tests, benchmarks and people who write other clients. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/sim.h>
#include <printop/str.h>
#include <sim/scene.h>

enum { OPT_TICK = 256, OPT_DIALECT, OPT_DEMO, OPT_IDLE, OPT_ADDRESS };

static const struct option long_options[] = {
	{ "printers", required_argument, NULL, 'n' },
	{ "seed", required_argument, NULL, 's' },
	{ "port", required_argument, NULL, 'p' },
	{ "address", required_argument, NULL, OPT_ADDRESS },
	{ "speed", required_argument, NULL, 'x' },
	{ "faults", required_argument, NULL, 'f' },
	{ "conf", required_argument, NULL, 'c' },
	{ "dialect", required_argument, NULL, OPT_DIALECT },
	{ "tick", required_argument, NULL, OPT_TICK },
	{ "idle", no_argument, NULL, OPT_IDLE },
	{ "demo", no_argument, NULL, OPT_DEMO },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *to)
{
	fputs("printop sim: simulated OctoPrint and Moonraker printers on 127.0.0.1\n\n"
	      "  --printers N      how many (20)\n"
	      "  --seed S          the same seed gives the same farm (1)\n"
	      "  --port P          first port; 0 takes free ones (0)\n"
	      "  --address A       listen there, an address of loopback (127.0.0.1)\n"
	      "  --speed X         simulated seconds per second (1)\n"
	      "  --dialect NAME    octoprint or moonraker only (both)\n"
	      "  --idle            no jobs at the beginning\n"
	      "  --tick MS         Klippy answers queries on this tick; a real one has 250 (0)\n"
	      "  --faults LIST     KIND=COUNT,... spread over the farm\n"
	      "  --demo            the farm of printop --demo\n"
	      "  --conf FILE       write a printers.conf there (to standard output)\n\n"
	      "Kinds for --faults, and for POST /sim/fault {\"kind\": KIND, \"printer\": NAME}:\n", to);
	for (size_t i = 0; i < scene_count(); i++)
		fprintf(to, "  %-14s %s\n", scene_at(i)->name, scene_at(i)->sentence);
	fputs("\nPOST /sim/advance {\"s\": SECONDS} lets time pass at once; GET /sim/printers lists them. POST /sim/decide\n"
	      "{\"answer\": \"allow\" or \"deny\", \"printer\": NAME} answers whoever asks an OctoPrint for a key.\n", to);
}

static bool number(const char *name, const char *text, double min, double max, double *ret)
{
	if (str_to_double(text, ret) && *ret >= min && *ret <= max)
		return true;
	fprintf(stderr, "printop sim: --%s must be a number from %.10g to %.10g\n", name, min, max);
	return false;
}

/* One option; false when its value is no good. */
static bool take_option(int c, struct sim_options *o, const char **conf)
{
	double v = 0;

	switch (c) {
	case 'n':
		if (!number("printers", optarg, 1, 4000, &v))
			return false;
		o->printers = (int)v;
		return true;
	case 's':
		if (!number("seed", optarg, 0, 1e15, &v))
			return false;
		o->seed = (uint64_t)v;
		return true;
	case 'p':
		if (!number("port", optarg, 0, 65535, &v))
			return false;
		o->port = (int)v;
		return true;
	case 'x':
		return number("speed", optarg, 0.01, 10000, &o->speed);
	case OPT_TICK:
		if (!number("tick", optarg, 0, 5000, &v))
			return false;
		o->tick_ms = (int)v;
		return true;
	case OPT_ADDRESS:
		o->address = optarg;
		return true;
	case OPT_DIALECT:
		o->dialect = optarg;
		return true;
	case OPT_IDLE:
		o->idle = true;
		return true;
	case OPT_DEMO:
		o->demo = true;
		return true;
	case 'f':
		o->faults = optarg;
		return true;
	case 'c':
		*conf = optarg;
		return true;
	default:
		return false;
	}
}

/* ---- the configuration ---- */

static void put_string(struct sbuf *b, const char *name, const char *value)
{
	if (!value)
		return;
	sbuf_addf(b, "; %s = \"", name);
	for (; *value; value++) {
		if (*value == '\n')
			sbuf_adds(b, "\\n");
		else if (*value == '"' || *value == '\\')
			sbuf_addf(b, "\\%c", *value);
		else
			sbuf_addc(b, *value);
	}
	sbuf_addc(b, '"');
}

static void put_tags(struct sbuf *b, const char *tags)
{
	const char *comma = "";

	if (!tags)
		return;
	sbuf_adds(b, "; tags = [");
	while (*tags) {
		size_t len = strcspn(tags, " ");

		sbuf_addf(b, "%s\"%.*s\"", comma, (int)len, tags);
		comma = ", ";
		tags += len + (tags[len] == ' ');
	}
	sbuf_addc(b, ']');
}

static void put_config(const struct sim_farm *f, struct sbuf *b)
{
	sbuf_adds(b, "# written by printop sim\nprinters = (\n");
	for (size_t i = 0; i < sim_farm_count(f); i++) {
		struct sim_info info = sim_farm_info(f, i);

		sbuf_addf(b, "  { name = \"%s\"; url = \"%s\"; dialect = \"%s\"", info.name, info.url,
			  info.dialect);
		put_string(b, "key", info.key);
		put_tags(b, info.tags);
		put_string(b, "group", info.group);
		put_string(b, "notes", info.notes);
		put_string(b, "parked", info.parked);
		sbuf_addf(b, "; }%s\n", i + 1 < sim_farm_count(f) ? "," : "");
	}
	sbuf_adds(b, ");\n");
}

static bool write_config(const struct sim_farm *f, const char *path, struct err *e)
{
	struct sbuf b = SBUF_INIT(8u << 20);
	bool ok = true;

	put_config(f, &b);
	if (path)
		ok = path_write(path, sbuf_str(&b), b.len, 0600, e);
	else if (fwrite(sbuf_str(&b), 1, b.len, stdout) != b.len || fflush(stdout) != 0)
		ok = err_set(e, ERR_IO, "cannot write the configuration");
	sbuf_done(&b);
	return ok;
}

/* ---- running ---- */

static void stop(void *ctx, int signo)
{
	(void)signo;
	loop_stop(ctx);
}

static bool serve(struct loop *l, const struct sim_options *o, const char *conf, struct err *e)
{
	struct loop_signal *term, *intr;
	struct sim_farm *f = sim_farm_start(l, o, e);
	bool ok;

	if (!f)
		return false;
	term = loop_signal_new(l, SIGTERM, stop, l);
	intr = loop_signal_new(l, SIGINT, stop, l);
	ok = write_config(f, conf, e);
	if (ok)
		loop_run(l);
	loop_signal_free(term);
	loop_signal_free(intr);
	sim_farm_stop(f);
	return ok;
}

int sim_main(struct loop *l, int argc, char **argv)
{
	struct sim_options o = { .printers = 20, .seed = 1, .speed = 1 };
	const char *conf = NULL;
	struct err e = { .code = ERR_NONE };
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "n:s:p:x:f:c:h", long_options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (!take_option(c, &o, &conf))
			return err_exit_status(ERR_USAGE);
	}
	if (optind < argc) {
		fprintf(stderr, "printop sim: what is \"%s\"? See printop sim --help\n", argv[optind]);
		return err_exit_status(ERR_USAGE);
	}
	if (serve(l, &o, conf, &e))
		return 0;
	fprintf(stderr, "printop sim: %s\n", e.text);
	return err_exit_status(e.code);
}
