/*
 * Camera pictures: the cloud asks for one, the printer's camera gives it. Each on its own, so that
 * one that hangs delays nobody.
 */
#include "connector/parts.h"

#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

#define PICTURE_BYTES (10u << 20)
#define TRY_MS 4000
#define SHOTS_MAX 8
#define URLS 6
#define ACTIVE_S 2.0			/* between questions while somebody looks */
#define IDLE_S 5.0
#define NONE_S 30.0			/* there is no camera: only looked for */
#define LOOKED_AT_MS 60000		/* somebody looks for so long after the last request */
#define SEND_TRIES 3

struct shot {
	struct connector *c;
	char id[PROTOCOL_ID];
	int64_t printer_id;
	char printer[64];
	char *urls[URLS];
	int n_urls, at;
	struct call *call;
	struct loop_timer *timer;	/* between tries of sending */
	char *picture;			/* to be sent; NULL: there is none */
	size_t len;
	const char *type;
	int tries;
	char trouble[TEXT_CAP];
	struct shot *next;
};

/* ---- what has been answered ---- */

static bool is_answered(const struct connector *c, const char *id)
{
	for (const struct shot *s = c->cameras.shots; s; s = s->next)
		if (str_eq(s->id, id))
			return true;
	for (size_t i = 0; i < CAMERA_REMEMBERED; i++)
		if (str_eq(c->cameras.answered[i], id))
			return true;
	return false;
}

static void shot_free(struct shot *s)
{
	cloud_drop(&s->c->cloud, &s->call);
	loop_timer_free(s->timer);
	for (int i = 0; i < s->n_urls; i++)
		free(s->urls[i]);
	free(s->picture);
	free(s);
}

static void shot_over(struct shot *s)
{
	struct cameras *k = &s->c->cameras;
	struct shot **p = &k->shots;

	str_copy(k->answered[k->next_answered++ % CAMERA_REMEMBERED], PROTOCOL_ID, s->id);
	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	shot_free(s);
}

/* ---- sending ---- */

static void send_picture(void *ctx);

static void sent(void *ctx, const struct http_reply *r)
{
	struct shot *s = ctx;
	struct err e;
	enum verdict v;

	s->call = NULL;
	v = cloud_hear(&s->c->cloud, r, &e);
	if (v == CLOUD_GOOD || v == CLOUD_GONE || v == CLOUD_REFUSED || ++s->tries >= SEND_TRIES) {
		if (v != CLOUD_GOOD)
			log_warn("connector: picture of %s not taken by the cloud: %s", s->printer,
				 e.text);
		s->c->failed |= v != CLOUD_GOOD && v != CLOUD_GONE;
		shot_over(s);
		return;
	}
	loop_timer_start(s->timer, protocol_backoff_ms(s->tries, connector_random()));
}

/* Without a picture it is the empty body that says so; the cloud then asks no more. */
static void send_picture(void *ctx)
{
	struct shot *s = ctx;
	struct sbuf id = SBUF_INIT(4 * PROTOCOL_ID);
	struct http_req r;

	str_url_encode(&id, s->id, false);
	cloud_req(&r, HTTP_PUT, "/api/v1/webcam_requests/%s/upload", sbuf_str(&id));
	sbuf_addf(&r.headers, "Content-Type: %s\nX-Printer-Id: %lld\n",
		  s->picture ? s->type : "application/json", (long long)s->printer_id);
	if (s->picture)
		sbuf_add(&r.body, s->picture, s->len);
	r.timeout_ms = 30000;
	s->call = cloud_send(&s->c->cloud, &r, sent, s);
	sbuf_done(&id);
}

/* ---- looking ---- */

static void try_next(struct shot *s);

static void picture_heard(void *ctx, const struct http_reply *r)
{
	struct shot *s = ctx;

	s->call = NULL;
	if (r->fault == HTTP_FAULT_TOO_BIG)
		str_copy(s->trouble, sizeof(s->trouble), "the picture is larger than 10 MiB");
	else if (r->fault)
		str_copy(s->trouble, sizeof(s->trouble), http_fault_text(r->fault));
	else if (r->status != 200)
		str_printf(s->trouble, sizeof(s->trouble), "camera http %ld", r->status);
	else if (!(s->type = protocol_image_type(r->content_type, r->body, r->len)))
		str_copy(s->trouble, sizeof(s->trouble), "what the camera sends is no picture");
	if (!s->type) {
		try_next(s);
		return;
	}
	s->picture = mem_alloc(r->len);
	memcpy(s->picture, r->body, r->len);
	s->len = r->len;
	send_picture(s);
}

