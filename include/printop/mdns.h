/*
 * Services that announce themselves on the local network (mDNS, DNS-SD). Whether this can be had is
 * a file of its own (avahi, or none), and whether a daemon runs is the machine's; both say so in a
 * sentence.
 */
#ifndef PRINTOP_MDNS_H
#define PRINTOP_MDNS_H

#include <stdbool.h>
#include <printop/err.h>
#include <printop/loop.h>

struct mdns_service {		/* text is cleaned */
	char name[64];		/* "OctoPrint instance on octopi" */
	char type[64];		/* "_octoprint._tcp" */
	char host[256];		/* "octopi.local" */
	char address[64];	/* numeric, as it is now */
	unsigned port;
	char path[256];		/* of the TXT record, "" none */
};

struct mdns_browser;

struct mdns_listener {
	void (*found)(void *ctx, const struct mdns_service *s);	/* again when it changed */
	void (*failed)(void *ctx, const struct err *e);	/* the daemon went; nothing follows */
	void *ctx;
};

/* A service of ours. The daemon gives it this machine's name and addresses. */
struct mdns_offer {
	const char *name, *type;
	unsigned port;
	const char *const *txt;		/* "key=value", NULL ends */
};

struct mdns_announcer;

struct mdns_ops {
	/* Looks for services of these types (NULL ends) until stopped. NULL with *e: it cannot. */
	struct mdns_browser *(*browse)(struct loop *l, const char *const *types,
				       const struct mdns_listener *on, struct err *e);
	void (*stop)(struct mdns_browser *b);
};

/* The one that was built in. */
extern const struct mdns_ops mdns;

/*
 * Announces a service (IPv4 only) until it is withdrawn, over restarts of the daemon, too. told
 * hears each change in a sentence; good: it is announced. NULL with *e: it cannot. The daemon says
 * goodbye for us when we end, however that happens.
 */
struct mdns_announcer *mdns_announce(struct loop *l, const struct mdns_offer *o,
				     void (*told)(void *ctx, bool good, const char *text),
				     void *ctx, struct err *e);
void mdns_withdraw(struct mdns_announcer *a);

#endif
