/* Widths, cuts and the ASCII twin. Widths beyond ASCII need a UTF-8 locale; C.UTF-8 is always there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>

#define E_ACUTE "\xc3\xa9"
#define COMBINING_ACUTE "\xcc\x81"
#define KANJI "\xe6\xbc\xa2"
#define EMOJI "\xf0\x9f\x98\x80"
#define DOTS "\xe2\x80\xa6"

static void test_width(void **state)
{
	static const struct {
		const char *s;
		int width;
	} rows[] = {
		{ "", 0 }, { "abc", 3 }, { E_ACUTE, 1 }, { "e" COMBINING_ACUTE, 1 }, { KANJI "x", 3 },
		{ EMOJI, 2 }, { "\xff", 1 }, { "\xe2\x80\x8d", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(text_width(rows[i].s), rows[i].width);
	assert_int_equal(text_char_width('~'), 1);
	assert_int_equal(text_char_width(0x10ffff), 1);
	assert_int_equal(text_char_width(0xffffffff), 1);
}

static void test_fit(void **state)
{
	int width = -1;

	(void)state;
	assert_int_equal(text_fit("abc", 2, &width), 2);
	assert_int_equal(width, 2);
	assert_int_equal(text_fit("a" KANJI, 2, &width), 1);
	assert_int_equal(width, 1);
	assert_int_equal(text_fit("ae" COMBINING_ACUTE "x", 2, &width), 4);
	assert_int_equal(width, 2);
	assert_int_equal(text_fit("abc", 10, NULL), 3);
	assert_int_equal(text_fit("abc", 0, &width), 0);
	assert_int_equal(width, 0);
	assert_int_equal(text_fit("abc", -5, &width), 0);
	assert_int_equal(text_fit("", 5, &width), 0);
}

struct cut_row {
	const char *s;
	int cols;
	bool ascii;
	const char *cut;
};

static void check_cuts(const struct cut_row *rows, size_t n,
		       void (*cutter)(char *, size_t, const char *, int, bool))
{
	char buf[64];

	for (size_t i = 0; i < n; i++) {
		cutter(buf, sizeof(buf), rows[i].s, rows[i].cols, rows[i].ascii);
		assert_string_equal(buf, rows[i].cut);
		assert_true(text_width(buf) <= (rows[i].cols > 0 ? rows[i].cols : 0));
	}
}

static void test_cut(void **state)
{
	static const struct cut_row rows[] = {
		{ "abc", 3, false, "abc" }, { "abcd", 3, false, "ab" DOTS }, { "abcd", 3, true, "ab~" },
		{ "abcd", 1, false, DOTS }, { "abcd", 0, false, "" }, { "abcd", -1, true, "" }, { "", 3, false, "" },
		{ KANJI KANJI, 3, false, KANJI DOTS }, { KANJI KANJI, 2, true, "~" }, { KANJI, 1, true, "~" },
		{ E_ACUTE E_ACUTE E_ACUTE, 2, false, E_ACUTE DOTS },
	};

	(void)state;
	check_cuts(rows, ARRAY_LEN(rows), text_cut);
}

static void test_cut_left(void **state)
{
	static const struct cut_row rows[] = {
		{ "abc", 3, false, "abc" }, { "abcd", 3, false, DOTS "cd" }, { "abcd", 3, true, "~cd" },
		{ "abcd", 1, true, "~" }, { "abcd", 0, true, "" }, { KANJI KANJI, 3, true, "~" KANJI },
		{ KANJI KANJI, 2, true, "~" }, { "abe" COMBINING_ACUTE, 2, true, "~e" COMBINING_ACUTE },
		{ "abe" COMBINING_ACUTE, 1, true, "~" },
	};

	(void)state;
	check_cuts(rows, ARRAY_LEN(rows), text_cut_left);
}

/* However small the buffer: in bounds, valid UTF-8, an ellipsis or nothing. */
static void test_cut_in_small_buffers(void **state)
{
	const char *s = "ab" KANJI "e" COMBINING_ACUTE COMBINING_ACUTE COMBINING_ACUTE COMBINING_ACUTE EMOJI "xyz";
	const size_t whole = strlen(s);

	(void)state;
	for (size_t size = 1; size <= whole + 1; size++) {
		for (int cols = 0; cols < 12; cols++) {
			char *right = mem_alloc(size), *left = mem_alloc(size);

			text_cut(right, size, s, cols, false);
			text_cut_left(left, size, s, cols, false);
			assert_true(strlen(right) < size && strlen(left) < size);
			assert_true(text_width(right) <= cols && text_width(left) <= cols);
			assert_true(!*right || !strcmp(right, s) || str_ends(right, DOTS));
			assert_true(!*left || !strcmp(left, s) || str_starts(left, DOTS));
			for (const char *p = right; *p; p += str_utf8_len(p))
				assert_true(str_utf8_len(p) > 0);
			for (const char *p = left; *p; p += str_utf8_len(p))
				assert_true(str_utf8_len(p) > 0);
			free(right);
			free(left);
		}
	}
}

static void test_ascii(void **state)
{
	static const char *const rows[][2] = {
		{ "plain", "plain" }, { "M\xc3\xbcller \xc3\x9f\xc3\x98", "Muller ssO" },
		{ "\xc5\x81\xc3\xb3\xc5\xba", "Loz" }, { "245 \xc2\xb0" "C", "245 C" },
		{ "\xc2\xb5m 2\xc3\x97", "um 2x" }, { "a\xe2\x80\x93" "b\xe2\x80\x94" "c", "a-b-c" },
		{ "\xe2\x80\x9cq\xe2\x80\x9d \xe2\x80\x98q\xe2\x80\x99" DOTS, "\"q\" 'q'..." },
		{ KANJI, "?" }, { "e" COMBINING_ACUTE, "e" }, { "\xff", "?" }, { EMOJI, "?" },
		{ "\xe2\x82\xac\xe2\x86\x92", "EUR->" },
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		text_to_ascii(buf, sizeof(buf), rows[i][0]);
		assert_string_equal(buf, rows[i][1]);
	}
	text_to_ascii(buf, 4, "ab" DOTS);
	assert_string_equal(buf, "ab");
	text_to_ascii(buf, 1, "ab");
	assert_string_equal(buf, "");
}

/* Every character that is not ASCII has a twin that is, and an empty one only if it has no width. */
static void test_ascii_of_everything(void **state)
{
	char buf[16], s[5] = "";

	(void)state;
	for (unsigned c = 0x80; c < 0x10000; c++) {
		s[0] = (char)(c < 0x800 ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
		s[1] = (char)(c < 0x800 ? 0x80 | (c & 0x3f) : 0x80 | (c >> 6 & 0x3f));
		s[2] = (char)(c < 0x800 ? 0 : 0x80 | (c & 0x3f));
		text_to_ascii(buf, sizeof(buf), s);
		for (const char *p = buf; *p; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_left),
		cmocka_unit_test(test_cut_in_small_buffers),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_ascii_of_everything),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
