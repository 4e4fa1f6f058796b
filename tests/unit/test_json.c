/* JSON: what is mended, what is refused, tolerant reading and exact printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/json.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

/* Parses a copy that ends where the text ends, so that valgrind and ASan see a byte read too many. */
static struct json *parse_len(const char *text, size_t len, struct err *e)
{
	char *exact = mem_alloc(len);
	struct json *root;

	memcpy(exact, text, len);
	root = json_parse(exact, len, e);
	free(exact);
	return root;
}

static struct json *parse(const char *text)
{
	return parse_len(text, strlen(text), NULL);
}

static void check_print(const char *text, const char *expected)
{
	struct json *root = parse(text);
	char *printed;

	assert_non_null(root);
	printed = json_print(root, false);
	assert_string_equal(printed, expected);
	free(printed);
	json_free(root);
}

static void test_good_documents(void **state)
{
	(void)state;
	check_print("{}", "{}");
	check_print(" [1, 2.5,\t\"x\" , true,false,null] \r\n", "[1,2.5,\"x\",true,false,null]");
	check_print("{\"a\":{\"b\":[{}]}}", "{\"a\":{\"b\":[{}]}}");
	check_print("\"\"", "\"\"");
	check_print("\xef\xbb\xbf{}", "{}");
	check_print("\"m\\u00fcll \\ud83d\\ude00\"", "\"m\xc3\xbcll \xf0\x9f\x98\x80\"");
}

static void test_bad_documents(void **state)
{
	static const char *const bad[] = {
		"", " ", "{", "[1,2", "{\"1\":1,", "{\"1\":1, ", "[1,", ",", "{\"a\":1,}", "[1,]", "{\"a\"", "{\"a\":",
		"\"open", "\"open\\", "\"\\u12", "\"\\ud8", "\"\\ud800\\", "\"\\ud800\\u", "nul", "{} x", "[1]]", "1 2",
		"<html>", "Not found", "NaNcy", "nan", "-", "{a:1}", "{'a':1}", "\"\\x\"", "NaN,", "\xef\xbb\xbf",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err_clear(&e);
		if (parse_len(bad[i], strlen(bad[i]), &e))
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.code, ERR_BAD_REPLY);
	}
	assert_null(parse_len("{}\0", 3, NULL));
	assert_null(parse_len("[1\0,2]", 6, NULL));
}

