/* Tab in the ":" line: the words that can stand where the cursor is. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/setting.h>
#include <printop/str.h>
#include "command.h"
#include "frame.h"

#define WORDS_MAX 500		/* more cannot be looked through anyway */

void complete_done(struct completion *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->words[i]);
	free(c->words);
	*c = (struct completion){ 0 };
}

static bool has_word(const struct completion *c, const char *word)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->words[i], word))
			return true;
	return false;
}

/* word + tail, when word begins with prefix and is not there yet. */
void complete_add(struct completion *c, const char *prefix, const char *word, const char *tail)
{
	char *whole;

	if (!word || c->n >= WORDS_MAX || !str_starts_nocase(word, prefix))
		return;
	whole = mem_printf("%s%s", word, tail);
	if (has_word(c, whole)) {
		free(whole);
		return;
	}
	if (!c->words)
		c->words = mem_zalloc(WORDS_MAX, sizeof(*c->words));
	c->words[c->n++] = whole;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- what can stand there ---- */

static void add_choices(struct completion *c, const char *prefix, const char *choices)
{
	char copy[256], *rest = copy, *word;

	str_copy(copy, sizeof(copy), choices);
	while ((word = str_token(&rest, " ")))
		complete_add(c, prefix, word, "");
}

static void add_printers(struct tui *t, struct completion *c, const char *prefix)
{
	for (size_t i = 0; i < fleet_count(t->app->fleet); i++)
		complete_add(c, prefix, fleet_at(t->app->fleet, i)->config.name, "");
}

static void add_tags(struct tui *t, struct completion *c, const char *prefix)
{
	for (size_t i = 0; i < fleet_count(t->app->fleet); i++) {
		const struct printer_config *p = &fleet_at(t->app->fleet, i)->config;

		for (int k = 0; k < p->n_tags; k++)
			complete_add(c, prefix, p->tags[k], "");
	}
}

static void add_groups(struct tui *t, struct completion *c, const char *prefix)
{
	for (size_t i = 0; i < fleet_count(t->app->fleet); i++)
		complete_add(c, prefix, fleet_at(t->app->fleet, i)->config.group, "");
}

/* The part of a selector word that is being typed: behind "!", "tag:" and the last comma. */
static void add_selectors(struct tui *t, struct completion *c, const char *word)
{
	const char *value = strrchr(word, ','), *colon = strchr(word, ':');

	if (*word == '!')
		word++, c->start++;
	value = value ? value + 1 : colon ? colon + 1 : word;
	c->start += (size_t)(value - word);
	if (colon && str_starts(word, "tag:")) {
		add_tags(t, c, value);
	} else if (colon && str_starts(word, "group:")) {
		add_groups(t, c, value);
	} else if (colon && str_starts(word, "model:")) {
		add_choices(c, value, "octoprint moonraker");
	} else if (colon && str_starts(word, "state:")) {
		for (int s = 0; s < PRINTER_STATUS_N; s++)
			complete_add(c, value, printer_status_info((enum printer_status)s)->name,
				     "");
	} else {
		add_printers(t, c, value);
		add_choices(c, value, "tag: state: group: model: all");
	}
}

/* Blanks in a path are kept together by a backslash. */
static void escape(char *dst, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name && n + 2 < size; name++) {
		if (strchr(" '\"\\", *name))
			dst[n++] = '\\';
		dst[n++] = *name;
	}
	dst[n] = '\0';
}

static void add_path(struct completion *c, const char *dir, const char *shown,
		     const struct dirent *entry, const char *prefix)
{
	char whole[1024], safe[2048], clean[512];
	char *path;
	struct stat st;

	str_copy(clean, sizeof(clean), entry->d_name);
	if (!str_starts(entry->d_name, prefix) || !str_eq(str_clean(clean), entry->d_name))
		return;
	if (entry->d_name[0] == '.' && prefix[0] != '.')
		return;
	path = path_join(dir, entry->d_name);
	if (stat(path, &st) == 0 &&
	    str_printf(whole, sizeof(whole), "%s%s", shown, entry->d_name)) {
		escape(safe, sizeof(safe), whole);
		complete_add(c, "", safe, S_ISDIR(st.st_mode) ? "/" : "");
	}
	free(path);
}

static void add_paths(struct completion *c, const char *word)
{
	const char *base = strrchr(word, '/');
	char shown[512];
	char *dir;
	DIR *d;

	base = base ? base + 1 : word;
	str_copy(shown,
		 (size_t)(base - word) + 1 < sizeof(shown) ? (size_t)(base - word) + 1 :
							     sizeof(shown),
		 word);
	dir = path_expand(*shown ? shown : ".", ".");
	d = opendir(dir);
	for (struct dirent *entry; d && (entry = readdir(d)); )
		add_path(c, dir, shown, entry, base);
	if (d)
		closedir(d);
	free(dir);
}

static void add_themes(struct completion *c, const char *prefix)
{
	char **names = theme_list();

	for (size_t i = 0; names && names[i]; i++)
		complete_add(c, prefix, names[i], "");
	theme_list_free(names);
}

static void add_settings(struct completion *c, const struct command_words *w, size_t at,
			 const char *word)
{
	enum setting_id id;

	if (at == 1) {
		for (int i = 0; i < SETTING_N; i++)
			complete_add(c, word, setting_info((enum setting_id)i)->name, "");
		return;
	}
	if (at != 2 || !setting_from_name(w->words[1], &id))
		return;
	if (id == SETTING_THEME)
		add_themes(c, word);
	else
		add_choices(c, word,
			    setting_info(id)->type == SETTING_BOOL ? "on off" :
								     setting_info(id)->choices);
}

/* ---- */

static void add_arguments(struct tui *t, struct completion *c, enum action_id action,
			  const struct command_words *w, size_t at, const char *word)
{
	bool behind_t = at > 1 && str_eq(w->words[at - 1], "-t");

	if (action == ACTION_UPLOAD || action == ACTION_START || action == ACTION_DELETE) {
		if (behind_t)
			add_selectors(t, c, word);
		else if (*word == '-')
			add_choices(c, word, "-t --start --folder --name");
		else if (action == ACTION_UPLOAD)
			add_paths(c, word);
	} else if (action_info(action)->verb >= 0) {
		add_selectors(t, c, word);
	} else if (action == ACTION_SET) {
		add_settings(c, w, at, word);
	} else if (at == 1 && action == ACTION_THEME) {
		add_themes(c, word);
	} else if (at == 1 && action == ACTION_SORT) {
		add_choices(c, word, setting_info(SETTING_SORT)->choices);
	} else if (at == 1 && (action == ACTION_PRINTER || action == ACTION_REMOVE || action == ACTION_RENAME)) {
		add_printers(t, c, word);
	}
}

void command_complete(struct tui *t, const char *line, size_t pos, struct completion *ret)
{
	struct command_words w;
	size_t at;
	const char *word;
	enum action_id action;
	struct err e;

	*ret = (struct completion){ 0 };
	command_split(&w, line, pos);
	at = w.open ? w.n - 1 : w.n;
	word = w.open ? w.words[at] : "";
	ret->start = w.open ? w.starts[at] : pos;
	if (at == 0) {
		for (int id = 0; id < ACTION_N; id++)
			if (action_info((enum action_id)id)->flags & A_PROMPT)
				complete_add(ret, word, action_info((enum action_id)id)->name, "");
	} else if (command_action(w.words[0], &action, &e)) {
		add_arguments(t, ret, action, &w, at, word);
	}
	if (ret->n)
		qsort(ret->words, ret->n, sizeof(*ret->words), by_name);
}
