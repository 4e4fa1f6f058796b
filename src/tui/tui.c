/*
 * The frame: a stack of views with a dialog or a prompt on top, and what every key does everywhere.
 */
#include "frame.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/setting.h>
#include <printop/str.h>

#define STATUS_MS 5000

int64_t tui_now_ms(const struct tui *t)
{
	return t->app->loop ? loop_now_ms(t->app->loop) : t->moment.now_ms;
}

const struct settings *tui_settings(const struct tui *t)
{
	return &t->app->config->settings;
}

void tui_dirty(struct tui *t)
{
	t->p->dirty = true;
}

void tui_say(struct tui *t, enum role role, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->status, sizeof(t->status), fmt, ap);
	va_end(ap);
	str_clean(t->status);
	t->status_role = role;
	t->status_until_ms = tui_now_ms(t) + STATUS_MS;
	tui_dirty(t);
}

void tui_quit(struct tui *t, int exit_status)
{
	t->p->quit = true;
	t->p->exit_status = exit_status;
}

/* ---- views ---- */

struct view *tui_top(struct tui *t)
{
	return t->stack[t->depth - 1];
}

static void view_free(struct view *v)
{
	if (v->ops->close)
		v->ops->close(v);
	free(v);
}

void tui_back(struct tui *t)
{
	if (t->depth < 2)
		return;
	view_free(t->stack[--t->depth]);
	tui_dirty(t);
}

static struct view *view_new(struct tui *t, const struct view_ops *ops)
{
	struct view *v = mem_zalloc(1, ops->size);

	v->ops = ops;
	v->tui = t;
	if (ops->open)
		ops->open(v);
	return v;
}

static int stack_find(const struct tui *t, const struct view_ops *ops)
{
	for (int i = 0; i < t->depth; i++)
		if (t->stack[i]->ops == ops)
			return i;
	return -1;
}

static void raise_view(struct tui *t, int i)
{
	struct view *v = t->stack[i];

	memmove(&t->stack[i], &t->stack[i + 1], (size_t)(t->depth - i - 1) * sizeof(t->stack[0]));
	t->stack[t->depth - 1] = v;
}

void tui_open(struct tui *t, const struct view_ops *ops)
{
	int i = stack_find(t, ops);

	tui_dirty(t);
	if (i == 0) {		/* the root stays where it is */
		while (t->depth > 1)
			tui_back(t);
		return;
	}
	if (i > 0) {
		raise_view(t, i);
		return;
	}
	if (t->depth == (int)ARRAY_LEN(t->stack))
		fatal("too many views");
	t->stack[t->depth++] = view_new(t, ops);
}

static void dialog_close(struct tui *t);

/* The fleet, or how to get one. */
static void open_root(struct tui *t)
{
	const struct view_ops *root = fleet_count(t->app->fleet) ? &view_fleet : &view_first;

	if (t->depth && t->stack[0]->ops == root)
		return;
	if (t->depth && root == &view_fleet) {
		/* The first-run page alone goes: nothing that is open on top belongs to it. */
		view_free(t->stack[0]);
		t->stack[0] = view_new(t, root);
		return;
	}
	/* What is open on top belongs to a view that goes. */
	prompt_cancel(t);
	dialog_close(t);
	while (t->depth)
		view_free(t->stack[--t->depth]);
	tui_open(t, root);
}

void tui_select(struct tui *t, uint32_t id)
{
	t->current = id;
	if (t->app->poller)
		poller_focus(t->app->poller, id);
	tui_dirty(t);
}

/* ---- dialogs ---- */

struct dialog *tui_dialog(struct tui *t)
{
	return t->p->dialog;
}

static void dialog_close(struct tui *t)
{
	struct dialog *d = t->p->dialog;

	/* First off the screen: what it calls when it closes may open the next one. */
	t->p->dialog = NULL;
	if (d)
		d->ops->close(d);
	tui_dirty(t);
}

void tui_dialog_take(struct tui *t, struct dialog *d)
{
	dialog_close(t);
	d->tui = t;
	t->p->dialog = d;
}

static void dialog_key(struct tui *t, uint32_t key)
{
	struct dialog *d = t->p->dialog;
	bool stays = d->ops->key(d, key == KEY_CTRL('c') ? KEY_ESC : key);

	tui_dirty(t);
	if (!stays && t->p->dialog == d)
		dialog_close(t);
}

static void dialog_tick(struct tui *t, const struct moment *m)
{
	struct dialog *d = t->p->dialog;

	if (d && d->ops->tick && !d->ops->tick(d, m) && t->p->dialog == d)
		dialog_close(t);
}