static void get_picture(struct shot *s, const char *url)
{
	const struct printer *p = fleet_find(s->c->app->fleet, s->printer);
	struct transport *t = s->c->app->transport;
	struct endpoint to = { .connect_ms = TRY_MS };
	char base[512], path[1100];
	struct http_req r;

	if (!cloud_split_url(url, base, sizeof(base), path, sizeof(path))) {
		str_copy(s->trouble, sizeof(s->trouble), "the camera's address cannot be used");
		try_next(s);
		return;
	}
	to.base_url = base;
	if (p) {		/* as trusted as the server that names it */
		to.ca_file = p->config.ca_file;
		to.insecure = p->config.insecure;
	}
	http_req_init(&r);
	r.timeout_ms = TRY_MS;
	r.max_bytes = PICTURE_BYTES;
	sbuf_adds(&r.path, path);
	s->call = t->ops->send(t, &to, &r, picture_heard, s);
	http_req_done(&r);
}

static void try_next(struct shot *s)
{
	if (s->at < s->n_urls) {
		get_picture(s, s->urls[s->at++]);
		return;
	}
	if (!s->trouble[0])
		str_copy(s->trouble, sizeof(s->trouble), "no camera is known");
	log_warn("connector: no picture of %s: %s", s->printer, s->trouble);
	send_picture(s);
}

/* ---- where the camera is ---- */

static bool is_loopback(const char *host)
{
	return str_eq(host, "localhost") || str_starts(host, "127.") || str_eq(host, "::1");
}

/* "http://host:port" of the printer's machine. */
static void machine(const struct http_url *server, unsigned port, struct sbuf *b)
{
	struct http_url u = *server;

	u.prefix[0] = '\0';
	u.port = port == (u.tls ? 443 : 80) ? 0 : port;
	http_url_print(&u, b);
}

/* Seen from the printer's machine it may be a path, or on "localhost". */
static void add_url(struct shot *s, const struct http_url *server, unsigned ui_port,
		    const char *url)
{
	struct sbuf b = SBUF_INIT(2048);
	char base[512], path[1100];
	struct http_url u;
	const char *why;

	if (!*url || s->n_urls >= URLS)
		return;
	if (url[0] == '/') {
		machine(server, ui_port, &b);
		sbuf_adds(&b, url);
	} else if (cloud_split_url(url, base, sizeof(base), path, sizeof(path)) &&
		   http_url_parse(base, &u, &why) && is_loopback(u.host) &&
		   !is_loopback(server->host)) {
		str_copy(u.host, sizeof(u.host), server->host);
		http_url_print(&u, &b);
		sbuf_adds(&b, path);
	} else {
		sbuf_adds(&b, url);
	}
	s->urls[s->n_urls++] = sbuf_take(&b);
}

static const struct eye *find_eye(const struct connector *c, const char *printer)
{
	const struct eye *x = c->cameras.eyes;

	while (x && !str_eq(x->printer, printer))
		x = x->next;
	return x;
}

static unsigned ui_port(const struct connector *c, const char *printer)
{
	for (size_t i = 0; i < c->identity.n_printers; i++)
		if (str_eq(c->identity.printers[i].name, printer) &&
		    c->identity.printers[i].ui_port)
			return c->identity.printers[i].ui_port;
	return 80;
}

static void add_urls(struct shot *s, const struct printer *p)
{
	static const char *const usual[] = {"/webcam/?action=snapshot", "/webcam/snapshot",
					    "/server/webcam/snapshot"};
	const struct eye *x = find_eye(s->c, s->printer);
	unsigned port = ui_port(s->c, s->printer);
	struct http_url server;
	const char *why;

	if (!http_url_parse(p->config.url, &server, &why))
		return;
	if (p->config.camera_url)
		add_url(s, &server, server.port ? server.port : 80, p->config.camera_url);
	if (x)
		add_url(s, &server, port, x->url);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		add_url(s, &server, port, usual[i]);
}

/* ---- requests ---- */

static void shoot(struct connector *c, const char *id, int64_t printer_id)
{
	const struct printer *p = connector_printer(c, printer_id);
	struct shot *s = MEM_NEW(struct shot);

	s->c = c;
	str_copy(s->id, sizeof(s->id), id);
	s->printer_id = printer_id;
	str_copy(s->printer, sizeof(s->printer), p ? p->config.name : "an unknown printer");
	s->timer = loop_timer_new(c->app->loop, send_picture, s);
	s->next = c->cameras.shots;
	c->cameras.shots = s;
	if (p)
		add_urls(s, p);
	try_next(s);
}

/*
 * One at a time of each printer: somebody who asks faster than the camera answers gets what it can
 * do.
 */
static bool has_room(const struct connector *c, int64_t printer_id)
{
	int n = 0;

	for (const struct shot *s = c->cameras.shots; s; s = s->next, n++)
		if (s->printer_id == printer_id)
			return false;
	return n < SHOTS_MAX;
}

