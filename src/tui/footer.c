/*
 * The line of keys at the bottom, made from the keys that are really bound and what they can do
 * now.
 */
#include "frame.h"

#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define ITEMS 32
#define WIDE_COLS 110

struct item {
	char key[STR_SMALL];
	const char *brief;	/* "" when there is only room for the key */
	bool verb, dead;
	int w;
};

/* What is shown first when not all fits; the rest follows in the order of the table. */
static const enum action_id first[] = {
	ACTION_HELP, ACTION_FILTER, ACTION_COMMAND, ACTION_MARK, ACTION_PAUSE, ACTION_RESUME,
	ACTION_CANCEL, ACTION_UPLOAD, ACTION_START, ACTION_OPEN, ACTION_BACK,
};

/* Hidden ones that a wide screen has room for. */
static const enum action_id extra[] = {
	ACTION_MARK_ALL, ACTION_SORT, ACTION_GOTO, ACTION_PRINTER, ACTION_LOG, ACTION_TRANSFERS,
	ACTION_ALARM, ACTION_CONNECT, ACTION_RESTART,
};

static bool is_one_of(const enum action_id *ids, size_t n, enum action_id id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Whether a verb could be sent to at least one of the printers it would apply to. */
static bool verb_works(const struct tui *t, enum verb verb, const uint32_t *ids, size_t n)
{
	struct err e;

	for (size_t i = 0; i < n; i++)
		if (op_allowed(t->app, ids[i], verb, &e))
			return true;
	return false;
}

static void measure(struct item *it, const struct canvas *c, bool wide)
{
	bool joined = !wide && !it->verb && !it->key[1] && strchr("?/:'`.", it->key[0]);

	it->w = canvas_width(c, it->key);
	if (*it->brief)
		it->w += canvas_width(c, it->brief) + !joined;
}

struct footer {
	struct tui *tui;
	struct canvas *canvas;
	struct area area;
	enum action_scope scope;
	uint32_t ids[64];
	size_t n_ids;
	struct item items[ITEMS], stop;
	size_t n;
};

static bool make_item(const struct footer *f, enum action_id id, struct item *it)
{
	const struct action *a = action_info(id);
	uint32_t key = keymap_key_of(f->tui->keymap, f->scope, id);

	if (key == KEY_NONE)
		return false;
	*it = (struct item){ .brief = a->brief, .verb = a->flags & A_VERB };
	if (it->verb && (f->tui->app->read_only || !f->n_ids))
		return false;
	key_label(key, it->key, sizeof(it->key));
	it->dead = it->verb && !verb_works(f->tui, (enum verb)a->verb, f->ids, f->n_ids);
	measure(it, f->canvas, f->area.w >= WIDE_COLS);
	return true;
}

static void collect(struct footer *f)
{
	for (size_t i = 0; i < ARRAY_LEN(first) && f->n < ITEMS; i++)
		f->n += make_item(f, first[i], &f->items[f->n]);
	for (int id = 0; id < ACTION_N && f->n < ITEMS; id++)
		if (!is_one_of(first, ARRAY_LEN(first), (enum action_id)id) && id != ACTION_ESTOP &&
		    !(action_info((enum action_id)id)->flags & A_HIDE))
			f->n += make_item(f, (enum action_id)id, &f->items[f->n]);
	for (size_t i = 0; f->area.h > 1 && i < ARRAY_LEN(extra) && f->n < ITEMS; i++)
		f->n += make_item(f, extra[i], &f->items[f->n]);
	if (!make_item(f, ACTION_ESTOP, &f->stop))
		return;
	/* The key is pressed twice. */
	if (strlen(f->stop.key) == 1)
		f->stop.key[1] = f->stop.key[0], f->stop.key[2] = '\0';
	measure(&f->stop, f->canvas, true);
}

static int gap_of(const struct footer *f, const struct item *it)
{
	if (!*it->brief)
		return 1;
	return it->verb || f->area.w >= WIDE_COLS ? 2 : 1;
}

static int draw_item(struct footer *f, int x, int y, const struct item *it, enum role key_role)
{
	int end = f->area.x + f->area.w;
	int used = canvas_text(f->canvas, x, y, end - x, it->dead ? ROLE_DIM : key_role, it->key);
	int gap = it->w - used - canvas_width(f->canvas, it->brief);

	if (*it->brief)
		canvas_text(f->canvas, x + used + gap, y, end - x - used - gap,
			    it->dead ? ROLE_DIM : ROLE_NORMAL, it->brief);
	return it->w;
}

/* Items of one kind, or of both, from x on as far as they fit before limit. */
static int draw_items(struct footer *f, int x, int y, int limit, bool looks, bool verbs)
{
	size_t fit = 0;
	int used = x + (looks && verbs);

	for (; fit < f->n; fit++) {
		const struct item *it = &f->items[fit];

		if (!(it->verb ? verbs : looks))
			continue;
		if (used + it->w > limit)
			break;
		used += it->w + gap_of(f, it);
	}
	for (int verb = 0; verb < 2; verb++) {
		x += verb && looks && f->area.w < WIDE_COLS;	/* keys that act stand apart */
		for (size_t i = 0; i < fit; i++) {
			const struct item *it = &f->items[i];

			if ((int)it->verb != verb || !(verb ? verbs : looks))
				continue;
			x += draw_item(f, x, y, it, ROLE_KEY) + gap_of(f, it);
		}
	}
	return x;
}

/* On a narrow screen verbs are shown by their keys alone, on a very narrow one all but the help. */
static void shorten(struct footer *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (!f->items[i].verb && (f->area.w >= 50 || i == 0))
			continue;
		f->items[i].brief = "";
		measure(&f->items[i], f->canvas, false);
	}
}

void frame_footer(struct tui *t, struct canvas *c, struct area a, enum action_scope scope)
{
	struct footer f = { .tui = t, .canvas = c, .area = a, .scope = scope };
	int limit, low = a.y + a.h - 1;

	if (a.h < 1 || a.w < 1)
		return;
	f.n_ids = tui_targets(t, f.ids, ARRAY_LEN(f.ids));
	if (f.n_ids > ARRAY_LEN(f.ids))
		f.n_ids = ARRAY_LEN(f.ids);
	collect(&f);
	limit = a.x + a.w - (f.stop.w ? f.stop.w + 2 : 0);
	if (a.w < 72)
		shorten(&f);
	if (f.stop.w)
		draw_item(&f, a.x + a.w - f.stop.w, low, &f.stop, ROLE_STOP);
	if (a.h == 1) {
		draw_items(&f, a.x, low, limit, true, true);
		return;
	}
	draw_items(&f, a.x, a.y, a.x + a.w, true, false);
	draw_items(&f, a.x, low, limit, false, true);
}
