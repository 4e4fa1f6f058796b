/*
 * The connector as a whole: begins, ends, begins anew when the configuration changes, and says how
 * it is.
 */
#include "connector/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/http.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>

#define WARM_UP_MS 3000			/* the first signs of life know which printers are there */
#define STEP_MS 100
#define LOOK_AGAIN_MS 5000		/* for a configuration that makes sense */

/* ---- small things for the parts ---- */

int64_t connector_now_ms(const struct connector *c)
{
	return loop_now_ms(c->app->loop);
}

const struct printer *connector_printer(const struct connector *c, int64_t id)
{
	for (size_t i = 0; id > 0 && i < c->identity.n_printers; i++)
		if (c->identity.printers[i].id == id)
			return fleet_find(c->app->fleet, c->identity.printers[i].name);
	return NULL;
}

struct wire_printer *connector_printers(const struct connector *c, size_t *n)
{
	struct wire_printer *list = mem_zalloc(c->identity.n_printers + 1, sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < c->identity.n_printers; i++) {
		const struct connector_printer *k = &c->identity.printers[i];
		const struct printer *p = fleet_find(c->app->fleet, k->name);

		if (k->id > 0)
			list[(*n)++] = (struct wire_printer){k->name, k->id, k->ui_port,
							     p && protocol_reachable(p)};
	}
	return list;
}

static void work(void *ctx)
{
	struct connector *c = ctx;

	while (actions_look(c))
		continue;
	orders_run(c);
}

void connector_kick(struct connector *c)
{
	loop_timer_start(c->work, 0);
}

/* ---- beginning ---- */

static void warm_up(void *ctx)
{
	struct connector *c = ctx;

	if (!c->ledger) { /* it could not begin; the configuration may be another one by now */
		if (!connector_check_config(c))
			loop_timer_start(c->warm_up, LOOK_AGAIN_MS);
		return;
	}
	if (poller_first_round_done(c->app->poller) ||
	    connector_now_ms(c) - c->started_ms > WARM_UP_MS)
		lanes_start(c);
	else
		loop_timer_start(c->warm_up, STEP_MS);
}

void connector_paired(struct connector *c)
{
	char *owner = mem_printf("%s %s", c->config.cloud_url, c->identity.id);
	struct err e;

	cloud_identify(&c->cloud, c->identity.id, c->identity.secret.value);
	if (!ledger_load(c->ledger, owner, &e)) {
		log_error("connector: %s", e.text);
		str_copy(c->cloud.trouble, sizeof(c->cloud.trouble), e.text);
		c->failed = true;
		c->once_left = 0;
	} else {
		backup_sweep(c);
		orders_restore(c);
		c->started_ms = connector_now_ms(c);
		loop_timer_start(c->warm_up, 0);
	}
	free(owner);
}

static bool begin(struct connector *c, struct err *e)
{
	c->seen = c->app->config;
	connector_config_done(&c->config);
	connector_config_copy(&c->config, &c->seen->connector);
	cloud_done(&c->cloud);
	cloud_init(&c->cloud, c->app, &c->config);
	if (!protocol_cloud_url(c->config.cloud_url, c->config.insecure_http, e))
		return false;
	c->ledger = ledger_new(c->config.state_dir, e);
	if (!c->ledger || !identity_load(&c->config, &c->identity, e))
		return false;
	c->once_left = (1u << LANE_N) - 1;
	if (c->identity.id[0])
		connector_paired(c);
	else if (secret_is_set(&c->config.token))
		pair_start(c);
	else
		return e->code != ERR_NONE
			       ? false
			       : err_set(e, ERR_CONFIG,
					 "not paired: a pairing_token from the cloud is needed");
	return true;
}

static void end(struct connector *c)
{
	pair_stop(c);
	lanes_stop(c);
	orders_stop(c);
	outbox_stop(c);
	snapshots_stop(c);
	cameras_stop(c);
	ledger_free(c->ledger);
	c->ledger = NULL;
	identity_done(&c->identity);
	loop_timer_stop(c->warm_up);
	loop_timer_stop(c->work);
}

struct connector *connector_new(struct app *a, bool once, struct err *e)
{
	struct connector *c = MEM_NEW(struct connector);

