/* What the dialogs share: a box in the middle of the screen and wrapped text. */
#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H

#include "tui.h"

/*
 * Draws a box for w x h cells of content, smaller on a small screen; returns where the content
 * goes.
 */
struct area dialog_box(struct canvas *c, int w, int h, enum role title_role, const char *title,
		       const char *bottom);
/*
 * Draws text in lines of at most a.w columns, broken at blanks, as far as a.h goes; returns how
 * many lines the text takes in all. c NULL only counts.
 */
int dialog_wrap(struct canvas *c, struct area a, enum role role, const char *text);
/*
 * True: the key came before anybody can have read the dialog and does not count. Where the terminal
 * does not mark pasted text it comes as keys in one go, and "Xylophone" must not be X and y.
 */
bool dialog_too_soon(struct dialog *d);

#endif
