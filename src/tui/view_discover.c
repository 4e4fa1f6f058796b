/* Servers nearby, as they are found: ticked ones are added, those that need no key at once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/discover.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "frame.h"
#include "parts.h"

#define LISTEN_S 20.0
#define TICKS_MAX 512

struct discover_view {
	struct view v;
	struct discover *d;	/* NULL: nothing was looked for yet */
	char range[32];		/* "" none */
	bool ticked[TICKS_MAX];
	struct list list;
	struct area rows;
};

static struct discover_view *as_discover(struct view *v)
{
	return (struct discover_view *)v;
}

static void on_change(void *ctx)
{
	tui_dirty(((struct discover_view *)ctx)->v.tui);
}

/* ---- looking ---- */

static void look(struct discover_view *s, const struct discover_range *range)
{
	discover_free(s->d);
	memset(s->ticked, 0, sizeof(s->ticked));
	s->list = (struct list){ .rows = s->list.rows };
	str_copy(s->range, sizeof(s->range), range ? range->text : "");
	s->d = discover_new(s->v.tui->app, range, LISTEN_S, on_change, s);
}

/* The question lives longer than the view may: it looks for the view again. */
struct question {
	struct tui *tui;
	struct discover_range range;
};

static void range_yes(void *ctx)
{
	struct question *q = ctx;

	tui_open(q->tui, &view_discover);
	look(as_discover(tui_top(q->tui)), &q->range);
}

static void ask_range(struct tui *t, const char *text)
{
	struct question *q = MEM_NEW(struct question);
	char what[120], line[160];
	const char *lines[] = { line, "32 at once, 200 a second at most." };
	struct err e;

	q->tui = t;
	if (!discover_range_parse(text, &q->range, &e)) {
		tui_say(t, ROLE_BAD, "%s", e.text);
		free(q);
		return;
	}
	discover_range_describe(&q->range, what, sizeof(what));
	str_printf(line, sizeof(line), "This asks %s.", what);
	dialog_ask(t, ROLE_WARN, "look through a range", lines, ARRAY_LEN(lines), "Look?",
		   range_yes, free, q);
}

/* ---- adding ---- */

static const struct printer *twin_of(const struct discover_view *s, const struct discovered *x)
{
	return adopt_twin(s->v.tui->app->fleet, x->f.url);
}

/* False: it needs somebody (a key, another name), and the dialog for it. */
static bool add_now(struct discover_view *s, const struct discovered *x)
{
	const struct adopt_printer p = {
		.name = x->f.name, .url = x->f.url, .dialect = x->f.dialect};
	struct err e;
	char *path;

	if (!str_eq(x->f.in.access, "full") || !adopt_write(s->v.tui->app, &p, &path, &e))
		return false;
	free(path);
	return true;
}

static void add_ticked(struct discover_view *s)
{
	struct tui *t = s->v.tui;
	const char *urls[TICKS_MAX];
	size_t n = 0, added = 0, ticked = 0, count = s->d ? discover_count(s->d) : 0;

	for (size_t i = 0; i < count && i < TICKS_MAX; i++)
		ticked += s->ticked[i];
	if (!ticked && s->list.cursor < count)
		s->ticked[s->list.cursor] = true;
	for (size_t i = 0; i < count && i < TICKS_MAX; i++) {
		const struct discovered *x = discover_at(s->d, i);

		if (!s->ticked[i] || twin_of(s, x))
			continue;
		if (add_now(s, x))
			added++;
		else
			urls[n++] = x->f.url;
		s->ticked[i] = false;
	}
	if (added) {
		tui_reload(t);
		tui_say(t, ROLE_GOOD, "added %zu printer%s%s", added, added == 1 ? "" : "s",
			n ? "; the others want a key" : "");
	}
	if (n)
		dialog_add(t, urls, n);
	else if (!added)
		tui_say(t, ROLE_NORMAL, "nothing to add there");
}

/* ---- drawing ---- */

static void draw_row(const struct discover_view *s, struct canvas *c, struct area row, size_t i)
{
	const struct discovered *x = discover_at(s->d, i);
	const struct printer *twin = twin_of(s, x);
	const char *access = x->f.in.access[0] ? x->f.in.access : "unknown";
	bool current = i == s->list.cursor;
	char note[120];

	str_printf(note, sizeof(note), "%s%s%s", twin ? "in the fleet as " : "",
		   twin ? twin->config.name : x->f.name,
		   x->announced && row.w >= 100 ? ", announces itself" : "");
	canvas_textf(c, row.x + 2, row.y, 3, twin ? ROLE_DIM : ROLE_NORMAL, "[%c]",
		     twin	    ? '-'
		     : s->ticked[i] ? 'x'
				    : ' ');
	canvas_text(c, row.x + 6, row.y, 32, twin ? ROLE_DIM : ROLE_STRONG, x->f.url);
	canvas_text(c, row.x + 39, row.y, 10, ROLE_NORMAL, x->f.title);
	canvas_text(c, row.x + 50, row.y, 10, str_eq(access, "full") ? ROLE_GOOD : ROLE_WARN,
		    access);
	canvas_text(c, row.x + 61, row.y, row.w - 61, twin ? ROLE_DIM : ROLE_NORMAL, note);
	if (current) {
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
		canvas_attrs(c, row, CELL_CURSOR, true);
	}
}

