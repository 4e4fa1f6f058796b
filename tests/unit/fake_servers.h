/*
 * Small servers on loopback that behave as a printer's server does to a stranger: what add and
 * discover meet, over real sockets.
 */
#ifndef TEST_FAKE_SERVERS_H
#define TEST_FAKE_SERVERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/httpd.h>
#include <printop/mem.h>
#include <printop/str.h>

#define FAKE_KEY "0123456789abcdef0123456789abcdef"
#define FAKE_SERVERS 16

enum fake_kind {
	FAKE_OCTO_OPEN,		/* answers everything without a key */
	FAKE_OCTO_LOOK,		/* 403, but the settings can be read */
	FAKE_OCTO_CLOSED,	/* 403 */
	FAKE_OCTO_BARE,		/* closed, behind a proxy that drops its mark and answers unknown paths itself */
	FAKE_JSON,		/* some other program */
	FAKE_HTML,		/* a web page for every path */
	FAKE_MOON,		/* Moonraker that trusts us, with its emulation of OctoPrint */
	FAKE_MOON_CLOSED,	/* Moonraker that wants a key */
	FAKE_MOON_NAMED,	/* with a name of Mainsail's */
	FAKE_SILENT		/* never answers */
};

struct fake_server {
	enum fake_kind kind;
	unsigned port;
	char url[64];
	int asked;		/* requests so far */
	int polls, allow_after;	/* application keys: decided at this poll; negative: denied */
	bool no_appkeys, no_api_key;
	char last_key[80];
};

struct fake_servers {
	struct httpd *httpd;
	struct fake_server at[FAKE_SERVERS];
	size_t n;
};

static inline void fake_json(struct httpd_request *r, unsigned status, const char *headers, const char *body)
{
	httpd_reply(r, status, "application/json", headers, body, strlen(body));
}

#define FAKE_MARK "X-Clacks-Overhead: GNU Terry Pratchett\n"
#define FAKE_RIGHTS "\"permissions\":[\"STATUS\",\"PRINT\",\"CONTROL\"]"

static inline bool fake_has_key(struct httpd_request *r)
{
	return str_eq(httpd_header(r, "X-Api-Key"), FAKE_KEY);
}

static inline void fake_appkeys(struct fake_server *s, struct httpd_request *r, const char *path)
{
	const char *mark = s->kind == FAKE_OCTO_BARE ? "" : FAKE_MARK;

	if (s->no_appkeys) {
		fake_json(r, 404, mark, "{\"error\":\"not found\"}");
	} else if (str_ends(path, "/probe")) {
		fake_json(r, 204, mark, "");
	} else if (str_eq(httpd_method(r), "POST")) {
		fake_json(r, 201, mark, "{\"app_token\":\"TOKEN-1\",\"auth_dialog\":\"http://127.0.0.1/x\"}");
	} else if (!str_ends(path, "/TOKEN-1")) {
		fake_json(r, 404, mark, "{}");
	} else if (++s->polls < abs(s->allow_after)) {
		fake_json(r, 202, mark, "{\"message\":\"Awaiting decision\"}");
	} else {
		fake_json(r, s->allow_after < 0 ? 404 : 200, mark, "{\"api_key\":\"" FAKE_KEY "\"}");
	}
}

static inline void fake_octoprint(struct fake_server *s, struct httpd_request *r, const char *path)
{
	const char *mark = s->kind == FAKE_OCTO_BARE ? "" : FAKE_MARK;
	bool in = s->kind == FAKE_OCTO_OPEN || fake_has_key(r);

	if (str_starts(path, "/plugin/appkeys/"))
		fake_appkeys(s, r, path);
	else if (str_eq(path, "/api/currentuser"))
		fake_json(r, 200, mark, in ? "{\"name\":\"me\"," FAKE_RIGHTS "}" :
			  s->kind == FAKE_OCTO_LOOK ? "{\"name\":null,\"permissions\":[\"STATUS\"]}" :
			  "{\"name\":null,\"permissions\":[]}");
	else if (str_eq(path, "/api/settings") && (in || s->kind == FAKE_OCTO_LOOK))
		fake_json(r, 200, mark, "{\"appearance\":{\"name\":\"The big one\"}}");
	else if (str_starts(path, "/api/") && !in)
		fake_json(r, 403, mark, "{\"error\":\"You don't have the permission\"}");
	else if (str_eq(path, "/api/version"))
		fake_json(r, 200, mark, "{\"api\":\"0.1\",\"server\":\"1.11.8\",\"text\":\"OctoPrint 1.11.8\"}");
	else if (str_eq(path, "/api/job"))
		fake_json(r, 200, mark, "{\"state\":\"Offline\",\"job\":{\"file\":{\"path\":null}},\"progress\":{}}");
	else
		httpd_reply(r, s->kind == FAKE_OCTO_BARE ? 200 : 404, "text/html", mark, "<p>no", 5);
}

