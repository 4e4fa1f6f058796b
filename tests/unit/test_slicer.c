/* The slicers' door without a network: bases, names and folders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gateway/slicer.h>
#include <printop/mem.h>
#include <printop/str.h>

static struct app app;

static void add(const char *name, const char *dialect, const char *tag)
{
	struct printer_config c;

	printer_config_init(&c);
	c.name = mem_strdup(name);
	c.url = mem_printf("http://10.0.0.%zu", fleet_count(app.fleet) + 1);
	c.dialect = mem_strdup(dialect);
	if (tag)
		c.tags[c.n_tags++] = mem_strdup(tag);
	fleet_add_take(app.fleet, &c);
}

static int open_fleet(void **state)
{
	(void)state;
	app.fleet = fleet_new();
	add("voron-01", "moonraker", "petg");
	add("mk4 api", "octoprint", "room 1");
	add("info", "octoprint", "my api");
	return 0;
}

static int close_fleet(void **state)
{
	(void)state;
	fleet_free(app.fleet);
	return 0;
}

static void expect_base(const char *path, enum slicer_place place, const char *target, const char *prefix, const char *rest)
{
	struct slicer_base b;

	assert_true(slicer_base_read(&app, path, &b));
	assert_int_equal(b.place, place);
	assert_string_equal(b.target, target);
	assert_string_equal(b.prefix, prefix);
	assert_string_equal(b.rest, rest);
}

static void test_bases(void **state)
{
	struct slicer_base b;

	(void)state;
	expect_base("/api/version", PLACE_ANY, "", "", "api/version");
	expect_base("/", PLACE_ANY, "", "", "");
	expect_base("", PLACE_ANY, "", "", "");
	expect_base("/printer/voron-01/api/version", PLACE_PRINTER, "voron-01", "/printer/voron-01", "api/version");
	expect_base("/printer/VORON-01//api/version", PLACE_PRINTER, "voron-01", "/printer/voron-01", "api/version");
	expect_base("//printer//voron-01/", PLACE_PRINTER, "voron-01", "/printer/voron-01", "");
	expect_base("/tag/room 1/server/info", PLACE_TAG, "tag:room 1", "/tag/room%201", "server/info");
	expect_base("/library", PLACE_LIBRARY, "", "/library", "");
	expect_base("/library/api/files/local", PLACE_LIBRARY, "", "/library", "api/files/local");
	expect_base("/librarian/x", PLACE_ANY, "", "", "librarian/x");
	/* Moonraker's own paths win over a printer of that name, whose own paths are still there. */
	expect_base("/printer/info", PLACE_ANY, "", "", "printer/info");
	expect_base("/printer/print/start", PLACE_ANY, "", "", "printer/print/start");
	expect_base("/printer/info/api/version", PLACE_PRINTER, "info", "/printer/info", "api/version");
	expect_base("/printer/voron-01/printer/info", PLACE_PRINTER, "voron-01", "/printer/voron-01", "printer/info");
	/* Cura's plugin looks for the first "api/" in a link. */
	expect_base("/printer/mk4 api/api/files/local", PLACE_PRINTER, "mk4 api", "/printer/mk4%20ap%69", "api/files/local");
	expect_base("/tag/my api/api/version", PLACE_TAG, "tag:my api", "/tag/my%20ap%69", "api/version");
	assert_false(slicer_base_read(&app, "/printer/nobody/api/version", &b));
	assert_string_equal(b.name, "nobody");
	assert_string_equal(b.rest, "api/version");
	assert_false(slicer_base_read(&app, "/tag/abs/api/version", &b));
}

static void test_long_paths_are_cut_not_overrun(void **state)
{
	char path[4000];
	struct slicer_base b;

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, "/printer/", 9);
	path[sizeof(path) - 1] = '\0';
	assert_false(slicer_base_read(&app, path, &b));
	path[2000] = '/';
	assert_false(slicer_base_read(&app, path, &b));
	memcpy(path, "/api/files", 10);
	assert_true(slicer_base_read(&app, path, &b));
	assert_int_equal(strlen(b.rest), sizeof(b.rest) - 1);
}

static void expect_name(const char *raw, const char *clean)
{
	char name[256];

	assert_true(slicer_clean_name(raw, name));
	assert_string_equal(name, clean);
}

