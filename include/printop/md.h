/* Markdown through libcmark: to styled lines for the screen and to roff for the manual. */
#ifndef PRINTOP_MD_H
#define PRINTOP_MD_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/theme.h>

struct md_span {
	unsigned start, len;	/* bytes of the line's text */
	enum role role;
};

struct md_line {
	char *text;		/* clean UTF-8, no newline */
	struct md_span *spans;	/* in order, not overlapping; the rest is ROLE_NORMAL */
	size_t n_spans;
};

struct md_page {
	struct md_line *lines;
	size_t n;
};

/* Lays out Markdown for so many columns. HTML in it is shown as text, links as "text (url)". Never fails; capped. */
struct md_page *md_layout(const char *markdown, int cols, bool ascii);
void md_page_free(struct md_page *p);
/* A manual page: Markdown with the usual NAME, SYNOPSIS ... headings to man(7) roff. The caller frees. */
char *md_to_roff(const char *markdown, const char *name, int section, const char *date,
		 const char *source);

#endif
