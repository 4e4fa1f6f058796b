/*
 * The connector's group in printers.conf: a reader per key, and the checks that need all of the
 * file.
 */
#include "config_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/http.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define PRINTERS_MAX 256
#define SECONDS_MIN 0.2
#define SECONDS_MAX 86400

static const struct cloud_action_info actions[CLOUD_ACTION_N] = {
#define CLOUD_ACTION(id, name, changes, sentence) [CLOUD_ACTION_##id] = { name, changes, sentence },
#include <printop/cloud_actions.def>
#undef CLOUD_ACTION
};

static const struct connector_key keys[CONNECTOR_KEY_N] = {
#define CONNECTOR_KEY(id, name, form, sentence) [CONNECTOR_KEY_##id] = { name, form, sentence },
#include <printop/connector_keys.def>
#undef CONNECTOR_KEY
};

const struct cloud_action_info *cloud_action_info(enum cloud_action a)
{
	return (unsigned)a < CLOUD_ACTION_N ? &actions[a] : NULL;
}

enum cloud_action cloud_action_from_name(const char *name)
{
	for (unsigned i = 0; i < CLOUD_ACTION_N; i++)
		if (str_eq(actions[i].name, name))
			return (enum cloud_action)i;
	return CLOUD_ACTION_N;
}

const struct connector_key *connector_key_info(enum connector_key_id id)
{
	return (unsigned)id < CONNECTOR_KEY_N ? &keys[id] : NULL;
}

void connector_config_init(struct connector_config *c)
{
	*c = (struct connector_config){
		.allow = CLOUD_ACTIONS_ALL,
		.commands_s = NAN,
		.snapshots_s = NAN,
		.heartbeat_s = NAN,
	};
}

static void free_texts(char **list, int *n)
{
	while (*n)
		free(list[--*n]);
}

static void free_printers(struct connector_config *c)
{
	for (size_t i = 0; i < c->n_printers; i++)
		free(c->printers[i].name);
	free(c->printers);
	c->printers = NULL;
	c->n_printers = 0;
}

void connector_config_done(struct connector_config *c)
{
	free(c->original);
	free(c->cloud_url);
	free(c->site_name);
	secret_done(&c->token);
	free(c->token_file);
	free(c->id);
	secret_done(&c->secret);
	free_printers(c);
	free(c->state_dir);
	free(c->ca_file);
	free_texts(c->backup_roots, &c->n_backup_roots);
	free_texts(c->backup_hosts, &c->n_backup_hosts);
	free(c->where);
	connector_config_init(c);
}

static void copy_texts(char **to, int *n, char *const *from, int n_from)
{
	for (*n = 0; *n < n_from; ++*n)
		to[*n] = mem_strdup(from[*n]);
}

void connector_config_copy(struct connector_config *to, const struct connector_config *from)
{
	*to = *from;
	to->original = mem_strdup(from->original);
	to->cloud_url = mem_strdup(from->cloud_url);
	to->site_name = mem_strdup(from->site_name);
	to->token.value = mem_strdup(from->token.value);
	to->token_file = mem_strdup(from->token_file);
	to->id = mem_strdup(from->id);
	to->secret.value = mem_strdup(from->secret.value);
	to->printers =
		from->n_printers ? mem_zalloc(from->n_printers, sizeof(*to->printers)) : NULL;
	for (size_t i = 0; i < from->n_printers; i++) {
		to->printers[i] = from->printers[i];
		to->printers[i].name = mem_strdup(from->printers[i].name);
	}
	to->state_dir = mem_strdup(from->state_dir);
	to->ca_file = mem_strdup(from->ca_file);
	copy_texts(to->backup_roots, &to->n_backup_roots, from->backup_roots, from->n_backup_roots);
	copy_texts(to->backup_hosts, &to->n_backup_hosts, from->backup_hosts, from->n_backup_hosts);
	to->where = mem_strdup(from->where);
}

