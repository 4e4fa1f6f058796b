/*
 * What is said to a cloud: pairing, heartbeats, snapshots, completions; and how it answers to
 * pairing.
 */
#include "connector/protocol.h"

#include <ifaddrs.h>
#include <arpa/inet.h>
#include <math.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <printop/http.h>
#include <printop/mem.h>
#include <printop/str.h>

#define BACKOFF_MAX_MS 60000

static char *print_take(struct json *o)
{
	char *text = json_print(o, false);

	json_free(o);
	return text;
}

static void set_if(struct json *o, const char *name, const char *value)
{
	if (value && *value)
		json_set_str(o, name, value);
}

/* ---- pairing ---- */

/* Go's names, which the cloud knows. */
static const char *go_arch(const char *machine)
{
	static const struct {
		const char *machine, *go;
	} names[] = {
		{"x86_64", "amd64"},	{"aarch64", "arm64"},	{"armv6l", "arm"},
		{"armv7l", "arm"},	{"i686", "386"},	{"mips", "mipsle"},
		{"mips64", "mips64le"}, {"riscv64", "riscv64"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i].machine, machine))
			return names[i].go;
	return "unknown";
}

static void first_address(char *dst, size_t size)
{
	struct ifaddrs *all = NULL;

	str_copy(dst, size, "");
	if (getifaddrs(&all))
		return;
	for (struct ifaddrs *a = all; a && !*dst; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET &&
		    !(a->ifa_flags & IFF_LOOPBACK))
			inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr,
				  dst, (socklen_t)size);
	freeifaddrs(all);
}

void protocol_device(struct wire_device *ret)
{
	struct utsname u;

	if (gethostname(ret->hostname, sizeof(ret->hostname)))
		ret->hostname[0] = '\0';
	ret->hostname[sizeof(ret->hostname) - 1] = '\0';
	str_clean(ret->hostname);
	first_address(ret->ip, sizeof(ret->ip));
	ret->arch = uname(&u) ? "unknown" : go_arch(u.machine);
	ret->os = "linux";
}

static struct json *device_json(const struct wire_device *d, unsigned ui_port)
{
	struct json *o = json_new_object();

	set_if(o, "hostname", d->hostname);
	set_if(o, "arch", d->arch);
	set_if(o, "os", d->os);
	set_if(o, "version", PROTOCOL_VERSION);
	set_if(o, "ip", d->ip);
	if (ui_port)
		json_set_num(o, "ui_port", ui_port);
	return o;
}

char *protocol_register(const char *token, const char *site_name, const struct wire_device *d,
			const struct wire_printer *p, size_t n)
{
	struct json *o = json_new_object(), *list = json_new_array();

	json_set_str(o, "pairing_token", token);
	set_if(o, "site_name", site_name);
	json_set_take(o, "device", device_json(d, n ? p[0].ui_port : 0));
	for (size_t i = 0; i < n; i++) {
		struct json *v = json_new_object();

		json_set_str(v, "name", p[i].name);
		json_set_num(v, "ui_port", p[i].ui_port);
		json_push_take(list, v);
	}
	json_set_take(o, "printers", list);
	return print_take(o);
}

