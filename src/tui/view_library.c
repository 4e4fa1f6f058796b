/*
 * The library: G-code files on this machine with what they say of themselves; one goes to the
 * upload form.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <printop/library.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "parts.h"

enum order { LIB_BY_NAME, LIB_BY_AGE, LIB_BY_TIME, LIB_ORDERS };

struct library_view {
	struct view v;
	struct library *library;
	size_t *shown;		/* indexes of the files that match */
	size_t cap;
	struct list list;
	char filter[128];
	enum order order;
	bool stale;
	struct area rows;
};

static struct library_view *as_library(struct view *v)
{
	return (struct library_view *)v;
}

static void on_change(void *ctx)
{
	struct library_view *s = ctx;

	s->stale = true;
	tui_dirty(s->v.tui);
}

/* ---- rows ---- */

static int compare(const void *a, const void *b, void *ctx)
{
	const struct library_view *s = ctx;
	const struct library_file *x = library_at(s->library, *(const size_t *)a),
				  *y = library_at(s->library, *(const size_t *)b);
	double p = x->facts.time_s, q = y->facts.time_s;

	if (s->order == LIB_BY_AGE)
		return (x->changed_ns < y->changed_ns) - (x->changed_ns > y->changed_ns);
	if (isnan(p) || isnan(q))
		return isnan(p) - isnan(q);
	return (p < q) - (p > q);
}

static void refill(struct library_view *s)
{
	size_t n = 0;

	if (!s->stale || !s->library)
		return;
	for (size_t i = 0; i < library_count(s->library); i++) {
		if (!library_match(library_at(s->library, i), s->filter))
			continue;
		s->shown = mem_grow(s->shown, n, &s->cap, sizeof(*s->shown));
		s->shown[n++] = i;
	}
	if (n && s->order != LIB_BY_NAME)
		qsort_r(s->shown, n, sizeof(*s->shown), compare, s);
	list_set_count(&s->list, n);
	s->stale = false;
}

static const struct library_file *under_cursor(struct library_view *s)
{
	refill(s);
	return s->list.cursor < s->list.n ? library_at(s->library, s->shown[s->list.cursor]) : NULL;
}

/* ---- drawing ---- */

struct fact_text {
	char text[STR_SMALL];
	const struct library_file *f;
	const struct moment *m;
};

static void put_num(struct fact_text *t, const char *fmt, double value)
{
	str_copy(t->text, sizeof(t->text), "-");
	if (!isnan(value))
		str_printf(t->text, sizeof(t->text), fmt, value);
}

static void put_word(struct fact_text *t, const char *word)
{
	str_copy(t->text, sizeof(t->text), *word ? word : "-");
}

static void changed_text(struct fact_text *t)
{
	str_clock(t->text, sizeof(t->text), (time_t)(t->f->changed_ns / 1000000000),
		  (time_t)t->m->wall_s);
}

static void size_text(struct fact_text *t)
{
	str_bytes(t->text, sizeof(t->text), (double)t->f->bytes);
}

static void slicer_text(struct fact_text *t)
{
	put_word(t, t->f->facts.slicer);
}

static void bed_text(struct fact_text *t)
{
	put_num(t, "%.0f", t->f->facts.bed_c);
}

static void nozzle_text(struct fact_text *t)
{
	put_num(t, "%.0f", t->f->facts.nozzle_c);
}

static void type_text(struct fact_text *t)
{
	put_word(t, t->f->facts.filament_type);
}

static void weight_text(struct fact_text *t)
{
	put_num(t, "%.0f g", t->f->facts.filament_g);
}

static void length_text(struct fact_text *t)
{
	put_num(t, "%.1f m", t->f->facts.filament_mm / 1000);
}

static void time_text(struct fact_text *t)
{
	str_duration(t->text, sizeof(t->text), t->f->facts.time_s);
}

