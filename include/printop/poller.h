/* The poller: asks each printer what is due, commits the replies, detects dialects. */
#ifndef PRINTOP_POLLER_H
#define PRINTOP_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/driver.h>
#include <printop/fleet.h>

struct app;
struct poller;

struct poller *poller_new(struct app *a);
void poller_free(struct poller *p);
void poller_start(struct poller *p);
void poller_reload(struct poller *p);			/* after the fleet's printers changed */
void poller_refresh(struct poller *p, uint32_t id);	/* at once, out of backoff; 0: all */
/* Poll fast while an operation waits for a state, or while a view shows the printer. Counted. */
void poller_hurry(struct poller *p, uint32_t id, bool on);
void poller_focus(struct poller *p, uint32_t id);	/* the printer on screen in detail; 0: none */
/* Topics that are asked (TOPIC_BITs); a one-shot look leaves out what it does not show. Standard: all. */
#define TOPIC_BIT(t) (1u << (t))
#define TOPICS_LOOK (TOPIC_BIT(TOPIC_STATUS) | TOPIC_BIT(TOPIC_TEMPS) | TOPIC_BIT(TOPIC_SERVER) | \
	TOPIC_BIT(TOPIC_OBJECTS) | TOPIC_BIT(TOPIC_METADATA))
void poller_topics(struct poller *p, uint32_t mask);
/* Only these printers are polled (ids copied); n 0: all. */
void poller_only(struct poller *p, const uint32_t *ids, size_t n);
/* Seconds to the next try, -1 when not waiting. */
double poller_next_s(const struct poller *p, uint32_t id);
/* Every printer that is not parked was asked, and answered or failed, since the start. */
bool poller_first_round_done(const struct poller *p);
/* This printer was heard (or failed) since poller_start / the last poller_refresh of it. */
bool poller_heard(const struct poller *p, uint32_t id);

struct poller_stats {
	uint64_t polls, failures;
	int in_flight;
	double last_sweep_s;
};
struct poller_stats poller_stats(const struct poller *p);

#endif
