/* Adding printers, finding them, and the library on the screen: golden pictures, and what the keys do. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <printop/adopt.h>
#include <printop/discover.h>
#include <printop/mdns.h>
#include "screen.h"
#include "fake_transport.h"

static const struct { int cols, rows; } sizes[] = { { 80, 24 }, { 140, 40 } };

/* ---- a network: what answers where; everything else refuses ---- */

static const struct answer {
	const char *part;	/* of "METHOD URL" */
	long status;
	const char *body;
} answers[] = {
	{ "GET http://farm:7125/access/info", 200, "{\"result\":{\"default_source\":\"moonraker\"}}" },
	{ "GET http://farm:7125/server/info", 200, "{\"result\":{\"moonraker_version\":\"v0.9.3\"}}" },
	{ "GET http://farm:7125/server/database", 200, "{\"result\":{\"value\":\"Voron left\"}}" },
	{ "GET http://farm:7126/access/info", 200, "{\"result\":{\"default_source\":\"moonraker\"}}" },
	{ "GET http://farm:7126/server/info", 401, "{\"error\":{\"code\":401,\"message\":\"Unauthorized\"}}" },
	{ "GET http://octopi/access/info", 404, "{\"error\":\"not found\"}" },
	{ "GET http://octopi/api/version", 403, "{\"error\":\"no\"}" },
	{ "GET http://octopi/api/currentuser", 200, "{\"name\":null,\"permissions\":[]}" },
	{ "GET http://octopi/plugin/appkeys/probe", 204, "" },
	{ "POST http://octopi/plugin/appkeys/request", 201, "{\"app_token\":\"T\"}" },
};

static bool answer_one(struct fake *f)
{
	struct call *c = fake_find(f, "");
	char text[400];

	if (!c)
		return false;
	str_printf(text, sizeof(text), "%s %s", http_method_name(c->req.method), c->url);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (!str_starts(text, answers[i].part))
			continue;
		fake_answer(c, HTTP_FAULT_NONE, answers[i].status, answers[i].body);
		return true;
	}
	fake_answer(c, HTTP_FAULT_REFUSED, 0, "");
	return true;
}

struct scene {
	struct app a;
	struct fake *net;
	struct tui *t;
};

static void scene_open(struct scene *s, int cols, int rows, bool ascii)
{
	memset(s, 0, sizeof(*s));
	screen_app_init(&s->a);
	s->a.loop = loop_new();
	s->net = fake_new(s->a.loop);
	s->a.transport = &s->net->base;
	screen_add_fleet(&s->a);
	s->t = tui_new(&s->a, cols, rows, ascii);
	screen_render(s->t);
}

static void scene_done(struct scene *s)
{
	tui_free(s->t);
	screen_app_done(&s->a);
	transport_free(s->a.transport);
	loop_free(s->a.loop);
}

static void answer_all(struct scene *s)
{
	for (int i = 0; i < 3; i++) {
		while (answer_one(s->net))
			continue;
		screen_render(s->t);
		fake_run(s->a.loop, 3);
	}
}

typedef void steps_fn(struct scene *s);

static void golden(const char *name, steps_fn *steps)
{
	bool same = true;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			struct scene s;
			char file[80];

			scene_open(&s, sizes[i].cols, sizes[i].rows, ascii);
			steps(&s);
			str_printf(file, sizeof(file), "%s-%dx%d%s", name, sizes[i].cols, sizes[i].rows,
				   ascii ? "-ascii" : "");
			same &= screen_golden(s.t, file);
			scene_done(&s);
		}
	}
	assert_true(same);
}

static void type(struct scene *s, const char *keys)
{
	for (; *keys; keys++)
		tui_key(s->t, (unsigned char)*keys);
}

/* ---- add ---- */

static void ask_address(struct scene *s)
{
	tui_run_line(s->t, "add");
	type(s, "octopi.local");
}

static void several_servers(struct scene *s)
{
	tui_run_line(s->t, "add farm");
	answer_all(s);
}

