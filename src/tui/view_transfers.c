/* The transfers view: uploads and commands that run, then those that ended, newest first. */
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "parts.h"

struct transfers_view {
	struct view v;
	struct list list;
	uint32_t *ids;		/* of the rows */
	size_t cap;
	uint32_t on;		/* the operation under the cursor: rows move */
	size_t running;
	struct area rows;
};

static struct transfers_view *as_transfers(struct view *v)
{
	return (struct transfers_view *)v;
}

/* ---- rows ---- */

static void add_rows(struct transfers_view *s, bool ended)
{
	const struct ops *ops = s->v.tui->app->ops;
	size_t n = ops ? ops_count(ops) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct op *op = ops_at(ops, ended ? n - 1 - i : i);

		if (op->x.verb == VERB_FILES || op_ended(op) != ended)
			continue;
		s->ids = mem_grow(s->ids, s->list.n, &s->cap, sizeof(*s->ids));
		s->ids[s->list.n++] = op->id;
	}
}

static void collect(struct transfers_view *s)
{
	s->list.n = 0;
	add_rows(s, false);
	s->running = s->list.n;
	add_rows(s, true);
	for (size_t i = 0; i < s->list.n; i++)
		if (s->ids[i] == s->on)
			s->list.cursor = i;
	list_set_count(&s->list, s->list.n);
	s->on = s->list.n ? s->ids[s->list.cursor] : 0;
}

static const struct op *under_cursor(struct transfers_view *s)
{
	collect(s);
	return s->list.n ? op_get(s->v.tui->app->ops, s->on) : NULL;
}

static void draw_row(struct canvas *c, struct area row, const struct op *op, bool current)
{
	char clock[STR_SMALL] = "", what[NAME_CAP];
	time_t at = (time_t)op->submitted_at;
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(clock, sizeof(clock), "%H:%M", &tm);
	if (current)
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	if (row.w >= 60) {
		canvas_text(c, row.x + 2, row.y, 5, ROLE_DIM, clock);
		row.x += 6;
		row.w -= 6;
	}
	op_what(op, what, sizeof(what));
	draw_op(c, (struct area){ row.x + 2, row.y, row.w - 2, 1 }, op, what);
}

static void draw_rows(struct transfers_view *s, struct canvas *c, struct area a)
{
	for (int y = 0; y < a.h && s->list.top + (size_t)y < s->list.n; y++) {
		size_t i = s->list.top + (size_t)y;
		const struct op *op = op_get(s->v.tui->app->ops, s->ids[i]);
		struct area row = { a.x, a.y + y, a.w, 1 };

		if (!op)
			continue;
		draw_row(c, row, op, i == s->list.cursor);
		if (i == s->list.cursor)
			canvas_attrs(c, row, CELL_CURSOR, true);
	}
	if (!s->list.n)
		canvas_text(c, a.x + 2, a.y, a.w - 2, ROLE_DIM,
			    "nothing was sent since printop runs; U in the fleet uploads");
}

/* What the row had no room for. */
static void draw_detail(struct canvas *c, struct area a, const struct op *op)
{
	char what[NAME_CAP], how[TEXT_CAP + NAME_CAP];
	struct line l = line_of(c, a, 1);

	canvas_hline(c, a.x, a.y, a.w, op ? op->printer_name : NULL, NULL);
	if (!op)
		return;
	op_what(op, what, sizeof(what));
	line_rest(&l, ROLE_STRONG, what);
	line_add(&l, op_phase_role(op), op_phase_word(op));
	if (op->x.remote_path[0])
		line_addf(&l, ROLE_DIM, "as %s", op->x.remote_path);
	op_how(op, how, sizeof(how));
	l = line_of(c, a, 2);
	line_rest(&l, op->phase == OP_FAILED ? ROLE_BAD : ROLE_NORMAL, how);
}

static void transfers_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	static const struct hint hints[] = {
		{ NULL, ACTION_STOP_OP, "stop" },	{ "r", ACTION_N, "again" },
		{ NULL, ACTION_BACK, "back" },		{ NULL, ACTION_HELP, "help" },
		{ NULL, ACTION_LOG, "log" },
	};
	struct transfers_view *s = as_transfers(v);
	struct area body = body_area(c), detail = { 0 };
	char where[64] = "", title[80];

	(void)m;
	if (body.h >= 12) {
		detail = (struct area){ body.x, body.y + body.h - 3, body.w, 3 };
		body.h -= 3;
	}
	s->rows = body;
	s->list.rows = body.h;
	collect(s);
	str_printf(title, sizeof(title), "printop transfers: %zu run%s, %zu ended", s->running,
		   s->running == 1 ? "s" : "", s->list.n - s->running);
	frame_title(v->tui, c, title, NULL);
	draw_rows(s, c, body);
	if (detail.h)
		draw_detail(c, detail, s->list.n ? op_get(v->tui->app->ops, s->on) : NULL);
	if (s->list.n > (size_t)body.h)
		str_printf(where, sizeof(where), "%zu of %zu", s->list.cursor + 1, s->list.n);
	draw_hints(v->tui, c, SCOPE_LIST, hints, ARRAY_LEN(hints), where);
}

/* ---- keys ---- */

static void stop_one(struct transfers_view *s)
{
	const struct op *op = under_cursor(s);

	if (!op || op_ended(op))
		tui_say(s->v.tui, ROLE_NORMAL, "nothing runs there");
	else
		op_cancel(s->v.tui->app->ops, op->id);
}

static void again(struct transfers_view *s)
{
	const struct op *op = under_cursor(s);

	if (op && op_again(s->v.tui, op))
		s->on = 0;
	else
		tui_say(s->v.tui, ROLE_NORMAL,
			"only what failed or was stopped can be tried again");
}

static bool transfers_key(struct view *v, uint32_t key)
{
	if (key != 'r')
		return false;
	again(as_transfers(v));
	return true;
}

static bool transfers_action(struct view *v, enum action_id id)
{
	struct transfers_view *s = as_transfers(v);

	if (list_action(&s->list, id))
		s->on = s->list.n ? s->ids[s->list.cursor] : 0;
	else if (id == ACTION_STOP_OP)
		stop_one(s);
	else if (id == ACTION_TRANSFERS)
		return true;
	else
		return false;
	return true;
}

static void transfers_click(struct view *v, int x, int y, bool doubled)
{
	struct transfers_view *s = as_transfers(v);
	size_t i = s->list.top + (size_t)(y - s->rows.y);

	(void)x;
	(void)doubled;
	if (y < s->rows.y || y >= s->rows.y + s->rows.h || i >= s->list.n)
		return;
	s->list.cursor = i;
	s->on = s->ids[i];
}

static void transfers_close(struct view *v)
{
	free(as_transfers(v)->ids);
}

/* Operations are told by the frame; a printer's numbers are not shown here. */
static bool transfers_changed(struct view *v, uint32_t id, field_mask mask)
{
	(void)v;
	(void)id;
	(void)mask;
	return false;
}

const struct view_ops view_transfers = {
	.name = "transfers",
	.scope = SCOPE_LIST,
	.size = sizeof(struct transfers_view),
	.close = transfers_close,
	.draw = transfers_draw,
	.action = transfers_action,
	.key = transfers_key,
	.click = transfers_click,
	.changed = transfers_changed,
};
