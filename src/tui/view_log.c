/* The log: what happened and how actions ended, newest first; with the journal's older lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "dialog.h"
#include "parts.h"

#define JOURNAL_LINES 1000
#define DETAIL_ROWS 4

struct entry {
	double at;
	long order;		/* of those of the same moment: the higher, the later */
	char *printer, *text;	/* never NULL */
	char *by;		/* who did it, "" unknown */
	enum role role;
};

struct log_view {
	struct view v;
	struct list list;
	struct entry *entries;	/* those of the journal, then the events this program remembers */
	size_t n, cap, n_journal;
	const struct entry **shown;	/* those that match, newest first */
	size_t cap_shown;
	uint32_t seen;		/* sequence number of the last event in entries */
	bool stale;		/* shown has to be made again */
	bool only_printer, only_bad;
	char printer[64];	/* the current one when the log was opened */
	char filter[128];
	struct area rows;
};

static struct log_view *as_log(struct view *v)
{
	return (struct log_view *)v;
}

/* ---- entries ---- */

/* Forgets all but the first `keep` entries. */
static void drop_entries(struct log_view *g, size_t keep)
{
	for (; g->n > keep; g->n--) {
		struct entry *e = &g->entries[g->n - 1];

		free(e->printer);
		free(e->text);
		free(e->by);
	}
}

static struct entry *add_entry(struct log_view *g, double at, const char *printer, const char *text,
			       const char *by)
{
	g->entries = mem_grow(g->entries, g->n, &g->cap, sizeof(*g->entries));
	g->entries[g->n] = (struct entry){
		.at = at,
		.order = (long)g->n,
		.printer = mem_strdup(printer),
		.text = mem_strdup(text),
		.by = mem_strdup(by),
	};
	return &g->entries[g->n++];
}

static void add_events(struct log_view *g)
{
	const struct alerts *al = g->v.tui->app->alerts;

	drop_entries(g, g->n_journal);
	for (size_t i = 0; al && i < alerts_count(al); i++) {
		const struct event *ev = alerts_at(al, i);

		add_entry(g, ev->at, ev->printer, ev->text, "")->role = event_role(ev->kind);
		g->seen = ev->seq;
	}
}

struct reading {
	struct log_view *g;
	double before;		/* from here on the program remembers events itself */
};

/* Written by this very process: "screen 1234 ...". */
static bool is_ours(const struct app *a, const char *from)
{
	char own[64];
	size_t len;

	str_printf(own, sizeof(own), "%s %ld", a->frontend ? a->frontend : "", (long)getpid());
	len = strlen(own);
	return str_starts(from, own) && (from[len] == '\0' || from[len] == ' ');
}

/* "upload lid.gcode: sent 12 MB in 3 s" or "pause: failed: ..." of an action's last line. */
static void action_text(const struct json *o, char *buf, size_t size)
{
	char verb[32], file[NAME_CAP], text[TEXT_CAP], result[32];

	json_str(o, "action", verb, sizeof(verb));
	if (!json_str(o, "name", file, sizeof(file)))
		json_str(o, "file", file, sizeof(file));
	json_str(o, "text", text, sizeof(text));
	json_str(o, "result", result, sizeof(result));
	str_printf(buf, size, "%s%s%s: %s%s", verb, file[0] ? " " : "", file,
		   str_eq(result, "failed") ? "failed: " : "", text);
}

static enum role line_role(const struct json *o)
{
	if (str_eq(json_raw(o, "result"), "failed"))
		return ROLE_BAD;
	for (int k = 0; k < EVENT_KIND_N; k++)
		if (str_eq(json_raw(o, "event"), event_kind_name((enum event_kind)k)))
			return event_role((enum event_kind)k);
	return ROLE_NORMAL;
}

/*
 * What this program remembers itself is not taken from the journal as well; what other copies of it
 * did is. Their events are the same as ours. The journal's clock is read a moment earlier or later.
 */
static bool is_news(const struct reading *r, double at, bool action, const char *from)
{
	if (is_ours(r->g->v.tui->app, from))
		return at < r->before - 1;
	return action || at < r->before;
}

static bool take_line(void *ctx, const char *line, size_t len)
{
	struct reading *r = ctx;
	struct json *o = json_parse(line, len, NULL);
	double at = o ? json_num(o, "at", (double)NAN) : (double)NAN;
	char from[96], who[64], printer[64], text[TEXT_CAP + NAME_CAP];
	bool action = o && str_eq(json_raw(o, "kind"), "action");

	if (!isnan(at) && (!action || str_eq(json_raw(o, "phase"), "ended"))) {
		json_str(o, "from", from, sizeof(from));
		json_str(o, "who", who, sizeof(who));
		json_str(o, "printer", printer, sizeof(printer));
		if (action)
			action_text(o, text, sizeof(text));
		else
			json_str(o, "text", text, sizeof(text));
		if (is_news(r, at, action, from))
			add_entry(r->g, at, printer, text, action ? who : "")->role = line_role(o);
	}
	json_free(o);
	return true;
}

