/* Requests to the cloud: headers, what an answer means, and when it is time to stop asking. */
#include "connector/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

#define REFUSALS_MAX 3
#define CONNECT_MS 5000
#define REPLY_MS 10000
#define BODY_BYTES (16u << 20)		/* the largest: a list of files, a picture */

void cloud_init(struct cloud *k, struct app *a, const struct connector_config *config)
{
	*k = (struct cloud){ .app = a, .config = config, .good_at = NAN };
}

void cloud_identify(struct cloud *k, const char *id, const char *secret)
{
	char *lines = mem_printf("Authorization: Bearer %s\nX-Connector-Id: %s\n", secret, id);

	str_copy(k->id, sizeof(k->id), id);
	secret_set(&k->headers, lines);
	explicit_bzero(lines, strlen(lines));
	free(lines);
	k->refusals = 0;
	k->refused = false;
	k->trouble[0] = '\0';
}

void cloud_done(struct cloud *k)
{
	secret_done(&k->headers);
}

void cloud_req(struct http_req *r, enum http_method m, const char *fmt, ...)
{
	char path[4 * PROTOCOL_ID];
	va_list args;

	http_req_init(r);
	r->elsewhere = true;
	r->method = m;
	r->timeout_ms = REPLY_MS;
	r->body.max = BODY_BYTES;
	va_start(args, fmt);
	str_vprintf(path, sizeof(path), fmt, args);
	va_end(args);
	sbuf_adds(&r->path, path);
}

void cloud_body_take(struct http_req *r, char *body)
{
	sbuf_adds(&r->body, body);
	free(body);
}

struct call *cloud_send(struct cloud *k, struct http_req *r, transport_done_fn *done, void *ctx)
{
	struct endpoint to = {
		.base_url = k->config->cloud_url,
		.ca_file = k->config->ca_file,
		.connect_ms = CONNECT_MS,
	};
	struct transport *t = k->app->transport;
	struct call *c;

	sbuf_adds(&r->headers, "Accept: application/json\nUser-Agent: " PROTOCOL_USER_AGENT "\n");
	if (secret_is_set(&k->headers))
		sbuf_adds(&r->headers, k->headers.value);
	c = t->ops->send(t, &to, r, done, ctx);
	http_req_done(r);
	return c;
}

/*
 * The server's own words are left out: they may quote what was sent, and that is secret. Redirects
 * are not followed, so they are failures like any other.
 */
enum verdict cloud_verdict(const struct http_reply *r, struct err *e)
{
	if (r->fault) {
		err_set(e, r->fault == HTTP_FAULT_TOO_BIG ? ERR_TOO_BIG : ERR_UNREACHABLE, "%s",
			http_fault_text(r->fault));
		return CLOUD_TROUBLE;
	}
	if (r->status >= 200 && r->status < 300) {
		err_clear(e);
		return CLOUD_GOOD;
	}
	err_set(e, r->status == 401 || r->status == 403 ? ERR_AUTH : ERR_BAD_REPLY,
		"cloud http %ld", r->status);
	if (r->status == 401 || r->status == 403)
		return CLOUD_UNAUTHORISED;
	if (r->status == 404 || r->status == 410)
		return CLOUD_GONE;
	return r->status >= 400 && r->status < 500 && r->status != 408 && r->status != 429
		       ? CLOUD_REFUSED
		       : CLOUD_TROUBLE;
}

static void note_trouble(struct cloud *k, const char *text)
{
	if (str_eq(k->trouble, text))
		return;
	str_copy(k->trouble, sizeof(k->trouble), text);
	if (*text)
		log_warn("connector: %s", text);
	else
		log_info("connector: the cloud answers again");
}

enum verdict cloud_hear(struct cloud *k, const struct http_reply *r, struct err *e)
{
	enum verdict v = cloud_verdict(r, e);

	if (v == CLOUD_GOOD) {
		k->good_at = loop_wall_s();
		k->refusals = 0;
		k->refused = false;
		note_trouble(k, "");
		return v;
	}
	if (v == CLOUD_UNAUTHORISED && ++k->refusals >= REFUSALS_MAX &&
	    secret_is_set(&k->headers)) {
		k->refused = true;
		note_trouble(k, "not authorised: the cloud refuses id and secret; pair again with "
				"a new pairing_token");
	} else if (!k->refused) {
		note_trouble(k, e->text);
	}
	return v;
}

void cloud_drop(struct cloud *k, struct call **c)
{
	struct transport *t = k->app->transport;

	if (*c)
		t->ops->cancel(t, *c);
	*c = NULL;
}

bool cloud_split_url(const char *url, char *base, size_t base_size, char *path, size_t path_size)
{
	const char *scheme = strstr(url, "://"), *rest, *end = url + strcspn(url, "#");
	struct http_url parsed;
	const char *why;

	if (!scheme)
		return false;
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	rest = scheme + 3 + strcspn(scheme + 3, "/?#");
	return str_printf(base, base_size, "%.*s", (int)(rest - url), url) &&
	       http_url_parse(base, &parsed, &why) &&
	       str_printf(path, path_size, "%s%.*s", *rest == '/' ? "" : "/",
			  rest < end ? (int)(end - rest) : 0, rest);
}
