/* Shared by the engine's files only. */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include <printop/alert.h>
#include <printop/app.h>
#include <printop/printer.h>
#include <printop/transport.h>

/* The poller's limits of one request from the settings. */
long app_reply_ms(const struct app *a);

struct journal *journal_new(struct app *a);
void journal_free(struct journal *j);

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
