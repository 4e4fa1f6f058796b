/*
 * A canvas as plain text, as ANSI and as SVG: golden tests, pipes and pictures see what the
 * terminal shows.
 */
#include "canvas.h"
#include "text/palette.h"

#include <stdint.h>
#include <string.h>

#define CELL_W 9	/* pixels of an SVG cell */
#define CELL_H 18

struct style canvas_style(const struct cell *cell, const struct theme *t, int colors)
{
	const struct style *own = &t->styles[cell->role], *cursor = &t->styles[ROLE_CURSOR];
	bool mono = t->mono || colors < 8, few = colors < 256;
	short cursor_bg = mono ? -1 : few ? cursor->bg16 : cursor->bg;
	struct style s = { .fg = -1, .bg = -1, .fg16 = -1, .bg16 = -1, .attrs = own->attrs };

	s.attrs |= cell->attrs & ~(unsigned)CELL_CURSOR;
	if (!mono) {
		s.fg = few ? own->fg16 : own->fg;
		s.bg = few ? own->bg16 : own->bg;
	}
	if (cell->attrs & CELL_CURSOR) {
		s.attrs |= cursor->attrs;
		if (cursor_bg >= 0)
			s.bg = cursor_bg;
		else
			s.attrs |= ATTR_REVERSE;
	}
	if (colors == 8 && s.fg >= 8) {
		s.fg = (short)(s.fg - 8);
		s.attrs |= ATTR_BOLD;
	}
	if (colors == 8 && s.bg >= 8)
		s.bg = (short)(s.bg - 8);
	return s;
}

static void add_utf8(struct sbuf *out, uint32_t ch)
{
	if (ch < 0x80) {
		sbuf_addc(out, (char)ch);
	} else if (ch < 0x800) {
		sbuf_addc(out, (char)(0xc0 | ch >> 6));
		sbuf_addc(out, (char)(0x80 | (ch & 0x3f)));
	} else if (ch < 0x10000) {
		sbuf_addc(out, (char)(0xe0 | ch >> 12));
		sbuf_addc(out, (char)(0x80 | (ch >> 6 & 0x3f)));
		sbuf_addc(out, (char)(0x80 | (ch & 0x3f)));
	} else {
		sbuf_addc(out, (char)(0xf0 | ch >> 18));
		sbuf_addc(out, (char)(0x80 | (ch >> 12 & 0x3f)));
		sbuf_addc(out, (char)(0x80 | (ch >> 6 & 0x3f)));
		sbuf_addc(out, (char)(0x80 | (ch & 0x3f)));
	}
}

static const struct cell *row_of(const struct canvas *c, int y)
{
	return c->cells + (size_t)y * (size_t)c->cols;
}

/* Columns up to the last one that is not a plain blank. */
static int used_cols(const struct canvas *c, int y)
{
	const struct cell *row = row_of(c, y);
	int n = c->cols;

	while (n > 0 && row[n - 1].ch[0] == ' ' && !row[n - 1].attrs)
		n--;
	return n;
}

static void add_cell(struct sbuf *out, const struct cell *cell)
{
	if (cell->ch[0])
		add_utf8(out, cell->ch[0]);
	if (cell->ch[1])
		add_utf8(out, cell->ch[1]);
}

void canvas_dump_text(const struct canvas *c, struct sbuf *out)
{
	for (int y = 0; y < c->rows; y++) {
		const struct cell *row = row_of(c, y);
		int n = c->cols;

		while (n > 0 && row[n - 1].ch[0] == ' ')
			n--;
		for (int x = 0; x < n; x++)
			add_cell(out, &row[x]);
		sbuf_addc(out, '\n');
	}
}

