/*
 * printer-connector's config.json: the cloud, the identity, and Moonraker printers that join the
 * fleet.
 */
#include "config_read.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <printop/http.h>
#include <printop/json.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define PRINTERS_MAX 256

static void wrong(struct config *c, const char *path, const char *text)
{
	config_add_issue(c, CONFIG_ERROR, path, "%s", text);
}

/* A member as text; an id may be a number. NULL when it is empty or not there. */
static char *take_text(const struct json *o, const char *name)
{
	const struct json *v = json_get(o, name);
	char text[LIMIT_STRING_BYTES] = "";

	if (json_is_num(v))
		str_printf(text, sizeof(text), "%.0f", json_value_num(v, 0));
	else
		json_str(o, name, text, sizeof(text));
	return *text ? mem_strdup(text) : NULL;
}

static void take_secret(const struct json *o, const char *name, struct secret *ret)
{
	char *text = take_text(o, name);

	if (!text)
		return;
	secret_set(ret, text);
	explicit_bzero(text, strlen(text));
	free(text);
}

static void take_seconds(const struct json *o, const char *name, double *ret)
{
	double s = json_num(o, name, 0);

	if (s > 0 && s <= 86400)
		*ret = s;
}

/* ---- printers ---- */

static bool name_is_free(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_printers; i++)
		if (str_eq_nocase(c->printers[i].name, name))
			return false;
	return true;
}

static char *free_name(const struct config *c, const char *wanted, size_t index)
{
	char *name = wanted && !config_check_name(wanted) ? mem_strdup(wanted)
							  : mem_printf("printer-%zu", index + 1);

	for (int i = 2; !name_is_free(c, name); i++) {
		free(name);
		name = mem_printf("printer-%zu-%d", index + 1, i);
	}
	return name;
}

static const char *fleet_name(const struct config *c, const char *url)
{
	for (size_t i = 0; i < c->n_printers; i++)
		if (str_eq(c->printers[i].url, url))
			return c->printers[i].name;
	return NULL;
}

/* The printer's name in the fleet; it is added when no printer has its address. */
static char *join_fleet(struct config *c, const char *path, const struct json *entry,
			const struct http_url *url, size_t index)
{
	struct sbuf text = SBUF_INIT(1024);
	struct printer_config p;
	char *wanted, *name;

	http_url_print(url, &text);
	name = mem_strdup(fleet_name(c, sbuf_str(&text)));
	if (name) {
		sbuf_done(&text);
		return name;
	}
	printer_config_init(&p);
	wanted = take_text(entry, "name");
	name = free_name(c, wanted, index);
	free(wanted);
	p.name = mem_strdup(name);
	p.url = sbuf_take(&text);
	p.dialect = mem_strdup("moonraker");
	p.where = mem_strdup(path);
	config_add_printer_take(c, &p);
	return name;
}

static bool check_url(struct config *c, const char *path, size_t i, const char *text,
		      struct http_url *ret)
{
	const char *why = "it is not an address";

	if (!text || !*text)
		why = "it is needed";
	else if (!str_starts(text, "http://") && !str_starts(text, "https://"))
		why = "it must begin with http:// or https://";
	else if (strstr(text, ".."))
		why = "it must not contain '..'";
	else if (http_url_parse(text, ret, &why))
		return true;
	config_add_issue(c, CONFIG_ERROR, path, "moonraker[%zu].base_url: %s", i, why);
	return false;
}

static bool id_is_twice(const struct connector_config *k, int64_t id)
{
	for (size_t i = 0; i < k->n_printers; i++)
		if (k->printers[i].id == id && id > 0)
			return true;
	return false;
}

