/*
 * Finding printers' servers nearby: those that announce themselves, and those in a range of
 * addresses.
 */
#ifndef PRINTOP_DISCOVER_H
#define PRINTOP_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/adopt.h>

#define DISCOVER_RANGE_MAX 1024		/* addresses: a /22 */

struct discover_range {
	uint32_t first, last;		/* IPv4, host byte order */
	char text[32];
};

/* "10.0.4.0/24" (/22 at most), or one address. Net and broadcast addresses are left out. */
bool discover_range_parse(const char *text, struct discover_range *ret, struct err *e);
size_t discover_range_count(const struct discover_range *r);
/* "254 addresses on 9 ports": what a probe would ask, for the question before it. */
void discover_range_describe(const struct discover_range *r, char *buf, size_t size);

struct discovered {
	struct adopt_found f;
	bool announced;			/* by itself; else found in the range */
	char address[64];		/* of an announced host, as it is now */
};

struct discover;
/*
 * Starts to look; range NULL: only what announces itself. Answers come as they are found: changed
 * is called for each and at the end, never from inside discover_new(). The range is asked with at
 * most 32 requests at once and 200 new ones a second, on the usual ports, and nothing outside of
 * it.
 */
struct discover *discover_new(struct app *a, const struct discover_range *range, double listen_s,
			      void (*changed)(void *ctx), void *ctx);
void discover_free(struct discover *d);
bool discover_ended(const struct discover *d);
double discover_progress(const struct discover *d);	/* 0..1 of the range; NAN without one */
size_t discover_count(const struct discover *d);
const struct discovered *discover_at(const struct discover *d, size_t i); /* stays where it is */
/* Why there is no mDNS, "" when there is. */
const char *discover_trouble(const struct discover *d);

#endif
