/* Files and folders: XDG, reads with a cap, atomic writes, appended lines; and the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

static char dir[] = "/tmp/printop-test-XXXXXX";

static char *in_dir(const char *name)
{
	return path_join(dir, name);
}

static void check_taken(char *s, const char *expected)
{
	assert_string_equal(s, expected);
	free(s);
}

static void test_joining(void **state)
{
	(void)state;
	check_taken(path_join("a", "b"), "a/b");
	check_taken(path_join("a/", "b"), "a/b");
	check_taken(path_join("", "b"), "b");
	check_taken(path_join("/", "b"), "/b");
	check_taken(path_dirname("a/b"), "a");
	check_taken(path_dirname("a//b"), "a");
	check_taken(path_dirname("/b"), "/");
	check_taken(path_dirname("b"), ".");
}

static void test_home(void **state)
{
	(void)state;
	setenv("HOME", "/home/x", 1);
	check_taken(path_expand("~/k", "/base"), "/home/x/k");
	check_taken(path_expand("~", NULL), "/home/x");
	check_taken(path_expand("~//k", NULL), "/home/x/k");
	check_taken(path_expand("~other/k", "/base"), "/base/~other/k");
	check_taken(path_expand("k", "/base"), "/base/k");
	check_taken(path_expand("k", NULL), "k");
	check_taken(path_expand("/k", "/base"), "/k");
	unsetenv("XDG_CONFIG_HOME");
	setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
	check_taken(path_config_dir(), "/home/x/.config/printop");
	check_taken(path_state_dir(), "/home/x/.local/state/printop");
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_STATE_HOME", "/s/", 1);
	check_taken(path_config_dir(), "/c/printop");
	check_taken(path_state_dir(), "/s/printop");
	unsetenv("HOME");
	unsetenv("XDG_CONFIG_HOME");
	free(path_config_dir());	/* from the user database: never NULL */
}

static void test_make_dirs(void **state)
{
	char *deep = in_dir("a/b/c/"), *below_file = in_dir("file/x"), *file = in_dir("file");
	struct stat st;
	struct err e;

	(void)state;
	assert_true(path_make_dirs(deep, &e));
	assert_true(path_make_dirs(deep, &e));
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(path_write(file, "x", 1, 0600, &e));
	assert_false(path_make_dirs(below_file, &e));
	assert_false(path_make_dirs(file, &e));
	assert_int_equal(e.code, ERR_IO);
	free(deep);
	free(below_file);
	free(file);
}

