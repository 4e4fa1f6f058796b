/* The ids that Cura keeps: made once, stored, and the same after every restart. */
#include "gateway/cura_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sha256.h>
#include <printop/str.h>

#define FILE_MAX (4u << 20)
#define SECRET_BYTES 32

struct cura_ids {
	char *path;
	char guid[40], instance[40], secret[2 * SECRET_BYTES + 1];
	struct cura_id *printers;
	size_t n, cap;
};

void cura_uuid(char uuid[40], const char *kind, const char *a, const char *b)
{
	struct sha256 s;
	char h[65];

	sha256_init(&s);
	sha256_add(&s, kind, strlen(kind) + 1);
	sha256_add(&s, a, strlen(a) + 1);
	sha256_add(&s, b, strlen(b) + 1);
	sha256_hex(&s, h);
	/* RFC 9562: version 8 (our own making), variant 10xx. */
	str_printf(uuid, 40, "%.8s-%.4s-8%.3s-a%.3s-%.12s", h, h + 8, h + 13, h + 17, h + 20);
}

static bool make_secret(struct cura_ids *ids, struct err *e)
{
	unsigned char raw[SECRET_BYTES];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return err_set(e, ERR_INTERNAL, "the system gives no random numbers");
	for (size_t i = 0; i < sizeof(raw); i++)
		str_printf(ids->secret + 2 * i, 3, "%02x", raw[i]);
	explicit_bzero(raw, sizeof(raw));
	return true;
}

/* Names that are derived from the secret are unique and give nothing of it away. */
static void derive_names(struct cura_ids *ids)
{
	char uuid[40];

	cura_uuid(ids->guid, "guid", ids->secret, "");
	cura_uuid(uuid, "instance", ids->secret, "");
	str_printf(ids->instance, sizeof(ids->instance), "printop-%s", uuid + 24);
}

/* ---- the file ---- */

static struct cura_id *add(struct cura_ids *ids)
{
	ids->printers = mem_grow(ids->printers, ids->n, &ids->cap, sizeof(*ids->printers));
	memset(&ids->printers[ids->n], 0, sizeof(*ids->printers));
	return &ids->printers[ids->n++];
}

static bool read_text(struct cura_ids *ids, const char *text, size_t len, struct err *e)
{
	struct json *o = json_parse(text, len, e);
	const struct json *p;

	if (!o)
		return false;
	json_str(o, "secret", ids->secret, sizeof(ids->secret));
	for (p = json_first(json_get(o, "printers")); p; p = json_next(p)) {
		struct cura_id *id = add(ids);

		json_str(p, "name", id->name, sizeof(id->name));
		json_str(p, "server", id->server, sizeof(id->server));
		json_str(p, "unique_name", id->unique, sizeof(id->unique));
		json_str(p, "uuid", id->uuid, sizeof(id->uuid));
		if (!id->unique[0] || !id->uuid[0])
			ids->n--;
	}
	json_free(o);
	return strlen(ids->secret) == 2 * SECRET_BYTES || err_set(e, ERR_BAD_REPLY, "the secret is missing");
}

static bool save(const struct cura_ids *ids, struct err *e)
{
	struct json *o = json_new_object(), *list = json_new_array();
	char *text;
	bool good;

	json_set_str(o, "secret", ids->secret);
	for (size_t i = 0; i < ids->n; i++) {
		struct json *p = json_new_object();

		json_set_str(p, "name", ids->printers[i].name);
		json_set_str(p, "server", ids->printers[i].server);
		json_set_str(p, "unique_name", ids->printers[i].unique);
		json_set_str(p, "uuid", ids->printers[i].uuid);
		json_push_take(list, p);
	}
	json_set_take(o, "printers", list);
	text = json_print(o, true);
	good = path_write(ids->path, text, strlen(text), 0600, e);
	explicit_bzero(text, strlen(text));
	free(text);
	json_free(o);
	return good;
}