/* The journal is read when the log is opened and on refresh. */
static void read_journal(struct log_view *g)
{
	const struct app *a = g->v.tui->app;
	struct reading r = { .g = g, .before = INFINITY };
	char *path = a->journal ? journal_path(a) : NULL;
	struct err e;

	drop_entries(g, 0);
	list_set_count(&g->list, 0);
	if (a->alerts && alerts_count(a->alerts))
		r.before = alerts_at(a->alerts, 0)->at;
	if (path)
		journal_read(path, JOURNAL_LINES, take_line, &r, &e);
	free(path);
	g->n_journal = g->n;
	g->stale = true;
}

static bool is_narrowed(const struct log_view *g)
{
	return g->filter[0] || g->only_printer || g->only_bad;
}

static bool matches(const struct log_view *g, const struct entry *e)
{
	if (g->only_printer && !str_eq(e->printer, g->printer))
		return false;
	if (g->only_bad && (e->role == ROLE_NORMAL || e->role == ROLE_GOOD))
		return false;
	return !g->filter[0] || str_contains_nocase(e->text, g->filter) ||
		str_contains_nocase(e->printer, g->filter) || str_contains_nocase(e->by, g->filter);
}

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a;
	const struct entry *y = *(const struct entry *const *)b;

	if (x->at != y->at)
		return (x->at < y->at) - (x->at > y->at);
	return (x->order < y->order) - (x->order > y->order);
}

static bool has_news(const struct log_view *g)
{
	const struct alerts *al = g->v.tui->app->alerts;
	size_t n = al ? alerts_count(al) : 0;

	return n && alerts_at(al, n - 1)->seq != g->seen;
}

static void refill(struct log_view *g)
{
	size_t n = 0, before = g->list.n;

	if (!g->stale && !has_news(g))
		return;
	add_events(g);
	for (size_t i = 0; i < g->n; i++) {
		if (!matches(g, &g->entries[i]))
			continue;
		g->shown = mem_grow(g->shown, n, &g->cap_shown, sizeof(*g->shown));
		g->shown[n++] = &g->entries[i];
	}
	if (n)
		qsort(g->shown, n, sizeof(*g->shown), newest_first);
	/* New lines come in above: the cursor stays on its line, unless it is at the top. */
	if (!g->stale && g->list.cursor > 0 && n > before)
		g->list.cursor += n - before;
	g->stale = false;
	list_set_count(&g->list, n);
}

/* ---- drawing ---- */

static void entry_clock(const struct entry *e, const struct moment *m, bool seconds, char *buf,
			size_t size)
{
	time_t at = (time_t)e->at;
	struct tm tm;

	str_clock(buf, size, at, (time_t)m->wall_s);
	if (seconds && buf[0] >= '0' && buf[2] == ':' && localtime_r(&at, &tm))
		strftime(buf, size, "%H:%M:%S", &tm);
}

static void draw_row(struct canvas *c, struct area row, const struct entry *e, bool current,
		     const struct moment *m)
{
	struct line l = { c, row.x + 2, row.y, row.x + row.w };
	int clock_w = row.w >= 60 ? 9 : 5, name_w = row.w >= 110 ? 16 : row.w >= 60 ? 12 : 8;
	char clock[STR_SMALL];

	if (current)
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	entry_clock(e, m, row.w >= 60, clock, sizeof(clock));
	canvas_text(c, l.x, l.y, clock_w, ROLE_DIM, clock);
	l.x += clock_w + 1;
	canvas_text(c, l.x, l.y, name_w, ROLE_STRONG, e->printer);
	l.x += name_w + 1;
	if (e->by[0] && row.w >= 80)
		l.end -= canvas_text_right(c, l.end - 12, l.y, 12, ROLE_DIM, e->by) + 1;
	line_rest(&l, e->role, e->text);
	if (current)
		canvas_attrs(c, row, CELL_CURSOR, true);
}

static void draw_rows(const struct log_view *g, struct canvas *c, struct area a,
		      const struct moment *m)
{
	for (int y = 0; y < a.h && g->list.top + (size_t)y < g->list.n; y++) {
		size_t i = g->list.top + (size_t)y;

		draw_row(c, (struct area){ a.x, a.y + y, a.w, 1 }, g->shown[i], i == g->list.cursor,
			 m);
	}
	if (!g->list.n)
		canvas_text(c, a.x + 2, a.y, a.w - 2, ROLE_DIM,
			    is_narrowed(g) ? "nothing matches" : "nothing happened yet");
}

/* The whole text of the line under the cursor. */
static void draw_detail(const struct log_view *g, struct canvas *c, struct area a)
{
	const struct entry *e = g->list.n ? g->shown[g->list.cursor] : NULL;

	canvas_hline(c, a.x, a.y, a.w, e ? e->printer : NULL, e && e->by[0] ? e->by : NULL);
	if (e)
		dialog_wrap(c, (struct area){ a.x + 1, a.y + 1, a.w - 2, a.h - 1 },
			    e->role, e->text);
}

static void draw_title(const struct log_view *g, struct canvas *c)
{
	char title[256];

	str_printf(title, sizeof(title), "printop log%s%s%s%s%s", g->only_printer ? ": " : "",
		   g->only_printer ? g->printer : "", g->only_bad ? "  troubles only" : "",
		   g->filter[0] ? "  filter: " : "", g->filter);
	frame_title(g->v.tui, c, title, NULL);
}

