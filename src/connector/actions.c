/*
 * Carrying out one command: by an operation on the printer, a question to its server, or an
 * archive.
 */
#include "connector/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>

#define INTERRUPTED \
	"interrupted by a restart; it may have been carried out, but the printer does not show it"

/* Operations of the engine. begins: noted on disk before, since it must not be done twice. */
static const struct {
	enum verb verb;
	bool begins;
} how[CLOUD_ACTION_N] = {
	[CLOUD_ACTION_PAUSE] = { VERB_PAUSE, true },
	[CLOUD_ACTION_RESUME] = { VERB_RESUME, true },
	[CLOUD_ACTION_CANCEL] = { VERB_CANCEL, true },
	[CLOUD_ACTION_START] = { VERB_START, true },
	[CLOUD_ACTION_HOMING] = { VERB_HOME, true },
	[CLOUD_ACTION_UPLOAD] = { VERB_UPLOAD, true },
	[CLOUD_ACTION_DELETE] = { VERB_DELETE, true },
	[CLOUD_ACTION_SYNC] = { VERB_FILES, false },
	[CLOUD_ACTION_HISTORY] = { VERB_N, false },
	[CLOUD_ACTION_BACKUP] = { VERB_N, false },
};

/* ---- results ---- */

static void set_axes(const struct order *o, struct json *result)
{
	struct json *list;

	if (!o->args.axes[0]) {
		json_set_str(result, "axes", "all");
		return;
	}
	list = json_new_array();
	for (const char *a = o->args.axes; *a; a++)
		json_push_str(list, (const char[]){ (char)(*a - 'a' + 'A'), '\0' });
	json_set_take(result, "axes", list);
}

struct json *action_result(const struct order *o)
{
	struct json *result = json_new_object();

	json_set_str(result, "action", cloud_action_info(o->action)->name);
	switch (o->action) {
	case CLOUD_ACTION_START:
	case CLOUD_ACTION_DELETE:
		json_set_str(result, "filename", o->args.file);
		break;
	case CLOUD_ACTION_UPLOAD:
		json_set_str(result, "filename", o->args.file);
		json_set_int(result, "size", o->spool_bytes, -1);
		break;
	case CLOUD_ACTION_HOMING:
		set_axes(o, result);
		break;
	case CLOUD_ACTION_BACKUP:
		json_set_str(result, "backup_id", o->args.backup_id);
		break;
	case CLOUD_ACTION_PAUSE:
	case CLOUD_ACTION_RESUME:
	case CLOUD_ACTION_CANCEL:
	case CLOUD_ACTION_SYNC:
	case CLOUD_ACTION_HISTORY:
	case CLOUD_ACTION_N:
		break;
	}
	return result;
}

/* Moonraker's shape of a list. */
static void set_files(const struct file_list *l, struct json *result)
{
	struct json *list = json_new_array();
	int64_t count = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct remote_file *f = &l->files[i];
		struct json *v;

		if (f->is_folder)
			continue;
		v = json_new_object();
		json_set_str(v, "path", f->path);
		json_set_num(v, "modified", f->modified_at);
		json_set_int(v, "size", f->size_bytes, -1);
		json_set_str(v, "permissions", "rw");
		json_push_take(list, v);
		count++;
	}
	json_set_take(result, "files", list);
	json_set_int(result, "count", count, -1);
}

/* ---- after a restart: did it take effect? ---- */

static const struct remote_file *find_file(const struct file_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->files[i].path, path))
			return &l->files[i];
	return NULL;
}

static bool state_shows(const struct order *o, const struct printer *p)
{
	uint32_t now = STATUS_BIT(p->state.status);

	switch (o->action) {
	case CLOUD_ACTION_PAUSE:
		return p->state.status == PRINTER_PAUSED;
	case CLOUD_ACTION_RESUME:
		return now & STATUS_ACTIVE && p->state.status != PRINTER_PAUSED &&
		       p->state.status != PRINTER_PAUSING;
	case CLOUD_ACTION_CANCEL:
		return now & STATUS_READY;
	case CLOUD_ACTION_START:
		return now & STATUS_ACTIVE && str_eq(p->state.job.file, o->args.file);
	case CLOUD_ACTION_HOMING:
	case CLOUD_ACTION_UPLOAD:
	case CLOUD_ACTION_DELETE:
	case CLOUD_ACTION_SYNC:
	case CLOUD_ACTION_HISTORY:
	case CLOUD_ACTION_BACKUP:
	case CLOUD_ACTION_N:
		break;
	}
	return false;
}

static void submit(struct order *o, const struct printer *p, enum verb v);

/*
 * An upload that was cut leaves nothing on the server, and a file that is still there was not
 * deleted: both go again.
 */
static void settle_by_list(struct order *o, const struct op *op)
{
	const struct remote_file *f = find_file(&op->x.files, o->args.file);
	const struct printer *p = order_printer(o);

	o->settle = false;
	if (op->phase != OP_DONE || !p)
		order_end(o, INTERRUPTED);
	else if (o->action == CLOUD_ACTION_UPLOAD ? f && f->size_bytes == o->spool_bytes : !f)
		order_end(o, NULL);
	else
		submit(o, p, how[o->action].verb);
}

static void settle(struct order *o, const struct printer *p)
{
	if (o->action == CLOUD_ACTION_UPLOAD || o->action == CLOUD_ACTION_DELETE)
		submit(o, p, VERB_FILES);
	else
		order_end(o, state_shows(o, p) ? NULL : INTERRUPTED);
}

