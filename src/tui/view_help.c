/* The help: the keys that work in the view below, as they are bound, and what it is about. */
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include <printop/text.h>
#include "help_text.h"
#include "pager.h"
#include "parts.h"

#define TWO_COLUMNS 76
#define KEY_COLS 10
#define KEYS_SHOWN 3

struct help_view {
	struct view v;
	struct pager pager;
	int cols;		/* the page was made for */
	char from[32];
	enum action_scope scope;
	bool acts;		/* actions have a printer to apply to */
};

static struct help_view *as_help(struct view *v)
{
	return (struct help_view *)v;
}

/* ---- which keys ---- */

/* Actions that only some views know what to do with. */
static const struct { enum action_id id; const char *views; } limited[] = {
	{ ACTION_FILTER, "fleet files log help" },
	{ ACTION_NEXT_MATCH, "fleet files log help" },
	{ ACTION_PREV_MATCH, "fleet files log help" },
	{ ACTION_NEXT_PANE, "printer" },
	{ ACTION_PREV_PANE, "printer" },
	{ ACTION_ZOOM, "printer" },
	{ ACTION_OPEN, "fleet files log" },
	{ ACTION_STOP_OP, "transfers printer" },
};

static bool has_word(const char *words, const char *word)
{
	char copy[64], *rest = copy, *w;

	str_copy(copy, sizeof(copy), words);
	while ((w = str_token(&rest, " ")))
		if (str_eq(w, word))
			return true;
	return false;
}

static bool works_here(const struct help_view *h, enum action_id id)
{
	const struct action *a = action_info(id);

	if (a->flags & A_VERB)
		return h->acts && !h->v.tui->app->read_only;
	for (size_t i = 0; i < ARRAY_LEN(limited); i++)
		if (limited[i].id == id)
			return has_word(limited[i].views, h->from);
	return true;
}

/* "j Down ^N": the keys that do it here, the first ones. */
static void key_names(const struct help_view *h, enum action_id id, char *buf, size_t size)
{
	const struct keymap *m = h->v.tui->keymap;
	char label[STR_SMALL];
	int shown = 0;

	*buf = '\0';
	for (size_t i = 0; i < keymap_count(m) && shown < KEYS_SHOWN; i++) {
		const struct binding *b = keymap_at(m, i);
		size_t used = strlen(buf);

		if (b->action != id || keymap_find(m, h->scope, b->key) != id)
			continue;
		key_label(b->key, label, sizeof(label));
		if (shown && (int)used + 1 + text_width(label) >= KEY_COLS)
			continue;
		str_printf(buf + used, size - used, "%s%s", shown++ ? " " : "", label);
	}
}

enum group { GROUP_LOOK, GROUP_MARK, GROUP_ACT };

static enum group group_of(enum action_id id)
{
	if (action_info(id)->flags & A_VERB)
		return GROUP_ACT;
	if (id >= ACTION_MARK && id <= ACTION_UNMARK)
		return GROUP_MARK;
	return GROUP_LOOK;
}

static void add_entry(const struct help_view *h, struct md_page *p, enum action_id id, int cols)
{
	const struct action *a = action_info(id);
	char keys[64];
	char *text;

	key_names(h, id, keys, sizeof(keys));
	if (!keys[0] || !works_here(h, id))
		return;
	text = mem_printf("%s%s", a->sentence,
			  a->flags & A_ASKS_MANY ? "; asks for more than one" : "");
	page_entry(p, keys, KEY_COLS, text, cols);
	free(text);
}

static void add_group(const struct help_view *h, struct md_page *p, enum group g, const char *title,
		      int cols)
{
	size_t before = p->n + 1;

	page_add(page_line(p), ROLE_TITLE, title, 0);
	for (int id = 0; id < ACTION_N; id++)
		if (group_of((enum action_id)id) == g)
			add_entry(h, p, (enum action_id)id, cols);
	if (p->n == before)		/* nothing of this kind works here */
		page_add(page_line(p), ROLE_DIM, g == GROUP_ACT && h->v.tui->app->read_only ?
			 "read-only: no key acts" : "no key of this kind works here", 0);
	page_line(p);
}

/* ---- the page ---- */

static struct md_page *key_page(const struct help_view *h, int cols)
{
	static const char on_marked[] = "ACT  on the marked, else the current";
	static const char on_one[] = "ACT  on this printer";
	int w = cols >= TWO_COLUMNS ? cols / 2 - 1 : cols;
	struct md_page *looks = page_new(), *acts = page_new();

