/*
 * An address becomes a choice of servers: all likely places are asked at once, the best answers
 * stay.
 */
#include <stdlib.h>
#include <string.h>
#include <printop/adopt.h>
#include <printop/mem.h>
#include <printop/str.h>

#define CONNECT_MS 1500

struct place {			/* a candidate */
	struct adopt *job;
	struct look *look;
	char url[600];
	bool direct;		/* no web server in front, if one answers there */
	bool found;
	struct adopt_found what;
	struct err why;
};

struct adopt {
	struct app *app;
	struct http_url host;
	bool usual;		/* no port was given: the usual places were tried */
	struct place places[ADOPT_CANDIDATES];
	size_t n, ended;
	size_t shown[ADOPT_CANDIDATES], n_shown;
	struct err err;
	void (*changed)(void *ctx);
	void *ctx;
};

/* ---- choosing ---- */

/*
 * A web server in front shows the same printer as the server itself, or as one in front on another
 * port.
 */
static bool is_covered(const struct adopt *ad, size_t i)
{
	if (ad->usual && ad->places[i].direct)
		return false;
	for (size_t k = 0; k < i; k++)
		if (ad->places[k].found &&
		    str_eq(ad->places[k].what.dialect, ad->places[i].what.dialect))
			return true;
	return false;
}

static bool name_taken(const struct adopt *ad, const char *name)
{
	for (size_t i = 0; i < ad->n_shown; i++)
		if (str_eq_nocase(ad->places[ad->shown[i]].what.name, name))
			return true;
	return false;
}

/* Several servers on a host have the host's name. */
static void own_name(struct adopt *ad, struct adopt_found *f)
{
	char base[48];

	str_copy(base, sizeof(base), f->name);
	for (unsigned k = 2; name_taken(ad, f->name); k++) {
		char wish[64];

		str_printf(wish, sizeof(wish), "%s-%u", base, k);
		adopt_free_name(ad->app->fleet, wish, f->name, sizeof(f->name));
	}
}

/* ---- when there is nothing ---- */

/* What tells most about a host: an answer, a certificate, then how it failed. */
static int telling(const struct err *e)
{
	switch (e->code) {
	case ERR_BAD_REPLY:
		return 5;
	case ERR_AUTH:
		return 4;
	case ERR_TIMEOUT:
		return 2;
	case ERR_UNREACHABLE:
		return strstr(e->text, "certificate")	      ? 6
		       : strstr(e->text, "connect timed out") ? 1
							      : 3;
	default:
		return 0;
	}
}

static void say_why(struct adopt *ad)
{
	const struct place *best = &ad->places[0];
	bool local = str_ends(ad->host.host, ".local");

	for (size_t i = 1; i < ad->n; i++)
		if (telling(&ad->places[i].why) > telling(&best->why))
			best = &ad->places[i];
	if (strstr(best->why.text, "no such host"))
		err_set(&ad->err, ERR_UNREACHABLE, "%s: no such host%s", ad->host.host,
			local ? " (names ending in .local need libnss-mdns here, and the host to "
				"be on)"
			      : "");
	else if (telling(&best->why) >= 4)
		err_set(&ad->err, best->why.code, "%s: %s", best->url, best->why.text);
	else if (ad->usual)
		err_set(&ad->err, best->why.code,
			"%s: no printer's server on any of the usual ports (%s); "
			"write its port behind the address",
			ad->host.host, best->why.text);
	else
		err_set(&ad->err, best->why.code, "%s: %s", best->url, best->why.text);
}

/* ---- looking ---- */

static void settle(struct adopt *ad)
{
	for (size_t i = 0; i < ad->n; i++) {
		if (!ad->places[i].found || is_covered(ad, i))
			continue;
		own_name(ad, &ad->places[i].what);
		ad->shown[ad->n_shown++] = i;
	}
	if (!ad->n_shown)
		say_why(ad);
	ad->changed(ad->ctx);
}

static void look_ended(void *ctx, const struct adopt_found *found, const struct err *why)
{
	struct place *p = ctx;
	struct adopt *ad = p->job;

	p->found = found != NULL;
	if (found)
		p->what = *found;
	else
		p->why = *why;
	look_free(p->look);
	p->look = NULL;
	if (++ad->ended == ad->n)
		settle(ad);
}

struct adopt *adopt_new(struct app *a, const struct adopt_address *address,
			const struct adopt_tls *tls, void (*changed)(void *ctx), void *ctx)
{
	struct adopt *ad = MEM_NEW(struct adopt);
	struct http_url urls[ADOPT_CANDIDATES];

	ad->app = a;
	ad->host = address->url;
	ad->usual = !address->url.port;
	ad->changed = changed;
	ad->ctx = ctx;
	ad->n = adopt_candidates(address, urls);
	for (size_t i = 0; i < ad->n; i++) {
		struct place *p = &ad->places[i];
		struct sbuf b = SBUF_INIT(sizeof(p->url) - 1);

		p->job = ad;
		p->direct = adopt_is_direct(&urls[i]);
		http_url_print(&urls[i], &b);
		str_copy(p->url, sizeof(p->url), sbuf_str(&b));
		sbuf_done(&b);
		p->look = look_new(a, p->url, NULL, tls, CONNECT_MS, ADOPT_LIMIT_MS, look_ended, p);
	}
	return ad;
}

void adopt_free(struct adopt *ad)
{
	if (!ad)
		return;
	for (size_t i = 0; i < ad->n; i++)
		look_free(ad->places[i].look);
	free(ad);
}

bool adopt_ended(const struct adopt *ad)
{
	return ad->ended == ad->n;
}

size_t adopt_count(const struct adopt *ad)
{
	return ad->n_shown;
}

const struct adopt_found *adopt_at(const struct adopt *ad, size_t i)
{
	return i < ad->n_shown ? &ad->places[ad->shown[i]].what : NULL;
}

const struct err *adopt_error(const struct adopt *ad)
{
	return &ad->err;
}
