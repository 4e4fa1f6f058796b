/* The gateway service: listener, allow-list, keys, and the way to the front doors. */
#include "gateway/gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <printop/alert.h>
#include <printop/http.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/str.h>

/* In this order; the last one takes every path. */
static const struct door *const doors[] = { &door_cura, &door_slicer };

#define DOORS ARRAY_LEN(doors)
#define CONNECTIONS 512
#define IDLE_S 60		/* nothing moved, in a body or between requests */
#define HEADER_S 20
#define FIRST_FREE_PORT 1024	/* those below are for the privileged */
#define ELSEWHERE 8000		/* 80 becomes 8080 */

struct gateway {
	struct app *app;
	struct queue *queue;
	struct access *access;
	struct httpd *http;
	char where[300];
	unsigned port;
	char last_peer[64], last_name[96];
	double last_at;
	void *open[DOORS];		/* their states */
};

struct service {
	struct gateway gateway;
};

struct app *gateway_app(const struct gateway *g)
{
	return g->app;
}

struct queue *gateway_queue(const struct gateway *g)
{
	return g->queue;
}

const char *gateway_where(const struct gateway *g)
{
	return g->where;
}

unsigned gateway_port(const struct gateway *g)
{
	return g->port;
}

/* ---- clients ---- */

static const char *key_of(const struct httpd_request *r)
{
	const char *key = httpd_header(r, "X-Api-Key"), *bearer = httpd_header(r, "Authorization");

	if (key && *key)
		return key;
	if (bearer && str_starts_nocase(bearer, "Bearer "))
		return bearer + 7;
	return httpd_query(r, "apikey");
}

bool gateway_has_key(const struct httpd_request *r)
{
	const char *key = key_of(r);

	return key && *key;
}

bool gateway_has_clients(struct gateway *g)
{
	access_refresh(g->access);
	return access_count(g->access) > 0;
}

void gateway_saw(struct gateway *g, const struct httpd_request *r, const char *name)
{
	str_copy(g->last_peer, sizeof(g->last_peer), httpd_peer(r));
	str_copy(g->last_name, sizeof(g->last_name), name);
	str_clean(g->last_name);
	g->last_at = loop_wall_s();
}

const struct access_client *gateway_client(struct gateway *g, const struct httpd_request *r)
{
	const struct access_client *c;

	access_refresh(g->access);
	c = access_check(g->access, key_of(r));
	if (c)
		gateway_saw(g, r, c->name);
	return c;
}

void gateway_journal(struct gateway *g, const struct gateway_event *ev)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "kind", "gateway" }, { "peer", ev->peer }, { "client", ev->client }, { "key", ev->key }, { "file", ev->file },
		{ "target", ev->target }, { "outcome", ev->outcome }, { "job", ev->job }, { "text", ev->outcome },
	};
	struct json *o = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *clean = rows[i].value && *rows[i].value ? str_clean(mem_strdup(rows[i].value)) : NULL;

		if (clean)
			json_set_str(o, rows[i].name, clean);
		free(clean);
	}
	journal_write_take(g->app->journal, o);
}

/* ---- requests ---- */

/* Answers those who may not connect at all. */
static bool is_stranger(const struct gateway *g, struct httpd_request *r)
{
	static const char text[] = "this address may not use the gateway (gateway_allow)\n";

	if (access_network_ok(settings_str(&g->app->config->settings, SETTING_GATEWAY_ALLOW), httpd_peer(r)))
		return false;
	log_warn("gateway: %s was turned away: not in gateway_allow", httpd_peer(r));
	httpd_reply_reason(r, 403, "This address may not use the gateway", "text/plain", NULL, text, sizeof(text) - 1);
	return true;
}

/* The number of the door that serves the path. */
static size_t door_of(const struct httpd_request *r)
{
	size_t i = 0;

	while (i + 1 < DOORS && !doors[i]->match(httpd_path(r)))
		i++;
	return i;
}

static void handle(void *ctx, struct httpd_request *r)
{
	struct gateway *g = ctx;
	size_t i = door_of(r);

	if (!is_stranger(g, r))
		doors[i]->handle(g->open[i], r);
}

static bool on_body(void *ctx, struct httpd_request *r, struct httpd_sink *ret)
{
	struct gateway *g = ctx;
	size_t i = door_of(r);

	return !is_stranger(g, r) && doors[i]->on_body && doors[i]->on_body(g->open[i], r, ret);
}

/* ---- the service ---- */

static bool wanted(const struct app *a)
{
	return settings_str(&a->config->settings, SETTING_GATEWAY_LISTEN)[0] != '\0';
}

