/* A page of lines with roles that scrolls and can be searched: Markdown, the help. */
#ifndef TUI_PAGER_H
#define TUI_PAGER_H

#include <printop/md.h>
#include "tui.h"

struct pager {
	struct md_page *page;
	int top, rows;		/* first line shown; rows of the window, set by draw */
	size_t found;		/* the line that was found last: the search goes on from there */
	char search[128];	/* marked wherever it occurs; "" none */
};

void pager_done(struct pager *p);
/* Takes the page; stays at the same place. */
void pager_set_take(struct pager *p, struct md_page *page);
void pager_draw(struct pager *p, struct canvas *c, struct area a);
/* Scrolls by DOWN, UP, PAGE_DOWN, FIRST ...; false: not a movement. */
bool pager_action(struct pager *p, enum action_id id);
/*
 * Marks a text and goes to the first line with it, from the top of the window on; false when
 * there is none.
 */
bool pager_search(struct pager *p, const char *text);
bool pager_find(struct pager *p, bool back);	/* the next one or the one before, round the end */
/* "lines 12-34 of 120", "" when all fit. */
void pager_where(const struct pager *p, char *buf, size_t size);

/* ---- making lines by hand ---- */

struct md_page *page_new(void);
/* An empty line at the end; fill it with page_add() at once. NULL when the page is full. */
struct md_line *page_line(struct md_page *p);
/* Adds text to a line and pads it with blanks to column `to` (0: not at all). */
void page_add(struct md_line *l, enum role role, const char *text, int to);
/*
 * Adds lines of at most cols columns: the key in a column of its own, the text wrapped beside
 * it.
 */
void page_entry(struct md_page *p, const char *key, int key_cols, const char *text, int cols);
/* Moves the lines of `more` to the end of p and frees the rest of it. */
void page_append_take(struct md_page *p, struct md_page *more);
/* The two side by side, the right one from column x on. Takes both. */
struct md_page *page_join_take(struct md_page *left, struct md_page *right, int x);

#endif
