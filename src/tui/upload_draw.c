/* The upload form on the screen: file, printers and their fit, the twin command, transfers. */
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>
#include "dialog.h"
#include "upload_view.h"

#define LABEL_W 8
#define TRANSFER_ROWS 5
#define FREE_W 7
#define FREE_COLS 60		/* from here on there is room for the free space */

struct places {
	struct area file, facts, header, to, then, names, summary, transfers;
};

static struct area cut_top(struct area *rest, int n)
{
	struct area a = *rest;

	a.h = n < rest->h ? n : rest->h;
	rest->y += a.h;
	rest->h -= a.h;
	return a;
}

static struct area cut_low(struct area *rest, int n)
{
	struct area a = *rest;

	a.h = n < rest->h ? n : rest->h;
	rest->h -= a.h;
	a.y += rest->h;
	return a;
}

/*
 * On a low screen what explains goes first, then the fields that are rarely used; the printers
 * stay.
 */
static struct places place(const struct canvas *c, size_t n_transfers)
{
	struct places p = { .file = { 0 } };
	struct area rest = body_area(c);
	int transfers = n_transfers < TRANSFER_ROWS ? (int)n_transfers : TRANSFER_ROWS;

	if (rest.h >= 10 && transfers)
		p.transfers = cut_low(&rest, 1 + transfers);
	if (rest.h >= 10)
		p.summary = cut_low(&rest, rest.h >= 18 ? 4 : 3);
	p.file = cut_top(&rest, 1);
	p.facts = cut_top(&rest, rest.h >= 5);
	p.names = cut_low(&rest, rest.h >= 4);
	p.then = cut_low(&rest, rest.h >= 2);
	p.header = cut_top(&rest, rest.h >= 3);
	p.to = rest;
	return p;
}

/* ---- fields ---- */

static bool label(const struct upload_view *u, struct canvas *c, struct area a, const char *text,
		  enum upload_field field)
{
	bool focus = u->focus == field;

	if (focus)
		canvas_put(c, a.x, a.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	canvas_text(c, a.x + 1, a.y, a.w - 1, focus ? ROLE_TITLE : ROLE_HEADER, text);
	return focus;
}

/* A field of text; what stands there while it is empty. */
static void text_field(const struct upload_view *u, struct canvas *c, struct area a,
		       const char *name,
		       enum upload_field field, const struct edit *e, const char *empty)
{
	int x = a.x + LABEL_W, w = a.w - LABEL_W - 1;

