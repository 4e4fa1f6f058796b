/* The window that chooses a local file: a folder as a list, typing narrows it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include <printop/text.h>
#include "dialog.h"
#include "parts.h"
#include "picker.h"

struct picker {
	struct dialog d;
	struct local_dir dir;
	struct err err;			/* why the folder could not be read */
	size_t *shown;			/* indexes of those that match what was typed */
	size_t cap;
	struct list list;
	char typed[64];
	bool all, by_name;
	char *answer;			/* NULL: left without one */
	void (*chosen)(void *ctx, const char *path);
	void *ctx;
};

static struct picker *as_picker(struct dialog *d)
{
	return (struct picker *)d;
}

/* ---- the list ---- */

static void narrow(struct picker *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->dir.n; i++) {
		if (p->typed[0] && !str_contains_nocase(p->dir.files[i].name, p->typed))
			continue;
		p->shown = mem_grow(p->shown, n, &p->cap, sizeof(*p->shown));
		p->shown[n++] = i;
	}
	list_set_count(&p->list, n);
}

static void read_folder(struct picker *p, const char *path)
{
	struct local_dir dir;

	if (!local_dir_read(&dir, path, p->all, p->by_name, &p->err)) {
		str_clean(p->err.text);
		if (!p->dir.path)
			p->dir.path = mem_strdup(path);
		return;
	}
	local_dir_done(&p->dir);
	p->dir = dir;
	err_clear(&p->err);
	p->typed[0] = '\0';
	p->list.cursor = p->list.top = 0;
	narrow(p);
}

/* Up; the cursor goes onto the folder that was left. */
static void go_up(struct picker *p)
{
	char *left = mem_strdup(str_basename(p->dir.path)), *up = path_dirname(p->dir.path);

	read_folder(p, up);
	for (size_t i = 0; *left && i < p->list.n; i++)
		if (str_eq(p->dir.files[p->shown[i]].name, left))
			p->list.cursor = i;
	list_move(&p->list, 0);
	free(left);
	free(up);
}

/* False: a file was chosen. */
static bool enter(struct picker *p)
{
	const struct local_file *f;
	char *path;

	if (p->list.cursor >= p->list.n)
		return true;
	f = &p->dir.files[p->shown[p->list.cursor]];
	if (f->unsafe)
		return true;
	path = path_join(p->dir.path, f->name);
	if (!f->is_folder) {
		p->answer = path;
		return false;
	}
	read_folder(p, path);
	free(path);
	return true;
}

/* ---- drawing ---- */

static void draw_row(struct canvas *c, struct area row, const struct local_file *f, bool current,
		     const struct moment *m)
{
	char text[STR_SMALL], *name = str_clean(mem_strdup(f->name));
	int w = row.w - 2;

	if (current)
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	if (row.w >= 44) {
		str_clock(text, sizeof(text), (time_t)f->modified_at, (time_t)m->wall_s);
		canvas_text_right(c, row.x, row.y, row.w, ROLE_DIALOG, text);
		w -= 11;
	}
	if (row.w >= 30 && !f->is_folder)
		canvas_text_right(c, row.x, row.y, w + 2, ROLE_DIALOG,
				  str_bytes(text, sizeof(text), (double)f->size_bytes));
	w -= row.w >= 30 ? 10 : 0;
	canvas_textf(c, row.x + 2, row.y, w,
		     f->unsafe ? ROLE_DIM : f->is_folder ? ROLE_STRONG : ROLE_DIALOG, "%s%s",
		     name, f->is_folder ? "/" : f->unsafe ? " (unsafe name)" : "");
	if (current)
		canvas_attrs(c, row, CELL_CURSOR, true);
	free(name);
}

static const char *nothing_text(const struct picker *p)
{
	if (p->typed[0])
		return "nothing matches";
	return p->all ? "an empty folder" : "no folders and no g-code here; ^A shows all files";
}

static void draw_rows(struct picker *p, struct canvas *c, struct area in, const struct moment *m)
{
	p->list.rows = in.h;
	list_move(&p->list, 0);
	for (int y = 0; y < in.h && p->list.top + (size_t)y < p->list.n; y++) {
		size_t i = p->list.top + (size_t)y;

		draw_row(c, (struct area){ in.x, in.y + y, in.w, 1 }, &p->dir.files[p->shown[i]],
			 i == p->list.cursor, m);
	}
	if (p->err.code != ERR_NONE)
		dialog_wrap(c, in, ROLE_BAD, p->err.text);
	else if (!p->list.n)
		canvas_text(c, in.x + 2, in.y, in.w - 2, ROLE_DIM, nothing_text(p));
}