static void a_moonraker_that_wants_a_key(struct scene *s)
{
	several_servers(s);
	tui_key(s->t, KEY_CODE_DOWN);
	tui_key(s->t, KEY_TAB);
	tui_key(s->t, KEY_TAB);
	tui_key(s->t, KEY_TAB);
	tui_paste(s->t, "SECRET");
	screen_render(s->t);
}

static void nobody_there(struct scene *s)
{
	tui_run_line(s->t, "add nowhere");
	answer_all(s);
}

static void press_allow(struct scene *s)
{
	tui_run_line(s->t, "add http://octopi");
	answer_all(s);
	tui_key(s->t, KEY_RETURN);
	fake_run(s->a.loop, 3);
	answer_one(s->net);
	screen_render(s->t);
}

static void test_add_pictures(void **state)
{
	(void)state;
	golden("add-address", ask_address);
	golden("add-several", several_servers);
	golden("add-key", a_moonraker_that_wants_a_key);
	golden("add-nobody", nobody_there);
	golden("add-allow", press_allow);
}

static void test_a_typed_key_is_never_shown(void **state)
{
	struct scene s;
	char *text;

	(void)state;
	scene_open(&s, 100, 30, false);
	a_moonraker_that_wants_a_key(&s);
	text = screen_text(s.t);
	assert_null(strstr(text, "SECRET"));
	assert_non_null(strstr(text, "******"));
	free(text);
	scene_done(&s);
}

static void test_esc_leaves_step_by_step(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 100, 30, false);
	press_allow(&s);
	assert_true(screen_shows(s.t, "press Allow"));
	tui_key(s.t, KEY_ESC);
	assert_true(screen_shows(s.t, "Enter add"));
	tui_key(s.t, KEY_ESC);
	assert_null(tui_dialog(s.t));
	/* While it looks: everything under way is taken back. */
	tui_run_line(s.t, "add farm");
	tui_key(s.t, KEY_ESC);
	assert_null(tui_dialog(s.t));
	assert_null(fake_find(s.net, "farm"));
	scene_done(&s);
}

static void test_without_a_key_it_asks_twice(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 100, 30, false);
	several_servers(&s);
	tui_key(s.t, KEY_CODE_DOWN);
	tui_key(s.t, KEY_RETURN);
	assert_true(screen_shows(s.t, "it wants a key or a login; Enter again adds it without one"));
	s.a.demo = true;		/* so that nothing is written */
	tui_key(s.t, KEY_RETURN);
	assert_true(screen_shows(s.t, "the demo's farm is simulated"));
	assert_non_null(tui_dialog(s.t));
	scene_done(&s);
}

/* ---- discover ---- */

static struct mdns_browser *no_browse(struct loop *l, const char *const *types, const struct mdns_listener *on,
				      struct err *e)
{
	(void)l;
	(void)types;
	(void)on;
	err_set(e, ERR_UNREACHABLE, "no mDNS: Daemon not running");
	return NULL;
}

static const struct mdns_ops no_mdns = { no_browse, NULL };

static void found_in_range(struct scene *s)
{
	s->a.mdns = &no_mdns;
	tui_run_line(s->t, "discover 10.0.4.21/32");
	screen_render(s->t);
	tui_key(s->t, 'y');
	for (int i = 0; i < 40 && !fake_find(s->net, "10.0.4.21"); i++)
		fake_run(s->a.loop, 5);
	fake_answer(fake_get(s->net, "GET http://10.0.4.21:7125/access/info"), HTTP_FAULT_NONE, 200,
		    "{\"result\":{\"default_source\":\"moonraker\"}}");
	fake_answer(fake_get(s->net, "GET http://10.0.4.21:7125/access/info"), HTTP_FAULT_NONE, 200,
		    "{\"result\":{\"default_source\":\"moonraker\"}}");
	fake_answer(fake_get(s->net, "GET http://10.0.4.21:7125/server/info"), HTTP_FAULT_NONE, 200,
		    "{\"result\":{\"moonraker_version\":\"v0.9.3\"}}");
	fake_answer(fake_get(s->net, "GET http://10.0.4.21:7125/server/database"), HTTP_FAULT_NONE, 200,
		    "{\"result\":{\"value\":\"Voron left\"}}");
	for (int i = 0; i < 30; i++) {
		while (answer_one(s->net))
			continue;
		fake_run(s->a.loop, 10);
	}
	tui_key(s->t, ' ');
	screen_render(s->t);
}

