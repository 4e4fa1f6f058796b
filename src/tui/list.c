/*
 * A cursor in a list with scrolling: pure arithmetic, so that every list on the screen moves alike.
 */
#include "tui.h"

/* The cursor stays in the list and in the window; the window has no empty rows at its end. */
static void list_settle(struct list *l)
{
	size_t rows = l->rows > 0 ? (size_t)l->rows : 1;

	if (l->cursor >= l->n)
		l->cursor = l->n ? l->n - 1 : 0;
	if (l->top + rows > l->n)
		l->top = l->n > rows ? l->n - rows : 0;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + rows)
		l->top = l->cursor - rows + 1;
}

void list_set_count(struct list *l, size_t n)
{
	l->n = n;
	list_settle(l);
}

void list_move(struct list *l, int by)
{
	size_t step = by < 0 ? (size_t)-(long)by : (size_t)by;

	if (by < 0)
		l->cursor = l->cursor > step ? l->cursor - step : 0;
	else
		l->cursor += step;
	list_settle(l);
}

bool list_action(struct list *l, enum action_id id)
{
	int page = l->rows > 1 ? l->rows - 1 : 1;

	if (id == ACTION_DOWN)
		list_move(l, 1);
	else if (id == ACTION_UP)
		list_move(l, -1);
	else if (id == ACTION_PAGE_DOWN)
		list_move(l, page);
	else if (id == ACTION_PAGE_UP)
		list_move(l, -page);
	else if (id == ACTION_FIRST)
		l->cursor = 0, list_settle(l);
	else if (id == ACTION_LAST)
		l->cursor = l->n ? l->n - 1 : 0, list_settle(l);
	else
		return false;
	return true;
}
