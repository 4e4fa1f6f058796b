/*
 * The Cura door: the network printer that Cura's "Print over network" knows, with the whole fleet as its group. Every
 * answer is made from memory and complete; Cura stops all traffic when six requests hang.
 */
#include "gateway/cura.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "gateway/cura_act.h"
#include "gateway/cura_announce.h"
#include "gateway/cura_auth.h"
#include "gateway/cura_camera.h"
#include "gateway/cura_materials.h"
#include "gateway/cura_pages.h"
#include "gateway/cura_preview.h"
#include "gateway/cura_upload.h"
#include "gateway/gateway.h"
#include "gateway/multipart.h"
#include "gateway/unpack.h"

#define API "/cluster-api/v1"
#define FRESH_MS 250		/* see struct cura_cache */
/*
 * Cura 4.13 sends .ufp (with a picture) from 4.4.0 on and .gcode.gz below; 4.0.1 is the least that it talks to, and above
 * 5.2.0 it advertises a cloud.
 */
#define FIRMWARE_UFP "5.2.0"
#define FIRMWARE_GZIP "4.3.0"

struct call {
	struct cura *c;
	struct httpd_request *r;
	struct cura_words words;
	char part[128];		/* what stands for the star in the route's path */
	char host[256];
};

static const char *setting(const struct cura *c, enum setting_id id)
{
	return settings_str(&c->app->config->settings, id);
}

static bool setting_on(const struct cura *c, enum setting_id id)
{
	return settings_bool(&c->app->config->settings, id);
}

/* ---- answers ---- */

static void reply_json(const struct call *k, unsigned status, const char *text)
{
	httpd_reply(k->r, status, "application/json", NULL, text, strlen(text));
}

static void reply_message(const struct call *k, unsigned status, const char *why)
{
	struct json *o = json_new_object();
	char *text;

	json_set_str(o, "message", why);
	text = json_print(o, false);
	reply_json(k, status, text);
	free(text);
	json_free(o);
}

static void reply_json_take(const struct call *k, char *text)
{
	reply_json(k, 200, text);
	free(text);
}

/* How the client reaches us, for addresses that we give it; nothing that could be more than a host and a port. */
static void find_host(struct call *k)
{
	const char *host = httpd_header(k->r, "Host");

	if (!host || !*host || strlen(host) >= sizeof(k->host) || host[strspn(host, "0123456789abcdefABCDEFghijklmnopqrstuvwxyz"
			"GHIJKLMNOPQRSTUVWXYZ.-_:[]")])
		host = "127.0.0.1";
	str_copy(k->host, sizeof(k->host), host);
}

static struct cura_words find_words(const struct cura *c, const char *host)
{
	return (struct cura_words){
		.name = setting(c, SETTING_GATEWAY_CURA_NAME),
		.machine = setting(c, SETTING_GATEWAY_CURA_MACHINE),
		.variant = setting(c, SETTING_GATEWAY_CURA_VARIANT),
		.firmware = ufp_supported() ? FIRMWARE_UFP : FIRMWARE_GZIP,
		.host = host,
		.cameras = setting_on(c, SETTING_GATEWAY_CURA_CAMERAS),
	};
}

/* ---- lists ---- */

void cura_changed(struct cura *c)
{
	struct cura_cache *all[] = { &c->printers, &c->jobs };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		free(all[i]->text);
		all[i]->text = NULL;
	}
}

static void reply_list(const struct call *k, struct cura_cache *cache,
		       char *(*make)(const struct cura *c, const struct cura_words *w))
{
	int64_t now = loop_now_ms(k->c->app->loop);

	if (!cache->text || now - cache->at_ms > FRESH_MS || !str_eq(cache->host, k->host)) {
		free(cache->text);
		cura_ids_sync(k->c->ids, k->c->app->fleet);
		cache->text = make(k->c, &k->words);
		cache->len = strlen(cache->text);
		cache->at_ms = now;
		str_copy(cache->host, sizeof(cache->host), k->host);
	}
	httpd_reply(k->r, 200, "application/json", NULL, cache->text, cache->len);
}

