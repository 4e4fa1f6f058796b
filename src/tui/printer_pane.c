/* The printer view's panes: heaters, motion and how the last operations went. */
#include <math.h>
#include <time.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "printer_view.h"

#define TEMP_W 7

void pane_title(struct canvas *c, struct area a, const char *title, const char *right, bool mark)
{
	canvas_hline(c, a.x, a.y, a.w, title, a.w >= 40 ? right : NULL);
	if (mark && a.w > 4) {
		canvas_put(c, a.x + 2, a.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
		canvas_recolor(c, (struct area){ a.x + 3, a.y, canvas_width(c, title), 1 },
			       ROLE_TITLE);
	}
}

/* ---- heaters ---- */

static void draw_power(struct canvas *c, int x, int y, int end, double power)
{
	int room = end - x, bar_w = room - 5 > 12 ? 12 : room - 5;
	char text[STR_SMALL];

	if (isnan(power) || room < 4)
		return;
	if (bar_w >= 5)
		canvas_bar(c, x, y, bar_w, power, ROLE_HEAT);
	else
		bar_w = -1;
	str_printf(text, sizeof(text), "%.0f%%", power * 100);
	canvas_text_right(c, x + bar_w + 1, y, 4, ROLE_NORMAL, text);
}

static void draw_heater(struct canvas *c, struct area row, const struct heater *h, int i)
{
	int name_w = row.w >= 44 ? 14 : row.w >= 24 ? 9 : row.w - TEMP_W - 1;
	int x = row.x + name_w + 1;

	canvas_text(c, row.x, row.y, name_w, i < 4 ? graph_role(i) : ROLE_NORMAL, heater_title(h));
	draw_temp(c, x, row.y, TEMP_W, h, ROLE_NORMAL);
	draw_power(c, x + TEMP_W + 1, row.y, row.x + row.w, h->power);
}

void printer_heaters(struct canvas *c, struct area a, const struct printer *p, int first, bool mark)
{
	int n = p->state.n_heaters, rows = a.h - 1;
	char right[STR_SMALL] = "now/set  power";

	if (a.h < 1)
		return;
	if (n > rows)
		str_printf(right, sizeof(right), "%d-%d of %d", first + 1,
			   first + rows < n ? first + rows : n, n);
	pane_title(c, a, "HEATERS", right, mark);
	for (int y = 0; y < rows && first + y < n; y++)
		draw_heater(c, (struct area){ a.x + 2, a.y + 1 + y, a.w - 3, 1 },
			    &p->state.heaters[first + y], first + y);
	if (!n && rows > 0)
		canvas_text(c, a.x + 2, a.y + 1, a.w - 3, ROLE_DIM, "no temperatures known");
}

/* ---- motion ---- */

static void add_axis(struct line *l, char axis, double mm, int digits)
{
	if (isnan(mm))
		line_addf(l, ROLE_DIM, "%c --", axis);
	else
		line_addf(l, ROLE_NORMAL, "%c %.*f", axis, digits, mm);
}

static void add_ratio(struct line *l, const char *name, double ratio)
{
	if (isnan(ratio))
		line_addf(l, ROLE_DIM, "%s --", name);
	else
		line_addf(l, ROLE_NORMAL, "%s %.0f%%", name, ratio * 100);
}

void printer_motion(struct canvas *c, struct area a, const struct printer *p)
{
	const struct printer_state *s = &p->state;
	struct area in = { a.x + 2, a.y + 1, a.w - 3, a.h - 1 };
	struct line l = line_of(c, in, 0);

	if (a.h < 1)
		return;
	pane_title(c, a, "MOTION", NULL, false);
	add_axis(&l, 'X', s->pos_mm[0], 1);
	add_axis(&l, 'Y', s->pos_mm[1], 1);
	add_axis(&l, 'Z', s->pos_mm[2], 2);
	if (s->homed[0])
		line_addf(&l, ROLE_NORMAL, "homed %s", s->homed);
	l = line_of(c, in, 1);
	add_ratio(&l, "speed", s->speed_factor);
	add_ratio(&l, "flow", s->flow_factor);
	add_ratio(&l, "fan", s->fan);
	l = line_of(c, in, 2);
	if (!isnan(s->z_offset_mm))
		line_addf(&l, ROLE_NORMAL, "Z-adj %+.3f", s->z_offset_mm);
	if (!isnan(s->live_velocity_mm_s))
		line_addf(&l, ROLE_NORMAL, "now %.0f mm/s", s->live_velocity_mm_s);
}

/* ---- operations ---- */

static bool is_about(const struct op *op, const struct printer *p)
{
	return op->printer_id == p->id && op->x.verb != VERB_FILES;
}

int printer_ops_count(const struct tui *t, const struct printer *p)
{
	const struct ops *ops = t->app->ops;
	int n = 0;

	for (size_t i = 0; ops && i < ops_count(ops); i++)
		n += is_about(ops_at(ops, i), p);
	return n;
}

static void op_row(struct canvas *c, struct area row, const struct op *op)
{
	char clock[STR_SMALL] = "", what[NAME_CAP], how[TEXT_CAP + NAME_CAP];
	struct line l = line_of(c, row, 0);
	time_t at = (time_t)op->submitted_at;
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(clock, sizeof(clock), "%H:%M", &tm);
	op_what(op, what, sizeof(what));
	op_how(op, how, sizeof(how));
	line_add(&l, ROLE_DIM, clock);
	if (row.w < 45 && op->phase == OP_DONE) {	/* "connected in 0.5 s" says it all */
		line_rest(&l, op_phase_role(op), how);
		return;
	}
	line_rest(&l, ROLE_NORMAL, row.w >= 45 ? what : verb_name(op->x.verb));
	line_add(&l, op_phase_role(op), op_phase_word(op));
	line_rest(&l, op->phase == OP_FAILED ? ROLE_BAD : ROLE_NORMAL, how);
}

void printer_ops(struct tui *t, struct canvas *c, struct area a, const struct printer *p, int first,
		 bool mark)
{
	const struct ops *ops = t->app->ops;
	int y = a.y + 1, skip = first;

	if (a.h < 1)
		return;
	pane_title(c, a, "ACTIONS", NULL, mark);
	for (size_t i = ops ? ops_count(ops) : 0; i > 0 && y < a.y + a.h; i--) {
		const struct op *op = ops_at(ops, i - 1);

		if (!is_about(op, p) || skip-- > 0)
			continue;
		op_row(c, (struct area){ a.x + 2, y++, a.w - 3, 1 }, op);
	}
	if (y == a.y + 1 && a.h > 1)
		canvas_text(c, a.x + 2, y, a.w - 3, ROLE_DIM, "nothing sent yet");
}
