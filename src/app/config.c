/* printers.conf: finding it, general settings, keys, hooks, and the files of printers.d beside it. */
#include "config_read.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/alert.h>
#include <printop/keys.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include <printop/theme.h>

#define SYSTEM_FILE "/etc/printop/printers.conf"
#define HOOK_TIMEOUT_S 10.0
#define HOOK_TIMEOUT_MAX_S 600.0
#define WORD_BYTES 120
#define URL_BYTES 2000

/* ---- the structure ---- */

static struct config *config_new(const char *path)
{
	struct config *c = MEM_NEW(struct config);

	c->path = mem_strdup(path);
	settings_init(&c->settings);
	connector_config_init(&c->connector);
	return c;
}

static void free_hook(struct hook *h)
{
	for (int i = 0; i < h->n_on; i++)
		free(h->on[i]);
	for (int i = 0; i < h->argc; i++)
		free(h->argv[i]);
	if (h->post)
		explicit_bzero(h->post, strlen(h->post));
	free(h->post);
	free(h->where);
}

static void free_binding(struct key_binding *k)
{
	free(k->key);
	free(k->action);
	free(k->view);
	free(k->where);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	settings_done(&c->settings);
	connector_config_done(&c->connector);
	for (size_t i = 0; i < c->n_printers; i++)
		printer_config_done(&c->printers[i]);
	for (size_t i = 0; i < c->n_keys; i++)
		free_binding(&c->keys[i]);
	for (size_t i = 0; i < c->n_hooks; i++)
		free_hook(&c->hooks[i]);
	for (size_t i = 0; i < c->n_issues; i++) {
		free(c->issues[i].where);
		free(c->issues[i].text);
	}
	free(c->printers);
	free(c->keys);
	free(c->hooks);
	free(c->issues);
	free(c->path);
	free(c);
}

void config_add_issue(struct config *c, enum config_severity s, const char *where,
		      const char *fmt, ...)
{
	struct config_issue *issue;
	char text[1024];
	va_list args;

	va_start(args, fmt);
	str_vprintf(text, sizeof(text), fmt, args);
	va_end(args);
	c->issues = mem_realloc(c->issues, c->n_issues + 1, sizeof(*c->issues));
	issue = &c->issues[c->n_issues++];
	issue->severity = s;
	issue->where = mem_strdup(where ? where : "");
	issue->text = str_clean(mem_strdup(text));
}

static const struct config_issue *first_error(const struct config *c)
{
	for (size_t i = 0; i < c->n_issues; i++)
		if (c->issues[i].severity == CONFIG_ERROR)
			return &c->issues[i];
	return NULL;
}

bool config_has_errors(const struct config *c)
{
	return first_error(c) != NULL;
}

void config_first_error(const struct config *c, struct err *e)
{
	const struct config_issue *issue = first_error(c);

	if (!issue)
		err_clear(e);
	else if (*issue->where)
		err_set(e, ERR_CONFIG, "%s: %s", issue->where, issue->text);
	else
		err_set(e, ERR_CONFIG, "%s", issue->text);
}

void config_add_printer_take(struct config *c, struct printer_config *p)
{
	c->printers = mem_realloc(c->printers, c->n_printers + 1, sizeof(*c->printers));
	c->printers[c->n_printers++] = *p;
	printer_config_init(p);
}

/* printers.d beside a main file. */
static char *printers_d(const char *path)
{
	char *dir = path_dirname(path), *folder = path_join(dir, "printers.d");

	free(dir);
	return folder;
}

/* `printop add` needs no main file: printers.d is a configuration, too. Another name was mistyped. */
static bool is_there(const char *path)
{
	char *folder = printers_d(path);
	bool there = access(path, F_OK) == 0 ||
		     (str_eq(str_basename(path), "printers.conf") && access(folder, F_OK) == 0);

	free(folder);
	return there;
}

char *config_find(const char *from_option)
{
	const char *from_env = getenv("PRINTOP_CONFIG");
	char *dir, *path;

	if (from_option)
		return mem_strdup(from_option);
	if (from_env && *from_env)
		return mem_strdup(from_env);
	dir = path_config_dir();
	path = path_join(dir, "printers.conf");
	free(dir);
	if (is_there(path))
		return path;
	free(path);
	return access(SYSTEM_FILE, F_OK) == 0 ? mem_strdup(SYSTEM_FILE) : NULL;
}

