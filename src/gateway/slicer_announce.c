/*
 * The bases on the local network, as the slicers' "Browse..." looks for them: each is an OctoPrint of its own with its
 * path, so that all of them are a pick list.
 */
#include "gateway/slicer.h"

#include <stdlib.h>
#include <string.h>
#include <printop/log.h>
#include <printop/mdns.h>
#include <printop/mem.h>
#include <printop/str.h>

#define MOST 64			/* each is a connection to the daemon */
#define LOOK_MS 60000		/* printers come and go by a reload */

struct slicer_announce {
	struct slicer *s;
	struct loop_timer *timer;
	struct {
		char path[400];
		struct mdns_announcer *mdns;
		bool wanted;
	} offers[MOST];
	size_t n;
	bool complained;
};

static void told(void *ctx, bool good, const char *text)
{
	struct slicer_announce *a = ctx;

	if (good || a->complained)
		return;
	a->complained = true;
	log_warn("gateway: slicers do not see it in their lists: %s", text);
}

static void offer(struct slicer_announce *a, const char *name, const char *path)
{
	char path_text[420];
	const char *txt[] = { path_text, "version=1.11.8", NULL };
	struct mdns_offer o = { .name = name, .type = "_octoprint._tcp", .port = gateway_port(a->s->g), .txt = txt };
	struct err e = { 0 };

	for (size_t i = 0; i < a->n; i++) {
		if (str_eq(a->offers[i].path, path)) {
			a->offers[i].wanted = true;
			return;
		}
	}
	if (a->n == MOST)
		return;
	str_printf(path_text, sizeof(path_text), "path=%s", path);
	a->offers[a->n].mdns = mdns_announce(a->s->app->loop, &o, told, a, &e);
	if (!a->offers[a->n].mdns) {
		told(a, false, e.text);
		return;
	}
	str_copy(a->offers[a->n].path, sizeof(a->offers[0].path), path);
	a->offers[a->n++].wanted = true;
}

static void offer_base(struct slicer_announce *a, const char *kind, const char *name)
{
	struct slicer_base b = { .place = PLACE_PRINTER };
	char title[64];

	str_copy(b.name, sizeof(b.name), name);
	slicer_set_prefix(&b, kind);
	str_printf(title, sizeof(title), "printop %s %s", str_eq(kind, "tag") ? "tag" : "printer", name);
	offer(a, title, b.prefix);
}

/* Makes what is announced what is there. */
static void sync(void *ctx)
{
	struct slicer_announce *a = ctx;
	const struct fleet *f = a->s->app->fleet;

	for (size_t i = 0; i < a->n; i++)
		a->offers[i].wanted = false;
	offer(a, "printop any printer", "/");
	if (settings_str(&a->s->app->config->settings, SETTING_LIBRARY)[0])
		offer(a, "printop library", "/library");
	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer_config *c = &fleet_at(f, i)->config;

		for (int k = 0; k < c->n_tags; k++)
			offer_base(a, "tag", c->tags[k]);
		if (!c->parked)
			offer_base(a, "printer", c->name);
	}
	for (size_t i = a->n; i-- > 0;) {
		if (a->offers[i].wanted)
			continue;
		mdns_withdraw(a->offers[i].mdns);
		a->offers[i] = a->offers[--a->n];
	}
	loop_timer_start(a->timer, LOOK_MS);
}

static bool is_wanted(const struct slicer *s)
{
	const char *choice = settings_str(&s->app->config->settings, SETTING_GATEWAY_ANNOUNCE), *where = gateway_where(s->g);

	if (str_eq(choice, "auto"))
		return !str_starts(where, "127.") && !str_starts(where, "[::1]");
	return str_eq(choice, "yes");
}

struct slicer_announce *slicer_announce_new(struct slicer *s)
{
	struct slicer_announce *a;

	if (!is_wanted(s))
		return NULL;
	a = MEM_NEW(struct slicer_announce);
	a->s = s;
	a->timer = loop_timer_new(s->app->loop, sync, a);
	sync(a);
	return a;
}

void slicer_announce_free(struct slicer_announce *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		mdns_withdraw(a->offers[i].mdns);
	loop_timer_free(a->timer);
	free(a);
}
