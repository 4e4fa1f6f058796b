/*
 * Events: what happened to the fleet, made from changes of state, once each. They go to the journal, to
 * hook programs and to the frontends; the last 500 are kept for the event lines and the log view.
 */
#ifndef PRINTOP_ALERT_H
#define PRINTOP_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/fleet.h>

struct app;
struct alerts;
struct journal;

enum event_kind {
	EVENT_STARTED,		/* a job started */
	EVENT_FINISHED,
	EVENT_CANCELLED,
	EVENT_FAILED,		/* job failed, or printer error / shutdown */
	EVENT_PAUSED,
	EVENT_RESUMED,
	EVENT_OFFLINE,
	EVENT_ONLINE,
	EVENT_REFUSED,		/* key refused */
	EVENT_ACTION,		/* a verb ended; text says how */
	EVENT_NOTE,		/* the program's own: config reloaded, ... */
	EVENT_KIND_N
};

struct event {
	uint32_t seq;
	enum event_kind kind;
	double at;		/* wall clock */
	char printer[64];	/* "" : none */
	uint32_t printer_id;
	char text[TEXT_CAP];	/* "paused: filament sensor reports empty" */
	bool job;		/* it is about a job, not about the printer alone */
	bool alarm;		/* a person should look; rings the bell when its setting is on */
	bool dismissed;
};

const char *event_kind_name(enum event_kind k);		/* "finished": hooks, journal */

struct alerts *alerts_new(struct app *a, bool hooks_and_journal);
void alerts_free(struct alerts *al);
void alerts_note(struct alerts *al, enum event_kind k, const struct printer *p, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
size_t alerts_count(const struct alerts *al);
const struct event *alerts_at(const struct alerts *al, size_t i);	/* oldest first */
void alerts_dismiss(struct alerts *al, uint32_t seq);
/* The latest undismissed alarm, NULL when none. */
const struct event *alerts_latest_alarm(const struct alerts *al);

typedef void event_fn(void *ctx, const struct event *ev);
void alerts_observe(struct alerts *al, event_fn *fn, void *ctx);	/* at most 4 */
void alerts_unobserve(struct alerts *al, event_fn *fn, void *ctx);

/* The journal: JSON lines, O_APPEND, one write a line. */
char *journal_path(const struct app *a);		/* NULL: off; the caller frees */
/*
 * Writes one object as a line. Takes o. Adds "time", "at", "who", "from". Nothing is written when it is off; a failure
 * is told once in the log.
 */
struct json;
void journal_write_take(struct journal *j, struct json *o);
/* Calls fn with each of the last n whole lines, the oldest first, until it returns false. False: no journal to read. */
bool journal_read(const char *path, size_t n, bool (*fn)(void *ctx, const char *line, size_t len),
		  void *ctx, struct err *e);

#endif
