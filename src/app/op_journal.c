/* Operations in words: what was done, what would be sent, what to type to do it again. */
#include <stdlib.h>
#include <string.h>
#include <printop/alert.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "app/internal.h"
#include "app/op_journal.h"

static struct json *action_line(const struct op *op, const char *phase)
{
	struct json *o = json_new_object();
	const struct verb_args *args = &op->x.args;

	json_set_str(o, "kind", "action");
	json_set_str(o, "phase", phase);
	json_set_str(o, "action", verb_name(op->x.verb));
	json_set_str(o, "printer", op->printer_name);
	if (args->file)
		json_set_str(o, "file", args->file);
	if (args->local)
		json_set_str(o, "local", args->local);
	if (args->name)
		json_set_str(o, "name", args->name);
	if (args->axes[0])
		json_set_str(o, "axes", args->axes);
	if (args->folder)
		json_set_str(o, "folder", args->folder);
	if (op->x.verb == VERB_UPLOAD)
		json_set_bool(o, "start", args->start);
	return o;
}

void op_journal_start(struct app *a, const struct op *op)
{
	journal_write_take(a->journal, action_line(op, "sent"));
}

void op_journal_refused(struct app *a, const struct op *op, const struct err *e)
{
	struct json *o = action_line(op, "ended");

	json_set_str(o, "result", "refused");
	json_set_str(o, "code", err_name(e->code));
	json_set_str(o, "text", e->text);
	journal_write_take(a->journal, o);
}

void op_journal_end(struct app *a, const struct op *op, double took_s)
{
	static const char *const results[] = {
		[OP_DONE] = "done", [OP_FAILED] = "failed", [OP_CANCELLED] = "stopped",
	};
	struct json *o = action_line(op, "ended");
	const struct printer *p = fleet_get(a->fleet, op->printer_id);

	json_set_str(o, "result", results[op->phase]);
	json_set_str(o, "code", op->err.code == ERR_NONE ? NULL : err_name(op->err.code));
	json_set_str(o, "text", op->seen);
	json_set_num(o, "took_s", took_s);
	if (op->x.remote_path[0])
		json_set_str(o, "remote_path", op->x.remote_path);
	journal_write_take(a->journal, o);
	alerts_note(a->alerts, EVENT_ACTION, p, "%s: %s%s", verb_name(op->x.verb),
		    op->phase == OP_FAILED ? "failed: " : "", op->seen);
}

bool op_describe(struct app *a, uint32_t printer_id, enum verb verb, const struct verb_args *args,
		 char *buf, size_t size, struct err *e)
{
	const struct printer *p = fleet_get(a->fleet, printer_id);
	const struct driver *d = p ? driver_of(p) : NULL;
	struct exchange x;
	struct http_req req;
	bool ok = false;

	if (!d)
		return err_set(e, ERR_UNREACHABLE, "its server was not found yet, so the request is not known");
	if (!op_allowed(a, printer_id, verb, e))
		return false;
	exchange_init(&x, verb);
	if (args) {
		verb_args_done(&x.args);
		verb_args_copy(&x.args, args);
	}
	http_req_init(&req);
	switch (d->step(p, &x, NULL, &req, e)) {
	case EXCHANGE_SEND:
		str_printf(buf, size, "%s %s%s%s%s%s", http_method_name(req.method), p->config.url, sbuf_str(&req.path),
			   req.upload ? " multipart: " : req.body.len ? " " : "",
			   req.upload ? req.upload->local_path : sbuf_str(&req.body), req.changes ? "" : "  (a look first)");
		ok = true;
		break;
	case EXCHANGE_DONE:
		str_copy(buf, size, "nothing");
		ok = true;
		break;
	case EXCHANGE_RETRY:
	case EXCHANGE_FAILED:
		break;
	}
	http_req_done(&req);
	exchange_done(&x);
	return ok;
}

/* A word as a shell takes it: bare when it is harmless, in single quotes else. */
static void add_word(struct sbuf *b, const char *word)
{
	sbuf_addc(b, ' ');
	if (*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:=@%+-")] == 0) {
		sbuf_adds(b, word);
		return;
	}
	sbuf_addc(b, '\'');
	for (; *word; word++)
		if (*word == '\'')
			sbuf_adds(b, "'\\''");
		else
			sbuf_addc(b, *word);
	sbuf_addc(b, '\'');
}

static void add_option(struct sbuf *b, const char *option, const char *value)
{
	if (!value || !*value)
		return;
	sbuf_addf(b, " %s", option);
	add_word(b, value);
}

char *op_twin(const char *config, enum verb verb, const struct verb_args *args,
	      const char *const *names, size_t n)
{
	struct sbuf b = SBUF_INIT(64u << 10), targets = SBUF_INIT(32u << 10);

	sbuf_adds(&b, "printop");
	add_option(&b, "--config", config);
	sbuf_addf(&b, " %s", verb_name(verb));
	if (args && verb == VERB_UPLOAD && args->local)
		add_word(&b, args->local);
	if (args && (verb == VERB_START || verb == VERB_DELETE) && args->file)
		add_word(&b, args->file);
	if (args && verb == VERB_HOME)
		add_option(&b, "--axes", args->axes);
	for (size_t i = 0; i < n; i++)
		sbuf_addf(&targets, "%s%s", i ? "," : "", names[i]);
	add_option(&b, "-t", sbuf_str(&targets));
	if (args && verb == VERB_UPLOAD) {
		add_option(&b, "--folder", args->folder);
		if (args->name && args->local && !str_eq(args->name, str_basename(args->local)))
			add_option(&b, "--name", args->name);
		if (args->start)
			sbuf_adds(&b, " --start");
	}
	sbuf_done(&targets);
	return sbuf_take(&b);
}
