/* The fleet view: one row a printer, those that need somebody first. */
#include "fleet_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/setting.h>
#include <printop/str.h>

#define NARROW_COLS 80
#define WIDE_COLS 110
#define FEW_COLS 50
#define AGE_TICK_MS 5000

struct fleet_view {
	struct view v;
	struct fleet_rows rows;
	struct list list;
	char filter_text[256];
	struct filter *filter;
	bool reverse;
	bool stale;		/* rows and order have to be made again */
	bool by_hand;		/* because somebody wanted others or another order */
	/* Somebody has put the cursor somewhere; before that it stays at the top. */
	bool moved;
	uint32_t placed;	/* the printer that this view put under the cursor last */
	size_t seen;		/* printers and order of the last refill */
	char order[16];
	bool ages;		/* something that was drawn gets older by itself */
	struct area rows_area;
};

static struct fleet_view *as_fleet(struct view *v)
{
	return (struct fleet_view *)v;
}

/* ---- rows and cursor ---- */

/* The printer under the cursor becomes the current one. */
static void take_cursor(struct fleet_view *f)
{
	uint32_t id = f->list.cursor < f->rows.n ? f->rows.ids[f->list.cursor] : 0;

	f->placed = id;
	if (id != f->v.tui->current)
		tui_select(f->v.tui, id);
}

/* Rows move under the cursor: it stays on its printer as long as that is shown. */
static void follow_current(struct fleet_view *f)
{
	uint32_t was = f->v.tui->current;

	f->moved |= f->v.tui->current != f->placed;
	for (size_t i = 0; f->moved && i < f->rows.n; i++) {
		if (f->rows.ids[i] == f->v.tui->current) {
			f->list.cursor = i;
			break;
		}
	}
	list_set_count(&f->list, f->rows.n);
	take_cursor(f);
	if (was && f->placed && f->placed != was && !f->by_hand)
		f->v.tui->slid_ms = tui_now_ms(f->v.tui);
	f->by_hand = false;
}

static void refill(struct fleet_view *f)
{
	struct tui *t = f->v.tui;
	const char *order = settings_str(tui_settings(t), SETTING_SORT);
	size_t n = fleet_count(t->app->fleet);

	if (!f->stale && n == f->seen && str_eq(order, f->order))
		return;
	f->by_hand |= !str_eq(order, f->order);
	fleet_rows_fill(&f->rows, t->app->fleet, f->filter, order, f->reverse, tui_now_ms(t));
	str_copy(f->order, sizeof(f->order), order);
	f->seen = n;
	f->stale = false;
}

static void set_filter(struct fleet_view *f, const char *text)
{
	str_copy(f->filter_text, sizeof(f->filter_text), text);
	filter_free(f->filter);
	f->filter = filter_new(text);
	f->stale = f->by_hand = true;
	tui_dirty(f->v.tui);
}

/* ---- drawing ---- */

static void draw_rows(struct fleet_view *f, struct canvas *c, const struct layout_columns *l,
		      struct area a, const struct moment *m)
{
	const struct fleet *fleet = f->v.tui->app->fleet;

	for (int y = 0; y < a.h && f->list.top + (size_t)y < f->rows.n; y++) {
		const struct printer *p = fleet_get(fleet, f->rows.ids[f->list.top + (size_t)y]);

		if (p)
			f->ages |= fleet_table_row(f->v.tui, c, l,
						   (struct area){ a.x, a.y + y, a.w, 1 }, p, m);
	}
	if (!f->rows.n && a.h > 0)
		canvas_text(c, a.x + 3, a.y, a.w - 3, ROLE_DIM,
			    "no printer matches the filter; Esc shows all");
}

/* The counts of the title line; several states count as one. */
static const struct {
	const char *count, *brief;
	enum role role;
} counts[] = {
	{ "print", "prt", ROLE_PRINT }, { "heat", "heat", ROLE_HEAT },
	{ "pause", "pau", ROLE_PAUSE }, { "busy", "busy", ROLE_NORMAL },
	{ "ready", "rdy", ROLE_READY }, { "done", "done", ROLE_CLEAR },
	{ "error", "err", ROLE_ERROR }, { "off", "off", ROLE_OFF },
	{ "unknown", "?", ROLE_DIM },
};

