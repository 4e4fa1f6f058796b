/* mDNS by the avahi daemon: its client library on our loop. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/strlst.h>
#include <avahi-common/watch.h>
#include <printop/mdns.h>
#include <printop/mem.h>
#include <printop/str.h>

#define TYPES_MAX 8
#define RESOLVERS_MAX 512

/* ---- avahi's poll interface ---- */

struct AvahiWatch {
	struct loop_fd *handle;
	int fd; /* a double: D-Bus watches one descriptor twice, our loop does not */
	AvahiWatchEvent now;
	AvahiWatchCallback fn;
	void *ctx;
};

struct AvahiTimeout {
	struct loop_timer *timer;
	AvahiTimeoutCallback fn;
	void *ctx;
};

static int wanted_bits(AvahiWatchEvent events)
{
	return (events & AVAHI_WATCH_IN ? LOOP_READ : 0) |
	       (events & AVAHI_WATCH_OUT ? LOOP_WRITE : 0);
}

static void watch_ready(void *ctx, int ready)
{
	AvahiWatch *w = ctx;
	int events = (ready & LOOP_READ ? AVAHI_WATCH_IN : 0) |
		     (ready & LOOP_WRITE ? AVAHI_WATCH_OUT : 0) |
		     (ready & LOOP_ERROR ? AVAHI_WATCH_ERR : 0);

	w->now = (AvahiWatchEvent)events;
	w->fn(w, w->fd, w->now, w->ctx);
}

static AvahiWatch *watch_new(const AvahiPoll *api, int fd, AvahiWatchEvent events,
			     AvahiWatchCallback fn, void *ctx)
{
	AvahiWatch *w = MEM_NEW(AvahiWatch);

	w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	w->fn = fn;
	w->ctx = ctx;
	w->handle = loop_fd_new(api->userdata, w->fd, watch_ready, w);
	if (w->handle)
		loop_fd_want(w->handle, wanted_bits(events));
	return w;
}

static void watch_update(AvahiWatch *w, AvahiWatchEvent events)
{
	if (w->handle)
		loop_fd_want(w->handle, wanted_bits(events));
}

static AvahiWatchEvent watch_events(AvahiWatch *w)
{
	return w->now;
}

