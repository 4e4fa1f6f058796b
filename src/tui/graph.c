/* The temperature graph: lines in braille, half blocks or ASCII, with scale, targets and times. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <printop/history.h>
#include <printop/mem.h>
#include <printop/setting.h>
#include <printop/str.h>
#include "parts.h"

#define LINES 4			/* heaters in one graph */
#define LABEL_W 4		/* "260 " and the axis */
#define TIMES_ROWS 8		/* from this height on the bottom line has times */
#define LEAST_TOP_C 50.0
#define TARGET_LINE LINES	/* owner of a cell that only a target runs through */
#define NOBODY 255

/* How many dots a cell has in each kind of drawing. */
static const struct { int x, y; } dots[] = {
	[GRAPH_BRAILLE] = { 2, 4 }, [GRAPH_BLOCK] = { 1, 2 }, [GRAPH_ASCII] = { 1, 1 },
};

struct plot {
	struct canvas *c;
	struct area a;			/* the cells that lines may go through */
	enum graph_kind kind;
	double bottom_c, top_c;
	int64_t now_ms;
	double steps_per_dot;
	int64_t first_dot;		/* of the leftmost column, counted since the clock began */
	unsigned char *mask;		/* dots of each cell */
	unsigned char *owner;		/* whose colour each cell has */
};

enum graph_kind tui_graph_kind(const struct tui *t)
{
	const char *set = settings_str(tui_settings(t), SETTING_GRAPH);

	if (t->ascii || str_eq(set, "ascii"))
		return GRAPH_ASCII;
	/* The fonts of a bare console have blocks, but no braille. */
	if (str_eq(set, "block") || (str_eq(set, "auto") && str_eq(getenv("TERM"), "linux")))
		return GRAPH_BLOCK;
	return GRAPH_BRAILLE;
}

enum role graph_role(int heater_index)
{
	return (enum role)(ROLE_GRAPH1 + heater_index % LINES);
}

/* ---- samples ---- */

typedef double sample_fn(const struct history *h, const char *heater, int steps_back,
			 int64_t now_ms);

/* The mean of what is known of one column of dots, NAN when nothing is. */
static double dot_value(const struct plot *g, const struct printer *p, const char *heater, int x,
			sample_fn *sample)
{
	int64_t now = g->now_ms / HISTORY_STEP_MS;
	int64_t from = (int64_t)floor((double)(g->first_dot + x) * g->steps_per_dot);
	int64_t to = (int64_t)floor((double)(g->first_dot + x + 1) * g->steps_per_dot);
	double sum = 0;
	int n = 0;

	for (int64_t step = from; step < to || step == from; step++) {
		double v = step > now || now - step >= HISTORY_SAMPLES ? (double)NAN :
			sample(p->history, heater, (int)(now - step), g->now_ms);

		if (isnan(v))
			continue;
		sum += v;
		n++;
	}
	return n ? sum / n : (double)NAN;
}

static int columns_of_dots(const struct plot *g)
{
	return g->a.w * dots[g->kind].x;
}

static int shown_heaters(const struct printer *p)
{
	return p->state.n_heaters < LINES ? p->state.n_heaters : LINES;
}

/* ---- scale ---- */

static bool find_range(const struct plot *g, const struct printer *p, double *low, double *high)
{
	bool any = false;

	*low = 0;
	*high = LEAST_TOP_C;
	for (int i = 0; i < shown_heaters(p); i++) {
		const struct heater *h = &p->state.heaters[i];

		*high = fmax(*high, fmax(h->actual_c, h->target_c));
		for (int x = 0; x < columns_of_dots(g); x++) {
			double v = dot_value(g, p, h->name, x, history_actual);
			double t = dot_value(g, p, h->name, x, history_target);

			any |= !isnan(v);
			*low = fmin(*low, v);
			*high = fmax(*high, fmax(v, t));
		}
	}
	return any;
}

/* How many steps of the scale look well in so many rows. */
static int labels(int rows)
{
	int n = rows * 3 / 4;

	return n < 1 ? 1 : n > 8 ? 8 : n;
}

/* The smallest round step of which few enough fit between bottom and top. */
static double round_step(double range, int most)
{
	static const double steps[] = { 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000 };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (ceil(range / steps[i]) <= most)
			return steps[i];
	return steps[ARRAY_LEN(steps) - 1];
}

static int dot_of(const struct plot *g, double v)
{
	int last = g->a.h * dots[g->kind].y - 1;
	double y = (v - g->bottom_c) / (g->top_c - g->bottom_c) * last;

	return last - (int)lround(fmax(0, fmin(last, y)));
}

