/*
 * Services: parts that serve somebody else beside the screen (gateway for slicers, cloud connector, MQTT, metrics). They run in
 * `printop serve` and inside the full screen alike; which ones is said by printers.conf. None of them ever waits on a printer.
 */
#ifndef PRINTOP_SERVICE_H
#define PRINTOP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/app.h>
#include <printop/err.h>

struct service;			/* a running part; its own struct */

enum service_health { SERVICE_OFF, SERVICE_GOOD, SERVICE_TROUBLE };

struct service_ops {
	const char *name;	/* "gateway": settings are named after it */
	const char *title;	/* "slicers print to the fleet" */
	bool (*wanted)(const struct app *a);		/* switched on in the configuration */
	struct service *(*start)(struct app *a, struct err *e);
	void (*stop)(struct service *s);		/* at once: no goodbye that waits on a network */
	/* One line for people: "listens on 127.0.0.1:8080, last client 10.0.4.9 2 min ago, 3 jobs wait". */
	enum service_health (*describe)(const struct service *s, char *buf, size_t size);
};

struct services;

/* main's table of parts, NULL-terminated: kept, not copied. Nothing is started before services_sync(). */
struct services *services_new(struct app *a, const struct service_ops *const *ops);
void services_free(struct services *s);			/* stops all */
/*
 * Starts what is wanted and stops what is not (after a reload, too). False with the first error; the others
 * run. A part that failed is tried again every 30 s.
 */
bool services_sync(struct services *s, struct err *e);
size_t services_count(const struct services *s);
struct service_line {
	const char *name, *title;
	enum service_health health;
	char text[TEXT_CAP];
};
void services_at(const struct services *s, size_t i, struct service_line *ret);

#endif
