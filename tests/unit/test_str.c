/* Strings: cuts, matching, cleaning of hostile text, names and people's formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

static void test_copy_cuts_at_boundaries(void **state)
{
	char buf[8];

	(void)state;
	assert_true(str_copy(buf, sizeof(buf), "seven77"));
	assert_string_equal(buf, "seven77");
	assert_false(str_copy(buf, sizeof(buf), "eight888"));
	assert_string_equal(buf, "eight88");
	assert_true(str_copy(buf, sizeof(buf), NULL));
	assert_string_equal(buf, "");
	assert_false(str_copy(buf, sizeof(buf), "abcdef\xc3\xbc"));
	assert_string_equal(buf, "abcdef");
	assert_false(str_copy(buf, sizeof(buf), "abcde\xe2\x82\xac"));
	assert_string_equal(buf, "abcde");
	assert_false(str_copy(buf, sizeof(buf), "abcd\xf0\x9f\x98\x80"));
	assert_string_equal(buf, "abcd");
	assert_false(str_copy(buf, sizeof(buf), "abcd\xe2\x82\xac+"));
	assert_string_equal(buf, "abcd\xe2\x82\xac");
	assert_false(str_copy(buf, 0, "x"));
	assert_false(str_printf(buf, sizeof(buf), "%s", "abcdef\xc3\xbc"));
	assert_string_equal(buf, "abcdef");
	assert_true(str_printf(buf, sizeof(buf), "%d", 12));
	assert_string_equal(buf, "12");
}

static void test_compare(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("a", "A"));
	assert_true(str_eq_nocase("a", "A"));
	assert_false(str_eq_nocase("a", NULL));
	assert_true(str_starts("tag:x", "tag:"));
	assert_false(str_starts("ta", "tag:"));
	assert_true(str_starts_nocase("TAG:x", "tag:"));
	assert_true(str_ends("a.gcode", ".gcode"));
	assert_false(str_ends("gcode", ".gcode"));
	assert_true(str_contains_nocase("Voron-01", "RON"));
	assert_true(str_contains_nocase("x", ""));
	assert_true(str_contains_nocase("", ""));
	assert_false(str_contains_nocase("", "x"));
}

static void test_trim_and_token(void **state)
{
	char padded[] = " \t a b \r\n", blank[] = "   ", words[] = "  one, two,,three ", none[] = " ,";
	char *rest = words, *empty = none;

	(void)state;
	assert_string_equal(str_trim(padded), "a b");
	assert_string_equal(str_trim(blank), "");
	assert_string_equal(str_token(&rest, " ,"), "one");
	assert_string_equal(str_token(&rest, " ,"), "two");
	assert_string_equal(str_token(&rest, " ,"), "three");
	assert_null(str_token(&rest, " ,"));
	assert_null(str_token(&rest, " ,"));
	assert_null(str_token(&empty, " ,"));
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool match;
	} rows[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "abc", true },
		{ "voron-*", "Voron-01", true }, { "voron-*", "mk3-01", false },
		{ "*01", "voron-01", true }, { "*01", "voron-012", false },
		{ "v*n-?1", "voron-01", true }, { "?", "", false }, { "?", "\xc3\xbc", true },
		{ "mk[34]-*", "mk3-01", true }, { "mk[34]-*", "mk5-01", false },
		{ "mk[!34]", "mk5", true }, { "mk[!34]", "mk3", false }, { "[a-c]", "B", true },
		{ "[a-c]", "d", false }, { "[]x]", "]", true }, { "[x-]", "-", true },
		{ "[", "[", true }, { "[ab", "[ab", true }, { "[ab", "a", false },
		{ "[!a]", "\xc3\xbc", true }, { "**a**", "bab", true }, { "a*b*c", "axxbxxc", true },
		{ "a*b*c", "axxbxx", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (str_glob(rows[i].pattern, rows[i].s) != rows[i].match)
			fail_msg("'%s' on '%s'", rows[i].pattern, rows[i].s);
	}
}

static void test_glob_is_not_exponential(void **state)
{
	char *s = mem_alloc(20001);

	(void)state;
	memset(s, 'a', 20000);
	s[20000] = '\0';
	assert_false(str_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", s));
	free(s);
}

static void test_distance(void **state)
{
	char far_away[100];

	(void)state;
	assert_int_equal(str_distance("", ""), 0);
	assert_int_equal(str_distance("pause", "pause"), 0);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("pause", "puse"), 1);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
	memset(far_away, 'a', sizeof(far_away) - 1);
	far_away[sizeof(far_away) - 1] = '\0';
	assert_int_equal(str_distance(far_away, "a"), 99);
}

struct clean_row {
	const char *dirty, *clean;
};

static void check_rows(const struct clean_row *rows, size_t n, char *(*cleaner)(char *))
{
	for (size_t i = 0; i < n; i++) {
		char *s = mem_strdup(rows[i].dirty);

		assert_ptr_equal(cleaner(s), s);
		assert_string_equal(s, rows[i].clean);
		cleaner(s);	/* clean text stays as it is */
		assert_string_equal(s, rows[i].clean);
		free(s);
	}
}