static void picker_draw(struct dialog *d, struct canvas *c, const struct moment *m)
{
	struct picker *p = as_picker(d);
	int w = c->cols - 8 > 90 ? 90 : c->cols - 8;
	char title[NAME_CAP], bottom[128];
	struct area in;

	text_cut_left(title, sizeof(title), p->dir.path, w - 4, c->ascii);
	str_clean(title);
	if (p->typed[0])
		str_printf(bottom, sizeof(bottom), "only: %s", p->typed);
	else
		str_printf(bottom, sizeof(bottom), "Enter open   Left up   Tab %s   ^A %s",
			   p->by_name ? "newest first" : "by name",
			   p->all ? "g-code only" : "all files");
	in = dialog_box(c, w, c->rows - 6, ROLE_TITLE, title, bottom);
	draw_rows(p, c, in, m);
}

/* ---- keys ---- */

static void type(struct picker *p, uint32_t key)
{
	size_t len = strlen(p->typed);

	if (key == KEY_BACKSPACE_CODE) {
		while (len > 0 && ((unsigned char)p->typed[--len] & 0xc0) == 0x80)
			continue;
		p->typed[len] = '\0';
	} else {
		struct edit e;

		edit_set(&e, p->typed);
		edit_key(&e, key);
		str_copy(p->typed, sizeof(p->typed), e.text);
	}
	p->list.cursor = p->list.top = 0;
	narrow(p);
}

static enum action_id movement(uint32_t key)
{
	switch (key) {
	case KEY_CODE_DOWN:
	case KEY_CTRL('n'):
		return ACTION_DOWN;
	case KEY_CODE_UP:
	case KEY_CTRL('p'):
		return ACTION_UP;
	case KEY_CODE_PAGE_DOWN:
		return ACTION_PAGE_DOWN;
	case KEY_CODE_PAGE_UP:
		return ACTION_PAGE_UP;
	case KEY_CODE_HOME:
		return ACTION_FIRST;
	case KEY_CODE_END:
		return ACTION_LAST;
	}
	return ACTION_N;
}

static bool escape(struct picker *p)
{
	if (!p->typed[0])
		return false;
	p->typed[0] = '\0';
	narrow(p);
	return true;
}

static bool picker_key(struct dialog *d, uint32_t key)
{
	struct picker *p = as_picker(d);
	char *here;

	if (list_action(&p->list, movement(key)))
		return true;
	if (key == KEY_ESC)
		return escape(p);
	if (key == KEY_RETURN || key == KEY_CODE_RIGHT)
		return enter(p);
	if (key == KEY_CODE_LEFT || (key == KEY_BACKSPACE_CODE && !p->typed[0])) {
		go_up(p);
	} else if (key == KEY_TAB) {
		p->by_name = !p->by_name;
		local_dir_sort(&p->dir, p->by_name);
		narrow(p);
	} else if (key == KEY_CTRL('a')) {
		p->all = !p->all;
		here = mem_strdup(p->dir.path);
		read_folder(p, here);
		free(here);
	} else if (key == KEY_BACKSPACE_CODE || (key >= ' ' && key < KEY_CODE_FIRST)) {
		type(p, key);
	}
	return true;
}

static void picker_close(struct dialog *d)
{
	struct picker *p = as_picker(d);

	p->chosen(p->ctx, p->answer);
	free(p->answer);
	local_dir_done(&p->dir);
	free(p->shown);
	free(p);
}

static const struct dialog_ops picker_ops = { picker_draw, picker_key, NULL, NULL, picker_close, NULL };

void picker_open(struct tui *t, const char *dir, void (*chosen)(void *ctx, const char *path),
		 void *ctx)
{
	struct picker *p = MEM_NEW(struct picker);

	p->d.ops = &picker_ops;
	p->chosen = chosen;
	p->ctx = ctx;
	read_folder(p, dir);
	tui_dialog_take(t, &p->d);
	tui_dirty(t);
}
