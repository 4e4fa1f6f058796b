/* Markdown as a manual page: man(7) roff in pure ASCII. */
#include <printop/md.h>

#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "md_walk.h"

#define MAX_DEPTH 16

/* What a paragraph has to write before its text. */
enum opening {
	OPEN_PARAGRAPH,
	OPEN_NOTHING,	/* a heading or an item's tag was just written */
	OPEN_TERM	/* a definition's term comes first */
};

struct list {
	long number;
	bool tight, defines;
	bool later;	/* an item was there before */
	bool packed;	/* .PD 0 holds */
};

struct roff {
	struct sbuf out;
	const char *name;
	bool line_start;
	enum opening opening;
	bool in_term;
	const char *font;		/* what the text is in now */
	int strong, emph;
	bool in_heading;
	struct sbuf plain;		/* text of the heading or link that is being read */
	struct list lists[MAX_DEPTH + 1];	/* the first stands for no list at all */
	int n_lists;
	int n_items;
};

/* ---- text ---- */

/* Characters that roff would set as something typographic or read as its own. */
static const char *escape_of(uint32_t c)
{
	switch (c) {
	case '\\':
		return "\\(rs";
	case '-':
		return "\\-";
	case '\'':
		return "\\(aq";
	case '"':
		return "\\(dq";
	case '`':
		return "\\(ga";
	case '^':
		return "\\(ha";
	case '~':
		return "\\(ti";
	default:
		return NULL;
	}
}

static void add_char(struct roff *r, uint32_t c)
{
	const char *escape = escape_of(c);

	if (escape)
		sbuf_adds(&r->out, escape);
	else if (c >= 0x80)
		sbuf_addf(&r->out, "\\[u%04X]", (unsigned)c);
	else
		sbuf_addf(&r->out, "%s%c", c == '.' && r->line_start ? "\\&" : "", (char)c);
	r->line_start = false;
}

/* Text as it is, but no blank at a line's start: roff would break the line there. */
static void add_text(struct roff *r, const char *text)
{
	size_t len;

	for (; *text; text += len) {
		const uint32_t c = str_utf8_decode(text, &len);

		if (c != ' ' || !r->line_start)
			add_char(r, c);
	}
}

static void set_font(struct roff *r, const char *font)
{
	if (str_eq(r->font, font))
		return;
	sbuf_adds(&r->out, font);
	r->font = font;
	r->line_start = false;
}

static void end_line(struct roff *r)
{
	set_font(r, "\\fR");
	if (!r->line_start)
		sbuf_addc(&r->out, '\n');
	r->line_start = true;
}

static void macro(struct roff *r, const char *line)
{
	end_line(r);
	sbuf_adds(&r->out, line);
	sbuf_addc(&r->out, '\n');
}

/* ---- inlines ---- */

/* The term ends where plain text begins; what parts them in the source is not needed any more. */
static const char *end_term(struct roff *r, const char *text)
{
	static const char *const parting[] = { ":", "- ", "\xe2\x80\x93 ", "\xe2\x80\x94 " };

	r->in_term = false;
	end_line(r);
	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof(parting) / sizeof(parting[0]); i++) {
		if (str_starts(text, parting[i]))
			return text + strlen(parting[i]);
	}
	return text;
}

static void styled(struct roff *r, const char *text, bool bold)
{
	sbuf_adds(&r->plain, text);
	if (r->in_heading)
		return;
	set_font(r, bold ? (r->emph ? "\\f(BI" : "\\fB") : r->emph ? "\\fI" : "\\fR");
	add_text(r, text);
}

static void visit_text(struct roff *r, const char *text)
{
	const bool inside = r->strong || r->emph;

	if (r->in_term && !inside && text[strspn(text, " ,")])
		text = end_term(r, text);
	styled(r, text, r->strong > 0);
}

static void visit_break(struct roff *r, bool hard)
{
	if (r->in_heading) {
		sbuf_addc(&r->plain, ' ');
		return;
	}
	if (r->in_term)
		end_term(r, "");
	if (hard)
		macro(r, ".br");
	else
		end_line(r);
}

/* Only whole addresses are of use on paper. */
static void visit_link(struct roff *r, const struct md_event *e)
{
	const char *url = str_starts(e->text, "mailto:") ? e->text + strlen("mailto:") : e->text;

	if (e->enter) {
		if (r->in_term)
			end_term(r, "");
		if (!r->in_heading)
			sbuf_clear(&r->plain);
		return;
	}
	if (r->in_heading || (url == e->text && !strstr(url, "://")))
		return;
	if (str_eq(url, sbuf_str(&r->plain)))
		return;
	set_font(r, "\\fR");
	add_text(r, " (");
	set_font(r, "\\fI");
	add_text(r, url);
	set_font(r, "\\fR");
	add_text(r, ")");
}

/* ---- blocks ---- */

static struct list *inner_list(struct roff *r)
{
	return &r->lists[r->n_lists < MAX_DEPTH ? r->n_lists : MAX_DEPTH];
}

static void open_block(struct roff *r)
{
	if (r->opening == OPEN_PARAGRAPH)
		macro(r, r->n_items ? ".IP" : ".PP");
	r->in_term = r->opening == OPEN_TERM;
	r->opening = OPEN_PARAGRAPH;
}

