/* Markdown as a stream of events, with cmark hidden and all text made safe to show. */
#ifndef TEXT_MD_WALK_H
#define TEXT_MD_WALK_H

#include <stdbool.h>

enum md_node {	/* the blocks come first, MD_RULE is the last of them */
	MD_PARAGRAPH,
	MD_HEADING,
	MD_LIST,
	MD_ITEM,
	MD_QUOTE,
	MD_BLOCK,	/* code or HTML, as it stands */
	MD_RULE,
	MD_TEXT,
	MD_CODE,
	MD_SOFT_BREAK,	/* the source's line ends here */
	MD_LINE_BREAK,
	MD_EMPH,
	MD_STRONG,
	MD_LINK,
	MD_IMAGE,
	MD_OTHER
};

struct md_event {
	enum md_node node;
	bool enter;		/* what holds no other node is entered only */
	const char *text;	/* TEXT, CODE, BLOCK: the text; LINK, IMAGE: the URL; else "" */
	int number;		/* HEADING: level; LIST: first number, -1 for bullets */
	bool tight;		/* LIST: without blank lines between its items */
	bool defines;		/* LIST: each item begins with a term in bold or code */
};

typedef void md_visit_fn(void *ctx, const struct md_event *event);

/* Reads at most LIMIT_MARKDOWN_BYTES. */
void md_walk(const char *markdown, md_visit_fn *visit, void *ctx);

#endif
