/* Themes: the format and its errors, where they are found, and that all of them can be read by everyone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include <printop/theme.h>
#include <text/palette.h>

/* libconfig 1.5 loses 64 bytes for a string that the file's end cuts: its leak, not ours. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig";
}

static void check_style(const struct style *s, short fg, short bg, short fg16, short bg16, unsigned attrs)
{
	assert_int_equal(s->fg, fg);
	assert_int_equal(s->bg, bg);
	assert_int_equal(s->fg16, fg16);
	assert_int_equal(s->bg16, bg16);
	assert_int_equal(s->attrs, attrs);
}

static void test_parse(void **state)
{
	struct theme t;
	struct err e;

	(void)state;
	assert_true(theme_parse("title = \"A\\x1b[31mB\"; light = true;\n"
				"roles = { good = { fg = 114; attrs = \"bold, underline\"; };\n"
				"print = { fg16 = 5; }; bar = { bg = \"#ff0000\"; attrs = \"none\"; };\n"
				"heat = { bg16 = \"bright-blue\"; fg = \"bright-red\"; }; };", "x/my.theme", &t, &e));
	assert_string_equal(t.name, "my");
	assert_string_equal(t.title, "AB");
	assert_true(t.light && !t.mono);
	check_style(&t.styles[ROLE_NORMAL], -1, -1, -1, -1, 0);
	check_style(&t.styles[ROLE_GOOD], 114, -1, palette_nearest_fg16(114), -1, ATTR_BOLD | ATTR_UNDERLINE);
	check_style(&t.styles[ROLE_PRINT], 114, -1, 5, -1, ATTR_BOLD | ATTR_UNDERLINE);
	check_style(&t.styles[ROLE_BAR], 114, 196, 5, 1, 0);
	check_style(&t.styles[ROLE_HEAT], 9, -1, 9, 12, 0);
	check_style(&t.styles[ROLE_ALERT], -1, -1, -1, -1, 0);
	assert_true(theme_parse("mono = true; roles = { good = { fg = 1; bg = 2; attrs = \"dim\"; }; };", "m", &t, &e));
	check_style(&t.styles[ROLE_BAR], -1, -1, -1, -1, ATTR_DIM);
	assert_string_equal(t.title, "m");
}

static void test_errors(void **state)
{
	static const char *const rows[][2] = {
		{ "", "f: the group 'roles' is missing" },
		{ "x", "f:1: syntax error" },
		{ "roles = {", "f:1: syntax error" },
		{ "\nroles = 1;", "f:2: roles must be a group" },
		{ "roles = { prnt = { fg = 1; }; };", "f:1: unknown role 'prnt'; did you mean 'print'?" },
		{ "roles = {\n\nzzzzzz = { fg = 1; }; };", "f:3: unknown role 'zzzzzz'" },
		{ "roles = { print = 1; };", "f:1: print must be a group" },
		{ "roles = { print = { fgg = 1; }; };", "unknown setting of a role 'fgg'; did you mean 'fg'?" },
		{ "roles = { print = { fg = 256; }; };", "fg must be -1 to 255" },
		{ "roles = { print = { fg = -2; }; };", "fg must be -1 to 255" },
		{ "roles = { print = { fg = 4294967297L; }; };", "fg must be -1 to 255" },
		{ "roles = { print = { fg = \"rot\"; }; };", "fg must be -1 to 255" },
		{ "roles = { print = { fg = \"#12345\"; }; };", "fg must be -1 to 255" },
		{ "roles = { print = { fg = 1.5; }; };", "fg must be -1 to 255" },
		{ "roles = { print = { bg = [1]; }; };", "bg must be -1 to 255" },
		{ "roles = { print = { fg16 = 16; }; };", "fg16 must be -1 to 15" },
		{ "roles = { print = { bg16 = \"#ff0000\"; }; };", "bg16 must be -1 to 15" },
		{ "roles = { print = { attrs = \"blink\"; }; };", "attrs must be words out of" },
		{ "roles = { print = { attrs = 1; }; };", "attrs must be words out of" },
		{ "titel = \"x\"; roles = {};", "f:1: unknown setting 'titel'; did you mean 'title'?" },
		{ "title = 1; roles = {};", "title must be a string" },
		{ "light = 1; roles = {};", "light must be true or false" },
		{ "@include \"/dev/zero\"\nroles = {};", "cannot include" },
	};
	struct theme t = { .name = "kept" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		err_clear(&e);
		if (theme_parse(rows[i][0], "f", &t, &e))
			fail_msg("taken: %s", rows[i][0]);
		assert_int_equal(e.code, ERR_CONFIG);
		if (!strstr(e.text, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], e.text);
		assert_string_equal(t.name, "kept");
	}
}

static void test_roles(void **state)
{
	(void)state;
	for (enum role r = 0; r < ROLE_N; r++) {
		enum role back = ROLE_N;

		assert_true(role_from_name(role_name(r), &back) && back == r);
	}
	assert_false(role_from_name("nothing", &(enum role){ 0 }));
}

static void test_palette(void **state)
{
	short index;

	(void)state;
	assert_int_equal(palette_rgb(16), 0x000000);
	assert_int_equal(palette_rgb(196), 0xff0000);
	assert_int_equal(palette_rgb(231), 0xffffff);
	assert_int_equal(palette_rgb(232), 0x080808);
	assert_int_equal(palette_rgb(255), 0xeeeeee);
	for (short i = 16; i < 256; i++) {
		char name[16];

		str_printf(name, sizeof(name), "#%06x", palette_rgb(i));
		assert_true(palette_from_name(name, &index));
		assert_int_equal(palette_rgb(index), palette_rgb(i));
		assert_in_range(palette_nearest_fg16(i), 0, 15);
		assert_int_not_equal(palette_nearest_fg16(i), 8);
		assert_in_range(palette_nearest_bg16(i), 0, 7);
	}
	assert_true(palette_from_name("default", &index) && index == -1);
	assert_true(palette_from_name("Bright-Red", &index) && index == 9);
	assert_int_equal(palette_nearest_fg16(-1), -1);
}

/* ---- finding ---- */

