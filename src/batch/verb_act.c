/* The verbs that act on printers: one operation per printer and file, until all have ended. */
#include "batch/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/poller.h>
#include <printop/str.h>
#include "batch/bars.h"
#include "batch/results.h"

#define TICK_MS 100
#define STOP_TICK_MS 10
#define LIMIT_SLACK_S 0.5	/* the operations' own limits come first: they know what was seen */
#define NAMES_SHOWN 20

struct act {
	struct batch *b;
	enum verb verb;
	struct verb_args *args;		/* one per upload file; strings are argv's */
	size_t n_args;
	struct results results;
	uint32_t *op_ids;		/* of the rows, for the bars; 0: not submitted yet */
	uint32_t group;
	bool submitting;		/* an operation that ends at once looks again */
	struct bars bars;
	bool over_limit;		/* operations still running were stopped */
};

static const char *const phases[] = {
	[OP_QUEUED] = "queued", [OP_SENDING] = "sending", [OP_CONFIRMING] = "confirming",
	[OP_DONE] = "done", [OP_FAILED] = "failed", [OP_CANCELLED] = "cancelled",
};

/* ---- one operation's end ---- */

/* An interrupted command is not taken back: say what is known. */
static void stopped_text(const struct act *a, const struct op *op, struct result *row)
{
	const struct printer *p = fleet_get(a->b->app->fleet, op->printer_id);

	row->code = a->over_limit ? ERR_TIMEOUT : ERR_CANCELLED;
	str_printf(row->text, sizeof(row->text), "%s: %s; last seen %s",
		   a->over_limit ? "time limit" : "interrupted", op->seen,
		   p ? printer_status_info(p->state.status)->name : "never");
}

static void row_ended(struct act *a, struct result *row, const struct op *op)
{
	row->phase = phases[op->phase];
	row->code = ERR_NONE;
	if (op->phase == OP_FAILED) {
		row->code = op->err.code != ERR_NONE ? op->err.code : ERR_INTERNAL;
		str_copy(row->text, sizeof(row->text), op->err.text);
	} else if (op->phase == OP_DONE) {
		str_copy(row->text, sizeof(row->text), op->seen);
	} else {
		stopped_text(a, op, row);
	}
	row->arrived = op->x.start_refused;
	if (op->phase == OP_DONE || row->arrived)
		str_copy(row->remote_path, sizeof(row->remote_path), op->x.remote_path);
	if (op->ended_ms >= 0)
		row->took_s = (double)(op->ended_ms - op->submitted_ms) / 1000;
	results_end(&a->results, row);
}

static void row_never_sent(struct act *a, struct result *row)
{
	row->phase = phases[OP_CANCELLED];
	row->code = a->over_limit ? ERR_TIMEOUT : ERR_CANCELLED;
	str_printf(row->text, sizeof(row->text), "%s: no answer yet, nothing was sent",
		   a->over_limit ? "time limit" : "interrupted");
	results_end(&a->results, row);
}

static void on_op(void *ctx, const struct op *op)
{
	struct act *a = ctx;

	if (!op_ended(op))
		return;
	for (size_t i = 0; i < a->results.n; i++)
		if (a->results.rows[i].op_id == op->id && op->id != 0)
			row_ended(a, &a->results.rows[i], op);
	batch_look_again(a->b);
}

/* The stop waits for no other printer: each gets it as soon as its own server was heard. */
static bool may_submit(const struct act *a, const struct result *row)
{
	const struct poller *p = a->b->app->poller;

	return a->verb != VERB_ESTOP || poller_heard(p, row->printer_id) || poller_first_round_done(p);
}

static void submit_ready(struct act *a)
{
	struct ops *ops = a->b->app->ops;
	double limit_s = options_num(&a->b->opt, OPTION_TIMEOUT);

	if (a->submitting)
		return;
	a->submitting = true;
	for (size_t i = 0; i < a->results.n; i++) {
		struct result *row = &a->results.rows[i];
		const struct op *op;

		if (a->op_ids[i] != 0 || !may_submit(a, row))
			continue;
		row->op_id = a->op_ids[i] = op_submit(ops, a->group, row->printer_id, a->verb,
						      &a->args[row->job], limit_s);
		op = op_get(ops, row->op_id);
		if (op && op_ended(op))
			row_ended(a, row, op);
	}
	a->submitting = false;
}