static void test_clean(void **state)
{
	static const struct clean_row rows[] = {
		{ "", "" }, { "plain ASCII ~", "plain ASCII ~" },
		{ "m\xc3\xbcll \xe2\x82\xac \xf0\x9f\x98\x80", "m\xc3\xbcll \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\nb\tc\rd\r\ne\n\n\tf", "a b c d e f" },
		{ "a\001\002\bb\177", "ab" },
		{ "\033[31mred\033[0m", "red" }, { "a\033[1;2;3 qb", "ab" },
		{ "\033[31", "" }, { "x\033", "x" }, { "\033[\033[2Jx", "x" }, { "\033cx", "x" },
		{ "\033(Bx", "x" }, { "\033[31\xc3\xbc", "\xc3\xbc" },
		{ "\033]0;title\ax", "x" }, { "\033]0;title\033\\x", "x" }, { "a\033]8;;http://x", "a" },
		{ "\033]0;t\xc2\x9cx", "x" }, { "\033Pq#1\033\\x", "x" }, { "\033_G\033\\x", "x" },
		{ "\033]52;c;AAAA\nnext", " next" },
		{ "\xc2\x9b" "31mx", "x" }, { "\xc2\x9d" "0;t\ax", "x" }, { "\xc2\x85x", "x" },
		{ "a\xe2\x80\xae" "b\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "ab" },
		{ "a\xe2\x80\xa8" "b\xe2\x80\xa9\xef\xbb\xbf", "ab" },
		{ "\xf3\xa0\x80\xa1x", "x" },
		/* invalid UTF-8: stray tail, overlong, surrogate, too large, cut short */
		{ "a\x80" "b", "ab" }, { "\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xafx", "x" },
		{ "\xed\xa0\x80x", "x" }, { "\xf4\x90\x80\x80x", "x" }, { "\xf5\x80\x80\x80x", "x" },
		{ "x\xe2\x82", "x" }, { "x\xc3", "x" }, { "\xff\xfe", "" },
		/* bytes that would join to a control when what is between them goes */
		{ "\xc2\033[0m\x9b" "31m", "31m" }, { "\xe2\x80\001\xae", "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), str_clean);
}

static void test_clean_lines(void **state)
{
	static const struct clean_row rows[] = {
		{ "a\nb\r\nc\n\nd", "a\nb\nc\n\nd" }, { "a\tb\rc", "a b c" }, { "\r\n", "\n" },
		{ "\033]0;title\nnext", "\nnext" }, { "a\001\nb", "a\nb" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), str_clean_lines);
}

/* Whatever the bytes, what remains is valid, safe, not longer, and clean already. */
static void test_clean_any_bytes(void **state)
{
	static const char interesting[] = "\033[]P\\;m\a\n\t a\xc2\x9b\x80\xe2\xae\xf0\x9f\xff\xed\xa0";
	unsigned seed = 1;
	char s[24], twice[24];

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t len = 0, n;

		for (; len < sizeof(s) - 1 && (seed = seed * 1103515245 + 12345) >> 27; len++)
			s[len] = interesting[(seed >> 16) % (sizeof(interesting) - 1)];
		s[len] = '\0';
		str_clean(s);
		assert_true(strlen(s) <= len);
		for (const char *p = s; *p; p += n) {
			n = str_utf8_len(p);
			assert_true(n > 0);
			assert_false(str_is_unsafe(str_utf8_decode(p, NULL)));
		}
		memcpy(twice, s, sizeof(s));
		assert_string_equal(str_clean(twice), s);
	}
}

static void test_utf8(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(str_utf8_len(""), 0);
	assert_int_equal(str_utf8_len("a"), 1);
	assert_int_equal(str_utf8_len("\xf4\x8f\xbf\xbf"), 4);
	assert_int_equal(str_utf8_len("\xed\x9f\xbf"), 3);
	assert_int_equal(str_utf8_decode("a", &len), 'a');
	assert_int_equal(str_utf8_decode("\xc3\xbc", &len), 0xfc);
	assert_int_equal(len, 2);
	assert_int_equal(str_utf8_decode("\xe2\x82\xac", NULL), 0x20ac);
	assert_int_equal(str_utf8_decode("\xf0\x9f\x98\x80", &len), 0x1f600);
	assert_int_equal(len, 4);
	assert_int_equal(str_utf8_decode("\xff", &len), 0xfffd);
	assert_int_equal(len, 1);
}

static void test_url_encode(void **state)
{
	struct sbuf b = SBUF_INIT(200);

	(void)state;
	str_url_encode(&b, "a/b c\xc3\xbc%?#~", true);
	assert_string_equal(sbuf_str(&b), "a/b%20c%C3%BC%25%3F%23~");
	sbuf_clear(&b);
	str_url_encode(&b, "a/b", false);
	assert_string_equal(sbuf_str(&b), "a%2Fb");
	sbuf_done(&b);
}

static void test_safe_name(void **state)
{
	static const struct clean_row rows[] = {
		{ "plain.gcode", "plain.gcode" }, { "/tmp/x/part.gcode", "part.gcode" }, { "dir/", "" },
		{ "../..", "" }, { "...hidden.gcode", "hidden.gcode" }, { " . x.gcode ", "x.gcode" },
		{ "a\"b'c\\d`.gcode", "abcd.gcode" }, { "a\nb\033c.g", "abc.g" }, { "\xff\xc3.g", "__.g" },
		{ "m\xc3\xbcll \xf0\x9f\x98\x80.gcode", "m\xc3\xbcll \xf0\x9f\x98\x80.gcode" },
		{ "a\xe2\x80\xae" "edocg.exe", "aedocg.exe" }, { "\\", "" }, { "", "" },
	};
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		str_safe_name(name, sizeof(name), rows[i].dirty);
		assert_string_equal(name, rows[i].clean);
	}
	str_safe_name(name, 5, "abc\xc3\xbc");
	assert_string_equal(name, "abc");
	str_safe_name(name, 6, "abc\xc3\xbc");
	assert_string_equal(name, "abc\xc3\xbc");
	assert_string_equal(str_basename("a/b"), "b");
	assert_string_equal(str_basename("b"), "b");
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "x", "nan", "inf", "0x10", "1e999", "-", "1.2.3", "--1" };
	double d = 7;
	int64_t i = 7;

	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(bad); n++) {
		assert_false(str_to_double(bad[n], &d));
		assert_false(str_to_int64(bad[n], &i));
	}
	assert_true(d > 6.9 && d < 7.1 && i == 7);
	assert_true(str_to_double("-12.5e1", &d) && d < -124.9 && d > -125.1);
	assert_true(str_to_int64("-9223372036854775808", &i) && i == INT64_MIN);
	assert_false(str_to_int64("9223372036854775808", &i));
	assert_false(str_to_int64("1.5", &i));
}

