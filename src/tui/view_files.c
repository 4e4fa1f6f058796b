/* The files view: what lies on a server, by folder or by a filter; starts a file after asking. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>
#include "files_view.h"
#include "parts.h"

struct files_view {
	struct view v;
	uint32_t printer_id;
	uint32_t *start_on;		/* printers that a start is for */
	size_t n_start;
	uint32_t op_id;			/* of the listing, 0 none */
	const struct file_list *shown;	/* belongs to that operation; NULL while it is not there */
	struct file_rows rows;
	struct list list;
	bool stale;			/* rows have to be made again */
	char folder[NAME_CAP], filter[128];
	enum file_order order;
	bool reverse;
	bool has_duration, has_filament, has_prints;	/* columns that something is known for */
	struct area area;
};

static struct files_view *as_files(struct view *v)
{
	return (struct files_view *)v;
}

/* ---- the listing ---- */

static void drop_listing(struct files_view *f)
{
	f->shown = NULL;
	f->rows.n = 0;
	list_set_count(&f->list, 0);
}

static void load(struct files_view *f)
{
	struct ops *ops = f->v.tui->app->ops;

	drop_listing(f);
	if (ops)
		f->op_id = op_submit(ops, ops_new_group(ops), f->printer_id, VERB_FILES, NULL,
				     (double)NAN);
	f->stale = true;
	tui_dirty(f->v.tui);
}

/* The operation that has the list, NULL when there is none (any more). */
static const struct op *listing_op(const struct files_view *f)
{
	const struct ops *ops = f->v.tui->app->ops;

	return ops && f->op_id ? op_get(ops, f->op_id) : NULL;
}

/* Some servers tell more of their files than others: no column of dashes. */
static void look_for_columns(struct files_view *f)
{
	f->has_duration = f->has_filament = f->has_prints = false;
	for (size_t i = 0; i < f->shown->n; i++) {
		const struct remote_file *r = &f->shown->files[i];

		f->has_duration |= !isnan(r->estimated_s);
		f->has_filament |= !isnan(r->filament_mm);
		f->has_prints |= r->prints_ok > 0 || r->prints_failed > 0;
	}
}

static void fill_rows(struct files_view *f)
{
	file_rows_fill(&f->rows, f->shown, f->folder, f->filter, f->order, f->reverse);
	look_for_columns(f);
}

static void refill(struct files_view *f)
{
	const struct op *op = listing_op(f);

	if (f->op_id && f->shown && !op) {	/* forgotten among newer ones */
		load(f);
		op = listing_op(f);
	}
	if (op && op->phase == OP_DONE && f->shown != &op->x.files) {
		f->shown = &op->x.files;
		f->stale = true;
	}
	if (f->stale && f->shown)
		fill_rows(f);
	f->stale = false;
	list_set_count(&f->list, f->rows.n);
}

void view_files_show(struct view *v, const struct file_list *l)
{
	struct files_view *f = as_files(v);

	f->op_id = 0;
	f->shown = l;
	f->stale = true;
}

/* ---- drawing ---- */

static void prints_text(const struct remote_file *r, char *buf, size_t size)
{
	*buf = '\0';
	if (r->prints_ok > 0)
		str_printf(buf, size, "ok %lldx", (long long)r->prints_ok);
	if (r->prints_failed > 0)
		str_printf(buf + strlen(buf), size - strlen(buf), "%sfailed %lldx",
			   *buf ? ", " : "", (long long)r->prints_failed);
}

/* Puts a fact into the last w columns of the row and takes them away. */
static void fact(struct canvas *c, struct area *row, int w, const char *text)
{
	row->w -= w + 1;
	canvas_text_right(c, row->x + row->w + 1, row->y, w, ROLE_NORMAL, text);
}