static void test_write_and_read(void **state)
{
	char *file = in_dir("data"), *nowhere = in_dir("no/such"), *data = NULL;
	struct stat st;
	size_t len = 0;
	struct err e;

	(void)state;
	assert_true(path_write(file, "one\0two", 7, 0640, &e));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(path_read(file, 7, &data, &len, &e));
	assert_int_equal(len, 7);
	assert_memory_equal(data, "one\0two", 8);
	free(data);
	assert_true(path_write(file, "", 0, 0600, &e));
	assert_true(path_read(file, 0, &data, NULL, &e));
	assert_string_equal(data, "");
	free(data);
	assert_false(path_write(nowhere, "x", 1, 0600, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(str_contains_nocase(e.text, "no/such: No such file"));
	assert_false(path_write(dir, "x", 1, 0600, &e));
	free(nowhere);
	free(file);
}

static void test_read_refuses(void **state)
{
	char *file = in_dir("big"), *fifo = in_dir("fifo"), *data = NULL;
	struct err e;

	(void)state;
	assert_true(path_write(file, "12345678", 8, 0600, &e));
	assert_false(path_read(file, 7, &data, NULL, &e));
	assert_int_equal(e.code, ERR_TOO_BIG);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(path_read(fifo, 100, &data, NULL, &e));
	assert_int_equal(e.code, ERR_IO);
	assert_false(path_read(dir, 100, &data, NULL, &e));
	assert_int_equal(e.code, ERR_IO);
	assert_false(path_read("/dev/zero", 100, &data, NULL, &e));
	assert_false(path_read("/nonexistent", 100, &data, NULL, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(path_read("/proc/self/status", 65536, &data, NULL, &e));	/* its size is said to be 0 */
	assert_true(strlen(data) > 100);
	free(data);
	assert_false(path_read("/proc/self/status", 10, &data, NULL, &e));
	assert_int_equal(e.code, ERR_TOO_BIG);
	free(fifo);
	free(file);
}

/* A failed write leaves the old file and no litter. */
static void test_write_is_atomic(void **state)
{
	char *file = in_dir("kept"), *data = NULL, *big = mem_zalloc(1, 100000), command[200];
	const struct rlimit small = { 4096, 4096 };
	struct err e;
	int status;
	pid_t child;

	(void)state;
	assert_true(path_write(file, "old", 3, 0600, &e));
	child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &small);
		_exit(path_write(file, big, 100000, 0600, &e) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(path_read(file, 100, &data, NULL, &e));
	assert_string_equal(data, "old");
	str_printf(command, sizeof(command), "%s.", file);
	assert_int_equal(access(command, F_OK), -1);
	free(data);
	free(big);
	free(file);
}

static size_t count_lines(const char *data, size_t line_len)
{
	size_t n = 0;

	for (const char *end; (end = strchr(data, '\n')); data = end + 1, n++) {
		assert_int_equal((size_t)(end - data), line_len);
		for (const char *p = data; p < end; p++)
			assert_int_equal(*p, *data);
	}
	return n;
}

static void test_append_by_several(void **state)
{
	char *file = in_dir("journal"), *data = NULL, line[301];
	struct stat st;
	struct err e;

	(void)state;
	for (int writer = 0; writer < 4; writer++) {
		if (fork() == 0) {
			memset(line, 'a' + writer, 300);
			line[300] = '\0';
			for (int i = 0; i < 100; i++)
				path_append_line(file, line, NULL);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(path_read(file, 1 << 20, &data, NULL, &e));
	assert_int_equal(count_lines(data, 300), 400);
	free(data);
	unlink(file);
	assert_true(path_append_line(file, "has its own\n", &e));
	assert_true(path_read(file, 100, &data, NULL, &e));
	assert_string_equal(data, "has its own\n");
	assert_false(path_append_line("/nonexistent/x", "x", &e));
	free(data);
	free(file);
}

static void test_short_append_is_told(void **state)
{
	char *file = in_dir("full"), line[5000];
	const struct rlimit small = { 4096, 4096 };
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		struct err e;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &small);
		memset(line, 'x', sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		if (path_append_line(file, line, &e))
			_exit(1);
		_exit(str_contains_nocase(e.text, "only 4096 of 5000") ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(file);
}

static void test_log(void **state)
{
	char *file = in_dir("log"), *data = NULL;
	enum log_level level;
	struct err e;

	(void)state;
	log_to_stderr(false);
	assert_null(log_at(0));
	assert_true(log_to_file(file));
	log_warn("a %s", "\033[31mb\nc");
	log_debug("hidden");
	assert_int_equal(log_count(), 1);
	assert_string_equal(log_at(0)->text, "a b c");
	assert_int_equal(log_at(0)->level, LOG_LEVEL_WARN);
	assert_true(log_level_from_name("DEBUG", &level) && level == LOG_LEVEL_DEBUG);
	assert_false(log_level_from_name("loud", &level));
	log_set_level(level);
	for (int i = 0; i < 1000; i++)
		log_debug("entry %d", i);
	assert_string_equal(log_at(0)->text, "entry 999");
	assert_string_equal(log_at(log_count() - 1)->text, "entry 744");
	assert_null(log_at(log_count()));
	log_close();
	log_error("not in the file");
	assert_true(path_read(file, 1 << 20, &data, NULL, &e));
	assert_non_null(strstr(data, " warn  a b c\n"));
	assert_null(strstr(data, "not in the file"));
	assert_false(log_to_file("/nonexistent/log"));
	free(data);
	free(file);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_all(void **state)
{
	static const char *const names[] = {
		"a/b/c", "a/b", "a", "file", "data", "big", "fifo", "kept", "journal", "full", "log", "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = in_dir(names[i]);

		remove(path);
		free(path);
	}
	return access(dir, F_OK) == 0 ? -1 : 0;	/* a temp file was left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joining),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_make_dirs),
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_read_refuses),
		cmocka_unit_test(test_write_is_atomic),
		cmocka_unit_test(test_append_by_several),
		cmocka_unit_test(test_short_append_is_told),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, set_up, remove_all);
}
