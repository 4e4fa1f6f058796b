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
#define CELL_BASE 14	/* of the text, from the top */

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

/*
 * Each character gets a place of its own: fonts differ in width, and not every viewer knows
 * textLength. A combining mark has the place of its letter; the right half of a wide character has
 * none.
 */
static void svg_places(struct sbuf *out, const struct cell *cells, int x, int n)
{
	for (int i = 0; i < n; i++) {
		if (!cells[i].ch[0])
			continue;
		sbuf_addf(out, "%s%d", i ? " " : "", (x + i) * CELL_W);
		if (cells[i].ch[1])
			sbuf_addf(out, " %d", (x + i) * CELL_W);
	}
}

/* Text without the blanks around it. */
static void svg_text(struct sbuf *out, const struct cell *cells, int x, int y, int n,
		     struct paint p)
{
	while (n > 0 && cells[n - 1].ch[0] == ' ')
		n--;
	while (n > 0 && cells->ch[0] == ' ')
		cells++, x++, n--;
	if (!n)
		return;
	sbuf_addf(out, "<text y=\"%d\" fill=\"#%06x\"%s%s%s x=\"", y * CELL_H + CELL_BASE, p.fg,
		  p.bold ? " font-weight=\"bold\"" : "", p.dim ? " opacity=\"0.6\"" : "",
		  p.underline ? " text-decoration=\"underline\"" : "");
	svg_places(out, cells, x, n);
	sbuf_adds(out, "\">");
	for (int i = 0; i < n; i++)
		add_xml(out, &cells[i]);
	sbuf_adds(out, "</text>\n");
}

static void svg_rect(struct sbuf *out, double x, double y, double w, double h, uint32_t rgb,
		     double opacity)
{
	sbuf_addf(out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\"", x, y, w,
		  h, rgb);
	if (opacity < 1)
		sbuf_addf(out, " opacity=\"%g\"", opacity);
	sbuf_adds(out, "/>\n");
}

static bool is_block(uint32_t ch)
{
	return ch >= 0x2581 && ch <= 0x2591;
}

/* n equal block glyphs as a rectangle, for fonts draw them with gaps. */
static void svg_block(struct sbuf *out, uint32_t ch, int x, int y, int n, struct paint p)
{
	double left = x * CELL_W, top = y * CELL_H;
	double part = ch < 0x2588 ? (ch - 0x2580) / 8.0 : ch < 0x2590 ? (0x2590 - ch) / 8.0 : 1;

	if (ch < 0x2588)
		svg_rect(out, left, top + CELL_H * (1 - part), n * CELL_W, CELL_H * part, p.fg, 1);
	else if (ch < 0x2591)
		for (int i = 0; i < (part < 1 ? n : 1); i++)
			svg_rect(out, left + i * CELL_W, top + 2,
				 part < 1 ? CELL_W * part : n * CELL_W, CELL_H - 4, p.fg, 1);
	else
		svg_rect(out, left, top + 2, n * CELL_W, CELL_H - 4, p.fg, 0.25);
}

/* Glyphs that may come from another font, of another width, stand alone. */
static bool stands_alone(uint32_t ch)
{
	return ch >= 0x2800 && ch <= 0x28ff;
}

/* How many cells from the first on are drawn in one piece. */
static int piece(const struct cell *cells, int n)
{
	uint32_t first = cells->ch[0];
	int i = 1;

	if (stands_alone(first))
		return 1;
	while (i < n && (is_block(first) ? cells[i].ch[0] == first :
			 !is_block(cells[i].ch[0]) && !stands_alone(cells[i].ch[0])))
		i++;
	return i;
}

/*
 * A run of cells of one look: a rectangle when it has a background of its own, then what is in it.
 */
static void svg_run(struct sbuf *out, const struct cell *cells, int x, int y, int n, struct paint p,
		    uint32_t page)
{
	if (p.bg != page)
		svg_rect(out, x * CELL_W, y * CELL_H, n * CELL_W, CELL_H, p.bg, 1);
	for (int used; n > 0; cells += used, x += used, n -= used) {
		used = piece(cells, n);
		if (is_block(cells->ch[0]))
			svg_block(out, cells->ch[0], x, y, used, p);
		else
			svg_text(out, cells, x, y, used, p);
	}
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
		  "font-size=\"15\" "
		  "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
		  "shape-rendering=\"crispEdges\" xml:space=\"preserve\">\n",
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
