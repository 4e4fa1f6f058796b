/*
 * The program without a face: configuration, fleet, poller, operations, journal and alerts on one
 * loop. Frontends (full screen, batch) read the fleet and submit the same verbs.
 */
#ifndef PRINTOP_APP_H
#define PRINTOP_APP_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/config.h>
#include <printop/driver.h>
#include <printop/fleet.h>
#include <printop/loop.h>
#include <printop/transport.h>

struct poller;
struct ops;
struct journal;
struct alerts;
struct services;
struct mdns_ops;

struct app {
	struct loop *loop;
	struct transport *transport;
	struct config *config;		/* never NULL; an empty one when there is no file */
	struct fleet *fleet;
	struct poller *poller;
	struct ops *ops;
	struct journal *journal;
	struct alerts *alerts;
	struct services *services;	/* NULL where none run */
	const struct mdns_ops *mdns;	/* how to hear of services nearby; NULL: not at all */
	bool read_only;
	bool demo;
	const char *frontend;		/* "screen", "batch": the journal's "from" */
	int recorder_fd;		/* the lock of the copy that records events, -1: another one does */
};

/*
 * Takes config and transport. Nothing is polled before poller_start(). Journal and alerts are on only
 * with `events` (the full screen and `watch`; a one-shot status must not run hooks).
 */
struct app *app_new(struct loop *l, struct config *config_take, struct transport *transport_take,
		    bool read_only, bool events);
void app_free(struct app *a);

/* Where a printer's server is, as the transport wants it. Points into the printer's config. */
struct endpoint app_endpoint(const struct app *a, const struct printer *p);

/* Re-reads the configuration. A broken file keeps the old one: false, *e says file:line and why. */
bool app_reload(struct app *a, struct err *e);

#endif