static inline void fake_moonraker_name(struct fake_server *s, struct httpd_request *r, const char *path)
{
	if (str_eq(path, "/printer/info"))
		fake_json(r, 200, NULL, "{\"result\":{\"hostname\":\"voronpi\",\"state\":\"ready\"}}");
	else if (s->kind == FAKE_MOON_NAMED && str_eq(httpd_query(r, "namespace"), "mainsail"))
		fake_json(r, 200, NULL, "{\"result\":{\"namespace\":\"mainsail\",\"value\":\"Voron: left\"}}");
	else
		fake_json(r, 404, NULL, "{\"error\":{\"code\":404,\"message\":\"Not Found\"}}");
}

static inline void fake_moonraker_login(struct fake_server *s, struct httpd_request *r, const char *path)
{
	const char *bearer = httpd_header(r, "Authorization");
	size_t len;

	if (str_eq(path, "/access/login") && strstr(httpd_body(r, &len), "\"password\":\"right\""))
		fake_json(r, 200, NULL, "{\"result\":{\"username\":\"jo\",\"token\":\"a.b.c\","
			  "\"refresh_token\":\"d.e.f\",\"source\":\"moonraker\"}}");
	else if (str_eq(path, "/access/login"))
		fake_json(r, 400, NULL, "{\"error\":{\"code\":400,\"message\":\"Invalid Password\"}}");
	else if (!s->no_api_key && str_eq(bearer, "Bearer a.b.c"))
		fake_json(r, 200, NULL, "{\"result\":\"" FAKE_KEY "\"}");
	else
		fake_json(r, 401, NULL, "{\"error\":{\"code\":401,\"message\":\"API Key authentication is disabled\"}}");
}

static inline void fake_moonraker(struct fake_server *s, struct httpd_request *r, const char *path)
{
	const char *key = httpd_header(r, "X-Api-Key");
	bool in = key ? str_eq(key, FAKE_KEY) : s->kind != FAKE_MOON_CLOSED;

	if (str_eq(path, "/access/login") || str_eq(path, "/access/api_key"))
		fake_moonraker_login(s, r, path);
	else if (str_eq(path, "/access/info") && (in || !key))
		fake_json(r, 200, NULL, "{\"result\":{\"default_source\":\"moonraker\",\"login_required\":false,"
			  "\"trusted\":true}}");
	else if (!in)
		fake_json(r, 401, NULL, "{\"error\":{\"code\":401,\"message\":\"Unauthorized\"}}");
	else if (str_eq(path, "/server/info"))
		fake_json(r, 200, NULL, "{\"result\":{\"klippy_state\":\"ready\",\"moonraker_version\":\"v0.9.3\"}}");
	else if (str_eq(path, "/api/version"))
		fake_json(r, 200, NULL, "{\"server\":\"1.5.0\",\"api\":\"0.1\",\"text\":\"OctoPrint (Moonraker v0.9.3)\"}");
	else
		fake_moonraker_name(s, r, path);
}

static inline void fake_handle(void *ctx, struct httpd_request *r)
{
	struct fake_server *s = ctx;
	const char *path = httpd_path(r);

	s->asked++;
	if (httpd_header(r, "X-Api-Key"))
		str_copy(s->last_key, sizeof(s->last_key), httpd_header(r, "X-Api-Key"));
	switch (s->kind) {
	case FAKE_OCTO_OPEN:
	case FAKE_OCTO_LOOK:
	case FAKE_OCTO_CLOSED:
	case FAKE_OCTO_BARE:
		fake_octoprint(s, r, path);
		break;
	case FAKE_MOON:
	case FAKE_MOON_CLOSED:
	case FAKE_MOON_NAMED:
		fake_moonraker(s, r, path);
		break;
	case FAKE_JSON:
		fake_json(r, 200, NULL, "{\"result\":{\"answer\":42},\"text\":\"hello\"}");
		break;
	case FAKE_HTML:
		httpd_reply(r, 200, "text/html", NULL, "<html>hello", 11);
		break;
	case FAKE_SILENT:
		httpd_hold(r);
		break;
	}
}

/* port 0: a free one. NULL when it cannot listen there. */
static inline struct fake_server *fake_server_add(struct fake_servers *f, enum fake_kind kind,
						  const char *address, unsigned port)
{
	struct fake_server *s = &f->at[f->n];

	*s = (struct fake_server){ .kind = kind, .allow_after = 2 };
	s->port = httpd_listen(f->httpd, address, port, s, NULL);
	if (!s->port)
		return NULL;
	str_printf(s->url, sizeof(s->url), "http://%s:%u", address, s->port);
	f->n++;
	return s;
}

static inline void fake_servers_open(struct fake_servers *f, struct loop *l)
{
	static const struct httpd_limits limits = { .max_body_bytes = 1 << 16, .max_connections = 200, .idle_timeout_s = 60 };

	memset(f, 0, sizeof(*f));
	f->httpd = httpd_new(l, &limits, fake_handle, NULL);
	if (!f->httpd)
		fatal("no server");
}

#endif
