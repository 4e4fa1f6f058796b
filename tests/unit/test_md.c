/* Markdown: lines and roles for the screen, roff for the manual, and that nothing hostile gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>
#include <printop/limits.h>
#include <printop/md.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include <printop/text.h>

/* The page as text, "[role:" and "]" around each span. */
static char *dump(const struct md_page *p, bool roles)
{
	struct sbuf b = SBUF_INIT(64 << 20);

	for (size_t i = 0; i < p->n; i++) {
		const struct md_line *line = &p->lines[i];
		size_t at = 0;

		for (size_t s = 0; s < line->n_spans && roles; s++) {
			const struct md_span *span = &line->spans[s];

			sbuf_add(&b, line->text + at, span->start - at);
			sbuf_addf(&b, "[%s:%.*s]", role_name(span->role), (int)span->len, line->text + span->start);
			at = span->start + span->len;
		}
		sbuf_adds(&b, line->text + at);
		sbuf_addc(&b, '\n');
	}
	return sbuf_take(&b);
}

static void check(const char *markdown, int cols, bool roles, const char *expected)
{
	struct md_page *p = md_layout(markdown, cols, true);
	char *shown = dump(p, roles);

	assert_string_equal(shown, expected);
	free(shown);
	md_page_free(p);
}

static void test_wrapping(void **state)
{
	(void)state;
	check("", 10, false, "");
	check("one two three", 7, false, "one two\nthree\n");
	check("one two three", 8, false, "one two\nthree\n");
	check("one\ntwo", 20, false, "one two\n");
	check("one  \ntwo\\\nthree", 20, false, "one\ntwo\nthree\n");
	check("abcdefghij k", 4, false, "abcd\nefgh\nij k\n");
	check("para\n\nnext", 20, false, "para\n\nnext\n");
	check("a b", 0, false, "a\nb\n");
}

static void test_roles(void **state)
{
	(void)state;
	check("# Title\ntext\n## Sub *x*\nmore", 40, true, "[title:Title]\n\ntext\n\n[strong:Sub x]\nmore\n");
	check("a **b** *c* `d e` f", 40, true, "a [strong:b] [strong:c] [key:d e] f\n");
	check("a **bb cc dd** e", 5, true, "a [strong:bb]\n[strong:cc dd]\ne\n");
	check("[t](http://x) <http://y> [z](#a) <a@b.c> <mailto:a@b.c>", 60, true,
	      "t[dim: (http://x)] http://y z a@b.c mailto:a@b.c\n");
	check("![alt](u)", 60, true, "[dim:[image: ]alt[dim:] (u)]\n");
	check("***", 4, true, "[border:----]\n");
}

static void test_blocks(void **state)
{
	(void)state;
	check("- a\n- b\n  - c d e f g\n\nz", 10, false, "- a\n- b\n  - c d e\n    f g\n\nz\n");
	check("- a\n\n- b\n\n  c", 20, false, "- a\n\n- b\n\n  c\n");
	check("9. a\n10. b", 20, false, "9. a\n10. b\n");
	check("-\n- b", 20, false, "-\n- b\n");
	check("> a\n>\n> b\n\nc", 20, true, "[border:|] a\n[border:|]\n[border:|] b\n\nc\n");
	check("> - a b c\n>   d", 8, false, "| - a b\n|   c d\n");
	check("    code  x  \n\n\tlong line", 10, true, "    [key:code]\n    [key:x]\n\n    [key:long l]\n    [key:ine]\n");
	check("```\na\tb\n```", 20, false, "    a       b\n");
	check("<div onclick=x>\n<b>", 40, false, "    <div onclick=x>\n    <b>\n");
	check("x <b>y</b>", 40, false, "x <b>y</b>\n");
	check("- ```\n  code\n  ```", 40, false, "-     code\n");
}

