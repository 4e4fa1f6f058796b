/*
 * From an action key to an operation: which printers, may they, the question, the submit, and how
 * it went.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "frame.h"

#define NAMED 24		/* printers that a question names; the rest is counted */
#define FEW 4
#define SLID_MS 700

/* Words of the questions, by verb. */
static const struct {
	const char *one, *many;		/* titles; many with %zu */
	const char *question;
	const char *adjective;		/* "none can be paused" */
} words[VERB_N] = {
	[VERB_PAUSE] = { "pause print", "pause %zu prints", "Pause it?", "paused" },
	[VERB_RESUME] = { "resume print", "resume %zu prints", "Resume it?", "resumed" },
	[VERB_CANCEL] = { "cancel print", "cancel %zu prints", "Cancel it?", "cancelled" },
	[VERB_START] = { "start print", "start on %zu printers", "Start it?", "started" },
	[VERB_UPLOAD] = { "upload and start", "upload and start on %zu printers", "Send it?",
			  "sent a file" },
	[VERB_ESTOP] = { "EMERGENCY STOP", "EMERGENCY STOP", "", "stopped" },
	[VERB_CONNECT] = { "connect", "connect %zu printers", "Connect it?", "connected" },
	[VERB_DISCONNECT] = { "disconnect", "disconnect %zu printers", "Disconnect it?",
			      "disconnected" },
	[VERB_RESTART] = { "restart firmware", "restart the firmware of %zu printers",
			   "Restart it?", "restarted" },
	[VERB_FILES] = { "files", "files of %zu printers", "", "listed" },
	[VERB_HOME] = { "home axes", "home axes of %zu printers", "Move them?", "homed" },
	[VERB_DELETE] = { "delete file", "delete on %zu printers", "Delete it?", "freed of a file" },
};

/* What a question is about; lives until it is answered. */
struct pending {
	struct tui *t;
	enum verb verb;
	struct verb_args args;
	bool has_args;
	uint32_t *ids;		/* those that may */
	uint32_t *jobs;		/* job.seq of each when it was asked about */
	size_t n;
	struct sbuf refused;	/* those that may not, with reasons */
	size_t n_refused;
};

static void pending_free(void *ctx)
{
	struct pending *p = ctx;

	verb_args_done(&p->args);
	sbuf_done(&p->refused);
	free(p->ids);
	free(p->jobs);
	free(p);
}

enum action_id act_of_verb(enum verb verb)
{
	for (int id = 0; id < ACTION_N; id++)
		if (action_info((enum action_id)id)->verb == (int)verb)
			return (enum action_id)id;
	return ACTION_HELP;
}

/* ---- which printers ---- */

size_t tui_targets(struct tui *t, uint32_t *ret, size_t max)
{
	struct view *v = tui_top(t);
	size_t n = 0;

	if (v->ops->targets)
		return v->ops->targets(v, ret, max);
	if (v->ops->scope != SCOPE_FLEET)
		return 0;
	for (size_t i = 0; i < fleet_count(t->app->fleet); i++) {
		const struct printer *p = fleet_at(t->app->fleet, i);

		if (!p->marked)
			continue;
		if (n < max)
			ret[n] = p->id;
		n++;
	}
	if (!n && fleet_get(t->app->fleet, t->current)) {
		if (max)
			ret[0] = t->current;
		n = 1;
	}
	return n;
}

/* Splits the printers into those that may and those that may not. */
static void sift(struct pending *p, const uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct printer *printer = fleet_get(p->t->app->fleet, ids[i]);
		struct err e;

		if (!printer)
			continue;
		if (op_allowed(p->t->app, ids[i], p->verb, &e)) {
			p->jobs[p->n] = printer->state.job.seq;
			p->ids[p->n++] = ids[i];
			continue;
		}
		p->n_refused++;
		/* A few are told with their reasons, many with their states. */
		if (n <= FEW)
			sbuf_addf(&p->refused, "%s%s: %s", p->n_refused > 1 ? "; " : "",
				  printer->config.name, e.text);
		else if (p->n_refused <= NAMED)
			sbuf_addf(&p->refused, "%s%s %s", p->n_refused > 1 ? ", " : "",
				  printer->config.name,
				  printer_status_info(printer->state.status)->name);
	}
	if (n > FEW && p->n_refused > NAMED)
		sbuf_addf(&p->refused, " and %zu more", p->n_refused - NAMED);
}