/* ---- groups with a few members: keys and hooks ---- */

struct member {
	const char *name;
	bool (*read)(const struct reader *r, const config_setting_t *s, void *into);
};

/* Reads each member of a group through its row; what has no row is reported. */
static void read_members(const struct reader *r, const config_setting_t *group,
			 const struct member *members, size_t n, void *into, const char *what)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		struct nearest near;
		size_t k = 0;

		nearest_init(&near, config_setting_name(s));
		for (; k < n && !str_eq(members[k].name, config_setting_name(s)); k++)
			nearest_try(&near, members[k].name);
		if (k < n)
			members[k].read(r, s, into);
		else
			read_unknown(r, s, &near, what);
	}
}

static bool read_key_name(const struct reader *r, const config_setting_t *s, void *into)
{
	return read_text(r, s, TEXT_LINE, WORD_BYTES, &((struct key_binding *)into)->key);
}

static bool read_key_action(const struct reader *r, const config_setting_t *s, void *into)
{
	return read_text(r, s, TEXT_LINE, WORD_BYTES, &((struct key_binding *)into)->action);
}

static bool read_key_view(const struct reader *r, const config_setting_t *s, void *into)
{
	return read_text(r, s, TEXT_LINE, WORD_BYTES, &((struct key_binding *)into)->view);
}

static void read_binding(struct reader *r, const config_setting_t *s)
{
	static const struct member members[] = {
		{ "key", read_key_name }, { "action", read_key_action }, { "view", read_key_view },
	};
	struct key_binding k = { NULL, NULL, NULL, NULL };
	struct config *c = r->config;

	if (!read_is_group(r, s))
		return;
	read_members(r, s, members, ARRAY_LEN(members), &k, "a key binding");
	if (!k.key || !k.action) {
		reader_error(r, s, "a key binding needs key and action: "
			     "{ key = \"ctrl-x\"; action = \"pause\"; }");
		free_binding(&k);
		return;
	}
	k.where = reader_where(r, s);
	c->keys = mem_realloc(c->keys, c->n_keys + 1, sizeof(*c->keys));
	c->keys[c->n_keys++] = k;
}

/* Results of actions and the program's own notes run no hooks. */
static bool event_is_known(const char *name, struct nearest *near)
{
	if (str_eq(name, "all"))
		return true;
	for (unsigned i = 0; i < EVENT_ACTION; i++) {
		const char *known = event_kind_name((enum event_kind)i);

		if (str_eq(known, name))
			return true;
		nearest_try(near, known);
	}
	return false;
}

static bool read_hook_on(const struct reader *r, const config_setting_t *s, void *into)
{
	struct hook *h = into;
	char hint[NEAREST_HINT];
	struct nearest near;

	if (!read_texts(r, s, h->on, &h->n_on, (int)ARRAY_LEN(h->on)))
		return false;
	for (int i = 0; i < h->n_on; i++) {
		nearest_init(&near, h->on[i]);
		if (!event_is_known(h->on[i], &near))
			reader_error(r, s, "there is no event '%.40s'%s", h->on[i],
				     nearest_hint(&near, hint, sizeof(hint)));
	}
	return true;
}

static bool read_hook_run(const struct reader *r, const config_setting_t *s, void *into)
{
	struct hook *h = into;

	return read_texts(r, s, h->argv, &h->argc, (int)ARRAY_LEN(h->argv) - 1);
}

static bool read_hook_post(const struct reader *r, const config_setting_t *s, void *into)
{
	struct hook *h = into;
	const char *rest;

	if (!read_text(r, s, TEXT_LINE, URL_BYTES, &h->post))
		return false;
	rest = strstr(h->post, "://");
	if ((!str_starts(h->post, "http://") && !str_starts(h->post, "https://")) || !rest[3] || rest[3] == '/')
		reader_error(r, s, "post must be an address: \"https://host/path\"");
	return true;
}

static bool read_hook_timeout(const struct reader *r, const config_setting_t *s, void *into)
{
	return read_number(r, s, 0.1, HOOK_TIMEOUT_MAX_S, &((struct hook *)into)->timeout_s);
}

