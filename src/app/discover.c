/* Finding printers' servers nearby: listening to mDNS, and asking a range of addresses, gently. */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/discover.h>
#include <printop/mdns.h>
#include <printop/mem.h>
#include <printop/str.h>

#define AT_ONCE 32
#define TICK_MS 50
#define A_TICK 10		/* new requests: 200 a second */
#define CONNECT_MS 700
#define LOOK_MS 2500
#define DEAD_AFTER 2		/* addresses that let so many requests time out are left alone */
#define FOUND_MAX 512

static const char *const types[] = { "_octoprint._tcp", "_moonraker._tcp", NULL };

struct asking {			/* one look */
	struct discover *d;
	struct look *look;	/* NULL: this place is free */
	struct mdns_service *service;	/* announced; NULL: of the range */
	bool by_address;	/* its name did not resolve here */
	size_t address;		/* of the range */
	char url[600];
};

struct discover {
	struct app *app;
	struct discover_range range;
	bool has_range;
	size_t next;		/* of the range: port by port, all addresses */
	uint8_t *silent;	/* requests that timed out, by address */
	struct asking asking[AT_ONCE];
	struct mdns_browser *browser;
	struct loop_timer *tick, *listen;
	bool listening;
	struct discovered **found;
	size_t n, cap;
	char trouble[TEXT_CAP];
	bool told_end;
	void (*changed)(void *ctx);
	void *ctx;
};

/* ---- ranges (pure) ---- */

static size_t port_count(void)
{
	unsigned port;
	bool tls;
	size_t n = 0;

	while (adopt_usual_port(n, &port, &tls))
		n++;
	return n;
}

bool discover_range_parse(const char *text, struct discover_range *ret, struct err *e)
{
	char address[32];
	const char *slash = strchr(text, '/');
	struct in_addr in;
	int64_t bits = 32;
	uint32_t mask;

	str_copy(address, sizeof(address), text);
	address[strcspn(address, "/")] = '\0';
	if (inet_pton(AF_INET, address, &in) != 1 || (slash && !str_to_int64(slash + 1, &bits)) ||
	    bits < 0 || bits > 32)
		return err_set(e, ERR_USAGE, "\"%.40s\" is no range: write 10.0.4.0/24", text);
	if (bits < 22)
		return err_set(e, ERR_USAGE, "%s is too large: /22 is the most, 1022 addresses",
			       text);
	mask = bits ? UINT32_MAX << (32 - bits) : 0;
	ret->first = ntohl(in.s_addr) & mask;
	ret->last = ret->first | ~mask;
	if (bits < 31) {		/* the net's own address and the one for all */
		ret->first++;
		ret->last--;
	}
	str_copy(ret->text, sizeof(ret->text), text);
	return true;
}

size_t discover_range_count(const struct discover_range *r)
{
	return (size_t)(r->last - r->first) + 1;
}

void discover_range_describe(const struct discover_range *r, char *buf, size_t size)
{
	str_printf(buf, size, "%zu address%s of %s on %zu ports", discover_range_count(r),
		   discover_range_count(r) == 1 ? "" : "es", r->text, port_count());
}

/* ---- what was found ---- */

static unsigned port_of(const struct http_url *u)
{
	return u->port ? u->port : u->tls ? 443 : 80;
}

/*
 * The same server, maybe by name once and by address once; or what a web server shows of one that
 * answered itself (its port was asked before).
 */
static bool is_shown(const struct discovered *x, const struct http_url *u, const char *dialect)
{
	struct http_url old;
	bool same_host, same_port;

	if (!http_url_parse(x->f.url, &old, NULL))
		return false;
	same_host =
		str_eq_nocase(old.host, u->host) || (x->address[0] && str_eq(x->address, u->host));
	same_port = port_of(&old) == port_of(u) && str_eq(old.prefix, u->prefix);
	return same_host &&
	       (same_port || (dialect && str_eq(dialect, x->f.dialect) && !adopt_is_direct(u)));
}

static bool is_known(const struct discover *d, const char *url, const char *dialect)
{
	struct http_url u;

	if (!http_url_parse(url, &u, NULL))
		return true;
	for (size_t i = 0; i < d->n; i++)
		if (is_shown(d->found[i], &u, dialect))
			return true;
	return false;
}