/* From the right; each is there from so many columns on. */
static const struct column {
	int from_w, w;
	const char *title;
	void (*text)(struct fact_text *t);
} columns[] = {
	{56, 9, "CHANGED", changed_text}, {110, 8, "SIZE", size_text},
	{120, 12, "SLICER", slicer_text}, {70, 4, "BED", bed_text},
	{70, 6, "NOZZLE", nozzle_text},	  {64, 6, "TYPE", type_text},
	{78, 6, "WEIGHT", weight_text},	  {100, 7, "LENGTH", length_text},
	{30, 5, "TIME", time_text},
};

/* f NULL: the titles. Takes its columns away from the row. */
static void draw_facts(struct canvas *c, struct area *row, const struct library_file *f,
		       const struct moment *m)
{
	struct fact_text t = { .f = f, .m = m };
	int w = row->w;

	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const struct column *k = &columns[i];

		if (w < k->from_w)
			continue;
		row->w -= k->w + 1;
		if (f)
			k->text(&t);
		canvas_text_right(c, row->x + row->w + 1, row->y, k->w,
				  f ? ROLE_NORMAL : ROLE_HEADER, f ? t.text : k->title);
	}
}

static void draw_titles(struct canvas *c, struct area row)
{
	struct area in = { row.x + 2, row.y, row.w - 2, 1 };

	draw_facts(c, &in, NULL, NULL);
	canvas_text(c, in.x, in.y, in.w, ROLE_HEADER, "NAME");
}

static void draw_row(struct canvas *c, struct area row, const struct library_file *f, bool current,
		     const struct moment *m)
{
	struct area in = { row.x + 2, row.y, row.w - 2, 1 };

	draw_facts(c, &in, f, m);
	draw_path(c, in.x, in.y, in.w, f->unsafe ? ROLE_DIM : ROLE_NORMAL, f->shown);
	if (!current)
		return;
	canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	canvas_attrs(c, row, CELL_CURSOR, true);
}

static void draw_info(const struct library_view *s, struct canvas *c, struct area a)
{
	static const char *const orders[LIB_ORDERS] = {"by name", "newest first", "longest first"};
	struct line l = line_of(c, a, 0);
	size_t all = s->library ? library_count(s->library) : 0,
	       read = s->library ? library_read(s->library) : 0;

	line_addf(&l, ROLE_NORMAL, "%zu file%s", all, all == 1 ? "" : "s");
	line_add(&l, ROLE_DIM, orders[s->order]);
	if (s->library && library_busy(s->library))
		line_addf(&l, ROLE_WARN, "reading %zu of %zu", read, all);
	if (s->filter[0])
		line_addf(&l, ROLE_WARN, "filter: %s", s->filter);
	if (s->library && library_trouble(s->library)[0])
		line_rest(&l, ROLE_BAD, library_trouble(s->library));
}

static void draw_empty(const struct library_view *s, struct canvas *c, struct area a)
{
	const char *text = "no files";

	if (!s->library || !library_folders(s->library))
		text = "no folders: write library = \"~/gcode\"; into printers.conf, or :set "
		       "library ~/gcode";
	else if (s->filter[0])
		text = "no file matches; Esc shows all";
	else if (library_busy(s->library))
		text = "reading the folders ...";
	canvas_text(c, a.x + 2, a.y, a.w - 2, ROLE_DIM, text);
}

