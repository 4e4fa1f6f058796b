/*
 * The identity on disk: in a file of its own, or in the original connector's config.json as the
 * original writes it.
 */
#include "connector/identity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/limits.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sha256.h>
#include <printop/str.h>

static char *identity_path(const struct connector_config *c)
{
	return path_join(c->state_dir, "identity.json");
}

static void hash_token(const struct connector_config *c, char hex[65])
{
	struct sha256 h;

	hex[0] = '\0';
	if (!secret_is_set(&c->token))
		return;
	sha256_init(&h);
	sha256_add(&h, c->token.value, strlen(c->token.value));
	sha256_hex(&h, hex);
}

static void identity_init(struct identity *i)
{
	*i = (struct identity){ .commands_s = NAN, .snapshots_s = NAN };
}

void identity_done(struct identity *i)
{
	secret_done(&i->secret);
	for (size_t k = 0; k < i->n_printers; k++)
		free(i->printers[k].name);
	free(i->printers);
	identity_init(i);
}

static void add_printer(struct identity *i, const char *name, int64_t id, unsigned ui_port)
{
	i->printers = mem_realloc(i->printers, i->n_printers + 1, sizeof(*i->printers));
	i->printers[i->n_printers++] = (struct connector_printer){ mem_strdup(name), id, ui_port };
}

/* ---- reading ---- */

static void from_original(const struct connector_config *c, struct identity *ret)
{
	if (!c->id || !secret_is_set(&c->secret))
		return;
	str_copy(ret->id, sizeof(ret->id), c->id);
	secret_set(&ret->secret, c->secret.value);
	for (size_t i = 0; i < c->n_printers; i++)
		add_printer(ret, c->printers[i].name, c->printers[i].id, c->printers[i].ui_port);
}

static void read_document(const struct json *root, struct identity *ret)
{
	const char *secret = json_raw(root, "connector_secret");
	char name[64];

	json_str(root, "connector_id", ret->id, sizeof(ret->id));
	json_str(root, "paired_with", ret->paired_with, sizeof(ret->paired_with));
	if (secret)
		secret_set(&ret->secret, secret);
	ret->commands_s = json_num(root, "poll_commands_seconds", NAN);
	ret->snapshots_s = json_num(root, "push_snapshots_seconds", NAN);
	for (const struct json *v = json_first(json_get(root, "printers")); v; v = json_next(v))
		if (json_str(v, "name", name, sizeof(name)))
			add_printer(ret, name, json_int(v, "printer_id", 0), 0);
}

static bool is_usable(const struct connector_config *c, const struct json *root,
		      const struct identity *i, struct err *e)
{
	char token[65];

	hash_token(c, token);
	if (!i->id[0] || !secret_is_set(&i->secret))
		return false;
	/* The secret of one cloud is never shown to another. */
	if (!str_eq(json_raw(root, "cloud_url"), c->cloud_url)) {
		err_set(e, ERR_AUTH,
			"it is paired with another cloud than %s: a new pairing_token is needed",
			c->cloud_url);
		return false;
	}
	return !token[0] || str_eq(token, i->paired_with);
}

bool identity_load(const struct connector_config *c, struct identity *ret, struct err *e)
{
	char *path = identity_path(c), *text = NULL;
	struct json *root;
	size_t len = 0;

	err_clear(e);
	identity_init(ret);
	if (c->original)
		from_original(c, ret);
	if (c->original || (access(path, F_OK) && errno == ENOENT)) {
		free(path);
		return true;
	}
	if (!path_read(path, LIMIT_CONFIG_BYTES, &text, &len, e)) {
		free(path);
		return false;
	}
	free(path);
	root = json_parse(text, len, e);
	explicit_bzero(text, len);
	free(text);
	if (root)
		read_document(root, ret);
	if (root && !is_usable(c, root, ret, e))
		identity_done(ret);
	json_free(root);
	return root || err_wrap(e, "identity.json");
}

/* ---- writing ---- */

static void set_seconds(struct json *o, const char *name, double s)
{
	if (!isnan(s))
		json_set_num(o, name, s);
}

static struct json *document(const struct connector_config *c, const struct identity *i)
{
	struct json *o = json_new_object(), *list = json_new_array();

