/*
 * Questions: one key for one printer, the number for several, a second ! within five seconds for
 * the stop.
 */
#include "dialog.h"

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>

#define STOP_MS 5000
#define STOP_STEP_MS 500	/* one cell of the bar that runs out */
#define DIALOG_MAX_W 90
#define DEAF_MS 30		/* faster than any finger */

static int at_least(int v, int least)
{
	return v < least ? least : v;
}

struct area dialog_box(struct canvas *c, int w, int h, enum role title_role, const char *title,
		       const char *bottom)
{
	struct area a = { .w = w + 4, .h = h + 2 };

	a.w = at_least(a.w, canvas_width(c, title) + 8);
	a.w = at_least(a.w, bottom ? canvas_width(c, bottom) + 8 : 0);
	if (a.w > c->cols)
		a.w = c->cols;
	if (a.h > c->rows)
		a.h = c->rows;
	a.x = (c->cols - a.w) / 2;
	a.y = (c->rows - a.h) / 2;
	canvas_box(c, a, ROLE_DIALOG, title, bottom);
	canvas_recolor(c, (struct area){ a.x + 3, a.y, canvas_width(c, title), 1 }, title_role);
	if (a.w < 8 || a.h < 3) {	/* no room for a frame */
		canvas_fill(c, a, ROLE_DIALOG, ' ');
		return a;
	}
	return (struct area){ a.x + 2, a.y + 1, a.w - 4, a.h - 2 };
}

/* Bytes of the next line: up to the last blank that fits, or cut inside a long word. */
static size_t line_bytes(const char *text, int cols)
{
	int width;
	size_t n = text_fit(text, cols, &width), cut = n;

	if (!text[n])
		return n;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : n ? n : 1;
}

int dialog_wrap(struct canvas *c, struct area a, enum role role, const char *text)
{
	char line[512];
	int lines = 0;

	while (*text) {
		size_t n = line_bytes(text, a.w > 0 ? a.w : 1);

		str_copy(line, n < sizeof(line) ? n + 1 : sizeof(line), text);
		if (c && lines < a.h)
			canvas_text(c, a.x, a.y + lines, a.w, role, line);
		lines++;
		text += n;
		while (*text == ' ')
			text++;
	}
	return lines;
}

bool dialog_too_soon(struct dialog *d)
{
	int64_t now_ms = tui_now_ms(d->tui);

	/* The rest of what came in one go can come in pieces. */
	if (d->seen && (!d->deaf_ms || now_ms - d->deaf_ms >= DEAF_MS))
		return false;
	d->deaf_ms = now_ms;
	return true;
}

/* ---- questions ---- */

enum ask_kind { ASK_YES, ASK_NUMBER, ASK_STOP };

