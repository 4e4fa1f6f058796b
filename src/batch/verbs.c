/* The table of shell verbs, and their help made from the tables of verbs, actions and options. */
#include "batch/batch.h"

#include <stdlib.h>
#include <string.h>
#include <printop/str.h>

#define EXIT_LOOK \
	"exit status: 0 shown (one printer that answered is enough), 2 usage or\n" \
	"configuration; when none answered: 3 unreachable, 5 key refused, 1 some of\n" \
	"both.\n"
#define EXIT_ACT \
	"exit status: 0 all done, 1 some printers failed, 2 usage or configuration;\n" \
	"when all failed for the same reason: 3 unreachable, 4 refused (by state,\n" \
	"server or read-only), 5 key refused, 6 time limit; 130 interrupted.\n"

static const char help_status[] =
	"Asks every chosen printer once and prints its state. Those that do not answer\n"
	"within the time limit are shown with the reason. --json prints the stable\n"
	"description of a printer that the manual lists.\n\n"
	"  printop status tag:petg --fields name,state,left_s\n"
	"  printop status state:printing --format '{name}\\t{progress}'\n\n" EXIT_LOOK;
static const char help_watch[] =
	"Prints the state of every chosen printer first, with an empty list of changes,\n"
	"then a line for each change:\n"
	"  {\"at\":1767225600.1,\"changed\":[\"state\"],\"printer\":{...}}\n"
	"With --fields or --format only changes of those fields count. Hooks run and the\n"
	"journal is kept.\n\n"
	"  printop watch --format '{name} {state}'\n\n"
	"exit status: 0 when --for has passed, 2 usage or configuration, 130 interrupted.\n";
static const char help_wait[] =
	"Waits until every chosen printer (--any: one) meets all conditions given.\n\n"
	"  printop wait voron-01 --state complete,failed,cancelled --timeout 8h\n"
	"  printop wait mk4-01 --temp 'bed:>=60' --temp extruder:~\n"
	"  printop wait all --any --progress 90\n\n"
	"exit status: 0 met, 1 --fail-on came first, 2 usage or configuration, 4 parked,\n"
	"5 key refused, 6 time limit, 130 interrupted.\n";
static const char help_act[] =
	"Acts on every chosen printer at once and waits until its state shows that it is\n"
	"done. A printer whose state forbids it is refused and nothing is sent to it.\n\n"
	EXIT_ACT;
static const char help_upload[] =
	"Sends every file to every chosen printer, some at once, and checks its size\n"
	"there. A file of that name on the server is replaced. --start on more than\n"
	"one printer asks, or wants --yes.\n\n"
	"  printop upload lid_x4.gcode -t voron-04,mk3-02\n"
	"  printop upload plate.gcode --folder petg --start -t voron-01\n\n"
	EXIT_ACT "With --start also 4 when the file arrived but the printer did not start it.\n";
static const char help_files[] =
	"Lists the files on the chosen printers, folders and all.\n\n"
	"  printop files voron-01 --sort -modified_at\n\n" EXIT_ACT;
static const char help_check[] =
	"Reads the configuration and says every mistake with file and line; then asks\n"
	"each printer and says dialect, version, access and what is wrong.\n\n"
	"exit status: 0 all well, 1 some printers are not well, 2 configuration; when all\n"
	"have the same trouble: 3 unreachable, 5 key refused.\n";
static const char help_events[] =
	"Prints the journal of events and actions, newest last.\n\n"
	"  printop events --kind failed,offline --since 1d\n";
static const char help_serve[] =
	"Stays in the foreground and logs to standard error. Which services run is said\n"
	"in printers.conf (metrics_listen and others); SIGHUP reads it again, SIGTERM\n"
	"ends it at once.\n\n"
	"exit status: 0 ended by a signal, 2 nothing to serve, 1 a service cannot start.\n";
static const char help_add[] =
	"Tries the usual ports and path prefixes of the host (or only the port that is\n"
	"written), tells OctoPrint from Moonraker, and says within three seconds what is\n"
	"there. An OctoPrint that wants a key is asked for one: press Allow in its web\n"
	"page. Moonraker trusts this computer, or takes a key or a login. The printer is\n"
	"written to printers.d/NAME.conf beside printers.conf, mode 0600.\n\n"
	"  printop add octopi.local\n"
	"  printop add 10.0.4.21 --name voron-01 --tag petg\n"
	"  printop add http://farm/mk4 --key-stdin <mk4.key\n\n"
	"exit status: 0 added, 1 it could not be written, 2 usage, or it is in the fleet\n"
	"already, 3 unreachable, 5 no access, 6 time limit, 130 interrupted.\n";
static const char help_remove[] =
	"Only printers that have a file of their own in printers.d; of others it says\n"
	"where they are written.\n";
static const char help_discover[] =
	"Listens for servers that announce themselves (mDNS, by the avahi daemon) for five\n"
	"seconds, or --timeout. With a range each of its addresses is asked as well, on the\n"
	"usual ports, 32 at once and 200 a second at most: that asks first, or wants --yes.\n"
	"Nothing is added; printop add does that.\n\n"
	"  printop discover\n"
	"  printop discover --range 10.0.4.0/24 --yes --json\n\n"
	"exit status: 0 looked through (found or not), 2 usage, 130 interrupted.\n";