static void watch_free(AvahiWatch *w)
{
	loop_fd_free(w->handle);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

static void timeout_fired(void *ctx)
{
	AvahiTimeout *t = ctx;

	t->fn(t, t->ctx);
}

/* A moment of the wall clock; NULL: not now. */
static void timeout_update(AvahiTimeout *t, const struct timeval *tv)
{
	struct timeval now;
	int64_t ms;

	if (!tv) {
		loop_timer_stop(t->timer);
		return;
	}
	gettimeofday(&now, NULL);
	ms = (int64_t)(tv->tv_sec - now.tv_sec) * 1000 + (tv->tv_usec - now.tv_usec) / 1000;
	loop_timer_start(t->timer, ms > 0 ? ms : 0);
}

static AvahiTimeout *timeout_new(const AvahiPoll *api, const struct timeval *tv,
				 AvahiTimeoutCallback fn, void *ctx)
{
	AvahiTimeout *t = MEM_NEW(AvahiTimeout);

	t->fn = fn;
	t->ctx = ctx;
	t->timer = loop_timer_new(api->userdata, timeout_fired, t);
	timeout_update(t, tv);
	return t;
}

static void timeout_free(AvahiTimeout *t)
{
	loop_timer_free(t->timer);
	free(t);
}

static void poll_init(AvahiPoll *api, struct loop *l)
{
	*api = (AvahiPoll){
		.userdata = l,
		.watch_new = watch_new,
		.watch_update = watch_update,
		.watch_get_events = watch_events,
		.watch_free = watch_free,
		.timeout_new = timeout_new,
		.timeout_update = timeout_update,
		.timeout_free = timeout_free,
	};
}

/* ---- browsing ---- */

struct mdns_browser {
	AvahiPoll poll;
	AvahiClient *client;
	AvahiServiceBrowser *browsers[TYPES_MAX];
	size_t resolvers;
	char types[TYPES_MAX][64];
	size_t n_types;
	struct mdns_listener on;
	bool started;		/* failures are told, not returned */
};

static void tell_failure(struct mdns_browser *b, int code)
{
	struct err e;

	err_set(&e, ERR_UNREACHABLE, "avahi: %s", avahi_strerror(code));
	if (b->started && b->on.failed)
		b->on.failed(b->on.ctx, &e);
}

static void read_path(AvahiStringList *txt, char *dst, size_t size)
{
	AvahiStringList *item = avahi_string_list_find(txt, "path");
	char *key, *value;
	size_t len;

	dst[0] = '\0';
	if (!item || avahi_string_list_get_pair(item, &key, &value, &len) != 0)
		return;
	if (value && strlen(value) == len)
		str_copy(dst, size, value);
	str_clean(dst);
	avahi_free(key);
	avahi_free(value);
}

static void resolved(AvahiServiceResolver *r, AvahiIfIndex interface, AvahiProtocol protocol,
		     AvahiResolverEvent event, const char *name, const char *type,
		     const char *domain, const char *host, const AvahiAddress *address,
		     uint16_t port, AvahiStringList *txt, AvahiLookupResultFlags flags, void *ctx)
{
	struct mdns_browser *b = ctx;
	struct mdns_service s = { .port = port };

	(void)interface;
	(void)protocol;
	(void)domain;
	(void)flags;
	if (event == AVAHI_RESOLVER_FOUND) {
		str_copy(s.name, sizeof(s.name), name);
		str_copy(s.type, sizeof(s.type), type);
		str_copy(s.host, sizeof(s.host), host);
		str_clean(s.name);
		str_clean(s.host);
		avahi_address_snprint(s.address, sizeof(s.address), address);
		read_path(txt, s.path, sizeof(s.path));
		b->on.found(b->on.ctx, &s);
	}
	b->resolvers--;
	avahi_service_resolver_free(r);
}

static void browsed(AvahiServiceBrowser *sb, AvahiIfIndex interface, AvahiProtocol protocol,
		    AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
		    AvahiLookupResultFlags flags, void *ctx)
{
	struct mdns_browser *b = ctx;

	(void)flags;
	if (event == AVAHI_BROWSER_FAILURE)
		tell_failure(b, avahi_client_errno(avahi_service_browser_get_client(sb)));
	if (event != AVAHI_BROWSER_NEW || b->resolvers >= RESOLVERS_MAX)
		return;
	/* Resolvers belong to the client, which frees those that are left. */
	if (avahi_service_resolver_new(b->client, interface, protocol, name, type, domain,
				       AVAHI_PROTO_UNSPEC, 0, resolved, b))
		b->resolvers++;
}

static void start_browsers(struct mdns_browser *b)
{
	for (size_t i = 0; i < b->n_types; i++)
		if (!b->browsers[i])
			b->browsers[i] = avahi_service_browser_new(b->client, AVAHI_IF_UNSPEC,
								   AVAHI_PROTO_UNSPEC, b->types[i],
								   NULL, 0, browsed, b);
}

/* Called from inside avahi_client_new() the first time: b->client is not there yet. */
static void client_changed(AvahiClient *client, AvahiClientState state, void *ctx)
{
	struct mdns_browser *b = ctx;

	b->client = client;
	if (state == AVAHI_CLIENT_FAILURE)
		tell_failure(b, avahi_client_errno(client));
	else if (state != AVAHI_CLIENT_CONNECTING)
		start_browsers(b);
}

static void avahi_stop(struct mdns_browser *b)
{
	if (!b)
		return;
	if (b->client)
		avahi_client_free(b->client);	/* and all that hangs on it */
	free(b);
}

static struct mdns_browser *avahi_browse(struct loop *l, const char *const *types,
					 const struct mdns_listener *on, struct err *e)
{
	struct mdns_browser *b = MEM_NEW(struct mdns_browser);
	int code = 0;

	poll_init(&b->poll, l);
	b->on = *on;
	for (; types[b->n_types] && b->n_types < TYPES_MAX; b->n_types++)
		str_copy(b->types[b->n_types], sizeof(b->types[0]), types[b->n_types]);
	b->client = avahi_client_new(&b->poll, 0, client_changed, b, &code);
	if (!b->client) {
		err_set(e, ERR_UNREACHABLE, "no mDNS: %s (avahi-daemon and D-Bus do it)",
			avahi_strerror(code));
		avahi_stop(b);
		return NULL;
	}
	b->started = true;
	return b;
}

/* ---- announcing ---- */

#define RECONNECT_MS 1000

struct mdns_announcer {
	AvahiPoll poll;
	AvahiClient *client;
	struct loop_timer *again;
	AvahiEntryGroup *group;
	char *name, *type;
	unsigned port;
	AvahiStringList *txt;
	void (*told)(void *ctx, bool good, const char *text);
	void *ctx;
};

static void group_changed(AvahiEntryGroup *group, AvahiEntryGroupState state, void *ctx)
{
	struct mdns_announcer *a = ctx;

	if (state == AVAHI_ENTRY_GROUP_ESTABLISHED)
		a->told(a->ctx, true, "announced by avahi");
	else if (state == AVAHI_ENTRY_GROUP_COLLISION)
		a->told(a->ctx, false, "another machine has this name already");
	else if (state == AVAHI_ENTRY_GROUP_FAILURE)
		a->told(a->ctx, false,
			avahi_strerror(avahi_client_errno(avahi_entry_group_get_client(group))));
}

static void add_service(struct mdns_announcer *a)
{
	int code;

	if (!a->group)
		a->group = avahi_entry_group_new(a->client, group_changed, a);
	if (!a->group) {
		a->told(a->ctx, false, avahi_strerror(avahi_client_errno(a->client)));
		return;
	}
	avahi_entry_group_reset(a->group);
	code = avahi_entry_group_add_service_strlst(a->group, AVAHI_IF_UNSPEC, AVAHI_PROTO_INET, 0,
						    a->name, a->type, NULL, NULL, (uint16_t)a->port,
						    a->txt);
	if (code == AVAHI_OK)
		code = avahi_entry_group_commit(a->group);
	if (code != AVAHI_OK)
		a->told(a->ctx, false, avahi_strerror(code));
}

/* Called from inside avahi_client_new() the first time. */
static void announcer_changed(AvahiClient *client, AvahiClientState state, void *ctx)
{
	struct mdns_announcer *a = ctx;

	a->client = client;
	switch (state) {
	case AVAHI_CLIENT_S_RUNNING:
		add_service(a);
		break;
	case AVAHI_CLIENT_CONNECTING:	/* no daemon now; with NO_FAIL it is waited for */
		a->group = NULL;	/* it went with the connection */
		a->told(a->ctx, false, "avahi-daemon does not run");
		break;
	case AVAHI_CLIENT_FAILURE: /* this client is of no use any more, and must not be freed from
				      here */
		a->told(a->ctx, false, avahi_strerror(avahi_client_errno(client)));
		loop_timer_start(a->again, RECONNECT_MS);
		break;
	case AVAHI_CLIENT_S_COLLISION:
	case AVAHI_CLIENT_S_REGISTERING:	/* the machine's own name changes */
		if (a->group)
			avahi_entry_group_reset(a->group);
		break;
	}
}

static bool connect_client(struct mdns_announcer *a, int *code)
{
	a->group = NULL;
	a->client = NULL;
	a->client = avahi_client_new(&a->poll, AVAHI_CLIENT_NO_FAIL, announcer_changed, a, code);
	return a->client != NULL;
}

static void reconnect(void *ctx)
{
	struct mdns_announcer *a = ctx;
	int code;

	if (a->client)
		avahi_client_free(a->client);
	if (!connect_client(a, &code))		/* not even D-Bus now */
		loop_timer_start(a->again, 10 * RECONNECT_MS);
}

void mdns_withdraw(struct mdns_announcer *a)
{
	if (!a)
		return;
	if (a->client)
		avahi_client_free(a->client);
	loop_timer_free(a->again);
	avahi_string_list_free(a->txt);
	free(a->name);
	free(a->type);
	free(a);
}

struct mdns_announcer *mdns_announce(struct loop *l, const struct mdns_offer *o,
				     void (*told)(void *ctx, bool good, const char *text),
				     void *ctx, struct err *e)
{
	struct mdns_announcer *a = MEM_NEW(struct mdns_announcer);
	int code = 0;

	poll_init(&a->poll, l);
	a->name = mem_strdup(o->name);
	a->type = mem_strdup(o->type);
	a->port = o->port;
	a->told = told;
	a->ctx = ctx;
	for (size_t i = 0; o->txt[i]; i++)
		a->txt = avahi_string_list_add(a->txt, o->txt[i]);
	a->txt = avahi_string_list_reverse(a->txt);
	a->again = loop_timer_new(l, reconnect, a);
	if (!connect_client(a, &code)) {
		err_set(e, ERR_UNREACHABLE, "not announced: %s (avahi-daemon and D-Bus do it)",
			avahi_strerror(code));
		mdns_withdraw(a);
		return NULL;
	}
	return a;
}

const struct mdns_ops mdns = { avahi_browse, avahi_stop };
