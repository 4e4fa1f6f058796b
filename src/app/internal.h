/* Shared by the engine's files only. */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include <printop/app.h>
#include <printop/printer.h>
#include <printop/transport.h>

/* The poller's limits of one request from the settings. */
long app_reply_ms(const struct app *a);

/*
 * The journal: one JSON object a line. Takes o. Adds "at", "who", "from". Nothing is written when it is off;
 * a failure is told once in the log.
 */
struct json;
struct journal *journal_new(struct app *a);
void journal_free(struct journal *j);
void journal_write_take(struct journal *j, struct json *o);

/* Hook programs: started on events with JSON on stdin, a time limit each, at most 4 at once. */
struct hooks;
struct event;
struct hooks *hooks_new(struct app *a);
void hooks_free(struct hooks *h);
void hooks_run(struct hooks *h, const struct event *ev, const struct printer *p);

/* True for exactly one running copy with this configuration: it records events and runs hooks. */
bool recorder_is_us(struct app *a);
void recorder_release(struct app *a);

#endif