/* Several hosts are called raspberrypi. */
static void own_name(const struct discover *d, struct adopt_found *f)
{
	char base[48];
	unsigned k = 2;

	str_copy(base, sizeof(base), f->name);
	for (size_t i = 0; i < d->n; i++) {
		char wish[64];

		if (!str_eq_nocase(d->found[i]->f.name, f->name))
			continue;
		str_printf(wish, sizeof(wish), "%s-%u", base, k++);
		adopt_free_name(d->app->fleet, wish, f->name, sizeof(f->name));
		i = (size_t)-1;		/* from the beginning */
	}
}

static void keep(struct discover *d, const struct adopt_found *f, const struct mdns_service *s)
{
	struct discovered *x;

	if (d->n >= FOUND_MAX || is_known(d, f->url, f->dialect))
		return;
	x = MEM_NEW(struct discovered);
	x->f = *f;
	x->announced = s != NULL;
	str_copy(x->address, sizeof(x->address), s ? s->address : "");
	own_name(d, &x->f);
	d->found = mem_grow(d->found, d->n, &d->cap, sizeof(*d->found));
	d->found[d->n++] = x;
	d->changed(d->ctx);
}

/* ---- asking ---- */

static void go_on(struct discover *d);

static struct asking *free_place(struct discover *d)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (!d->asking[i].look)
			return &d->asking[i];
	return NULL;
}

static size_t range_total(const struct discover *d)
{
	return d->has_range ? discover_range_count(&d->range) * port_count() : 0;
}

static void service_url(const struct mdns_service *s, bool by_address, char *buf, size_t size)
{
	struct http_url u = { .port = s->port == 80 ? 0 : s->port };
	struct sbuf b = SBUF_INIT(size - 1);
	size_t len;

	str_copy(u.host, sizeof(u.host), by_address ? s->address : s->host);
	len = strlen(u.host);
	if (len && u.host[len - 1] == '.')
		u.host[len - 1] = '\0';
	if (s->path[0] == '/' && s->path[1])
		str_copy(u.prefix, sizeof(u.prefix), s->path);
	http_url_print(&u, &b);
	str_copy(buf, size, sbuf_str(&b));
	sbuf_done(&b);
}

static void looked(void *ctx, const struct adopt_found *f, const struct err *why);

static void ask(struct asking *a)
{
	a->look = look_new(a->d->app, a->url, NULL, NULL, a->service ? 0 : CONNECT_MS, LOOK_MS,
			   looked, a);
}

/* A name that only mDNS knows, where the system's resolver does not ask it. */
static bool try_address(struct asking *a, const struct err *why)
{
	if (!a->service || a->by_address || !a->service->address[0] ||
	    !strstr(why->text, "no such host"))
		return false;
	a->by_address = true;
	service_url(a->service, true, a->url, sizeof(a->url));
	ask(a);
	return true;
}

static void looked(void *ctx, const struct adopt_found *f, const struct err *why)
{
	struct asking *a = ctx;
	struct discover *d = a->d;

	look_free(a->look);
	a->look = NULL;
	if (!f && try_address(a, why))
		return;
	if (!f && !a->service && (why->code == ERR_TIMEOUT || strstr(why->text, "timed out")) &&
	    d->silent[a->address] < 255)
		d->silent[a->address]++;
	if (f)
		keep(d, f, a->service);
	free(a->service);
	a->service = NULL;
	go_on(d);
}

static void ask_address(struct discover *d, struct asking *place, size_t i)
{
	size_t n = discover_range_count(&d->range);
	uint32_t address = d->range.first + (uint32_t)(i % n);
	struct http_url u = { .tls = false };
	struct sbuf b = SBUF_INIT(sizeof(place->url) - 1);

	adopt_usual_port(i / n, &u.port, &u.tls);
	if (u.port == (u.tls ? 443 : 80))
		u.port = 0;
	str_printf(u.host, sizeof(u.host), "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
		   address >> 8 & 255, address & 255);
	http_url_print(&u, &b);
	str_copy(place->url, sizeof(place->url), sbuf_str(&b));
	sbuf_done(&b);
	place->address = i % n;
	ask(place);
}