static void read_hook(struct reader *r, const config_setting_t *s)
{
	static const struct member members[] = {
		{ "on", read_hook_on }, { "run", read_hook_run }, { "post", read_hook_post },
		{ "timeout", read_hook_timeout },
	};
	struct hook h = { .timeout_s = HOOK_TIMEOUT_S };
	struct config *c = r->config;

	if (!read_is_group(r, s))
		return;
	read_members(r, s, members, ARRAY_LEN(members), &h, "a hook");
	if (!h.n_on || (!h.argc && !h.post)) {
		reader_error(r, s, "a hook needs on, and run or post: "
			     "{ on = [\"failed\"]; run = [\"notify-send\", \"failed\"]; }");
		free_hook(&h);
		return;
	}
	h.where = reader_where(r, s);
	c->hooks = mem_realloc(c->hooks, c->n_hooks + 1, sizeof(*c->hooks));
	c->hooks[c->n_hooks++] = h;
}

/* ---- general settings ---- */

/* A value as text, for the one place that checks settings; NULL after reporting a wrong type. */
static char *setting_value(const struct reader *r, const config_setting_t *s, enum setting_type type)
{
	double num = 0;
	bool flag = false;

	switch (type) {
	case SETTING_BOOL:
		return read_flag(r, s, &flag) ? mem_strdup(flag ? "true" : "false") : NULL;
	case SETTING_INT:
	case SETTING_NUM:
		return read_number(r, s, -HUGE_VAL, HUGE_VAL, &num) ? mem_printf("%.17g", num) : NULL;
	case SETTING_STR:
	case SETTING_CHOICE:
		break;
	}
	if (config_setting_type(s) == CONFIG_TYPE_STRING)
		return mem_strdup(config_setting_get_string(s));
	reader_error(r, s, "%s must be text in double quotes", config_setting_name(s));
	return NULL;
}

static void read_setting(const struct reader *r, const config_setting_t *s, enum setting_id id)
{
	char *text = setting_value(r, s, setting_info(id)->type);
	struct theme theme;
	char *where;
	struct err e;

	if (!text)
		return;
	where = reader_where(r, s);
	if (!settings_set(&r->config->settings, id, text, where, &e))
		reader_error(r, s, "%s", e.text);
	else if (id == SETTING_THEME && r->dir && !theme_load(text, &theme, &e))
		reader_warn(r, s, "%s", e.text);
	free(where);
	free(text);
}

/* ---- a file ---- */

static const struct section {
	const char *name;
	bool in_printers_d;
	int max;		/* elements of its list; 0: it is one group */
	void (*read)(struct reader *r, const config_setting_t *s);
} sections[] = {
	{ "printers", true, LIMIT_PRINTERS, read_printer },
	{ "printer", true, 0, read_printer },
	{ "keys", false, 500, read_binding },
	{ "hooks", false, 100, read_hook },
	{ "connector", false, 0, read_connector },
};

static void read_section(struct reader *r, const config_setting_t *s, const struct section *section)
{
	int n;

	if (!section->max) {
		section->read(r, s);
		return;
	}
	n = read_list(r, s);
	if (n > section->max) {
		reader_error(r, s, "%s has more than %d elements", section->name, section->max);
		n = section->max;
	}
	for (int i = 0; i < n; i++)
		section->read(r, config_setting_get_elem(s, (unsigned)i));
}

static void read_top(struct reader *r, const config_setting_t *s, bool is_main)
{
	const char *name = config_setting_name(s);
	struct nearest near;
	enum setting_id id;

	nearest_init(&near, name);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (!is_main && !sections[i].in_printers_d)
			continue;
		nearest_try(&near, sections[i].name);
		if (!str_eq(sections[i].name, name))
			continue;
		read_section(r, s, &sections[i]);
		return;
	}
	if (is_main && setting_from_name(name, &id)) {
		read_setting(r, s, id);
		return;
	}
	for (unsigned i = 0; is_main && i < SETTING_N; i++)
		nearest_try(&near, setting_info((enum setting_id)i)->name);
	read_unknown(r, s, &near, is_main ? "printers.conf" : "a file of printers.d");
}

