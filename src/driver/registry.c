/* The dialects there are, what tells them apart, and whether a verb may be sent now. */
#include "driver_util.h"

#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

static const struct driver *const drivers[] = { &driver_octoprint, &driver_moonraker };

const struct driver *driver_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (name && str_eq_nocase(drivers[i]->name, name))
			return drivers[i];
	}
	return NULL;
}

const struct driver *driver_of(const struct printer *p)
{
	return driver_by_name(p->dialect);
}

size_t driver_count(void)
{
	return ARRAY_LEN(drivers);
}

const struct driver *driver_at(size_t i)
{
	return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const char *driver_names(void)
{
	return "auto, octoprint, moonraker";
}

/*
 * Moonraker answers it without a key, with Klipper down and through a proxy, but refuses it with a
 * wrong key; OctoPrint says 404 with its mark. So no key is sent.
 */
void driver_probe(struct http_req *ret)
{
	driver_get(ret, "/access/info");
	ret->no_key = true;
}

void driver_probe_again(struct http_req *ret)
{
	driver_get(ret, "/api/version");
	ret->no_key = true;
}

const struct driver *driver_detect(const struct http_reply *r, struct err *e)
{
	const struct driver *best = NULL;
	struct err fault;
	int score = 0;

	if (driver_is_fault(r, &fault)) {
		err_set(e, fault.code, "%s", fault.text);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		int s = drivers[i]->detect(r);

		if (s > score) {
			score = s;
			best = drivers[i];
		}
	}
	if (!best)
		err_set(e, ERR_BAD_REPLY, "neither OctoPrint nor Moonraker answers here (HTTP %ld)",
			r->status);
	return best;
}

/* ---- verbs ---- */

static const struct {
	const char *name;
	const char *refusal;	/* after "busy: ", when the status forbids it */
} verbs[] = {
	[VERB_PAUSE] = { "pause", "cannot pause now" },
	[VERB_RESUME] = { "resume", "nothing to resume" },
	[VERB_CANCEL] = { "cancel", "cannot cancel now" },
	[VERB_START] = { "start", "cannot start a job now" },
	[VERB_UPLOAD] = { "upload", "cannot take files now" },
	[VERB_ESTOP] = { "estop", "no printer there to stop" },
	[VERB_CONNECT] = { "connect", "nothing to connect" },
	[VERB_DISCONNECT] = { "disconnect", "cannot disconnect now" },
	[VERB_RESTART] = { "restart", "cannot restart now" },
	[VERB_FILES] = { "files", "cannot list files now" },
	[VERB_HOME] = { "home", "cannot move now" },
	[VERB_DELETE] = { "delete", "cannot delete files now" },
};

_Static_assert(ARRAY_LEN(verbs) == VERB_N, "a row for each verb");

const char *verb_name(enum verb v)
{
	return (unsigned)v < VERB_N ? verbs[v].name : "?";
}

bool verb_from_name(const char *name, enum verb *ret)
{
	for (unsigned i = 0; i < VERB_N; i++) {
		if (str_eq(verbs[i].name, name)) {
			*ret = (enum verb)i;
			return true;
		}
	}
	return false;
}

/* Refusing what the status forbids is one thing; the other is what nobody there can hear. */
static enum err_code refusal_code(enum printer_status s)
{
	if (s == PRINTER_OFFLINE || s == PRINTER_UNKNOWN)
		return ERR_UNREACHABLE;
	return s == PRINTER_UNAUTHORIZED ? ERR_AUTH : ERR_REFUSED;
}

/* "not printing (idle): nothing to pause", "paused: cannot start a job now", "offline: no answer". */
static bool refuse(const struct printer *p, enum verb v, struct err *e)
{
	const enum printer_status s = p->state.status;
	const char *state = printer_status_info(s)->name;
	const enum err_code code = refusal_code(s);

	if (code != ERR_REFUSED && p->state.reason[0])
		return err_set(e, code, "%s: %s", state, p->state.reason);
	if ((v == VERB_PAUSE || v == VERB_CANCEL) && (STATUS_BIT(s) & STATUS_READY))
		return err_set(e, code, "not printing (%s): nothing to %s", state, verbs[v].name);
	if (v == VERB_RESUME)
		return err_set(e, code, "not paused (%s): %s", state, verbs[v].refusal);
	return err_set(e, code, "%s: %s", state, verbs[v].refusal);
}

/*
 * A server that is only too slow may still hear an emergency stop: that is worth trying where any
 * other verb is not.
 */
static bool may_still_hear(const struct printer *p)
{
	return p->state.klippy_silent ||
	       (p->state.status == PRINTER_OFFLINE && p->state.fresh.err == ERR_TIMEOUT);
}

bool verb_allowed(const struct printer *p, enum verb v, struct err *e)
{
	const struct driver *d = driver_of(p);

	if (p->config.parked)
		return err_set(e, ERR_REFUSED, *p->config.parked ? "parked: %s" : "parked%s",
			       p->config.parked);
	if (!d)
		return refuse(p, v, e);
	if (!(d->verbs & VERB_BIT(v)))
		return err_set(e, ERR_UNSUPPORTED, "%s has no %s", d->title, verb_name(v));
	if (v != VERB_FILES && str_eq(p->state.access, "read-only"))
		return err_set(e, ERR_AUTH, "the key may only look");
	if (v == VERB_ESTOP && may_still_hear(p))
		return true;
	if (!(d->allowed(v) & STATUS_BIT(p->state.status)))
		return refuse(p, v, e);
	return true;
}
