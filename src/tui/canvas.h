/*
 * A grid of cells with roles: what views draw on. Knows no terminal; golden tests and pictures read
 * it.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/sbuf.h>
#include <printop/theme.h>

struct cell {
	/* Code point and one combining mark (0: none); ch[0] 0: right half of a wide one. */
	uint32_t ch[2];
	uint8_t role;		/* enum role */
	uint8_t attrs;		/* ATTR_ bits on top of the role's, and CELL_CURSOR */
};

/*
 * The row under the cursor: its cells get the background of ROLE_CURSOR, reverse video where that
 * has none.
 */
enum { CELL_CURSOR = 16 };

struct area {			/* a rectangle in cells */
	int x, y, w, h;
};

struct canvas {
	int cols, rows;
	bool ascii;		/* only 7-bit glyphs are put */
	struct cell *cells;	/* cols * rows; at most CANVAS_MAX_COLS x CANVAS_MAX_ROWS */
	int cursor_x, cursor_y;	/* terminal cursor, -1: hidden */
};

#define CANVAS_MAX_COLS 1000
#define CANVAS_MAX_ROWS 400

struct canvas *canvas_new(int cols, int rows, bool ascii);
void canvas_free(struct canvas *c);
void canvas_resize(struct canvas *c, int cols, int rows);	/* clears */
void canvas_clear(struct canvas *c);
struct area canvas_area(const struct canvas *c);

/*
 * All drawing is clipped to the canvas; coordinates may be outside. Text is clean UTF-8
 * (str_clean() was done), put in at most `cols` columns from x on, cut with an ellipsis; returns
 * the columns used. In ASCII mode it is transliterated.
 */
int canvas_text(struct canvas *c, int x, int y, int cols, enum role role, const char *text);
int canvas_textf(struct canvas *c, int x, int y, int cols, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
int canvas_width(const struct canvas *c, const char *text);	/* columns it takes here, uncut */
int canvas_text_right(struct canvas *c, int x, int y, int cols, enum role role, const char *text);
/* One narrow glyph as it is. */
void canvas_put(struct canvas *c, int x, int y, enum role role, uint32_t ch);
void canvas_fill(struct canvas *c, struct area a, enum role role, uint32_t ch);
/* E.g. CELL_CURSOR on a row. */
void canvas_attrs(struct canvas *c, struct area a, unsigned attrs, bool on);
/* E.g. dim a stale row. */
void canvas_recolor(struct canvas *c, struct area a, enum role role);

enum glyph {
	GLYPH_HLINE,
	GLYPH_VLINE,
	GLYPH_ULCORNER,
	GLYPH_URCORNER,
	GLYPH_LLCORNER,
	GLYPH_LRCORNER,
	GLYPH_TTEE,
	GLYPH_BTEE,
	GLYPH_LTEE,
	GLYPH_RTEE,
	GLYPH_CROSS,
	GLYPH_CURSOR,
	GLYPH_MARK,
	GLYPH_ALARM,
	GLYPH_STALE,
	GLYPH_UP,
	GLYPH_DOWN,
	GLYPH_BAR_FULL,
	GLYPH_BAR_EMPTY,
	GLYPH_TICK,
	GLYPH_DEGREE,
	GLYPH_N
};
uint32_t canvas_glyph(const struct canvas *c, enum glyph g);	/* the UTF-8 or the ASCII form */
/* A line with an optional title at its left ("-- TITLE ----") and text at its right end. */
void canvas_hline(struct canvas *c, int x, int y, int w, const char *title, const char *right);
void canvas_vline(struct canvas *c, int x, int y, int h);
void canvas_box(struct canvas *c, struct area a, enum role role, const char *title,
		const char *bottom);
/* "[#####---]" or eighth blocks: always w columns; ratio NAN draws an empty one. */
void canvas_bar(struct canvas *c, int x, int y, int w, double ratio, enum role role);

/*
 * What a cell looks like on a terminal of so many colours (0: mono, 8, 16, 256): fg and bg are
 * colour numbers of that terminal, -1 its own; fg16 and bg16 are not used.
 */
struct style canvas_style(const struct cell *cell, const struct theme *t, int colors);

/* Dumps: trailing blanks trimmed in text; ANSI and SVG with the theme's colours. */
void canvas_dump_text(const struct canvas *c, struct sbuf *out);
void canvas_dump_ansi(const struct canvas *c, const struct theme *t, struct sbuf *out);
void canvas_dump_svg(const struct canvas *c, const struct theme *t, const char *title,
		     struct sbuf *out);

#endif
