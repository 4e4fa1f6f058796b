/*
 * The grid of cells that views draw on: clipped text, lines, boxes and bars, in UTF-8 or plain
 * ASCII.
 */
#include "canvas.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>

#define TEXT_BYTES (4 * CANVAS_MAX_COLS + 1)	/* a line of text as wide as the widest canvas */

static const struct cell blank = { .ch = { ' ', 0 }, .role = ROLE_NORMAL };

static const struct { uint32_t utf8; char ascii; } glyphs[GLYPH_N] = {
	[GLYPH_HLINE] = { 0x2500, '-' },	[GLYPH_VLINE] = { 0x2502, '|' },
	[GLYPH_ULCORNER] = { 0x250c, '+' },	[GLYPH_URCORNER] = { 0x2510, '+' },
	[GLYPH_LLCORNER] = { 0x2514, '+' },	[GLYPH_LRCORNER] = { 0x2518, '+' },
	[GLYPH_TTEE] = { 0x252c, '+' },		[GLYPH_BTEE] = { 0x2534, '+' },
	[GLYPH_LTEE] = { 0x251c, '+' },		[GLYPH_RTEE] = { 0x2524, '+' },
	[GLYPH_CROSS] = { 0x253c, '+' },	[GLYPH_CURSOR] = { '>', '>' },
	[GLYPH_MARK] = { '*', '*' },		[GLYPH_ALARM] = { '!', '!' },
	[GLYPH_STALE] = { '~', '~' },		[GLYPH_UP] = { 0x2191, '^' },
	[GLYPH_DOWN] = { 0x2193, 'v' },		[GLYPH_BAR_FULL] = { 0x2588, '#' },
	[GLYPH_BAR_EMPTY] = { 0x2591, '-' },	[GLYPH_TICK] = { 0x2713, 'x' },
	[GLYPH_DEGREE] = { 0x00b0, ' ' },
};

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

struct canvas *canvas_new(int cols, int rows, bool ascii)
{
	struct canvas *c = MEM_NEW(struct canvas);

	c->ascii = ascii;
	canvas_resize(c, cols, rows);
	return c;
}

void canvas_free(struct canvas *c)
{
	if (!c)
		return;
	free(c->cells);
	free(c);
}

void canvas_resize(struct canvas *c, int cols, int rows)
{
	c->cols = clamp(cols, 1, CANVAS_MAX_COLS);
	c->rows = clamp(rows, 1, CANVAS_MAX_ROWS);
	c->cells = mem_realloc(c->cells, (size_t)c->cols * (size_t)c->rows, sizeof(struct cell));
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	size_t n = (size_t)c->cols * (size_t)c->rows;

	for (size_t i = 0; i < n; i++)
		c->cells[i] = blank;
	c->cursor_x = c->cursor_y = -1;
}

struct area canvas_area(const struct canvas *c)
{
	return (struct area){ 0, 0, c->cols, c->rows };
}

static struct cell *cell_at(const struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->cols || y >= c->rows)
		return NULL;
	return &c->cells[(size_t)y * (size_t)c->cols + (size_t)x];
}

/* Before a cell is written: the other half of a wide character on it becomes a blank. */
static void break_wide(struct canvas *c, int x, int y)
{
	struct cell *cell = cell_at(c, x, y), *other;

	if (!cell)
		return;
	other = cell->ch[0] == 0 ? cell_at(c, x - 1, y) : cell_at(c, x + 1, y);
	if (other && (cell->ch[0] == 0 || other->ch[0] == 0))
		other->ch[0] = ' ', other->ch[1] = 0;
}

static void put_cell(struct canvas *c, int x, int y, enum role role, uint32_t ch)
{
	struct cell *cell = cell_at(c, x, y);

	if (!cell)
		return;
	break_wide(c, x, y);
	*cell = (struct cell){ .ch = { ch, 0 }, .role = (uint8_t)role };
}

/* A wide character that is half outside is shown as a blank. */
static void put_wide(struct canvas *c, int x, int y, enum role role, uint32_t ch)
{
	struct cell *left = cell_at(c, x, y), *right = cell_at(c, x + 1, y);

	put_cell(c, x, y, role, ' ');
	put_cell(c, x + 1, y, role, ' ');
	if (left && right) {
		left->ch[0] = ch;
		right->ch[0] = 0;
	}
}