/* The next ones of the range: as many as the tick allows. */
static void ask_some(struct discover *d)
{
	size_t total = range_total(d), n = discover_range_count(&d->range);
	struct asking *place;

	for (int k = 0; k < A_TICK && d->next < total; d->next++) {
		if (d->silent[d->next % n] >= DEAD_AFTER)
			continue;
		place = free_place(d);
		if (!place)
			break;
		ask_address(d, place, d->next);
		k++;
	}
	if (d->next < total)
		loop_timer_start(d->tick, TICK_MS);
}

bool discover_ended(const struct discover *d)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (d->asking[i].look)
			return false;
	return !d->listening && d->next >= range_total(d);
}

static void go_on(struct discover *d)
{
	if (d->told_end || !discover_ended(d))
		return;
	d->told_end = true;
	d->changed(d->ctx);
}

static void tick(void *ctx)
{
	struct discover *d = ctx;

	ask_some(d);
	go_on(d);
}

/* ---- mDNS ---- */

static void announced(void *ctx, const struct mdns_service *s)
{
	struct discover *d = ctx;
	struct asking *place = free_place(d);
	char url[600];

	service_url(s, false, url, sizeof(url));
	for (size_t i = 0; i < AT_ONCE; i++)	/* once for every interface and protocol */
		if (d->asking[i].look && str_eq(d->asking[i].url, url))
			return;
	if (!place || is_known(d, url, NULL))
		return;
	str_copy(place->url, sizeof(place->url), url);
	place->service = MEM_NEW(struct mdns_service);
	*place->service = *s;
	place->by_address = false;
	ask(place);
}

static void mdns_failed(void *ctx, const struct err *e)
{
	struct discover *d = ctx;

	str_copy(d->trouble, sizeof(d->trouble), e->text);
	d->changed(d->ctx);
}

static void listened(void *ctx)
{
	struct discover *d = ctx;

	d->listening = false;
	go_on(d);
}

static void start_listening(struct discover *d, double listen_s)
{
	const struct mdns_listener on = { announced, mdns_failed, d };
	struct err e = { 0 };

	if (d->app->mdns && listen_s > 0)
		d->browser = d->app->mdns->browse(d->app->loop, types, &on, &e);
	if (e.code != ERR_NONE)
		str_copy(d->trouble, sizeof(d->trouble), e.text);
	d->listening = true;		/* the end is told from the loop in any case */
	loop_timer_start(d->listen, d->browser ? (int64_t)(listen_s * 1000) : 0);
}

/* ---- life ---- */

struct discover *discover_new(struct app *a, const struct discover_range *range, double listen_s,
			      void (*changed)(void *ctx), void *ctx)
{
	struct discover *d = MEM_NEW(struct discover);

	d->app = a;
	d->changed = changed;
	d->ctx = ctx;
	d->tick = loop_timer_new(a->loop, tick, d);
	d->listen = loop_timer_new(a->loop, listened, d);
	for (size_t i = 0; i < AT_ONCE; i++)
		d->asking[i].d = d;
	if (range) {
		d->has_range = true;
		d->range = *range;
		d->silent = mem_zalloc(discover_range_count(range), 1);
		loop_timer_start(d->tick, 0);
	}
	start_listening(d, listen_s);
	return d;
}

void discover_free(struct discover *d)
{
	if (!d)
		return;
	if (d->browser)
		d->app->mdns->stop(d->browser);
	for (size_t i = 0; i < AT_ONCE; i++) {
		look_free(d->asking[i].look);
		free(d->asking[i].service);
	}
	for (size_t i = 0; i < d->n; i++)
		free(d->found[i]);
	loop_timer_free(d->tick);
	loop_timer_free(d->listen);
	free(d->found);
	free(d->silent);
	free(d);
}

double discover_progress(const struct discover *d)
{
	size_t total = range_total(d);

	return total ? (double)d->next / (double)total : (double)NAN;
}

size_t discover_count(const struct discover *d)
{
	return d->n;
}

const struct discovered *discover_at(const struct discover *d, size_t i)
{
	return i < d->n ? d->found[i] : NULL;
}

const char *discover_trouble(const struct discover *d)
{
	return d->trouble;
}
