/*
 * The line at the bottom where people type: commands, filters, names; with completion, recall and a
 * live hint.
 */
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "frame.h"

struct prompt {
	enum prompt_kind kind;
	char *label;
	struct edit edit;
	/* The line above: what would happen, or what could be typed. */
	char hint[512];
	/* Index in the recall list; its count: the line being typed. */
	size_t recalled;
	char typed[sizeof(((struct edit *)0)->text)];
	void (*changed)(void *ctx, const char *text);
	void (*done)(void *ctx, const char *text);
	void *ctx;
};

static void prompt_free(struct prompt *p)
{
	if (!p)
		return;
	free(p->label);
	free(p);
}

static void update_hint(struct tui *t, struct prompt *p)
{
	p->hint[0] = '\0';
	if (p->kind == PROMPT_COMMAND)
		command_preview(t, p->edit.text, p->hint, sizeof(p->hint));
}

static void text_changed(struct tui *t, struct prompt *p)
{
	update_hint(t, p);
	if (p->changed)
		p->changed(p->ctx, p->edit.text);
}

void prompt_open(struct tui *t, enum prompt_kind kind, const char *label, const char *initial,
		 void (*changed)(void *ctx, const char *text),
		 void (*done)(void *ctx, const char *text), void *ctx)
{
	struct prompt *p = MEM_NEW(struct prompt);

	p->kind = kind;
	p->label = mem_strdup(label);
	edit_set(&p->edit, initial);
	p->recalled = recall_count(t->p->recall);
	p->changed = changed;
	p->done = done;
	p->ctx = ctx;
	prompt_free(t->p->prompt);
	t->p->prompt = p;
	update_hint(t, p);
	tui_dirty(t);
}

/* The prompt is gone before done() is called: that may open the next one, or a dialog. */
static void finish(struct tui *t, bool taken)
{
	struct prompt *p = t->p->prompt;

	t->p->prompt = NULL;
	if (taken && p->kind == PROMPT_COMMAND)
		recall_add(t->p->recall, p->edit.text);
	p->done(p->ctx, taken ? p->edit.text : NULL);
	prompt_free(p);
}

void prompt_cancel(struct tui *t)
{
	if (t->p->prompt)
		finish(t, false);
}

static void recall_line(struct tui *t, struct prompt *p, bool older)
{
	size_t n = recall_count(t->p->recall);

	if (p->kind != PROMPT_COMMAND || (older ? p->recalled == 0 : p->recalled >= n))
		return;
	if (p->recalled == n)
		str_copy(p->typed, sizeof(p->typed), p->edit.text);
	p->recalled = older ? p->recalled - 1 : p->recalled + 1;
	edit_set(&p->edit, p->recalled == n ? p->typed : recall_at(t->p->recall, p->recalled));
	text_changed(t, p);
}

/* ---- completion ---- */

static void complete_names(struct tui *t, struct completion *c, const char *prefix)
{
	for (size_t i = 0; i < fleet_count(t->app->fleet); i++)
		complete_add(c, prefix, fleet_at(t->app->fleet, i)->config.name, "");
}

/* Bytes that all words have in common, whatever their case. */
static size_t common_bytes(const struct completion *c)
{
	size_t n = strlen(c->words[0]);

	for (size_t i = 1; i < c->n; i++) {
		size_t same = 0;

		while (same < n && c->words[i][same] == c->words[0][same])
			same++;
		n = same;
	}
	return n;
}

/* Puts the first n bytes of word where the unfinished one is. */
static void replace_word(struct edit *e, size_t start, const char *word, size_t n, bool whole)
{
	char tail[sizeof(e->text)], head[sizeof(e->text)];
	bool more = !whole || !n || strchr(":/", word[n - 1]);

	str_copy(tail, sizeof(tail), e->text + e->pos);
	str_copy(head, start + 1, e->text);
	if (!str_printf(e->text, sizeof(e->text), "%s%.*s%s", head, (int)n, word, more ? "" : " "))
		return;
	e->len = e->pos = strlen(e->text);
	if (edit_insert(e, tail))
		e->pos -= strlen(tail);
}

static void hint_words(struct prompt *p, const struct completion *c)
{
	size_t used = 0;

	p->hint[0] = '\0';
	for (size_t i = 0; i < c->n && used + 2 < sizeof(p->hint); i++) {
		str_printf(p->hint + used, sizeof(p->hint) - used, "%s%s", i ? "  " : "",
			   c->words[i]);
		used = strlen(p->hint);
	}
}