	json_set_str(o, "cloud_url", c->cloud_url);
	json_set_str(o, "connector_id", i->id);
	json_set_str(o, "connector_secret", i->secret.value);
	json_set_str(o, "paired_with", i->paired_with);
	set_seconds(o, "poll_commands_seconds", i->commands_s);
	set_seconds(o, "push_snapshots_seconds", i->snapshots_s);
	for (size_t k = 0; k < i->n_printers; k++) {
		struct json *v = json_new_object();

		json_set_str(v, "name", i->printers[k].name);
		json_set_int(v, "printer_id", i->printers[k].id, -1);
		json_push_take(list, v);
	}
	json_set_take(o, "printers", list);
	return o;
}

static struct json *copy(const struct json *v)
{
	char *text = json_print(v, false);
	struct json *same = json_parse(text, strlen(text), NULL);

	explicit_bzero(text, strlen(text));
	free(text);
	return same;
}

/* Everything of from but these names. */
static struct json *copy_without(const struct json *from, const char *const *names)
{
	struct json *to = json_new_object();

	for (const struct json *v = json_first(from); v; v = json_next(v)) {
		size_t k = 0;

		while (names[k] && !str_eq(names[k], json_name(v)))
			k++;
		if (!names[k])
			json_set_take(to, json_name(v), copy(v));
	}
	return to;
}

static struct json *original_printers(const struct json *root, const struct identity *i)
{
	static const char *const replaced[] = { "printer_id", NULL };
	struct json *list = json_new_array();
	size_t k = 0;

	for (const struct json *v = json_first(json_get(root, "moonraker")); v;
	     v = json_next(v), k++) {
		struct json *o = copy_without(v, replaced);

		json_set_int(o, "printer_id", k < i->n_printers ? i->printers[k].id : 0, -1);
		json_push_take(list, o);
	}
	return list;
}

/* As the original would write it, but what it does not know stays. NULL with *e. */
static struct json *original_document(const struct connector_config *c, const struct identity *i,
				      struct err *e)
{
	static const char *const replaced[] = {
		"pairing_token",
		"connector_id",
		"connector_secret",
		"moonraker",
		"poll_commands_seconds",
		"push_snapshots_seconds",
		NULL,
	};
	struct json *root, *o;
	char *text;
	size_t len;

	if (!path_read(c->original, LIMIT_CONFIG_BYTES, &text, &len, e))
		return NULL;
	root = json_parse(text, len, e);
	explicit_bzero(text, len);
	free(text);
	if (!root)
		return NULL;
	o = copy_without(root, replaced);
	json_set_str(o, "connector_id", i->id);
	json_set_str(o, "connector_secret", i->secret.value);
	set_seconds(o, "poll_commands_seconds",
		    isnan(i->commands_s) ? json_num(root, "poll_commands_seconds", NAN)
					 : i->commands_s);
	set_seconds(o, "push_snapshots_seconds",
		    isnan(i->snapshots_s) ? json_num(root, "push_snapshots_seconds", NAN)
					  : i->snapshots_s);
	json_set_take(o, "moonraker", original_printers(root, i));
	json_free(root);
	return o;
}

static bool write_document(const struct connector_config *c, const struct identity *i,
			   struct err *e)
{
	struct json *o = c->original ? original_document(c, i, e) : document(c, i);
	char *path = c->original ? mem_strdup(c->original) : identity_path(c), *text, *line;
	bool ok = false;

	if (o) {
		text = json_print(o, true);
		line = mem_printf("%s\n", text);
		ok = path_write(path, line, strlen(line), 0600, e);
		explicit_bzero(line, strlen(line));
		explicit_bzero(text, strlen(text));
		free(line);
		free(text);
	}
	json_free(o);
	free(path);
	return ok;
}

bool identity_store(const struct connector_config *c, const struct registration *r,
		    const struct wire_printer *p, size_t n, struct identity *ret, struct err *e)
{
	identity_done(ret);
	str_copy(ret->id, sizeof(ret->id), r->id);
	secret_set(&ret->secret, r->secret.value);
	ret->commands_s = r->commands_s;
	ret->snapshots_s = r->snapshots_s;
	hash_token(c, ret->paired_with);
	for (size_t i = 0; i < n; i++)
		add_printer(ret, p[i].name, r->ids[i], p[i].ui_port);
	if (!write_document(c, ret, e))
		return false;
	if (c->token_file && unlink(c->token_file) && errno != ENOENT)
		log_warn("connector: the used pairing token cannot be deleted: %s: %s",
			 c->token_file, strerror(errno));
	return true;
}