/* ---- keys, mouse ---- */

void tui_do(struct tui *t, enum action_id id)
{
	struct view *v = tui_top(t);
	struct list *l;

	tui_dirty(t);
	if (v->ops->action && v->ops->action(v, id))
		return;
	l = v->ops->list ? v->ops->list(v) : NULL;
	if (l && list_action(l, id))
		return;
	if (action_info(id)->flags & A_VERB)
		act_key(t, id);
	else
		frame_do(t, id);
}

static void view_key(struct tui *t, uint32_t key)
{
	struct view *v = tui_top(t);
	enum action_id id;

	if (key == KEY_CTRL('c'))
		key = v->ops->key && v->ops->key(v, KEY_ESC) ? KEY_NONE : key;
	else if (v->ops->key && v->ops->key(v, key))
		key = KEY_NONE;
	tui_dirty(t);
	if (key == KEY_CTRL('c'))
		tui_say(t, ROLE_NORMAL, "Ctrl-C touches no printer; Q leaves printop");
	if (key == KEY_NONE || key == KEY_CTRL('c'))
		return;
	id = keymap_find(t->keymap, v->ops->scope, key);
	if (id < ACTION_N)
		tui_do(t, id);
}

void tui_key(struct tui *t, uint32_t key)
{
	t->p->key = key;
	if (key == KEY_CTRL('z'))
		t->p->suspend = true;
	else if (t->p->dialog)
		dialog_key(t, key);
	else if (t->p->prompt)
		prompt_key(t, key);
	else
		view_key(t, key);
	t->p->key = KEY_NONE;
}

/* Pasted text is never read as keys: a clipboard must not run printers. */
void tui_paste(struct tui *t, const char *text)
{
	struct view *v = tui_top(t);

	tui_dirty(t);
	if (t->p->dialog) {
		if (t->p->dialog->ops->paste)
			t->p->dialog->ops->paste(t->p->dialog, text);
		return;
	}
	if (t->p->prompt)
		prompt_paste(t, text);
	else if (v->ops->paste)
		v->ops->paste(v, text);
	else
		tui_say(t, ROLE_NORMAL, "pasted text is ignored here; : opens the command line");
}

void tui_mouse(struct tui *t, int x, int y, bool doubled)
{
	struct view *v = tui_top(t);

	if (t->p->dialog || t->p->prompt || !v->ops->click)
		return;
	v->ops->click(v, x, y, doubled);
	tui_dirty(t);
}

void tui_wheel(struct tui *t, int by)
{
	uint32_t key = by < 0 ? KEY_CODE_UP : KEY_CODE_DOWN;

	if (t->p->dialog || t->p->prompt)
		return;
	for (int i = 0; i < 3; i++)
		tui_key(t, key);
}

/* ---- settings ---- */

bool tui_set_theme(struct tui *t, const char *name, struct err *e)
{
	struct theme theme;

	if (!theme_load(name, &theme, e))
		return false;
	t->theme = theme;
	t->p->settings_changed = true;
	tui_dirty(t);
	return true;
}

void tui_settings_applied(struct tui *t)
{
	struct err e;

	keymap_free(t->keymap);
	t->keymap = keymap_new(t->app->config);
	if (!tui_set_theme(t, settings_str(tui_settings(t), SETTING_THEME), &e))
		tui_say(t, ROLE_BAD, "%s", e.text);
	t->p->settings_changed = true;
	tui_dirty(t);
}

void tui_reload(struct tui *t)
{
	struct err e;
	size_t n;

	if (!app_reload(t->app, &e)) {
		tui_say(t, ROLE_BAD, "not reloaded: %s", e.text);
		return;
	}
	tui_settings_applied(t);
	n = fleet_count(t->app->fleet);
	tui_say(t, ROLE_GOOD, "configuration read: %zu printer%s", n, n == 1 ? "" : "s");
	open_root(t);
}

/* ---- what the engine tells ---- */

static void fleet_changed(void *ctx, struct fleet *f, const struct fleet_change *changes, size_t n)
{
	struct tui *t = ctx;
	struct view *v;

	(void)f;
	open_root(t);
	v = tui_top(t);
	for (size_t i = 0; i < n && !t->p->dirty; i++)
		if (!v->ops->changed || v->ops->changed(v, changes[i].id, changes[i].mask))
			tui_dirty(t);
	if (t->p->dialog)
		tui_dirty(t);
}