struct ask {
	struct dialog d;
	enum ask_kind kind;
	enum role role;
	char *title, *question;
	char **lines;
	size_t n_lines;
	size_t number;
	struct edit edit;
	int64_t until_ms;	/* ASK_STOP: then the answer is no */
	bool said_yes;
	void (*yes)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

static struct ask *as_ask(struct dialog *d)
{
	return (struct ask *)d;
}

/* The answer counts once the dialog is off the screen: what it starts may open the next one. */
static void ask_close(struct dialog *d)
{
	struct ask *a = as_ask(d);

	if (a->said_yes)
		a->yes(a->ctx);
	if (a->done)
		a->done(a->ctx);
	for (size_t i = 0; i < a->n_lines; i++)
		free(a->lines[i]);
	free(a->lines);
	free(a->title);
	free(a->question);
	free(a);
}

static bool number_key(struct ask *a, uint32_t key)
{
	int64_t n;

	if (key == KEY_RETURN) {
		a->said_yes = str_to_int64(a->edit.text, &n) && n == (int64_t)a->number;
		return false;
	}
	if ((key >= '0' && key <= '9') || key == KEY_BACKSPACE_CODE)
		return edit_key(&a->edit, key);
	return false;
}

static bool is_stop_key(const struct tui *t, uint32_t key)
{
	return key == '!' || keymap_find(t->keymap, SCOPE_ANY, key) == ACTION_ESTOP;
}

static bool ask_key(struct dialog *d, uint32_t key)
{
	struct ask *a = as_ask(d);

	if (dialog_too_soon(d))
		return true;
	switch (a->kind) {
	case ASK_YES:
		a->said_yes = key == 'y';
		return false;
	case ASK_NUMBER:
		return number_key(a, key);
	case ASK_STOP:
		a->said_yes = is_stop_key(d->tui, key) && tui_now_ms(d->tui) < a->until_ms;
		return false;
	}
	return false;
}

static bool ask_tick(struct dialog *d, const struct moment *m)
{
	const struct ask *a = as_ask(d);

	return a->kind != ASK_STOP || m->now_ms < a->until_ms;
}

static int64_t ask_next_tick_ms(struct dialog *d, const struct moment *m)
{
	const struct ask *a = as_ask(d);

	if (a->kind != ASK_STOP)
		return -1;
	return (a->until_ms - m->now_ms) % STOP_STEP_MS + 1;
}

static int ask_width(const struct ask *a, const struct canvas *c)
{
	int w = canvas_width(c, a->question) + (a->kind == ASK_NUMBER ? 6 :
						a->kind == ASK_STOP   ? 14 :
									0);

	for (size_t i = 0; i < a->n_lines; i++)
		if (canvas_width(c, a->lines[i]) > w)
			w = canvas_width(c, a->lines[i]);
	if (canvas_width(c, a->title) + 4 > w)
		w = canvas_width(c, a->title) + 4;
	if (w > DIALOG_MAX_W)
		w = DIALOG_MAX_W;
	return w > c->cols - 4 ? c->cols - 4 : w;
}

/* The question with what is typed, or with the time that is left. */
static void draw_question(const struct ask *a, struct canvas *c, struct area in,
			  const struct moment *m)
{
	int lines = dialog_wrap(NULL, in, ROLE_STRONG, a->question);
	int x = in.x + (lines == 1 ? canvas_width(c, a->question) + 1 : 0);
	int y = in.y + (lines == 1 ? 0 : lines);

	dialog_wrap(c, in, ROLE_STRONG, a->question);
	if (a->kind == ASK_NUMBER)
		edit_draw(&a->edit, c, x, y, in.x + in.w - x, ROLE_INPUT, "");
	if (a->kind == ASK_STOP && in.x + in.w - x >= 12)
		canvas_bar(c, in.x + in.w - 12, y, 12, (double)(a->until_ms - m->now_ms) / STOP_MS,
			   ROLE_STOP);
}

static void ask_draw(struct dialog *d, struct canvas *c, const struct moment *m)
{
	const struct ask *a = as_ask(d);
	int w = ask_width(a, c), asks, h = 0;
	struct area in, text;

	asks = dialog_wrap(NULL, (struct area){ .w = w }, ROLE_STRONG, a->question) +
	       (a->kind != ASK_YES && canvas_width(c, a->question) + 14 > w);
	for (size_t i = 0; i < a->n_lines; i++)
		h += dialog_wrap(NULL, (struct area){ .w = w }, ROLE_DIALOG, a->lines[i]);
	in = dialog_box(c, w, h + asks, a->role, a->title, NULL);
	text = in;
	text.h = in.h - asks;
	for (size_t i = 0; i < a->n_lines && text.h > 0; i++) {
		int used = dialog_wrap(c, text, ROLE_DIALOG, a->lines[i]);

		text.y += used;
		text.h -= used;
	}
	in.y += in.h > asks ? in.h - asks : 0;
	in.h = asks;
	draw_question(a, c, in, m);
}

static const struct dialog_ops ask_ops = { ask_draw, ask_key, ask_tick, ask_next_tick_ms,
					   ask_close, NULL };

static struct ask *ask_new(enum ask_kind kind, enum role role, const char *title,
			   const char *const *lines, size_t n_lines)
{
	struct ask *a = MEM_NEW(struct ask);

	a->d.ops = &ask_ops;
	a->kind = kind;
	a->role = role;
	a->title = mem_strdup(title);
	a->lines = mem_zalloc(n_lines ? n_lines : 1, sizeof(*a->lines));
	for (size_t i = 0; i < n_lines; i++)
		a->lines[i] = mem_strdup(lines[i]);
	a->n_lines = n_lines;
	return a;
}

static void ask_open(struct tui *t, struct ask *a, void (*yes)(void *ctx), void (*done)(void *ctx),
		     void *ctx)
{
	a->yes = yes;
	a->done = done;
	a->ctx = ctx;
	tui_dialog_take(t, &a->d);
	tui_dirty(t);
}

void dialog_ask(struct tui *t, enum role role, const char *title, const char *const *lines,
		size_t n_lines, const char *question, void (*yes)(void *ctx),
		void (*done)(void *ctx), void *ctx)
{
	struct ask *a = ask_new(ASK_YES, role, title, lines, n_lines);

	a->question = mem_printf("%s   y = yes   any other key = no", question);
	ask_open(t, a, yes, done, ctx);
}

void dialog_ask_number(struct tui *t, const char *title, const char *const *lines, size_t n_lines,
		       size_t number, void (*yes)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct ask *a = ask_new(ASK_NUMBER, ROLE_WARN, title, lines, n_lines);

	a->number = number;
	a->question = mem_printf("Type the number of printers, %zu, and Enter; anything else = no:",
				 number);
	ask_open(t, a, yes, done, ctx);
}

void dialog_estop(struct tui *t, const char *const *lines, size_t n_lines, void (*yes)(void *ctx),
		  void (*done)(void *ctx), void *ctx)
{
	struct ask *a = ask_new(ASK_STOP, ROLE_STOP, "EMERGENCY STOP", lines, n_lines);
	uint32_t key = keymap_key_of(t->keymap, SCOPE_ANY, ACTION_ESTOP);
	char label[STR_SMALL];

	key_label(key == KEY_NONE ? '!' : key, label, sizeof(label));
	a->until_ms = tui_now_ms(t) + STOP_MS;
	a->question = mem_printf("Press %s again within 5 s.  Any other key = no.", label);
	ask_open(t, a, yes, done, ctx);
}
