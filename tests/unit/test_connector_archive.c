/* Archives: tar unpacks them to what was there, nothing from outside the folder gets in, and a stop leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "connector/archive.h"
#include "connector/protocol.h"

static char dir[64];

static int run(const char *a, const char *b, const char *c, const char *d, const char *out)
{
	const char *argv[] = { a, b, c, d, NULL };
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (out && !freopen(out, "w", stdout))
			_exit(1);
		if (chdir(dir))
			_exit(1);
		execvp(a, (char **)(uintptr_t)argv);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return status;
}

static char *at(const char *name)
{
	return path_join(dir, name);
}

static void put(const char *name, const char *text, size_t len)
{
	char *path = at(name), *folder = path_dirname(path);
	struct err e;

	assert_true(path_make_dirs(folder, &e) && path_write(path, text, len, 0640, &e));
	free(folder);
	free(path);
}

static void link_to(const char *target, const char *name)
{
	char *path = at(name);

	assert_int_equal(symlink(target, path), 0);
	free(path);
}

#define LONG_NAME "root/config/a-folder-with-a-very-long-name-that-goes-on-and-on/" \
	"and-a-file-with-a-name-that-does-not-fit-into-the-hundred-bytes-of-a-header.cfg"

static int make_tree(void **state)
{
	char big[70000];

	(void)state;
	str_copy(dir, sizeof(dir), "/tmp/printop-archive-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 31 + i / 257);
	put("root/config/printer.cfg", "[printer]\n", 10);
	put("root/config/empty.cfg", "", 0);
	put("root/config/sub/macro.conf", "x", 1);
	put("root/database/data.mdb", big, sizeof(big));
	put("root/gcodes/k\xc3\xa4se.gcode", "G28\n", 4);
	put("root/logs/klippy.log", "log\n", 4);
	put("root/private/key", "outside the parts", 17);
	put("secret.cfg", "outside", 7);
	put(LONG_NAME, "long", 4);
	link_to("../../secret.cfg", "root/config/leads-out.cfg");
	link_to("/etc/passwd", "root/config/absolute.cfg");
	link_to("../private/key", "root/config/inside.cfg");
	link_to("nowhere", "root/config/dangling.cfg");
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	return run("rm", "-rf", dir, NULL, NULL);
}

static struct archive archive(unsigned parts)
{
	static char root[128], path[128];
	struct archive a = { .root = root, .path = path, .parts = parts, .max_bytes = 1 << 30 };

	str_printf(root, sizeof(root), "%s/root", dir);
	str_printf(path, sizeof(path), "%s/a.tar.gz", dir);
	sbuf_init(&a.names, 4096);
	return a;
}

static void assert_same(const char *one, const char *two)
{
	assert_int_equal(run("cmp", one, two, NULL, NULL), 0);
}

static bool there(const char *name)
{
	char *path = at(name);
	struct stat st;
	bool is = lstat(path, &st) == 0;

	free(path);
	return is;
}

static void test_tar_unpacks_it(void **state)
{
	struct archive a = archive(1u << BACKUP_CONFIG | 1u << BACKUP_DATABASE | 1u << BACKUP_GCODES | 1u << BACKUP_LOGS);
	struct err e;
	char *text, *sums = at("sums");

	(void)state;
	assert_true(archive_make(&a, &e));
	assert_int_equal(a.files, 7);
	assert_int_equal(run("tar", "-xzf", "a.tar.gz", "--one-top-level=out", NULL), 0);
	assert_same("root/config/printer.cfg", "out/config/printer.cfg");
	assert_same("root/config/empty.cfg", "out/config/empty.cfg");
	assert_same("root/config/sub/macro.conf", "out/config/sub/macro.conf");
	assert_same("root/database/data.mdb", "out/database/data.mdb");
	assert_same("root/gcodes/k\xc3\xa4se.gcode", "out/gcodes/k\xc3\xa4se.gcode");
	assert_same("root/logs/klippy.log", "out/logs/klippy.log");
	assert_same(LONG_NAME, "out" "/config/a-folder-with-a-very-long-name-that-goes-on-and-on/"
		    "and-a-file-with-a-name-that-does-not-fit-into-the-hundred-bytes-of-a-header.cfg");
	assert_false(there("out/private"));
	assert_int_equal(run("sha256sum", "a.tar.gz", NULL, NULL, sums), 0);
	assert_true(path_read(sums, 4096, &text, NULL, &e));
	assert_int_equal(strncmp(text, a.sha256, 64), 0);
	free(text);
	free(sums);
	sbuf_done(&a.names);
}

static void test_links_stay_inside(void **state)
{
	struct archive a = archive(1u << BACKUP_CONFIG);
	struct err e;

	(void)state;
	assert_true(archive_make(&a, &e));
	assert_int_equal(run("tar", "-xzf", "a.tar.gz", "--one-top-level=out", NULL), 0);
	assert_false(there("out/config/leads-out.cfg") || there("out/config/absolute.cfg") || there("out/config/dangling.cfg"));
	assert_true(there("out/config/inside.cfg"));
	assert_int_equal(a.left_out, 3);
	assert_non_null(strstr(sbuf_str(&a.names), "config/leads-out.cfg: a link that leads outside\n"));
	assert_false(there("out/logs"));	/* only what was chosen */
	sbuf_done(&a.names);
}

static void test_a_linked_part_is_left_out(void **state)
{
	struct archive a = archive(1u << BACKUP_LOGS);
	char *logs = at("root/logs"), *moved = at("root/old");
	struct err e;

	(void)state;
	assert_int_equal(rename(logs, moved), 0);
	link_to("/etc", "root/logs");
	assert_true(archive_make(&a, &e));
	assert_true(a.files == 0 && a.left_out == 1);
	free(logs);
	free(moved);
	sbuf_done(&a.names);
}

static void test_a_fifo_does_not_block(void **state)
{
	struct archive a = archive(1u << BACKUP_LOGS);
	char *fifo = at("root/logs/pipe");
	struct err e;

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_true(archive_make(&a, &e));
	assert_true(a.files == 1 && a.left_out == 1);
	free(fifo);
	sbuf_done(&a.names);
}

static void test_limits(void **state)
{
	struct archive a = archive(1u << BACKUP_DATABASE);
	struct err e;

	(void)state;
	a.max_bytes = 60000;
	assert_false(archive_make(&a, &e));
	assert_int_equal(e.code, ERR_TOO_BIG);
	assert_false(there("a.tar.gz"));
	a.max_bytes = 1 << 20;
	a.stop = true;
	assert_false(archive_make(&a, &e));
	assert_int_equal(e.code, ERR_CANCELLED);
	assert_false(there("a.tar.gz"));
	a.stop = false;
	put("a.tar.gz", "somebody's", 10);	/* an old file is not written over */
	assert_false(archive_make(&a, &e));
	assert_true(there("a.tar.gz"));
	sbuf_done(&a.names);
}

#define each(t) cmocka_unit_test_setup_teardown(t, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_tar_unpacks_it),
		each(test_links_stay_inside),
		each(test_a_linked_part_is_left_out),
		each(test_a_fifo_does_not_block),
		each(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