static void get_printers(const struct call *k)
{
	reply_list(k, &k->c->printers, cura_printers_json);
}

static void get_jobs(const struct call *k)
{
	reply_list(k, &k->c->jobs, cura_jobs_json);
}

static void get_preview(const struct call *k)
{
	struct cura_job job;
	char *png;
	size_t len;

	if (!cura_job_find(k->c, k->part, &job)) {
		reply_message(k, 404, "there is no such job");
		return;
	}
	switch (job.queued ? cura_preview_get(k->c->previews, job.queued, &png, &len) : CURA_PREVIEW_NONE) {
	case CURA_PREVIEW_READY:
		httpd_reply(k->r, 200, "image/png", NULL, png, len);
		free(png);
		break;
	case CURA_PREVIEW_COMING:
		reply_message(k, 404, "the picture is being made");
		break;
	case CURA_PREVIEW_NONE:
		httpd_reply(k->r, 200, "image/png", NULL, cura_placeholder, cura_placeholder_len);
		break;
	}
}

/* ---- buttons ---- */

static void act(const struct call *k, const char *what,
		unsigned (*fn)(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why))
{
	struct gateway_event ev = { .peer = httpd_peer(k->r), .client = "Cura", .outcome = what, .job = k->part };
	struct err why = { 0 };
	size_t len;
	const char *body = httpd_body(k->r, &len);
	unsigned status = fn(k->c, k->part, body, len, &why);

	cura_changed(k->c);
	if (status >= 400) {
		log_info("cura: %s of %s by %s refused: %s", what, k->part, ev.peer, why.text);
		reply_message(k, status, why.text);
		return;
	}
	gateway_journal(k->c->gateway, &ev);
	httpd_reply(k->r, status, NULL, NULL, NULL, 0);
}

static void put_action(const struct call *k)
{
	act(k, "action", cura_act_action);
}

static void move_job(const struct call *k)
{
	act(k, "move", cura_act_move);
}

static void put_job(const struct call *k)
{
	act(k, "override", cura_act_force);
}

static void delete_job(const struct call *k)
{
	act(k, "delete", cura_act_delete);
}

static void post_job(const struct call *k)
{
	if (httpd_sink_ctx(k->r))
		cura_upload_finish(k->c, k->r);
	else
		reply_message(k, 400, "an upload without a body");
}

/* ---- materials ---- */

static void get_materials(const struct call *k)
{
	/* The answer that makes Cura quiet: it sends nothing and says nothing. */
	if (!setting_on(k->c, SETTING_GATEWAY_CURA_MATERIALS))
		reply_message(k, 404, "materials are not kept here (gateway_cura_materials)");
	else
		reply_json_take(k, cura_materials_json(k->c->materials));
}

struct profile {
	struct sbuf xml;
	bool inside, had;
};

static void profile_part(void *ctx, const struct multipart_part *p)
{
	struct profile *f = ctx;

	f->inside = !f->had && str_eq_nocase(p->name, "file");
	f->had = f->had || f->inside;
}

static void profile_data(void *ctx, const char *data, size_t len)
{
	struct profile *f = ctx;

	if (f->inside)
		sbuf_add(&f->xml, data, len);
}

static void profile_end(void *ctx)
{
	struct profile *f = ctx;

	f->inside = false;
}

static void post_material(const struct call *k)
{
	static const struct multipart_ops ops = { profile_part, profile_data, profile_end };
	struct profile f = { .xml = SBUF_INIT(GATEWAY_BODY_MAX) };
	struct multipart *m = multipart_new(httpd_header(k->r, "Content-Type"), &ops, &f);
	struct cura_material one;
	struct err e = { 0 };
	size_t len;
	const char *body = httpd_body(k->r, &len);
	bool good;

	if (m)
		multipart_add(m, body, len);
	good = m && f.had && cura_material_read(sbuf_str(&f.xml), &one);
	if (!setting_on(k->c, SETTING_GATEWAY_CURA_MATERIALS))
		reply_message(k, 404, "materials are not kept here (gateway_cura_materials)");
	else if (!good)		/* "not added" keeps Cura from telling the user that it was */
		reply_message(k, 400, "not added: it is no material profile");
	else if (!cura_materials_add(k->c->materials, &one, &e))
		reply_message(k, 200, "not added");
	else
		reply_message(k, 200, "added");
	multipart_free(m);
	sbuf_done(&f.xml);
}

