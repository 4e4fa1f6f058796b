/* The printer view: everything that is known of one printer, in panes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "pager.h"
#include "fleet_view.h"
#include "printer_view.h"

#define AGE_TICK_MS 5000

/* Those that can have the whole screen. */
enum pane { PANE_GRAPH, PANE_HEATERS, PANE_NOTES, PANE_OPS, PANE_N };

static const int spans_s[] = { 300, 600, 1200 };

struct printer_view {
	struct view v;
	enum pane focus;
	bool zoomed;
	int span;			/* index of spans_s */
	int first_heater, first_op;
	uint32_t shown;			/* printer that the above is about */
	struct pager notes;
	char *notes_text;		/* what the page was made from, and for so many columns */
	int notes_cols;
	bool ages;			/* what was drawn gets older by itself */
	struct area panes[PANE_N];	/* where they are, h 0: not shown */
};

static struct printer_view *as_printer(struct view *v)
{
	return (struct printer_view *)v;
}

static const struct printer *printer_of(const struct printer_view *w)
{
	return fleet_get(w->v.tui->app->fleet, w->v.tui->current);
}

/* ---- panes ---- */

static void draw_temperatures(struct printer_view *w, struct canvas *c, struct area a,
			      const struct printer *p, const struct moment *m, bool mark)
{
	struct tui *t = w->v.tui;
	int span_s = spans_s[w->span];
	char title[64];

	if (a.h < 1)
		return;
	str_printf(title, sizeof(title), "TEMPERATURE  %d min", span_s / 60);
	pane_title(c, a, title, NULL, mark);
	draw_graph(c, (struct area){ a.x, a.y + 1, a.w, a.h - 1 }, p, span_s, tui_graph_kind(t), m);
}

static void draw_notes(struct printer_view *w, struct canvas *c, struct area a,
		       const struct printer *p, bool mark)
{
	struct area in = { a.x + 1, a.y + 1, a.w - 2, a.h - 1 };
	char where[64];

	if (a.h < 1)
		return;
	if (in.w != w->notes_cols || !str_eq(w->notes_text, p->config.notes)) {
		free(w->notes_text);
		w->notes_text = mem_strdup(p->config.notes);
		w->notes_cols = in.w;
		pager_set_take(&w->notes,
			       md_layout(p->config.notes ? p->config.notes : "*no notes*",
					 in.w > 4 ? in.w : 4,
						    c->ascii));
	}
	pager_draw(&w->notes, c, in);
	pager_where(&w->notes, where, sizeof(where));
	pane_title(c, a, "NOTES", where, mark);
}

static void draw_pane(struct printer_view *w, struct canvas *c, enum pane pane,
		      const struct printer *p, const struct moment *m)
{
	struct area a = w->panes[pane];
	bool mark = w->focus == pane;

	switch (pane) {
	case PANE_GRAPH:
		draw_temperatures(w, c, a, p, m, mark);
		return;
	case PANE_HEATERS:
		printer_heaters(c, a, p, w->first_heater, mark);
		return;
	case PANE_NOTES:
		draw_notes(w, c, a, p, mark);
		return;
	case PANE_OPS:
		printer_ops(w->v.tui, c, a, p, w->first_op, mark);
		return;
	case PANE_N:
		return;
	}
}

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

/* How far a pane of so many rows with a title can be scrolled. */
static int last_first(int n, struct area a)
{
	return n > a.h - 1 ? n - (a.h - 1) : 0;
}

static void settle(struct printer_view *w, const struct printer *p)
{
	w->first_heater = clamp(w->first_heater, 0,
				last_first(p->state.n_heaters, w->panes[PANE_HEATERS]));
	w->first_op = clamp(w->first_op, 0,
			    last_first(printer_ops_count(w->v.tui, p), w->panes[PANE_OPS]));
	for (int i = 0; i < PANE_N && w->panes[w->focus].h < 1; i++)
		w->focus = (w->focus + 1) % PANE_N;
}

static void place(struct printer_view *w, const struct layout_printer *l, const struct canvas *c)
{
	struct area whole = { 0, 1, c->cols, c->rows - 1 - l->footer.h };

	w->panes[PANE_GRAPH] = l->graph;
	w->panes[PANE_HEATERS] = l->heaters;
	w->panes[PANE_NOTES] = l->notes;
	w->panes[PANE_OPS] = l->ops;
	if (!w->zoomed)
		return;
	for (int i = 0; i < PANE_N; i++)
		w->panes[i].h = 0;
	w->panes[w->focus] = whole;
}

