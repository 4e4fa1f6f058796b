/* The ":" line: words to a command, what it would do, and doing it. */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/select.h>
#include <printop/setting.h>
#include <printop/str.h>
#include "frame.h"

/* ---- words ---- */

void command_split(struct command_words *w, const char *line, size_t len)
{
	char quote = '\0', *out = w->text;

	w->n = 0;
	w->open = w->more = false;
	for (size_t i = 0; i < len && out + 1 < w->text + sizeof(w->text); i++) {
		char c = line[i];

		if (!quote && (c == ' ' || c == '\t')) {
			if (w->open)
				*out++ = '\0';
			w->open = false;
			continue;
		}
		if (!w->open) {
			w->more = w->n == COMMAND_WORDS;
			if (w->more)
				break;
			w->starts[w->n] = i;
			w->words[w->n++] = out;
			w->open = true;
		}
		if (quote && c == quote)
			quote = '\0';
		else if (!quote && (c == '\'' || c == '"'))
			quote = c;
		else if (c == '\\' && quote != '\'' && i + 1 < len)
			*out++ = line[++i];
		else
			*out++ = c;
	}
	*out = '\0';
	w->quoted = quote;
}

bool command_action(const char *word, enum action_id *ret, struct err *e)
{
	int found = 0;

	if (action_from_name(word, ret) && (action_info(*ret)->flags & A_PROMPT))
		return true;
	for (int id = 0; id < ACTION_N; id++) {
		const struct action *a = action_info((enum action_id)id);

		if (!(a->flags & A_PROMPT) || !str_starts(a->name, word))
			continue;
		*ret = (enum action_id)id;
		found++;
	}
	if (found == 1)
		return true;
	return err_set(e, ERR_USAGE,
		       found ? "\"%s\" could be several commands" :
			       "no command \"%s\"; ? lists them",
		       word);
}

/* ---- understanding ---- */

void command_done(struct command *c)
{
	free(c->ids);
	verb_args_done(&c->args);
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i]);
	free(c->word);
	free(c->value);
}

/* The chosen printers; without words those that an action key would take. */
static bool choose(struct tui *t, struct command *c, const char *const *words, size_t n,
		   struct err *e)
{
	struct selector *s;

	if (!n) {
		c->ids = mem_zalloc(LIMIT_PRINTERS, sizeof(*c->ids));
		c->n = tui_targets(t, c->ids, LIMIT_PRINTERS);
		if (c->n > LIMIT_PRINTERS)
			c->n = LIMIT_PRINTERS;
		return c->n ||
		       err_set(e, ERR_USAGE, "which printers? a name, tag:X, state:X or all");
	}
	s = selector_parse(words, n, e);
	if (!s)
		return false;
	c->ids = selector_ids(s, t->app->fleet, &c->n, e);
	selector_free(s);
	return c->ids;
}

static bool take_option(struct command *c, const struct command_words *w, size_t *i,
			const char **select, size_t *n_select, struct err *e)
{
	const char *option = w->words[*i];
	char **string = NULL;

	if (str_eq(option, "--start")) {
		c->args.start = true;
		return true;
	}
	if (*i + 1 >= w->n)
		return err_set(e, ERR_USAGE, "%s needs a word behind it", option);
	if (str_eq(option, "--folder"))
		string = &c->args.folder;
	else if (str_eq(option, "--name"))
		string = &c->args.name;
	else if (!str_eq(option, "-t"))
		return err_set(e, ERR_USAGE, "no option %s here: -t, --start, --folder, --name",
			       option);
	(*i)++;
	if (string) {
		free(*string);
		*string = mem_strdup(w->words[*i]);
	} else {
		select[(*n_select)++] = w->words[*i];
	}
	return true;
}

/* upload FILE... -t SELECTOR, start FILE -t SELECTOR */
static bool parse_files(struct tui *t, struct command *c, const struct command_words *w,
			struct err *e)
{
	const char *select[COMMAND_WORDS];
	size_t n_select = 0;

	for (size_t i = 1; i < w->n; i++) {
		if (w->words[i][0] != '-')
			c->files[c->n_files++] = c->action == ACTION_UPLOAD ?
							 path_expand(w->words[i], ".") :
							 mem_strdup(w->words[i]);
		else if (!take_option(c, w, &i, select, &n_select, e))
			return false;
	}
	if (!c->n_files)
		return err_set(e, ERR_USAGE, "which file?");
	if (c->n_files > 1 && (c->action != ACTION_UPLOAD || c->args.name))
		return err_set(e, ERR_USAGE, "one file at a time here");
	return choose(t, c, select, n_select, e);
}