	add_group(h, looks, GROUP_LOOK, "LOOK  never touches a printer", w);
	add_group(h, acts, GROUP_ACT, h->scope == SCOPE_FLEET ? on_marked : on_one, w);
	if (h->scope == SCOPE_FLEET)
		add_group(h, acts, GROUP_MARK, "MARK", w);
	if (cols >= TWO_COLUMNS)
		return page_join_take(looks, acts, w + 2);
	page_append_take(looks, acts);
	return looks;
}

static void make_page(struct help_view *h, int cols)
{
	struct sbuf text = SBUF_INIT(64u << 10);
	bool own_keys = str_eq(h->from, "upload");	/* a form: letters are text there */
	struct md_page *page = own_keys ? page_new() : key_page(h, cols);

	sbuf_adds(&text, help_of_view(h->from));
	sbuf_adds(&text, help_everywhere());
	page_append_take(page, md_layout(sbuf_str(&text), cols, h->v.tui->ascii));
	sbuf_done(&text);
	pager_set_take(&h->pager, page);
	h->cols = cols;
}

/* The view below; it may be another one when an open help comes to the top again. */
static void note_origin(struct help_view *h)
{
	struct tui *t = h->v.tui;
	struct view *from = t->depth > 1 ? t->stack[t->depth - 2] : &h->v;
	uint32_t id;

	if (str_eq(h->from, from->ops->name))
		return;
	h->cols = 0;
	h->pager.top = 0;
	str_copy(h->from, sizeof(h->from), from->ops->name);
	h->scope = from->ops->scope;
	h->acts = h->scope == SCOPE_FLEET || (from->ops->targets &&
					      from->ops->targets(from, &id, 1) > 0);
}

static void help_close(struct view *v)
{
	pager_done(&as_help(v)->pager);
}

static void help_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	static const struct hint hints[] = {
		{ NULL, ACTION_BACK, "close" },		{ NULL, ACTION_DOWN, "down" },
		{ NULL, ACTION_PAGE_DOWN, "page" },	{ NULL, ACTION_FILTER, "search" },
		{ NULL, ACTION_NEXT_MATCH, "next" },
	};
	struct help_view *h = as_help(v);
	struct area body = body_area(c);
	char title[64], where[64];

	(void)m;
	note_origin(h);
	if (c->cols >= 40)
		body.x++, body.w -= 2;
	if (h->cols != body.w)
		make_page(h, body.w);
	pager_draw(&h->pager, c, body);
	pager_where(&h->pager, where, sizeof(where));
	str_printf(title, sizeof(title), "printop help: %s", h->from);
	frame_title(v->tui, c, title, c->cols >= 60 ? "only keys that work there" : NULL);
	draw_hints(v->tui, c, SCOPE_ANY, hints, ARRAY_LEN(hints), where);
}

/* ---- keys ---- */

static void search_done(void *ctx, const char *text)
{
	struct help_view *h = ctx;

	if (text && *text && !pager_search(&h->pager, text))
		tui_say(h->v.tui, ROLE_WARN, "not in this page: %s", text);
	if (!text)
		h->pager.search[0] = '\0';
}

static void next_match(struct help_view *h, bool back)
{
	if (!h->pager.search[0])
		tui_say(h->v.tui, ROLE_NORMAL, "nothing was searched for; / searches");
	else
		pager_find(&h->pager, back);
}

static bool help_action(struct view *v, enum action_id id)
{
	struct help_view *h = as_help(v);

	if (pager_action(&h->pager, id))
		return true;
	if (id == ACTION_HELP)
		tui_back(v->tui);
	else if (id == ACTION_FILTER)
		prompt_open(v->tui, PROMPT_TEXT, "/", h->pager.search, NULL, search_done, h);
	else if (id == ACTION_NEXT_MATCH || id == ACTION_PREV_MATCH)
		next_match(h, id == ACTION_PREV_MATCH);
	else
		return false;
	return true;
}

static bool help_changed(struct view *v, uint32_t id, field_mask mask)
{
	(void)v;
	(void)id;
	(void)mask;
	return false;
}

const struct view_ops view_help = {
	.name = "help",
	.scope = SCOPE_ANY,
	.size = sizeof(struct help_view),
	.close = help_close,
	.draw = help_draw,
	.action = help_action,
	.changed = help_changed,
};
