/* The servers that requests go to. A poll of a known one parses and builds nothing anew. */
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "net/curl_target.h"

#define TARGETS_MAX (2 * LIMIT_PRINTERS)
#define HASH_SIZE 1024

struct targets {
	struct target *list[HASH_SIZE];
	size_t n;
};

static unsigned hash_text(const char *s)
{
	unsigned h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h % HASH_SIZE;
}

static void target_free(struct target *g)
{
	for (int i = 0; i < TARGET_URLS; i++) {
		free(g->urls[i].path);
		curl_url_cleanup(g->urls[i].url);
	}
	for (int i = 0; i < 4; i++)
		target_headers_free(g->headers[i / 2][i % 2]);
	if (g->key)
		explicit_bzero(g->key, strlen(g->key));
	free(g->key);
	free(g->base_url);
	free(g->ca_file);
	free(g->pin);
	free(g);
}

static struct curl_slist *header_add(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(list, line);

	if (!longer)
		fatal("out of memory");
	return longer;
}

/* Each line of text ("Name: value\n") becomes a header. */
static struct curl_slist *headers_add_lines(struct curl_slist *list, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = mem_strndup(text, len);

		list = header_add(list, line);
		explicit_bzero(line, len);
		free(line);
		text += len + (text[len] != 0);
	}
	return list;
}

static const char *content_type(const struct http_req *r)
{
	if (r->upload)
		return r->upload->raw_type;
	return r->body.len > 0 && !str_contains_nocase(sbuf_str(&r->headers), "content-type:") ? "application/json" : NULL;
}

static struct curl_slist *headers_new(const char *key, const char *type, const struct http_req *r)
{
	char line[LIMIT_KEY_BYTES + 32];
	struct curl_slist *list = NULL;

	if (!str_contains_nocase(sbuf_str(&r->headers), "user-agent:"))
		list = header_add(list, "User-Agent: printop/" PRINTOP_VERSION);
	if (type || r->upload)
		list = header_add(list, "Expect:");	/* saves a round trip */
	if (key) {
		str_printf(line, sizeof(line), "X-Api-Key: %s", key);
		list = header_add(list, line);
		explicit_bzero(line, sizeof(line));
	}
	if (type) {
		str_printf(line, sizeof(line), "Content-Type: %s", type);
		list = header_add(list, line);
	}
	if (r->etag[0]) {
		str_printf(line, sizeof(line), "If-None-Match: %s", r->etag);
		list = header_add(list, line);
	}
	return headers_add_lines(list, sbuf_str(&r->headers));
}

/* Forgets servers that are not in use: after many reloads with other addresses. */
static void targets_trim(struct targets *n)
{
	for (int i = 0; i < HASH_SIZE; i++) {
		for (struct target **p = &n->list[i]; *p;) {
			struct target *g = *p;

			if (g->calls) {
				p = &g->next;
				continue;
			}
			*p = g->next;
			target_free(g);
			n->n--;
		}
	}
}

struct target *targets_get(struct targets *n, const struct endpoint *to)
{
	unsigned h = hash_text(to->base_url);
	struct target *g;

	for (g = n->list[h]; g; g = g->next)
		if (str_eq(g->base_url, to->base_url) && str_eq(g->key, to->key) &&
		    str_eq(g->ca_file, to->ca_file) && str_eq(g->pin, to->pin) && g->insecure == to->insecure)
			return g;
	if (n->n >= TARGETS_MAX)
		targets_trim(n);
	g = MEM_NEW(struct target);
	g->base_url = mem_strdup(to->base_url);
	g->key = mem_strdup(to->key);
	g->ca_file = mem_strdup(to->ca_file);
	g->pin = mem_strdup(to->pin);
	g->insecure = to->insecure;
	g->next = n->list[h];
	n->list[h] = g;
	n->n++;
	return g;
}

static bool is_http(CURLU *u)
{
	char *scheme = NULL;
	bool is;

	curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
	is = str_eq(scheme, "http") || str_eq(scheme, "https");
	curl_free(scheme);
	return is;
}

/* Whatever is asked for goes by HTTP: libcurl also speaks FILE, FTP and more. */
static CURLU *url_new(const struct target *g, const char *path)
{
	char *text = mem_printf("%s%s", g->base_url, path);
	CURLU *u = curl_url();

	if (!u)
		fatal("out of memory");
	CURLUcode rc = curl_url_set(u, CURLUPART_URL, text, CURLU_PATH_AS_IS);

	free(text);
	if (rc || !is_http(u)) {
		curl_url_cleanup(u);
		return NULL;
	}
	return u;
}

/* The one that was used last comes first; the places behind `from` stay. */
static void move_to_front(struct target *g, int from)
{
	struct target_url used = g->urls[from];

	memmove(g->urls + 1, g->urls, (size_t)from * sizeof(used));
	g->urls[0] = used;
}

static CURLU *find_url(struct target *g, const char *path)
{
	for (int i = 0; i < TARGET_URLS && g->urls[i].path; i++) {
		if (strcmp(g->urls[i].path, path))
			continue;
		move_to_front(g, i);
		return g->urls[0].url;
	}
	return NULL;
}

static void keep_url(struct target *g, const char *path, CURLU *u)
{
	struct target_url *oldest = &g->urls[TARGET_URLS - 1];

	free(oldest->path);
	curl_url_cleanup(oldest->url);
	oldest->path = mem_strdup(path);
	oldest->url = u;
	move_to_front(g, TARGET_URLS - 1);
}

CURLU *target_url(struct target *g, const struct http_req *r, CURLU **ret_own)
{
	const char *path = sbuf_str(&r->path);
	CURLU *u = find_url(g, path);

	*ret_own = NULL;
	if (u)
		return u;
	u = url_new(g, path);
	/* Another call may still use the address that would have to go. */
	if (!u || r->changes || r->upload || g->calls > 1)
		*ret_own = u;
	else
		keep_url(g, path, u);
	return u;
}

struct curl_slist *target_headers(struct target *g, const struct http_req *r, struct curl_slist **ret_own)
{
	const char *key = r->no_key ? NULL : g->key, *type = content_type(r);
	struct curl_slist **kept = &g->headers[key != NULL][type != NULL];

	*ret_own = NULL;
	if (r->etag[0] || r->headers.len || r->upload)
		return *ret_own = headers_new(key, type, r);
	if (!*kept)
		*kept = headers_new(key, type, r);
	return *kept;
}

void target_headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

struct targets *targets_new(void)
{
	return MEM_NEW(struct targets);
}

void targets_free(struct targets *n)
{
	if (!n)
		return;
	targets_trim(n);
	free(n);
}