/* Where two columns meet there is a line between them. */
static void draw_divider(struct canvas *c, const struct layout_printer *l)
{
	int x = l->heaters.x, top = l->job.x > 0 ? l->job.y : l->heaters.y;
	int bottom = l->events.h ? l->events.y : l->footer.h ? l->footer.y : c->rows;

	if (x < 1)
		return;
	canvas_vline(c, x, top, bottom - top);
}

/* What is not fresh is dim, but not a reason in the place of the job. */
static void dim_old(struct canvas *c, const struct layout_printer *l, bool job)
{
	const struct area parts[] = { l->job, l->graph, l->heaters, l->motion };

	for (size_t i = job ? 0 : 1; i < ARRAY_LEN(parts); i++) {
		int title = i > 0 || parts[i].x > 0;	/* titles stay */

		canvas_recolor(c, (struct area){ parts[i].x + (parts[i].x > 0), parts[i].y + title,
			parts[i].w - (parts[i].x > 0), parts[i].h - title }, ROLE_STALE);
	}
}

static void draw_all(struct printer_view *w, struct canvas *c, const struct layout_printer *l,
		     const struct printer *p, const struct moment *m)
{
	if (!w->zoomed) {
		draw_divider(c, l);
		printer_job(w->v.tui, c, l->job, p, m);
		printer_motion(c, l->motion, p);
	}
	for (int i = 0; i < PANE_N; i++)
		draw_pane(w, c, (enum pane)i, p, m);
	if (w->ages && !w->zoomed)
		dim_old(c, l, fleet_has_numbers(p));
	if (!w->zoomed)
		frame_events(w->v.tui, c, l->events);
}

static void printer_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	struct printer_view *w = as_printer(v);
	const struct printer *p = printer_of(w);
	struct layout_printer l;

	if (!p) {
		frame_title(v->tui, c, "this printer is gone", NULL);
		return;
	}
	if (w->shown != p->id) {
		w->first_heater = w->first_op = w->notes.top = 0;
		w->shown = p->id;
	}
	l = layout_printer(c->cols, c->rows, p->state.n_heaters, p->config.notes != NULL);
	place(w, &l, c);
	settle(w, p);
	w->ages = printer_stale(p, m->now_ms);
	printer_title(v->tui, c, p, m);
	draw_all(w, c, &l, p, m);
	frame_footer(v->tui, c, l.footer, SCOPE_PRINTER);
}

/* ---- keys ---- */

static void next_pane(struct printer_view *w, int by)
{
	for (int i = 0; i < PANE_N; i++) {
		w->focus = (enum pane)(((int)w->focus + by + PANE_N) % PANE_N);
		if (w->zoomed || w->panes[w->focus].h > 0)
			return;
	}
}

static void next_printer(struct printer_view *w, int by)
{
	const struct fleet *f = w->v.tui->app->fleet;
	size_t n = fleet_count(f), at = 0;

	if (!n)
		return;
	while (at < n && fleet_at(f, at)->id != w->v.tui->current)
		at++;
	at = (at + n + (size_t)(by < 0 ? n - 1 : 1)) % n;
	tui_select(w->v.tui, fleet_at(f, at)->id);
}

static void change_span(struct printer_view *w, int by)
{
	int span = w->span + by;

	if (span < 0 || span >= (int)ARRAY_LEN(spans_s))
		tui_say(w->v.tui, ROLE_NORMAL, "%d minutes is the %s", spans_s[w->span] / 60,
			by < 0 ? "shortest" : "longest that is kept");
	else
		w->span = span;
}

