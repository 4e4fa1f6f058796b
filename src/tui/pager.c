/* A page of lines with roles that scrolls and can be searched: Markdown, the help. */
#include "pager.h"

#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>

static size_t line_count(const struct pager *p)
{
	return p->page ? p->page->n : 0;
}

/* The window has no empty rows at its end, as long as there are lines before it. */
static void settle(struct pager *p)
{
	int last = (int)line_count(p) - p->rows;

	if (p->top > last)
		p->top = last;
	if (p->top < 0)
		p->top = 0;
}

void pager_done(struct pager *p)
{
	md_page_free(p->page);
	*p = (struct pager){ 0 };
}

void pager_set_take(struct pager *p, struct md_page *page)
{
	md_page_free(p->page);
	p->page = page;
	settle(p);
}

/* ---- drawing ---- */

/* Draws bytes from..to of a line; returns the column behind them. */
static int draw_part(struct canvas *c, int x, int y, int end, enum role role, const char *text,
		     size_t from, size_t to)
{
	char *part = mem_strndup(text + from, to - from);

	x += canvas_text(c, x, y, end - x, role, part);
	free(part);
	return x;
}

static void draw_line(struct canvas *c, struct area a, const struct md_line *l)
{
	int x = a.x, end = a.x + a.w;
	size_t at = 0;

	for (size_t i = 0; i < l->n_spans; i++) {
		const struct md_span *s = &l->spans[i];

		x = draw_part(c, x, a.y, end, ROLE_NORMAL, l->text, at, s->start);
		x = draw_part(c, x, a.y, end, s->role, l->text, s->start, s->start + s->len);
		at = s->start + s->len;
	}
	draw_part(c, x, a.y, end, ROLE_NORMAL, l->text, at, strlen(l->text));
}

static size_t prefix_width(const struct canvas *c, const char *text, size_t len)
{
	char *part = mem_strndup(text, len);
	int w = canvas_width(c, part);

	free(part);
	return (size_t)w;
}

/* Marks every occurrence of what is searched for. */
static void mark_matches(const struct pager *p, struct canvas *c, struct area a, const char *text)
{
	size_t len = strlen(p->search);

	for (size_t i = 0; len && text[i]; i++) {
		int x, w;

		if (strncasecmp(text + i, p->search, len) != 0)
			continue;
		x = (int)prefix_width(c, text, i);
		w = (int)prefix_width(c, text + i, len);
		if (x + w <= a.w)
			canvas_attrs(c, (struct area){ a.x + x, a.y, w, 1 }, ATTR_REVERSE, true);
	}
}

void pager_draw(struct pager *p, struct canvas *c, struct area a)
{
	p->rows = a.h;
	settle(p);
	for (int y = 0; y < a.h && (size_t)(p->top + y) < line_count(p); y++) {
		const struct md_line *l = &p->page->lines[p->top + y];
		struct area row = { a.x, a.y + y, a.w, 1 };

		draw_line(c, row, l);
		mark_matches(p, c, row, l->text);
	}
}

void pager_where(const struct pager *p, char *buf, size_t size)
{
	size_t n = line_count(p), last = (size_t)(p->top + p->rows);

	str_copy(buf, size, "");
	if (n > (size_t)p->rows)
		str_printf(buf, size, "%d-%zu of %zu", p->top + 1, last < n ? last : n, n);
}

/* ---- moving ---- */

bool pager_action(struct pager *p, enum action_id id)
{
	int page = p->rows > 1 ? p->rows - 1 : 1;

	if (id == ACTION_DOWN)
		p->top++;
	else if (id == ACTION_UP)
		p->top--;
	else if (id == ACTION_PAGE_DOWN)
		p->top += page;
	else if (id == ACTION_PAGE_UP)
		p->top -= page;
	else if (id == ACTION_FIRST)
		p->top = 0;
	else if (id == ACTION_LAST)
		p->top = (int)line_count(p);
	else
		return false;
	settle(p);
	p->found = (size_t)p->top;
	return true;
}

bool pager_search(struct pager *p, const char *text)
{
	size_t n = line_count(p);

	str_copy(p->search, sizeof(p->search), text);
	p->found = n ? ((size_t)p->top + n - 1) % n : 0;
	return pager_find(p, false);
}