static void stop(struct service *s)
{
	struct gateway *g = &s->gateway;

	httpd_free(g->http);		/* ends uploads that are under way, which the doors know of */
	for (size_t i = 0; i < DOORS; i++)
		if (g->open[i])
			doors[i]->close(g->open[i]);
	access_free(g->access);
	queue_free(g->queue);
	free(s);
}

/* Cura calls port 80 only; without the right to it the gateway is of use to everybody else, and behind a redirect. */
static unsigned listen_at(struct gateway *g, const char *host, unsigned port, struct err *e)
{
	unsigned got;

	errno = 0;
	got = httpd_listen(g->http, host, port, g, e);
	if (got || port >= FIRST_FREE_PORT || errno != EACCES)
		return got;
	got = httpd_listen(g->http, host, port + ELSEWHERE, g, e);
	if (got)
		log_error("gateway: port %u needs CAP_NET_BIND_SERVICE (setcap, or AmbientCapabilities in the unit): it listens on "
			  "%u; a redirect will do as well (see the README)", port, got);
	return got;
}

static bool listen_on(struct gateway *g, struct err *e)
{
	static const struct httpd_limits limits = { .max_body_bytes = GATEWAY_BODY_MAX, .max_connections = CONNECTIONS,
		.idle_timeout_s = IDLE_S, .header_timeout_s = HEADER_S };
	const char *text = settings_str(&g->app->config->settings, SETTING_GATEWAY_LISTEN), *why;
	struct http_url u;

	if (!http_url_parse(text, &u, &why) || !u.port || u.prefix[0])
		return err_set(e, ERR_CONFIG, "gateway_listen = \"%s\": write an address and a port, 127.0.0.1:8080", text);
	if (!access_networks_valid(settings_str(&g->app->config->settings, SETTING_GATEWAY_ALLOW), e))
		return err_wrap(e, "gateway_allow");
	g->http = httpd_new(g->app->loop, &limits, handle, e);
	if (!g->http)
		return false;
	httpd_on_body(g->http, on_body);
	g->port = listen_at(g, u.host, u.port, e);
	str_printf(g->where, sizeof(g->where), strchr(u.host, ':') ? "[%s]:%u" : "%s:%u", u.host, g->port);
	return g->port != 0;
}

static bool open_all(struct gateway *g, struct err *e)
{
	g->access = access_load(e);
	g->queue = g->access ? queue_new(g->app, e) : NULL;
	if (!g->queue)
		return false;
	if (!queue_is_owner(g->queue))
		return err_set(e, ERR_REFUSED, "another copy of printop runs the queue already");
	if (!listen_on(g, e))
		return false;
	for (size_t i = 0; i < DOORS; i++) {
		g->open[i] = doors[i]->open(g, e);
		if (!g->open[i])
			return err_wrap(e, "%s", doors[i]->name);
	}
	return true;
}

static struct service *start(struct app *a, struct err *e)
{
	struct service *s = MEM_NEW(struct service);

	s->gateway.app = a;
	if (open_all(&s->gateway, e)) {
		if (!access_count(s->gateway.access))
			log_warn("gateway: nobody has a key yet: printop key new NAME");
		return s;
	}
	stop(s);
	return NULL;
}

static enum service_health describe(const struct service *s, char *buf, size_t size)
{
	const struct gateway *g = &s->gateway;
	size_t waiting = 0, held = 0;
	char age[STR_SMALL], last[256] = "nobody came yet", looks[64] = "";

	for (size_t i = 0; i < queue_count(g->queue); i++) {
		waiting += queue_at(g->queue, i)->state == QUEUE_WAITING;
		held += queue_at(g->queue, i)->state == QUEUE_HELD;
	}
	if (g->last_peer[0])
		str_printf(last, sizeof(last), "last client %s (%s) %s ago", g->last_peer, g->last_name,
			   str_age(age, sizeof(age), loop_wall_s() - g->last_at));
	if (held)
		str_printf(looks, sizeof(looks), ", %zu held", held);
	str_printf(buf, size, "listens on %s, %s, %zu job%s wait%s%s", g->where, last, waiting, waiting == 1 ? "" : "s",
		   waiting == 1 ? "s" : "", looks);
	return held ? SERVICE_TROUBLE : SERVICE_GOOD;
}

const struct service_ops gateway_service = {
	.name = "gateway",
	.title = "slicers print to the fleet",
	.wanted = wanted,
	.start = start,
	.stop = stop,
	.describe = describe,
};