/* Its address is just being asked for: the cloud will ask again, and then it is known. */
static bool is_being_found(const struct connector *c, int64_t printer_id)
{
	const struct printer *p = connector_printer(c, printer_id);
	const struct eye *x = p ? find_eye(c, p->config.name) : NULL;

	return x && x->call;
}

static void take(struct connector *c, const struct json *item)
{
	int64_t printer_id = json_int(item, "printer_id", -1);
	char id[PROTOCOL_ID];

	if (!json_is_object(item) || !protocol_id(item, "id", id, sizeof(id)) || is_answered(c, id))
		return;
	c->cameras.wanted_ms = connector_now_ms(c);
	if (has_room(c, printer_id) && !is_being_found(c, printer_id))
		shoot(c, id, printer_id);
}

static void requests_heard(void *ctx, const struct http_reply *r)
{
	struct lane *l = ctx;
	struct connector *c = l->c;
	struct json *root = NULL;
	struct err e;
	enum verdict v;

	l->call = NULL;
	v = cloud_hear(&c->cloud, r, &e);
	if (v == CLOUD_GOOD && r->len)
		root = json_parse(r->body, r->len, &e);
	if (v == CLOUD_GOOD && r->len && !json_is_array(root) && !json_is_null(root)) {
		log_warn("connector: camera requests: not a list");
		v = CLOUD_TROUBLE;
	} else {
		for (const struct json *item = json_first(root); item; item = json_next(item))
			take(c, item);
	}
	json_free(root);
	lane_end(l, v, r);
}

/* ---- is there one at all? ---- */

static void eye_heard(void *ctx, const struct http_reply *r)
{
	struct eye *x = ctx;
	const struct printer *p = fleet_find(x->c->app->fleet, x->printer);

	x->call = NULL;
	x->asked = !r->fault;
	if (p)
		look_read_camera(p, r, x->url, sizeof(x->url));
}

static struct eye *get_eye(struct connector *c, const char *printer)
{
	struct eye *x = c->cameras.eyes;

	while (x && !str_eq(x->printer, printer))
		x = x->next;
	if (x)
		return x;
	x = MEM_NEW(struct eye);
	x->c = c;
	str_copy(x->printer, sizeof(x->printer), printer);
	x->next = c->cameras.eyes;
	c->cameras.eyes = x;
	return x;
}

static void ask_eye(struct connector *c, const struct printer *p)
{
	struct eye *x = get_eye(c, p->config.name);
	struct http_req r;

	if (x->asked || x->call || !p->dialect || !protocol_reachable(p))
		return;
	http_req_init(&r);
	if (look_camera(p, &r)) {
		struct endpoint to = app_endpoint(c->app, p);

		x->call = c->app->transport->ops->send(c->app->transport, &to, &r, eye_heard, x);
	} else {
		x->asked = true;
	}
	http_req_done(&r);
}

/*
 * The cloud is asked for requests only where a camera may be: that is most of the original's
 * traffic.
 */
static bool may_see(struct connector *c)
{
	bool any = c->config.original != NULL;

	for (size_t i = 0; i < c->identity.n_printers; i++) {
		const struct printer *p = fleet_find(c->app->fleet, c->identity.printers[i].name);
		const struct eye *x;

		if (!p)
			continue;
		ask_eye(c, p);
		x = find_eye(c, p->config.name);
		any |= p->config.camera_url || (x && x->url[0]);
	}
	return any;
}

double cameras_period_s(const struct connector *c)
{
	const struct cameras *k = &c->cameras;

	if (k->wanted_ms && connector_now_ms(c) - k->wanted_ms < LOOKED_AT_MS)
		return ACTIVE_S;
	for (const struct eye *x = k->eyes; x; x = x->next)
		if (x->call)
			return 1;	/* it is just being found out */
	return k->none ? NONE_S : IDLE_S;
}

void cameras_poll(struct connector *c)
{
	struct lane *l = &c->lanes[LANE_CAMERAS];
	struct sbuf id = SBUF_INIT(4 * PROTOCOL_ID);
	struct http_req r;

	c->cameras.none = !may_see(c);
	if (c->cameras.none && !c->once) {
		lane_end(l, CLOUD_GOOD, NULL);
		return;
	}
	str_url_encode(&id, c->cloud.id, false);
	cloud_req(&r, HTTP_GET, "/api/v1/connectors/%s/webcam_requests?limit=10", sbuf_str(&id));
	l->call = cloud_send(&c->cloud, &r, requests_heard, l);
	sbuf_done(&id);
}

void cameras_stop(struct connector *c)
{
	struct cameras *k = &c->cameras;
	struct transport *t = c->app->transport;

	while (k->shots) {
		struct shot *s = k->shots;

		k->shots = s->next;
		shot_free(s);
	}
	while (k->eyes) {
		struct eye *x = k->eyes;

		k->eyes = x->next;
		if (x->call)
			t->ops->cancel(t, x->call);
		free(x);
	}
}
