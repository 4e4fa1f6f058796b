/* Markdown in: cmark's tree as a stream of clean events. */
#include "md_walk.h"

#include <cmark.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

static enum md_node node_of(cmark_node_type type)
{
	static const enum md_node nodes[] = {
		[CMARK_NODE_NONE] = MD_OTHER,
		[CMARK_NODE_DOCUMENT] = MD_OTHER,
		[CMARK_NODE_BLOCK_QUOTE] = MD_QUOTE,
		[CMARK_NODE_LIST] = MD_LIST,
		[CMARK_NODE_ITEM] = MD_ITEM,
		[CMARK_NODE_CODE_BLOCK] = MD_BLOCK,
		[CMARK_NODE_HTML_BLOCK] = MD_BLOCK,
		[CMARK_NODE_CUSTOM_BLOCK] = MD_OTHER,
		[CMARK_NODE_PARAGRAPH] = MD_PARAGRAPH,
		[CMARK_NODE_HEADING] = MD_HEADING,
		[CMARK_NODE_THEMATIC_BREAK] = MD_RULE,
		[CMARK_NODE_TEXT] = MD_TEXT,
		[CMARK_NODE_SOFTBREAK] = MD_SOFT_BREAK,
		[CMARK_NODE_LINEBREAK] = MD_LINE_BREAK,
		[CMARK_NODE_CODE] = MD_CODE,
		[CMARK_NODE_HTML_INLINE] = MD_TEXT,
		[CMARK_NODE_CUSTOM_INLINE] = MD_OTHER,
		[CMARK_NODE_EMPH] = MD_EMPH,
		[CMARK_NODE_STRONG] = MD_STRONG,
		[CMARK_NODE_LINK] = MD_LINK,
		[CMARK_NODE_IMAGE] = MD_IMAGE,
	};

	return (size_t)type < ARRAY_LEN(nodes) ? nodes[type] : MD_OTHER;
}

/* A block's text with tabs as blanks: a table of code keeps its columns. */
static char *expand_tabs(const char *text)
{
	struct sbuf b = SBUF_INIT(8 * LIMIT_MARKDOWN_BYTES);
	size_t column = 0;

	for (; *text; text++) {
		if (*text == '\t') {
			const size_t n = 8 - column % 8;

			sbuf_addn(&b, ' ', n);
			column += n;
		} else {
			sbuf_addc(&b, *text);
			column = *text == '\n' ? 0 : column + 1;
		}
	}
	return sbuf_take(&b);
}

/*
 * Cleaned after parsing, not before: "&#27;" in the source is an escape character here. The caller
 * frees.
 */
static char *text_of(cmark_node *node, enum md_node kind)
{
	const bool link = kind == MD_LINK || kind == MD_IMAGE;
	const char *text = link ? cmark_node_get_url(node) : cmark_node_get_literal(node);

	if (kind == MD_BLOCK)
		return str_clean_lines(expand_tabs(text ? text : ""));
	return str_clean(mem_strdup(text ? text : ""));
}

static bool starts_with_term(cmark_node *item)
{
	cmark_node *first = cmark_node_first_child(item);
	cmark_node *inline_node = first ? cmark_node_first_child(first) : NULL;
	cmark_node_type type;

	if (!inline_node || cmark_node_get_type(first) != CMARK_NODE_PARAGRAPH)
		return false;
	type = cmark_node_get_type(inline_node);
	return type == CMARK_NODE_STRONG || type == CMARK_NODE_CODE;
}

static bool is_definitions(cmark_node *list)
{
	for (cmark_node *i = cmark_node_first_child(list); i; i = cmark_node_next(i)) {
		if (!starts_with_term(i))
			return false;
	}
	return true;
}

static void visit_node(cmark_node *node, bool enter, md_visit_fn *visit, void *ctx)
{
	struct md_event event = { .node = node_of(cmark_node_get_type(node)), .enter = enter };
	char *text;

	if (event.node == MD_HEADING) {
		event.number = cmark_node_get_heading_level(node);
	} else if (event.node == MD_LIST) {
		const bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;

		event.number = ordered ? cmark_node_get_list_start(node) : -1;
		event.tight = cmark_node_get_list_tight(node);
		event.defines = enter && !ordered && is_definitions(node);
	}
	text = text_of(node, event.node);
	event.text = text;
	visit(ctx, &event);
	free(text);
}

static size_t capped_len(const char *s)
{
	size_t len = strnlen(s, LIMIT_MARKDOWN_BYTES);

	while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void md_walk(const char *markdown, md_visit_fn *visit, void *ctx)
{
	cmark_node *root = cmark_parse_document(markdown, capped_len(markdown), CMARK_OPT_DEFAULT);
	cmark_iter *iter;
	cmark_event_type type;

	if (!root)
		fatal("out of memory");
	cmark_consolidate_text_nodes(root);
	iter = cmark_iter_new(root);
	while ((type = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
		visit_node(cmark_iter_get_node(iter), type == CMARK_EVENT_ENTER, visit, ctx);
	cmark_iter_free(iter);
	cmark_node_free(root);
}