static void event_heard(void *ctx, const struct event *ev)
{
	struct tui *t = ctx;

	tui_dirty(t);
	if (!ev->alarm)
		return;
	t->p->bell = settings_bool(tui_settings(t), SETTING_BELL);
	if (!str_eq(settings_str(tui_settings(t), SETTING_NOTIFY), "off"))
		str_printf(t->p->notice, sizeof(t->p->notice), "%s %s", ev->printer, ev->text);
}

static void observe(struct tui *t)
{
	fleet_observe(t->app->fleet, fleet_changed, t);
	if (t->app->alerts)
		alerts_observe(t->app->alerts, event_heard, t);
	if (t->app->ops)
		ops_observe(t->app->ops, act_op_changed, t);
}

static void unobserve(struct tui *t)
{
	fleet_unobserve(t->app->fleet, fleet_changed, t);
	if (t->app->alerts)
		alerts_unobserve(t->app->alerts, event_heard, t);
	if (t->app->ops)
		ops_unobserve(t->app->ops, act_op_changed, t);
}

void tui_title(const struct tui *t, char *buf, size_t size)
{
	size_t counts[PRINTER_STATUS_N], needy = 0, printing = 0;

	fleet_count_states(t->app->fleet, counts);
	for (int s = 0; s < PRINTER_STATUS_N; s++)
		if (printer_status_info((enum printer_status)s)->attention < ATTENTION_PERSON)
			needy += counts[s];
	printing = counts[PRINTER_PRINTING] + counts[PRINTER_PREPARING] + counts[PRINTER_FINISHING];
	if (needy)
		str_printf(buf, size, "printop: %zu printing, %zu need%s you", printing, needy,
			   needy == 1 ? "s" : "");
	else
		str_printf(buf, size, "printop: %zu printing", printing);
}

/* ---- life and drawing ---- */

struct tui *tui_new(struct app *a, int cols, int rows, bool ascii)
{
	struct tui *t = MEM_NEW(struct tui);
	struct err e;

	t->app = a;
	t->p = MEM_NEW(struct tui_private);
	t->p->recall = recall_load();
	t->ascii = ascii;
	t->canvas = canvas_new(cols, rows, ascii);
	t->keymap = keymap_new(a->config);
	theme_builtin(&t->theme);
	if (!tui_set_theme(t, settings_str(tui_settings(t), SETTING_THEME), &e))
		tui_say(t, ROLE_BAD, "%s", e.text);
	open_root(t);
	observe(t);
	return t;
}

void tui_free(struct tui *t)
{
	if (!t)
		return;
	unobserve(t);
	dialog_close(t);
	prompt_cancel(t);
	while (t->depth)
		view_free(t->stack[--t->depth]);
	recall_free(t->p->recall);
	keymap_free(t->keymap);
	canvas_free(t->canvas);
	free(t->p);
	free(t);
}

static bool status_active(const struct tui *t)
{
	return t->status[0] && t->moment.now_ms < t->status_until_ms;
}

/* Where the view has no event lines, what the program says covers the last line. */
static void draw_status(struct tui *t, struct canvas *c)
{
	struct area a = { 0, c->rows - 1, c->cols - 1, 1 };

	if (!status_active(t) || t->p->status_shown)
		return;
	canvas_fill(c, a, ROLE_NORMAL, ' ');
	canvas_text(c, a.x, a.y, a.w, t->status_role, t->status);
}

void tui_render(struct tui *t, const struct moment *m)
{
	struct view *v;

	t->moment = *m;
	t->p->dirty = false;
	t->p->status_shown = false;
	dialog_tick(t, m);
	v = tui_top(t);		/* what the dialog did may have opened another one */
	canvas_clear(t->canvas);
	v->ops->draw(v, t->canvas, m);
	draw_status(t, t->canvas);
	if (t->p->prompt)
		prompt_draw(t, t->canvas);
	if (t->p->dialog) {
		t->p->dialog->ops->draw(t->p->dialog, t->canvas, m);
		t->p->dialog->seen = true;
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

int64_t tui_next_tick_ms(struct tui *t, const struct moment *m)
{
	struct view *v = tui_top(t);
	struct dialog *d = t->p->dialog;
	int64_t next = (int64_t)((60 - fmod(m->wall_s, 60)) * 1000) + 1;	/* the clock */

	if (v->ops->next_tick_ms)
		next = sooner(next, v->ops->next_tick_ms(v, m));
	if (d && d->ops->next_tick_ms)
		next = sooner(next, d->ops->next_tick_ms(d, m));
	if (m->now_ms < t->status_until_ms)
		next = sooner(next, t->status_until_ms - m->now_ms);
	return next;
}