static void draw_scale(const struct plot *g, double step)
{
	int last_row = -1;

	canvas_vline(g->c, g->a.x - 1, g->a.y, g->a.h);
	for (double v = g->top_c; v > g->bottom_c - step / 2; v -= step) {
		int row = dot_of(g, v) / dots[g->kind].y;

		if (row == last_row)
			continue;
		last_row = row;
		canvas_textf(g->c, g->a.x - 1 - LABEL_W, g->a.y + row, LABEL_W, ROLE_DIM, "%4.0f",
			     v);
		canvas_put(g->c, g->a.x - 1, g->a.y + row, ROLE_BORDER,
			   canvas_glyph(g->c, GLYPH_RTEE));
	}
}

/* ---- dots ---- */

/* The bit of a dot inside its cell. */
static unsigned char dot_bit(enum graph_kind kind, int x, int y)
{
	static const unsigned char braille[4][2] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 },
	};

	return kind == GRAPH_BRAILLE ? braille[y][x] : (unsigned char)(1u << y);
}

static void set_dot(const struct plot *g, int x, int y, int owner)
{
	size_t cell = (size_t)(y / dots[g->kind].y * g->a.w + x / dots[g->kind].x);

	g->mask[cell] |= dot_bit(g->kind, x % dots[g->kind].x, y % dots[g->kind].y);
	if (owner < g->owner[cell])
		g->owner[cell] = (unsigned char)owner;
}

/* From the value before to this one: half of the way in each of the two columns. */
static void connect(const struct plot *g, int x, int before, int y, int owner)
{
	int middle = (before + y) / 2, way = y > before ? 1 : -1;

	for (int at = before; at != middle; at += way)
		set_dot(g, x - 1, at, owner);
	for (int at = middle; at != y; at += way)
		set_dot(g, x, at, owner);
	set_dot(g, x, y, owner);
}

static void plot_line(const struct plot *g, const struct printer *p, int heater)
{
	int before = -1;

	for (int x = 0; x < columns_of_dots(g); x++) {
		double v = dot_value(g, p, p->state.heaters[heater].name, x, history_actual);
		int y = isnan(v) ? -1 : dot_of(g, v);

		if (y >= 0 && before >= 0)
			connect(g, x, before, y, heater);
		else if (y >= 0)
			set_dot(g, x, y, heater);
		before = y;
	}
}

/* Dashes that stay where they are when the graph moves on. */
static bool in_dash(const struct plot *g, int x)
{
	int64_t cell = (g->first_dot + x) / dots[g->kind].x;

	return cell % 3 == 0;
}

static void plot_target(const struct plot *g, const struct printer *p, int heater)
{
	for (int x = 0; x < columns_of_dots(g); x++) {
		double t = dot_value(g, p, p->state.heaters[heater].name, x, history_target);

		if (t > 0 && in_dash(g, x))
			set_dot(g, x, dot_of(g, t), TARGET_LINE);
	}
}

/* ---- cells ---- */

static uint32_t cell_glyph(const struct plot *g, unsigned char mask, unsigned char owner)
{
	static const char ascii[LINES + 1] = { '.', '_', '~', '+', '-' };
	static const uint32_t blocks[] = { ' ', 0x2580, 0x2584, 0x2588 };

	switch (g->kind) {
	case GRAPH_BRAILLE:
		return 0x2800u + mask;
	case GRAPH_BLOCK:
		return blocks[mask & 3];
	case GRAPH_ASCII:
		return (uint32_t)ascii[owner];
	}
	return ' ';
}

static void put_cells(const struct plot *g)
{
	for (int y = 0; y < g->a.h; y++) {
		for (int x = 0; x < g->a.w; x++) {
			size_t i = (size_t)(y * g->a.w + x);
			int owner = g->owner[i];

			if (owner == NOBODY)
				continue;
			canvas_put(g->c, g->a.x + x, g->a.y + y,
				   owner == TARGET_LINE ? ROLE_TARGET : graph_role(owner),
				   cell_glyph(g, g->mask[i], g->owner[i]));
		}
	}
}

/* Behind the end of a line the first letter of its heater: colour is not the only sign. */
static void put_letters(const struct plot *g, const struct printer *p)
{
	bool taken[CANVAS_MAX_ROWS] = { false };

	for (int i = 0; i < shown_heaters(p); i++) {
		const struct heater *h = &p->state.heaters[i];
		int row;

		if (isnan(h->actual_c))
			continue;
		row = dot_of(g, h->actual_c) / dots[g->kind].y;
		if (taken[row])
			continue;
		taken[row] = true;
		canvas_put(g->c, g->a.x + g->a.w, g->a.y + row, graph_role(i), heater_letter(h));
	}
}

