/* The door for slicers: which base a path belongs to, who asks, and which answer it is. */
#include "gateway/slicer.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

/* ---- bases ---- */

static const char *skip_slashes(const char *at)
{
	return at + strspn(at, "/");
}

static bool is_route(const struct slicer_route *routes, const char *path)
{
	for (; routes->method; routes++)
		if (str_eq(routes->path, path))
			return true;
	return false;
}

/*
 * No link of ours may hold "api/" before the real one: Cura's plugin takes what follows the first as the file's path. A
 * name that ends so is written with its last letter encoded.
 */
void slicer_set_prefix(struct slicer_base *base, const char *kind)
{
	struct sbuf b = SBUF_INIT(sizeof(base->prefix) - 1);
	size_t len;

	sbuf_addf(&b, "/%s/", kind);
	str_url_encode(&b, base->name, false);
	len = b.len;
	if (str_ends(sbuf_str(&b), "api")) {
		b.data[len - 1] = '\0';
		b.len--;
		sbuf_adds(&b, "%69");
	}
	str_copy(base->prefix, sizeof(base->prefix), sbuf_str(&b));
	sbuf_done(&b);
}

static bool any_has_tag(const struct fleet *f, const char *tag)
{
	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer_config *c = &fleet_at(f, i)->config;

		for (int k = 0; k < c->n_tags; k++)
			if (str_eq_nocase(c->tags[k], tag))
				return true;
	}
	return false;
}

/* Takes the word behind "printer/" or "tag/". */
static void take_name(struct slicer_base *base, const char *at)
{
	size_t n = strcspn(at, "/");
	char *name = mem_strndup(at, n);

	str_copy(base->name, sizeof(base->name), name);
	str_copy(base->rest, sizeof(base->rest), skip_slashes(at + n));
	free(name);
}

static bool read_printer(const struct app *a, const char *at, struct slicer_base *base)
{
	const struct printer *p;

	base->place = PLACE_PRINTER;
	take_name(base, at);
	p = fleet_find(a->fleet, base->name);
	if (!p)
		return false;
	str_copy(base->name, sizeof(base->name), p->config.name);
	str_copy(base->target, sizeof(base->target), p->config.name);
	slicer_set_prefix(base, "printer");
	return true;
}

static bool read_tag(const struct app *a, const char *at, struct slicer_base *base)
{
	base->place = PLACE_TAG;
	take_name(base, at);
	str_printf(base->target, sizeof(base->target), "tag:%s", base->name);
	slicer_set_prefix(base, "tag");
	return any_has_tag(a->fleet, base->name);
}

bool slicer_base_read(const struct app *a, const char *path, struct slicer_base *base)
{
	const char *at = skip_slashes(path);

	memset(base, 0, sizeof(*base));
	/* Moonraker's own printer/info and others stand where a printer's name could. */
	if (str_starts(at, "printer/") && *skip_slashes(at + 8) && !is_route(slicer_moonraker_routes, at))
		return read_printer(a, skip_slashes(at + 8), base);
	if (str_starts(at, "tag/"))
		return read_tag(a, skip_slashes(at + 4), base);
	if (str_eq(at, "library") || str_starts(at, "library/")) {
		base->place = PLACE_LIBRARY;
		str_copy(base->prefix, sizeof(base->prefix), "/library");
		at = skip_slashes(at + 7);
	}
	str_copy(base->rest, sizeof(base->rest), at);
	return true;
}

const struct printer *slicer_printer(const struct slicer_request *q)
{
	return q->base.place == PLACE_PRINTER ? fleet_find(q->s->app->fleet, q->base.name) : NULL;
}

/* ---- answers ---- */

void slicer_json_take(struct slicer_request *q, unsigned status, const char *headers, struct json *o)
{
	char *text = json_print(o, false);

	httpd_reply(q->r, status, "application/json", headers, text, strlen(text));
	free(text);
	json_free(o);
}

