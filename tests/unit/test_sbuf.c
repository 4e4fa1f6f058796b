/* Buffers with a maximum, memory, errors and the way to die. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <printop/err.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

static void test_adds(void **state)
{
	struct sbuf b = SBUF_INIT(1000);

	(void)state;
	assert_string_equal(sbuf_str(&b), "");
	assert_true(sbuf_add(&b, "", 0));
	assert_null(b.data);
	assert_true(sbuf_adds(&b, "abc"));
	assert_true(sbuf_addc(&b, 'd'));
	assert_true(sbuf_addn(&b, '-', 3));
	assert_true(sbuf_addf(&b, "%s=%d", "x", 42));
	assert_true(sbuf_addf(&b, "%s", ""));
	assert_string_equal(sbuf_str(&b), "abcd---x=42");
	assert_int_equal(b.len, 11);
	for (int i = 0; i < 80; i++)
		assert_true(sbuf_addf(&b, "%011d", i));
	assert_int_equal(b.len, 11 * 81);
	assert_memory_equal(b.data + 11 * 80, "00000000079", 12);
	sbuf_clear(&b);
	assert_string_equal(sbuf_str(&b), "");
	sbuf_done(&b);
	sbuf_done(&b);
	sbuf_done(NULL);
}

static void test_maximum(void **state)
{
	struct sbuf b = SBUF_INIT(5), none = SBUF_INIT(0);

	(void)state;
	assert_true(sbuf_adds(&b, "abc"));
	assert_false(sbuf_adds(&b, "def"));
	assert_true(b.overflow);
	assert_string_equal(sbuf_str(&b), "abc");
	assert_false(sbuf_addf(&b, "%s", "def"));
	assert_string_equal(sbuf_str(&b), "abc");
	assert_false(sbuf_addn(&b, 'x', (size_t)-1));
	assert_true(sbuf_addf(&b, "%s", "de"));
	assert_string_equal(sbuf_str(&b), "abcde");
	assert_false(sbuf_addc(&b, 'f'));
	sbuf_clear(&b);
	assert_false(b.overflow);
	assert_false(sbuf_addf(&none, "%d", 1));
	assert_string_equal(sbuf_str(&none), "");
	sbuf_done(&b);
}

static void test_take(void **state)
{
	struct sbuf b = SBUF_INIT(100);
	char *s = sbuf_take(&b);

	(void)state;
	assert_string_equal(s, "");
	free(s);
	sbuf_adds(&b, "mine");
	s = sbuf_take(&b);
	assert_string_equal(s, "mine");
	assert_int_equal(b.len, 0);
	assert_true(sbuf_adds(&b, "again"));
	free(s);
	sbuf_done(&b);
}

static void test_memory(void **state)
{
	size_t cap = 0;
	int *numbers = NULL;
	char *s = mem_printf("%d %s", 7, "x");

	(void)state;
	assert_string_equal(s, "7 x");
	free(s);
	assert_null(mem_strdup(NULL));
	for (size_t n = 0; n < 1000; n++) {
		numbers = mem_grow(numbers, n, &cap, sizeof(*numbers));
		numbers[n] = (int)n;
	}
	assert_true(cap >= 1000 && numbers[999] == 999);
	free(numbers);
	free(mem_alloc(0));
	free(mem_zalloc(0, 0));
}

static void test_errors(void **state)
{
	struct err e;

	(void)state;
	assert_false(err_set(&e, ERR_AUTH, "key %d", 1));
	assert_int_equal(e.code, ERR_AUTH);
	assert_false(err_wrap(&e, "printer %s", "x"));
	assert_string_equal(e.text, "printer x: key 1");
	err_set(&e, ERR_IO, "again %s", e.text);
	assert_string_equal(e.text, "again printer x: key 1");
	for (int i = 0; i < 100; i++)
		err_wrap(&e, "\xe2\x82\xac");
	assert_true(strlen(e.text) >= sizeof(e.text) - 3);
	for (const char *p = e.text; *p; p += str_utf8_len(p))
		assert_true(str_utf8_len(p) > 0);	/* cut between characters */
	err_set(&e, ERR_IO, "%s: gone", "a\033]0;x\a.gcode");
	assert_string_equal(e.text, "a.gcode: gone");
	err_wrap(&e, "%.1s", "\xc3\xa4\033[2J");
	assert_string_equal(e.text, ": a.gcode: gone");
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	assert_false(err_set(NULL, ERR_IO, "x"));
	assert_false(err_wrap(NULL, "x"));
	err_clear(NULL);
	assert_string_equal(err_name(ERR_BAD_REPLY), "bad-reply");
	assert_string_equal(err_sentence(ERR_AUTH), "the key was refused");
	assert_int_equal(err_exit_status(ERR_NONE), 0);
	assert_int_equal(err_exit_status(ERR_CONFIG), 2);
	assert_int_equal(err_exit_status(ERR_UNREACHABLE), 3);
	assert_int_equal(err_exit_status(ERR_REFUSED), 4);
	assert_int_equal(err_exit_status(ERR_AUTH), 5);
	assert_int_equal(err_exit_status(ERR_TIMEOUT), 6);
	assert_int_equal(err_exit_status(ERR_CANCELLED), 130);
	assert_string_equal(err_name(ERR_N), "internal");
}

static void restore_terminal(void)
{
	ssize_t ignored = write(STDERR_FILENO, "[restored]", 10);

	(void)ignored;
}

static int overflow_stack(volatile char *above, int depth)
{
	volatile char frame[4096];

	frame[0] = above[0];
	return depth ? overflow_stack(frame, depth - 1) + frame[0] : 0;
}

static void die(int how)
{
	volatile char start[1] = { 0 };
	volatile char *forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	switch (how) {
	case 0:
		fatal("no %s", "luck");
	case 1:
		raise(SIGSEGV);
		break;
	case 2:
		*forbidden = 1;
		break;
	case 3:
		abort();
	case 4:
		_exit(overflow_stack(start, 1 << 20));
	case 5:
		free(mem_realloc(NULL, (size_t)-1, 16));
		break;
	}
	_exit(0);
}

/* Runs one way to die in a child; returns its signal and what it said. */
static int die_in_child(int how, char *said, size_t size)
{
	int pipe_fds[2], status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	if (child == 0) {
		for (int s = 1; s < 32; s++)
			signal(s, SIG_DFL);	/* not the test runner's */
		dup2(pipe_fds[1], STDERR_FILENO);
		fatal_init();
		fatal_on_exit(restore_terminal);
		die(how);
	}
	close(pipe_fds[1]);
	while ((n = read(pipe_fds[0], said + len, size - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_dying(void **state)
{
	static const struct {
		int how, number;
		const char *said;
	} rows[] = {
		{ 0, SIGABRT, "[restored]printop: no luck\n" },
		{ 1, SIGSEGV, "[restored]printop: crashed (segmentation fault)\n" },
		{ 2, SIGSEGV, "[restored]printop: crashed (segmentation fault)\n" },
		{ 3, SIGABRT, "[restored]printop: aborted\n" },
		{ 4, SIGSEGV, "[restored]printop: crashed (segmentation fault)\n" },
		{ 5, SIGABRT, "[restored]printop: out of memory\n" },
	};
	char said[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const int number = die_in_child(rows[i].how, said, sizeof(said));

		if (!str_eq(said, rows[i].said))
			fail_msg("death %d: signal %d, said %s", rows[i].how, number, said);
		assert_int_equal(number, rows[i].number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_dying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
