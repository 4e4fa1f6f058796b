/* Starting what was sent, and stopping what prints: only where the key's rights say so. */
#include "gateway/slicer.h"

#include <math.h>
#include <string.h>
#include <printop/op.h>
#include <printop/str.h>

bool slicer_may_start(const struct slicer_request *q, struct err *e)
{
	if (q->base.place == PLACE_LIBRARY)
		return err_set(e, ERR_REFUSED, "the library prints nothing: send it to a printer");
	if (!str_eq(settings_str(&q->s->app->config->settings, SETTING_GATEWAY_START), "key"))
		return err_set(e, ERR_AUTH, "starting prints from a slicer is switched off here (gateway_start)");
	if (!(q->client.rights & ACCESS_START))
		return err_set(e, ERR_AUTH, "the key %s may not start prints", q->client.name);
	return true;
}

static bool is_named(const struct queue_job *j, const char *path)
{
	size_t len = strlen(j->folder);

	if (str_starts(path, "gcodes/") && is_named(j, path + 7))
		return true;
	if (!len)
		return str_eq(j->name, path);
	return !strncmp(path, j->folder, len) && path[len] == '/' && str_eq(path + len + 1, j->name);
}

/* The latest file of that name that was sent to this base. */
static const struct queue_job *find_job(const struct slicer_request *q, const char *path)
{
	const struct queue_job *found = NULL;

	for (size_t i = 0; i < queue_count(q->s->queue); i++) {
		const struct queue_job *j = queue_at(q->s->queue, i);

		if (str_eq_nocase(j->target, q->base.target) && is_named(j, path) && (!found || j->created_at > found->created_at))
			found = j;
	}
	return found;
}

bool slicer_start_file(struct slicer_request *q, const char *path, struct err *e)
{
	struct gateway_event ev = { .peer = httpd_peer(q->r), .key = q->client.name, .file = path, .target = q->base.target };
	const struct queue_job *j;
	char agent[96], text[300];
	bool good;

	if (!slicer_may_start(q, e))
		return false;
	while (*path == '/')
		path++;
	j = find_job(q, path);
	if (!j)
		return err_set(e, ERR_NOT_FOUND, "there is no file %s here: send it first", path);
	good = queue_start(q->s->queue, j->id, e);
	if (good && j->state == QUEUE_HELD)
		good = err_set(e, ERR_REFUSED, "not started: %s", j->reason);
	slicer_agent(q->r, agent, sizeof(agent));
	str_printf(text, sizeof(text), "start: %s", good ? "taken" : e->text);
	ev.client = agent;
	ev.job = j->id;
	ev.outcome = text;
	gateway_journal(q->s->g, &ev);
	return good;
}

bool slicer_control(struct slicer_request *q, enum verb verb, struct err *e)
{
	const struct printer *p = slicer_printer(q);
	struct gateway_event ev = { .peer = httpd_peer(q->r), .key = q->client.name, .target = q->base.target,
		.outcome = verb_name(verb) };
	const struct op *op;
	char agent[96];

	if (!(q->client.rights & ACCESS_CONTROL))
		return err_set(e, ERR_AUTH, "the key %s may not pause or cancel", q->client.name);
	if (!p)
		return err_set(e, ERR_REFUSED, "that is only possible on one printer: /printer/NAME");
	slicer_agent(q->r, agent, sizeof(agent));
	ev.client = agent;
	gateway_journal(q->s->g, &ev);
	op = op_get(q->s->app->ops, op_submit(q->s->app->ops, 0, p->id, verb, NULL, NAN));
	if (op && op->phase == OP_FAILED)
		return err_set(e, op->err.code, "%s", op->err.text);
	return true;
}
