/* Requests, replies and base URLs as plain data. */
#include <printop/http.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

static const char *const methods[] = {
	[HTTP_GET] = "GET",
	[HTTP_POST] = "POST",
	[HTTP_DELETE] = "DELETE",
	[HTTP_PUT] = "PUT",
};

static const struct {
	const char *name, *text;
} faults[] = {
	[HTTP_FAULT_NONE] = { "none", "no fault" },
	[HTTP_FAULT_DNS] = { "dns", "the host name has no address" },
	[HTTP_FAULT_REFUSED] = { "refused", "connection refused" },
	[HTTP_FAULT_CONNECT] = { "connect", "connect timed out" },
	[HTTP_FAULT_TIMEOUT] = { "timeout", "no answer in time" },
	[HTTP_FAULT_RESET] = { "reset", "connection cut in the middle" },
	[HTTP_FAULT_EMPTY] = { "empty", "connection closed without an answer" },
	[HTTP_FAULT_NOT_HTTP] = { "not-http", "the answer is not HTTP" },
	[HTTP_FAULT_TLS] = { "tls", "the secure connection failed" },
	[HTTP_FAULT_TOO_BIG] = { "too-big", "the answer is too big" },
	[HTTP_FAULT_STALLED] = { "stalled", "the upload stopped moving" },
	[HTTP_FAULT_CANCELLED] = { "cancelled", "cancelled" },
	[HTTP_FAULT_FILE] = { "file", "the local file could not be read" },
	[HTTP_FAULT_READ_ONLY] = { "read-only", "this copy of printop is read-only" },
	[HTTP_FAULT_OTHER] = { "other", "the request failed" },
};

_Static_assert(ARRAY_LEN(faults) == HTTP_FAULT_N, "a row for each fault");

void http_req_init(struct http_req *r)
{
	*r = (struct http_req){
		.method = HTTP_GET,
		.path = SBUF_INIT(64u << 10),
		.body = SBUF_INIT(LIMIT_REPLY_BYTES),
		.headers = SBUF_INIT(LIMIT_HEADER_BYTES),
		.timeout_ms = TIMEOUT_REPLY_MS,
	};
}

void http_req_done(struct http_req *r)
{
	if (!r)
		return;
	sbuf_done(&r->path);
	if (r->body.data)		/* a password may have been in it */
		explicit_bzero(r->body.data, r->body.len);
	sbuf_done(&r->body);
	if (r->headers.data)
		explicit_bzero(r->headers.data, r->headers.len);
	sbuf_done(&r->headers);
	http_upload_free(r->upload);
	r->upload = NULL;
}

void http_req_move(struct http_req *to, struct http_req *from)
{
	*to = *from;
	http_req_init(from);
}

void http_upload_free(struct http_upload *u)
{
	if (!u)
		return;
	free(u->local_path);
	free(u->name);
	free(u->raw_type);
	for (size_t i = 0; i < ARRAY_LEN(u->fields); i++) {
		free(u->fields[i][0]);
		free(u->fields[i][1]);
	}
	free(u);
}

const char *http_method_name(enum http_method m)
{
	return methods[m];
}

const char *http_fault_name(enum http_fault f)
{
	return faults[f].name;
}

const char *http_fault_text(enum http_fault f)
{
	return faults[f].text;
}

/* ---- URLs ---- */

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HOST_CHARS LETTERS DIGITS "-._"

static const char *parse_scheme(const char **text, struct http_url *u)
{
	const char *sep = strstr(*text, "://");

	if (!sep || (size_t)(sep - *text) != strspn(*text, LETTERS DIGITS "+-."))
		return NULL;
	u->tls = str_starts_nocase(*text, "https:");
	if (!u->tls && !str_starts_nocase(*text, "http:"))
		return "only http and https are spoken";
	*text = sep + 3;
	return NULL;
}

static bool is_ipv6(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr ignored;
	const size_t len = strcspn(host, "%");
	const char *zone = host[len] ? host + len + 1 : NULL;

	if (len >= sizeof(address) || (zone && (!*zone || zone[strspn(zone, HOST_CHARS)])))
		return false;
	memcpy(address, host, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, &ignored) == 1;
}