/* A mark that takes no column goes onto the character before it; only the first one is kept. */
static void put_combining(struct canvas *c, int x, int y, uint32_t ch)
{
	struct cell *cell = cell_at(c, x, y);

	if (cell && cell->ch[0] == 0)
		cell = cell_at(c, x - 1, y);
	if (cell && !cell->ch[1])
		cell->ch[1] = ch;
}

/* Puts len bytes of text; returns the columns used. */
static int put_text(struct canvas *c, int x, int y, enum role role, const char *text, size_t len)
{
	int used = 0;

	while (len > 0) {
		size_t n;
		uint32_t ch = str_utf8_decode(text, &n);
		int width = text_char_width(ch);

		if (n == 0 || n > len)
			break;
		if (width == 0 && used > 0)
			put_combining(c, x + used - 1, y, ch);
		else if (width == 1)
			put_cell(c, x + used, y, role, ch);
		else if (width == 2)
			put_wide(c, x + used, y, role, ch);
		used += width;
		text += n;
		len -= n;
	}
	return used;
}

int canvas_text(struct canvas *c, int x, int y, int cols, enum role role, const char *text)
{
	char plain[TEXT_BYTES];
	int width;
	size_t len;

	if (cols <= 0 || !text)
		return 0;
	if (c->ascii) {
		text_to_ascii(plain, sizeof(plain), text);
		text = plain;
	}
	len = text_fit(text, cols, &width);
	if (!text[len])
		return put_text(c, x, y, role, text, len);
	len = text_fit(text, cols - 1, &width);
	put_text(c, x, y, role, text, len);
	put_cell(c, x + width, y, role, c->ascii ? '~' : 0x2026);
	return width + 1;
}

