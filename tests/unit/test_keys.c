/* Keys: names there and back, the table with the user's bindings on top, what cannot be bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <printop/keys.h>
#include <printop/mem.h>
#include <printop/str.h>

static struct config *config;

static int setup(void **state)
{
	(void)state;
	config = config_load(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_free(config);
	return 0;
}

static void user(const char *key, const char *action, const char *view)
{
	config->keys = mem_realloc(config->keys, config->n_keys + 1, sizeof(*config->keys));
	config->keys[config->n_keys++] = (struct key_binding){ mem_strdup(key), mem_strdup(action),
		mem_strdup(view), mem_strdup("t.conf:1") };
}

static enum action_id find(enum action_scope scope, const char *key)
{
	struct keymap *m = keymap_new(config);
	enum action_id id = keymap_find(m, scope, key_from_name(key));

	keymap_free(m);
	return id;
}

static void test_names_there_and_back(void **state)
{
	static const char *const names[] = { "a", "Z", "!", "~", "`", "'", "/", "space", "enter", "esc",
		"tab", "backtab", "backspace", "up", "down", "left", "right", "home", "end", "pageup",
		"pagedown", "insert", "delete", "f1", "f9", "f12", "ctrl-a", "ctrl-z", "ctrl-k",
		"ctrl-\\", "ctrl-_", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "f", "F" };
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint32_t key = key_from_name(names[i]);

		assert_int_not_equal(key, KEY_NONE);
		assert_string_equal(key_to_name(key, buf, sizeof(buf)), names[i]);
	}
	assert_int_equal(key_from_name("CTRL-K"), KEY_CTRL('k'));
	assert_int_equal(key_from_name("ctrl-i"), KEY_TAB);
	assert_int_equal(key_from_name("Return"), KEY_RETURN);
}

static void test_what_is_no_key(void **state)
{
	static const char *const names[] = { "", "ab", "f0", "f13", "f1x", "ctrl-", "ctrl-1", "ctrl-kk",
		"ctrl-`", "\x01", "\x7f", "\xff", "\xc3\xbcx", "nope", "alt-x" };
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(key_from_name(names[i]), KEY_NONE);
	assert_string_equal(key_to_name(KEY_NONE, buf, sizeof(buf)), "");
	assert_string_equal(key_to_name(KEY_CODE_MOUSE, buf, sizeof(buf)), "");
}

static void test_labels(void **state)
{
	static const char *const labels[][2] = { { "ctrl-k", "^K" }, { "space", "SPC" },
		{ "enter", "Enter" }, { "f5", "F5" }, { "P", "P" }, { "backtab", "S-Tab" } };
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		assert_string_equal(key_label(key_from_name(labels[i][0]), buf, sizeof(buf)),
				    labels[i][1]);
}

static void test_table_and_scopes(void **state)
{
	struct keymap *m = keymap_new(NULL);

	(void)state;
	assert_int_equal(keymap_find(m, SCOPE_FLEET, 'P'), ACTION_PAUSE);
	assert_int_equal(keymap_find(m, SCOPE_LIST, 'q'), ACTION_BACK);
	assert_int_equal(keymap_find(m, SCOPE_FLEET, 's'), ACTION_SORT);
	assert_int_equal(keymap_find(m, SCOPE_LIST, 's'), ACTION_N);
	assert_int_equal(keymap_find(m, SCOPE_FLEET, KEY_CTRL('c')), ACTION_N);
	assert_int_equal(keymap_find(m, SCOPE_FLEET, KEY_NONE), ACTION_N);
	assert_int_equal(keymap_key_of(m, SCOPE_FLEET, ACTION_DOWN), 'j');
	assert_int_equal(keymap_key_of(m, SCOPE_LIST, ACTION_SORT), KEY_NONE);
	assert_int_equal(keymap_key_of(m, SCOPE_FLEET, ACTION_STATUS), KEY_NONE);
	for (size_t i = 1; i < keymap_count(m); i++)
		assert_true(keymap_at(m, i - 1)->action <= keymap_at(m, i)->action);
	assert_null(keymap_at(m, keymap_count(m)));
	keymap_free(m);
	keymap_free(NULL);
}

static void test_user_keys_replace(void **state)
{
	struct keymap *m;

	(void)state;
	user("x", "cancel", NULL);
	user("X", "none", NULL);
	user("s", "pause", NULL);		/* in every view, also where it was sort */
	m = keymap_new(config);
	assert_int_equal(keymap_find(m, SCOPE_FLEET, 'x'), ACTION_CANCEL);
	assert_int_equal(keymap_find(m, SCOPE_FLEET, 'X'), ACTION_N);
	assert_int_equal(keymap_find(m, SCOPE_FLEET, 's'), ACTION_PAUSE);
	assert_int_equal(keymap_find(m, SCOPE_LIST, 's'), ACTION_PAUSE);
	assert_int_equal(keymap_key_of(m, SCOPE_FLEET, ACTION_CANCEL), 'x');
	assert_int_equal(keymap_key_of(m, SCOPE_FLEET, ACTION_PAUSE), 's');
	keymap_free(m);
}

