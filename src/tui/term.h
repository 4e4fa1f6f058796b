/*
 * The terminal: the only file that knows curses. Shows a canvas, reads keys, is restored whatever
 * happens.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/theme.h>
#include "canvas.h"

struct terminal;

struct term_options {
	/* Auto: terminfo and NO_COLOR. */
	enum { TERM_COLOR_AUTO, TERM_COLOR_NEVER, TERM_COLOR_ALWAYS } color;
	enum { TERM_CHARSET_AUTO, TERM_CHARSET_UTF8, TERM_CHARSET_ASCII } charset;
	bool mouse;
};

/*
 * Opens /dev/tty afresh (never fd 0: its O_NONBLOCK would be shared with stdout) and takes the
 * screen over.
 */
struct terminal *term_open(const struct term_options *o, struct err *e);
void term_close(struct terminal *t);		/* restores the terminal; takes NULL */
int term_fd(const struct terminal *t);		/* poll it for reading */
bool term_ascii(const struct terminal *t);
int term_colors(const struct terminal *t);		/* 0 (mono), 8, 16, 256 */
void term_size(struct terminal *t, int *cols, int *rows);
/* After SIGWINCH: TIOCGWINSZ, resizeterm, forget the last frame. */
void term_resized(struct terminal *t);
void term_set_theme(struct terminal *t, const struct theme *theme);
void term_set_mouse(struct terminal *t, bool on);

/* Writes only the cells that differ from the last frame; nothing at all when none does. */
void term_draw(struct terminal *t, const struct canvas *c);
void term_redraw(struct terminal *t);		/* the next draw writes every cell */

struct term_mouse {
	int x, y;
	int button;		/* 1 left, 2 middle, 3 right, 0 none */
	int wheel;		/* -1 up, 1 down, 0 none */
	bool press, doubled;
};
/*
 * The next key as in keys.h, KEY_NONE when none waits. Escape sequences are put together (a lone
 * Esc is told apart within 25 ms); bracketed paste arrives as KEY_CODE_PASTE, term_pasted() then
 * has the cleaned text.
 */
uint32_t term_key(struct terminal *t);
/* A sequence has begun: call term_key() again in 25 ms. */
bool term_key_waits(const struct terminal *t);
/* Reading said that the terminal is no more. */
bool term_gone(const struct terminal *t);
struct term_mouse term_mouse(const struct terminal *t);
const char *term_pasted(const struct terminal *t);

/*
 * Ctrl-Z: restores, stops the process group, takes over again on SIGCONT. False: no shell is there
 * to come back to.
 */
bool term_suspend(struct terminal *t);
void term_bell(struct terminal *t);
/*
 * Window title and desktop message; text is cleaned. osc: 9, 777, 0 what fits this terminal;
 * wrapped inside tmux and screen.
 */
void term_title(struct terminal *t, const char *text);
void term_notify(struct terminal *t, int osc, const char *title, const char *text);

#endif