static void draw_facts(const struct files_view *f, struct canvas *c, struct area *row,
		       const struct remote_file *r, const struct moment *m)
{
	int w = row->w;
	char text[64];

	if (w >= 100 && f->has_prints) {
		prints_text(r, text, sizeof(text));
		fact(c, row, 20, text);
	}
	if (w >= 56) {
		str_copy(text, sizeof(text), "-");
		if (!isnan(r->modified_at))
			str_clock(text, sizeof(text), (time_t)r->modified_at, (time_t)m->wall_s);
		fact(c, row, 9, text);
	}
	if (w >= 76 && f->has_filament) {
		str_copy(text, sizeof(text), "-");
		if (!isnan(r->filament_mm))
			str_printf(text, sizeof(text), "%.1f m", r->filament_mm / 1000);
		fact(c, row, 8, text);
	}
	if (w >= 30 && f->has_duration)
		fact(c, row, 5, str_duration(text, sizeof(text), r->estimated_s));
	if (w >= 44)
		fact(c, row, 8, str_bytes(text, sizeof(text),
					  r->size_bytes < 0 ? (double)NAN : (double)r->size_bytes));
}

static void draw_row(const struct files_view *f, struct canvas *c, struct area row,
		     const struct file_row *r, bool current, const struct moment *m)
{
	const struct printer *p = fleet_get(f->v.tui->app->fleet, f->printer_id);
	bool prints = p && r->file && (STATUS_BIT(p->state.status) & STATUS_ACTIVE) &&
		str_eq(p->state.job.file, r->file->path);
	char *name = mem_strndup(r->name, r->len);
	struct area in = { row.x + 2, row.y, row.w - 2, 1 };

	if (current)
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	if (r->file)
		draw_facts(f, c, &in, r->file, m);
	if (r->is_folder)
		canvas_textf(c, in.x, in.y, in.w, ROLE_STRONG, "%s/", name);
	else if (f->filter[0])
		draw_path(c, in.x, in.y, in.w, prints ? ROLE_PRINT : ROLE_NORMAL, name);
	else
		canvas_textf(c, in.x, in.y, in.w,
			     prints ? ROLE_PRINT : r->file->unsafe_name ? ROLE_DIM : ROLE_NORMAL,
			     "%s%s%s", r->file->unsafe_name ? "? " : "", name, prints ? "  "
			     "(prints now)" : "");
	free(name);
	if (current)
		canvas_attrs(c, row, CELL_CURSOR, true);
}

/* What stands where there are no rows. */
static void draw_empty(const struct files_view *f, struct canvas *c, struct area a)
{
	const struct printer *p = fleet_get(f->v.tui->app->fleet, f->printer_id);
	const struct op *op = listing_op(f);
	const char *name = p ? p->config.name : "the printer";

	if (f->shown)
		canvas_text(c, a.x, a.y, a.w, ROLE_DIM,
			    f->filter[0] ? "no file matches; Esc shows all" : "no files");
	else if (op && op->phase == OP_FAILED)
		canvas_textf(c, a.x, a.y, a.w, ROLE_BAD, "no list: %s", op->err.text);
	else
		canvas_textf(c, a.x, a.y, a.w, ROLE_DIM, "asking %s ...", name);
}

static void draw_info(const struct files_view *f, struct canvas *c, struct area a)
{
	struct line l = line_of(c, a, 0);
	char bytes[STR_SMALL];
	size_t files = 0;

	if (!f->shown || !a.h)
		return;
	for (size_t i = 0; i < f->shown->n; i++)
		files += !f->shown->files[i].is_folder;
	line_addf(&l, ROLE_NORMAL, "%zu file%s%s", files, files == 1 ? "" : "s",
		  f->shown->cut ? ", the rest is not shown" : "");
	line_addf(&l, ROLE_DIM, "%s%s", file_order_name(f->order), f->reverse ? ", reversed" : "");
	if (!isnan(f->shown->free_bytes))
		line_addf(&l, ROLE_DIM, "%s free",
			  str_bytes(bytes, sizeof(bytes), f->shown->free_bytes));
	if (f->filter[0])
		line_addf(&l, ROLE_WARN, "filter: %s", f->filter);
}

