/*
 * A request to a simulated server and its reply as plain data: what the two dialects read and build. All is
 * pure; farm.c carries it over sockets.
 */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sim/jw.h>
#include <sim/sim_printer.h>
#include <sim/upload.h>

#define SIM_PARAMS 64
#define SIM_REPLY_BYTES (48u << 20)

struct sim_param {
	const char *name, *value;
};

struct sim_request {
	const char *method, *path;	/* path decoded */
	struct sim_param params[SIM_PARAMS];	/* the query, decoded */
	size_t n_params;
	const char *key;		/* X-Api-Key; NULL not sent */
	const char *content_type, *if_none_match;	/* NULL not sent */
	const char *host;		/* "127.0.0.1:5001" */
	const char *body;
	size_t len;
	struct upload *upload;		/* a multipart body, already taken in */
};

enum sim_wire {			/* how the reply is sent */
	SIM_WIRE_HTTP,
	SIM_WIRE_RAW,		/* the body's bytes only, then closed */
	SIM_WIRE_HOLD,		/* never */
	SIM_WIRE_DRIP,		/* a few bytes a second */
	SIM_WIRE_RESET		/* reset in the middle */
};

struct sim_reply {
	enum sim_wire wire;
	unsigned status;
	const char *type;
	struct sbuf headers;	/* "Name: value\n" lines */
	struct sbuf body;
	double wait_s;		/* simulated seconds until it is sent */
};

void sim_reply_init(struct sim_reply *r);
void sim_reply_done(struct sim_reply *r);
void sim_reply_etag(struct sim_reply *r, const struct sim_request *q);	/* adds it; 304 when it matches */
/* Answers with other bytes than those built so far. */
void sim_reply_text(struct sim_reply *r, unsigned status, const char *type, const char *text);

const char *sim_param(const struct sim_request *q, const char *name);	/* NULL when missing */
bool sim_is(const char *text, const char *wanted);	/* NULL is nothing */

void sim_octoprint(struct sim_printer *p, const struct sim_request *q, double at, struct sim_reply *r);
void sim_moonraker(struct sim_printer *p, const struct sim_request *q, double at, struct sim_reply *r);

#endif