static void test_names(void **state)
{
	char raw[700], name[256];

	(void)state;
	expect_name("a.gcode", "a.gcode");
	expect_name("a \"b\".gcode", "a b.gcode");
	expect_name("../../etc/a.gcode", "a.gcode");
	expect_name("C:\\x\\a.gcode", "a.gcode");
	expect_name("dir/sub\\a.gcode", "a.gcode");
	expect_name("..hidden.gcode", "hidden.gcode");
	expect_name("a\x01\x1b[1m\xe2\x80\xae.gcode", "a[1m.gcode");
	expect_name("bad\xff.gcode", "bad_.gcode");
	assert_false(slicer_clean_name("", name));
	assert_false(slicer_clean_name("..", name));
	assert_false(slicer_clean_name("\"'\x01", name));
	/* Too long: the stem is cut at a whole character, the extension stays. */
	memset(raw, 0, sizeof(raw));
	for (int i = 0; i < 300; i++)
		memcpy(raw + 2 * i, "\xc3\xa9", 2);
	memcpy(raw + 600, ".gcode", 7);
	assert_true(slicer_clean_name(raw, name));
	assert_true(strlen(name) <= 240 && str_ends(name, "\xc3\xa9.gcode"));
	assert_string_equal(str_clean(strcpy(raw, name)), name);
	memset(raw, 'x', 600);
	raw[600] = '\0';
	assert_true(slicer_clean_name(raw, name));
	assert_int_equal(strlen(name), 240);
}

static void expect_folder(const char *raw, const char *clean)
{
	char folder[256];
	struct err e = { 0 };

	assert_true(slicer_clean_folder(raw, folder, &e));
	assert_string_equal(folder, clean);
}

static void test_folders(void **state)
{
	static const char *const bad[] = { "..", "a/..", "a/../b", "a\\..\\b", "/a", "\\a", "C:\\a", "c:", "\x01", "a/\"" };
	char folder[256], raw[600];
	struct err e = { 0 };

	(void)state;
	expect_folder("", "");
	expect_folder("/", "");
	expect_folder("\\\\", "");
	expect_folder("a", "a");
	expect_folder("a/b", "a/b");
	expect_folder("a\\b\\", "a/b");
	expect_folder("a//b/./c/", "a/b/c");
	expect_folder("a/.hidden", "a/hidden");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(slicer_clean_folder(bad[i], folder, &e));
	memset(raw, 'x', sizeof(raw));
	raw[599] = '\0';
	raw[200] = raw[400] = '/';
	assert_false(slicer_clean_folder(raw, folder, &e));
}

static void test_distinct_names(void **state)
{
	char name[256] = "lid.gcode";

	(void)state;
	slicer_distinct_name(name, "a9ab1b12bd37");
	assert_string_equal(name, "lid-a9ab1b.gcode");
	str_copy(name, sizeof(name), "plain");
	slicer_distinct_name(name, "a9ab1b12bd37");
	assert_string_equal(name, "plain-a9ab1b");
	memset(name, 0, sizeof(name));
	for (int i = 0; i < 115; i++)
		memcpy(name + 2 * i, "\xc3\xa9", 2);
	memcpy(name + 230, ".gcode", 7);
	slicer_distinct_name(name, "a9ab1b12bd37");
	assert_true(strlen(name) <= 240 && str_ends(name, "\xc3\xa9-a9ab1b.gcode"));
}

static void test_kinds_of_files(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_true(queue_kind_ok(&app, "voron-01", "a.gcode", &e));
	assert_true(queue_kind_ok(&app, "voron-01", "a.UFP", &e));
	assert_true(queue_kind_ok(&app, "mk4 api", "a.g", &e));
	assert_false(queue_kind_ok(&app, "mk4 api", "a.ufp", &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, ".ufp"));
	assert_true(queue_kind_ok(&app, "", "a.ufp", &e));		/* one of them can */
	assert_false(queue_kind_ok(&app, "tag:room 1", "a.ufp", &e));
	assert_false(queue_kind_ok(&app, "", "a.bgcode", &e));
	assert_false(queue_kind_ok(&app, "", "noextension", &e));
	assert_false(queue_kind_ok(&app, "nobody", "a.gcode", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void test_statuses_are_none_that_a_client_misreads(void **state)
{
	(void)state;
	for (int i = ERR_USAGE; i < ERR_N; i++) {
		struct err e = { (enum err_code)i, "" };
		unsigned status = slicer_status_of(&e);

		/* A redirect makes libcurl hang, Cura reads each 409 as a conflict of names. */
		assert_true(status >= 400 && status < 600 && status != 409);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_long_paths_are_cut_not_overrun),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_distinct_names),
		cmocka_unit_test(test_kinds_of_files),
		cmocka_unit_test(test_statuses_are_none_that_a_client_misreads),
	};

	return cmocka_run_group_tests(tests, open_fleet, close_fleet);
}