/* "[fe80::1%25eth0]": RFC 6874 encodes the zone's percent sign, people forget it. */
static const char *parse_ipv6(const char **text, struct http_url *u)
{
	const char *start = *text + 1, *end = strchr(start, ']');
	char *zone;

	if (!end || (size_t)(end - start) >= sizeof(u->host))
		return "the ']' after the IPv6 address is missing";
	memcpy(u->host, start, (size_t)(end - start));
	u->host[end - start] = '\0';
	zone = strstr(u->host, "%25");
	if (zone && zone[3])
		memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
	if (!is_ipv6(u->host))
		return "that is not an IPv6 address in brackets";
	*text = end + 1;
	return NULL;
}

static const char *parse_host(const char **text, struct http_url *u)
{
	const size_t len = strspn(*text, HOST_CHARS);

	if (**text == '[')
		return parse_ipv6(text, u);
	if (!len)
		return "the host name is missing";
	if (len >= sizeof(u->host))
		return "the host name is too long";
	if (strchr("-.", **text))
		return "a host name starts with a letter or a digit";
	for (size_t i = 0; i < len; i++, ++*text)
		u->host[i] = (char)(**text >= 'A' && **text <= 'Z' ? **text | 0x20 : **text);
	u->host[len] = '\0';
	if (!strchr(":/", **text))
		return "a host name has only letters, digits, '-', '.' and '_'";
	return NULL;
}

static const char *parse_port(const char **text, struct http_url *u)
{
	size_t len;

	if (**text != ':')
		return NULL;
	len = strspn(++*text, DIGITS);
	if (!len || len > 5)
		return "the port must be 1 to 65535";
	for (; len; len--)
		u->port = u->port * 10 + (unsigned)(*(*text)++ - '0');
	if (**text == ':')
		return "an IPv6 address needs brackets: [::1]:80";
	return u->port >= 1 && u->port <= 65535 ? NULL : "the port must be 1 to 65535";
}

static const char *parse_prefix(const char **text, struct http_url *u)
{
	size_t len = strlen(*text);

	if (**text && **text != '/')
		return "after host and port comes a '/' or nothing";
	while (len && (*text)[len - 1] == '/')
		len--;
	if (len >= sizeof(u->prefix))
		return "the path is too long";
	memcpy(u->prefix, *text, len);
	u->prefix[len] = '\0';
	for (const char *p = u->prefix; (p = strchr(p, '%')); p++) {
		if (strspn(p + 1, DIGITS "abcdefABCDEF") < 2)
			return "a '%' in the path needs two hex digits";
	}
	return NULL;
}

/* What no part of a base URL may hold. */
static const char *check_bytes(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f)	/* char is signed or not: both ends are covered */
			return "spaces, control characters and non-ASCII letters have no place in it";
	}
	if (text[strcspn(text, "\"<>\\^`{|}")])
		return "one of \" < > \\ ^ ` { | } is in it";
	if (strchr(text, '?') || strchr(text, '#'))
		return "a base URL has no '?' or '#'";
	return NULL;
}

/* user:password@ would end in logs and on the screen. */
static const char *check_user(const char *authority)
{
	return memchr(authority, '@', strcspn(authority, "/")) ?
	       "user and password do not belong into it" : NULL;
}

bool http_url_parse(const char *text, struct http_url *ret, const char **why)
{
	struct http_url u = { .tls = false };
	const char *wrong = check_bytes(text);

	if (!wrong)
		wrong = parse_scheme(&text, &u);
	if (!wrong)
		wrong = check_user(text);
	if (!wrong)
		wrong = parse_host(&text, &u);
	if (!wrong)
		wrong = parse_port(&text, &u);
	if (!wrong)
		wrong = parse_prefix(&text, &u);
	if (wrong && why)
		*why = wrong;
	if (!wrong)
		*ret = u;
	return !wrong;
}

void http_url_print(const struct http_url *u, struct sbuf *b)
{
	const size_t zone = strcspn(u->host, "%");

	sbuf_adds(b, u->tls ? "https://" : "http://");
	if (!strchr(u->host, ':'))
		sbuf_adds(b, u->host);
	else if (u->host[zone])
		sbuf_addf(b, "[%.*s%%25%s]", (int)zone, u->host, u->host + zone + 1);
	else
		sbuf_addf(b, "[%s]", u->host);
	if (u->port)
		sbuf_addf(b, ":%u", u->port);
	sbuf_adds(b, u->prefix);
}