static void draw_title(const struct files_view *f, struct canvas *c)
{
	const struct printer *p = fleet_get(f->v.tui->app->fleet, f->printer_id);
	char title[NAME_CAP + 128], several[64] = "";

	if (f->n_start > 1)
		str_printf(several, sizeof(several), "  start on %zu printers", f->n_start);
	str_printf(title, sizeof(title), "files on %s%s%s%s", p ? p->config.name : "?",
		   f->folder[0] ? "  " : "", f->folder, several);
	frame_title(f->v.tui, c, title, NULL);
}

static void files_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	static const struct hint hints[] = {
		{ NULL, ACTION_START, "start" },	{ NULL, ACTION_BACK, "back" },
		{ NULL, ACTION_FILTER, "filter" },	{ NULL, ACTION_HELP, "help" },
		{ NULL, ACTION_OPEN, "open" },		{ "s", ACTION_N, "sort" },
		{ NULL, ACTION_UPLOAD, "upload" },	{ NULL, ACTION_REFRESH, "again" },
	};
	struct files_view *f = as_files(v);
	struct area body = body_area(c), info = { 0, 1, c->cols, c->rows >= 8 };
	char where[64] = "";

	body.y += info.h;
	body.h -= info.h;
	f->area = body;
	f->list.rows = body.h;
	refill(f);
	draw_title(f, c);
	draw_info(f, c, info);
	for (int y = 0; y < body.h && f->list.top + (size_t)y < f->rows.n; y++) {
		size_t i = f->list.top + (size_t)y;

		draw_row(f, c, (struct area){ body.x, body.y + y, body.w, 1 }, &f->rows.rows[i],
			 i == f->list.cursor, m);
	}
	if (!f->rows.n)
		draw_empty(f, c, (struct area){ body.x + 2, body.y, body.w - 2, 1 });
	if (f->rows.n > (size_t)body.h)
		str_printf(where, sizeof(where), "%zu of %zu", f->list.cursor + 1, f->rows.n);
	draw_hints(v->tui, c, SCOPE_LIST, hints, ARRAY_LEN(hints), where);
}

/* ---- folders ---- */

static void go_to_top(struct files_view *f)
{
	f->stale = true;
	f->list.cursor = f->list.top = 0;
}

static bool leave_folder(struct files_view *f)
{
	char *slash = strrchr(f->folder, '/');

	if (!f->folder[0])
		return false;
	*(slash ? slash : f->folder) = '\0';
	go_to_top(f);
	return true;
}

static void enter_folder(struct files_view *f, const struct file_row *r)
{
	size_t used = strlen(f->folder);

	if (r->len == 2 && strncmp(r->name, "..", 2) == 0)
		leave_folder(f);
	else if (used + r->len + 2 < sizeof(f->folder))
		str_printf(f->folder + used, sizeof(f->folder) - used, "%s%.*s", used ? "/" : "",
			   (int)r->len, r->name);
	go_to_top(f);
}

/* ---- keys ---- */

static const struct file_row *under_cursor(struct files_view *f)
{
	refill(f);
	return f->list.cursor < f->rows.n ? &f->rows.rows[f->list.cursor] : NULL;
}

static void start(struct files_view *f, const struct file_row *r)
{
	struct verb_args args = { .local_bytes = -1 };

	if (f->v.tui->app->read_only) {
		tui_act(f->v.tui, VERB_START, NULL, NULL, 0);	/* says so */
	} else if (!r || r->is_folder) {
		tui_say(f->v.tui, ROLE_NORMAL, "choose a file");
	} else if (r->file->unsafe_name) {
		tui_say(f->v.tui, ROLE_WARN, "this name has characters that cannot be sent back");
	} else {
		args.file = r->file->path;	/* copied before tui_act() returns */
		tui_act(f->v.tui, VERB_START, &args, f->n_start ? f->start_on : &f->printer_id,
			f->n_start ? f->n_start : 1);
	}
}

static void open_row(struct files_view *f)
{
	const struct file_row *r = under_cursor(f);

	if (r && r->is_folder)
		enter_folder(f, r);
	else
		start(f, r);
}

