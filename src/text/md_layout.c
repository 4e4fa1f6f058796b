/* Markdown for the screen: lines of a given width, with a role for each part of them. */
#include <printop/md.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include <printop/text.h>
#include "md_walk.h"

#define MAX_DEPTH 16	/* quotes and lists in each other; what is deeper is not indented further */
#define CODE_INDENT 4

/* What stands at the left of all lines inside a quote, an item or a block of code. */
struct margin {
	char first[24];		/* of the first line: "12. "; "" once it is written */
	char other[4];		/* of other lines: a quote's bar; else blanks as wide as first */
	int width;
};

struct list {
	long number;
	bool tight;
};

struct layout {
	struct md_page *page;
	size_t cap;
	int cols;
	bool ascii;
	bool want_blank;		/* before the next block */

	struct margin margins[MAX_DEPTH];
	int n_margins;			/* may be more than MAX_DEPTH */
	struct list lists[MAX_DEPTH + 1];	/* the first stands for no list at all */
	int n_lists;

	struct sbuf text;		/* of the paragraph being read; '\n' is a line break */
	struct md_span *runs;		/* its roles */
	size_t n_runs, cap_runs;
	size_t link_start;
	enum role base;			/* of a heading, else ROLE_NORMAL */
	int strong;			/* how many of bold and emphasis are open */
};

/* ---- lines out ---- */

static struct md_line *new_line(struct layout *l)
{
	struct md_page *p = l->page;

	if (p->n >= LIMIT_MARKDOWN_LINES)
		return NULL;
	p->lines = mem_grow(p->lines, p->n, &l->cap, sizeof(*p->lines));
	p->lines[p->n] = (struct md_line){ NULL, NULL, 0 };
	return &p->lines[p->n++];
}

static void add_span(struct md_line *line, size_t start, size_t len, enum role role)
{
	if (!len || role == ROLE_NORMAL)
		return;
	line->spans = mem_realloc(line->spans, line->n_spans + 1, sizeof(*line->spans));
	line->spans[line->n_spans++] = (struct md_span){ (unsigned)start, (unsigned)len, role };
}

static struct margin *margin_at(struct layout *l, int i)
{
	return i < l->n_margins && i < MAX_DEPTH ? &l->margins[i] : NULL;
}

/* How many margins are shown, and how wide they are together: at most half of the line. */
static int shown_margins(struct layout *l, int *width)
{
	int i = 0;

	*width = 0;
	for (; margin_at(l, i) && *width + l->margins[i].width <= l->cols / 2; i++)
		*width += l->margins[i].width;
	return i;
}

static int text_cols(struct layout *l)
{
	int width;

	shown_margins(l, &width);
	return l->cols - width;
}

static void add_margins(struct layout *l, struct md_line *line, struct sbuf *out, bool with_first)
{
	int width;
	const int n = shown_margins(l, &width);

	for (int i = 0; i < n; i++) {
		struct margin *m = &l->margins[i];
		const char *text = m->first[0] && with_first ? m->first : m->other;
		const int blanks = m->width - text_width(text);

		add_span(line, out->len, strlen(text),
			 text == m->other ? ROLE_BORDER : ROLE_STRONG);
		sbuf_adds(out, text);
		sbuf_addn(out, ' ', blanks > 0 ? (size_t)blanks : 0);
		if (with_first)
			m->first[0] = '\0';
	}
}

/* Gives a line its text without blanks at the end, which its roles must not reach into, either. */
static void finish(struct md_line *line, struct sbuf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	for (size_t i = line->n_spans; i-- > 0; ) {
		struct md_span *s = &line->spans[i];

		if (s->start >= out->len)
			line->n_spans--;
		else if (s->start + s->len > out->len)
			s->len = (unsigned)out->len - s->start;
	}
	line->text = sbuf_take(out);
}

/* Writes bytes start..end of a text as a line; *run is the first run that may reach into it. */
static void emit(struct layout *l, const char *text, size_t start, size_t end,
		 const struct md_span *runs, size_t n_runs, size_t *run)
{
	struct md_line *line = new_line(l);
	struct sbuf out = SBUF_INIT(1u << 20);
	size_t shift;

	if (!line)
		return;
	add_margins(l, line, &out, true);
	shift = out.len;
	sbuf_add(&out, text + start, end - start);
	while (*run < n_runs && (size_t)runs[*run].start + runs[*run].len <= start)
		++*run;
	for (size_t i = *run; i < n_runs && runs[i].start < end; i++) {
		const size_t run_end = (size_t)runs[i].start + runs[i].len;
		const size_t from = runs[i].start > start ? runs[i].start : start;
		const size_t to = run_end < end ? run_end : end;

		add_span(line, shift + from - start, to - from, runs[i].role);
	}
	finish(line, &out);
}

static void emit_blank(struct layout *l)
{
	struct md_line *line = l->want_blank && l->page->n ? new_line(l) : NULL;
	struct sbuf out = SBUF_INIT(1u << 20);

	l->want_blank = false;
	if (!line)
		return;
	add_margins(l, line, &out, false);
	finish(line, &out);
}

