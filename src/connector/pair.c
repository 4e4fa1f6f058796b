/* Pairing: a token for an id and a secret. The token is kept until the identity is on disk. */
#include "connector/parts.h"

#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

static void try_pairing(void *ctx);

static void failed(struct connector *c, const char *text, const struct http_reply *r, bool for_good)
{
	int64_t ms = protocol_backoff_ms(++c->pairing.failures, connector_random());

	if (!str_eq(c->cloud.trouble, text))
		log_error("connector: pairing: %s", text);
	str_copy(c->cloud.trouble, sizeof(c->cloud.trouble), text);
	c->failed = true;
	c->pairing.refused = for_good;
	if (c->once || for_good)
		return;
	loop_timer_start(c->pairing.timer,
			 r && r->retry_after_s * 1000 > ms ? r->retry_after_s * 1000 : ms);
}

/* The printers to be offered: those of the configuration, or the whole fleet. */
static struct wire_printer *offered(const struct connector *c, size_t *n)
{
	const struct connector_config *k = &c->config;
	bool all = !k->n_printers;
	struct wire_printer *p;

	*n = all ? fleet_count(c->app->fleet) : k->n_printers;
	p = mem_zalloc(*n + 1, sizeof(*p));
	for (size_t i = 0; i < *n; i++) {
		p[i].name = all ? fleet_at(c->app->fleet, i)->config.name : k->printers[i].name;
		p[i].ui_port = all || !k->printers[i].ui_port ? 80 : k->printers[i].ui_port;
	}
	return p;
}

static void take(struct connector *c, const struct registration *reg, const struct wire_printer *p,
		 size_t n)
{
	struct err e;

	if (!identity_store(&c->config, reg, p, n, &c->identity, &e)) {
		/*
		 * It works until the end of this copy; then the token is used up and the identity
		 * lost: say so loudly.
		 */
		log_error("connector: paired, but the identity cannot be stored: %s", e.text);
		c->failed = true;
	}
	for (size_t i = 0; i < n; i++)
		if (reg->ids[i] <= 0)
			log_warn("connector: the cloud gave %s no number: it is left out",
				 p[i].name);
	log_info("connector: paired as %s with %s", c->identity.id, c->config.cloud_url);
	c->cloud.trouble[0] = '\0';
	c->cloud.good_at = loop_wall_s();
	connector_paired(c);
}

static void heard(void *ctx, const struct http_reply *r)
{
	struct connector *c = ctx;
	struct registration reg;
	struct wire_printer *p;
	struct err e;
	enum verdict v = cloud_verdict(r, &e);
	size_t n;

	c->pairing.call = NULL;
	if (v != CLOUD_GOOD) {
		char text[TEXT_CAP];

		str_printf(text, sizeof(text), "%s%s", e.text,
			   v == CLOUD_UNAUTHORISED ? ": the cloud does not take the pairing token"
						   : "");
		failed(c, text, r, v == CLOUD_UNAUTHORISED || v == CLOUD_REFUSED);
		return;
	}
	p = offered(c, &n);
	if (protocol_read_registration(r->body, r->len, n, &reg, &e)) {
		take(c, &reg, p, n);
		registration_done(&reg);
	} else {
		failed(c, e.text, r, false);
	}
	free(p);
}

static void try_pairing(void *ctx)
{
	struct connector *c = ctx;
	struct wire_device device;
	struct wire_printer *p;
	struct http_req r;
	char *body;
	size_t n;

	protocol_device(&device);
	p = offered(c, &n);
	cloud_req(&r, HTTP_POST, "/api/v1/connectors/register");
	body = protocol_register(c->config.token.value, c->config.site_name, &device, p, n);
	sbuf_adds(&r.body, body);
	explicit_bzero(body, strlen(body));
	free(body);
	free(p);
	r.changes = true;		/* never twice: the token is good for one time */
	c->pairing.call = cloud_send(&c->cloud, &r, heard, c);
}

void pair_start(struct connector *c)
{
	if (!c->pairing.timer)
		c->pairing.timer = loop_timer_new(c->app->loop, try_pairing, c);
	c->pairing.failures = 0;
	c->pairing.refused = false;
	loop_timer_start(c->pairing.timer, 0);
}

void pair_stop(struct connector *c)
{
	cloud_drop(&c->cloud, &c->pairing.call);
	loop_timer_free(c->pairing.timer);
	c->pairing.timer = NULL;
}