static void set_filter(void *ctx, const char *text)
{
	struct files_view *f = ctx;

	str_copy(f->filter, sizeof(f->filter), text ? text : "");
	go_to_top(f);
	tui_dirty(f->v.tui);
}

static void filter_done(void *ctx, const char *text)
{
	if (!text)
		set_filter(ctx, "");
}

static bool clear_filter(struct files_view *f)
{
	if (!f->filter[0])
		return false;
	set_filter(f, "");
	return true;
}

static void next_row(struct files_view *f, bool back)
{
	size_t n = f->rows.n;

	if (n)
		f->list.cursor = (f->list.cursor + (back ? n - 1 : 1)) % n;
	list_move(&f->list, 0);
}

static bool files_action(struct view *v, enum action_id id)
{
	struct files_view *f = as_files(v);

	if (list_action(&f->list, id))
		return true;
	if (id == ACTION_BACK)
		return clear_filter(f);
	if (id == ACTION_OPEN)
		open_row(f);
	else if (id == ACTION_START)
		start(f, under_cursor(f));
	else if (id == ACTION_FILTER)
		prompt_open(v->tui, PROMPT_FILTER, "/", f->filter, set_filter, filter_done, f);
	else if (id == ACTION_NEXT_MATCH || id == ACTION_PREV_MATCH)
		next_row(f, id == ACTION_PREV_MATCH);
	else if (id == ACTION_REFRESH || id == ACTION_FILES)
		load(f);
	else
		return false;
	return true;
}

static bool files_key(struct view *v, uint32_t key)
{
	struct files_view *f = as_files(v);

	if (key == KEY_CODE_LEFT || key == KEY_BACKSPACE_CODE)
		return leave_folder(f);
	if (key == 's')
		f->order = (f->order + 1) % FILE_ORDER_N;
	else if (key == 'r')
		f->reverse = !f->reverse;
	else
		return false;
	go_to_top(f);
	return true;
}

static void files_click(struct view *v, int x, int y, bool doubled)
{
	struct files_view *f = as_files(v);
	size_t i = f->list.top + (size_t)(y - f->area.y);

	(void)x;
	if (y < f->area.y || y >= f->area.y + f->area.h || i >= f->rows.n)
		return;
	f->list.cursor = i;
	if (doubled)
		open_row(f);
}

/* ---- life ---- */

static size_t files_targets(struct view *v, uint32_t *ret, size_t max)
{
	const struct files_view *f = as_files(v);
	const uint32_t *ids = f->n_start ? f->start_on : &f->printer_id;
	size_t n = f->n_start ? f->n_start : 1;

	for (size_t i = 0; i < n && i < max; i++)
		ret[i] = ids[i];
	return n;
}

static void files_close(struct view *v)
{
	struct files_view *f = as_files(v);

	file_rows_done(&f->rows);
	free(f->start_on);
}

static bool files_changed(struct view *v, uint32_t id, field_mask mask)
{
	const field_mask shown = FIELD_BIT(FIELD_STATE) | FIELD_BIT(FIELD_FILE);

	return (id == as_files(v)->printer_id || !id) && (mask & shown);
}

const struct view_ops view_files = {
	.name = "files",
	.scope = SCOPE_LIST,
	.size = sizeof(struct files_view),
	.close = files_close,
	.draw = files_draw,
	.action = files_action,
	.key = files_key,
	.click = files_click,
	.targets = files_targets,
	.changed = files_changed,
};

void view_files_open(struct tui *t, uint32_t printer_id, const uint32_t *start_on, size_t n)
{
	struct files_view *f;
	bool same;

	tui_open(t, &view_files);
	f = as_files(tui_top(t));
	same = f->printer_id == printer_id;
	free(f->start_on);
	f->start_on = n ? mem_zalloc(n, sizeof(*f->start_on)) : NULL;
	f->n_start = n;
	for (size_t i = 0; i < n; i++)
		f->start_on[i] = start_on[i];
	f->printer_id = printer_id;
	if (!same) {
		f->folder[0] = f->filter[0] = '\0';
		go_to_top(f);
	}
	load(f);
}