static bool load(struct cura_ids *ids, struct err *e)
{
	char *text;
	size_t len;
	bool good;

	if (access(ids->path, F_OK) && errno == ENOENT) {
		good = make_secret(ids, e) && save(ids, e);
	} else {
		good = path_read(ids->path, FILE_MAX, &text, &len, e);
		if (good) {
			good = read_text(ids, text, len, e) || err_wrap(e, "%s", ids->path);
			explicit_bzero(text, len);
			free(text);
		}
	}
	derive_names(ids);
	return good;
}

struct cura_ids *cura_ids_load(const char *path, struct err *e)
{
	struct cura_ids *ids = MEM_NEW(struct cura_ids);

	ids->path = mem_strdup(path);
	if (load(ids, e))
		return ids;
	cura_ids_free(ids);
	return NULL;
}

void cura_ids_free(struct cura_ids *ids)
{
	if (!ids)
		return;
	explicit_bzero(ids->secret, sizeof(ids->secret));
	free(ids->path);
	free(ids->printers);
	free(ids);
}

/* ---- printers ---- */

const struct cura_id *cura_ids_find(const struct cura_ids *ids, const char *unique)
{
	for (size_t i = 0; i < ids->n; i++)
		if (str_eq(ids->printers[i].unique, unique))
			return &ids->printers[i];
	return NULL;
}

static struct cura_id *by_name(const struct cura_ids *ids, const char *name)
{
	for (size_t i = 0; i < ids->n; i++)
		if (str_eq(ids->printers[i].name, name))
			return &ids->printers[i];
	return NULL;
}

/* One whose name left the fleet and whose server is this one's: it was renamed. */
static struct cura_id *renamed(const struct cura_ids *ids, const struct fleet *f, const struct printer *p)
{
	for (size_t i = 0; i < ids->n; i++)
		if (str_eq(ids->printers[i].server, p->config.url) && !fleet_find(f, ids->printers[i].name))
			return &ids->printers[i];
	return NULL;
}

static void make(struct cura_ids *ids, const struct printer *p)
{
	struct cura_id *id;
	char unique[80];

	str_copy(unique, sizeof(unique), p->config.name);
	for (unsigned n = 2; cura_ids_find(ids, unique); n++)
		str_printf(unique, sizeof(unique), "%s-%u", p->config.name, n);
	id = add(ids);
	str_copy(id->name, sizeof(id->name), p->config.name);
	str_copy(id->unique, sizeof(id->unique), unique);
	cura_uuid(id->uuid, "printer", ids->guid, unique);
}

static bool sync_one(struct cura_ids *ids, const struct fleet *f, const struct printer *p)
{
	struct cura_id *id = by_name(ids, p->config.name);

	if (id && str_eq(id->server, p->config.url))
		return false;
	if (!id)
		id = renamed(ids, f, p);
	if (!id) {
		make(ids, p);
		id = &ids->printers[ids->n - 1];
	}
	str_copy(id->name, sizeof(id->name), p->config.name);
	str_copy(id->server, sizeof(id->server), p->config.url);
	return true;
}

void cura_ids_sync(struct cura_ids *ids, const struct fleet *f)
{
	struct err e = { 0 };
	bool changed = false;

	for (size_t i = 0; i < fleet_count(f); i++)
		changed = sync_one(ids, f, fleet_at(f, i)) || changed;
	if (changed && !save(ids, &e))
		log_error("cura: %s", e.text);
}

const struct cura_id *cura_ids_of(const struct cura_ids *ids, const struct printer *p)
{
	return by_name(ids, p->config.name);
}

const char *cura_ids_guid(const struct cura_ids *ids)
{
	return ids->guid;
}

const char *cura_ids_instance(const struct cura_ids *ids)
{
	return ids->instance;
}

const char *cura_ids_secret(const struct cura_ids *ids)
{
	return ids->secret;
}