/* ---- sending ---- */

/* A question can stay open for hours: its yes is not meant for a job that began since. */
static void drop_changed(struct pending *p)
{
	size_t kept = 0, gone = 0, other = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct printer *printer = fleet_get(p->t->app->fleet, p->ids[i]);

		if (!printer)
			gone++;
		else if (printer->state.job.seq != p->jobs[i])
			other++;
		else
			p->ids[kept++] = p->ids[i];
	}
	p->n = kept;
	if (!kept)
		tui_say(p->t, ROLE_WARN, "nothing sent: %s", other ? "another job has begun meanwhile" :
			"the configuration has changed meanwhile, and the printer is gone");
	else if (gone || other)
		tui_say(p->t, ROLE_WARN, "left out: %zu with another job by now, %zu gone", other, gone);
}

static void submit(void *ctx)
{
	struct pending *p = ctx;
	struct tui *t = p->t;
	const struct printer *one;
	uint32_t group;

	if (p->verb != VERB_ESTOP)	/* that is never held back */
		drop_changed(p);
	if (!p->n)
		return;
	one = fleet_get(t->app->fleet, p->ids[0]);
	group = ops_new_group(t->app->ops);
	t->last_group = group;
	if (p->n == 1 && one)
		tui_say(t, ROLE_NORMAL, "%s: %s ...", one->config.name,
			action_info(act_of_verb(p->verb))->brief);
	for (size_t i = 0; i < p->n; i++)
		op_submit(t->app->ops, group, p->ids[i], p->verb, p->has_args ? &p->args : NULL,
			  (double)NAN);
	/* An upload is followed where it was asked for and in the view of transfers. */
	if (p->n > 1 && p->verb != VERB_UPLOAD)
		dialog_result(t, group, p->verb);
}

static size_t group_size(const struct ops *ops, uint32_t group)
{
	size_t n = 0;

	for (size_t i = 0; i < ops_count(ops); i++)
		n += ops_at(ops, i)->group == group;
	return n;
}

/*
 * One printer's result is a line; a failure that nobody is too busy to see gets the window with its
 * retry.
 */
static void say_result(struct tui *t, const struct op *op)
{
	bool busy = tui_dialog(t) || t->p->prompt || op->x.verb == VERB_UPLOAD;

	if (op->phase == OP_DONE)
		tui_say(t, ROLE_GOOD, "%s: %s", op->printer_name, op->seen);
	else if (op->phase == OP_CANCELLED)
		tui_say(t, ROLE_WARN, "%s: %s", op->printer_name,
			op->seen[0] ? op->seen : "stopped");
	else
		tui_say(t, ROLE_BAD, "%s: %s FAILED: %s", op->printer_name,
			action_info(act_of_verb(op->x.verb))->brief, op->err.text);
	if (op->phase == OP_FAILED && !busy)
		dialog_result(t, op->group, op->x.verb);
}

void act_op_changed(void *ctx, const struct op *op)
{
	struct tui *t = ctx;

	tui_dirty(t);
	if (!op_ended(op) || op->x.verb == VERB_FILES || dialog_shows_group(t, op->group))
		return;
	if (op->x.verb == VERB_UPLOAD || group_size(t->app->ops, op->group) == 1 ||
	    op->phase == OP_FAILED)
		say_result(t, op);
}

/* ---- the question ---- */

/* "87 %, 2:48 spent, 0:21 left" or the state. */
static void add_job(struct sbuf *b, const struct printer *p)
{
	char spent[STR_SMALL], left[STR_SMALL];
	const struct job *j = &p->state.job;

	if (!(STATUS_BIT(p->state.status) & STATUS_ACTIVE)) {
		sbuf_adds(b, printer_status_info(p->state.status)->name);
		return;
	}
	if (!isnan(j->progress))
		sbuf_addf(b, "%d %%", percent_of(j->progress));
	if (!isnan(j->elapsed_s))
		sbuf_addf(b, ", %s spent", str_duration(spent, sizeof(spent), j->elapsed_s));
	if (!isnan(j->left_s))
		sbuf_addf(b, ", %s left", str_duration(left, sizeof(left), j->left_s));
}

