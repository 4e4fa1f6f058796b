/*
 * Commands of the cloud: fetched, checked, written down, run once each. Those of one printer keep
 * their order where it matters; printers never wait for one another.
 */
#include "connector/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>
#include "connector/base64.h"

#define ORDERS_MAX 200			/* more stay with the cloud until some are done */
#define REPLY_BYTES (64u << 20)		/* of a list of commands: files of up to 48 MB come in it */
#define KEPT_BYTES (64u << 10)		/* of a command without its file */
#define BATCH 20
#define HEARD_MS 10000			/* a printer that was not heard yet gets so long */
#define READY_MS 30000			/* one that is busy for the moment, so long */

#define A(id) CLOUD_ACTION_BIT(CLOUD_ACTION_##id)
#define MOTION (A(PAUSE) | A(RESUME) | A(CANCEL) | A(START) | A(HOMING))

/*
 * What each action waits for when it came earlier and is for the same printer. A cancel overtakes a
 * long pause or homing.
 */
static const unsigned waits_for[CLOUD_ACTION_N] = {
	[CLOUD_ACTION_PAUSE] = MOTION,
	[CLOUD_ACTION_RESUME] = MOTION,
	[CLOUD_ACTION_CANCEL] = A(START) | A(CANCEL),
	[CLOUD_ACTION_START] = MOTION | A(UPLOAD) | A(DELETE),
	[CLOUD_ACTION_HOMING] = MOTION,
	[CLOUD_ACTION_UPLOAD] = A(UPLOAD) | A(DELETE) | A(START) | A(CANCEL),
	[CLOUD_ACTION_DELETE] = A(UPLOAD) | A(DELETE) | A(START) | A(CANCEL),
	[CLOUD_ACTION_SYNC] = A(UPLOAD) | A(DELETE),
	[CLOUD_ACTION_HISTORY] = 0,
	[CLOUD_ACTION_BACKUP] = A(BACKUP),
};

/* ---- one order ---- */

static void order_free(struct order *o)
{
	action_stop(o);
	snapshots_forget(o->c, o);
	if (o->spool)
		free(o->spool);
	explicit_bzero(o->args.url, sizeof(o->args.url));
	json_free(o->result);
	free(o->id);
	free(o);
}

static void append(struct order *o)
{
	struct order **p = &o->c->orders;

	while (*p)
		p = &(*p)->next;
	*p = o;
}

static void take_out(struct order *o)
{
	struct order **p = &o->c->orders;

	while (*p != o)
		p = &(*p)->next;
	*p = o->next;
}

static size_t order_count(const struct connector *c)
{
	size_t n = 0;

	for (const struct order *o = c->orders; o; o = o->next)
		n++;
	return n;
}

const struct printer *order_printer(const struct order *o)
{
	return fleet_find(o->c->app->fleet, o->printer);
}

/* ---- its end ---- */

/* A disk that does not take it is told of; the cloud still gets its answer. */
static void write_down(struct connector *c, const char *id, const char *completion)
{
	struct err e;

	if (!ledger_done(c->ledger, id, completion, &e))
		log_error("connector: %s", e.text);
}

static void refuse(struct connector *c, const struct cloud_command *cmd, bool unknown_printer,
		   const char *why)
{
	struct json *result = json_new_object();
	char *text;

	if (unknown_printer)
		json_set_int(result, "printer_id", cmd->printer_id, -1);
	else if (cmd->name[0])
		json_set_str(result, "action", cmd->name);
	text = protocol_completion(result, why);
	log_warn("connector: command %s%s%s refused: %s", cmd->id, *cmd->name ? ", " : "",
		 cmd->name, why);
	write_down(c, cmd->id, text);
	free(text);
	outbox_add(c, cmd->id, false);
}

static void finish(struct order *o, const char *error, char *snapshot_take)
{
	struct connector *c = o->c;
	struct json *result = o->result ? o->result : action_result(o);
	char *text;

	o->result = NULL;
	text = protocol_completion(result, error);
	log_write(error ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "connector: command %s: %s on %s: %s",
		  o->id, cloud_action_info(o->action)->name, o->printer, error ? error : "done");
	write_down(c, o->id, text);
	free(text);
	if (o->spool)
		unlink(o->spool);
	outbox_add(c, o->id, snapshot_take != NULL);
	if (snapshot_take)
		snapshots_push_single(c, snapshot_take, o->id);
	take_out(o);
	order_free(o);
	connector_kick(c);
}

/* What it looks like afterwards goes with it, or why that is not known. */
static void captured(void *ctx, char *snapshot_take, const char *error)
{
	struct order *o = ctx;

	if (snapshot_take)
		json_set_str(o->result, "post_snapshot", "captured");
	else
		json_set_str(o->result, "post_snapshot_error", error);
	finish(o, NULL, snapshot_take);
}

void order_end(struct order *o, const char *error)
{
	if (error) {
		finish(o, error, NULL);
		return;
	}
	o->phase = ORDER_ENDING;
	if (!o->result)
		o->result = action_result(o);
	snapshots_capture(o->c, o->printer, o->printer_id, captured, o);
}