static const char help_queue[] =
	"Jobs come from slicers, by printop serve or the full screen (gateway_listen). The\n"
	"first letters of an id are enough. A job that is held waits for a person: WHY says\n"
	"what to look at; release lets it go on. Ended jobs are listed for a day.\n\n"
	"  printop queue\n"
	"  printop queue move 3f2a 0\n"
	"  printop queue assign 3f2a tag:petg\n"
	"  printop queue hold 3f2a --reason 'wait for the black spool'\n\n"
	"exit status: 0 done, 2 usage, or there is no such job, 4 its state forbids it.\n";
static const char help_key[] =
	"The key is printed once, on standard output, and kept as a hash only. Without\n"
	"--start what a slicer sends is stored and not printed.\n\n"
	"  printop key new anna --start\n"
	"  printop key list\n"
	"  printop key remove anna\n\n"
	"exit status: 0 done, 2 usage, the name is taken, or there is no such key.\n";
static const char help_library[] =
	"Lists the G-code files in the folders of the setting `library`, with what they say\n"
	"of themselves: time, filament, temperatures, size, slicer. A file is read once.\n\n"
	"  printop library --search 'bracket petg' --sort -changed_at\n"
	"  printop upload \"$(printop library --search lid --format '{path}' | head -1)\" -t voron-01\n";
static const char help_prints[] =
	"Puts the journal's events together to prints: a line for each, newest last. They are\n"
	"recorded while the full screen, watch or serve runs. Who started it is known when\n"
	"printop did.\n\n"
	"  printop prints --since 7d --csv\n";
static const char help_docs[] =
	"printop.1, printers.conf.5, example, bash, zsh, fish, keys.md, fields.md\n";

static const struct batch_verb verbs[] = {
	{ "status", verb_status, ACTION_STATUS, .more = help_status },
	{ "watch", verb_watch, ACTION_WATCH, .more = help_watch },
	{ "wait", verb_wait, ACTION_WAIT, .more = help_wait },
	{ "pause", verb_act, ACTION_PAUSE, .more = help_act },
	{ "resume", verb_act, ACTION_RESUME, .more = help_act },
	{ "cancel", verb_act, ACTION_CANCEL, .more = help_act },
	{ "start", verb_act, ACTION_START, .more = help_act },
	{ "upload", verb_upload, ACTION_UPLOAD, .more = help_upload },
	{ "files", verb_files, ACTION_FILES, .more = help_files },
	{ "delete", verb_act, ACTION_DELETE, .more = help_act },
	{ "home", verb_act, ACTION_HOME, .more = help_act },
	{ "estop", verb_act, ACTION_ESTOP, .more = help_act },
	{ "connect", verb_act, ACTION_CONNECT, .more = help_act },
	{ "disconnect", verb_act, ACTION_DISCONNECT, .more = help_act },
	{ "restart", verb_act, ACTION_RESTART, .more = help_act },
	{ "check", verb_check, ACTION_CHECK, .more = help_check },
	{ "events", verb_events, ACTION_EVENTS, .more = help_events },
	{ "add", verb_add, ACTION_ADD, .more = help_add },
	{ "remove", verb_remove, ACTION_REMOVE, .more = help_remove },
	{ "rename", verb_rename, ACTION_RENAME, .more = help_remove },
	{ "discover", verb_discover, ACTION_DISCOVER, .more = help_discover },
	{ "queue", verb_queue, ACTION_QUEUE, .more = help_queue },
	{ "key", verb_key, ACTION_KEY, .more = help_key },
	{ "library", verb_library, ACTION_LIBRARY, .more = help_library },
	{ "prints", verb_prints, ACTION_PRINTS, .more = help_prints },
	{ "keys", verb_keys, ACTION_KEYS, .more = NULL },
	{ "sim", verb_sim, ACTION_SIM, .own_options = true },
	{ "serve", verb_serve, ACTION_SERVE, .more = help_serve },
	{ "connector", verb_connector, ACTION_CONNECTOR, .own_options = true },
	{ "metrics", verb_metrics, ACTION_METRICS, .more = NULL },
	{ "help", verb_help, ACTION_N, .args = "[VERB]", .sentence = "explain a verb" },
	{ "version", verb_version, ACTION_N, .args = "", .sentence = "print the version" },
	{ "docs", verb_docs, ACTION_N, .args = "WHAT",
	  .sentence = "print a document made from the tables", .hidden = true, .more = help_docs },
};

const struct batch_verb *batch_verb_at(size_t i)
{
	return i < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[i] : NULL;
}

const struct batch_verb *batch_verb_find(const char *name)
{
	const struct batch_verb *v;

	for (size_t i = 0; (v = batch_verb_at(i)) != NULL; i++)
		if (str_eq(v->name, name))
			return v;
	return NULL;
}

const char *batch_verb_sentence(const struct batch_verb *v)
{
	return v->action == ACTION_N ? v->sentence : action_info(v->action)->sentence;
}

int batch_verb_sentence_len(const struct batch_verb *v)
{
	return (int)strcspn(batch_verb_sentence(v), ";");
}

const char *batch_verb_args(const struct batch_verb *v)
{
	return v->action == ACTION_N ? v->args : action_info(v->action)->args;
}

void batch_verb_help(const struct batch_verb *v, FILE *to)
{
	struct sbuf options = SBUF_INIT(1u << 16);
	const char *args = batch_verb_args(v);

	options_help(v->name, &options);
	fprintf(to, "usage: printop %s%s%s [OPTIONS]\n%.*s\n\n%s%s%s", v->name, *args ? " " : "",
		args, batch_verb_sentence_len(v), batch_verb_sentence(v), sbuf_str(&options),
		v->more ? "\n" : "", v->more ? v->more : "");
	sbuf_done(&options);
}