/* ---- the gateway itself ---- */

static void get_system(const struct call *k)
{
	reply_json_take(k, cura_system_json(k->c, &k->words));
}

static void post_auth(const struct call *k)
{
	char application[128], user[128];
	struct cura_credentials got;
	struct err ignored;
	struct json *o;
	size_t len;
	const char *body = httpd_body(k->r, &len);

	o = json_parse(body, len, &ignored);
	json_str(o, "application", application, sizeof(application));
	json_str(o, "user", user, sizeof(user));
	json_free(o);
	cura_auth_grant(cura_ids_secret(k->c->ids), application, user, &got);
	o = json_new_object();
	json_set_str(o, "id", got.id);
	json_set_str(o, "key", got.key);
	reply_json_take(k, json_print(o, false));
	json_free(o);
}

static void get_auth_check(const struct call *k)
{
	reply_message(k, 200, "authorized");
}

static void get_page(const struct call *k)
{
	char *text = cura_page(k->c, &k->words);

	httpd_reply(k->r, 200, "text/html; charset=utf-8", NULL, text, strlen(text));
	free(text);
}

static void get_camera(const struct call *k)
{
	cura_camera_watch(k->c, k->r, k->part);
}

/* ---- routes ---- */

enum { SIGNED = 1 };		/* Cura 5.11 signs it, when that is wanted */

static const struct route {
	const char *method, *path;	/* a star stands for one part of it */
	unsigned flags;
	void (*fn)(const struct call *k);
} routes[] = {
	{ "GET", API "/printers", SIGNED, get_printers },
	{ "GET", API "/print_jobs", SIGNED, get_jobs },
	{ "GET", API "/print_jobs/*/preview_image", SIGNED, get_preview },
	{ "POST", API "/print_jobs", 0, post_job },
	{ "PUT", API "/print_jobs/*/action", SIGNED, put_action },
	{ "POST", API "/print_jobs/*/action/move", SIGNED, move_job },
	{ "PUT", API "/print_jobs/*/move_to_position", SIGNED, move_job },
	{ "PUT", API "/print_jobs/*", SIGNED, put_job },
	{ "DELETE", API "/print_jobs/*", SIGNED, delete_job },
	{ "GET", API "/materials", SIGNED, get_materials },
	{ "POST", API "/materials", 0, post_material },
	{ "GET", "/api/v1/system", 0, get_system },
	{ "POST", "/api/v1/auth/request", 0, post_auth },
	{ "GET", "/api/v1/auth/check/*", 0, get_auth_check },
	{ "GET", "/cam/*", 0, get_camera },
	{ "GET", "/print_jobs", 0, get_page },
	{ "GET", "/printers", 0, get_page },
	{ "GET", "/cloud_connect", 0, get_page },
	{ "GET", "/settings", 0, get_page },
};

/* With or without a slash at the end. */
static bool path_fits(const char *pattern, const char *path, char *part, size_t size)
{
	while (*pattern) {
		size_t n;

		if (*pattern != '*') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		n = strcspn(path, "/");
		if (!n || n >= size)
			return false;
		str_printf(part, size, "%.*s", (int)n, path);
		path += n;
		pattern++;
	}
	return !*path || str_eq(path, "/");
}

static bool match(const char *path)
{
	char part[128];

	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (path_fits(routes[i].path, path, part, sizeof(part)))
			return true;
	return str_starts(path, API "/");
}