/* ---- running ---- */

static bool must_wait(const struct order *o)
{
	for (const struct order *x = o->c->orders; x != o; x = x->next) {
		/* Archives are made of this machine's own disk: one at a time. */
		bool same = str_eq(x->printer, o->printer) || o->action == CLOUD_ACTION_BACKUP;

		if (same && waits_for[o->action] & CLOUD_ACTION_BIT(x->action))
			return true;
	}
	return false;
}

static bool printer_is_ready(struct order *o)
{
	const struct printer *p = order_printer(o);
	int64_t now = connector_now_ms(o->c);

	if (p && !p->config.parked && !(p->dialect && poller_heard(o->c->app->poller, p->id)) &&
	    now - o->since_ms < HEARD_MS)
		return false;
	if (!o->turn_ms)
		o->turn_ms = now;
	return now - o->turn_ms > READY_MS || !action_should_wait(o);
}

void orders_run(struct connector *c)
{
	bool later = false;

	for (struct order *o = c->orders, *next; o; o = next) {
		next = o->next;
		if (o->phase != ORDER_WAITING || must_wait(o))
			continue;
		if (!printer_is_ready(o)) {
			later = true;
			continue;
		}
		o->phase = ORDER_RUNNING;
		action_start(o);
		/* It may have ended at once, and the list is another one then. */
		next = c->orders;
	}
	if (later)
		loop_timer_start(c->work, 200);
}

/* ---- new ones ---- */

static const char *why_not(const struct connector *c, const struct cloud_command *cmd)
{
	if (!(c->config.allow & CLOUD_ACTION_BIT(cmd->action)))
		return "not allowed by the operator";
	if (c->app->read_only && cloud_action_info(cmd->action)->changes)
		return "not allowed by the operator: read-only";
	return NULL;
}

static struct order *order_new(struct connector *c, const struct cloud_command *cmd,
			       const struct printer *p)
{
	struct order *o = MEM_NEW(struct order);

	o->c = c;
	o->id = mem_strdup(cmd->id);
	o->printer_id = cmd->printer_id;
	str_copy(o->printer, sizeof(o->printer), p->config.name);
	o->action = cmd->action;
	o->since_ms = connector_now_ms(c);
	return o;
}

/* The command as it is kept: everything but the content of a file, which has a file of its own. */
static char *kept_command(const struct cloud_command *cmd, int64_t spool_bytes)
{
	struct json *o = json_new_object(), *params = json_new_object();
	char *text;

	json_set_str(o, "id", cmd->id);
	json_set_int(o, "printer_id", cmd->printer_id, -1);
	json_set_str(o, "action", cmd->name);
	for (const struct json *v = json_first(cmd->params); v; v = json_next(v)) {
		bool is_content = str_eq(json_name(v), "content");

		text = is_content ? mem_strdup("\"\"") : json_print(v, false);
		json_set_take(params, json_name(v), json_parse(text, strlen(text), NULL));
		free(text);
	}
	json_set_take(o, "params", params);
	if (spool_bytes >= 0)
		json_set_int(o, "spool_bytes", spool_bytes, -1);
	text = json_print(o, false);
	json_free(o);
	return text;
}

/* False with *e: it cannot be run, and that is its end. */
static bool spool(struct order *o, struct err *e)
{
	o->spool_bytes = -1;
	if (o->action != CLOUD_ACTION_UPLOAD)
		return true;
	o->spool = ledger_spool(o->c->ledger, o->id);
	return base64_to_file(o->args.content, o->spool, &o->spool_bytes, e);
}

/* Checked, and on disk before anything is done. */
static void take(struct connector *c, const struct cloud_command *cmd, const struct printer *p)
{
	struct order *o = order_new(c, cmd, p);
	struct err e = { 0 };
	char *kept;

	if (!protocol_args(cmd->action, cmd->params, &o->args, &e) || !spool(o, &e)) {
		refuse(c, cmd, false, e.text);
		order_free(o);
		return;
	}
	o->args.content = NULL;
	kept = kept_command(cmd, o->spool_bytes);
	if (strlen(kept) > KEPT_BYTES) {
		refuse(c, cmd, false, "params are too long");
		order_free(o);
	} else if (ledger_take(c->ledger, o->id, kept, &e)) {
		log_info("connector: command %s: %s on %s", o->id, cmd->name, o->printer);
		append(o);
	} else { /* nothing is begun that would be forgotten; it is answered, so that nobody waits
		  */
		log_error("connector: %s", e.text);
		refuse(c, cmd, false, "the connector cannot write to its disk");
		order_free(o);
	}
	explicit_bzero(kept, strlen(kept));
	free(kept);
}