bool pager_find(struct pager *p, bool back)
{
	size_t n = line_count(p);

	for (size_t i = 1; n && p->search[0] && i <= n; i++) {
		size_t at = (p->found + (back ? n - i : i)) % n;

		if (!str_contains_nocase(p->page->lines[at].text, p->search))
			continue;
		p->found = at;
		if (p->top > (int)at || p->top + p->rows <= (int)at)
			p->top = (int)at;
		settle(p);
		return true;
	}
	return false;
}

/* ---- making lines by hand ---- */

struct md_page *page_new(void)
{
	return MEM_NEW(struct md_page);
}

struct md_line *page_line(struct md_page *p)
{
	if (p->n >= LIMIT_MARKDOWN_LINES)
		return NULL;
	p->lines = mem_realloc(p->lines, p->n + 1, sizeof(*p->lines));
	p->lines[p->n] = (struct md_line){ .text = mem_strdup("") };
	return &p->lines[p->n++];
}

void page_add(struct md_line *l, enum role role, const char *text, int to)
{
	size_t start, blanks;
	int width;
	char *joined;

	if (!l)
		return;
	start = strlen(l->text);
	width = text_width(l->text) + text_width(text);
	blanks = to > width ? (size_t)(to - width) : 0;
	joined = mem_printf("%s%s%*s", l->text, text, (int)blanks, "");
	free(l->text);
	l->text = joined;
	if (role == ROLE_NORMAL || !*text)
		return;
	l->spans = mem_realloc(l->spans, l->n_spans + 1, sizeof(*l->spans));
	l->spans[l->n_spans++] = (struct md_span){ (unsigned)start, (unsigned)strlen(text), role };
}

void page_append_take(struct md_page *p, struct md_page *more)
{
	p->lines = mem_realloc(p->lines, p->n + more->n + 1, sizeof(*p->lines));
	for (size_t i = 0; i < more->n; i++)
		p->lines[p->n++] = more->lines[i];
	more->n = 0;
	md_page_free(more);
}

/* Bytes of the next line: up to the last blank that fits, or cut inside a long word. */
static size_t wrapped(const char *text, int cols)
{
	size_t n = text_fit(text, cols > 0 ? cols : 1, NULL), cut = n;

	if (!text[n])
		return n;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : n ? n : strlen(text);
}

void page_entry(struct md_page *p, const char *key, int key_cols, const char *text, int cols)
{
	struct md_line *l = page_line(p);

	page_add(l, ROLE_KEY, key, key_cols);
	if (text_width(key) >= key_cols)
		page_add(l, ROLE_NORMAL, " ", 0);
	while (*text) {
		int room = cols - (l ? text_width(l->text) : key_cols);
		size_t n = wrapped(text, room);
		char *part = mem_strndup(text, n);

		page_add(l, ROLE_NORMAL, part, 0);
		free(part);
		text += n + strspn(text + n, " ");
		if (*text)
			page_add(l = page_line(p), ROLE_NORMAL, "", key_cols);
	}
}

static void shift_spans(struct md_line *l, unsigned by)
{
	for (size_t i = 0; i < l->n_spans; i++)
		l->spans[i].start += by;
}

/* Puts a line behind what is there; l is empty afterwards. */
static void join_line(struct md_line *to, struct md_line *l, int x)
{
	size_t n = l->n_spans;

	page_add(to, ROLE_NORMAL, "", x);
	shift_spans(l, (unsigned)strlen(to->text));
	page_add(to, ROLE_NORMAL, l->text, 0);
	if (n) {
		to->spans = mem_realloc(to->spans, to->n_spans + n, sizeof(*to->spans));
		memcpy(to->spans + to->n_spans, l->spans, n * sizeof(*l->spans));
		to->n_spans += n;
	}
}

struct md_page *page_join_take(struct md_page *left, struct md_page *right, int x)
{
	while (left->n < right->n && page_line(left))
		continue;
	for (size_t i = 0; i < right->n && i < left->n; i++)
		join_line(&left->lines[i], &right->lines[i], x);
	md_page_free(right);
	return left;
}
