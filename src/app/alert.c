/* Events made from changes of state: once each, remembered, journaled, told to hooks and frontends. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/alert.h>
#include <printop/app.h>
#include <printop/driver.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "app/internal.h"

#define KEEP 500
#define OBSERVERS 4

/* What one printer did so far, so that OFFLINE or RESUMING in between does not hide the end of a job. */
struct past {
	uint32_t id;
	bool job;		/* a job was under way */
	bool paused;
	bool was_offline;
	bool known;		/* was heard at all: the first state is news to nobody */
	enum printer_status status;
	char *file;		/* of the job under way: servers forget it in an error */
};

struct alerts {
	struct app *app;
	struct hooks *hooks;
	bool record;		/* journal and hooks */
	bool job_event;		/* what is noted now is about a job */
	struct event ring[KEEP];
	size_t first, n;
	uint32_t next_seq;
	struct past *past;
	size_t n_past, cap_past;
	struct {
		event_fn *fn;
		void *ctx;
	} observers[OBSERVERS];
};

static const struct {
	const char *name;
	int setting;		/* that makes it an alarm, -1: never one */
} kinds[EVENT_KIND_N] = {
	[EVENT_STARTED] = { "started", -1 },
	[EVENT_FINISHED] = { "finished", SETTING_ALERT_FINISH },
	[EVENT_CANCELLED] = { "cancelled", -1 },
	[EVENT_FAILED] = { "failed", SETTING_ALERT_FAIL },
	[EVENT_PAUSED] = { "paused", SETTING_ALERT_PAUSE },
	[EVENT_RESUMED] = { "resumed", -1 },
	[EVENT_OFFLINE] = { "offline", SETTING_ALERT_OFFLINE },
	[EVENT_ONLINE] = { "online", -1 },
	[EVENT_REFUSED] = { "refused", SETTING_ALERT_OFFLINE },
	[EVENT_ACTION] = { "action", -1 },
	[EVENT_NOTE] = { "note", -1 },
};

const char *event_kind_name(enum event_kind k)
{
	return kinds[k].name;
}

/* ---- the ring ---- */

static void record(struct alerts *al, const struct event *ev, const struct printer *p)
{
	struct json *o;

	if (!al->record || ev->kind == EVENT_ACTION || ev->kind == EVENT_NOTE || !recorder_is_us(al->app))
		return;
	o = json_new_object();
	json_set_str(o, "kind", "event");
	json_set_str(o, "event", event_kind_name(ev->kind));
	json_set_str(o, "printer", ev->printer[0] ? ev->printer : NULL);
	json_set_str(o, "text", ev->text);
	if (p && p->state.job.file[0])
		json_set_str(o, "file", p->state.job.file);
	journal_write_take(al->app->journal, o);
	hooks_run(al->hooks, ev, p);
}

static bool own_doing(const struct printer *p, enum event_kind k)
{
	return p && ((k == EVENT_PAUSED && p->pending == VERB_PAUSE + 1) ||
		     (k == EVENT_FAILED && p->pending == VERB_ESTOP + 1));
}

void alerts_note(struct alerts *al, enum event_kind k, const struct printer *p, const char *fmt, ...)
{
	struct event *ev;
	va_list ap;

	if (!al)
		return;
	ev = &al->ring[(al->first + al->n) % KEEP];
	if (al->n < KEEP)
		al->n++;
	else
		al->first = (al->first + 1) % KEEP;
	memset(ev, 0, sizeof(*ev));
	ev->seq = ++al->next_seq;
	ev->kind = k;
	ev->at = loop_wall_s();
	va_start(ap, fmt);
	vsnprintf(ev->text, sizeof(ev->text), fmt, ap);
	va_end(ap);
	str_clean(ev->text);
	if (p) {
		str_copy(ev->printer, sizeof(ev->printer), p->config.name);
		ev->printer_id = p->id;
	}
	ev->job = al->job_event;
	ev->alarm = kinds[k].setting >= 0 && !own_doing(p, k) &&
		    settings_bool(&al->app->config->settings, (enum setting_id)kinds[k].setting);
	record(al, ev, p);
	for (int i = 0; i < OBSERVERS; i++)
		if (al->observers[i].fn)
			al->observers[i].fn(al->observers[i].ctx, ev);
}

size_t alerts_count(const struct alerts *al)
{
	return al->n;
}

const struct event *alerts_at(const struct alerts *al, size_t i)
{
	return i < al->n ? &al->ring[(al->first + i) % KEEP] : NULL;
}

void alerts_dismiss(struct alerts *al, uint32_t seq)
{
	for (size_t i = 0; i < al->n; i++)
		if (al->ring[(al->first + i) % KEEP].seq == seq)
			al->ring[(al->first + i) % KEEP].dismissed = true;
}

const struct event *alerts_latest_alarm(const struct alerts *al)
{
	for (size_t i = al->n; i > 0; i--) {
		const struct event *ev = &al->ring[(al->first + i - 1) % KEEP];

		if (ev->alarm && !ev->dismissed)
			return ev;
	}
	return NULL;
}

/* ---- from states to events ---- */

static struct past *past_of(struct alerts *al, uint32_t id)
{
	struct past *h;

	for (size_t i = 0; i < al->n_past; i++)
		if (al->past[i].id == id)
			return &al->past[i];
	al->past = mem_grow(al->past, al->n_past, &al->cap_past, sizeof(*al->past));
	h = &al->past[al->n_past++];
	memset(h, 0, sizeof(*h));
	h->id = id;
	return h;
}

static const char *file_of(const struct past *h, const struct printer *p)
{
	if (p->state.job.file[0])
		return p->state.job.file;
	return h->file ? h->file : "the job";
}