static void visit_paragraph(struct roff *r, const struct md_event *e)
{
	if (e->enter) {
		open_block(r);
		return;
	}
	r->in_term = false;
	end_line(r);
}

/* The page's own name as a title stands in .TH already. */
static bool is_title(const struct roff *r, int level)
{
	return level == 1 && str_starts_nocase(sbuf_str(&r->plain), r->name);
}

static void visit_heading(struct roff *r, const struct md_event *e)
{
	r->in_heading = e->enter;
	if (e->enter) {
		sbuf_clear(&r->plain);
		return;
	}
	if (is_title(r, e->number) || !r->plain.len)
		return;
	for (size_t i = 0; e->number < 3 && i < r->plain.len; i++) {
		char *c = &r->plain.data[i];

		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - ('a' - 'A') : *c);
	}
	sbuf_adds(&r->out, e->number < 3 ? ".SH \"" : ".SS \"");
	r->line_start = false;
	add_text(r, sbuf_str(&r->plain));
	sbuf_addc(&r->out, '"');
	end_line(r);
	r->opening = OPEN_NOTHING;
}

static void visit_list(struct roff *r, const struct md_event *e)
{
	if (e->enter) {
		if (r->n_items)
			macro(r, ".RS");
		r->n_lists++;
		*inner_list(r) = (struct list){
			.number = e->number, .tight = e->tight, .defines = e->defines,
		};
		return;
	}
	if (inner_list(r)->packed)
		macro(r, ".PD");
	r->n_lists--;
	if (r->n_items)
		macro(r, ".RE");
	r->opening = OPEN_PARAGRAPH;
}

static void visit_item(struct roff *r, const struct md_event *e)
{
	struct list *list = inner_list(r);
	char tag[32];

	r->n_items += e->enter ? 1 : -1;
	if (!e->enter)
		return;
	if (list->tight && list->later && !list->defines) {
		macro(r, ".PD 0");
		list->packed = true;
	}
	list->later = true;
	if (list->defines)
		str_copy(tag, sizeof(tag), ".TP");
	else if (list->number < 0)
		str_copy(tag, sizeof(tag), ".IP \\(bu 3");
	else
		str_printf(tag, sizeof(tag), ".IP %ld. 4", list->number++);
	macro(r, tag);
	r->opening = list->defines ? OPEN_TERM : OPEN_NOTHING;
}

static void visit_quote(struct roff *r, const struct md_event *e)
{
	macro(r, e->enter ? ".RS" : ".RE");
	r->opening = OPEN_PARAGRAPH;
}

static void visit_block(struct roff *r, const char *text)
{
	const char *end = text + strlen(text);

	open_block(r);
	r->in_term = false;
	macro(r, ".RS 4\n.nf");
	for (; text < end; text++) {
		if (*text == '\n') {
			sbuf_addc(&r->out, '\n');
			r->line_start = true;
		} else {
			size_t len;

			add_char(r, str_utf8_decode(text, &len));
			text += len - 1;
		}
	}
	macro(r, ".fi\n.RE");
}

static void visit(void *ctx, const struct md_event *e)
{
	struct roff *r = ctx;

	switch (e->node) {
	case MD_PARAGRAPH:
		visit_paragraph(r, e);
		break;
	case MD_HEADING:
		visit_heading(r, e);
		break;
	case MD_LIST:
		visit_list(r, e);
		break;
	case MD_ITEM:
		visit_item(r, e);
		break;
	case MD_QUOTE:
		visit_quote(r, e);
		break;
	case MD_BLOCK:
		visit_block(r, e->text);
		break;
	case MD_TEXT:
		visit_text(r, e->text);
		break;
	case MD_CODE:
		styled(r, e->text, true);
		break;
	case MD_SOFT_BREAK:
		visit_break(r, false);
		break;
	case MD_LINE_BREAK:
		visit_break(r, true);
		break;
	case MD_EMPH:
		r->emph += e->enter ? 1 : -1;
		break;
	case MD_STRONG:
		r->strong += e->enter ? 1 : -1;
		break;
	case MD_LINK:
		visit_link(r, e);
		break;
	case MD_RULE:		/* headings part a manual page enough */
	case MD_IMAGE:		/* its text is shown */
	case MD_OTHER:
		break;
	}
}

static void add_argument(struct roff *r, const char *text)
{
	sbuf_adds(&r->out, " \"");
	r->line_start = false;
	add_text(r, text);
	sbuf_addc(&r->out, '"');
}

char *md_to_roff(const char *markdown, const char *name, int section, const char *date,
		 const char *source)
{
	struct roff r = {
		.out = SBUF_INIT(32 * LIMIT_MARKDOWN_BYTES),
		.plain = SBUF_INIT(8 * LIMIT_MARKDOWN_BYTES),
		.name = name,
		.line_start = true,
		.font = "\\fR",
	};
	char title[128];

	str_copy(title, sizeof(title), name);
	for (char *c = title; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - ('a' - 'A') : *c);
	sbuf_adds(&r.out, ".\\\" Made from Markdown: edit that, not this.\n.TH");
	add_argument(&r, title);
	sbuf_addf(&r.out, " \"%d\"", section);
	add_argument(&r, date);
	add_argument(&r, source);
	end_line(&r);
	md_walk(markdown, visit, &r);
	end_line(&r);
	sbuf_done(&r.plain);
	return sbuf_take(&r.out);
}
