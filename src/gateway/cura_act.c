/* Cura's buttons: pause, resume, abort, move to top, override, delete. */
#include "gateway/cura_act.h"

#include <math.h>
#include <string.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/str.h>

static bool setting(const struct cura *c, enum setting_id id)
{
	return settings_bool(&c->app->config->settings, id);
}

static unsigned status_of(const struct err *e)
{
	switch (e->code) {
	case ERR_NOT_FOUND:
		return 404;
	case ERR_USAGE:
		return 400;
	case ERR_AUTH:
		return 403;
	case ERR_IO:
		return 507;
	case ERR_NONE:
	case ERR_CONFIG:
	case ERR_UNREACHABLE:
	case ERR_TIMEOUT:
	case ERR_REFUSED:
	case ERR_UNSUPPORTED:
	case ERR_BAD_REPLY:
	case ERR_TOO_BIG:
	case ERR_CANCELLED:
	case ERR_INTERNAL:
	case ERR_N:
		break;
	}
	return 409;
}

static unsigned result(bool good, const struct err *e)
{
	return good ? 204 : status_of(e);
}

/* The job, when it is there and this Cura may do anything to jobs. */
static bool find(const struct cura *c, const char *uuid, struct cura_job *job, struct err *e)
{
	if (!cura_job_find(c, uuid, job))
		return err_set(e, ERR_NOT_FOUND, "there is no such job");
	return setting(c, SETTING_GATEWAY_CURA_CONTROL) ||
	       err_set(e, ERR_AUTH, "Cura may only send files here (gateway_cura_control)");
}

/* ---- pause, print, abort ---- */

static bool read_action(const char *body, size_t len, char *word, size_t size)
{
	struct err ignored;
	struct json *o = json_parse(body, len, &ignored);
	bool good;

	word[0] = '\0';
	if (o)
		good = json_is_object(o) ? json_str(o, "action", word, size) : json_str_value(o, word, size, false);
	else
		good = str_printf(word, size, "%.*s", (int)(len < size ? len : size), body);
	json_free(o);
	return good && word[0];
}

static unsigned start(struct cura *c, const struct cura_job *job, struct err *e)
{
	if (!setting(c, SETTING_GATEWAY_CURA_START))
		return result(err_set(e, ERR_AUTH, "Cura may not start prints here (gateway_cura_start)"), e);
	if (job->queued->griffin && !job->queued->force)
		return result(err_set(e, ERR_REFUSED, "it is made for an Ultimaker (Griffin)"), e);
	return result(queue_start(c->queue, job->queued->id, e), e);
}

static unsigned command(struct cura *c, const struct cura_job *job, enum verb v, struct err *e)
{
	if (!job->printer)
		return result(err_set(e, ERR_REFUSED, "it is on no printer"), e);
	if (!op_allowed(c->app, job->printer->id, v, e))
		return status_of(e);
	op_submit(c->app->ops, 0, job->printer->id, v, NULL, NAN);
	return 204;
}

unsigned cura_act_action(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why)
{
	static const struct {
		const char *word;
		enum verb verb;
	} map[] = { { "pause", VERB_PAUSE }, { "print", VERB_RESUME }, { "abort", VERB_CANCEL } };
	struct cura_job job;
	char word[16];

	if (!find(c, uuid, &job, why))
		return status_of(why);
	if (!read_action(body, len, word, sizeof(word)))
		return result(err_set(why, ERR_USAGE, "no action"), why);
	for (size_t i = 0; i < ARRAY_LEN(map); i++) {
		if (!str_eq(word, map[i].word))
			continue;
		if (map[i].verb == VERB_RESUME && job.queued && job.queued->state == QUEUE_SENT)
			return start(c, &job, why);
		if (job.status <= CURA_SENT || job.status >= CURA_WAIT_CLEANUP)
			return result(err_set(why, ERR_REFUSED, "a job that is %s cannot %s", cura_status_name(job.status),
					      word), why);
		return command(c, &job, map[i].verb, why);
	}
	return result(err_set(why, ERR_USAGE, "the actions are pause, print and abort"), why);
}

/* ---- the queue ---- */

static struct json *read_object(const char *body, size_t len, struct err *e)
{
	struct json *o = json_parse(body, len, e);

	if (o && !json_is_object(o)) {
		json_free(o);
		o = NULL;
	}
	if (!o)
		err_set(e, ERR_USAGE, "the body is no JSON object");
	return o;
}

unsigned cura_act_move(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why)
{
	struct cura_job job;
	struct json *o;
	int64_t to;

	if (!find(c, uuid, &job, why))
		return status_of(why);
	o = read_object(body, len, why);
	to = json_int(o, "to_position", -1);
	json_free(o);
	if (to < 0 || to > 1000000)
		return result(err_set(why, ERR_USAGE, "to_position is a number from 0"), why);
	if (!job.queued)
		return result(err_set(why, ERR_REFUSED, "it is not in the queue"), why);
	return result(queue_move(c->queue, job.queued->id, (size_t)to, why), why);
}

unsigned cura_act_force(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why)
{
	struct cura_job job;
	struct json *o;
	bool force;

	if (!find(c, uuid, &job, why))
		return status_of(why);
	o = read_object(body, len, why);
	force = json_bool(o, "force", 0) == 1;
	json_free(o);
	if (!force)
		return result(err_set(why, ERR_USAGE, "only {\"force\": true} is known"), why);
	if (!job.griffin)
		return result(err_set(why, ERR_REFUSED, "there is nothing to override"), why);
	if (!setting(c, SETTING_GATEWAY_CURA_OVERRIDE))
		return result(err_set(why, ERR_AUTH, "Cura may not override warnings here (gateway_cura_override)"), why);
	/* Whoever overrides saw the card of one printer. */
	if (job.printer && !job.queued->target[0] &&
	    !queue_assign(c->queue, job.queued->id, job.printer->config.name, why))
		return status_of(why);
	return result(queue_release(c->queue, job.queued->id, true, why), why);
}

unsigned cura_act_delete(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why)
{
	struct cura_job job;

	(void)body, (void)len;
	if (!find(c, uuid, &job, why))
		return status_of(why);
	for (size_t i = 0; job.refusal && i < CURA_REFUSALS; i++)
		if (&c->refusals[i] == job.refusal)
			c->refusals[i].uuid[0] = '\0';
	if (job.refusal)
		return 204;
	if (!job.queued)
		return result(err_set(why, ERR_REFUSED, "it was not sent from here: abort it"), why);
	return result(queue_remove(c->queue, job.queued->id, why), why);
}
