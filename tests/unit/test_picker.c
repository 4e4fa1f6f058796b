/* Local folders: what is listed in which order, completion, the folder remembered, the window's keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "screen.h"
#include "tui/picker.h"

struct fix {
	char dir[64];
	char here[1024];
};

static void put(const char *name, long at)
{
	struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs("G28\n", f);
	fclose(f);
	utimensat(AT_FDCWD, name, times, 0);
}

static int setup(void **state)
{
	struct fix *f = MEM_NEW(struct fix);

	*state = f;
	assert_non_null(getcwd(f->here, sizeof(f->here)));
	str_copy(f->dir, sizeof(f->dir), "/tmp/printop-picker-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chdir(f->dir), 0);
	mkdir("petg", 0700);
	mkdir("Pla", 0700);
	put("old.gcode", 1000);
	put("new.GCODE", 3000);
	put("middle.bgcode", 2000);
	put("notes.txt", 4000);
	put(".hidden.gcode", 5000);
	put("petg/lid_x4.gcode", 1000);
	put("petg/lid_x5.gcode", 2000);
	put("petg/Zahnr\xc3\xa4" "der.gcode", 1500);
	put("petg/Zahnr\xc3\xb6" "hre.gcode", 1600);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"petg/lid_x4.gcode", "petg/lid_x5.gcode", "petg/Zahnr\xc3\xa4" "der.gcode",
		"petg/Zahnr\xc3\xb6" "hre.gcode", "old.gcode", "new.GCODE", "middle.bgcode", "notes.txt",
		".hidden.gcode", "evil\033[2J.gcode", "state/printop/upload-folder",
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(names[i]);
	rmdir("state/printop");
	rmdir("state");
	rmdir("petg");
	rmdir("Pla");
	assert_int_equal(chdir(f->here), 0);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* The names of a folder, joined by blanks. */
static void names_of(const struct local_dir *d, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < d->n; i++, used = strlen(buf))
		str_printf(buf + used, size - used, "%s%s%s", i ? " " : "", d->files[i].name,
			   d->files[i].is_folder ? "/" : "");
}

static void test_order(void **state)
{
	struct local_dir d;
	char names[256];

	(void)state;
	assert_true(local_dir_read(&d, ".", false, true, NULL));
	names_of(&d, names, sizeof(names));
	assert_string_equal(names, "petg/ Pla/ middle.bgcode new.GCODE old.gcode");
	local_dir_sort(&d, false);
	names_of(&d, names, sizeof(names));
	assert_non_null(strstr(names, "/ new.GCODE middle.bgcode old.gcode"));
	local_dir_done(&d);
	assert_true(local_dir_read(&d, ".", true, true, NULL));
	names_of(&d, names, sizeof(names));
	assert_non_null(strstr(names, "notes.txt"));
	assert_null(strstr(names, "hidden"));
	local_dir_done(&d);
}

static void test_unreadable(void **state)
{
	struct local_dir d;
	struct err e = { 0 };

	(void)state;
	assert_false(local_dir_read(&d, "nowhere", false, true, &e));
	assert_non_null(strstr(e.text, "nowhere: No such file"));
}

static void test_unsafe(void **state)
{
	struct local_dir d;
	size_t unsafe = 0;

	(void)state;
	put("evil\033[2J.gcode", 10);
	assert_true(local_dir_read(&d, ".", false, true, NULL));
	for (size_t i = 0; i < d.n; i++)
		unsafe += d.files[i].unsafe;
	assert_int_equal(unsafe, 1);
	local_dir_done(&d);
}

static void test_printable(void **state)
{
	(void)state;
	assert_true(local_is_printable("a.gcode"));
	assert_true(local_is_printable("a.GCO"));
	assert_false(local_is_printable(".gcode"));
	assert_false(local_is_printable("gcode"));
	assert_false(local_is_printable("a.stl"));
}

