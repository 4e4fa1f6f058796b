/* Window titles and desktop messages: the right sequence, and none that text could smuggle in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <printop/mem.h>
#include "tui/osc.h"

static char buf[OSC_BYTES];

static int clean_env(void **state)
{
	static const char *const names[] = { "TMUX", "STY", "VTE_VERSION", "KITTY_WINDOW_ID",
					     "TERM_PROGRAM" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	setenv("TERM", "xterm-256color", 1);
	return 0;
}

static void test_title(void **state)
{
	(void)state;
	assert_true(osc_title(buf, sizeof(buf), "printop: 4 printing"));
	assert_string_equal(buf, "\033]2;printop: 4 printing\a");
	osc_title(buf, sizeof(buf), "a\a\033]52;c;evil\a b\x9c");
	assert_null(strchr(buf + 1, '\033'));
	assert_ptr_equal(strchr(buf, '\a'), buf + strlen(buf) - 1);
}

static void test_kinds(void **state)
{
	(void)state;
	assert_true(osc_message(buf, sizeof(buf), 9, "printop", "voron-01 done"));
	assert_string_equal(buf, "\033]9;printop: voron-01 done\a");
	assert_true(osc_message(buf, sizeof(buf), 777, "a;b", "c;d"));
	assert_string_equal(buf, "\033]777;notify;a,b;c;d\a");
	assert_false(osc_message(buf, sizeof(buf), 0, "printop", "unknown terminal"));
	setenv("VTE_VERSION", "7002", 1);
	assert_true(osc_message(buf, sizeof(buf), 0, "t", "x"));
	assert_non_null(strstr(buf, "]777;"));
	unsetenv("VTE_VERSION");
	setenv("TERM_PROGRAM", "WezTerm", 1);
	assert_true(osc_message(buf, sizeof(buf), 0, "t", "x"));
	assert_non_null(strstr(buf, "]9;"));
}

static void test_wrapped(void **state)
{
	(void)state;
	setenv("TMUX", "/tmp/x,1,0", 1);
	assert_true(osc_message(buf, sizeof(buf), 9, "t", "x"));
	assert_string_equal(buf, "\033Ptmux;\033\033]9;t: x\a\033\\");
	unsetenv("TMUX");
	setenv("STY", "1.pts", 1);
	assert_true(osc_message(buf, sizeof(buf), 9, "t", "x"));
	assert_string_equal(buf, "\033P\033]9;t: x\a\033\\");
}

static void test_long_text(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(osc_message(buf, sizeof(buf), 777, text, text));
	assert_true(buf[strlen(buf) - 1] == '\a');
	assert_true(osc_title(buf, sizeof(buf), text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_title, clean_env),
		cmocka_unit_test_setup(test_kinds, clean_env),
		cmocka_unit_test_setup(test_wrapped, clean_env),
		cmocka_unit_test_setup(test_long_text, clean_env),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