/* ---- wrapping ---- */

static size_t first_char(const char *s)
{
	size_t len;

	str_utf8_decode(s, &len);
	return *s ? len : 0;
}

/* Where the line that begins at start ends: behind the last word that fits, or in a long one. */
static size_t line_end(const char *text, size_t start, size_t limit, int cols)
{
	const size_t fits = start + text_fit(text + start, cols, NULL);
	size_t end = fits;

	if (fits >= limit)
		return limit;
	while (end > start && text[end] != ' ')
		end--;
	if (end > start)
		return end;
	return fits > start ? fits : start + first_char(text + start);
}

/* Wraps one segment, without line breaks inside. */
static void wrap_segment(struct layout *l, size_t start, size_t limit, size_t *run)
{
	const char *text = sbuf_str(&l->text);
	const int cols = text_cols(l);

	do {
		const size_t end = line_end(text, start, limit, cols);
		size_t trimmed = end;

		while (trimmed > start && text[trimmed - 1] == ' ')
			trimmed--;
		emit(l, text, start, trimmed, l->runs, l->n_runs, run);
		start = end;
		while (start < limit && text[start] == ' ')
			start++;
	} while (start < limit && l->page->n < LIMIT_MARKDOWN_LINES);
}

static void wrap(struct layout *l)
{
	const char *text = sbuf_str(&l->text);
	size_t start = strspn(text, " "), run = 0;

	while (start < l->text.len) {
		const size_t limit = start + strcspn(text + start, "\n");

		wrap_segment(l, start, limit, &run);
		start = limit + 1;
		start += start < l->text.len ? strspn(text + start, " ") : 0;
	}
	sbuf_clear(&l->text);
	l->n_runs = 0;
}

/* ---- inlines ---- */

static void add(struct layout *l, const char *text, enum role role)
{
	const size_t start = l->text.len, size = 4 * strlen(text) + 1;
	struct md_span *last = l->n_runs ? &l->runs[l->n_runs - 1] : NULL;
	char *ascii = NULL;

	if (l->ascii) {
		ascii = mem_alloc(size);
		text_to_ascii(ascii, size, text);
		text = ascii;
	}
	if (!sbuf_adds(&l->text, text) || role == ROLE_NORMAL || start == l->text.len) {
		free(ascii);
		return;
	}
	free(ascii);
	if (last && last->role == role && last->start + last->len == start) {
		last->len += (unsigned)(l->text.len - start);
		return;
	}
	l->runs = mem_grow(l->runs, l->n_runs, &l->cap_runs, sizeof(*l->runs));
	l->runs[l->n_runs++] = (struct md_span){
		(unsigned)start, (unsigned)(l->text.len - start), role,
	};
}

static enum role current_role(const struct layout *l)
{
	return l->base == ROLE_NORMAL && l->strong ? ROLE_STRONG : l->base;
}

/* The address behind a link's text, unless it is the text or leads to this page. */
static void add_url(struct layout *l, const char *url, size_t text_start)
{
	const char *shown = str_starts(url, "mailto:") ? url + strlen("mailto:") : url;
	const char *text = sbuf_str(&l->text) + text_start;

	if (!*shown || *shown == '#' || str_eq(text, shown) || str_eq(text, url))
		return;
	add(l, " (", ROLE_DIM);
	add(l, shown, ROLE_DIM);
	add(l, ")", ROLE_DIM);
}

static void visit_link(struct layout *l, const struct md_event *e)
{
	if (e->enter)
		l->link_start = l->text.len;
	else
		add_url(l, e->text, l->link_start);
}

static void visit_image(struct layout *l, const struct md_event *e)
{
	add(l, e->enter ? "[image: " : "]", ROLE_DIM);
	if (!e->enter)
		add_url(l, e->text, l->text.len);
}

/* ---- blocks ---- */

static void push_margin(struct layout *l, const char *first, const char *other, int width)
{
	struct margin *m = l->n_margins < MAX_DEPTH ? &l->margins[l->n_margins] : NULL;

	l->n_margins++;
	if (!m)
		return;
	str_copy(m->first, sizeof(m->first), first);
	str_copy(m->other, sizeof(m->other), other);
	m->width = width;
}

static struct list *inner_list(struct layout *l)
{
	return &l->lists[l->n_lists < MAX_DEPTH ? l->n_lists : MAX_DEPTH];
}

static void end_block(struct layout *l)
{
	l->want_blank = !inner_list(l)->tight;
}

static void visit_list(struct layout *l, const struct md_event *e)
{
	if (e->enter) {
		l->n_lists++;
		*inner_list(l) = (struct list){ e->number, e->tight };
	} else {
		l->n_lists--;
		end_block(l);
	}
}