static void library_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	static const struct hint hints[] = {
		{ "Enter", ACTION_N, "send to printers" }, { NULL, ACTION_BACK, "back" },
		{ NULL, ACTION_FILTER, "filter" },	{ "s", ACTION_N, "sort" },
		{ NULL, ACTION_REFRESH, "again" },	{ NULL, ACTION_HELP, "help" },
	};
	struct library_view *s = as_library(v);
	struct area body = body_area(c), info = { 0, 1, c->cols, c->rows >= 8 };
	int titles = c->rows >= 10;
	char where[64] = "";

	body.y += info.h + titles;
	body.h -= info.h + titles;
	if (titles)
		draw_titles(c, (struct area){ body.x, body.y - 1, body.w, 1 });
	s->rows = body;
	s->list.rows = body.h;
	refill(s);
	list_set_count(&s->list, s->list.n);
	frame_title(v->tui, c, "printop library", NULL);
	if (info.h)
		draw_info(s, c, info);
	for (int y = 0; y < body.h && s->list.top + (size_t)y < s->list.n; y++) {
		size_t i = s->list.top + (size_t)y;

		draw_row(c, (struct area){body.x, body.y + y, body.w, 1},
			 library_at(s->library, s->shown[i]), i == s->list.cursor, m);
	}
	if (!s->list.n)
		draw_empty(s, c, body);
	if (s->list.n > (size_t)body.h)
		str_printf(where, sizeof(where), "%zu of %zu", s->list.cursor + 1, s->list.n);
	draw_hints(v->tui, c, SCOPE_LIST, hints, ARRAY_LEN(hints), where);
}

/* ---- keys ---- */

static void send_it(struct library_view *s)
{
	const struct library_file *f = under_cursor(s);

	if (!f)
		tui_say(s->v.tui, ROLE_NORMAL, "choose a file");
	else if (f->unsafe)
		tui_say(s->v.tui, ROLE_WARN, "this name has characters that cannot be sent");
	else
		view_upload_open_file(s->v.tui, f->path);
}

static void set_filter(void *ctx, const char *text)
{
	struct library_view *s = ctx;

	str_copy(s->filter, sizeof(s->filter), text ? text : "");
	s->list.cursor = s->list.top = 0;
	s->stale = true;
	tui_dirty(s->v.tui);
}

static void filter_done(void *ctx, const char *text)
{
	if (!text)
		set_filter(ctx, "");
}

static bool clear_filter(struct library_view *s)
{
	if (!s->filter[0])
		return false;
	set_filter(s, "");
	return true;
}

static bool library_action(struct view *v, enum action_id id)
{
	struct library_view *s = as_library(v);

	if (list_action(&s->list, id))
		return true;
	if (id == ACTION_BACK)
		return clear_filter(s);
	if (id == ACTION_OPEN || id == ACTION_UPLOAD || id == ACTION_START)
		send_it(s);
	else if (id == ACTION_FILTER)
		prompt_open(v->tui, PROMPT_FILTER, "/", s->filter, set_filter, filter_done, s);
	else if ((id == ACTION_REFRESH || id == ACTION_LIBRARY) && s->library)
		library_scan(s->library);
	else
		return false;
	return true;
}

static bool library_key(struct view *v, uint32_t key)
{
	struct library_view *s = as_library(v);

	if (key != 's')
		return false;
	s->order = (s->order + 1) % LIB_ORDERS;
	s->stale = true;
	return true;
}

static void library_click(struct view *v, int x, int y, bool doubled)
{
	struct library_view *s = as_library(v);
	size_t i = s->list.top + (size_t)(y - s->rows.y);

	(void)x;
	if (y < s->rows.y || y >= s->rows.y + s->rows.h || i >= s->list.n)
		return;
	s->list.cursor = i;
	if (doubled)
		send_it(s);
}

/* ---- life ---- */

static void library_open(struct view *v)
{
	struct library_view *s = as_library(v);

	if (!v->tui->app->loop)
		return;
	s->library = library_new(v->tui->app, on_change, s);
	library_scan(s->library);
}

static void library_close(struct view *v)
{
	struct library_view *s = as_library(v);

	library_free(s->library);
	free(s->shown);
}

static bool library_changed(struct view *v, uint32_t id, field_mask mask)
{
	(void)v;
	(void)id;
	(void)mask;
	return false;
}

const struct view_ops view_library = {
	.name = "library",
	.scope = SCOPE_LIST,
	.size = sizeof(struct library_view),
	.open = library_open,
	.close = library_close,
	.draw = library_draw,
	.action = library_action,
	.key = library_key,
	.click = library_click,
	.changed = library_changed,
};

void view_library_open(struct tui *t, const char *words)
{
	tui_open(t, &view_library);
	if (words)
		set_filter(tui_top(t), words);
}