static void test_user_keys_in_one_view(void **state)
{
	(void)state;
	user("P", "none", "printer");
	user("R", "sort", "fleet");
	assert_int_equal(find(SCOPE_PRINTER, "P"), ACTION_N);
	assert_int_equal(find(SCOPE_FLEET, "P"), ACTION_PAUSE);
	assert_int_equal(find(SCOPE_FLEET, "R"), ACTION_SORT);
	assert_int_equal(find(SCOPE_LIST, "R"), ACTION_RESUME);
}

static void test_a_freed_key_is_not_listed(void **state)
{
	struct keymap *m;

	(void)state;
	user("P", "none", "printer");
	m = keymap_new(config);
	for (size_t i = 0; i < keymap_count(m); i++)
		assert_true(keymap_at(m, i)->action < ACTION_N);
	assert_int_equal(keymap_key_of(m, SCOPE_PRINTER, ACTION_PAUSE), KEY_NONE);
	assert_int_equal(keymap_key_of(m, SCOPE_FLEET, ACTION_PAUSE), 'P');
	keymap_free(m);
}

static void check_one(const char *key, const char *action, const char *view, const char *expected)
{
	size_t before = config->n_issues;

	user(key, action, view);
	keymap_check(config);
	config->n_keys--;
	free(config->keys[config->n_keys].key);
	free(config->keys[config->n_keys].action);
	free(config->keys[config->n_keys].view);
	free(config->keys[config->n_keys].where);
	if (!expected) {
		assert_int_equal(config->n_issues, before);
		return;
	}
	assert_int_equal(config->n_issues, before + 1);
	assert_int_equal(config->issues[before].severity, CONFIG_ERROR);
	assert_string_equal(config->issues[before].where, "t.conf:1");
	assert_non_null(strstr(config->issues[before].text, expected));
}

static void test_what_cannot_be_bound(void **state)
{
	(void)state;
	check_one("ctrl-x", "pause", "fleet", NULL);
	check_one("ctrl-x", "pause", "all", NULL);
	check_one("esc", "back", NULL, NULL);
	check_one("hyper-x", "pause", NULL, "'hyper-x' is no key");
	check_one("x", "pasue", NULL, "did you mean 'pause'?");
	check_one("x", "pause", "fleat", "there is no view 'fleat'");
	check_one("x", "status", NULL, "verb of the shell");
	check_one("ctrl-c", "estop", NULL, "always lead out");
	check_one("q", "cancel", "fleet", "always lead out");
	check_one("esc", "none", NULL, "always lead out");
	user("q", "cancel", NULL);
	assert_int_equal(find(SCOPE_FLEET, "q"), ACTION_BACK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_names_there_and_back), TEST(test_what_is_no_key), TEST(test_labels),
		TEST(test_table_and_scopes), TEST(test_user_keys_replace),
		TEST(test_user_keys_in_one_view), TEST(test_a_freed_key_is_not_listed),
		TEST(test_what_cannot_be_bound),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
