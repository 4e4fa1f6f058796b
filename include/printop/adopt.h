/*
 * Adding a printer by its address: finding its server, getting to know it, asking for a key, and
 * the one file in printers.d that makes it a printer. Nothing that was resolved is kept: names stay
 * names.
 */
#ifndef PRINTOP_ADOPT_H
#define PRINTOP_ADOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/app.h>
#include <printop/driver.h>
#include <printop/err.h>
#include <printop/http.h>

/* ---- addresses (pure) ---- */

struct adopt_address {
	struct http_url url;
	bool scheme;		/* http:// or https:// was written */
};

/*
 * "10.0.4.21", "[fe80::1]:7125", "octopi.local", "host/octoprint", or what a browser's address line
 * shows: its fragment and a bare IPv6 address are taken, too.
 */
bool adopt_address_parse(const char *text, struct adopt_address *ret, struct err *e);

#define ADOPT_CANDIDATES 16
/*
 * Where a server could be, the likeliest first: only what was written, or the usual ports and
 * prefixes.
 */
size_t adopt_candidates(const struct adopt_address *a, struct http_url ret[ADOPT_CANDIDATES]);
/* The i-th port that printers' servers use, and whether it wants https; false behind the last. */
bool adopt_usual_port(size_t i, unsigned *port, bool *tls);
/* Moonraker's and OctoPrint's own ports, without a web server in front. */
bool adopt_is_direct(const struct http_url *u);
/* Host, port (the scheme's own when none is written) and prefix are the same. */
bool adopt_same_server(const char *url_a, const char *url_b);
/* The printer of the fleet on this server, NULL none. */
const struct printer *adopt_twin(const struct fleet *f, const char *url);
/*
 * A name that the rules allow and nobody in the fleet has, made of what the server or its host is
 * called.
 */
void adopt_free_name(const struct fleet *f, const char *wish, char *dst, size_t size);

/* ---- one server ---- */

struct adopt_tls {		/* as in a printer's configuration; NULL, false: the usual */
	const char *ca_file, *pin;
	bool insecure;
};

struct adopt_found {
	char url[600];
	const char *dialect, *title;	/* "octoprint", "OctoPrint" */
	struct introduction in;
	char name[64];			/* a free name for it */
	char twin[64];			/* the printer of the fleet that it is already, "" none */
};

struct look;
/*
 * Asks one base URL who it is; ends within limit_ms. done is called once, never from inside
 * look_new(): found NULL and why when no printer's server is there. *found lives during the call.
 */
typedef void look_done_fn(void *ctx, const struct adopt_found *found, const struct err *why);
struct look *look_new(struct app *a, const char *url, const char *key, const struct adopt_tls *tls,
		      long connect_ms, long limit_ms, look_done_fn *done, void *ctx);
void look_free(struct look *l);		/* done is not called any more */

/* ---- an address ---- */

#define ADOPT_LIMIT_MS 2700		/* the answer is there within three seconds */

struct adopt;
/* Looks at all candidates at once; changed is called when it ended, never from inside adopt_new().
 */
struct adopt *adopt_new(struct app *a, const struct adopt_address *address,
			const struct adopt_tls *tls, void (*changed)(void *ctx), void *ctx);
void adopt_free(struct adopt *ad);
bool adopt_ended(const struct adopt *ad);
/* What was found, the best first; a proxy's view of a server that answers itself is left out. */
size_t adopt_count(const struct adopt *ad);
const struct adopt_found *adopt_at(const struct adopt *ad, size_t i);
/* Why nothing was found, in plain words; ERR_NONE while it looks. */
const struct err *adopt_error(const struct adopt *ad);

/* ---- access ---- */

enum adopt_state { ADOPT_ASKS, ADOPT_CHECKS, ADOPT_GRANTED, ADOPT_REFUSED };

struct adopt_ask {
	const char *key;		/* try this one, or ... */
	const char *user,
		*password; /* ... log in for one, or (NULL all) let somebody press Allow */
	double limit_s;			/* for somebody to press Allow */
};

struct adopt_access;
/* Gets a key and looks what it is good for. changed is called on every change of its state. */
struct adopt_access *adopt_access_new(struct app *a, const struct adopt_found *f,
				      const struct adopt_tls *tls, const struct adopt_ask *ask,
				      void (*changed)(void *ctx), void *ctx);
void adopt_access_free(struct adopt_access *ac);	/* wipes the key */
enum adopt_state adopt_access_state(const struct adopt_access *ac);
double adopt_access_left_s(const struct adopt_access *ac);	/* to press Allow; 0 otherwise */
/* ADOPT_GRANTED: the key, and the server seen with it. */
const char *adopt_access_key(const struct adopt_access *ac);
const struct adopt_found *adopt_access_found(const struct adopt_access *ac);
const struct err *adopt_access_error(const struct adopt_access *ac);

#define ADOPT_ALLOW_S 300.0

bool adopt_key_accept(char *text, struct secret *ret,
		      struct err *e); /* trims; never tells the key */
bool adopt_key_from_file(const char *path, struct secret *ret, struct err *e);

/* ---- printers.d ---- */

struct adopt_printer {
	const char *name, *url, *dialect;
	const char *key, *group;		/* NULL: none */
	const char *const *tags;
	size_t n_tags;
	struct adopt_tls tls;
};

/*
 * Writes printers.d/NAME.conf, mode 0600, beside printers.conf or where that would be. False: the
 * name or the server is in the fleet already, or it cannot be written. *path: the caller frees.
 */
bool adopt_write(struct app *a, const struct adopt_printer *p, char **path, struct err *e);
/* Only a printer with a file of its own in printers.d; for others *e says where it is written. */
bool adopt_remove(struct app *a, const char *name, char **path, struct err *e);
bool adopt_rename(struct app *a, const char *name, const char *to, char **path, struct err *e);

#endif
