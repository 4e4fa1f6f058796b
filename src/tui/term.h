/* The terminal: the only file that knows curses. Shows a canvas, reads keys, is restored whatever happens. */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/theme.h>
#include "canvas.h"

struct term;

struct term_options {
	enum { TERM_COLOR_AUTO, TERM_COLOR_NEVER, TERM_COLOR_ALWAYS } color;	/* auto: terminfo and NO_COLOR */
	enum { TERM_CHARSET_AUTO, TERM_CHARSET_UTF8, TERM_CHARSET_ASCII } charset;
	bool mouse;
};

/* Opens /dev/tty afresh (never fd 0: its O_NONBLOCK would be shared with stdout) and takes the screen over. */
struct term *term_open(const struct term_options *o, struct err *e);
void term_close(struct term *t);		/* restores the terminal; takes NULL */
int term_fd(const struct term *t);		/* poll it for reading */
bool term_ascii(const struct term *t);
int term_colors(const struct term *t);		/* 0 (mono), 8, 16, 256 */
void term_size(struct term *t, int *cols, int *rows);
void term_resized(struct term *t);		/* after SIGWINCH: TIOCGWINSZ, resizeterm, forget the last frame */
void term_set_theme(struct term *t, const struct theme *theme);
void term_set_mouse(struct term *t, bool on);

/* Writes only the cells that differ from the last frame; nothing at all when none does. */
void term_draw(struct term *t, const struct canvas *c);
void term_redraw(struct term *t);		/* the next draw writes every cell */

struct term_mouse { int x, y; int button; int wheel; bool press, doubled; };	/* wheel -1 up, 1 down, 0 none */
/*
 * The next key as in keys.h, KEY_NONE when none waits. Escape sequences are put together (a lone Esc is told apart within
 * 25 ms); bracketed paste arrives as KEY_CODE_PASTE, term_pasted() then has the cleaned text.
 */
uint32_t term_key(struct term *t);
struct term_mouse term_mouse(const struct term *t);
const char *term_pasted(const struct term *t);

void term_suspend(struct term *t);		/* Ctrl-Z: restore, stop the process group, take over again on SIGCONT */
void term_bell(struct term *t);
/* Window title and desktop message; text is cleaned. osc 9 or 777; inside tmux/screen wrapped for the outer terminal. */
void term_title(struct term *t, const char *text);
void term_notify(struct term *t, int osc, const char *title, const char *text);

#endif