static void test_unicode(void **state)
{
	struct md_page *p = md_layout("- M\xc3\xbcll \xe6\xbc\xa2\xe5\xad\x97 x\n\n---", 7, false);
	char *shown = dump(p, false);

	(void)state;
	assert_string_equal(shown, "\xe2\x80\xa2 M\xc3\xbcll\n  \xe6\xbc\xa2\xe5\xad\x97\n  x\n\n"
				   "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\n");
	free(shown);
	md_page_free(p);
	check("M\xc3\xbcll \xe2\x80\x94 \xe6\xbc\xa2", 20, false, "Mull - ?\n");
	check("    M\xc3\xbcll", 20, false, "    Mull\n");
}

static void test_hostile(void **state)
{
	(void)state;
	check("a\033[31mb &#27;]0;t&#7; c &#x202e;d \xff", 40, false, "ab  c d\n");
	check("`\033[31mx`", 40, false, "x\n");
	check("    \033[31mx\001", 40, false, "    x\n");
	check("[a](http://x/&#27;cy)", 40, false, "a (http://x/y)\n");
}

static bool is_clean(const char *s)
{
	for (size_t len; *s; s += len) {
		len = str_utf8_len(s);
		if (!len || str_is_unsafe(str_utf8_decode(s, NULL)))
			return false;
	}
	return true;
}

/* Spans in order and in bounds, lines clean and no wider than asked. */
static void check_page(const struct md_page *p, int cols)
{
	assert_true(p->n <= LIMIT_MARKDOWN_LINES);
	for (size_t i = 0; i < p->n; i++) {
		const struct md_line *line = &p->lines[i];
		size_t at = 0;

		assert_true(text_width(line->text) <= cols);
		assert_true(is_clean(line->text));
		for (size_t s = 0; s < line->n_spans; s++) {
			assert_true(line->spans[s].start >= at && line->spans[s].len > 0);
			at = line->spans[s].start + line->spans[s].len;
		}
		assert_true(at <= strlen(line->text));
	}
}

static void check_roff(const char *roff)
{
	bool filled = true;

	for (const char *line = roff; *line; line += strcspn(line, "\n") + 1) {
		const char *end = line;

		while (*end >= 0x20 && *end < 0x7f)
			end++;
		assert_int_equal(*end, '\n');
		filled = str_starts(line, ".fi") || (filled && !str_starts(line, ".nf"));
		assert_true(*line != '\'' && (*line != ' ' || !filled));
		assert_true(*line != '.' || (line[1] >= 'A' && line[1] <= 'Z') || strchr("\\nfb", line[1]));
	}
}

static void test_any_markdown(void **state)
{
	static const char *const tokens[] = {
		"# ", "- ", "> ", "1. ", "    ", "\n", "\n\n", "**", "*", "`", "```\n", "[", "](http://x)", "![", "<b>", "<div>",
		"word ", "\\", "\xc3\xbc", "\xe6\xbc\xa2", "&#27;", "\033[1m", "---\n", ".x", "'y", "  \n", "\t", "\xff",
		"a_long_word_that_fits_nowhere ", "\xcc\x81",
	};
	unsigned seed = 11;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct sbuf b = SBUF_INIT(4000);
		const int cols = 2 + round % 40;
		struct md_page *p;
		char *roff;

		while ((seed = seed * 1103515245 + 12345) >> 27)
			sbuf_adds(&b, tokens[(seed >> 12) % ARRAY_LEN(tokens)]);
		p = md_layout(sbuf_str(&b), cols, round % 3 == 0);
		check_page(p, cols);
		md_page_free(p);
		roff = md_to_roff(sbuf_str(&b), "x", 1, "d", "s");
		check_roff(roff);
		free(roff);
		sbuf_done(&b);
	}
}

static char *repeat(const char *s, size_t bytes)
{
	struct sbuf b = SBUF_INIT(bytes);

	while (sbuf_adds(&b, s))
		;
	return sbuf_take(&b);
}