static void read_printer_entry(struct config *c, const char *path, const struct json *entry,
			       size_t i, bool pairing)
{
	struct connector_config *k = &c->connector;
	int64_t id = json_int(entry, "printer_id", 0), port = json_int(entry, "ui_port", 0);
	char *base = take_text(entry, "base_url");
	struct http_url url;

	if (id < 0)
		config_add_issue(c, CONFIG_ERROR, path,
				 "moonraker[%zu].printer_id must not be negative", i);
	else if (id == 0 && !pairing)
		config_add_issue(c, CONFIG_ERROR, path,
				 "moonraker[%zu].printer_id must be above 0 once it is paired", i);
	else if (id_is_twice(k, id))
		config_add_issue(c, CONFIG_ERROR, path,
				 "moonraker[%zu].printer_id %lld is there twice", i, (long long)id);
	else if (check_url(c, path, i, base, &url))
		k->printers[k->n_printers++] = (struct connector_printer){
			.name = join_fleet(c, path, entry, &url, i),
			.id = id,
			.ui_port = port > 0 && port < 65536 ? (unsigned)port : 80,
		};
	free(base);
}

static void read_printers(struct config *c, const char *path, const struct json *root, bool pairing)
{
	const struct json *list = json_get(root, "moonraker");
	size_t n = json_is_array(list) ? json_count(list) : 0, i = 0;

	if (!n) {
		wrong(c, path, "moonraker must have at least one entry");
		return;
	}
	if (n > PRINTERS_MAX) {
		wrong(c, path, "moonraker has too many entries");
		return;
	}
	c->connector.printers = mem_zalloc(n, sizeof(*c->connector.printers));
	for (const struct json *v = json_first(list); v; v = json_next(v))
		read_printer_entry(c, path, v, i++, pairing);
}

/* ---- the file ---- */

/* Its checks, in its order. */
static void check(struct config *c, const char *path, const struct json *root)
{
	struct connector_config *k = &c->connector;
	bool token = secret_is_set(&k->token), identity = k->id && secret_is_set(&k->secret);

	if (k->cloud_url && !str_starts(k->cloud_url, "http://") &&
	    !str_starts(k->cloud_url, "https://"))
		wrong(c, path, "cloud_url must begin with http:// or https://");
	if (!token && !identity)
		wrong(c, path, "pairing_token, or connector_id and connector_secret, is needed");
	if (token && identity)
		wrong(c, path,
		      "pairing_token together with connector_id and connector_secret: keep one of "
		      "them");
	read_printers(c, path, root, !identity);
}

static void read_root(struct config *c, const char *path, const struct json *root)
{
	struct connector_config *k = &c->connector;

	k->on = true;
	k->original = mem_strdup(path);
	k->where = mem_strdup(path);
	k->cloud_url = take_text(root, "cloud_url");
	k->site_name = take_text(root, "site_name");
	k->state_dir = take_text(root, "state_dir");
	k->id = take_text(root, "connector_id");
	take_secret(root, "connector_secret", &k->secret);
	take_secret(root, "pairing_token", &k->token);
	take_seconds(root, "poll_commands_seconds", &k->commands_s);
	take_seconds(root, "push_snapshots_seconds", &k->snapshots_s);
	take_seconds(root, "heartbeat_seconds", &k->heartbeat_s);
	check(c, path, root);
}

/* The original packs this folder; here it is the only one that it may pack. */
static void add_home_root(struct connector_config *k)
{
	const char *home = getenv("HOME");
	char *root = !home || !*home || str_eq(home, "/root") ? mem_strdup("/usr/data/printer_data")
							      : path_join(home, "printer_data");
	struct stat st;

	if (!stat(root, &st) && S_ISDIR(st.st_mode))
		k->backup_roots[k->n_backup_roots++] = root;
	else
		free(root);
}

void config_add_original(struct config *c, const char *path)
{
	struct json *root;
	struct stat st;
	struct err e;
	char *text;
	size_t len;

	if (!path_read(path, LIMIT_CONFIG_BYTES, &text, &len, &e)) {
		config_add_issue(c, CONFIG_ERROR, NULL, "%s", e.text);
		return;
	}
	root = json_parse(text, len, &e);
	explicit_bzero(text, len);
	free(text);
	if (json_is_object(root)) {
		read_root(c, path, root);
		add_home_root(&c->connector);
	} else {
		config_add_issue(c, CONFIG_ERROR, path, "it is no JSON object%s%s",
				 root ? "" : ": ", root ? "" : e.text);
	}
	if (!stat(path, &st) && (st.st_mode & 077))
		config_add_issue(c, CONFIG_WARNING, path,
				 "it holds a secret and others can read it: chmod 600 %s", path);
	json_free(root);
}
