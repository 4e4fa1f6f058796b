/* Fuzz target: Markdown on screens of several widths and as a manual page. */
#include <printop/limits.h>
#include <printop/md.h>
#include <printop/text.h>
#include "fuzz.h"

static void check_line(const struct md_line *l)
{
	size_t len = strlen(l->text), end = 0;

	must_be_clean(l->text, len + 1);
	for (size_t i = 0; i < l->n_spans; i++) {
		MUST(l->spans[i].start >= end);
		end = l->spans[i].start + l->spans[i].len;
		MUST(end <= len && l->spans[i].role < ROLE_N);
	}
}

static void check_page(const char *text, int cols, bool ascii)
{
	struct md_page *p = md_layout(text, cols, ascii);

	MUST(p->n <= LIMIT_MARKDOWN_LINES);
	for (size_t i = 0; i < p->n; i++) {
		check_line(&p->lines[i]);
		for (const char *c = p->lines[i].text; ascii && *c; c++)
			MUST((unsigned char)*c < 0x80);
	}
	md_page_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);

	check_page(text, 0, false);
	check_page(text, 1, true);
	check_page(text, 7, false);
	check_page(text, 80, false);
	check_page(text, 80, true);
	free(md_to_roff(text, "fuzz", 1, "2026-01-31", "printop"));
	free(text);
	return 0;
}
