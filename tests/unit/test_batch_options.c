/* Options of the shell verbs: forms, values, mistakes and what was meant, help made from the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "batch/options.h"

/* Splits line at blanks into argv[1..] behind the verb and parses it. */
static bool parse(struct options *o, const char *verb, const char *line, struct err *e)
{
	static char copy[400], name[40];
	static char *argv[40];
	char *rest = copy, *word;
	int argc = 1;

	str_copy(copy, sizeof(copy), line);
	str_copy(name, sizeof(name), verb);
	argv[0] = name;
	while ((word = str_token(&rest, " ")))
		argv[argc++] = word;
	*e = (struct err){ 0 };
	return options_parse(o, verb, argc, argv, e);
}

static void refused(const char *verb, const char *line, const char *part)
{
	struct options o;
	struct err e;

	assert_false(parse(&o, verb, line, &e));
	assert_int_equal(e.code, ERR_USAGE);
	if (!strstr(e.text, part))
		fail_msg("\"%s %s\": \"%s\" does not say \"%s\"", verb, line, e.text, part);
	options_done(&o);
}

static void test_forms(void **state)
{
	struct options o;
	struct err e;

	(void)state;
	assert_true(parse(&o, "pause", "voron-01 -t a --to=b -tc -qy --timeout 5m - -- --json -x", &e));
	assert_int_equal(options_all(&o, OPTION_TO)->n, 3);
	assert_string_equal(options_all(&o, OPTION_TO)->at[0], "a");
	assert_string_equal(options_all(&o, OPTION_TO)->at[1], "b");
	assert_string_equal(options_str(&o, OPTION_TO), "c");
	assert_true(options_has(&o, OPTION_QUIET));
	assert_true(options_has(&o, OPTION_YES));
	assert_false(options_has(&o, OPTION_JSON));
	assert_true(options_num(&o, OPTION_TIMEOUT) == 300);
	assert_int_equal(o.args.n, 4);
	assert_string_equal(o.args.at[1], "-");
	assert_string_equal(o.args.at[2], "--json");
	assert_string_equal(o.args.at[3], "-x");
	options_done(&o);
}

static void test_values(void **state)
{
	struct options o;
	struct err e;

	(void)state;
	assert_true(parse(&o, "events", "-n5", &e));
	assert_true(options_num(&o, OPTION_LINES) == 5);
	options_done(&o);
	assert_true(parse(&o, "events", "-n 7 -n 8", &e));
	assert_true(options_num(&o, OPTION_LINES) == 8);
	assert_true(isnan(options_num(&o, OPTION_TIMEOUT)));
	assert_null(options_str(&o, OPTION_SINCE));
	options_done(&o);
	assert_true(parse(&o, "wait", "--progress 50% --color=never --format=", &e));
	assert_true(options_num(&o, OPTION_PROGRESS) == 50);
	assert_string_equal(options_str(&o, OPTION_COLOR), "never");
	assert_string_equal(options_str(&o, OPTION_FORMAT), "");
	options_done(&o);
}

static void test_mistakes(void **state)
{
	(void)state;
	refused("status", "--jsn", "did you mean '--json'");
	refused("status", "--xyzzyx", "unknown option --xyzzyx");
	refused("pause", "--start", "takes no --start; it belongs to: upload");
	refused("status", "--json=1", "takes no value");
	refused("wait", "--timeout", "--timeout needs TIME");
	refused("wait", "-t", "--to needs SELECTOR");
	refused("wait", "--timeout soon", "is not a time");
	refused("wait", "--timeout nan", "is not a time");
	refused("wait", "--timeout 1e999", "is not a time");
	refused("wait", "--timeout 0", "outside");
	refused("wait", "--timeout -5", "outside");
	refused("wait", "--progress 101", "outside 0 to 100");
	refused("wait", "--progress x", "is not a number");
	refused("events", "-n 1.5", "is not a number");
	refused("status", "--color=red", "none of auto|always|never");
	refused("status", "-x", "unknown option -x");
	refused("status", "-qx", "unknown option -x");
	refused("status", "-n5", "unknown option -n");
	refused("status", "--config x", "--config comes before the verb");
	refused("status", "--=3", "unknown option --");
}

static void test_time(void **state)
{
	double s;

	(void)state;
	assert_true(parse_time("90", &s) && s == 90);
	assert_true(parse_time("1.5m", &s) && s == 90);
	assert_true(parse_time("2h", &s) && s == 7200);
	assert_true(parse_time("1d", &s) && s == 86400);
	assert_true(parse_time("0.5s", &s) && s == 0.5);
	assert_false(parse_time("", &s));
	assert_false(parse_time("s", &s));
	assert_false(parse_time("5w", &s));
	assert_false(parse_time("inf", &s));
	assert_false(parse_time("111111111111111111111111111111111111111111", &s));
}

static void test_words(void **state)
{
	char list[] = " a,,b , c,";
	struct words w = { 0 };

	(void)state;
	words_split(&w, list);
	assert_int_equal(w.n, 3);
	assert_string_equal(w.at[0], "a");
	assert_string_equal(w.at[1], "b");
	assert_string_equal(w.at[2], "c");
	words_done(&w);
	assert_int_equal(w.n, 0);
}

/* Help fits a terminal of 80 columns and names just the verb's own options. */
static void test_help(void **state)
{
	struct sbuf b = SBUF_INIT(1u << 16);
	char *text, *rest, *line;

	(void)state;
	options_help("wait", &b);
	assert_non_null(strstr(sbuf_str(&b), "  -t, --to SELECTOR"));
	assert_non_null(strstr(sbuf_str(&b), "      --state STATE,..."));
	assert_non_null(strstr(sbuf_str(&b), "  -h, --help"));
	assert_null(strstr(sbuf_str(&b), "--folder"));
	text = rest = sbuf_take(&b);
	while ((line = str_token(&rest, "\n"))) {
		assert_true(strlen(line) <= 79);
		assert_true(line[strlen(line) - 1] != ' ');
	}
	free(text);
	options_help("version", &b);
	assert_non_null(strstr(sbuf_str(&b), "--help"));
	assert_null(strstr(sbuf_str(&b), "--json"));
	sbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