static bool all_ended(void *ctx)
{
	struct act *a = ctx;

	submit_ready(a);
	if (a->results.n_ended == a->results.n)
		return true;
	bars_draw(&a->bars, a->b->app->ops, a->op_ids, a->results.n, loop_now_ms(a->b->env->loop));
	return false;
}

static void clear_bars(void *ctx)
{
	bars_clear(ctx);
}

/* ---- submitting and waiting ---- */

static void add_rows(struct act *a)
{
	for (size_t f = 0; f < a->n_args; f++) {
		for (size_t i = 0; i < a->b->n_ids; i++) {
			struct result *row = results_add(&a->results, a->b->ids[i],
							 a->b->verb->name);

			row->job = f;
			row->file = a->args[f].local ? a->args[f].local : a->args[f].file;
		}
	}
}

/* From the last one, so that no upload in the queue gets its turn by the end of another. */
static void stop_the_rest(struct act *a)
{
	for (size_t i = a->results.n; i-- > 0;) {
		struct result *row = &a->results.rows[i];

		if (row->ended)
			continue;
		if (row->op_id != 0)
			op_cancel(a->b->app->ops, row->op_id);
		else
			row_never_sent(a, row);
	}
}

static void wait_for_all(struct act *a)
{
	double limit_s = options_num(&a->b->opt, OPTION_TIMEOUT) + LIMIT_SLACK_S;
	int64_t tick_ms = a->verb == VERB_ESTOP ? STOP_TICK_MS : a->bars.on ? TICK_MS : 0;
	enum batch_end end = batch_wait(a->b, all_ended, a, limit_s, tick_ms);

	bars_clear(&a->bars);
	a->over_limit = end == BATCH_TIMEOUT;
	if (end != BATCH_DONE)
		stop_the_rest(a);
}

/* ---- retry ---- */

/* Did the row fail with this file, and arrive there all the same? path NULL: it did not arrive. */
static bool failed_with(const struct result *row, size_t job, const char *path)
{
	return row->job == job && row->code != ERR_NONE && row->arrived == (path != NULL) &&
	       (!path || str_eq(row->remote_path, path));
}

/*
 * The command that does again what failed with one file, for the printers where it failed. A file
 * that arrived but was not started needs no second upload; servers may have named it differently.
 */
static void say_retry_of(const struct act *a, size_t job, const char *path)
{
	const char **names = mem_zalloc(a->b->n_ids + 1, sizeof(*names));
	char file[NAME_CAP];
	struct verb_args args = a->args[job];
	size_t n = 0;
	char *line;

	if (path) {
		str_copy(file, sizeof(file), path);
		args = (struct verb_args){ .file = file };
	}
	for (size_t i = 0; i < a->results.n; i++)
		if (failed_with(&a->results.rows[i], job, path))
			names[n++] = a->results.rows[i].name;
	if (n > 0) {
		line = op_twin(a->b->env->config_option, path ? VERB_START : a->verb, &args, names, n);
		fprintf(stderr, "retry: %s\n", line);
		free(line);
	}
	free(names);
}

/* Once for each name under which the file arrived. */
static void say_retry_starts(const struct act *a, size_t job)
{
	for (size_t i = 0; i < a->results.n; i++) {
		const char *path = a->results.rows[i].remote_path;
		size_t k = 0;

		if (!path[0] || !failed_with(&a->results.rows[i], job, path))
			continue;
		while (k < i && !failed_with(&a->results.rows[k], job, path))
			k++;
		if (k == i)
			say_retry_of(a, job, path);
	}
}

static void say_retry(const struct act *a)
{
	for (size_t job = 0; job < a->n_args; job++) {
		say_retry_of(a, job, NULL);
		if (a->args[job].start)
			say_retry_starts(a, job);
	}
}

/* ---- dry run ---- */

