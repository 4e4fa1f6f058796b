/* The metrics service: GET /metrics for Prometheus. */
#include "serve/parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <printop/access.h>
#include <printop/http.h>
#include <printop/httpd.h>
#include <printop/mem.h>
#include <printop/metrics.h>
#include <printop/str.h>

#define TEXT_MAX (16u << 20)

struct service {
	struct app *app;
	struct httpd *http;
	struct metrics *metrics;
	char where[300];
	char last_peer[64];
	double last_at;
	uint64_t answers;
};

static void reply_text(struct httpd_request *r, unsigned status, const char *text)
{
	httpd_reply(r, status, "text/plain; charset=utf-8", NULL, text, strlen(text));
}

static void handle(void *ctx, struct httpd_request *r)
{
	struct service *s = ctx;
	struct sbuf text = SBUF_INIT(TEXT_MAX);

	if (!access_network_ok(settings_str(&s->app->config->settings, SETTING_METRICS_ALLOW), httpd_peer(r))) {
		reply_text(r, 403, "this address may not read the metrics (metrics_allow)\n");
		return;
	}
	if (!str_eq(httpd_path(r), "/metrics")) {
		reply_text(r, 404, "the metrics are at /metrics\n");
		return;
	}
	if (!str_eq(httpd_method(r), "GET")) {
		httpd_reply(r, 405, "text/plain", "Allow: GET\n", "only GET\n", 9);
		return;
	}
	metrics_write(s->metrics, s->app, &text);
	str_copy(s->last_peer, sizeof(s->last_peer), httpd_peer(r));
	s->last_at = loop_wall_s();
	s->answers++;
	httpd_reply(r, 200, METRICS_TYPE, NULL, sbuf_str(&text), text.len);
	sbuf_done(&text);
}

static bool wanted(const struct app *a)
{
	return settings_str(&a->config->settings, SETTING_METRICS_LISTEN)[0] != '\0';
}

static void stop(struct service *s)
{
	httpd_free(s->http);
	metrics_free(s->metrics);
	free(s);
}

static bool listen_on(struct service *s, const char *text, struct err *e)
{
	static const struct httpd_limits limits = { .max_body_bytes = 4096, .max_connections = 32, .idle_timeout_s = 30 };
	struct http_url u;
	const char *why;
	unsigned port;

	if (!http_url_parse(text, &u, &why) || !u.port || u.prefix[0])
		return err_set(e, ERR_CONFIG, "metrics_listen = \"%s\": write an address and a port, 127.0.0.1:9199", text);
	if (!access_networks_valid(settings_str(&s->app->config->settings, SETTING_METRICS_ALLOW), e))
		return err_wrap(e, "metrics_allow");
	s->http = httpd_new(s->app->loop, &limits, handle, e);
	if (!s->http)
		return false;
	port = httpd_listen(s->http, u.host, u.port, s, e);
	str_printf(s->where, sizeof(s->where), strchr(u.host, ':') ? "[%s]:%u" : "%s:%u", u.host, port);
	return port != 0;
}

static struct service *start(struct app *a, struct err *e)
{
	struct service *s = MEM_NEW(struct service);

	s->app = a;
	s->metrics = metrics_new(a);
	if (listen_on(s, settings_str(&a->config->settings, SETTING_METRICS_LISTEN), e))
		return s;
	stop(s);
	return NULL;
}

static enum service_health describe(const struct service *s, char *buf, size_t size)
{
	char age[STR_SMALL];

	if (s->answers)
		str_printf(buf, size, "listens on %s, read %llu times, last by %s %s ago", s->where, (unsigned long long)s->answers,
			   s->last_peer, str_age(age, sizeof(age), loop_wall_s() - s->last_at));
	else
		str_printf(buf, size, "listens on %s, not read yet", s->where);
	return SERVICE_GOOD;
}

const struct service_ops metrics_service = {
	.name = "metrics",
	.title = "figures for Prometheus",
	.wanted = wanted,
	.start = start,
	.stop = stop,
	.describe = describe,
};