static void range_question(struct scene *s)
{
	s->a.mdns = &no_mdns;
	tui_run_line(s->t, "discover 10.0.4.0/24");
	screen_render(s->t);
}

static void test_discover_pictures(void **state)
{
	(void)state;
	golden("discover", found_in_range);
	golden("discover-question", range_question);
}

static void test_no_range_is_asked_without_a_yes(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 100, 30, false);
	range_question(&s);
	tui_key(s.t, 'n');
	fake_run(s.a.loop, 120);
	assert_int_equal(fake_count(s.net, ""), 0);
	tui_run_line(s.t, "discover 10.0.0.0/8");
	assert_non_null(strstr(s.t->status, "too large"));
	assert_ptr_equal(tui_top(s.t)->ops, &view_fleet);
	scene_done(&s);
}

/* ---- library ---- */

static char folder[] = "/tmp/printop-library-XXXXXX";

static void put(const char *name, const char *text, int hours_ago)
{
	char *path = path_join(folder, name);
	const struct timespec at = { .tv_sec = (time_t)SCREEN_WALL_S - hours_ago * 3600 };
	const struct timespec times[2] = { at, at };
	struct err e;

	assert_true(path_write(path, text, strlen(text), 0600, &e));
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static void drop(const char *name)
{
	char *path = path_join(folder, name);

	remove(path);
	free(path);
}

static void open_library(struct scene *s)
{
	assert_true(settings_set(&s->a.config->settings, SETTING_LIBRARY, folder, NULL, NULL));
	tui_run_line(s->t, "library");
	for (int i = 0; i < 400; i++) {
		char *text = screen_text(s->t);
		bool busy = strstr(text, "reading");

		free(text);
		if (!busy)
			return;
		fake_run(s->a.loop, 5);
	}
	fail_msg("the library is never read");
}

static void test_library_pictures(void **state)
{
	static const char prusa[] = "G28\n; filament used [mm] = 4120.5\n; filament used [g] = 12.5\n"
				    "; estimated printing time (normal mode) = 5h 11m 3s\n; filament_type = PETG\n"
				    "; temperature = 245\n; bed_temperature = 85\n; generated by PrusaSlicer 2.7.1\n";

	(void)state;
	assert_non_null(mkdtemp(folder));
	put("lid_x4.gcode", prusa, 3);
	put("bracket.gcode", ";FLAVOR:Marlin\n;TIME:3600\n;Filament used: 1.5m\n;Layer height: 0.2\n"
	    ";Generated with Cura_SteamEngine 5.4.0\nG28\n", 30);
	put("plain.gcode", "G28\n", 1);
	put("notes.txt", "no g-code\n", 1);
	golden("library", open_library);
}

static void test_a_file_of_the_library_goes_to_the_upload_form(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 100, 30, false);
	open_library(&s);
	tui_run_line(s.t, "library petg");
	assert_true(screen_shows(s.t, "lid_x4.gcode"));
	tui_key(s.t, KEY_RETURN);
	assert_true(screen_shows(s.t, "lid_x4.gcode"));
	assert_true(screen_shows(s.t, "[x] voron-01"));		/* marked in the fleet */
	assert_true(screen_shows(s.t, "[ ] mk4-01"));
	assert_ptr_equal(tui_top(s.t)->ops, &view_upload);
	scene_done(&s);
	drop("lid_x4.gcode");
	drop("bracket.gcode");
	drop("plain.gcode");
	drop("notes.txt");
	drop("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_pictures),
		cmocka_unit_test(test_a_typed_key_is_never_shown),
		cmocka_unit_test(test_esc_leaves_step_by_step),
		cmocka_unit_test(test_without_a_key_it_asks_twice),
		cmocka_unit_test(test_discover_pictures),
		cmocka_unit_test(test_no_range_is_asked_without_a_yes),
		cmocka_unit_test(test_library_pictures),
		cmocka_unit_test(test_a_file_of_the_library_goes_to_the_upload_form),
	};

	if (!screen_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