static void line_for_one(struct sbuf *b, const struct pending *p, const struct printer *printer)
{
	sbuf_addf(b, "%s  ", printer->config.name);
	switch (p->verb) {
	case VERB_ESTOP:
		sbuf_addf(b, "heaters and motors off at once%s",
			  STATUS_BIT(printer->state.status) & STATUS_ACTIVE ?
				  ", the print is lost" :
				  "");
		return;
	case VERB_START:
	case VERB_UPLOAD:
	case VERB_DELETE:
		sbuf_addf(b, "%s", p->args.file ? p->args.file : p->args.name ? p->args.name : "");
		return;
	case VERB_PAUSE:
	case VERB_RESUME:
	case VERB_CANCEL:
	case VERB_CONNECT:
	case VERB_DISCONNECT:
	case VERB_RESTART:
	case VERB_FILES:
	case VERB_HOME:
	case VERB_N:
		break;
	}
	if (printer->state.job.file[0] && (STATUS_BIT(printer->state.status) & STATUS_ACTIVE))
		sbuf_addf(b, "%s  ", str_basename(printer->state.job.file));
	add_job(b, printer);
}

/* "voron-01 87 %   voron-02 63 %   and 3 more   (4:31 h of work)" */
static void line_for_many(struct sbuf *b, const struct pending *p)
{
	double work_s = 0;
	char hours[STR_SMALL];

	if (p->args.file || p->args.name)
		sbuf_addf(b, "%s on   ", p->args.file ? p->args.file : p->args.name);
	for (size_t i = 0; i < p->n; i++) {
		const struct printer *printer = fleet_get(p->t->app->fleet, p->ids[i]);
		const struct job *j = &printer->state.job;
		bool active = STATUS_BIT(printer->state.status) & STATUS_ACTIVE;

		if (active && j->elapsed_s > 0)
			work_s += j->elapsed_s;
		if (i >= NAMED)
			continue;
		sbuf_addf(b, "%s%s", i ? "   " : "", printer->config.name);
		if (active && !isnan(j->progress))
			sbuf_addf(b, " %d %%", percent_of(j->progress));
	}
	if (p->n > NAMED)
		sbuf_addf(b, "   and %zu more", p->n - NAMED);
	if (work_s > 0 && (p->verb == VERB_CANCEL || p->verb == VERB_ESTOP))
		sbuf_addf(b, "   (%s h of work)", str_duration(hours, sizeof(hours), work_s));
}

/* A mark that was made an hour ago and that a filter hides is easily forgotten. */
static bool hidden(const struct pending *p)
{
	struct view *v = tui_top(p->t);
	const struct printer *printer = fleet_get(p->t->app->fleet, p->ids[0]);

	return v->ops->shows && printer && printer->marked && !v->ops->shows(v, printer->id);
}

static bool asks(const struct pending *p)
{
	unsigned flags = action_info(act_of_verb(p->verb))->flags;

	if (p->n == 1 && hidden(p))
		return true;
	if (p->verb == VERB_UPLOAD)
		return p->n > 1 && p->args.start;
	return (flags & A_ASKS) || (p->n > 1 && (flags & A_ASKS_MANY));
}

static void ask(struct pending *p)
{
	struct sbuf about = SBUF_INIT(4096), skipped = SBUF_INIT(4096);
	const char *lines[4];
	size_t n = 0;
	char title[80];

	if (p->n == 1)
		line_for_one(&about, p, fleet_get(p->t->app->fleet, p->ids[0]));
	else
		line_for_many(&about, p);
	lines[n++] = sbuf_str(&about);
	if (p->n == 1 && hidden(p))
		lines[n++] = "it is marked, and the filter hides it";
	if (p->verb == VERB_ESTOP && p->n > 1)
		lines[n++] = "heaters and motors off at once, prints are lost";
	if (p->n_refused) {
		sbuf_addf(&skipped, "left out: %s", sbuf_str(&p->refused));
		lines[n++] = sbuf_str(&skipped);
	}
	str_printf(title, sizeof(title), p->n == 1 ? words[p->verb].one : words[p->verb].many,
		   p->n);
	if (p->verb == VERB_ESTOP)
		dialog_estop(p->t, lines, n, submit, pending_free, p);
	else if (p->n == 1)
		dialog_ask(p->t, p->verb == VERB_CANCEL ? ROLE_BAD : ROLE_WARN, title, lines, n,
			   words[p->verb].question, submit, pending_free, p);
	else
		dialog_ask_number(p->t, title, lines, n, p->n, submit, pending_free, p);
	sbuf_done(&about);
	sbuf_done(&skipped);
}