void slicer_fail(struct slicer_request *q, unsigned status, const char *fmt, ...)
{
	char text[400];
	struct json *o, *error;
	va_list ap;
	char *body;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_clean(text);
	text[0] = (char)toupper((unsigned char)text[0]);
	if (q->octoprint) {
		httpd_reply_reason(q->r, status, text, "text/plain", NULL, text, strlen(text));
		return;
	}
	o = json_new_object();
	error = json_new_object();
	json_set_num(error, "code", status);
	json_set_str(error, "message", text);
	json_set_take(o, "error", error);
	body = json_print(o, false);
	httpd_reply_reason(q->r, status, text, "application/json", NULL, body, strlen(body));
	free(body);
	json_free(o);
}

unsigned slicer_status_of(const struct err *e)
{
	switch (e->code) {
	case ERR_NONE:
		return 200;
	case ERR_USAGE:
	case ERR_CONFIG:
	case ERR_CANCELLED:
	case ERR_REFUSED:
		return 400;
	case ERR_BAD_REPLY:
		return 422;
	case ERR_AUTH:
		return 403;
	case ERR_UNSUPPORTED:
		return 415;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_TOO_BIG:
		return 413;
	case ERR_IO:
		return 507;
	case ERR_UNREACHABLE:
	case ERR_TIMEOUT:
	case ERR_INTERNAL:
	case ERR_N:
		break;
	}
	return 500;
}

/* ---- who asks ---- */

static void take_token(struct slicer_request *q)
{
	const char *text = httpd_query(q->r, "token");
	int64_t now = loop_now_ms(q->s->app->loop);

	for (size_t i = 0; text && i < SLICER_TOKENS; i++) {
		struct slicer_token *t = &q->s->tokens[i];

		if (!t->text[0] || t->until_ms < now || !str_eq(t->text, text))
			continue;
		str_copy(q->client.name, sizeof(q->client.name), t->key_name);
		q->client.rights = t->rights;
		q->client.overwrite = t->overwrite;
		t->text[0] = '\0';	/* once */
		return;
	}
}

static bool is_octoprint(const char *rest)
{
	return str_starts(rest, "api/") || str_eq(rest, "api") || str_starts(rest, "plugin/") || !*rest;
}

void slicer_request_init(struct slicer_request *q, struct slicer *s, struct httpd_request *r)
{
	const struct access_client *c;

	memset(q, 0, sizeof(*q));
	q->s = s;
	q->r = r;
	slicer_base_read(s->app, httpd_path(r), &q->base);
	q->octoprint = is_octoprint(q->base.rest);
	c = gateway_client(s->g, r);
	if (c)
		q->client = *c;
	else if (!gateway_has_key(r))
		take_token(q);
}

void slicer_agent(const struct httpd_request *r, char *dst, size_t size)
{
	const char *agent = httpd_header(r, "User-Agent");

	str_copy(dst, size, agent && *agent ? agent : "unknown program");
	str_clean(dst);
}

static void journal_refusal(struct slicer_request *q, const char *outcome)
{
	char agent[96];
	struct gateway_event ev = { .peer = httpd_peer(q->r), .client = agent, .key = q->client.name, .target = q->base.target,
		.outcome = outcome };

	slicer_agent(q->r, agent, sizeof(agent));
	gateway_journal(q->s->g, &ev);
}

/* Only what would act is worth a line: slicers poll. */
static void refuse(struct slicer_request *q, unsigned right, unsigned status, const char *text)
{
	if (right & (ACCESS_UPLOAD | ACCESS_START | ACCESS_CONTROL))
		journal_refusal(q, text);
	slicer_fail(q, status, "%s", text);
}

bool slicer_may(struct slicer_request *q, unsigned right, const char *what)
{
	unsigned status = q->octoprint ? 403 : 401;
	char text[160];

	if (q->client.name[0] && (q->client.rights & right) == right)
		return true;
	if (q->client.name[0]) {
		str_printf(text, sizeof(text), "the key %s may not %s", q->client.name, what);
		refuse(q, right, 403, text);
	} else if (gateway_has_key(q->r)) {
		refuse(q, right, status, "this API key is not known here");
	} else if (gateway_has_clients(q->s->g)) {
		refuse(q, right, status, "an API key is needed here");
	} else {
		refuse(q, right, status, "an API key is needed: printop key new NAME makes one");
	}
	return false;
}