static void test_bytes(void **state)
{
	static const struct {
		double bytes;
		const char *text;
	} rows[] = {
		{ 0, "0 B" }, { 512, "512 B" }, { 999.4, "999 B" }, { 999.6, "1.0 kB" }, { 1000, "1.0 kB" },
		{ 999949, "999.9 kB" }, { 999950, "1.0 MB" }, { 12e6, "12.0 MB" }, { 8.1e9, "8.1 GB" },
		{ 2e12, "2.0 TB" }, { 9e17, "900.0 PB" }, { -1, "-" }, { (double)NAN, "-" },
		{ (double)INFINITY, "-" },
	};
	char buf[STR_SMALL];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(str_bytes(buf, sizeof(buf), rows[i].bytes), rows[i].text);
}

static void test_times(void **state)
{
	char buf[STR_SMALL];

	(void)state;
	assert_string_equal(str_duration(buf, sizeof(buf), 0), "0:00");
	assert_string_equal(str_duration(buf, sizeof(buf), 10139), "2:48");
	assert_string_equal(str_duration(buf, sizeof(buf), 26 * 3600 + 5 * 60), "26:05");
	assert_string_equal(str_duration(buf, sizeof(buf), (double)NAN), "-");
	assert_string_equal(str_duration(buf, sizeof(buf), 1e300), "-");
	assert_string_equal(str_age(buf, sizeof(buf), 4.9), "4 s");
	assert_string_equal(str_age(buf, sizeof(buf), 59.9), "59 s");
	assert_string_equal(str_age(buf, sizeof(buf), 60), "1 min");
	assert_string_equal(str_age(buf, sizeof(buf), 3 * 3600 + 5), "3 h");
	assert_string_equal(str_age(buf, sizeof(buf), 2 * 86400), "2 d");
	assert_string_equal(str_age(buf, sizeof(buf), -1), "-");
}

static void test_clock(void **state)
{
	const time_t noon = 1733400000;	/* Thu 5 Dec 2024 12:00 UTC */
	char buf[STR_SMALL];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(str_clock(buf, sizeof(buf), noon + 7200, noon), "14:00");
	assert_string_equal(str_clock(buf, sizeof(buf), noon + 14 * 3600, noon), "Fri 02:00");
	assert_string_equal(str_clock(buf, sizeof(buf), noon - 2 * 86400, noon), "Tue 12:00");
	assert_string_equal(str_clock(buf, sizeof(buf), noon - 9 * 86400, noon), "26 Nov");
	assert_string_equal(str_clock(buf, sizeof(buf), noon - 366 * 86400, noon), "5 Dec");
	assert_string_equal(str_clock(buf, sizeof(buf), -1, noon), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_cuts_at_boundaries),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_trim_and_token),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_glob_is_not_exponential),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_lines),
		cmocka_unit_test(test_clean_any_bytes),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_url_encode),
		cmocka_unit_test(test_safe_name),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