static bool is_signed(const struct call *k)
{
	double now = loop_wall_s();
	const char *secret = cura_ids_secret(k->c->ids);
	char header[300], value[260];
	enum cura_auth a;

	a = cura_auth_check(secret, httpd_header(k->r, "Authorization"), httpd_method(k->r), httpd_path(k->r), now);
	if (a == CURA_AUTH_GOOD)
		return true;
	cura_auth_challenge(secret, now, a == CURA_AUTH_STALE, value, sizeof(value));
	str_printf(header, sizeof(header), "WWW-Authenticate: %s\n", value);
	httpd_reply(k->r, 401, "application/json", header, "{\"message\":\"sign it\"}", 21);
	return false;
}

static void handle(void *door, struct httpd_request *r)
{
	struct call k = { .c = door, .r = r };
	bool known = false;

	gateway_saw(k.c->gateway, r, "Cura");
	find_host(&k);
	k.words = find_words(k.c, k.host);
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct route *to = &routes[i];

		if (!path_fits(to->path, httpd_path(r), k.part, sizeof(k.part)))
			continue;
		known = true;
		if (!str_eq(httpd_method(r), to->method))
			continue;
		if (!setting_on(k.c, SETTING_GATEWAY_CURA))
			reply_message(&k, 404, "Cura is not served here (gateway_cura)");
		else if (!(to->flags & SIGNED) || !setting_on(k.c, SETTING_GATEWAY_CURA_DIGEST) || is_signed(&k))
			to->fn(&k);
		return;
	}
	reply_message(&k, known ? 405 : 404, known ? "not with this method" : "there is nothing here");
}

static bool on_body(void *door, struct httpd_request *r, struct httpd_sink *ret)
{
	struct cura *c = door;
	char part[2];

	if (!str_eq(httpd_method(r), "POST") || !path_fits(API "/print_jobs", httpd_path(r), part, sizeof(part)) ||
	    !setting_on(c, SETTING_GATEWAY_CURA))
		return false;
	cura_upload_begin(c, r, ret);
	return true;
}

/* ---- the door ---- */

/* What a crash left of uploads that were coming in. */
static void sweep(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (str_starts(ent->d_name, CURA_INTAKE))
			unlinkat(dirfd(d), ent->d_name, 0);
	if (d)
		closedir(d);
}

static void close_door(void *door)
{
	struct cura *c = door;

	cura_announce_free(c->announce);
	cura_cameras_free(c);
	cura_uploads_orphan(c);
	cura_changed(c);
	cura_previews_free(c->previews);
	cura_materials_free(c->materials);
	cura_ids_free(c->ids);
	free(c->dir);
	free(c);
}

static bool load(struct cura *c, struct err *e)
{
	char *state = path_state_dir(), *ids, *materials;
	bool good;

	c->dir = path_join(state, c->app->demo ? "cura-demo" : "cura");
	ids = path_join(c->dir, "ids.json");
	materials = path_join(c->dir, "materials.json");
	good = path_make_dirs(c->dir, e);
	if (good) {
		sweep(c->dir);
		c->ids = cura_ids_load(ids, e);
		c->materials = cura_materials_load(c->app->loop, materials);
		c->previews = cura_previews_new(c->app->loop, c->queue, c->dir);
	}
	free(materials);
	free(ids);
	free(state);
	return good && c->ids;
}

static void *open_door(struct gateway *g, struct err *e)
{
	struct cura *c = MEM_NEW(struct cura);
	struct cura_words w;

	c->gateway = g;
	c->app = gateway_app(g);
	c->queue = gateway_queue(g);
	if (!load(c, e)) {
		close_door(c);
		return NULL;
	}
	cura_ids_sync(c->ids, c->app->fleet);
	w = find_words(c, "");
	c->announce = cura_announce_new(c, &w, gateway_port(g));
	return c;
}

const struct door door_cura = {
	.name = "cura",
	.match = match,
	.open = open_door,
	.close = close_door,
	.handle = handle,
	.on_body = on_body,
};