static void test_caps(void **state)
{
	static const char *const patterns[] = { "> ", "[", "a\n\n", "x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		char *markdown = repeat(patterns[i], 2 * LIMIT_MARKDOWN_BYTES);
		struct md_page *p = md_layout(markdown, 40, false);

		check_page(p, 40);
		if (strchr(patterns[i], '\n') || patterns[i][0] == 'x')
			assert_int_equal(p->n, LIMIT_MARKDOWN_LINES);
		md_page_free(p);
		free(md_to_roff(markdown, "x", 1, "d", "s"));
		free(markdown);
	}
	md_page_free(NULL);
}

/* ---- roff ---- */

static void check_man(const char *markdown, const char *expected)
{
	static const char head[] = ".\\\" Made from Markdown: edit that, not this.\n"
				   ".TH \"PRINT\\-OP\" \"1\" \"2026\\-01\\-02\" \"printop 0.1\"\n";
	char *roff = md_to_roff(markdown, "print-op", 1, "2026-01-02", "printop 0.1");

	assert_true(str_starts(roff, head));
	assert_string_equal(roff + strlen(head), expected);
	free(roff);
}

static void test_roff_text(void **state)
{
	(void)state;
	check_man("", "");
	check_man("# print-op(1)\n# Name\nx - y", ".SH \"NAME\"\nx \\- y\n");
	check_man("### Sub \"q\" `c`\n\na\n\nb", ".SS \"Sub \\(dqq\\(dq c\"\na\n.PP\nb\n");
	check_man(".dot\n'quote\n\\.x a.b", ".PP\n\\&.dot\n\\(aqquote\n\\&.x a.b\n");
	check_man("a\\\\b ~ ^ \\` -x \xc3\xbc \xf0\x9f\x98\x80",
		  ".PP\na\\(rsb \\(ti \\(ha \\(ga \\-x \\[u00FC] \\[u1F600]\n");
	check_man("**b** *i* ***bi*** `c-d` e", ".PP\n\\fBb\\fR \\fIi\\fR \\f(BIbi\\fR \\fBc\\-d\\fR e\n");
	check_man("**b**\n\nn", ".PP\n\\fBb\\fR\n.PP\nn\n");
	check_man("a  \nb", ".PP\na\n.br\nb\n");
	check_man("[t](http://x) <http://y> [z](z.5.md) <a@b.c>", ".PP\nt (\\fIhttp://x\\fR) http://y z a@b.c\n");
	check_man("a &#27;[1mb", ".PP\na b\n");
}

static void test_roff_blocks(void **state)
{
	(void)state;
	check_man("- `-a`, `--all` shows all\n- **x** *ARG*: does\n\n  more",
		  ".TP\n\\fB\\-a\\fR, \\fB\\-\\-all\\fR\nshows all\n.TP\n\\fBx\\fR \\fIARG\\fR\ndoes\n.IP\nmore\n");
	check_man("- **x**\n- `y` \xe2\x80\x94 dash", ".TP\n\\fBx\\fR\n.TP\n\\fBy\\fR\ndash\n");
	check_man("- a\n- **b**\n\nz", ".IP \\(bu 3\na\n.PD 0\n.IP \\(bu 3\n\\fBb\\fR\n.PD\n.PP\nz\n");
	check_man("3. a\n4. b\n   - c", ".IP 3. 4\na\n.PD 0\n.IP 4. 4\nb\n.RS\n.IP \\(bu 3\nc\n.RE\n.PD\n");
	check_man("    .x\n\n    'y -z\\", ".PP\n.RS 4\n.nf\n\\&.x\n\n\\(aqy \\-z\\(rs\n.fi\n.RE\n");
	check_man("# A\n    x", ".SH \"A\"\n.RS 4\n.nf\nx\n.fi\n.RE\n");
	check_man("> q\n\np", ".RS\n.PP\nq\n.RE\n.PP\np\n");
	check_man("a\n\n***\n\nb", ".PP\na\n.PP\nb\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapping),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_any_markdown),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_roff_text),
		cmocka_unit_test(test_roff_blocks),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