static void test_mends(void **state)
{
	static const char *const rows[][2] = {
		{ "{\"a\":NaN,\"b\":1}", "{\"a\":null,\"b\":1}" },
		{ "[NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN,NaN]", "[null,null,null,null,null,null,null,null,null,null]" },
		{ "[Infinity,-Infinity, NaN ]", "[null,null,null]" },
		{ "NaN", "null" },
		{ "[\"NaN\",NaN,\"-Infinity \\\" NaN\"]", "[\"NaN\",null,\"-Infinity \\\" NaN\"]" },
		{ "[\"\\\\\",NaN]", "[\"\\\\\",null]" },
		{ "\"a\\ud800b\"", "\"a\xef\xbf\xbd" "b\"" },
		{ "\"\\udc80\"", "\"\xef\xbf\xbd\"" },
		{ "\"\\uDBFF\\uDFFF\"", "\"\xf4\x8f\xbf\xbf\"" },
		{ "\"\\ud800\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"" },
		{ "\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\"\\ud800\\n\"", "\"\xef\xbf\xbd\\n\"" },
		{ "\"\\\\ud800\"", "\"\\\\ud800\"" },
		{ "{\"a\\u0000b\":\"c\\u0000d\"}", "{\"a\xef\xbf\xbd" "b\":\"c\xef\xbf\xbd" "d\"}" },
		{ "\"\\\\u0000\"", "\"\\\\u0000\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_print(rows[i][0], rows[i][1]);
}

static char *nested(size_t depth, const char *open, const char *close)
{
	struct sbuf b = SBUF_INIT(10 << 20);

	for (size_t i = 0; i < depth; i++)
		sbuf_adds(&b, open);
	for (size_t i = 0; i < depth; i++)
		sbuf_adds(&b, close);
	return sbuf_take(&b);
}

static bool depth_is_taken(size_t depth)
{
	char *text = nested(depth, "[", "]");
	struct json *root = parse(text);
	const bool taken = root != NULL;

	json_free(root);
	free(text);
	return taken;
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(depth_is_taken(LIMIT_JSON_DEPTH));
	assert_false(depth_is_taken(LIMIT_JSON_DEPTH + 2));
	assert_false(depth_is_taken(999));
	assert_false(depth_is_taken(1000000));
}

static void test_reading(void **state)
{
	struct json *root = parse("{\"a\":{\"b\":17.5,\"s\":\"x\",\"t\":true,\"n\":null,\"l\":[1,2,3]},"
				  "\"a.b\":2,\"A\":3,\"big\":8589934592,\"neg\":-0.0,\"huge\":1e999,\"e\":4e-05,"
				  "\"text\":\"1\",\"\":5}");
	char buf[8];

	(void)state;
	assert_true(json_num(root, "a.b", (double)NAN) == 17.5);
	assert_true(json_num(json_get(root, "a.b"), "x", -1) == -1);
	assert_true(json_value_num(json_get(root, "a.b"), -1) == 2);
	assert_true(isnan(json_num(root, "a.c", (double)NAN)));
	assert_true(isnan(json_num(root, "a.b.c", (double)NAN)));
	assert_true(isnan(json_num(root, "a.s", (double)NAN)));
	assert_true(isnan(json_num(root, "a.t", (double)NAN)));
	assert_true(isnan(json_num(root, "a.l.0", (double)NAN)));
	assert_true(isnan(json_num(root, "huge", (double)NAN)));
	assert_true(isnan(json_num(NULL, "a", (double)NAN)));
	assert_true(json_num(root, "e", 0) > 3.9e-5);
	assert_true(json_num(root, "A", 0) == 3);
	assert_null(json_at(root, "a."));
	assert_non_null(json_at(root, ""));	/* the member with an empty name */
	assert_int_equal(json_int(root, "big", -1), 8589934592);
	assert_int_equal(json_int(root, "a.b", -1), 17);
	assert_int_equal(json_int(root, "huge", -1), -1);
	assert_int_equal(json_int(root, "text", -1), -1);
	assert_int_equal(json_int(root, "neg", -1), 0);
	assert_int_equal(json_bool(root, "a.t", -1), 1);
	assert_int_equal(json_bool(root, "a.b", -1), -1);
	assert_true(json_str(root, "a.s", buf, sizeof(buf)));
	assert_string_equal(buf, "x");
	assert_false(json_str(root, "a.b", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	assert_null(json_raw(root, "a.b"));
	assert_string_equal(json_raw(root, "a.s"), "x");
	assert_int_equal(json_count(json_at(root, "a.l")), 3);
	assert_int_equal(json_count(NULL), 0);
	assert_true(json_is_null(json_at(root, "a.n")) && !json_is_null(NULL));
	assert_true(json_is_array(json_at(root, "a.l")) && json_is_object(root));
	assert_true(json_is_num(json_at(root, "big")) && json_is_string(json_at(root, "text")));
	json_free(root);
	json_free(NULL);
}

static void test_walking(void **state)
{
	struct json *root = parse("{\"x\":1,\"y\":[true]}");
	const struct json *v = json_first(root);

	(void)state;
	assert_string_equal(json_name(v), "x");
	v = json_next(v);
	assert_string_equal(json_name(v), "y");
	assert_string_equal(json_name(json_first(v)), "");
	assert_null(json_next(v));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	json_free(root);
}

/* Parsed documents have memory of their own: it is used again, and several live at once. */
static void test_lives_of_documents(void **state)
{
	struct sbuf text = SBUF_INIT(1 << 20);
	struct json *one, *two, *large;

	(void)state;
	sbuf_adds(&text, "[0");
	for (int i = 1; i < 5000; i++)
		sbuf_addf(&text, ",\"%d\"", i);
	sbuf_adds(&text, "]");
	one = parse("{\"a\":\"first\"}");
	large = parse(sbuf_str(&text));
	two = parse("{\"a\":\"second\"}");
	json_free(one);
	one = parse("{\"a\":\"third\"}");
	assert_string_equal(json_raw(one, "a"), "third");
	assert_string_equal(json_raw(two, "a"), "second");
	assert_int_equal(json_count(large), 5000);
	json_free(large);
	json_free(one);
	assert_string_equal(json_raw(two, "a"), "second");
	json_free(two);
	sbuf_done(&text);
}

static void test_parsed_part(void **state)
{
	struct json *root = json_new_object(), *list = json_new_array();
	char *text;

	(void)state;
	json_set_take(root, "x", parse("{\"y\":[1,{\"z\":null}]}"));
	json_push_take(list, parse("\"word\""));
	json_set_take(root, "list", list);
	json_free(parse("{\"x\":\"overwrites what was freed\"}"));
	text = json_print(root, false);
	assert_string_equal(text, "{\"x\":{\"y\":[1,{\"z\":null}]},\"list\":[\"word\"]}");
	free(text);
	json_free(root);
}

static void test_hostile_strings(void **state)
{
	struct json *root = parse("[\"\\u001b[31mred\\nx\\u0000\", \"m\xc3\xbcllxx\", \"\xff\xfe!\"]");
	const struct json *v = json_first(root);
	char buf[10], tiny[3];

	(void)state;
	assert_true(json_str_value(v, buf, sizeof(buf), false));
	assert_string_equal(buf, "red ");
	assert_true(json_str_value(v, buf, sizeof(buf), true));
	assert_string_equal(buf, "red\n");
	assert_true(json_str_value(json_next(v), tiny, sizeof(tiny), false));
	assert_string_equal(tiny, "m");
	assert_true(json_str_value(json_next(json_next(v)), buf, sizeof(buf), false));
	assert_string_equal(buf, "!");
	json_free(root);
}

static void test_building(void **state)
{
	struct json *o = json_new_object(), *a = json_new_array();
	char *printed;

	(void)state;
	json_set_str(o, "s", "q\"\\\n\001\177\xff\xc3\xbc/");
	json_set_str(o, "no", NULL);
	json_set_num(o, "nan", (double)NAN);
	json_set_num(o, "inf", -(double)INFINITY);
	json_set_int(o, "i", 12, -1);
	json_set_int(o, "u", -1, -1);
	json_set_bool(o, "t", true);
	json_set_null(o, "z");
	json_push_str(a, "x");
	json_push_num(a, 1);
	json_push_take(a, json_new_object());
	json_set_take(o, "a", a);
	printed = json_print(o, false);
	assert_string_equal(printed, "{\"s\":\"q\\\"\\\\\\n\\u0001\\u007f\xef\xbf\xbd\xc3\xbc/\",\"no\":null,"
				     "\"nan\":null,\"inf\":null,\"i\":12,\"u\":null,\"t\":true,\"z\":null,"
				     "\"a\":[\"x\",1,{}]}");
	free(printed);
	json_free(o);
}

static void test_print_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 17.1, "17.1" }, { 0.1 + 0.2, "0.3" }, { 17.100000000000001, "17.1" }, { 0, "0" }, { -0.0, "0" },
		{ 9007199254740991.0, "9007199254740991" }, { 9007199254740992.0, "9007199254740992" },
		{ 1e15, "1000000000000000" }, { -42, "-42" }, { 4e-05, "4e-05" }, { 1e300, "1e+300" },
		{ 1700000000.25, "1700000000.25" }, { 2147483648.0, "2147483648" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json *a = json_new_array();
		char *printed, expected[64];

		json_push_num(a, rows[i].value);
		printed = json_print(a, false);
		str_printf(expected, sizeof(expected), "[%s]", rows[i].text);
		assert_string_equal(printed, expected);
		free(printed);
		json_free(a);
	}
}

static void test_pretty(void **state)
{
	struct json *root = parse("{\"a\":[1,{}],\"b\":[]}");
	char *printed = json_print(root, true);

	(void)state;
	assert_string_equal(printed, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
	free(printed);
	json_free(root);
}

/* Any mix of tokens is taken or refused; what is taken prints as something that is taken again. */
static void test_any_tokens(void **state)
{
	static const char *const tokens[] = {
		"{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "1", "-", "NaN", "-Infinity", "null", "\\",
		"\\ud800", "\\udc00", "\\u0000", "\\u", "1e9", " ", "\xff",
	};
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct sbuf b = SBUF_INIT(400);
		struct json *root;

		while ((seed = seed * 1103515245 + 12345) >> 29)
			sbuf_adds(&b, tokens[(seed >> 12) % ARRAY_LEN(tokens)]);
		root = parse_len(sbuf_str(&b), b.len, NULL);
		if (root) {
			char *printed = json_print(root, round % 2);
			struct json *again = parse(printed);

			assert_non_null(again);
			json_free(again);
			free(printed);
		}
		json_free(root);
		sbuf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_documents),
		cmocka_unit_test(test_bad_documents),
		cmocka_unit_test(test_mends),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_walking),
		cmocka_unit_test(test_lives_of_documents),
		cmocka_unit_test(test_parsed_part),
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_building),
		cmocka_unit_test(test_print_numbers),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_any_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