/* ---- times ---- */

static int minutes_between_labels(const struct plot *g, int span_s)
{
	static const int choices[] = { 1, 2, 5, 10, 30 };
	int room = g->a.w / 9;

	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (span_s / 60 / choices[i] <= room)
			return choices[i];
	return choices[ARRAY_LEN(choices) - 1];
}

/* The column of a moment ago_s seconds back; outside of the graph when it is older than that. */
static int column_of(const struct plot *g, double ago_s)
{
	double step = ((double)g->now_ms - ago_s * 1000) / HISTORY_STEP_MS;
	double dot = floor(step / g->steps_per_dot) - (double)g->first_dot;

	return (int)floor(dot / dots[g->kind].x);
}

static void draw_times(const struct plot *g, int span_s, const struct moment *m)
{
	int every_s = minutes_between_labels(g, span_s) * 60, y = g->a.y + g->a.h;
	double last = floor(m->wall_s / every_s) * every_s;

	for (double at = last; m->wall_s - at < span_s; at -= every_s) {
		int x = column_of(g, m->wall_s - at);
		time_t when = (time_t)at;
		char text[STR_SMALL];
		struct tm tm;

		if (x < 0 || x >= g->a.w || !localtime_r(&when, &tm))
			continue;
		strftime(text, sizeof(text), "%H:%M", &tm);
		canvas_put(g->c, g->a.x + x, y, ROLE_BORDER, canvas_glyph(g->c, GLYPH_TTEE));
		if (x >= 2 && x + 3 < g->a.w)
			canvas_text(g->c, g->a.x + x - 2, y + 1, 5, ROLE_DIM, text);
	}
}

static void draw_axis(const struct plot *g)
{
	int y = g->a.y + g->a.h;

	canvas_hline(g->c, g->a.x, y, g->a.w, NULL, NULL);
	canvas_put(g->c, g->a.x - 1, y, ROLE_BORDER, canvas_glyph(g->c, GLYPH_LLCORNER));
}

/* ---- the whole ---- */

/*
 * Columns of cells stand for fixed pieces of time: the picture moves on by a whole cell now and
 * then, and what is flat in it does not change on the terminal.
 */
static void set_time(struct plot *g, int span_s)
{
	double steps = (double)span_s * 1000 / HISTORY_STEP_MS;
	int per_cell = dots[g->kind].x;
	double now = (double)(g->now_ms / HISTORY_STEP_MS);
	int64_t cell;

	g->steps_per_dot = steps / columns_of_dots(g);
	cell = (int64_t)floor(now / (g->steps_per_dot * per_cell));
	g->first_dot = (cell + 1 - g->a.w) * per_cell;
}

static void plot_all(struct plot *g, const struct printer *p)
{
	size_t cells = (size_t)(g->a.w * g->a.h);

	g->mask = mem_zalloc(cells, 1);
	g->owner = mem_alloc(cells);
	memset(g->owner, NOBODY, cells);
	for (int i = 0; i < shown_heaters(p); i++) {
		plot_target(g, p, i);
		plot_line(g, p, i);
	}
	put_cells(g);
	put_letters(g, p);
	free(g->mask);
	free(g->owner);
}

void draw_graph(struct canvas *c, struct area a, const struct printer *p, int span_s,
		enum graph_kind kind,
		const struct moment *m)
{
	int times = a.h >= TIMES_ROWS, axis = a.h >= 4;
	struct plot g = { .c = c, .kind = kind, .now_ms = m->now_ms };
	double low, high, step;

	g.a = (struct area){ a.x + LABEL_W + 1, a.y, a.w - LABEL_W - 2, a.h - axis - times };
	if (g.a.w < 1 || g.a.h < 1)
		return;
	set_time(&g, span_s);
	if (!p->history || !find_range(&g, p, &low, &high)) {
		canvas_text(c, a.x + 1, a.y + a.h / 2, a.w - 1, ROLE_DIM, "no temperatures yet");
		return;
	}
	step = round_step(high - fmin(low, 0), labels(g.a.h));
	g.bottom_c = floor(low / step) * step;
	g.top_c = ceil(high / step) * step;
	draw_scale(&g, step);
	if (axis)
		draw_axis(&g);
	if (times)
		draw_times(&g, span_s, m);
	plot_all(&g, p);
}