static void accept(struct connector *c, const struct json *item)
{
	const struct ledger_entry *known;
	const struct printer *p;
	struct cloud_command cmd;
	struct err e;
	bool good = protocol_command(item, &cmd, &e);

	if (!cmd.id[0]) {
		log_warn("connector: %s: not run", e.text);
		return;
	}
	known = ledger_find(c->ledger, cmd.id);
	if (known) {
		if (ledger_again(c->ledger, cmd.id))
			outbox_add(c, cmd.id, false);
		return;
	}
	p = connector_printer(c, cmd.printer_id);
	if (!good) {
		refuse(c, &cmd, false, e.text);
	} else if (!p) {
		char text[64];

		str_printf(text, sizeof(text), "unknown printer_id %lld",
			   (long long)cmd.printer_id);
		refuse(c, &cmd, true, text);
	} else if (cmd.action == CLOUD_ACTION_N) {
		char text[128];

		str_printf(text, sizeof(text), "unsupported action: %s", cmd.name);
		refuse(c, &cmd, false, text);
	} else if (why_not(c, &cmd)) {
		refuse(c, &cmd, false, why_not(c, &cmd));
	} else if (order_count(c) < ORDERS_MAX) {
		take(c, &cmd, p);
	}
}

static bool accept_all(struct connector *c, const struct http_reply *r, struct err *e)
{
	struct json *root;
	bool good;

	if (!r->len)
		return true;
	root = json_parse(r->body, r->len, e);
	good = json_is_array(root) || json_is_null(root);
	if (good)
		for (const struct json *v = json_first(root); v; v = json_next(v))
			accept(c, v);
	else if (root)
		err_set(e, ERR_BAD_REPLY, "the cloud's commands are no list");
	json_free(root);
	return good;
}

static void commands_heard(void *ctx, const struct http_reply *r)
{
	struct lane *l = ctx;
	struct connector *c = l->c;
	struct err e;
	enum verdict v;

	l->call = NULL;
	v = cloud_hear(&c->cloud, r, &e);
	if (v == CLOUD_GOOD && !accept_all(c, r, &e)) {
		log_warn("connector: commands: %s", e.text);
		str_copy(c->cloud.trouble, sizeof(c->cloud.trouble), e.text);
		v = CLOUD_TROUBLE;
	}
	connector_kick(c);
	lane_end(l, v, r);
}

void orders_poll(struct connector *c)
{
	struct lane *l = &c->lanes[LANE_COMMANDS];
	struct sbuf id = SBUF_INIT(4 * PROTOCOL_ID);
	struct http_req r;

	str_url_encode(&id, c->cloud.id, false);
	/* When all of them are too much together, one may come through. */
	cloud_req(&r, HTTP_GET, "/api/v1/connectors/%s/commands?limit=%d", sbuf_str(&id),
		  l->failures > 1 ? 1 : BATCH);
	r.max_bytes = REPLY_BYTES;
	r.timeout_ms = 0;		/* a file may come slowly, as long as it comes */
	l->call = cloud_send(&c->cloud, &r, commands_heard, l);
	sbuf_done(&id);
}

/* ---- after a restart ---- */

static bool find_spool(struct order *o, const struct json *kept, struct err *e)
{
	struct stat st;

	o->spool_bytes = json_int(kept, "spool_bytes", -1);
	if (o->action != CLOUD_ACTION_UPLOAD)
		return true;
	o->spool = ledger_spool(o->c->ledger, o->id);
	if (!stat(o->spool, &st) && st.st_size == o->spool_bytes)
		return true;
	return err_set(e, ERR_IO, "interrupted by a restart, and its file is lost");
}

static void restore(struct connector *c, const struct ledger_entry *x)
{
	struct cloud_command cmd = { 0 };
	struct err e = { 0 };
	struct json *kept = x->command ? json_parse(x->command, strlen(x->command), &e) : NULL;
	const struct printer *p = NULL;
	struct order *o;

	if (!kept || !protocol_command(kept, &cmd, &e) || cmd.action == CLOUD_ACTION_N ||
	    !(p = connector_printer(c, cmd.printer_id))) {
		str_copy(cmd.id, sizeof(cmd.id), x->id);
		refuse(c, &cmd, false, "interrupted by a restart, and not known any more");
		json_free(kept);
		return;
	}
	o = order_new(c, &cmd, p);
	o->settle = x->phase == LEDGER_BEGUN;
	if (protocol_args(cmd.action, cmd.params, &o->args, &e) && find_spool(o, kept, &e)) {
		o->args.content = NULL;
		append(o);
	} else {
		refuse(c, &cmd, false, e.text);
		order_free(o);
	}
	json_free(kept);
}

void orders_restore(struct connector *c)
{
	/* Those that are refused now change their place in life, but not in the list. */
	for (size_t i = 0; i < ledger_count(c->ledger); i++) {
		const struct ledger_entry *x = ledger_at(c->ledger, i);

		if (x->phase == LEDGER_DONE)
			outbox_add(c, x->id, false);
		else if (x->phase != LEDGER_SENT)
			restore(c, x);
	}
	ledger_sweep(c->ledger);
	connector_kick(c);
}

void orders_stop(struct connector *c)
{
	while (c->orders) {
		struct order *o = c->orders;

		c->orders = o->next;
		order_free(o);
	}
}
