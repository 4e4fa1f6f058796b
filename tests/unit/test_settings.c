/* Settings: defaults, every type with its mistakes, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <printop/mem.h>
#include <printop/setting.h>
#include <printop/str.h>

static struct settings s;
static struct err e;

static int setup(void **state)
{
	(void)state;
	settings_init(&s);
	err_clear(&e);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	settings_done(&s);
	settings_done(NULL);
	return 0;
}

static bool set(enum setting_id id, const char *text)
{
	return settings_set(&s, id, text, ":set", &e);
}

static const char *text(enum setting_id id)
{
	static char buf[128];

	return settings_text(&s, id, buf, sizeof(buf));
}

static void test_defaults(void **state)
{
	(void)state;
	assert_true(settings_num(&s, SETTING_POLL_ACTIVE) == 2);
	assert_true(settings_bool(&s, SETTING_BELL));
	assert_false(settings_bool(&s, SETTING_MOUSE));
	assert_string_equal(settings_str(&s, SETTING_THEME), "dark");
	assert_string_equal(settings_str(&s, SETTING_SORT), "attention");
	assert_string_equal(settings_str(&s, SETTING_LOG_FILE), "");
	assert_string_equal(text(SETTING_BELL), "true");
	assert_null(s.values[SETTING_BELL].where);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_true(set(SETTING_POLL_ACTIVE, "0.2"));
	assert_true(settings_num(&s, SETTING_POLL_ACTIVE) == 0.2);
	assert_string_equal(text(SETTING_POLL_ACTIVE), "0.2");
	assert_string_equal(s.values[SETTING_POLL_ACTIVE].where, ":set");
	assert_false(set(SETTING_POLL_ACTIVE, "0.19"));
	assert_int_equal(e.code, ERR_USAGE);
	assert_string_equal(e.text, "poll_active is 0.19, but must be from 0.2 to 3600 s");
	assert_false(set(SETTING_POLL_ACTIVE, "3601"));
	assert_false(set(SETTING_POLL_ACTIVE, "fast"));
	assert_string_equal(e.text, "poll_active is a number, not 'fast'");
	assert_false(set(SETTING_POLL_ACTIVE, ""));
	assert_false(set(SETTING_POLL_ACTIVE, "nan"));
	assert_false(set(SETTING_POLL_ACTIVE, "inf"));
	assert_false(set(SETTING_UPLOADS, "2.5"));
	assert_string_equal(e.text, "uploads is a whole number, not '2.5'");
	assert_true(set(SETTING_UPLOADS, "8"));
	assert_true(settings_num(&s, SETTING_POLL_ACTIVE) == 0.2);
}

static void test_flags(void **state)
{
	static const char *const yes[] = { "true", "on", "yes", "1", "TRUE" };
	static const char *const no[] = { "false", "off", "no", "0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		assert_true(set(SETTING_MOUSE, "off"));
		assert_true(set(SETTING_MOUSE, yes[i]));
		assert_true(settings_bool(&s, SETTING_MOUSE));
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		assert_true(set(SETTING_MOUSE, "on"));
		assert_true(set(SETTING_MOUSE, no[i]));
		assert_false(settings_bool(&s, SETTING_MOUSE));
	}
	assert_false(set(SETTING_MOUSE, "2"));
	assert_string_equal(e.text, "mouse is true or false, not '2'");
}

static void test_choices(void **state)
{
	(void)state;
	assert_true(set(SETTING_GRAPH, "Braille"));
	assert_string_equal(settings_str(&s, SETTING_GRAPH), "braille");
	assert_true(settings_num(&s, SETTING_GRAPH) == 1);
	assert_false(set(SETTING_GRAPH, "dots"));
	assert_string_equal(e.text, "graph is one of: auto braille block ascii; not 'dots'");
	assert_false(set(SETTING_GRAPH, ""));
	assert_string_equal(settings_str(&s, SETTING_GRAPH), "braille");
}

static void test_strings(void **state)
{
	char long_name[80];

	(void)state;
	assert_true(set(SETTING_JOURNAL, "/tmp/\xc3\xbc.jsonl"));
	assert_string_equal(text(SETTING_JOURNAL), "/tmp/\xc3\xbc.jsonl");
	assert_true(set(SETTING_JOURNAL, ""));
	assert_false(set(SETTING_JOURNAL, "a\033[2Jb"));
	assert_false(set(SETTING_JOURNAL, "a\xff"));
	memset(long_name, 'x', sizeof(long_name));
	long_name[64] = '\0';
	assert_true(set(SETTING_THEME, long_name));
	long_name[64] = 'x';
	long_name[65] = '\0';
	assert_false(set(SETTING_THEME, long_name));
	assert_string_equal(e.text, "theme is longer than 64 bytes");
}

static void test_names(void **state)
{
	enum setting_id id;

	(void)state;
	assert_true(setting_from_name("poll_idle", &id));
	assert_int_equal(id, SETTING_POLL_IDLE);
	assert_false(setting_from_name("poll-idle", &id));
	assert_string_equal(setting_nearest("pol_idle"), "poll_idle");
	assert_string_equal(setting_nearest("themes"), "theme");
	assert_null(setting_nearest("zzzzzz"));
	assert_null(setting_info(SETTING_N));
}

static void test_copies_are_their_own(void **state)
{
	struct settings copy;

	(void)state;
	assert_true(set(SETTING_THEME, "light"));
	settings_copy(&copy, &s);
	assert_true(set(SETTING_THEME, "mono"));
	assert_string_equal(settings_str(&copy, SETTING_THEME), "light");
	assert_string_equal(copy.values[SETTING_THEME].where, ":set");
	settings_done(&copy);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_defaults), TEST(test_numbers), TEST(test_flags), TEST(test_choices),
		TEST(test_strings), TEST(test_names), TEST(test_copies_are_their_own),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