	if (label(u, c, a, name, field))
		edit_draw(e, c, x, a.y, w, ROLE_INPUT, "");
	else if (e->len)
		draw_path(c, x, a.y, w, ROLE_NORMAL, e->text);
	if (!e->len)
		canvas_text(c, x + (u->focus == field), a.y, w - 1, ROLE_DIM, empty);
}

static void draw_facts(const struct upload_view *u, struct canvas *c, struct area a,
		       const struct moment *m)
{
	char size[STR_SMALL], at[STR_SMALL];
	int x = a.x + LABEL_W, w = a.w - LABEL_W;

	if (!a.h)
		return;
	if (u->hint[0]) {
		canvas_text(c, x, a.y, w, ROLE_DIM, u->hint);
	} else if (u->file_err.code != ERR_NONE) {
		canvas_text(c, x, a.y, w, u->file.len ? ROLE_WARN : ROLE_DIM, u->file_err.text);
	} else {
		str_bytes(size, sizeof(size), (double)u->size_bytes);
		str_clock(at, sizeof(at), (time_t)u->modified_at, (time_t)m->wall_s);
		canvas_textf(c, x, a.y, w, ROLE_DIM, "%s  changed %s", size, at);
	}
}

static void draw_then(const struct upload_view *u, struct canvas *c, struct area a)
{
	struct line l = { c, a.x + LABEL_W, a.y, a.x + a.w };
	const char *only = a.w >= 50 ? "upload only" : "only send";
	const char *start = a.w >= 50 ? "start now" : "start";

	if (!a.h)
		return;
	label(u, c, a, "THEN", UPLOAD_THEN);
	line_addf(&l, u->start ? ROLE_NORMAL : ROLE_STRONG, "(%c) %s", u->start ? ' ' : 'o', only);
	line_addf(&l, u->start ? ROLE_WARN : ROLE_NORMAL, "(%c) %s", u->start ? 'o' : ' ', start);
	if (u->focus == UPLOAD_THEN)
		line_add(&l, ROLE_DIM, "SPC changes");
}

static void draw_names(const struct upload_view *u, struct canvas *c, struct area a)
{
	int half = a.w / 2;

	if (!a.h)
		return;
	text_field(u, c, (struct area){ a.x, a.y, half, 1 }, "NAME", UPLOAD_NAME, &u->name,
		   "as the file");
	text_field(u, c, (struct area){ a.x + half, a.y, a.w - half, 1 }, "FOLDER", UPLOAD_FOLDER,
		   &u->folder, "the top one");
}

/* ---- printers ---- */

static int name_width(const struct upload_view *u, const struct canvas *c)
{
	int longest = 9;

	for (size_t i = 0; i < u->n_targets; i++) {
		const struct printer *p = fleet_get(u->v.tui->app->fleet, u->targets[i].id);
		int w = p ? canvas_width(c, p->config.name) : 0;

		longest = w > longest ? w : longest;
	}
	return longest > c->cols / 3 ? c->cols / 3 : longest;
}

static void free_text(const struct upload_target *t, char *buf, size_t size)
{
	if (isnan(t->free_bytes))
		str_copy(buf, size, "-");
	else
		str_bytes(buf, size, t->free_bytes);
}

static void draw_target(const struct upload_view *u, struct canvas *c, struct area row, size_t i,
			int name_w,
			const struct moment *m)
{
	const struct printer *p = fleet_get(u->v.tui->app->fleet, u->targets[i].id);
	bool current = u->focus == UPLOAD_TO && i == u->to.cursor, fits;
	int x = row.x + 6 + name_w;
	char note[TEXT_CAP], space[STR_SMALL];

	if (!p)
		return;
	fits = upload_fits(u, p, m, note, sizeof(note));
	canvas_textf(c, row.x + 1, row.y, 3, ROLE_NORMAL, "[%c]",
		     !fits ? '-' : u->targets[i].ticked ? 'x' : ' ');
	canvas_text(c, row.x + 5, row.y, name_w,
		    fits && u->targets[i].ticked ? ROLE_MARK : ROLE_NORMAL, p->config.name);
	canvas_text(c, x, row.y, 6, status_role(p->state.status),
		    printer_status_info(p->state.status)->label);
	x += 8;
	if (row.w >= FREE_COLS) {
		free_text(&u->targets[i], space, sizeof(space));
		canvas_text_right(c, x - 1, row.y, FREE_W, ROLE_NORMAL, space);
		x += FREE_W + 1;
	}
	if (fits && (double)u->size_bytes > u->targets[i].free_bytes)	/* false when unknown */
		canvas_text(c, x, row.y, row.x + row.w - x, ROLE_WARN, "! too little space");
	else
		canvas_text(c, x, row.y, row.x + row.w - x, fits ? ROLE_NORMAL : ROLE_DIM, note);
	if (current) {
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
		canvas_attrs(c, row, CELL_CURSOR, true);
	}
}

static void draw_targets(struct upload_view *u, struct canvas *c, const struct places *l,
			 const struct moment *m)
{
	static const char keys[] = "SPC tick  * all  ~ invert";
	int name_w = name_width(u, c), fit_x = 14 + name_w;
	char where[STR_SMALL] = "";

	u->to.rows = l->to.h;
	list_set_count(&u->to, u->n_targets);
	if (l->header.h) {
		label(u, c, l->header, "TO", UPLOAD_TO);
		canvas_text(c, l->header.x + 6 + name_w, l->header.y, 6, ROLE_HEADER, "STATE");
		if (l->header.w >= FREE_COLS) {
			canvas_text_right(c, l->header.x + 13 + name_w, l->header.y, FREE_W,
					  ROLE_HEADER, "FREE");
			fit_x += FREE_W + 1;
		}
		canvas_text(c, l->header.x + fit_x, l->header.y, 4, ROLE_HEADER, "FIT");
		if (u->n_targets > (size_t)l->to.h)
			str_printf(where, sizeof(where), "%zu-%zu of %zu", u->to.top + 1,
				   u->to.top + (size_t)l->to.h, u->n_targets);
		canvas_text_right(c, l->header.x, l->header.y, l->header.w, ROLE_DIM,
				  l->header.w < 60 ? "" : where[0] ? where : keys);
	}
	for (int y = 0; y < l->to.h && u->to.top + (size_t)y < u->n_targets; y++)
		draw_target(u, c, (struct area){ l->to.x, l->to.y + y, l->to.w, 1 },
			    u->to.top + (size_t)y, name_w, m);
}

/* ---- what would happen ---- */

static void draw_twin(const struct upload_view *u, struct canvas *c, struct area a,
		      const char *const *names, size_t n)
{
	struct verb_args args;
	char *twin;

	upload_args(u, &args);
	twin = op_twin(NULL, VERB_UPLOAD, &args, names, n);
	if (dialog_wrap(NULL, a, ROLE_KEY, twin) <= a.h)
		dialog_wrap(c, a, ROLE_KEY, twin);
	else
		canvas_text(c, a.x, a.y, a.w, ROLE_KEY, twin);
	free(twin);
	verb_args_done(&args);
}

static void draw_summary(const struct upload_view *u, struct canvas *c, struct area a)
{
	size_t n, ticked = 0;
	uint32_t *ids = upload_ids(u, &n);
	const char **names = mem_zalloc(n ? n : 1, sizeof(char *));
	struct line l = { c, a.x + 1, a.y + 1, a.x + a.w };
	char size[STR_SMALL];

	for (size_t i = 0; i < n; i++)
		names[i] = fleet_get(u->v.tui->app->fleet, ids[i])->config.name;
	for (size_t i = 0; i < u->n_targets; i++)
		ticked += u->targets[i].ticked;
	canvas_hline(c, a.x, a.y, a.w, NULL, NULL);
	line_addf(&l, n ? ROLE_NORMAL : ROLE_WARN, "%zu printer%s%s", n, n == 1 ? "" : "s",
		  u->start && n ? ", start now" : "");
	if (n && u->file_err.code == ERR_NONE)
		line_addf(&l, ROLE_DIM, "%s in all",
			  str_bytes(size, sizeof(size), (double)u->size_bytes * (double)n));
	if (ticked > n)
		line_addf(&l, ROLE_WARN, "%zu left out", ticked - n);
	if (n && u->file.len)
		draw_twin(u, c, (struct area){ a.x + 1, a.y + 2, a.w - 2, a.h - 2 }, names, n);
	free(names);
	free(ids);
}

static void draw_transfers(struct upload_view *u, struct canvas *c, struct area a)
{
	u->transfers.rows = a.h - 1;
	list_set_count(&u->transfers, u->transfers.n);
	canvas_hline(c, a.x, a.y, a.w, "TRANSFERS", NULL);
	for (int y = 0; y < a.h - 1 && u->transfers.top + (size_t)y < u->transfers.n; y++) {
		size_t i = u->transfers.top + (size_t)y;
		const struct op *op = op_get(u->v.tui->app->ops, u->ops[i]);
		struct area row = { a.x, a.y + 1 + y, a.w, 1 };
		bool current = u->focus == UPLOAD_TRANSFERS && i == u->transfers.cursor;

		if (!op)
			continue;
		draw_op(c, (struct area){ row.x + 2, row.y, row.w - 2, 1 }, op,
			op->x.args.name ? op->x.args.name : "");
		if (!current)
			continue;
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
		canvas_attrs(c, row, CELL_CURSOR, true);
	}
}

void upload_draw(struct upload_view *u, struct canvas *c, const struct moment *m)
{
	static const struct hint in_text[] = {
		{ "Enter", ACTION_N, "send" },
		{ "Tab", ACTION_N, "next" },
		{ "Esc", ACTION_N, "leave" },
		{ "^O", ACTION_N, "choose a file" },
		{ "Up/Down", ACTION_N, "fields" },
	};
	static const struct hint in_list[] = {
		{ "Enter", ACTION_N, "send" },	{ "SPC", ACTION_N, "tick" },
		{ "Esc", ACTION_N, "leave" },	{ "*", ACTION_N, "all" },
		{ "~", ACTION_N, "invert" },	{ "Tab", ACTION_N, "next" },
		{ "?", ACTION_N, "help" },
	};
	static const struct hint in_transfers[] = {
		{ "^K", ACTION_N, "stop this one" },
		{ "r", ACTION_N, "again" },
		{ "Tab", ACTION_N, "next" },
		{ "Esc", ACTION_N, "leave, they go on" },
	};
	struct places l = place(c, u->transfers.n);

	frame_title(u->v.tui, c, "printop upload", NULL);
	text_field(u, c, l.file, "FILE", UPLOAD_FILE, &u->file,
		   "path of a file; Enter opens a list");
	draw_facts(u, c, l.facts, m);
	draw_targets(u, c, &l, m);
	draw_then(u, c, l.then);
	draw_names(u, c, l.names);
	if (l.summary.h)
		draw_summary(u, c, l.summary);
	if (l.transfers.h)
		draw_transfers(u, c, l.transfers);
	if (u->focus == UPLOAD_TRANSFERS)
		draw_hints(u->v.tui, c, SCOPE_UPLOAD, in_transfers, ARRAY_LEN(in_transfers), "");
	else if (u->focus == UPLOAD_TO)
		draw_hints(u->v.tui, c, SCOPE_UPLOAD, in_list, ARRAY_LEN(in_list), "");
	else
		draw_hints(u->v.tui, c, SCOPE_UPLOAD, in_text, ARRAY_LEN(in_text), "");
}
