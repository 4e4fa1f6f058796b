/*
 * A list to choose from: the order of the fleet, themes. Each choice under the cursor can be
 * previewed.
 */
#include "dialog.h"

#include <stdlib.h>
#include <printop/mem.h>

struct menu {
	struct dialog d;
	char *title;
	char **items;
	struct list list;
	void (*moved)(void *ctx, int i);
	void (*chosen)(void *ctx, int i);
	void *ctx;
	int answer;		/* -1: none */
};

static void menu_draw(struct dialog *d, struct canvas *c, const struct moment *m)
{
	struct menu *menu = (struct menu *)d;
	int w = canvas_width(c, menu->title) + 4;
	struct area in;

	(void)m;
	for (size_t i = 0; i < menu->list.n; i++)
		if (canvas_width(c, menu->items[i]) + 2 > w)
			w = canvas_width(c, menu->items[i]) + 2;
	in = dialog_box(c, w, (int)menu->list.n, ROLE_TITLE, menu->title, "Enter takes it");
	menu->list.rows = in.h;
	list_move(&menu->list, 0);
	for (int y = 0; y < in.h; y++) {
		size_t i = menu->list.top + (size_t)y;

		if (i >= menu->list.n)
			break;
		canvas_text(c, in.x + 2, in.y + y, in.w - 2, ROLE_DIALOG, menu->items[i]);
		if (i != menu->list.cursor)
			continue;
		canvas_put(c, in.x, in.y + y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
		canvas_attrs(c, (struct area){ in.x, in.y + y, in.w, 1 }, CELL_CURSOR, true);
	}
}

static bool menu_key(struct dialog *d, uint32_t key)
{
	struct menu *menu = (struct menu *)d;
	enum action_id id = keymap_find(d->tui->keymap, SCOPE_LIST, key);
	size_t before = menu->list.cursor;

	if (key == KEY_RETURN) {
		menu->answer = (int)menu->list.cursor;
		return false;
	}
	if (key == KEY_ESC || id == ACTION_BACK || id == ACTION_QUIT)
		return false;
	if (key == KEY_TAB)
		id = ACTION_DOWN;
	if (id < ACTION_N && list_action(&menu->list, id) && menu->list.cursor != before &&
	    menu->moved)
		menu->moved(menu->ctx, (int)menu->list.cursor);
	return true;
}

static void menu_close(struct dialog *d)
{
	struct menu *menu = (struct menu *)d;

	menu->chosen(menu->ctx, menu->answer);
	for (size_t i = 0; i < menu->list.n; i++)
		free(menu->items[i]);
	free(menu->items);
	free(menu->title);
	free(menu);
}

static const struct dialog_ops menu_ops = { menu_draw, menu_key, NULL, NULL, menu_close, NULL };

void dialog_menu(struct tui *t, const char *title, const char *const *items, size_t n,
		 size_t current, void (*moved)(void *ctx, int i), void (*chosen)(void *ctx, int i),
		 void *ctx)
{
	struct menu *menu = MEM_NEW(struct menu);

	menu->d.ops = &menu_ops;
	menu->title = mem_strdup(title);
	menu->items = mem_zalloc(n ? n : 1, sizeof(*menu->items));
	for (size_t i = 0; i < n; i++)
		menu->items[i] = mem_strdup(items[i]);
	menu->moved = moved;
	menu->chosen = chosen;
	menu->ctx = ctx;
	menu->answer = -1;
	menu->list.rows = (int)n;
	menu->list.cursor = current;
	list_set_count(&menu->list, n);
	tui_dialog_take(t, &menu->d);
	tui_dirty(t);
}