static bool same_style(const struct style *a, const struct style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static void ansi_style(struct sbuf *out, const struct style *s)
{
	static const struct { unsigned attr; int code; } attrs[] = {
		{ ATTR_BOLD, 1 }, { ATTR_DIM, 2 }, { ATTR_UNDERLINE, 4 }, { ATTR_REVERSE, 7 },
	};

	sbuf_adds(out, "\033[0");
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (s->attrs & attrs[i].attr)
			sbuf_addf(out, ";%d", attrs[i].code);
	if (s->fg >= 0)
		sbuf_addf(out, ";38;5;%d", s->fg);
	if (s->bg >= 0)
		sbuf_addf(out, ";48;5;%d", s->bg);
	sbuf_addc(out, 'm');
}

void canvas_dump_ansi(const struct canvas *c, const struct theme *t, struct sbuf *out)
{
	for (int y = 0; y < c->rows; y++) {
		const struct cell *row = row_of(c, y);
		struct style last = { .fg = -1, .bg = -1 };
		int n = used_cols(c, y);

		for (int x = 0; x < n; x++) {
			struct style s = canvas_style(&row[x], t, 256);

			if (!same_style(&s, &last))
				ansi_style(out, &s);
			last = s;
			add_cell(out, &row[x]);
		}
		sbuf_adds(out, "\033[0m\n");
	}
}

/* ---- SVG ---- */

struct paint {
	uint32_t fg, bg;
	bool bold, dim, underline;
};

static struct paint paint_of(const struct cell *cell, const struct theme *t)
{
	struct style s = canvas_style(cell, t, 256);
	uint32_t page = t->light ? 0xfafafa : 0x16181d, ink = t->light ? 0x24292e : 0xd0d4dc;
	struct paint p = { .fg = s.fg < 0 ? ink : palette_rgb(s.fg),
			   .bg = s.bg < 0 ? page : palette_rgb(s.bg) };

	if (s.attrs & ATTR_REVERSE) {
		uint32_t swap = p.fg;

		p.fg = p.bg;
		p.bg = swap;
	}
	p.bold = s.attrs & ATTR_BOLD;
	p.dim = s.attrs & ATTR_DIM;
	p.underline = s.attrs & ATTR_UNDERLINE;
	return p;
}

static bool same_paint(const struct paint *a, const struct paint *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->bold == b->bold && a->dim == b->dim &&
		a->underline == b->underline;
}

static void add_xml(struct sbuf *out, const struct cell *cell)
{
	switch (cell->ch[0]) {
	case '<':
		sbuf_adds(out, "&lt;");
		return;
	case '&':
		sbuf_adds(out, "&amp;");
		return;
	case ' ':
		sbuf_adds(out, "&#160;");
		return;
	}
	add_cell(out, cell);
}

static bool all_blank(const struct cell *cells, int n)
{
	for (int i = 0; i < n; i++)
		if (cells[i].ch[0] != ' ')
			return false;
	return true;
}

/* A run of cells of one look: a rectangle when it has a background of its own, then the text. */
static void svg_run(struct sbuf *out, const struct cell *cells, int x, int y, int n, struct paint p,
		    uint32_t page)
{
	if (p.bg != page)
		sbuf_addf(out,
			  "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
			  x * CELL_W, y * CELL_H, n * CELL_W, CELL_H, p.bg);
	if (all_blank(cells, n))
		return;
	sbuf_addf(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"%s%s%s>",
		  x * CELL_W, y * CELL_H + 13, n * CELL_W, p.fg,
		  p.bold ? " font-weight=\"bold\"" : "", p.dim ? " opacity=\"0.6\"" : "",
		  p.underline ? " text-decoration=\"underline\"" : "");
	for (int i = 0; i < n; i++)
		add_xml(out, &cells[i]);
	sbuf_adds(out, "</text>\n");
}

static void svg_row(struct sbuf *out, const struct canvas *c, const struct theme *t, int y,
		    uint32_t page)
{
	const struct cell *row = row_of(c, y);
	int x = 0, cols = used_cols(c, y);

	while (x < cols) {
		struct paint p = paint_of(&row[x], t);
		int n = 1;

		while (x + n < cols) {
			struct paint next = paint_of(&row[x + n], t);

			if (!same_paint(&p, &next))
				break;
			n++;
		}
		svg_run(out, row + x, x, y, n, p, page);
		x += n;
	}
}

void canvas_dump_svg(const struct canvas *c, const struct theme *t, const char *title,
		     struct sbuf *out)
{
	int w = c->cols * CELL_W, h = c->rows * CELL_H;
	uint32_t page = t->light ? 0xfafafa : 0x16181d;

	sbuf_addf(out,
		  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 -10 %d %d\" "
		  "font-size=\"14\" "
		  "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
		  "xml:space=\"preserve\">\n",
		  w + 20, h + 20);
	sbuf_addf(out, "<title>%s</title>\n", title);
	sbuf_addf(
		out,
		"<rect x=\"-10\" y=\"-10\" width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#%06x\"/>\n",
		w + 20, h + 20, page);
	for (int y = 0; y < c->rows; y++)
		svg_row(out, c, t, y, page);
	sbuf_adds(out, "</svg>\n");
}