enum { FIRST_WHEN_FEW = 6 };	/* "error" */

static size_t count_of(const struct fleet *f, const char *name)
{
	size_t by_state[PRINTER_STATUS_N], n = 0;

	fleet_count_states(f, by_state);
	for (int s = 0; s < PRINTER_STATUS_N; s++)
		if (str_eq(printer_status_info((enum printer_status)s)->count, name))
			n += by_state[s];
	return n;
}

/* Draws the counts from x on, or only measures them (c NULL); the column behind them. */
static int draw_counts(const struct tui *t, struct canvas *c, int x, int end, bool brief)
{
	char text[STR_SMALL];

	for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
		/* Where not all fit, errors come first. */
		size_t i = (k + (end < FEW_COLS ? FIRST_WHEN_FEW : 0)) % ARRAY_LEN(counts);
		size_t n = count_of(t->app->fleet, counts[i].count);

		if (!n)
			continue;
		str_printf(text, sizeof(text), brief ? "%zu%s" : "%zu %s", n,
			   brief ? counts[i].brief : counts[i].count);
		if (c && x + (int)strlen(text) > end)
			break;
		if (c)
			canvas_text(c, x, 0, end - x, counts[i].role, text);
		x += (int)strlen(text) + 1;
	}
	return x - 1;
}

static void draw_title(struct tui *t, struct canvas *c)
{
	bool brief = c->cols < NARROW_COLS;
	bool named = c->cols >= FEW_COLS;
	int x = !named ? 0 : brief ? 8 : 16;
	int end = c->cols - (c->cols >= WIDE_COLS ? 11 : c->cols >= 30 ? 7 : 0);
	char text[STR_SMALL];

	if (t->app->read_only && c->cols > 60)
		end -= 11;
	frame_title(t, c, !named ? "" : brief ? "printop" : "printop fleet", NULL);
	str_printf(text, sizeof(text), "%zu:", fleet_count(t->app->fleet));
	x += canvas_text(c, x, 0, end - x, ROLE_STRONG, text) + 1;
	draw_counts(t, c, x, end, brief || draw_counts(t, NULL, x, end, false) > end);
}

static const struct printer *next_done(const struct fleet *f)
{
	const struct printer *next = NULL;

	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer *p = fleet_at(f, i);

		if (isfinite(p->ends_at) && (STATUS_BIT(p->state.status) & STATUS_ACTIVE) &&
		    (!next || p->ends_at < next->ends_at))
			next = p;
	}
	return next;
}

static size_t count_marked(const struct fleet *f)
{
	size_t n = 0;

	for (size_t i = 0; i < fleet_count(f); i++)
		n += fleet_at(f, i)->marked;
	return n;
}

static bool fleet_shows(struct view *v, uint32_t id)
{
	const struct fleet_view *f = as_fleet(v);

	for (size_t i = 0; i < f->rows.n; i++)
		if (f->rows.ids[i] == id)
			return true;
	return false;
}

/* "3 marked, 1 hidden" */
static void marked_text(struct fleet_view *f, size_t marked, char *buf, size_t size)
{
	size_t shown = 0;

	for (size_t i = 0; i < f->rows.n; i++) {
		const struct printer *p = fleet_get(f->v.tui->app->fleet, f->rows.ids[i]);

		shown += p && p->marked;
	}
	if (shown < marked)
		str_printf(buf, size, "%zu marked, %zu hidden", marked, marked - shown);
	else
		str_printf(buf, size, "%zu marked", marked);
}