/* Movement goes to the pane with the mark; with nothing to scroll there it does nothing. */
static bool scroll(struct printer_view *w, enum action_id id)
{
	struct pager lines = { .page = NULL };
	int *first = w->focus == PANE_HEATERS ? &w->first_heater :
		w->focus == PANE_OPS ? &w->first_op : NULL;
	int page = w->panes[w->focus].h > 3 ? w->panes[w->focus].h - 2 : 1;

	if (w->focus == PANE_NOTES)
		return pager_action(&w->notes, id);
	if (!first)
		return pager_action(&lines, id);
	if (id == ACTION_DOWN || id == ACTION_PAGE_DOWN)
		*first += id == ACTION_DOWN ? 1 : page;
	else if (id == ACTION_UP || id == ACTION_PAGE_UP)
		*first -= id == ACTION_UP ? 1 : page;
	else if (id == ACTION_FIRST || id == ACTION_LAST)
		*first = id == ACTION_FIRST ? 0 : LIMIT_PRINTERS;
	else
		return false;
	return true;
}

/* The newest thing that runs on this printer. */
static void stop_one(struct printer_view *w)
{
	struct ops *ops = w->v.tui->app->ops;

	for (size_t i = ops ? ops_count(ops) : 0; i > 0; i--) {
		const struct op *op = ops_at(ops, i - 1);

		if (op->printer_id != w->v.tui->current || op_ended(op))
			continue;
		op_cancel(ops, op->id);
		return;
	}
	tui_say(w->v.tui, ROLE_NORMAL, "nothing runs on this printer");
}

static void refresh(struct printer_view *w)
{
	const struct printer *p = printer_of(w);

	if (!p || !w->v.tui->app->poller)
		return;
	poller_refresh(w->v.tui->app->poller, p->id);
	tui_say(w->v.tui, ROLE_NORMAL, "polling %s", p->config.name);
}

static bool unzoom(struct printer_view *w)
{
	bool was = w->zoomed;

	w->zoomed = false;
	return was;
}

static bool printer_action(struct view *v, enum action_id id)
{
	struct printer_view *w = as_printer(v);

	if (scroll(w, id))
		return true;
	if (id == ACTION_BACK)
		return unzoom(w);
	if (id == ACTION_NEXT_PANE || id == ACTION_PREV_PANE)
		next_pane(w, id == ACTION_NEXT_PANE ? 1 : -1);
	else if (id == ACTION_ZOOM)
		w->zoomed = !w->zoomed;
	else if (id == ACTION_NEXT_PRINTER || id == ACTION_PREV_PRINTER)
		next_printer(w, id == ACTION_NEXT_PRINTER ? 1 : -1);
	else if (id == ACTION_SPAN_MORE || id == ACTION_SPAN_LESS)
		change_span(w, id == ACTION_SPAN_MORE ? 1 : -1);
	else if (id == ACTION_STOP_OP)
		stop_one(w);
	else if (id == ACTION_REFRESH)
		refresh(w);
	else
		return false;
	return true;
}

static void printer_click(struct view *v, int x, int y, bool doubled)
{
	struct printer_view *w = as_printer(v);

	for (int i = 0; i < PANE_N; i++) {
		struct area a = w->panes[i];

		if (x < a.x || x >= a.x + a.w || y < a.y || y >= a.y + a.h)
			continue;
		w->focus = (enum pane)i;
		if (doubled)
			w->zoomed = !w->zoomed;
	}
}

/* ---- life ---- */

static void printer_open(struct view *v)
{
	as_printer(v)->span = (int)ARRAY_LEN(spans_s) - 1;
}

static void printer_close(struct view *v)
{
	struct printer_view *w = as_printer(v);

	pager_done(&w->notes);
	free(w->notes_text);
}

static size_t printer_targets(struct view *v, uint32_t *ret, size_t max)
{
	const struct printer *p = printer_of(as_printer(v));

	if (p && max)
		ret[0] = p->id;
	return p != NULL;
}

static bool printer_heard(struct view *v, uint32_t id, field_mask mask)
{
	return (!id || id == v->tui->current) && (mask & ~FIELD_BIT(FIELD_LATENCY));
}

static int64_t printer_next_tick_ms(struct view *v, const struct moment *m)
{
	(void)m;
	return as_printer(v)->ages ? AGE_TICK_MS : -1;
}

const struct view_ops view_printer = {
	.name = "printer",
	.scope = SCOPE_PRINTER,
	.size = sizeof(struct printer_view),
	.open = printer_open,
	.close = printer_close,
	.draw = printer_draw,
	.action = printer_action,
	.click = printer_click,
	.targets = printer_targets,
	.changed = printer_heard,
	.next_tick_ms = printer_next_tick_ms,
};