bool slicer_exists(struct slicer_request *q)
{
	if (slicer_base_read(q->s->app, httpd_path(q->r), &q->base))
		return true;
	slicer_fail(q, 404, "there is no %s %s here", q->base.place == PLACE_TAG ? "printer with the tag" : "printer",
		    q->base.name);
	return false;
}

/* ---- routes ---- */

static bool matches(const struct slicer_route *route, const char *rest)
{
	size_t len = strlen(route->path);

	if (len && route->path[len - 1] == '*')
		return !strncmp(route->path, rest, len - 1) && rest[len - 1];
	return !strncmp(route->path, rest, len) && (!rest[len] || str_eq(rest + len, "/"));
}

static const struct slicer_route *find_route(const struct slicer_request *q, bool *other_method)
{
	static const struct slicer_route *const tables[] = { slicer_octoprint_routes, slicer_moonraker_routes };

	*other_method = false;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct slicer_route *route = tables[i]; route->method; route++) {
			if (!matches(route, q->base.rest))
				continue;
			if (str_eq(route->method, httpd_method(q->r)))
				return route;
			*other_method = true;
		}
	}
	return NULL;
}

bool slicer_is_upload(const struct slicer_base *b, const char *method)
{
	return str_eq(method, "POST") && (str_eq(b->rest, "api/files/local") || str_eq(b->rest, "api/files/local/") ||
					  str_eq(b->rest, "server/files/upload"));
}

static bool match(const char *path)
{
	(void)path;
	return true;
}

static void handle(void *door, struct httpd_request *r)
{
	const struct slicer_route *route;
	struct slicer_request q;
	bool other_method;

	slicer_request_init(&q, door, r);
	if (httpd_sink_ctx(r)) {
		slicer_upload_finish(httpd_sink_ctx(r), &q);
		return;
	}
	if (!q.base.rest[0] && str_eq(httpd_method(r), "GET")) {
		if (slicer_exists(&q))
			slicer_page(&q);
		return;
	}
	route = find_route(&q, &other_method);
	if (route && route->right && !slicer_may(&q, route->right, route->right == ACCESS_LOOK ? "look" : "do this"))
		return;
	if (!slicer_exists(&q))
		return;
	if (route)
		route->handle(&q);
	else if (other_method)
		slicer_fail(&q, 405, "%s is not possible here", httpd_method(r));
	else
		slicer_fail(&q, 404, "not found");
}

static bool on_body(void *door, struct httpd_request *r, struct httpd_sink *ret)
{
	struct slicer_request q;
	struct slicer_upload *u;

	/* Other requests are looked at when they are whole: a one-shot token would be used up here. */
	slicer_base_read(((struct slicer *)door)->app, httpd_path(r), &q.base);
	if (!slicer_is_upload(&q.base, httpd_method(r)))
		return false;
	slicer_request_init(&q, door, r);
	u = slicer_upload_new(&q);
	*ret = (struct httpd_sink){ .data = slicer_upload_data, .done = slicer_upload_free, .answered = slicer_upload_answered,
		.ctx = u };
	return u != NULL;
}

static void *open_door(struct gateway *g, struct err *e)
{
	struct slicer *s = MEM_NEW(struct slicer);

	(void)e;
	s->g = g;
	s->app = gateway_app(g);
	s->queue = gateway_queue(g);
	slicer_library_sweep(s);
	s->announce = slicer_announce_new(s);
	return s;
}

static void close_door(void *door)
{
	struct slicer *s = door;

	slicer_announce_free(s->announce);
	explicit_bzero(s->tokens, sizeof(s->tokens));
	free(s);
}

const struct door door_slicer = {
	.name = "slicers",
	.match = match,
	.open = open_door,
	.close = close_door,
	.handle = handle,
	.on_body = on_body,
};
