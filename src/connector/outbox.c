/*
 * Completions on their way to the cloud: each is tried until the cloud has it, and one that fails
 * holds up no other.
 */
#include "connector/parts.h"

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define IN_FLIGHT 4
#define GIVE_UP_S (7.0 * 86400)		/* no cloud waits longer for an answer */
#define HOLD_MS 6000			/* a completion waits for its snapshot, but not for ever */

struct letter {
	struct connector *c;
	char *id;
	struct call *call;
	int failures;
	int64_t due_ms;
	struct letter *next;
};

static void letter_free(struct letter *l)
{
	cloud_drop(&l->c->cloud, &l->call);
	free(l->id);
	free(l);
}

static struct letter *find(const struct connector *c, const char *id)
{
	struct letter *l = c->outbox.letters;

	while (l && !str_eq(l->id, id))
		l = l->next;
	return l;
}

static void over(struct letter *l)
{
	struct connector *c = l->c;
	struct letter **p = &c->outbox.letters;
	struct err e;

	if (!ledger_sent(c->ledger, l->id, &e))
		log_warn("connector: %s", e.text);
	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	letter_free(l);
}

static void again(struct letter *l, const struct http_reply *r)
{
	int64_t ms = protocol_backoff_ms(++l->failures, connector_random());

	if (r->retry_after_s * 1000 > ms)
		ms = r->retry_after_s * 1000;
	l->due_ms = connector_now_ms(l->c) + ms;
	l->c->failed = true;
}

static void heard(void *ctx, const struct http_reply *r)
{
	struct letter *l = ctx;
	struct connector *c = l->c;
	struct err e;

	l->call = NULL;
	c->outbox.in_flight--;
	switch (cloud_hear(&c->cloud, r, &e)) {
	case CLOUD_GOOD:
		log_debug("connector: completion of %s sent", l->id);
		over(l);
		break;
	case CLOUD_GONE:
		log_warn("connector: the cloud does not know command %s any more", l->id);
		c->cloud.trouble[0] = '\0';
		over(l);
		break;
	case CLOUD_UNAUTHORISED:
	case CLOUD_REFUSED:
	case CLOUD_TROUBLE:
		again(l, r);
		break;
	}
	outbox_run(c);
}

static void send_letter(struct letter *l, const struct ledger_entry *x)
{
	struct sbuf id = SBUF_INIT(4 * PROTOCOL_ID);
	struct http_req r;

	str_url_encode(&id, l->id, false);
	cloud_req(&r, HTTP_POST, "/api/v1/commands/%s/complete", sbuf_str(&id));
	sbuf_adds(&r.body, x->completion);
	r.timeout_ms = 60000;		/* a list of files over a slow line */
	l->c->outbox.in_flight++;
	l->call = cloud_send(&l->c->cloud, &r, heard, l);
	sbuf_done(&id);
}

void outbox_run(struct connector *c)
{
	int64_t now = connector_now_ms(c), soonest = -1;

	if (c->cloud.refused || !c->ledger)
		return;
	for (struct letter *l = c->outbox.letters, *next; l; l = next) {
		const struct ledger_entry *x = ledger_find(c->ledger, l->id);

		next = l->next;
		if (l->call)
			continue;
		if (!x || !x->completion || loop_wall_s() - x->at > GIVE_UP_S) {
			log_warn("connector: gave up telling the cloud about command %s", l->id);
			over(l);
			continue;
		}
		if (l->due_ms <= now && c->outbox.in_flight < IN_FLIGHT)
			send_letter(l, x);
		else if (soonest < 0 || l->due_ms < soonest)
			soonest = l->due_ms;
	}
	if (soonest >= 0)	/* one that is due waits for an answer to another */
		loop_timer_start(c->outbox.timer, soonest > now ? soonest - now : 500);
}

static void timer_fired(void *ctx)
{
	outbox_run(ctx);
}

void outbox_init(struct connector *c)
{
	c->outbox.timer = loop_timer_new(c->app->loop, timer_fired, c);
}

void outbox_stop(struct connector *c)
{
	while (c->outbox.letters) {
		struct letter *l = c->outbox.letters;

		c->outbox.letters = l->next;
		letter_free(l);
	}
	c->outbox.in_flight = 0;
	loop_timer_stop(c->outbox.timer);
}

void outbox_add(struct connector *c, const char *id, bool hold)
{
	struct letter **p = &c->outbox.letters, *l;

	if (find(c, id))
		return;
	while (*p)
		p = &(*p)->next;
	*p = l = MEM_NEW(struct letter);
	l->c = c;
	l->id = mem_strdup(id);
	l->due_ms = connector_now_ms(c) + (hold ? HOLD_MS : 0);
	loop_timer_start(c->outbox.timer, 0);
}

void outbox_release(struct connector *c, const char *id)
{
	struct letter *l = find(c, id);

	if (l && !l->failures)
		l->due_ms = 0;
	loop_timer_start(c->outbox.timer, 0);
}

size_t outbox_count(const struct connector *c)
{
	size_t n = 0;

	for (const struct letter *l = c->outbox.letters; l; l = l->next)
		n++;
	return n;
}