static bool same_texts(char *const *a, int n_a, char *const *b, int n_b)
{
	for (int i = 0; i < n_a && i < n_b; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return n_a == n_b;
}

static bool same_printers(const struct connector_config *a, const struct connector_config *b)
{
	for (size_t i = 0; i < a->n_printers && i < b->n_printers; i++)
		if (!str_eq(a->printers[i].name, b->printers[i].name) ||
		    a->printers[i].id != b->printers[i].id ||
		    a->printers[i].ui_port != b->printers[i].ui_port)
			return false;
	return a->n_printers == b->n_printers;
}

static bool same_number(double a, double b)
{
	return isnan(a) ? isnan(b) : fabs(a - b) < 1e-9;
}

/* A token that is there no more, since its file was deleted after pairing, is no change. */
static bool same_token(const struct connector_config *a, const struct connector_config *b)
{
	return !secret_is_set(&b->token) || str_eq(a->token.value, b->token.value);
}

bool connector_config_same(const struct connector_config *a, const struct connector_config *b)
{
	return a->on == b->on && str_eq(a->original, b->original) &&
	       str_eq(a->cloud_url, b->cloud_url) && str_eq(a->site_name, b->site_name) &&
	       same_token(a, b) &&
	       (a->original ||
		(str_eq(a->id, b->id) && str_eq(a->secret.value, b->secret.value))) &&
	       same_printers(a, b) && a->allow == b->allow &&
	       same_number(a->commands_s, b->commands_s) &&
	       same_number(a->snapshots_s, b->snapshots_s) &&
	       same_number(a->heartbeat_s, b->heartbeat_s) && str_eq(a->state_dir, b->state_dir) &&
	       str_eq(a->ca_file, b->ca_file) && a->insecure_http == b->insecure_http &&
	       same_texts(a->backup_roots, a->n_backup_roots, b->backup_roots, b->n_backup_roots) &&
	       same_texts(a->backup_hosts, a->n_backup_hosts, b->backup_hosts, b->n_backup_hosts);
}

/* ---- readers ---- */

typedef void read_fn(struct reader *r, const config_setting_t *s, struct connector_config *c);

static void read_cloud_url(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_text(r, s, TEXT_LINE, 500, &c->cloud_url);
}

static void read_site_name(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_text(r, s, TEXT_LINE, 200, &c->site_name);
}

static void read_token(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	struct err e;
	char *copy;

	r->holds_key = true;
	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		reader_error(r, s, "pairing_token must be text in double quotes");
		return;
	}
	copy = mem_strdup(config_setting_get_string(s));
	if (!key_accept(copy, &c->token, &e))
		reader_error(r, s, "pairing_token: %s", e.text);
	explicit_bzero(copy, strlen(copy));
	free(copy);
}

/* Deleted once it was used: that it is not there is no mistake. */
static void read_token_file(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	char *text = NULL;
	struct err e;

	if (!read_text(r, s, TEXT_LINE, LIMIT_STRING_BYTES, &text))
		return;
	free(c->token_file);
	c->token_file = path_expand(text, r->dir);
	free(text);
	if (r->dir && !access(c->token_file, F_OK) && !key_from_file(c->token_file, &c->token, &e))
		reader_error(r, s, "%s", e.text);
}

static void read_printers(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	char *names[PRINTERS_MAX] = { NULL };
	int n = 0;

	read_texts(r, s, names, &n, PRINTERS_MAX);
	free_printers(c);
	c->printers = mem_zalloc((size_t)n + 1, sizeof(*c->printers));
	for (int i = 0; i < n; i++)
		c->printers[c->n_printers++].name = names[i];
}

static void read_allow(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	char *names[CLOUD_ACTION_N] = { NULL }, hint[NEAREST_HINT];
	struct nearest near;
	int n = 0;

	read_texts(r, s, names, &n, CLOUD_ACTION_N);
	c->allow = 0;
	for (int i = 0; i < n; i++) {
		enum cloud_action a = cloud_action_from_name(names[i]);

		nearest_init(&near, names[i]);
		for (unsigned k = 0; k < CLOUD_ACTION_N; k++)
			nearest_try(&near, actions[k].name);
		if (a < CLOUD_ACTION_N)
			c->allow |= CLOUD_ACTION_BIT(a);
		else
			reader_error(r, s, "a cloud has no action '%.40s'%s", names[i],
				     nearest_hint(&near, hint, sizeof(hint)));
		free(names[i]);
	}
}

static void read_commands(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_number(r, s, SECONDS_MIN, SECONDS_MAX, &c->commands_s);
}

static void read_snapshots(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_number(r, s, SECONDS_MIN, SECONDS_MAX, &c->snapshots_s);
}

static void read_heartbeat(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_number(r, s, SECONDS_MIN, SECONDS_MAX, &c->heartbeat_s);
}

static void read_path(struct reader *r, const config_setting_t *s, char **ret)
{
	char *text = NULL;

	if (!read_text(r, s, TEXT_LINE, LIMIT_STRING_BYTES, &text))
		return;
	free(*ret);
	*ret = path_expand(text, r->dir);
	free(text);
}

static void read_state_dir(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_path(r, s, &c->state_dir);
}

static void read_ca_file(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	read_path(r, s, &c->ca_file);
	if (r->dir && c->ca_file && access(c->ca_file, R_OK))
		reader_error(r, s, "ca_file %s cannot be read", c->ca_file);
}

static void read_insecure(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	if (read_flag(r, s, &c->insecure_http) && c->insecure_http)
		reader_warn(r, s,
			    "insecure_http: anybody between here and the cloud can read the secret "
			    "and send commands");
}

