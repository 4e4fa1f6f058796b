/* The announcement of the gateway as a group of Ultimaker printers. */
#include "gateway/cura_announce.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <printop/log.h>
#include <printop/mdns.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define TYPE "_ultimaker._tcp"
#define CURA_PORT 80
#define FILE_MAX (64u << 10)
#define TXT_MAX 8
#define STATIC_FILE "/etc/avahi/services/printop.service"

struct cura_announce {
	struct mdns_announcer *mdns;
	char text[TEXT_CAP];	/* told last: not again */
};

struct txt {
	const char *key;
	char value[80];
};

/* What Cura needs to know before it asks; it never hears of a change. */
static size_t fill_txt(struct txt *txt, const struct cura_words *w, size_t printers)
{
	size_t n = 0;

	txt[n].key = "type";
	str_copy(txt[n++].value, sizeof(txt->value), "printer");
	txt[n].key = "name";
	str_copy(txt[n++].value, sizeof(txt->value), w->name);
	txt[n].key = "machine";
	str_copy(txt[n++].value, sizeof(txt->value), w->machine);
	txt[n].key = "firmware_version";
	str_copy(txt[n++].value, sizeof(txt->value), w->firmware);
	txt[n].key = "cluster_size";
	str_printf(txt[n++].value, sizeof(txt->value), "%zu", printers ? printers : 1);
	return n;
}

/* The first address that others can reach. Real printers send it, Cura does not read it. */
static void local_address(char *dst, size_t size)
{
	struct ifaddrs *all, *i;

	dst[0] = '\0';
	if (getifaddrs(&all))
		return;
	for (i = all; i && !dst[0]; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK))
			inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr, dst, (socklen_t)size);
	freeifaddrs(all);
}

static void add_xml(struct sbuf *b, const char *s)
{
	for (; *s; s++) {
		if (strchr("<>&\"", *s))
			sbuf_addf(b, "&#%d;", *s);
		else
			sbuf_addc(b, *s);
	}
}

void cura_service_file(struct sbuf *b, const char *instance, const struct cura_words *w, size_t printers, unsigned port)
{
	struct txt txt[TXT_MAX];
	size_t n = fill_txt(txt, w, printers);

	sbuf_adds(b, "<?xml version=\"1.0\" standalone=\"no\"?>\n<!DOCTYPE service-group SYSTEM \"avahi-service.dtd\">\n");
	sbuf_adds(b, "<!-- Copy to /etc/avahi/services: avahi announces printop's gateway to Cura. Made anew at each start. -->\n");
	sbuf_adds(b, "<service-group>\n  <name>");
	add_xml(b, instance);
	sbuf_addf(b, "</name>\n  <service protocol=\"ipv4\">\n    <type>" TYPE "</type>\n    <port>%u</port>\n", port);
	for (size_t i = 0; i < n; i++) {
		sbuf_addf(b, "    <txt-record>%s=", txt[i].key);
		add_xml(b, txt[i].value);
		sbuf_adds(b, "</txt-record>\n");
	}
	sbuf_adds(b, "  </service>\n</service-group>\n");
}

static void write_service_file(const struct cura *c, const struct cura_words *w, unsigned port)
{
	char *path = path_join(c->dir, "printop.service");
	struct sbuf b = SBUF_INIT(FILE_MAX);
	struct err e = { 0 };

	cura_service_file(&b, cura_ids_instance(c->ids), w, fleet_count(c->app->fleet), port);
	if (!path_write(path, sbuf_str(&b), b.len, 0644, &e))
		log_warn("cura: %s", e.text);
	sbuf_done(&b);
	free(path);
}

static void told(void *ctx, bool good, const char *text)
{
	struct cura_announce *a = ctx;

	if (str_eq(a->text, text))
		return;
	str_copy(a->text, sizeof(a->text), text);
	log_write(good ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "cura: %s%s", good ? "" : "not announced: ", text);
}

/* Announced twice, the end of one would say goodbye for the other as well. */
static bool is_static(const struct cura *c)
{
	struct err ignored;
	char *text;
	size_t len;
	bool found;

	if (!path_read(STATIC_FILE, FILE_MAX, &text, &len, &ignored))
		return false;
	found = strstr(text, cura_ids_instance(c->ids)) != NULL;
	free(text);
	return found;
}

static void announce(struct cura_announce *a, const struct cura *c, const struct cura_words *w, unsigned port)
{
	const char *pairs[TXT_MAX + 1] = { NULL };
	char text[TXT_MAX][120];
	struct mdns_offer offer = { .name = cura_ids_instance(c->ids), .type = TYPE, .port = port, .txt = pairs };
	struct txt txt[TXT_MAX];
	struct err e = { 0 };
	size_t n = fill_txt(txt, w, fleet_count(c->app->fleet));

	txt[n].key = "address";
	local_address(txt[n].value, sizeof(txt->value));
	n += txt[n].value[0] != '\0';
	for (size_t i = 0; i < n; i++) {
		str_printf(text[i], sizeof(text[i]), "%s=%s", txt[i].key, txt[i].value);
		pairs[i] = text[i];
	}
	a->mdns = mdns_announce(c->app->loop, &offer, told, a, &e);
	if (!a->mdns)
		told(a, false, e.text);
}

struct cura_announce *cura_announce_new(struct cura *c, const struct cura_words *w, unsigned port)
{
	const struct settings *s = &c->app->config->settings;
	struct cura_announce *a;

	if (!settings_bool(s, SETTING_GATEWAY_CURA))
		return NULL;
	write_service_file(c, w, port);
	if (port != CURA_PORT)
		log_warn("cura: Cura calls port 80 only: redirect it to port %u (nft or iptables, see the README)", port);
	if (!settings_bool(s, SETTING_GATEWAY_CURA_ANNOUNCE))
		return NULL;
	a = MEM_NEW(struct cura_announce);
	if (is_static(c))
		told(a, true, "announced by avahi with " STATIC_FILE);
	else
		announce(a, c, w, port);
	return a;
}

void cura_announce_free(struct cura_announce *a)
{
	if (!a)
		return;
	mdns_withdraw(a->mdns);
	free(a);
}