static void describe_row(struct act *a, struct result *row)
{
	struct err e = { 0 };

	row->dry = true;
	row->phase = "dry-run";
	if (!op_allowed(a->b->app, row->printer_id, a->verb, &e) ||
	    !op_describe(a->b->app, row->printer_id, a->verb, &a->args[row->job], row->text,
			 sizeof(row->text), &e)) {
		row->code = e.code != ERR_NONE ? e.code : ERR_INTERNAL;
		row->phase = "failed";
		row->dry = false;
		str_copy(row->text, sizeof(row->text), e.text);
	}
	results_end(&a->results, row);
}

/* ---- the question ---- */

static void list_printers(const struct act *a, FILE *tty)
{
	const struct batch *b = a->b;
	char progress[STR_SMALL], file[NAME_CAP];
	int64_t now_ms = loop_now_ms(b->env->loop);

	for (size_t i = 0; i < b->n_ids && i < NAMES_SHOWN; i++) {
		const struct printer *p = fleet_get(b->app->fleet, b->ids[i]);

		if (!p)
			continue;
		field_text(p, FIELD_PROGRESS, now_ms, progress, sizeof(progress));
		field_text(p, FIELD_FILE, now_ms, file, sizeof(file));
		fprintf(tty, "  %s  %s  %s  %s\n", p->config.name,
			printer_status_info(p->state.status)->name, progress, file);
	}
	if (b->n_ids > NAMES_SHOWN)
		fprintf(tty, "  and %zu more\n", b->n_ids - NAMES_SHOWN);
}

static bool ask_number(const struct act *a, FILE *tty)
{
	char answer[32] = "", number[32];

	fprintf(tty, "%s on %zu printers:\n", a->b->verb->name, a->b->n_ids);
	list_printers(a, tty);
	fprintf(tty, "Type the number of printers, %zu, and Enter; anything else = no: ",
		a->b->n_ids);
	fflush(tty);
	if (!fgets(answer, sizeof(answer), tty))
		return false;
	str_printf(number, sizeof(number), "%zu", a->b->n_ids);
	return str_eq(str_trim(answer), number);
}

/* What destroys work on several printers needs a person or --yes. */
static bool confirmed(const struct act *a, int *status)
{
	const struct batch *b = a->b;
	bool starts = a->n_args > 0 && a->args[0].start;
	bool needs = (action_info(b->verb->action)->flags & A_YES || starts) && b->n_ids > 1;
	bool person = isatty(STDERR_FILENO) && (isatty(STDIN_FILENO) || b->target_text);
	FILE *tty;
	bool yes;

	if (!needs || b->app->read_only || options_has(&b->opt, OPTION_YES))
		return true;
	tty = person ? fopen("/dev/tty", "r+") : NULL;
	if (!tty) {
		say("%s on %zu printers: add --yes when this is what you mean; nothing was sent",
		    b->verb->name, b->n_ids);
		*status = EXIT_BAD_USAGE;
		return false;
	}
	yes = ask_number(a, tty);
	fclose(tty);
	*status = EXIT_SOME_FAILED;
	if (!yes)
		say("nothing was sent");
	return yes;
}

/* ---- the whole ---- */

static int run(struct act *a)
{
	struct ops *ops = a->b->app->ops;
	int status;

	add_rows(a);
	a->group = ops_new_group(ops);
	a->op_ids = mem_zalloc(a->results.n + 1, sizeof(*a->op_ids));
	ops_observe(ops, on_op, a);
	wait_for_all(a);
	ops_unobserve(ops, on_op, a);
	status = results_finish(&a->results);
	if (results_failed(&a->results) > 0 && !a->b->app->read_only)
		say_retry(a);
	return a->b->signo != 0 ? batch_signal_status(a->b) : status;
}

static int act(struct batch *b, enum verb verb, struct verb_args *args, size_t n_args)
{
	struct act a = { .b = b, .verb = verb, .args = args, .n_args = n_args };
	int status;

	results_init(&a.results, b);
	a.results.show_file = n_args > 1;
	if (options_has(&b->opt, OPTION_DRY_RUN)) {
		add_rows(&a);
		for (size_t i = 0; i < a.results.n; i++)
			describe_row(&a, &a.results.rows[i]);
		status = results_finish(&a.results);
	} else if (confirmed(&a, &status)) {
		if (!options_has(&b->opt, OPTION_QUIET)) {
			bars_init(&a.bars, b->out.ascii);
			a.results.before_line = clear_bars;
			a.results.ctx = &a.bars;
		}
		status = run(&a);
	}
	results_done(&a.results);
	free(a.op_ids);
	return status;
}