static void say_refused(const struct pending *p)
{
	if (p->n_refused == 1)
		tui_say(p->t, ROLE_WARN, "%s", sbuf_str(&p->refused));
	else
		tui_say(p->t, ROLE_WARN, "none can be %s: %s", words[p->verb].adjective,
			sbuf_str(&p->refused));
}

void tui_act(struct tui *t, enum verb verb, const struct verb_args *args, const uint32_t *ids,
	     size_t n)
{
	struct pending *p;

	if (t->app->read_only) {
		tui_say(t, ROLE_WARN, "read-only: no action is sent");
		return;
	}
	if (!n || !t->app->ops) {
		tui_say(t, ROLE_WARN, "no printer is chosen here");
		return;
	}
	p = MEM_NEW(struct pending);
	p->t = t;
	p->verb = verb;
	p->ids = mem_zalloc(n, sizeof(*p->ids));
	p->jobs = mem_zalloc(n, sizeof(*p->jobs));
	sbuf_init(&p->refused, 4096);
	p->has_args = args;
	if (args)
		verb_args_copy(&p->args, args);
	sift(p, ids, n);
	if (!p->n) {
		say_refused(p);
	} else if (asks(p)) {
		ask(p);
		return;		/* the dialog has it now */
	} else {
		submit(p);
		if (p->n_refused)
			tui_say(t, ROLE_WARN, "left out: %s", sbuf_str(&p->refused));
	}
	pending_free(p);
}

/* ---- keys ---- */

/* The key for the serial port opens what is closed; when all is open it closes. */
static enum verb connect_or_not(const struct tui *t, const uint32_t *ids, size_t n)
{
	struct err e;

	for (size_t i = 0; i < n; i++)
		if (op_allowed(t->app, ids[i], VERB_CONNECT, &e))
			return VERB_CONNECT;
	for (size_t i = 0; i < n; i++)
		if (op_allowed(t->app, ids[i], VERB_DISCONNECT, &e))
			return VERB_DISCONNECT;
	return VERB_CONNECT;
}

/* Fingers are slower than rows: what has just come under the cursor is not what was aimed at. */
static bool aimed_at(struct tui *t, uint32_t id)
{
	const struct printer *p = fleet_get(t->app->fleet, id);

	if (tui_top(t)->ops->scope != SCOPE_FLEET || !p || p->marked || !t->slid_ms ||
	    tui_now_ms(t) - t->slid_ms >= SLID_MS)
		return true;
	tui_say(t, ROLE_WARN, "%s has just come under the cursor: nothing sent; the key again acts",
		p->config.name);
	return false;
}

void act_key(struct tui *t, enum action_id id)
{
	uint32_t *ids = mem_zalloc(LIMIT_PRINTERS, sizeof(*ids));
	size_t n = tui_targets(t, ids, LIMIT_PRINTERS);
	enum verb verb = (enum verb)action_info(id)->verb;

	if (n > LIMIT_PRINTERS)
		n = LIMIT_PRINTERS;
	if (t->app->read_only || !n)
		tui_act(t, verb, NULL, ids, n);		/* says why not */
	else if (n == 1 && !aimed_at(t, ids[0]))
		t->slid_ms = 0;
	else if (id == ACTION_UPLOAD)
		view_upload_open(t, ids, n);
	else if (id == ACTION_START)
		view_files_open(t, ids[0], ids, n);
	else
		tui_act(t, id == ACTION_CONNECT ? connect_or_not(t, ids, n) : verb, NULL, ids, n);
	free(ids);
}
