/*
 * The gateway: one HTTP listener for all programs that send print jobs. What they speak is the business of front doors,
 * one for each family of clients; a new one is a row in gateway.c. A door answers from memory at once: no request ever
 * waits on a printer.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/access.h>
#include <printop/app.h>
#include <printop/err.h>
#include <printop/httpd.h>
#include <printop/json.h>
#include <printop/queue.h>
#include <printop/service.h>

struct gateway;

struct door {
	const char *name;
	/* Does it serve this (decoded) path? Asked in the order of the table. */
	bool (*match)(const char *path);
	/* Its state while the gateway runs; NULL with *e: the gateway does not start. */
	void *(*open)(struct gateway *g, struct err *e);
	void (*close)(void *door);
	void (*handle)(void *door, struct httpd_request *r);
	/* As in httpd_on_body(); bodies that no door takes are at most GATEWAY_BODY_MAX. */
	bool (*on_body)(void *door, struct httpd_request *r, struct httpd_sink *ret);
};

#define GATEWAY_BODY_MAX (256u << 10)

extern const struct door door_cura, door_slicer;

struct app *gateway_app(const struct gateway *g);
struct queue *gateway_queue(const struct gateway *g);		/* never NULL, and ours */
const char *gateway_where(const struct gateway *g);		/* "127.0.0.1:8080" */
unsigned gateway_port(const struct gateway *g);

/*
 * The client whose key the request brings (X-Api-Key, a bearer, or ?apikey=), NULL none. It is remembered as the last
 * one who came.
 */
const struct access_client *gateway_client(struct gateway *g, const struct httpd_request *r);
/* The client's key is no key at all: what the two kinds of servers say to that. */
bool gateway_has_key(const struct httpd_request *r);
bool gateway_has_clients(struct gateway *g);			/* any key was made */
/* For doors whose clients bring no key: noted as the last one who came. */
void gateway_saw(struct gateway *g, const struct httpd_request *r, const char *name);

/* A line in the journal: who sent what for whom, and what came of it. */
struct gateway_event {
	const char *peer, *client, *key, *file, *target, *outcome, *job;	/* NULL or "": none */
};
void gateway_journal(struct gateway *g, const struct gateway_event *ev);

extern const struct service_ops gateway_service;

#endif
