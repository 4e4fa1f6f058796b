/* Still pictures of printers' cameras, sent on to everybody who looks. */
#include "gateway/cura_camera.h"

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

#define VIEWERS_MAX 24		/* in all: each keeps a connection */
#define PICTURE_MAX (4u << 20)	/* Cura 4 starts anew when two million bytes bring no picture */
#define NEXT_MS 500
#define AFTER_FAILURE_MS 5000
#define REPLY_MS 5000
#define BOUNDARY "printop-picture"

struct viewer {
	struct cura_camera *camera;
	struct viewer *next;
	struct httpd_stream *stream;
};

struct cura_camera {
	struct cura *c;
	struct cura_camera *next;
	char name[64];
	char *base, *path;		/* of the picture */
	struct viewer *viewers;
	struct call *call;		/* a picture is on its way */
	struct loop_timer *timer;
};

/* ---- the picture's address ---- */

/* "http://host:port" and the rest; a stream's address has a picture's twin in mjpg-streamer and its successors. */
static void split_url(struct cura_camera *k, const char *url)
{
	const char *host = strstr(url, "://"), *path, *stream;

	host = host ? host + 3 : url;
	path = host + strcspn(host, "/?");
	k->base = mem_strndup(url, (size_t)(path - url));
	stream = strstr(path, "action=stream");
	if (stream)
		k->path = mem_printf("%.*saction=snapshot%s", (int)(stream - path), path, stream + strlen("action=stream"));
	else
		k->path = mem_printf("%s%s", *path == '/' ? "" : "/", path);
}

/* ---- pictures ---- */

static void on_picture(void *ctx, const struct http_reply *reply);

static void ask(void *ctx)
{
	struct cura_camera *k = ctx;
	struct endpoint to = { .base_url = k->base };
	struct transport *t = k->c->app->transport;
	struct http_req req;

	http_req_init(&req);
	req.method = HTTP_GET;
	req.no_key = true;
	req.timeout_ms = REPLY_MS;
	req.max_bytes = PICTURE_MAX;
	sbuf_adds(&req.path, k->path);
	k->call = t->ops->send(t, &to, &req, on_picture, k);
	http_req_done(&req);
}

static void show(struct cura_camera *k, const char *jpeg, size_t len)
{
	struct sbuf b = SBUF_INIT(PICTURE_MAX + 512);

	sbuf_addf(&b, "--" BOUNDARY "\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", len);
	sbuf_add(&b, jpeg, len);
	sbuf_adds(&b, "\r\n");
	for (struct viewer *v = k->viewers; v; v = v->next)
		httpd_stream_send(v->stream, sbuf_str(&b), b.len);	/* a slow one misses this picture */
	sbuf_done(&b);
}

static void on_picture(void *ctx, const struct http_reply *reply)
{
	static const char jpeg[] = { '\xff', '\xd8' };
	struct cura_camera *k = ctx;
	bool good = reply->fault == HTTP_FAULT_NONE && reply->status == 200 && reply->len > 4 &&
		    !memcmp(reply->body, jpeg, sizeof(jpeg));

	k->call = NULL;
	if (good)
		show(k, reply->body, reply->len);
	loop_timer_start(k->timer, good ? NEXT_MS : AFTER_FAILURE_MS);
}

/* ---- cameras and viewers ---- */

static void camera_free(struct cura_camera *k)
{
	struct cura_camera **at = &k->c->cameras;
	struct transport *t = k->c->app->transport;

	while (*at && *at != k)
		at = &(*at)->next;
	if (*at)
		*at = k->next;
	if (k->call)
		t->ops->cancel(t, k->call);
	loop_timer_free(k->timer);
	free(k->base);
	free(k->path);
	free(k);
}

static struct cura_camera *camera_of(struct cura *c, const struct printer *p)
{
	struct cura_camera *k;

	for (k = c->cameras; k; k = k->next)
		if (str_eq(k->name, p->config.name))
			return k;
	k = MEM_NEW(struct cura_camera);
	k->c = c;
	str_copy(k->name, sizeof(k->name), p->config.name);
	split_url(k, p->config.camera_url);
	k->timer = loop_timer_new(c->app->loop, ask, k);
	k->next = c->cameras;
	c->cameras = k;
	ask(k);
	return k;
}

static void viewer_gone(void *ctx)
{
	struct viewer *v = ctx, **at = &v->camera->viewers;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	if (!v->camera->viewers)
		camera_free(v->camera);
	free(v);
}

static size_t count_viewers(const struct cura *c)
{
	size_t n = 0;

	for (const struct cura_camera *k = c->cameras; k; k = k->next)
		for (const struct viewer *v = k->viewers; v; v = v->next)
			n++;
	return n;
}

static void refuse(struct httpd_request *r, unsigned status, const char *why)
{
	httpd_reply(r, status, "text/plain; charset=utf-8", NULL, why, strlen(why));
}

void cura_camera_watch(struct cura *c, struct httpd_request *r, const char *name)
{
	const struct printer *p = fleet_find(c->app->fleet, name);
	struct viewer *v;

	if (!settings_bool(&c->app->config->settings, SETTING_GATEWAY_CURA_CAMERAS)) {
		refuse(r, 404, "cameras are off (gateway_cura_cameras)\n");
	} else if (!p || !p->config.camera_url) {
		refuse(r, 404, "no such printer, or it has no camera\n");
	} else if (count_viewers(c) >= VIEWERS_MAX) {
		refuse(r, 503, "too many look already\n");
	} else {
		v = MEM_NEW(struct viewer);
		v->camera = camera_of(c, p);
		v->next = v->camera->viewers;
		v->camera->viewers = v;
		v->stream = httpd_reply_stream(r, "multipart/x-mixed-replace; boundary=" BOUNDARY, viewer_gone, v);
		if (!v->stream)
			viewer_gone(v);
	}
}

void cura_cameras_free(struct cura *c)
{
	while (c->cameras)
		camera_free(c->cameras);
}