static bool parse_words(struct tui *t, struct command *c, const struct command_words *w,
			struct err *e)
{
	const struct action *a = action_info(c->action);

	if (c->action == ACTION_UPLOAD || c->action == ACTION_START || c->action == ACTION_DELETE)
		return parse_files(t, c, w, e);
	if (a->verb >= 0)
		return choose(t, c, (const char *const *)&w->words[1], w->n - 1, e);
	if (w->n > 1)
		c->word = mem_strdup(w->words[1]);
	if (w->n > 2)
		c->value = mem_strdup(w->words[2]);
	if (w->n > 1 && !*a->args)
		return err_set(e, ERR_USAGE, "%s takes nothing behind it", a->name);
	if (w->n > 2 && c->action != ACTION_SET && c->action != ACTION_RENAME)
		return err_set(e, ERR_USAGE, "%s takes one word", a->name);
	return true;
}

bool command_parse(struct tui *t, const char *line, struct command *ret, struct err *e)
{
	struct command_words w;

	*ret = (struct command){ .args.local_bytes = -1 };
	command_split(&w, line, strlen(line));
	if (!w.n)
		return err_set(e, ERR_USAGE, "a command, such as pause, upload or set");
	/* What is cut off could be the exceptions of "all". */
	if (w.more)
		return err_set(e, ERR_USAGE, "more than %d words", COMMAND_WORDS);
	if (w.quoted)
		return err_set(e, ERR_USAGE, "a quote is not closed");
	return command_action(w.words[0], &ret->action, e) && parse_words(t, ret, &w, e);
}

/* ---- what it would do ---- */

static void preview_verb(struct tui *t, const struct command *c, struct sbuf *b)
{
	enum verb verb = (enum verb)action_info(c->action)->verb;
	size_t may = 0;
	struct err why = { 0 };

	for (size_t i = 0; i < c->n; i++)
		may += op_allowed(t->app, c->ids[i], verb, &why);
	if (!may) {
		const struct printer *p = fleet_get(t->app->fleet, c->ids[c->n - 1]);

		sbuf_addf(b, "cannot: %s: %s", p ? p->config.name : "", why.text);
		return;
	}
	sbuf_addf(b, "would %s ", action_info(c->action)->brief);
	if (c->n_files)
		sbuf_addf(b, "%s%s %s ", str_basename(c->files[0]), c->n_files > 1 ? " ..." : "",
			  c->action == ACTION_UPLOAD ? "to" : "on");
	sbuf_addf(b, "%zu printer%s:", may, may == 1 ? "" : "s");
	for (size_t i = 0, shown = 0; i < c->n && shown < 16; i++) {
		const struct printer *p = fleet_get(t->app->fleet, c->ids[i]);

		if (p && op_allowed(t->app, p->id, verb, &why))
			sbuf_addf(b, "%s %s", shown++ ? "," : "", p->config.name);
	}
	if (may < c->n)
		sbuf_addf(b, "  (%zu left out)", c->n - may);
}

static void preview_set(const struct tui *t, const struct command *c, struct sbuf *b)
{
	enum setting_id id;
	char now[128];

	if (!c->word || !setting_from_name(c->word, &id)) {
		sbuf_adds(b, "set NAME VALUE");
		return;
	}
	sbuf_addf(b, "%s: %s (now %s)", c->word, setting_info(id)->sentence,
		  settings_text(tui_settings(t), id, now, sizeof(now)));
}

void command_preview(struct tui *t, const char *line, char *buf, size_t size)
{
	struct sbuf b = SBUF_INIT(1024);
	struct command c;
	struct err e = { 0 };
	const struct action *a;

	*buf = '\0';
	if (!*line)
		return;
	if (!command_parse(t, line, &c, &e)) {
		sbuf_adds(&b, e.text);
	} else {
		a = action_info(c.action);
		if (a->flags & A_VERB)
			preview_verb(t, &c, &b);
		else if (c.action == ACTION_SET)
			preview_set(t, &c, &b);
		else
			sbuf_addf(&b, "%s%s%s", a->sentence, *a->args ? ": " : "", a->args);
	}
	str_copy(buf, size, sbuf_str(&b));
	sbuf_done(&b);
	command_done(&c);
}

/* ---- doing it ---- */

static void set_setting(struct tui *t, enum setting_id id, const char *text)
{
	char now[128];
	struct err e;

	if (!settings_set(&t->app->config->settings, id, text, ":set", &e)) {
		tui_say(t, ROLE_BAD, "%s", e.text);
		return;
	}
	tui_say(t, ROLE_GOOD, "%s is %s now", setting_info(id)->name,
		settings_text(tui_settings(t), id, now, sizeof(now)));
	tui_settings_applied(t);
}