static void test_load(void **state)
{
	struct theme t;
	struct err e;

	(void)state;
	assert_true(theme_load("amber", &t, &e));
	assert_string_equal(t.name, "amber");
	assert_true(theme_load("themes/amber.theme", &t, &e));
	assert_false(theme_load("amberr", &t, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(strstr(e.text, "amber, colorblind, dark") != NULL);
	assert_false(theme_load("./nothing", &t, &e));
	assert_false(theme_load("/tmp", &t, &e));
	assert_false(theme_load("/dev/zero", &t, &e));
	assert_false(theme_load("", &t, &e));
}

static void test_own_folder_wins(void **state)
{
	char dir[] = "/tmp/printop-theme-XXXXXX", *sub, *themes, *file, *folder = mem_strdup(getenv("PRINTOP_THEMES"));
	struct theme t;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	setenv("XDG_CONFIG_HOME", dir, 1);
	unsetenv("PRINTOP_THEMES");
	sub = path_join(dir, "printop");
	themes = path_join(sub, "themes");
	file = path_join(themes, "dark.theme");
	assert_true(path_make_dirs(themes, &e));
	assert_true(path_write(file, "roles = { good = { fg = 9; }; };", 32, 0600, &e));
	assert_true(theme_load("dark", &t, &e));
	assert_int_equal(t.styles[ROLE_GOOD].fg, 9);
	unlink(file);
	assert_true(theme_load("dark", &t, &e));
	assert_int_equal(t.styles[ROLE_GOOD].fg, 114);
	rmdir(themes);
	rmdir(sub);
	rmdir(dir);
	setenv("PRINTOP_THEMES", folder, 1);
	unsetenv("XDG_CONFIG_HOME");
	free(folder);
	free(file);
	free(themes);
	free(sub);
}

static void test_list(void **state)
{
	char **list = theme_list();
	size_t n = 0;

	(void)state;
	for (; list[n]; n++)
		assert_true(!n || strcmp(list[n - 1], list[n]) < 0);
	assert_true(n >= 7);
	theme_list_free(list);
	theme_list_free(NULL);
}

static void test_builtin_is_dark(void **state)
{
	struct theme built_in, file;
	struct err e;

	(void)state;
	theme_builtin(&built_in);
	assert_true(theme_load("themes/dark.theme", &file, &e));
	assert_string_equal(built_in.name, file.name);
	assert_string_equal(built_in.title, file.title);
	assert_int_equal(built_in.mono, file.mono);
	assert_int_equal(built_in.light, file.light);
	for (enum role r = 0; r < ROLE_N; r++) {
		const struct style *s = &file.styles[r];

		check_style(&built_in.styles[r], s->fg, s->bg, s->fg16, s->bg16, s->attrs);
	}
}

/* ---- can they be read: WCAG 2 contrast, and distance of colours with dichromatic sight ---- */

struct rgb {
	double r, g, b;		/* linear light, 0 to 1 */
};

static double linear(uint32_t byte)
{
	const double c = byte / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static struct rgb rgb_of(uint32_t rgb)
{
	return (struct rgb){ linear(rgb >> 16), linear(rgb >> 8 & 255), linear(rgb & 255) };
}

static double luminance(struct rgb c)
{
	return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

static double contrast(short fg, short bg, bool light)
{
	const double a = luminance(rgb_of(fg < 0 ? (light ? 0x000000 : 0xe5e5e5) : palette_rgb(fg)));
	const double b = luminance(rgb_of(bg < 0 ? (light ? 0xffffff : 0x000000) : palette_rgb(bg)));

	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static bool is_below(enum role r, enum role ancestor)
{
	static const enum role parents[] = {
#define ROLE(id, name, parent) ROLE_##parent,
#include <printop/roles.def>
#undef ROLE
	};

	while (r != ancestor && parents[r] != r)
		r = parents[r];
	return r == ancestor;
}

static void check_contrast(const struct theme *t)
{
	const short cursor = t->styles[ROLE_CURSOR].attrs & ATTR_REVERSE ? -1 : t->styles[ROLE_CURSOR].bg;
	const double text = strcmp(t->name, "high-contrast") ? 4.5 : 7;

	for (enum role r = 0; r < ROLE_N; r++) {
		const struct style *s = &t->styles[r];
		const double least = is_below(r, ROLE_DIM) ? 3 : text, plain = contrast(s->fg, s->bg, t->light);
		const double under_cursor = contrast(s->fg, cursor, t->light);

		if (plain < least)
			fail_msg("%s: %s has a contrast of %.2f", t->name, role_name(r), plain);
		/* In the current row, decoration may fade. */
		if (under_cursor < (is_below(r, ROLE_DIM) ? 2 : 3) && s->bg < 0)
			fail_msg("%s: %s has a contrast of %.2f in the current row", t->name, role_name(r), under_cursor);
	}
}

static bool looks_alike(const struct style *a, const struct style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static void check_distinct(const struct theme *t)
{
	static const enum role states[] = { ROLE_PRINT, ROLE_PAUSE, ROLE_ERROR, ROLE_HEAT, ROLE_OFF };

	for (size_t a = 0; a < ARRAY_LEN(states); a++) {
		for (size_t b = 0; b < a; b++) {
			if (!t->mono && looks_alike(&t->styles[states[a]], &t->styles[states[b]]))
				fail_msg("%s: %s looks like %s", t->name, role_name(states[a]), role_name(states[b]));
		}
	}
	assert_false(looks_alike(&t->styles[ROLE_ERROR], &t->styles[ROLE_PRINT]));
	assert_false(looks_alike(&t->styles[ROLE_STRONG], &t->styles[ROLE_NORMAL]));
	assert_false(looks_alike(&t->styles[ROLE_STOP], &t->styles[ROLE_NORMAL]));
}

static void test_all_themes(void **state)
{
	char **list = theme_list();

	(void)state;
	for (size_t i = 0; list[i]; i++) {
		struct theme t;
		struct err e;

		if (!theme_load(list[i], &t, &e))
			fail_msg("%s", e.text);
		assert_string_equal(t.name, list[i]);
		assert_true(*t.title);
		check_contrast(&t);
		check_distinct(&t);
	}
	theme_list_free(list);
}

/* Matrices of Machado, Oliveira and Fernandes (2009) for sight without the red or the green receptor. */
static struct rgb seen(struct rgb c, bool protan)
{
	static const double m[2][9] = {
		{ 0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881 },
		{ 0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998 },
	};
	const double *k = m[protan];

	return (struct rgb){
		fmax(0, k[0] * c.r + k[1] * c.g + k[2] * c.b),
		fmax(0, k[3] * c.r + k[4] * c.g + k[5] * c.b),
		fmax(0, k[6] * c.r + k[7] * c.g + k[8] * c.b),
	};
}

/* Distance in CIE Lab (1976): 2 is just seen, 20 is another colour. */
static double lab_distance(struct rgb a, struct rgb b)
{
	const struct rgb both[2] = { a, b };
	double lab[2][3];

	for (int i = 0; i < 2; i++) {
		const struct rgb c = both[i];
		const double x = cbrt((0.4124 * c.r + 0.3576 * c.g + 0.1805 * c.b) / 0.9505);
		const double y = cbrt(luminance(c));
		const double z = cbrt((0.0193 * c.r + 0.1192 * c.g + 0.9505 * c.b) / 1.089);

		lab[i][0] = 116 * y - 16;
		lab[i][1] = 500 * (x - y);
		lab[i][2] = 200 * (y - z);
	}
	return hypot(hypot(lab[0][0] - lab[1][0], lab[0][1] - lab[1][1]), lab[0][2] - lab[1][2]);
}

static void test_colorblind_theme(void **state)
{
	static const enum role states[] = { ROLE_PRINT, ROLE_PAUSE, ROLE_ERROR, ROLE_HEAT };
	struct theme t;
	struct err e;

	(void)state;
	assert_true(theme_load("colorblind", &t, &e));
	for (size_t i = 0; i < 2 * ARRAY_LEN(states) * ARRAY_LEN(states); i++) {
		const enum role a = states[i / 2 % 4], b = states[i / 8];
		const struct rgb seen_a = seen(rgb_of(palette_rgb(t.styles[a].fg)), i % 2);
		const struct rgb seen_b = seen(rgb_of(palette_rgb(t.styles[b].fg)), i % 2);

		if (a != b && lab_distance(seen_a, seen_b) < 20)
			fail_msg("%s and %s differ by %.1f only", role_name(a), role_name(b),
				 lab_distance(seen_a, seen_b));
	}
}

/* Bytes taken from real themes and shaken never do harm. */
static void test_shaken_themes(void **state)
{
	struct theme t;
	size_t len;
	char *text, *copy;
	unsigned seed = 5;

	(void)state;
	assert_true(path_read("themes/dark.theme", 65536, &text, &len, NULL));
	for (int round = 0; round < 3000; round++) {
		copy = mem_strndup(text, len);
		for (int i = 0; i < 3; i++) {
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % len] = (char)(seed >> 24 ? seed >> 24 : 1);
		}
		theme_parse(copy, "shaken", &t, NULL);
		free(copy);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_palette),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_own_folder_wins),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_builtin_is_dark),
		cmocka_unit_test(test_all_themes),
		cmocka_unit_test(test_colorblind_theme),
		cmocka_unit_test(test_shaken_themes),
	};

	setenv("PRINTOP_THEMES", "themes", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