static void draw_info(const struct discover_view *s, struct canvas *c, struct area a)
{
	struct line l = line_of(c, a, 0);
	double done = s->d ? discover_progress(s->d) : (double)NAN;
	bool over = s->d && discover_ended(s->d);

	if (s->range[0])
		line_addf(&l, ROLE_NORMAL, "%s", s->range);
	if (!isnan(done) && !over)
		line_addf(&l, ROLE_NORMAL, "%d%%", percent_of(done));
	line_add(&l, over ? ROLE_DIM : ROLE_WARN, over ? "looked through" : "looking ...");
	if (s->d && discover_trouble(s->d)[0])
		line_rest(&l, ROLE_WARN, discover_trouble(s->d));
}

static void discover_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	static const struct hint hints[] = {
		{ "Enter", ACTION_N, "add" },		{ "SPC", ACTION_N, "tick" },
		{ NULL, ACTION_BACK, "back" },		{ "*", ACTION_N, "all" },
		{ "r", ACTION_N, "look through a range" }, { NULL, ACTION_REFRESH, "again" },
		{ NULL, ACTION_HELP, "help" },
	};
	struct discover_view *s = as_discover(v);
	struct area body = body_area(c), info = { 0, 1, c->cols, c->rows >= 6 };
	size_t n = s->d ? discover_count(s->d) : 0;
	char title[80];

	(void)m;
	body.y += info.h;
	body.h -= info.h;
	s->rows = body;
	s->list.rows = body.h;
	list_set_count(&s->list, n);
	str_printf(title, sizeof(title), "printop discover: %zu found", n);
	frame_title(v->tui, c, title, NULL);
	if (info.h)
		draw_info(s, c, info);
	for (int y = 0; y < body.h && s->list.top + (size_t)y < n; y++)
		draw_row(s, c, (struct area){body.x, body.y + y, body.w, 1},
			 s->list.top + (size_t)y);
	if (!n)
		canvas_text(c, 2, body.y, c->cols - 2, ROLE_DIM,
			    "nothing yet; r looks through a range of addresses, :add takes one "
			    "address");
	draw_hints(v->tui, c, SCOPE_LIST, hints, ARRAY_LEN(hints), "");
}

/* ---- keys ---- */

static void range_typed(void *ctx, const char *text)
{
	if (text && *text)
		ask_range(ctx, text);
}

static void tick(struct discover_view *s)
{
	size_t i = s->list.cursor;

	if (s->d && i < discover_count(s->d) && i < TICKS_MAX && !twin_of(s, discover_at(s->d, i)))
		s->ticked[i] = !s->ticked[i];
	list_move(&s->list, 1);
}

static bool discover_key(struct view *v, uint32_t key)
{
	struct discover_view *s = as_discover(v);

	if (key == ' ')
		tick(s);
	else if (key == '*')
		for (size_t i = 0; s->d && i < discover_count(s->d) && i < TICKS_MAX; i++)
			s->ticked[i] = !twin_of(s, discover_at(s->d, i));
	else if (key == 'r')
		prompt_open(v->tui, PROMPT_TEXT, "range: ", s->range, NULL, range_typed, v->tui);
	else
		return false;
	return true;
}

static bool discover_action(struct view *v, enum action_id id)
{
	struct discover_view *s = as_discover(v);

	if (list_action(&s->list, id))
		return true;
	if (id == ACTION_OPEN)
		add_ticked(s);
	else if (id == ACTION_REFRESH && s->range[0])
		ask_range(v->tui, s->range);
	else if (id == ACTION_REFRESH)
		look(s, NULL);
	else
		return false;
	return true;
}

static void discover_close(struct view *v)
{
	discover_free(as_discover(v)->d);
}

/* Only what is in the fleet already is shown of printers. */
static bool discover_changed(struct view *v, uint32_t id, field_mask mask)
{
	(void)v;
	return !id || (mask & FIELD_BIT(FIELD_NAME));
}

const struct view_ops view_discover = {
	.name = "discover",
	.scope = SCOPE_LIST,
	.size = sizeof(struct discover_view),
	.close = discover_close,
	.draw = discover_draw,
	.action = discover_action,
	.key = discover_key,
	.changed = discover_changed,
};

void view_discover_open(struct tui *t, const char *range)
{
	struct discover_view *s;

	if (range) {
		ask_range(t, range);
		return;
	}
	tui_open(t, &view_discover);
	s = as_discover(tui_top(t));
	if (!s->d && t->app->loop)
		look(s, NULL);
}
