/* No mDNS: built without avahi's client library. */
#include <printop/mdns.h>

static struct mdns_browser *none_browse(struct loop *l, const char *const *types,
					const struct mdns_listener *on, struct err *e)
{
	(void)l;
	(void)types;
	(void)on;
	err_set(e, ERR_UNSUPPORTED,
		"printop was built without avahi: no mDNS here; "
		"a range of addresses can be looked through");
	return NULL;
}

static void none_stop(struct mdns_browser *b)
{
	(void)b;
}

struct mdns_announcer *mdns_announce(struct loop *l, const struct mdns_offer *o,
				     void (*told)(void *ctx, bool good, const char *text),
				     void *ctx, struct err *e)
{
	(void)l;
	(void)o;
	(void)told;
	(void)ctx;
	err_set(e, ERR_UNSUPPORTED, "printop was built without avahi and announces nothing");
	return NULL;
}

void mdns_withdraw(struct mdns_announcer *a)
{
	(void)a;
}

const struct mdns_ops mdns = { none_browse, none_stop };