static void complete(struct tui *t, struct prompt *p)
{
	struct completion c = { 0 };
	size_t n;

	if (p->kind == PROMPT_COMMAND)
		command_complete(t, p->edit.text, p->edit.pos, &c);
	else if (p->kind == PROMPT_GOTO)
		complete_names(t, &c, p->edit.text);
	if (c.n) {
		n = common_bytes(&c);
		if (n + c.start >= p->edit.pos)
			replace_word(&p->edit, c.start, c.words[0], n,
				     c.n == 1 && p->kind == PROMPT_COMMAND);
		text_changed(t, p);
		if (c.n > 1)
			hint_words(p, &c);
	}
	complete_done(&c);
}

/* ---- keys, drawing ---- */

void prompt_key(struct tui *t, uint32_t key)
{
	struct prompt *p = t->p->prompt;

	tui_dirty(t);
	if (key == KEY_ESC || key == KEY_CTRL('c') || (key == KEY_BACKSPACE_CODE && !p->edit.len))
		finish(t, false);
	else if (key == KEY_RETURN)
		finish(t, true);
	else if (key == KEY_TAB)
		complete(t, p);
	else if (key == KEY_CODE_UP || key == KEY_CTRL('p'))
		recall_line(t, p, true);
	else if (key == KEY_CODE_DOWN || key == KEY_CTRL('n'))
		recall_line(t, p, false);
	else if (edit_key(&p->edit, key))
		text_changed(t, p);
}

void prompt_paste(struct tui *t, const char *text)
{
	if (edit_insert(&t->p->prompt->edit, text))
		text_changed(t, t->p->prompt);
}

void prompt_draw(struct tui *t, struct canvas *c)
{
	struct prompt *p = t->p->prompt;
	struct area a = { 0, c->rows - 1, c->cols - 1, 1 };

	if (p->hint[0] && c->rows >= 3) {
		canvas_fill(c, (struct area){ 0, a.y - 1, c->cols, 1 }, ROLE_DIM, ' ');
		canvas_text(c, a.x, a.y - 1, c->cols, ROLE_DIM, p->hint);
	}
	canvas_fill(c, a, ROLE_INPUT, ' ');
	edit_draw(&p->edit, c, a.x, a.y, a.w, ROLE_INPUT, p->label);
}

/* ---- the frame's own prompts and menus ---- */

static void command_done_typing(void *ctx, const char *text)
{
	if (text)
		tui_run_line(ctx, text);
}

void prompt_command(struct tui *t, const char *initial)
{
	prompt_open(t, PROMPT_COMMAND, ":", initial, NULL, command_done_typing, t);
}

struct going {
	struct tui *t;
	uint32_t from;		/* where Esc goes back to */
};

static void goto_changed(void *ctx, const char *text)
{
	struct going *g = ctx;

	for (size_t i = 0; *text && i < fleet_count(g->t->app->fleet); i++) {
		const struct printer *p = fleet_at(g->t->app->fleet, i);

		if (!str_starts_nocase(p->config.name, text))
			continue;
		tui_select(g->t, p->id);
		return;
	}
}

static void goto_done(void *ctx, const char *text)
{
	struct going *g = ctx;

	if (!text)
		tui_select(g->t, g->from);
	free(g);
}

void prompt_goto(struct tui *t)
{
	struct going *g = MEM_NEW(struct going);

	g->t = t;
	g->from = t->current;
	prompt_open(t, PROMPT_GOTO, "go to: ", "", goto_changed, goto_done, g);
}

struct theming {
	struct tui *t;
	char **names;
	char before[sizeof(((struct theme *)0)->name)];
};

static void theme_moved(void *ctx, int i)
{
	struct theming *m = ctx;
	struct err e;

	if (!tui_set_theme(m->t, m->names[i], &e))
		tui_say(m->t, ROLE_BAD, "%s", e.text);
}

static void theme_chosen(void *ctx, int i)
{
	struct theming *m = ctx;
	struct err e;
	char line[128];

	if (i >= 0) {
		str_printf(line, sizeof(line), "theme %s", m->names[i]);
		tui_run_line(m->t, line);
	} else if (!tui_set_theme(m->t, m->before, &e)) {
		theme_builtin(&m->t->theme);
	}
	theme_list_free(m->names);
	free(m);
}

void menu_theme(struct tui *t)
{
	struct theming *m = MEM_NEW(struct theming);
	size_t n = 0, current = 0;

	m->t = t;
	m->names = theme_list();
	str_copy(m->before, sizeof(m->before), settings_str(tui_settings(t), SETTING_THEME));
	while (m->names && m->names[n]) {
		if (str_eq(m->names[n], m->before))
			current = n;
		n++;
	}
	if (!n) {
		tui_say(t, ROLE_WARN, "no theme files found; the built-in one is used");
		theme_list_free(m->names);
		free(m);
		return;
	}
	dialog_menu(t, "theme", (const char *const *)m->names, n, current, theme_moved,
		    theme_chosen, m);
}