static void run_set(struct tui *t, const struct command *c)
{
	enum setting_id id;
	const char *near = c->word ? setting_nearest(c->word) : NULL;

	if (!c->word || !c->value)
		tui_say(t, ROLE_WARN, "set NAME VALUE");
	else if (!setting_from_name(c->word, &id))
		tui_say(t, ROLE_BAD, "no setting \"%s\"%s%s%s", c->word, near ? "; \"" : "",
			near ? near : "", near ? "\"?" : "");
	else if (id == SETTING_READ_ONLY)
		tui_say(t, ROLE_BAD, "read_only is decided when printop starts");
	else
		set_setting(t, id, c->value);
}

static void run_theme(struct tui *t, const struct command *c)
{
	struct err e;

	if (!c->word)
		menu_theme(t);
	else if (!tui_set_theme(t, c->word, &e))
		tui_say(t, ROLE_BAD, "%s", e.text);
	else
		set_setting(t, SETTING_THEME, c->word);
}

/* A name, or a beginning that only one has. */
static const struct printer *find_printer(const struct tui *t, const char *name)
{
	const struct printer *found = fleet_find(t->app->fleet, name);

	for (size_t i = 0; !found && i < fleet_count(t->app->fleet); i++)
		if (str_starts_nocase(fleet_at(t->app->fleet, i)->config.name, name))
			return fleet_at(t->app->fleet, i);
	return found;
}

static void run_printer(struct tui *t, const struct command *c)
{
	const struct printer *p = c->word ? find_printer(t, c->word) : NULL;

	if (c->word && !p) {
		tui_say(t, ROLE_BAD, "no printer \"%s\"", c->word);
		return;
	}
	if (p)
		tui_select(t, p->id);
	tui_do(t, ACTION_PRINTER);
}

/* One operation for each file and printer. */
static void run_upload(struct tui *t, struct command *c)
{
	char name[NAME_CAP];

	for (size_t i = 0; i < c->n_files; i++) {
		struct verb_args args = { 0 };
		struct stat st;

		if (stat(c->files[i], &st) < 0 || !S_ISREG(st.st_mode)) {
			tui_say(t, ROLE_BAD, "%s is no file that can be read", c->files[i]);
			return;
		}
		str_safe_name(name, sizeof(name), str_basename(c->files[i]));
		verb_args_copy(&args, &c->args);
		args.local = mem_strdup(c->files[i]);
		if (!args.name)
			args.name = mem_strdup(name);
		args.local_bytes = st.st_size;
		tui_act(t, VERB_UPLOAD, &args, c->ids, c->n);
		verb_args_done(&args);
	}
}

static void run_verb(struct tui *t, struct command *c)
{
	if (c->action == ACTION_UPLOAD) {
		run_upload(t, c);
		return;
	}
	if (c->n_files)
		c->args.file = mem_strdup(c->files[0]);
	tui_act(t, (enum verb)action_info(c->action)->verb, c->args.file ? &c->args : NULL, c->ids,
		c->n);
}

static void run(struct tui *t, struct command *c)
{
	if (action_info(c->action)->flags & A_VERB)
		run_verb(t, c);
	else if (c->action == ACTION_FILES)
		view_files_open(t, c->ids[0], NULL, 0);
	else if (c->action == ACTION_SET)
		run_set(t, c);
	else if (c->action == ACTION_THEME)
		run_theme(t, c);
	else if (c->action == ACTION_PRINTER)
		run_printer(t, c);
	else if (c->action == ACTION_ADD)
		dialog_add(t, (const char *const *)&c->word, c->word != NULL);
	else if (c->action == ACTION_REMOVE)
		dialog_remove(t, c->word);
	else if (c->action == ACTION_RENAME)
		tui_rename(t, c->word, c->value);
	else if (c->action == ACTION_DISCOVER)
		view_discover_open(t, c->word);
	else if (c->action == ACTION_LIBRARY)
		view_library_open(t, c->word);
	else if (c->action == ACTION_SORT && c->word)
		set_setting(t, SETTING_SORT, c->word);
	else
		tui_do(t, c->action);
}

void tui_run_line(struct tui *t, const char *line)
{
	struct command c;
	struct err e = { 0 };

	if (!*line)
		return;
	if (command_parse(t, line, &c, &e))
		run(t, &c);
	else
		tui_say(t, ROLE_BAD, "%s", e.text);
	command_done(&c);
}