static void job_ended(struct alerts *al, struct past *h, const struct printer *p)
{
	char took[STR_SMALL];
	enum printer_status s = p->state.status;

	h->job = h->paused = false;
	if (s == PRINTER_COMPLETE)
		alerts_note(al, EVENT_FINISHED, p, "finished %s in %s", file_of(h, p),
			    str_duration(took, sizeof(took), p->state.job.elapsed_s));
	else if (s == PRINTER_CANCELLED || s == PRINTER_IDLE)
		alerts_note(al, EVENT_CANCELLED, p, "cancelled %s", file_of(h, p));
	else if (s == PRINTER_FAILED)
		alerts_note(al, EVENT_FAILED, p, "failed %s: %s", file_of(h, p),
			    p->state.reason[0] ? p->state.reason : "the server gives no reason");
	else if (s == PRINTER_DISCONNECTED)
		alerts_note(al, EVENT_FAILED, p, "lost its printer while it printed %s", file_of(h, p));
}

/* A job goes on, begins, pauses or ends. */
static void follow_job(struct alerts *al, struct past *h, const struct printer *p)
{
	enum printer_status s = p->state.status;
	uint32_t bit = STATUS_BIT(s);
	const uint32_t ends = STATUS_READY | STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN) |
			      STATUS_BIT(PRINTER_DISCONNECTED);

	if (bit & STATUS_ACTIVE) {
		if (p->state.job.file[0] && !str_eq(h->file, p->state.job.file)) {
			free(h->file);
			h->file = mem_strdup(p->state.job.file);
		}
		if (!h->job && h->known)
			alerts_note(al, EVENT_STARTED, p, "started %s", file_of(h, p));
		h->job = true;
		if (s == PRINTER_PAUSED && !h->paused && h->known)
			alerts_note(al, EVENT_PAUSED, p, "paused%s%s", p->state.reason[0] ? ": " : " at ",
				    p->state.reason[0] ? p->state.reason : file_of(h, p));
		if (s == PRINTER_PRINTING && h->paused && h->known)
			alerts_note(al, EVENT_RESUMED, p, "printing again");
		if (s == PRINTER_PAUSED || s == PRINTER_PRINTING)
			h->paused = s == PRINTER_PAUSED;
	} else if (h->job && bit & ends) {
		job_ended(al, h, p);
		h->job = h->paused = false;
	}
}

static void follow_printer(struct alerts *al, struct past *h, const struct printer *p)
{
	enum printer_status s = p->state.status;

	if (!h->known || s == h->status)
		return;
	if (s == PRINTER_ERROR || s == PRINTER_SHUTDOWN)
		alerts_note(al, EVENT_FAILED, p, "%s: %s", printer_status_info(s)->name,
			    p->state.reason[0] ? p->state.reason : "the server gives no reason");
	if (s == PRINTER_UNAUTHORIZED)
		alerts_note(al, EVENT_REFUSED, p, "%s", p->state.reason[0] ? p->state.reason : "its server refuses the key");
	if (s == PRINTER_OFFLINE)
		alerts_note(al, EVENT_OFFLINE, p, "no answer (%s)%s%s", p->state.reason,
			    h->job ? ", it printed " : "", h->job ? file_of(h, p) : "");
	if (h->was_offline && s != PRINTER_OFFLINE && s != PRINTER_STARTING)
		alerts_note(al, EVENT_ONLINE, p, "answers again: %s", printer_status_info(s)->name);
}

static void follow(struct alerts *al, const struct printer *p)
{
	struct past *h = past_of(al, p->id);
	enum printer_status s = p->state.status;

	if (s == PRINTER_UNKNOWN || s == PRINTER_PARKED) {
		h->known = s == PRINTER_PARKED;
		h->status = s;
		return;
	}
	follow_printer(al, h, p);
	al->job_event = true;
	follow_job(al, h, p);
	al->job_event = false;
	if (s == PRINTER_OFFLINE)
		h->was_offline = true;
	else if (s != PRINTER_STARTING)
		h->was_offline = false;
	h->known = true;
	h->status = s;
}

static void fleet_changed(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	struct alerts *al = ctx;

	for (size_t i = 0; i < n; i++) {
		const struct printer *p = fleet_get(f, c[i].id);

		if (p && c[i].mask & FIELD_BIT(FIELD_STATE))
			follow(al, p);
	}
}

struct alerts *alerts_new(struct app *a, bool hooks_and_journal)
{
	struct alerts *al = MEM_NEW(struct alerts);

	al->app = a;
	al->record = hooks_and_journal;
	al->hooks = hooks_new(a);
	fleet_observe(a->fleet, fleet_changed, al);
	return al;
}

void alerts_free(struct alerts *al)
{
	if (!al)
		return;
	fleet_unobserve(al->app->fleet, fleet_changed, al);
	hooks_free(al->hooks);
	for (size_t i = 0; i < al->n_past; i++)
		free(al->past[i].file);
	free(al->past);
	free(al);
}

void alerts_observe(struct alerts *al, event_fn *fn, void *ctx)
{
	for (int i = 0; i < OBSERVERS; i++) {
		if (!al->observers[i].fn) {
			al->observers[i].fn = fn;
			al->observers[i].ctx = ctx;
			return;
		}
	}
	fatal("too many observers of events");
}

void alerts_unobserve(struct alerts *al, event_fn *fn, void *ctx)
{
	for (int i = 0; i < OBSERVERS; i++)
		if (al->observers[i].fn == fn && al->observers[i].ctx == ctx)
			al->observers[i].fn = NULL;
}