static void log_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	static const struct hint hints[] = {
		{ NULL, ACTION_BACK, "back" },		{ NULL, ACTION_FILTER, "filter" },
		{ NULL, ACTION_HELP, "help" },		{ "p", ACTION_N, "one printer" },
		{ "a", ACTION_N, "troubles" },		{ NULL, ACTION_OPEN, "printer" },
	};
	struct log_view *g = as_log(v);
	struct area body = body_area(c), detail = { 0 };
	char where[64] = "";

	refill(g);
	if (body.h >= 12) {
		detail = (struct area){ body.x, body.y + body.h - DETAIL_ROWS, body.w,
				       DETAIL_ROWS };
		body.h -= DETAIL_ROWS;
	}
	g->rows = body;
	g->list.rows = body.h;
	list_move(&g->list, 0);
	draw_title(g, c);
	draw_rows(g, c, body, m);
	if (detail.h)
		draw_detail(g, c, detail);
	if (g->list.n > (size_t)body.h)
		str_printf(where, sizeof(where), "%zu of %zu", g->list.cursor + 1, g->list.n);
	draw_hints(v->tui, c, SCOPE_LIST, hints, ARRAY_LEN(hints), where);
}

/* ---- keys ---- */

static void set_filter(void *ctx, const char *text)
{
	struct log_view *g = ctx;

	str_copy(g->filter, sizeof(g->filter), text ? text : "");
	g->stale = true;
	g->list.cursor = 0;
	tui_dirty(g->v.tui);
}

static void filter_done(void *ctx, const char *text)
{
	if (!text)
		set_filter(ctx, "");
}

static void open_printer(struct log_view *g)
{
	const struct printer *p = NULL;

	if (g->list.n)
		p = fleet_find(g->v.tui->app->fleet, g->shown[g->list.cursor]->printer);
	if (!p) {
		tui_say(g->v.tui, ROLE_NORMAL, "this line is not about a printer of the fleet");
		return;
	}
	tui_select(g->v.tui, p->id);
	tui_open(g->v.tui, &view_printer);
}

static bool clear_filter(struct log_view *g)
{
	if (!is_narrowed(g))
		return false;
	g->only_printer = g->only_bad = false;
	set_filter(g, "");
	return true;
}

/* n and N walk through all lines that are left, round the end. */
static void next_line(struct log_view *g, bool back)
{
	size_t n = g->list.n;

	if (n)
		g->list.cursor = (g->list.cursor + (back ? n - 1 : 1)) % n;
	list_move(&g->list, 0);
}

static bool log_action(struct view *v, enum action_id id)
{
	struct log_view *g = as_log(v);

	if (list_action(&g->list, id))
		return true;
	if (id == ACTION_BACK)
		return clear_filter(g);
	if (id == ACTION_FILTER)
		prompt_open(v->tui, PROMPT_FILTER, "/", g->filter, set_filter, filter_done, g);
	else if (id == ACTION_NEXT_MATCH || id == ACTION_PREV_MATCH)
		next_line(g, id == ACTION_PREV_MATCH);
	else if (id == ACTION_OPEN)
		open_printer(g);
	else if (id == ACTION_REFRESH)
		read_journal(g);
	else
		return false;
	return true;
}

static bool log_key(struct view *v, uint32_t key)
{
	struct log_view *g = as_log(v);

	if (key == 'p' && g->printer[0])
		g->only_printer = !g->only_printer;
	else if (key == 'a')
		g->only_bad = !g->only_bad;
	else
		return false;
	g->stale = true;
	g->list.cursor = 0;
	return true;
}

static void log_click(struct view *v, int x, int y, bool doubled)
{
	struct log_view *g = as_log(v);
	size_t i = g->list.top + (size_t)(y - g->rows.y);

	(void)x;
	if (y < g->rows.y || y >= g->rows.y + g->rows.h || i >= g->list.n)
		return;
	g->list.cursor = i;
	if (doubled)
		open_printer(g);
}

/* ---- life ---- */

static void log_open(struct view *v)
{
	struct log_view *g = as_log(v);
	const struct printer *p = fleet_get(v->tui->app->fleet, v->tui->current);

	str_copy(g->printer, sizeof(g->printer), p ? p->config.name : "");
	read_journal(g);
}

static void log_close(struct view *v)
{
	struct log_view *g = as_log(v);

	drop_entries(g, 0);
	free(g->entries);
	free(g->shown);
}

/* Events are told by the frame; a printer's numbers are not shown here. */
static bool log_changed(struct view *v, uint32_t id, field_mask mask)
{
	(void)v;
	(void)id;
	(void)mask;
	return false;
}

const struct view_ops view_log = {
	.name = "log",
	.scope = SCOPE_LIST,
	.size = sizeof(struct log_view),
	.open = log_open,
	.close = log_close,
	.draw = log_draw,
	.action = log_action,
	.key = log_key,
	.click = log_click,
	.changed = log_changed,
};