static void read_backup_roots(struct reader *r, const config_setting_t *s,
			      struct connector_config *c)
{
	free_texts(c->backup_roots, &c->n_backup_roots);
	read_texts(r, s, c->backup_roots, &c->n_backup_roots, (int)ARRAY_LEN(c->backup_roots));
	for (int i = 0; i < c->n_backup_roots; i++) {
		char *whole = path_expand(c->backup_roots[i], r->dir);

		free(c->backup_roots[i]);
		c->backup_roots[i] = whole;
	}
}

static void read_backup_hosts(struct reader *r, const config_setting_t *s,
			      struct connector_config *c)
{
	read_texts(r, s, c->backup_hosts, &c->n_backup_hosts, (int)ARRAY_LEN(c->backup_hosts));
}

/* Was read first: the other members come over it. */
static void read_nothing(struct reader *r, const config_setting_t *s, struct connector_config *c)
{
	(void)r;
	(void)s;
	(void)c;
}

static read_fn *const readers[CONNECTOR_KEY_N] = {
	[CONNECTOR_KEY_CLOUD_URL] = read_cloud_url,
	[CONNECTOR_KEY_PAIRING_TOKEN] = read_token,
	[CONNECTOR_KEY_PAIRING_TOKEN_FILE] = read_token_file,
	[CONNECTOR_KEY_SITE_NAME] = read_site_name,
	[CONNECTOR_KEY_PRINTERS] = read_printers,
	[CONNECTOR_KEY_ALLOW] = read_allow,
	[CONNECTOR_KEY_POLL_COMMANDS] = read_commands,
	[CONNECTOR_KEY_PUSH_SNAPSHOTS] = read_snapshots,
	[CONNECTOR_KEY_HEARTBEAT] = read_heartbeat,
	[CONNECTOR_KEY_STATE_DIR] = read_state_dir,
	[CONNECTOR_KEY_CA_FILE] = read_ca_file,
	[CONNECTOR_KEY_INSECURE_HTTP] = read_insecure,
	[CONNECTOR_KEY_BACKUP_ROOTS] = read_backup_roots,
	[CONNECTOR_KEY_BACKUP_HOSTS] = read_backup_hosts,
	[CONNECTOR_KEY_CONFIG] = read_nothing,
};

static void read_member(struct reader *r, const config_setting_t *s)
{
	struct nearest near;

	nearest_init(&near, config_setting_name(s));
	for (unsigned i = 0; i < CONNECTOR_KEY_N; i++) {
		if (str_eq(keys[i].name, config_setting_name(s))) {
			readers[i](r, s, &r->config->connector);
			return;
		}
		nearest_try(&near, keys[i].name);
	}
	read_unknown(r, s, &near, "connector");
}

void read_connector(struct reader *r, const config_setting_t *s)
{
	struct connector_config *c = &r->config->connector;
	const config_setting_t *original;
	char *path = NULL;

	if (!read_is_group(r, s))
		return;
	original = config_setting_get_member(s, keys[CONNECTOR_KEY_CONFIG].name);
	if (original)
		read_path(r, original, &path);
	if (path && r->dir)
		config_add_original(r->config, path);
	free(path);
	c->on = true;
	if (!c->where)
		c->where = reader_where(r, s);
	for (int i = 0; i < config_setting_length(s); i++)
		read_member(r, config_setting_get_elem(s, (unsigned)i));
}

/* ---- when all is read ---- */

static bool is_in_fleet(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_printers; i++)
		if (str_eq(c->printers[i].name, name))
			return true;
	return false;
}

static void normalise_url(struct config *c)
{
	struct connector_config *k = &c->connector;
	struct sbuf b = SBUF_INIT(1024);
	const char *from_env = getenv("CLOUD_URL"), *why = "";
	struct http_url url;

	if (from_env && *from_env) {
		free(k->cloud_url);
		k->cloud_url = mem_strdup(from_env);
	}
	if (!k->cloud_url)
		k->cloud_url = mem_strdup(CONNECTOR_CLOUD_URL);
	if (!http_url_parse(k->cloud_url, &url, &why)) {
		config_add_issue(c, CONFIG_ERROR, k->where, "cloud_url: %s", why);
		return;
	}
	http_url_print(&url, &b);
	free(k->cloud_url);
	k->cloud_url = sbuf_take(&b);
}

void connector_config_finish(struct config *c)
{
	struct connector_config *k = &c->connector;

	if (!k->on)
		return;
	normalise_url(c);
	if (!k->state_dir) {
		char *dir = path_state_dir();

		k->state_dir = path_join(dir, "connector");
		free(dir);
	}
	for (size_t i = 0; i < k->n_printers; i++)
		if (!is_in_fleet(c, k->printers[i].name))
			config_add_issue(c, CONFIG_ERROR, k->where,
					 "connector: there is no printer \"%s\"",
					 k->printers[i].name);
}