static void draw_filter_line(struct fleet_view *f, struct canvas *c, struct area a,
			     const struct moment *m)
{
	struct tui *t = f->v.tui;
	const struct printer *next = next_done(t->app->fleet);
	size_t marked = count_marked(t->app->fleet);
	char text[160], clock[STR_SMALL];
	int x = a.x, gap = a.w >= WIDE_COLS ? 6 : 3;

	if (!a.h)
		return;
	x += canvas_text(c, x, a.y, a.w, ROLE_DIM, "filter: ");
	x += canvas_text(c, x, a.y, a.x + a.w - x, f->filter ? ROLE_WARN : ROLE_DIM,
			 f->filter ? f->filter_text : "none") + gap;
	str_printf(text, sizeof(text), "sort: %s%s", settings_str(tui_settings(t), SETTING_SORT),
		   f->reverse ? ", reversed" : "");
	x += canvas_text(c, x, a.y, a.x + a.w - x, ROLE_DIM, text) + gap;
	if (marked) {
		marked_text(f, marked, text, sizeof(text));
		x += canvas_text(c, x, a.y, a.x + a.w - x, ROLE_MARK, text) + gap;
	}
	if (f->rows.n > (size_t)f->list.rows) {
		str_printf(text, sizeof(text), "%zu-%zu of %zu", f->list.top + 1,
			   f->list.top + (size_t)f->list.rows, f->rows.n);
		x += canvas_text(c, x, a.y, a.x + a.w - x, ROLE_DIM, text) + gap;
	}
	if (!next)
		return;
	fleet_end_text(next->ends_at, m->wall_s, clock, sizeof(clock));
	str_printf(text, sizeof(text), "next done %s%s%s",
		   a.w >= WIDE_COLS ? next->config.name : "", a.w >= WIDE_COLS ? " " : "", clock);
	if (x + canvas_width(c, text) <= a.x + a.w)
		canvas_text_right(c, a.x, a.y, a.w, ROLE_DIM, text);
}

static int longest_name(const struct fleet_view *f, const struct canvas *c)
{
	int longest = 0;

	for (size_t i = 0; i < f->rows.n; i++) {
		const struct printer *p = fleet_get(f->v.tui->app->fleet, f->rows.ids[i]);
		int w = p ? canvas_width(c, p->config.name) : 0;

		longest = w > longest ? w : longest;
	}
	return longest;
}

static void fleet_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	struct fleet_view *f = as_fleet(v);
	struct tui *t = v->tui;
	bool sends = t->app->ops && ops_uploads_running(t->app->ops) > 0;
	struct layout_fleet l;
	struct layout_columns cols;
	const struct printer *p;

	refill(f);
	l = layout_fleet(c->cols, c->rows, f->rows.n, f->filter, sends);
	f->list.rows = l.rows.h;
	follow_current(f);
	f->ages = false;
	f->rows_area = l.rows;
	cols = layout_columns(l.rows.w, longest_name(f, c));
	p = fleet_get(t->app->fleet, t->current);
	draw_title(t, c);
	draw_filter_line(f, c, l.filter, m);
	fleet_table_header(c, &cols, l.header);
	draw_rows(f, c, &cols, l.rows, m);
	if (l.strip.h)
		fleet_strip(t, c, l.strip, p, m);
	if (l.side.w)
		fleet_side(t, c, l.side, p, m);
	frame_events(t, c, l.events);
	if (l.transfers.h)
		fleet_transfers(t, c, l.transfers);
	frame_footer(t, c, l.footer, SCOPE_FLEET);
}

/* ---- actions ---- */

static void filter_changed(void *ctx, const char *text)
{
	set_filter(ctx, text);
}

static void filter_done(void *ctx, const char *text)
{
	if (!text)
		set_filter(ctx, "");
}

static void mark_rows(struct fleet_view *f, bool invert)
{
	for (size_t i = 0; i < f->rows.n; i++) {
		struct printer *p = fleet_get(f->v.tui->app->fleet, f->rows.ids[i]);

		if (p)
			p->marked = invert ? !p->marked : true;
	}
}

static void mark_current(struct fleet_view *f)
{
	struct printer *p = fleet_get(f->v.tui->app->fleet, f->v.tui->current);

	if (p)
		p->marked = !p->marked;
	list_move(&f->list, 1);
}

static void unmark_all(const struct fleet_view *f)
{
	struct fleet *fleet = f->v.tui->app->fleet;

	for (size_t i = 0; i < fleet_count(fleet); i++)
		fleet_at(fleet, i)->marked = false;
}

static void sort_chosen(void *ctx, int i)
{
	struct fleet_view *f = ctx;
	char copy[128], *rest = copy, *word, line[160];

	str_copy(copy, sizeof(copy), setting_info(SETTING_SORT)->choices);
	for (int k = 0; (word = str_token(&rest, " ")); k++) {
		if (k != i)
			continue;
		str_printf(line, sizeof(line), "sort %s", word);
		tui_run_line(f->v.tui, line);
	}
	f->stale = true;
}