/* It goes into a header line. */
static bool is_clean(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

/* "7" is taken for 7: the token is used up by now, so nothing that can be understood is refused. */
static int64_t lenient_int(const struct json *o, const char *name)
{
	const char *text = json_raw(o, name);
	int64_t v = json_int(o, name, 0);

	return text && !str_to_int64(text, &v) ? 0 : v;
}

static void read_ids(const struct json *root, size_t n, struct registration *ret)
{
	const struct json *v = json_first(json_get(root, "printers"));

	ret->ids = mem_zalloc(n ? n : 1, sizeof(*ret->ids));
	for (size_t i = 0; i < n && v; i++, v = json_next(v))
		ret->ids[i] = lenient_int(v, "id");
}

static double seconds(const struct json *root, const char *path)
{
	double s = json_num(root, path, NAN);

	return s > 0 && s <= 86400 ? s : (double)NAN;
}

bool protocol_read_registration(const char *text, size_t len, size_t n, struct registration *ret,
				struct err *e)
{
	struct json *root = json_parse(text, len, e);
	const char *secret = json_raw(root, "credentials.secret");
	bool ok;

	*ret = (struct registration){ .commands_s = NAN, .snapshots_s = NAN };
	if (!root)
		return false;
	ok = protocol_id(json_get(root, "connector"), "id", ret->id, sizeof(ret->id)) &&
	     is_clean(ret->id) && secret && *secret && strlen(secret) < LIMIT_KEY_BYTES &&
	     is_clean(secret);
	if (ok) {
		secret_set(&ret->secret, secret);
		ret->commands_s = seconds(root, "polling.commands_seconds");
		ret->snapshots_s = seconds(root, "polling.snapshots_seconds");
		read_ids(root, n, ret);
	}
	json_free(root);
	return ok || err_set(e, ERR_BAD_REPLY, "the cloud gave no connector id or no secret");
}

void registration_done(struct registration *r)
{
	secret_done(&r->secret);
	free(r->ids);
	r->ids = NULL;
}

/* ---- heartbeat ---- */

char *protocol_heartbeat(int64_t uptime_s, const struct wire_printer *p, size_t n)
{
	struct json *o = json_new_object(), *status = json_new_object(), *list = json_new_array();

	json_set_int(status, "uptime_seconds", uptime_s, -1);
	json_set_str(status, "version", PROTOCOL_VERSION);
	json_set_take(o, "status", status);
	for (size_t i = 0; i < n; i++) {
		struct json *v = json_new_object();

		json_set_int(v, "printer_id", p[i].id, -1);
		json_set_bool(v, "reachable", p[i].reachable);
		json_push_take(list, v);
	}
	json_set_take(o, "printers", list);
	return print_take(o);
}

void protocol_time(double at, char dst[24])
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(dst, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- completions ---- */

char *protocol_completion(struct json *result, const char *error)
{
	struct json *o = json_new_object();
	char line[PROTOCOL_ERROR_BYTES + 1];

	json_set_str(o, "status", error ? "failed" : "succeeded");
	if (json_first(result))
		json_set_take(o, "result", result);
	else
		json_free(result);
	if (error) {
		protocol_error_line(line, error);
		json_set_str(o, "error_message", line);
	}
	return print_take(o);
}

void protocol_error_line(char dst[PROTOCOL_ERROR_BYTES + 1], const char *text)
{
	size_t start = strspn(text, " \t\r\n"), len = strcspn(text + start, "\r\n");
	char *line = mem_strndup(text + start, len);

	str_copy(dst, PROTOCOL_ERROR_BYTES + 1, str_clean(line));
	free(line);
}

/* ---- addresses ---- */

static bool v4_is_private(uint32_t a)
{
	static const struct {
		uint32_t net, bits;
	} nets[] = {
		{0x0a000000, 8},  {0xac100000, 12}, {0xc0a80000, 16}, {0x7f000000, 8},
		{0xa9fe0000, 16}, {0x64400000, 10}, /* shared address space: VPNs and carriers' own
						       nets */
	};

	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		if (a >> (32 - nets[i].bits) == nets[i].net >> (32 - nets[i].bits))
			return true;
	return false;
}

static bool v6_is_private(const struct in6_addr *a)
{
	uint32_t v4;

	memcpy(&v4, a->s6_addr + 12, sizeof(v4));
	if (IN6_IS_ADDR_V4MAPPED(a))
		return v4_is_private(ntohl(v4));
	return IN6_IS_ADDR_LOOPBACK(a) || IN6_IS_ADDR_LINKLOCAL(a) ||
	       (a->s6_addr[0] & 0xfe) == 0xfc;
}

bool protocol_host_is_private(const char *host)
{
	static const char *const ends[] = {".local", ".lan", ".internal", ".home.arpa",
					   ".localhost"};
	char plain[256];
	struct in_addr a4;
	struct in6_addr a6;

	str_copy(plain, sizeof(plain), host);
	plain[strcspn(plain, "%")] = '\0';	/* a zone */
	if (inet_pton(AF_INET, plain, &a4) == 1)
		return v4_is_private(ntohl(a4.s_addr));
	if (inet_pton(AF_INET6, plain, &a6) == 1)
		return v6_is_private(&a6);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(plain, ends[i]))
			return true;
	/*
	 * A name without a dot is one of this network; but a bare number is an address in disguise.
	 */
	return *plain && !strchr(plain, '.') && !strchr(plain, ':') &&
	       plain[strspn(plain, "0123456789")] && !str_starts(plain, "0x");
}

bool protocol_cloud_url(const char *url, bool insecure_http, struct err *e)
{
	struct http_url u;
	const char *why = "";

	if (!http_url_parse(url, &u, &why))
		return err_set(e, ERR_CONFIG, "cloud_url: %s", why);
	if (u.tls || insecure_http || protocol_host_is_private(u.host))
		return true;
	return err_set(e, ERR_CONFIG,
		       "cloud_url: http to %s would show the secret to anybody on the way: use "
		       "https, or set insecure_http",
		       u.host);
}

/* ---- pictures, time ---- */

const char *protocol_image_type(const char *content_type, const void *data, size_t len)
{
	static const struct {
		const char *type, *alias, *magic;
		size_t n;
	} types[] = {
		{ "image/jpeg", "image/jpg", "\xff\xd8\xff", 3 },
		{ "image/png", "image/png", "\x89PNG\r\n\x1a\n", 8 },
		{ "image/gif", "image/gif", "GIF8", 4 },
		{ "image/webp", "image/webp", "RIFF", 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (len < 12 || memcmp(data, types[i].magic, types[i].n))
			continue;
		if (types[i].n == 4 && types[i].magic[0] == 'R' &&
		    memcmp((const char *)data + 8, "WEBP", 4))
			continue;
		if (!*content_type || str_eq(content_type, types[i].type) ||
		    str_eq(content_type, types[i].alias))
			return types[i].type;
	}
	return NULL;
}

int64_t protocol_backoff_ms(int failures, double random)
{
	int shift = failures < 1 ? 0 : failures > 7 ? 6 : failures - 1;
	int64_t ms = (int64_t)1000 << shift;

	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	return (int64_t)((double)ms * (0.75 + random / 2));
}