/* ---- operations ---- */

static void op_over(struct order *o, const struct op *op)
{
	o->op_id = 0;
	if (o->settle) {
		settle_by_list(o, op);
	} else if (op->phase != OP_DONE) {
		order_end(o, op->err.text[0] ? op->err.text : "stopped here by the operator");
	} else {
		o->result = action_result(o);
		if (o->action == CLOUD_ACTION_SYNC)
			set_files(&op->x.files, o->result);
		order_end(o, NULL);
	}
}

/*
 * Out of the engine's own callback nothing new may be submitted: what has ended is handled from the
 * loop, but a list of files is only there now.
 */
void action_op_changed(void *ctx, const struct op *op)
{
	struct connector *c = ctx;

	if (!op_ended(op))
		return;
	for (struct order *o = c->orders; o; o = o->next) {
		if (o->op_id != op->id)
			continue;
		if (o->settle)
			connector_kick(c);
		else
			op_over(o, op);
		return;
	}
}

static void submit(struct order *o, const struct printer *p, enum verb v)
{
	struct ops *ops = o->c->app->ops;
	struct verb_args args = {
		.file = o->args.file,
		.local = o->spool,
		.name = o->args.name,
		.folder = o->args.folder[0] ? o->args.folder : NULL,
		.local_bytes = o->spool_bytes,
	};
	const struct op *op;

	memcpy(args.axes, o->args.axes, sizeof(args.axes));
	o->op_id = 0;		/* not known while it is submitted: its end is looked at below */
	uint32_t id = op_submit(ops, ops_new_group(ops), p->id, v, &args, (double)NAN);

	o->op_id = id;
	op = op_get(ops, id);
	if (!op || op_ended(op))
		connector_kick(o->c);
}

/* Operations that ended while nobody could look. */
static bool look_at_op(struct order *o)
{
	const struct op *op = o->op_id ? op_get(o->c->app->ops, o->op_id) : NULL;

	if (!o->op_id || (op && !op_ended(op)))
		return false;
	if (op)
		op_over(o, op);
	else
		order_end(o, "stopped here by the operator");
	return true;
}

/* ---- questions ---- */

static void history_heard(void *ctx, const struct http_reply *r)
{
	struct order *o = ctx;
	const struct printer *p = order_printer(o);
	struct json *history = NULL;
	struct err e = { 0 };
	int64_t count = 0;

	o->call = NULL;
	if (p)
		history = look_read_history(p, r, o->args.limit, &count, &e);
	if (!history) {
		order_end(o, p ? e.text : "the printer was removed");
		return;
	}
	o->result = action_result(o);
	json_set_take(o->result, "history", history);
	json_set_int(o->result, "count", count, -1);
	order_end(o, NULL);
}

static void ask_history(struct order *o, const struct printer *p)
{
	struct app *a = o->c->app;
	struct endpoint to = app_endpoint(a, p);
	struct http_req r;

	http_req_init(&r);
	if (look_history(p, o->args.limit, &r))
		o->call = a->transport->ops->send(a->transport, &to, &r, history_heard, o);
	http_req_done(&r);
	if (!o->call)
		order_end(o, "its server keeps no history");
}

/* ---- start, stop ---- */

static bool begin(struct order *o)
{
	struct err e;

	if (!how[o->action].begins || ledger_begin(o->c->ledger, o->id, &e))
		return true;
	log_error("connector: %s", e.text);
	order_end(o, "the connector cannot write to its disk");
	return false;
}

bool action_should_wait(const struct order *o)
{
	const uint32_t passing =
		STATUS_BIT(PRINTER_BUSY) | STATUS_BIT(PRINTER_PAUSING) |
		STATUS_BIT(PRINTER_RESUMING) | STATUS_BIT(PRINTER_CANCELLING) |
		STATUS_BIT(PRINTER_FINISHING) | STATUS_BIT(PRINTER_STARTING) |
		STATUS_BIT(PRINTER_CONNECTING) |
		(o->action == CLOUD_ACTION_PAUSE ? STATUS_BIT(PRINTER_PREPARING) : 0);
	const struct printer *p = order_printer(o);
	struct err e;

	return p && !o->settle && how[o->action].verb != VERB_N &&
	       STATUS_BIT(p->state.status) & passing &&
	       !op_allowed(o->c->app, p->id, how[o->action].verb, &e);
}

void action_start(struct order *o)
{
	const struct printer *p = order_printer(o);

	if (!p)
		order_end(o, "the printer was removed");
	else if (o->settle)
		settle(o, p);
	else if (o->action == CLOUD_ACTION_BACKUP)
		backup_start(o);
	else if (o->action == CLOUD_ACTION_HISTORY)
		ask_history(o, p);
	else if (begin(o))
		submit(o, p, how[o->action].verb);
}

bool actions_look(struct connector *c)
{
	for (struct order *o = c->orders; o; o = o->next)
		if (o->phase == ORDER_RUNNING && look_at_op(o))
			return true;	/* the list has changed */
	return false;
}

/*
 * What was sent to a printer stays sent; an upload that runs is stopped, it leaves nothing there.
 */
void action_stop(struct order *o)
{
	struct transport *t = o->c->app->transport;

	if (o->call)
		t->ops->cancel(t, o->call);
	o->call = NULL;
	backup_stop(o->backup);
	o->backup = NULL;
}