int canvas_textf(struct canvas *c, int x, int y, int cols, enum role role, const char *fmt, ...)
{
	char text[TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_text(c, x, y, cols, role, text);
}

int canvas_width(const struct canvas *c, const char *text)
{
	char plain[TEXT_BYTES];

	if (!c->ascii)
		return text_width(text);
	text_to_ascii(plain, sizeof(plain), text);
	return text_width(plain);
}

int canvas_text_right(struct canvas *c, int x, int y, int cols, enum role role, const char *text)
{
	int width = text ? canvas_width(c, text) : 0;

	if (width > cols)
		width = cols;
	return canvas_text(c, x + cols - width, y, width, role, text);
}

void canvas_put(struct canvas *c, int x, int y, enum role role, uint32_t ch)
{
	put_cell(c, x, y, role, c->ascii && ch > 126 ? '?' : ch);
}

/* The part of a that is on the canvas. */
static struct area clip(const struct canvas *c, struct area a)
{
	int x2 = clamp(a.x + (a.w > 0 ? a.w : 0), 0, c->cols);
	int y2 = clamp(a.y + (a.h > 0 ? a.h : 0), 0, c->rows);

	a.x = clamp(a.x, 0, c->cols);
	a.y = clamp(a.y, 0, c->rows);
	a.w = x2 - a.x;
	a.h = y2 - a.y;
	return a;
}

void canvas_fill(struct canvas *c, struct area a, enum role role, uint32_t ch)
{
	a = clip(c, a);
	for (int y = a.y; y < a.y + a.h; y++)
		for (int x = a.x; x < a.x + a.w; x++)
			canvas_put(c, x, y, role, ch);
}

void canvas_attrs(struct canvas *c, struct area a, unsigned attrs, bool on)
{
	a = clip(c, a);
	for (int y = a.y; y < a.y + a.h; y++) {
		struct cell *row = c->cells + (size_t)y * (size_t)c->cols;

		for (int x = a.x; x < a.x + a.w; x++)
			row[x].attrs = (uint8_t)(on ? row[x].attrs | attrs : row[x].attrs & ~attrs);
	}
}

void canvas_recolor(struct canvas *c, struct area a, enum role role)
{
	a = clip(c, a);
	for (int y = a.y; y < a.y + a.h; y++)
		for (int x = a.x; x < a.x + a.w; x++)
			c->cells[(size_t)y * (size_t)c->cols + (size_t)x].role = (uint8_t)role;
}

uint32_t canvas_glyph(const struct canvas *c, enum glyph g)
{
	return c->ascii ? (uint32_t)glyphs[g].ascii : glyphs[g].utf8;
}

/*
 * " text " over a line, from its third column on; right: ends three columns before the line does.
 */
static void line_label(struct canvas *c, int x, int y, int w, bool right, const char *text)
{
	int cols = w - 6, width = 0;

	if (!text || !*text || cols < 1)
		return;
	if (right) {
		width = canvas_width(c, text);
		x += width < cols ? cols - width : 0;
	}
	canvas_put(c, x + 2, y, ROLE_BORDER, ' ');
	width = canvas_text(c, x + 3, y, cols, right ? ROLE_DIM : ROLE_HEADER, text);
	canvas_put(c, x + 3 + width, y, ROLE_BORDER, ' ');
}

void canvas_hline(struct canvas *c, int x, int y, int w, const char *title, const char *right)
{
	canvas_fill(c, (struct area){ x, y, w, 1 }, ROLE_BORDER, canvas_glyph(c, GLYPH_HLINE));
	line_label(c, x, y, w, true, right);
	line_label(c, x, y, w, false, title);
}

void canvas_vline(struct canvas *c, int x, int y, int h)
{
	canvas_fill(c, (struct area){ x, y, 1, h }, ROLE_BORDER, canvas_glyph(c, GLYPH_VLINE));
}

void canvas_box(struct canvas *c, struct area a, enum role role, const char *title,
		const char *bottom)
{
	int right = a.x + a.w - 1, low = a.y + a.h - 1;

	if (a.w < 2 || a.h < 2)
		return;
	canvas_fill(c, a, role, ' ');
	canvas_hline(c, a.x, a.y, a.w, title, NULL);
	canvas_hline(c, a.x, low, a.w, bottom, NULL);
	canvas_vline(c, a.x, a.y, a.h);
	canvas_vline(c, right, a.y, a.h);
	canvas_put(c, a.x, a.y, ROLE_BORDER, canvas_glyph(c, GLYPH_ULCORNER));
	canvas_put(c, right, a.y, ROLE_BORDER, canvas_glyph(c, GLYPH_URCORNER));
	canvas_put(c, a.x, low, ROLE_BORDER, canvas_glyph(c, GLYPH_LLCORNER));
	canvas_put(c, right, low, ROLE_BORDER, canvas_glyph(c, GLYPH_LRCORNER));
}

/* The last cell that is only partly filled: U+258F (one eighth) .. U+2589 (seven), 0 for none. */
static uint32_t eighth(int n)
{
	return n > 0 ? 0x2590u - (uint32_t)n : 0;
}

static void bar_cells(struct canvas *c, int x, int y, int w, double ratio, enum role role)
{
	int steps = c->ascii ? 1 : 8, filled = (int)floor(ratio * w * steps + 1e-9);
	uint32_t full = canvas_glyph(c, GLYPH_BAR_FULL), empty = canvas_glyph(c, GLYPH_BAR_EMPTY);

	for (int i = 0; i < w; i++) {
		int part = filled - i * steps;
		uint32_t some = part >= steps ? full : eighth(part);

		canvas_put(c, x + i, y, some ? role : ROLE_BAR_BACK, some ? some : empty);
	}
}

void canvas_bar(struct canvas *c, int x, int y, int w, double ratio, enum role role)
{
	if (isnan(ratio) || ratio < 0)
		ratio = 0;
	if (ratio > 1)
		ratio = 1;
	if (!c->ascii) {
		bar_cells(c, x, y, w, ratio, role);
		return;
	}
	if (w < 3)
		return;
	canvas_put(c, x, y, ROLE_BAR_BACK, '[');
	canvas_put(c, x + w - 1, y, ROLE_BAR_BACK, ']');
	bar_cells(c, x + 1, y, w - 2, ratio, role);
}