static void test_complete(void **state)
{
	static const struct { const char *typed, *becomes, *hint; size_t n; } rows[] = {
		{ "o", "old.gcode", "", 1 },
		{ "pe", "petg/", "", 1 },
		{ "petg/l", "petg/lid_x", "lid_x4.gcode  lid_x5.gcode", 2 },
		{ "./petg/lid_x5", "./petg/lid_x5.gcode", "", 1 },
		{ "petg/lid_x5.gcode", "petg/lid_x5.gcode", "", 1 },
		{ "q", "q", "", 0 },
		{ "nowhere/x", "nowhere/x", "", 0 },
		/* Two letters that begin with the same byte are not cut in the middle. */
		{ "petg/Z", "petg/Zahnr", NULL, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256], hint[256];

		str_copy(text, sizeof(text), rows[i].typed);
		assert_int_equal(local_complete(text, sizeof(text), hint, sizeof(hint)), rows[i].n);
		assert_string_equal(text, rows[i].becomes);
		if (rows[i].hint)
			assert_string_equal(hint, rows[i].hint);
	}
}

static void test_remember(void **state)
{
	const struct fix *f = *state;
	char *last, *state_dir = mem_printf("%s/state", f->dir);

	setenv("XDG_STATE_HOME", state_dir, 1);
	last = local_last_folder();
	assert_string_equal(last, f->dir);	/* nothing is remembered: the working folder */
	free(last);
	local_remember_folder("petg");
	last = local_last_folder();
	assert_true(str_ends(last, "/petg"));
	free(last);
	rename("petg", "gone");
	last = local_last_folder();
	assert_string_equal(last, f->dir);
	free(last);
	rename("gone", "petg");
	setenv("XDG_STATE_HOME", "/dev/null/printop-test", 1);
	free(state_dir);
}

/* ---- the window ---- */

static char chosen[512];

static void note_choice(void *ctx, const char *path)
{
	(void)ctx;
	str_copy(chosen, sizeof(chosen), path ? path : "none");
}

static void keys(struct tui *t, const char *text)
{
	for (; *text; text++)
		tui_key(t, (uint32_t)(unsigned char)*text);
}

static void test_window(void **state)
{
	const struct fix *f = *state;
	struct app a;
	struct tui *t;
	char want[128];

	screen_app_init(&a);
	t = tui_new(&a, 80, 24, false);
	picker_open(t, f->dir, note_choice, NULL);
	assert_true(screen_shows(t, "new.GCODE"));
	keys(t, "petg");			/* typing narrows, it is no command */
	assert_true(screen_shows(t, "only: petg"));
	tui_key(t, KEY_RETURN);
	assert_true(screen_shows(t, "lid_x5.gcode"));
	tui_key(t, KEY_CODE_LEFT);		/* up again, onto the folder that was left */
	assert_true(screen_shows(t, "> petg/"));
	tui_key(t, KEY_RETURN);
	tui_key(t, KEY_TAB);			/* by name: capitals do not matter */
	tui_key(t, KEY_RETURN);
	str_printf(want, sizeof(want), "%s/petg/lid_x4.gcode", f->dir);
	assert_string_equal(chosen, want);
	assert_null(tui_dialog(t));
	picker_open(t, f->dir, note_choice, NULL);
	tui_key(t, KEY_CTRL('a'));
	assert_true(screen_shows(t, "notes.txt"));
	keys(t, "zzz");
	assert_true(screen_shows(t, "nothing matches"));
	tui_key(t, KEY_RETURN);			/* nothing to choose */
	tui_key(t, KEY_ESC);			/* first what was typed goes */
	assert_non_null(tui_dialog(t));
	tui_key(t, KEY_ESC);
	assert_null(tui_dialog(t));
	assert_string_equal(chosen, "none");
	tui_free(t);
	screen_app_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsafe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_printable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remember, setup, teardown),
		cmocka_unit_test_setup_teardown(test_window, setup, teardown),
	};

	if (!screen_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