static void sort_menu(struct fleet_view *f)
{
	char copy[128], *rest = copy, *word;
	const char *items[16];
	size_t n = 0, current = 0;

	str_copy(copy, sizeof(copy), setting_info(SETTING_SORT)->choices);
	while (n < ARRAY_LEN(items) && (word = str_token(&rest, " "))) {
		if (str_eq(word, settings_str(tui_settings(f->v.tui), SETTING_SORT)))
			current = n;
		items[n++] = word;
	}
	dialog_menu(f->v.tui, "sort by", items, n, current, NULL, sort_chosen, f);
}

/* All rows that are shown match: the next one, round the end. */
static void next_match(struct fleet_view *f, bool back)
{
	size_t n = f->rows.n;

	if (!f->filter) {
		tui_say(f->v.tui, ROLE_NORMAL, "no filter is set; / sets one");
		return;
	}
	if (n)
		f->list.cursor = (f->list.cursor + (back ? n - 1 : 1)) % n;
	list_move(&f->list, 0);
}

static bool clear_filter(struct fleet_view *f)
{
	if (!f->filter)
		return false;
	set_filter(f, "");
	return true;
}

static bool move_or_mark(struct fleet_view *f, enum action_id id)
{
	if (id == ACTION_MARK)
		mark_current(f);
	else if (id == ACTION_NEXT_MATCH || id == ACTION_PREV_MATCH)
		next_match(f, id == ACTION_PREV_MATCH);
	else if (!list_action(&f->list, id))
		return false;
	f->moved = true;
	take_cursor(f);
	return true;
}

static bool fleet_action(struct view *v, enum action_id id)
{
	struct fleet_view *f = as_fleet(v);

	if (move_or_mark(f, id))
		return true;
	if (id == ACTION_BACK)
		return clear_filter(f);
	if (id == ACTION_MARK_ALL || id == ACTION_MARK_INVERT)
		mark_rows(f, id == ACTION_MARK_INVERT);
	else if (id == ACTION_UNMARK)
		unmark_all(f);
	else if (id == ACTION_OPEN)
		tui_do(v->tui, ACTION_PRINTER);
	else if (id == ACTION_FILTER)
		prompt_open(v->tui, PROMPT_FILTER, "/", f->filter_text, filter_changed, filter_done,
			    f);
	else if (id == ACTION_SORT)
		sort_menu(f);
	else if (id == ACTION_REVERSE)
		f->reverse = !f->reverse, f->stale = f->by_hand = true;
	else
		return false;
	return true;
}

static void fleet_click(struct view *v, int x, int y, bool doubled)
{
	struct fleet_view *f = as_fleet(v);
	struct area a = f->rows_area;
	size_t row = f->list.top + (size_t)(y - a.y);

	if (x < a.x || x >= a.x + a.w || y < a.y || y >= a.y + a.h || row >= f->rows.n)
		return;
	f->list.cursor = row;
	f->moved = true;
	take_cursor(f);
	if (doubled)
		tui_do(v->tui, ACTION_OPEN);
}

/* ---- life ---- */

static void fleet_open(struct view *v)
{
	as_fleet(v)->stale = true;
}

static void fleet_close(struct view *v)
{
	struct fleet_view *f = as_fleet(v);

	fleet_rows_done(&f->rows);
	filter_free(f->filter);
}

static bool fleet_heard(struct view *v, uint32_t id, field_mask mask)
{
	(void)id;
	if (!(mask & ~(FIELD_BIT(FIELD_AGE) | FIELD_BIT(FIELD_LATENCY))))
		return false;
	as_fleet(v)->stale = true;
	return true;
}

static int64_t fleet_next_tick_ms(struct view *v, const struct moment *m)
{
	(void)m;
	return as_fleet(v)->ages ? AGE_TICK_MS : -1;
}

const struct view_ops view_fleet = {
	.name = "fleet",
	.scope = SCOPE_FLEET,
	.size = sizeof(struct fleet_view),
	.open = fleet_open,
	.close = fleet_close,
	.draw = fleet_draw,
	.action = fleet_action,
	.click = fleet_click,
	.shows = fleet_shows,
	.changed = fleet_heard,
	.next_tick_ms = fleet_next_tick_ms,
};
