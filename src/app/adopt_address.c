/*
 * Addresses of printers' servers: reading them, where to look, when two are the same, names made of
 * them.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <printop/adopt.h>
#include <printop/mem.h>
#include <printop/str.h>

/*
 * Where servers are found, the best first: Moonraker itself (several on a host count up), OctoPrint
 * itself, then web servers in front of them: OctoPi's and Mainsail's on 80 and 443, Fluidd and
 * Mainsail of Creality's printers on 4408 and 4409, Moonraker's own https.
 */
static const struct usual {
	unsigned port;
	bool tls;
	const char *prefix;
} usual[] = {
	{ 7125, false, "" },
	{ 7126, false, "" },
	{ 7127, false, "" },
	{ 7128, false, "" },
	{ 5000, false, "" },
	{ 80, false, "" },
	{ 80, false, "/octoprint" },
	{ 443, true, "" },
	{ 443, true, "/octoprint" },
	{ 4408, false, "" },
	{ 4409, false, "" },
	{ 7130, true, "" },
};

_Static_assert(ARRAY_LEN(usual) <= ADOPT_CANDIDATES, "room for all of them");

static unsigned own_port(bool tls)
{
	return tls ? 443 : 80;
}

bool adopt_usual_port(size_t i, unsigned *port, bool *tls)
{
	for (size_t k = 0; k < ARRAY_LEN(usual); k++) {
		if (usual[k].prefix[0] || i-- > 0)
			continue;
		*port = usual[k].port;
		*tls = usual[k].tls;
		return true;
	}
	return false;
}

bool adopt_is_direct(const struct http_url *u)
{
	return !u->tls && ((u->port >= 7125 && u->port <= 7128) || u->port == 5000);
}

/* ---- reading ---- */

bool adopt_address_parse(const char *text, struct adopt_address *ret, struct err *e)
{
	char *copy = mem_strdup(text), *word = str_trim(copy), *whole = NULL;
	struct in6_addr ignored;
	const char *why = "";
	bool ok;

	memset(ret, 0, sizeof(*ret));
	word[strcspn(word, "#")] = '\0';	/* OctoPrint's pages: http://octopi.local/#temp */
	if (inet_pton(AF_INET6, word, &ignored) == 1)
		whole = mem_printf("[%s]", word);
	ret->scheme = strstr(word, "://") != NULL;
	ok = http_url_parse(whole ? whole : word, &ret->url, &why);
	if (ok && ret->url.port == own_port(ret->url.tls) && ret->scheme)
		ret->url.port = 0;
	free(whole);
	free(copy);
	return ok || err_set(e, ERR_USAGE, "that is no address: %s", why);
}

/* ---- where to look ---- */

static size_t add(struct http_url *list, size_t n, const struct http_url *like, unsigned port,
		  bool tls, const char *prefix)
{
	struct http_url *u = &list[n];

	*u = *like;
	u->tls = tls;
	u->port = port == own_port(tls) ? 0 : port;
	str_copy(u->prefix, sizeof(u->prefix), prefix);
	return n + 1;
}

/* Nothing but the port that was written; without a scheme it may be https. */
static size_t at_port(const struct adopt_address *a, struct http_url *ret)
{
	const struct http_url *u = &a->url;
	size_t n = add(ret, 0, u, u->port, u->tls, u->prefix);

	if (!u->prefix[0])
		n = add(ret, n, u, u->port, u->tls, "/octoprint");
	if (!a->scheme)
		n = add(ret, n, u, u->port, true, u->prefix);
	return n;
}

size_t adopt_candidates(const struct adopt_address *a, struct http_url ret[ADOPT_CANDIDATES])
{
	const char *given = a->url.prefix;
	size_t n = 0;

	if (a->url.port)
		return at_port(a, ret);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		const struct usual *w = &usual[i];

		if ((a->scheme && w->tls != a->url.tls) || (*given && w->prefix[0]))
			continue;
		n = add(ret, n, &a->url, w->port, w->tls, *given ? given : w->prefix);
	}
	return n;
}

/* ---- the same server ---- */

static bool normal(const char *url, struct http_url *ret)
{
	if (!http_url_parse(url, ret, NULL))
		return false;
	if (!ret->port)
		ret->port = own_port(ret->tls);
	return true;
}

bool adopt_same_server(const char *url_a, const char *url_b)
{
	struct http_url a, b;

	return normal(url_a, &a) && normal(url_b, &b) && a.port == b.port &&
	       str_eq_nocase(a.host, b.host) && str_eq(a.prefix, b.prefix);
}

const struct printer *adopt_twin(const struct fleet *f, const char *url)
{
	for (size_t i = 0; i < fleet_count(f); i++)
		if (adopt_same_server(fleet_at(f, i)->config.url, url))
			return fleet_at(f, i);
	return NULL;
}

/* ---- names ---- */

/* Bytes that no name may have become one dash; "octopi.local" and "voron.lan" lose their ends. */
static void clean_name(const char *wish, char *dst, size_t size)
{
	size_t n = 0;

	for (; *wish && n + 1 < size; wish++) {
		bool dash = (unsigned char)*wish <= ' ' || strchr(":,!*?[]\"'\\/-", *wish);

		if (!dash)
			dst[n++] = *wish;
		else if (n && dst[n - 1] != '-')
			dst[n++] = '-';
	}
	while (n && (dst[n - 1] == '-' || dst[n - 1] == '.'))
		n--;
	dst[n] = '\0';
	str_clean(dst);
}

static bool name_is_free(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < fleet_count(f); i++)
		if (str_eq_nocase(fleet_at(f, i)->config.name, name))
			return false;
	return true;
}

void adopt_free_name(const struct fleet *f, const char *wish, char *dst, size_t size)
{
	static const char *const ends[] = { ".local", ".lan", ".home", ".fritz.box" };
	char base[48];

	while (*wish == '.')		/* its file would be hidden */
		wish++;
	clean_name(wish, base, sizeof(base));
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(base, ends[i]))
			base[strlen(base) - strlen(ends[i])] = '\0';
	if (!base[0] || config_check_name(base))
		str_copy(base, sizeof(base), "printer");
	str_copy(dst, size, base);
	for (unsigned k = 2; !name_is_free(f, dst); k++)
		str_printf(dst, size, "%s-%u", base, k);
}