static void visit_item(struct layout *l, const struct md_event *e)
{
	struct list *list = inner_list(l);
	char marker[24];
	size_t run = 0;

	if (e->enter) {
		if (list->number < 0)
			str_copy(marker, sizeof(marker), l->ascii ? "- " : "\xe2\x80\xa2 ");
		else
			str_printf(marker, sizeof(marker), "%ld. ", list->number++);
		push_margin(l, marker, "", text_width(marker));
		return;
	}
	/* An empty item still shows its marker. */
	if (l->n_margins <= MAX_DEPTH && l->margins[l->n_margins - 1].first[0])
		emit(l, "", 0, 0, NULL, 0, &run);
	l->n_margins--;
}

static void visit_quote(struct layout *l, const struct md_event *e)
{
	if (e->enter) {
		push_margin(l, "", l->ascii ? "|" : "\xe2\x94\x82", 2);
	} else {
		l->n_margins--;
		end_block(l);
	}
}

static void visit_heading(struct layout *l, const struct md_event *e)
{
	l->base = e->enter ? (e->number == 1 ? ROLE_TITLE : ROLE_STRONG) : ROLE_NORMAL;
	if (e->enter)
		return;
	wrap(l);
	l->want_blank = e->number == 1;
}

/* One line of code, cut hard where it is too long. */
static void emit_code(struct layout *l, const char *line, size_t len)
{
	const struct md_span whole = { 0, UINT_MAX, ROLE_KEY };
	const size_t size = 4 * len + 1;
	char *source = mem_strndup(line, len), *text = mem_alloc(size);
	size_t done = 0, n, run = 0;

	if (l->ascii)
		text_to_ascii(text, size, source);
	else
		str_copy(text, size, source);
	do {
		n = text_fit(text + done, text_cols(l), NULL);
		n = n ? n : first_char(text + done);
		emit(l, text, done, done + n, &whole, 1, &run);
		done += n;
	} while (text[done] && l->page->n < LIMIT_MARKDOWN_LINES);
	free(source);
	free(text);
}

static void visit_block(struct layout *l, const struct md_event *e)
{
	const char *end = e->text + strlen(e->text), *line = e->text, *stop;

	while (end > line && end[-1] == '\n')
		end--;
	push_margin(l, "", "", CODE_INDENT);
	for (; line < end && l->page->n < LIMIT_MARKDOWN_LINES; line = stop + 1) {
		stop = line + strcspn(line, "\n");
		emit_code(l, line, (size_t)(stop - line));
	}
	l->n_margins--;
	end_block(l);
}

static void visit_rule(struct layout *l)
{
	const int cols = text_cols(l);
	size_t run = 0;

	for (int i = 0; i < cols; i++)
		add(l, l->ascii ? "-" : "\xe2\x94\x80", ROLE_BORDER);
	emit(l, sbuf_str(&l->text), 0, l->text.len, l->runs, l->n_runs, &run);
	sbuf_clear(&l->text);
	l->n_runs = 0;
	end_block(l);
}

static void visit_paragraph(struct layout *l, const struct md_event *e)
{
	if (e->enter)
		return;
	wrap(l);
	end_block(l);
}

static void visit(void *ctx, const struct md_event *e)
{
	struct layout *l = ctx;

	if (e->enter && e->node <= MD_RULE)
		emit_blank(l);
	switch (e->node) {
	case MD_PARAGRAPH:
		visit_paragraph(l, e);
		break;
	case MD_HEADING:
		visit_heading(l, e);
		break;
	case MD_LIST:
		visit_list(l, e);
		break;
	case MD_ITEM:
		visit_item(l, e);
		break;
	case MD_QUOTE:
		visit_quote(l, e);
		break;
	case MD_BLOCK:
		visit_block(l, e);
		break;
	case MD_RULE:
		visit_rule(l);
		break;
	case MD_TEXT:
		add(l, e->text, current_role(l));
		break;
	case MD_CODE:
		add(l, e->text, ROLE_KEY);
		break;
	case MD_SOFT_BREAK:
		add(l, " ", current_role(l));
		break;
	case MD_LINE_BREAK:
		add(l, "\n", ROLE_NORMAL);
		break;
	case MD_EMPH:
	case MD_STRONG:
		l->strong += e->enter ? 1 : -1;
		break;
	case MD_LINK:
		visit_link(l, e);
		break;
	case MD_IMAGE:
		visit_image(l, e);
		break;
	case MD_OTHER:
		break;
	}
}

struct md_page *md_layout(const char *markdown, int cols, bool ascii)
{
	struct layout l = {
		.page = MEM_NEW(struct md_page),
		.cols = cols < 2 ? 2 : cols,	/* a wide character's width */
		.ascii = ascii,
		.text = SBUF_INIT(8 * LIMIT_MARKDOWN_BYTES),
		.base = ROLE_NORMAL,
	};

	md_walk(markdown, visit, &l);
	sbuf_done(&l.text);
	free(l.runs);
	return l.page;
}

void md_page_free(struct md_page *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->lines[i].text);
		free(p->lines[i].spans);
	}
	free(p->lines);
	free(p);
}