static void read_root(struct reader *r, const config_setting_t *root, bool is_main)
{
	for (int i = 0; i < config_setting_length(root); i++)
		read_top(r, config_setting_get_elem(root, (unsigned)i), is_main);
}

static void parse(struct reader *r, const char *text, size_t len, bool is_main)
{
	config_t parsed;

	if (strlen(text) != len) {
		reader_error(r, NULL, "it has a NUL byte in it and is no configuration");
		return;
	}
	config_init(&parsed);
	if (r->dir)
		config_set_include_dir(&parsed, r->dir);
	if (config_read_string(&parsed, text)) {
		read_root(r, config_root_setting(&parsed), is_main);
	} else {
		const char *file = config_error_file(&parsed);
		char *where = mem_printf("%s:%d", file ? file : r->file, config_error_line(&parsed));

		config_add_issue(r->config, CONFIG_ERROR, where, "%s",
				 config_error_text(&parsed) ? config_error_text(&parsed) :
				 "syntax error");
		free(where);
	}
	config_destroy(&parsed);
}

static void check_mode(const struct reader *r)
{
	struct stat st;

	if (r->holds_key && stat(r->file, &st) == 0 && (st.st_mode & 077))
		reader_warn(r, NULL, "it holds a key and others can read it: chmod 600 %s", r->file);
}

static void read_file(struct config *c, const char *path, bool is_main)
{
	char *dir = path_dirname(path), *text;
	struct reader r = { c, path, dir, false };
	struct err e;
	size_t len;

	if (path_read(path, LIMIT_CONFIG_BYTES, &text, &len, &e)) {
		parse(&r, text, len, is_main);
		check_mode(&r);
		explicit_bzero(text, len);
		free(text);
	} else {
		config_add_issue(c, CONFIG_ERROR, NULL, "%s", e.text);
	}
	free(dir);
}

static int is_conf(const struct dirent *d)
{
	return d->d_name[0] != '.' && str_ends(d->d_name, ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_printers_d(struct config *c)
{
	char *folder = printers_d(c->path);
	struct dirent **names = NULL;
	int n = scandir(folder, &names, is_conf, by_bytes);

	if (n < 0 && errno != ENOENT)
		config_add_issue(c, CONFIG_ERROR, folder, "%s", strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = path_join(folder, names[i]->d_name);

		read_file(c, path, false);
		free(path);
		free(names[i]);
	}
	free(names);
	free(folder);
}

/* Values are old after three polls that brought nothing, or after the setting, whichever is later. */
static void set_stale_limits(struct config *c)
{
	double general = settings_num(&c->settings, SETTING_STALE_AFTER);
	double idle = settings_num(&c->settings, SETTING_POLL_IDLE);

	for (size_t i = 0; i < c->n_printers; i++) {
		struct printer_config *p = &c->printers[i];

		p->stale_after_s = fmax(general, 3 * (isnan(p->poll_idle_s) ? idle : p->poll_idle_s));
	}
}

static struct config *finish(struct config *c)
{
	set_stale_limits(c);
	connector_config_finish(c);
	keymap_check(c);
	return c;
}

struct config *config_load(const char *path)
{
	struct config *c = config_new(path);

	if (path) {
		if (access(path, F_OK) == 0 || !is_there(path))
			read_file(c, path, true);
		read_printers_d(c);
	}
	return finish(c);
}

struct config *config_load_original(const char *path)
{
	struct config *c = config_new(NULL);

	config_add_original(c, path);
	return finish(c);
}

/* libconfig 1.5 has no hook for includes: one at the start of a line is all that it knows. */
static bool has_include(const char *text)
{
	for (const char *at = text; (at = strstr(at, "@include")); at++) {
		const char *before = at;

		while (before > text && (before[-1] == ' ' || before[-1] == '\t'))
			before--;
		if (before == text || before[-1] == '\n')
			return true;
	}
	return false;
}

struct config *config_load_text(const char *text, size_t len, const char *name)
{
	struct config *c = config_new(NULL);
	struct reader r = { c, name, NULL, false };
	char *copy = mem_strndup(text, len);

	if (has_include(copy))
		reader_error(&r, NULL, "@include needs a file");
	else
		parse(&r, copy, len, true);
	free(copy);
	return finish(c);
}