/* "XY" as letters for the driver. */
static bool read_axes(const char *text, char axes[4])
{
	size_t n = 0;

	for (; text && *text; text++) {
		char c = (char)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text);

		if (c < 'x' || c > 'z' || memchr(axes, c, n))
			return false;
		axes[n++] = c;
	}
	return true;
}

int verb_act(struct batch *b)
{
	enum verb verb = (enum verb)action_info(b->verb->action)->verb;
	struct verb_args args = { .local_bytes = -1 };
	unsigned pick = PICK_ACT | PICK_FIRST_ROUND;
	int status;

	if (!read_axes(options_str(&b->opt, OPTION_AXES), args.axes))
		return fail_usage(b, "--axes is one or more of x, y and z");
	if (verb == VERB_START || verb == VERB_DELETE) {
		if (b->opt.args.n != 1)
			return fail_usage(b, "name one file, and the printers with -t");
		args.file = b->opt.args.at[0];
	} else {
		pick |= PICK_ARGS;
	}
	if (verb == VERB_ESTOP && !options_has(&b->opt, OPTION_DRY_RUN))
		pick &= ~(unsigned)PICK_FIRST_ROUND;
	if (!batch_output(b, &results_source, OUT_TABLE, &status) ||
	    !batch_open(b, pick, false, &status))
		return status;
	return act(b, verb, &args, 1);
}

/* ---- upload ---- */

static bool check_file(const char *path, int64_t *bytes, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool good = fd >= 0 && fstat(fd, &st) == 0;

	if (!good)
		err_set(e, ERR_USAGE, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		good = err_set(e, ERR_USAGE, "%s is a folder", path);
	else if (!S_ISREG(st.st_mode))
		good = err_set(e, ERR_USAGE, "%s is not a regular file", path);
	else if (st.st_size == 0)
		good = err_set(e, ERR_USAGE, "%s is empty", path);
	else
		*bytes = st.st_size;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool names_differ(char *const *files, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (str_eq(str_basename(files[i]), str_basename(files[k])))
				return err_set(e, ERR_USAGE, "%s and %s would get the same name",
					       files[i], files[k]);
	return true;
}

static bool read_upload(struct batch *b, struct verb_args *args, struct err *e)
{
	const struct words *files = &b->opt.args;
	char *folder = options_str(&b->opt, OPTION_FOLDER);

	while (folder && *folder == '/')
		folder++;
	if (files->n > 1 && options_has(&b->opt, OPTION_NAME))
		return err_set(e, ERR_USAGE, "--name is for one file");
	if (files->n > 1 && options_has(&b->opt, OPTION_START))
		return err_set(e, ERR_USAGE, "--start is for one file");
	for (size_t i = 0; i < files->n; i++) {
		args[i] = (struct verb_args){
			.local = files->at[i],
			.name = options_str(&b->opt, OPTION_NAME),
			.folder = folder,
			.start = options_has(&b->opt, OPTION_START),
		};
		if (!check_file(files->at[i], &args[i].local_bytes, e))
			return false;
	}
	return names_differ(files->at, files->n, e);
}

int verb_upload(struct batch *b)
{
	struct verb_args *args = mem_zalloc(b->opt.args.n + 1, sizeof(*args));
	struct err e = { 0 };
	int status;

	if (b->opt.args.n == 0)
		status = fail_usage(b, "name the files to send, and the printers with -t");
	else if (!read_upload(b, args, &e))
		status = fail_with(&e);
	else if (batch_output(b, &results_source, OUT_TABLE, &status) &&
		 batch_open(b, PICK_ACT | PICK_FIRST_ROUND, false, &status))
		status = act(b, VERB_UPLOAD, args, b->opt.args.n);
	free(args);
	return status;
}