	c->app = a;
	c->once = once;
	c->started_ms = loop_now_ms(a->loop);
	connector_config_init(&c->config);
	c->warm_up = loop_timer_new(a->loop, warm_up, c);
	c->work = loop_timer_new(a->loop, work, c);
	lanes_init(c);
	outbox_init(c);
	ops_observe(a->ops, action_op_changed, c);
	err_clear(e);
	if (begin(c, e))
		return c;
	connector_free(c);
	return NULL;
}

void connector_free(struct connector *c)
{
	if (!c)
		return;
	ops_unobserve(c->app->ops, action_op_changed, c);
	end(c);
	for (unsigned i = 0; i < LANE_N; i++)
		loop_timer_free(c->lanes[i].timer);
	loop_timer_free(c->outbox.timer);
	loop_timer_free(c->warm_up);
	loop_timer_free(c->work);
	cloud_done(&c->cloud);
	connector_config_done(&c->config);
	free(c);
}

bool connector_check_config(struct connector *c)
{
	struct err e = { 0 };

	if (c->app->config == c->seen)
		return false;
	if (connector_config_same(&c->config, &c->app->config->connector)) {
		c->seen = c->app->config;
		return false;
	}
	log_info("connector: begins anew with the new configuration");
	end(c);
	if (!c->app->config->connector.on) {	/* it will be stopped from outside */
		c->seen = c->app->config;
		str_copy(c->cloud.trouble, sizeof(c->cloud.trouble), "switched off");
	} else if (!begin(c, &e)) {
		log_error("connector: %s", e.text);
		ledger_free(c->ledger);
		c->ledger = NULL;
		str_copy(c->cloud.trouble, sizeof(c->cloud.trouble), e.text);
		loop_timer_start(c->warm_up, LOOK_AGAIN_MS);
	}
	return true;
}

bool connector_finished(const struct connector *c)
{
	if (!c->identity.id[0])
		return c->failed;	/* pairing is tried one time */
	return !c->once_left && !c->orders && !c->cameras.shots &&
	       (!c->outbox.letters || c->failed);
}

/* ---- how it is ---- */

static void add_contact(const struct connector *c, struct sbuf *b)
{
	char age[STR_SMALL];

	if (isnan(c->cloud.good_at))
		sbuf_adds(b, ", never answered");
	else
		sbuf_addf(b, ", last contact %s ago",
			  str_age(age, sizeof(age), fmax(0, loop_wall_s() - c->cloud.good_at)));
}

enum service_health connector_describe(const struct connector *c, char *buf, size_t size)
{
	struct sbuf b = SBUF_INIT(1024);
	size_t unsent = outbox_count(c);
	struct http_url u = { 0 };
	const char *why;

	http_url_parse(c->config.cloud_url ? c->config.cloud_url : "", &u, &why);
	if (!c->identity.id[0])
		sbuf_addf(&b, "not paired with %s", u.host);
	else
		sbuf_addf(&b, "paired with %s as %s", u.host, c->identity.id);
	if (c->cloud.trouble[0])
		sbuf_addf(&b, ": %s", c->cloud.trouble);
	if (c->identity.id[0])
		add_contact(c, &b);
	if (unsent)
		sbuf_addf(&b, ", %zu answers unsent", unsent);
	if (c->snapshots.n)
		sbuf_addf(&b, ", %zu snapshots wait", c->snapshots.n);
	if (c->snapshots.dropped)
		sbuf_addf(&b, " (%llu dropped)", (unsigned long long)c->snapshots.dropped);
	str_copy(buf, size, sbuf_str(&b));
	sbuf_done(&b);
	return c->cloud.trouble[0] || !c->identity.id[0] ? SERVICE_TROUBLE : SERVICE_GOOD;
}

/* ---- as a service ---- */

struct service {
	struct connector *c;
};

static bool wanted(const struct app *a)
{
	return a->config->connector.on;
}

static struct service *start(struct app *a, struct err *e)
{
	struct connector *c = connector_new(a, false, e);
	struct service *s;

	if (!c)
		return NULL;
	s = MEM_NEW(struct service);
	s->c = c;
	return s;
}

static void stop(struct service *s)
{
	connector_free(s->c);
	free(s);
}

static enum service_health describe(const struct service *s, char *buf, size_t size)
{
	return connector_describe(s->c, buf, size);
}

const struct service_ops connector_service = {
	.name = "connector",
	.title = "a cloud reaches the fleet",
	.wanted = wanted,
	.start = start,
	.stop = stop,
	.describe = describe,
};
