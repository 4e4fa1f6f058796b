/* Keys of clients and lists of networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <printop/access.h>

static char dir[] = "/tmp/printop-access-XXXXXX";

static void test_keys(void **state)
{
	struct err e = { 0 };
	struct access *a = access_load(&e);
	char key[64], other[64], path[100], text[4000];
	const struct access_client *c;
	struct stat st;
	FILE *f;

	(void)state;
	assert_non_null(a);
	assert_int_equal(access_count(a), 0);
	assert_true(access_new(a, "slicer", ACCESS_UPLOAD, true, key, &e));
	assert_false(access_new(a, "Slicer", ACCESS_UPLOAD, true, other, &e));
	assert_true(access_new(a, "wall", 0, false, other, &e));
	assert_string_not_equal(key, other);
	access_free(a);

	snprintf(path, sizeof(path), "%s/printop/clients.json", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	assert_null(strstr(text, key));

	a = access_load(&e);
	assert_non_null(a);
	c = access_check(a, key);
	assert_non_null(c);
	assert_string_equal(c->name, "slicer");
	assert_int_equal(c->rights, ACCESS_LOOK | ACCESS_UPLOAD);
	assert_null(access_check(a, "po_wrong"));
	assert_null(access_check(a, ""));
	assert_null(access_check(a, NULL));
	assert_true(access_remove(a, "slicer", &e));
	assert_false(access_remove(a, "slicer", &e));
	assert_null(access_check(a, key));
	assert_non_null(access_check(a, other));
	access_free(a);
}

/* A running gateway and the shell share the file. */
static void test_changes_by_another_process(void **state)
{
	struct err e = { 0 };
	struct access *running = access_load(&e), *shell = access_load(&e);
	char key[64], second[64], path[100];
	FILE *f;

	(void)state;
	assert_true(access_new(shell, "new", ACCESS_START, true, key, &e));
	assert_null(access_check(running, key));
	access_refresh(running);
	assert_non_null(access_check(running, key));
	assert_true(access_new(running, "newer", ACCESS_UPLOAD, false, second, &e));
	assert_true(access_remove(shell, "new", &e));		/* does not undo what the other one did */
	access_refresh(running);
	assert_null(access_check(running, key));
	assert_non_null(access_check(running, second));
	assert_false(access_check(running, second)->overwrite);
	/* A file that is damaged by hand locks nobody out who was in. */
	snprintf(path, sizeof(path), "%s/printop/clients.json", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("{ \"clients\": [", f);
	fclose(f);
	access_refresh(running);
	assert_non_null(access_check(running, second));
	access_free(running);
	access_free(shell);
	remove(path);
}

static void test_networks(void **state)
{
	static const char list[] = "127.0.0.0/8 ::1, 10.0.4.0/23";
	struct err e = { 0 };

	(void)state;
	assert_true(access_network_ok(list, "127.0.0.1"));
	assert_true(access_network_ok(list, "127.255.0.1"));
	assert_true(access_network_ok(list, "::1"));
	assert_true(access_network_ok(list, "::ffff:10.0.5.200"));
	assert_true(access_network_ok(list, "10.0.5.255"));
	assert_false(access_network_ok(list, "10.0.6.0"));
	assert_false(access_network_ok(list, "::2"));
	assert_false(access_network_ok(list, "localhost"));
	assert_false(access_network_ok("", "127.0.0.1"));
	assert_true(access_network_ok("0.0.0.0/0", "8.8.8.8"));
	assert_false(access_network_ok("0.0.0.0/0", "::1"));
	assert_true(access_networks_valid(list, &e));
	assert_false(access_networks_valid("10.0.0.0/33", &e));
	assert_false(access_networks_valid("10.0.0", &e));
	assert_non_null(strstr(e.text, "10.0.0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_changes_by_another_process),
		cmocka_unit_test(test_networks),
	};

	if (!mkdtemp(dir))
		return 1;
	setenv("XDG_CONFIG_HOME", dir, 1);
	return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
