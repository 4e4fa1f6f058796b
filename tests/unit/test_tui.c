/* Keys to requests: what asks, what is sent, and above all which keys never reach a printer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>
#include "fake_transport.h"
#include "tui/command.h"
#include "screen.h"

static char state_dir[] = "/tmp/printop-tui-XXXXXX";

struct stage {
	struct loop *loop;
	struct fake *net;
	struct app *app;
	struct tui *t;
};

static void set_state(struct stage *s, const char *name, enum printer_status status,
		      const char *file)
{
	struct printer *p = fleet_find(s->app->fleet, name);
	struct printer_state next = p->state;

	p->dialect = "octoprint";
	next.status = status;
	next.fresh.ok_ms = loop_now_ms(s->loop);
	next.job.progress = file ? 0.5 : (double)NAN;
	str_copy(next.job.file, sizeof(next.job.file), file);
	fleet_commit(s->app->fleet, p->id, &next, loop_now_ms(s->loop), SCREEN_WALL_S);
}

static void show(struct stage *s)
{
	struct moment m = { .now_ms = loop_now_ms(s->loop), .wall_s = SCREEN_WALL_S };

	tui_render(s->t, &m);
}

/* Three printers at work, one that is free. */
static struct stage stage_new(bool read_only)
{
	static const char *const names[] = { "a1", "a2", "b1", "free" };
	struct stage s = { .loop = loop_new() };
	struct config *c = config_load(NULL);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct printer_config p;

		printer_config_init(&p);
		p.name = mem_strdup(names[i]);
		p.url = mem_printf("http://10.0.0.%zu", i + 1);
		p.dialect = mem_strdup("octoprint");
		p.tags[p.n_tags++] = mem_strdup(i < 2 ? "petg" : "pla");
		config_add_printer_take(c, &p);
	}
	s.net = fake_new(s.loop);
	s.app = app_new(s.loop, c, &s.net->base, read_only, false);
	set_state(&s, "a1", PRINTER_PRINTING, "one.gcode");
	set_state(&s, "a2", PRINTER_PRINTING, "two.gcode");
	set_state(&s, "b1", PRINTER_PRINTING, "three.gcode");
	set_state(&s, "free", PRINTER_IDLE, NULL);
	s.t = tui_new(s.app, 80, 24, false);
	tui_select(s.t, fleet_find(s.app->fleet, "a1")->id);
	show(&s);
	return s;
}

static void stage_free(struct stage *s)
{
	tui_free(s->t);
	app_free(s->app);
	loop_free(s->loop);
}

static void type(struct stage *s, const char *keys)
{
	for (; *keys; keys++) {
		tui_key(s->t, *keys == '\n' ? KEY_RETURN : (uint32_t)*keys);
		show(s);
	}
}

static size_t posts(struct stage *s)
{
	fake_run(s->loop, 5);
	return fake_count(s->net, "POST");
}

static bool says(struct stage *s, const char *part)
{
	if (strstr(s->t->status, part))
		return true;
	fprintf(stderr, "said: %s\n", s->t->status);
	return false;
}

static bool asks_now(struct stage *s, const char *part)
{
	struct sbuf b = SBUF_INIT(1 << 16);
	bool found;

	show(s);
	canvas_dump_text(s->t->canvas, &b);
	found = tui_dialog(s->t) && strstr(sbuf_str(&b), part);
	if (!found)
		fprintf(stderr, "no question \"%s\" on:\n%s", part, sbuf_str(&b));
	sbuf_done(&b);
	return found;
}

/*
 * Every key there is, with nothing marked, on a printing printer: only P acts without a question.
 */
static void test_one_key_sends_only_pause(void **state)
{
	(void)state;
	for (uint32_t key = 1; key < 127; key++) {
		struct stage s = stage_new(false);

		tui_key(s.t, key);
		show(&s);
		if (posts(&s))
			assert_int_equal(key, 'P');
		stage_free(&s);
	}
	for (uint32_t key = KEY_CODE_FIRST + 1; key < KEY_CODE_MOUSE; key++) {
		struct stage s = stage_new(false);

		tui_key(s.t, key);
		assert_int_equal(posts(&s), 0);
		stage_free(&s);
	}
}

static void test_harmless_keys(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	tui_key(s.t, KEY_CTRL('c'));
	assert_true(says(&s, "Q leaves"));
	assert_false(s.t->p->quit);
	tui_key(s.t, KEY_ESC);
	assert_false(s.t->p->quit);
	tui_paste(s.t, "XyP!!");
	assert_true(says(&s, "ignored"));
	assert_int_equal(posts(&s), 0);
	assert_null(tui_dialog(s.t));
	type(&s, "q");
	assert_true(s.t->p->quit);
	stage_free(&s);
}

static void test_cancel_always_asks(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "X");
	assert_true(asks_now(&s, "a1  one.gcode  50 %"));
	assert_true(asks_now(&s, "Cancel it?   y = yes   any other key = no"));
	type(&s, "n");
	assert_null(tui_dialog(s.t));
	type(&s, "X");
	tui_key(s.t, KEY_CTRL('c'));
	type(&s, "X");
	tui_key(s.t, KEY_RETURN);
	type(&s, "XY");
	assert_int_equal(posts(&s), 0);
	type(&s, "Xy");
	assert_int_equal(posts(&s), 1);
	assert_non_null(fake_find(s.net, "POST http://10.0.0.1/api/job"));
	stage_free(&s);
}

static void test_pause_one_at_once(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "P");
	assert_null(tui_dialog(s.t));
	assert_int_equal(posts(&s), 1);
	assert_true(says(&s, "a1: pause"));
	stage_free(&s);
}

static void test_several_by_number(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "*P");
	assert_true(asks_now(&s, "pause 3 prints"));
	assert_true(asks_now(&s, "Type the number of printers, 3, and Enter"));
	assert_true(asks_now(&s, "left out: free"));
	type(&s, "4\n");
	assert_null(tui_dialog(s.t));
	type(&s, "Py");
	assert_null(tui_dialog(s.t));
	type(&s, "P\n");
	assert_int_equal(posts(&s), 0);
	type(&s, "P3\n");
	assert_int_equal(posts(&s), 3);
	assert_true(asks_now(&s, "pause 3 printers: 0 ok, 3 wait"));
	type(&s, "\n");
	assert_null(tui_dialog(s.t));
	stage_free(&s);
}

static void test_result_window_retries_the_failed(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "*X3\n");
	assert_int_equal(posts(&s), 3);
	fake_answer(fake_find(s.net, "POST http://10.0.0.1"), HTTP_FAULT_NONE, 204, "");
	fake_answer(fake_find(s.net, "POST http://10.0.0.2"), HTTP_FAULT_NONE, 403, "{}");
	fake_run(s.loop, 5);
	assert_true(asks_now(&s, "1 failed"));
	assert_true(asks_now(&s, "r retry the failed"));
	type(&s, "r");
	assert_int_equal(posts(&s), 4);
	assert_non_null(fake_find(s.net, "POST http://10.0.0.2"));
	tui_key(s.t, KEY_CTRL('k'));
	fake_run(s.loop, 5);
	assert_int_equal(ops_running(s.app->ops), 0);
	stage_free(&s);
}

/* r in a window that was left open must not cancel what somebody else has started meanwhile. */
static void test_retry_spares_the_next_job(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "Xy");
	assert_int_equal(posts(&s), 1);
	fake_answer(fake_find(s.net, "POST http://10.0.0.1"), HTTP_FAULT_NONE, 403, "{}");
	fake_run(s.loop, 5);
	assert_true(asks_now(&s, "1 failed"));
	set_state(&s, "a1", PRINTER_IDLE, NULL);
	set_state(&s, "a1", PRINTER_PRINTING, "next.gcode");
	type(&s, "r");
	assert_int_equal(posts(&s), 1);
	assert_true(says(&s, "a1: not tried again, another job"));
	stage_free(&s);
}

/* Text that a terminal gives as keys in one go answers no question that nobody has read. */
static void test_questions_are_read_first(void **state)
{
	static const char *const texts[] = { "Xylophone", "Wow!!", "*X3\n", "Py" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct stage s = stage_new(false);

		for (const char *k = texts[i]; *k; k++)
			tui_key(s.t, *k == '\n' ? KEY_RETURN : (uint32_t)*k);
		show(&s);
		type(&s, "y!3\n");	/* the rest comes a moment later */
		assert_int_equal(posts(&s), *texts[i] == 'P');
		stage_free(&s);
	}
}

static void test_hidden_mark_asks(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	fleet_get(s.app->fleet, fleet_find(s.app->fleet, "a2")->id)->marked = true;
	show(&s);
	assert_true(screen_shows(s.t, "1 marked"));
	assert_false(screen_shows(s.t, "hidden"));
	type(&s, "/a1\n");
	assert_true(screen_shows(s.t, "1 marked, 1 hidden"));
	type(&s, "P");
	assert_true(asks_now(&s, "the filter hides it"));
	type(&s, "n");
	assert_int_equal(posts(&s), 0);
	type(&s, "Py");
	assert_int_equal(posts(&s), 1);
	assert_non_null(fake_find(s.net, "POST http://10.0.0.2"));
	stage_free(&s);
}

/* Another row slides under the cursor just before the key. */
static void test_cursor_that_slid(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "/state:printing\n");
	type(&s, "gj");
	set_state(&s, s.t->current == fleet_find(s.app->fleet, "a1")->id ? "a1" : "a2", PRINTER_COMPLETE, "one.gcode");
	fake_run(s.loop, 5);
	show(&s);
	type(&s, "P");
	assert_int_equal(posts(&s), 0);
	assert_true(says(&s, "just come under the cursor"));
	type(&s, "P");
	assert_int_equal(posts(&s), 1);
	stage_free(&s);
}

/* The age of old numbers does not cut the reason into another word. */
static void test_old_row_has_its_reason(void **state)
{
	struct stage s = stage_new(false);
	struct printer *p = fleet_find(s.app->fleet, "a1");
	struct printer_state next = p->state;

	(void)state;
	next.fresh.err = ERR_IO;
	next.fresh.failures = 1;
	str_copy(next.fresh.text, sizeof(next.fresh.text), "HTTP 500");
	fleet_commit(s.app->fleet, p->id, &next, loop_now_ms(s.loop), SCREEN_WALL_S);
	fake_run(s.loop, 5);
	show(&s);
	/* How wide the age is depends on how long this machine is up: the drawing's moment is fixed. */
	assert_true(screen_shows(s.t, "--   HTTP 500 "));
	stage_free(&s);
}

static void test_forbidden_says_why(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	tui_select(s.t, fleet_find(s.app->fleet, "free")->id);
	show(&s);
	type(&s, "P");
	assert_null(tui_dialog(s.t));
	assert_true(says(&s, "free: "));
	type(&s, "X");
	assert_null(tui_dialog(s.t));
	assert_int_equal(posts(&s), 0);
	stage_free(&s);
}

static void test_stop_needs_two(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "!");
	assert_true(asks_now(&s, "EMERGENCY STOP"));
	assert_true(asks_now(&s, "a1  heaters and motors off at once, the print is lost"));
	type(&s, "j");
	assert_null(tui_dialog(s.t));
	assert_int_equal(posts(&s), 0);
	type(&s, "!!");
	assert_int_equal(posts(&s), 1);
	assert_non_null(fake_find(s.net, "10.0.0.1/api/printer/command"));
	stage_free(&s);
}

static void test_stop_runs_out(void **state)
{
	struct stage s = stage_new(false);
	struct moment m = { .now_ms = loop_now_ms(s.loop), .wall_s = SCREEN_WALL_S };

	(void)state;
	type(&s, "!");
	m.now_ms += 4999;
	tui_render(s.t, &m);
	assert_non_null(tui_dialog(s.t));
	m.now_ms += 2;
	tui_render(s.t, &m);
	assert_null(tui_dialog(s.t));
	assert_int_equal(posts(&s), 0);
	stage_free(&s);
}

static void test_read_only(void **state)
{
	struct stage s = stage_new(true);

	(void)state;
	for (const char *k = "PRXUSCK!"; *k; k++) {
		type(&s, (const char[]){ *k, '\0' });
		assert_null(tui_dialog(s.t));
		assert_true(says(&s, "read-only"));
		assert_int_equal(s.t->depth, 1);
		s.t->status[0] = '\0';
	}
	type(&s, ":cancel a1\n");
	assert_true(says(&s, "read-only"));
	assert_int_equal(s.net->n, 0);
	stage_free(&s);
}

/* A question that stayed open: its yes is not meant for the next job. */
static void test_yes_is_for_the_job_that_was_named(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "X");
	set_state(&s, "a1", PRINTER_COMPLETE, "one.gcode");
	set_state(&s, "a1", PRINTER_PRINTING, "other.gcode");
	type(&s, "y");
	assert_int_equal(posts(&s), 0);
	assert_true(says(&s, "another job"));
	stage_free(&s);
}

static void test_command_line(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, ":pause tag:petg state:printing");
	assert_null(tui_dialog(s.t));
	type(&s, "\n");
	assert_true(asks_now(&s, "pause 2 prints"));
	tui_key(s.t, KEY_ESC);
	type(&s, ":pause nobody\n");
	assert_true(says(&s, "nobody"));
	type(&s, ":pause \"a1\n");
	assert_true(says(&s, "quote is not closed"));
	type(&s, ":pause a*");
	for (int i = 0; i < COMMAND_WORDS; i++)
		type(&s, " !a2");
	type(&s, "\n");
	assert_true(says(&s, "more than 64 words"));
	type(&s, ":frobnicate\n");
	assert_true(says(&s, "no command"));
	type(&s, ":set bell off\n");
	assert_true(says(&s, "bell"));
	assert_false(settings_bool(tui_settings(s.t), SETTING_BELL));
	type(&s, ":set poll_active -3\n");
	assert_int_equal(s.t->status_role, ROLE_BAD);
	type(&s, ":sort name\n");
	assert_string_equal(settings_str(tui_settings(s.t), SETTING_SORT), "name");
	type(&s, ":set read_only off\n");
	assert_false(s.app->read_only);
	assert_int_equal(posts(&s), 0);
	type(&s, ":quit\n");
	assert_true(s.t->p->quit);
	stage_free(&s);
}

static void test_command_preview(void **state)
{
	struct stage s = stage_new(false);
	char text[256];

	(void)state;
	command_preview(s.t, "pause tag:petg", text, sizeof(text));
	assert_string_equal(text, "would pause 2 printers: a1, a2");
	command_preview(s.t, "cancel all", text, sizeof(text));
	assert_string_equal(text, "would cancel 3 printers: a1, a2, b1  (1 left out)");
	command_preview(s.t, "pause free", text, sizeof(text));
	assert_true(str_starts(text, "cannot: free: "));
	command_preview(s.t, "upload x.gcode -t", text, sizeof(text));
	assert_string_equal(text, "-t needs a word behind it");
	command_preview(s.t, "upload /x/y.gcode -t petg-1,free", text, sizeof(text));
	assert_non_null(strstr(text, "petg-1"));
	command_preview(s.t, "upload /x/y.gcode -t free", text, sizeof(text));
	assert_string_equal(text, "would upload y.gcode to 1 printer: free");
	command_preview(s.t, "set theme", text, sizeof(text));
	assert_non_null(strstr(text, "now dark"));
	stage_free(&s);
}

static void assert_completes(struct stage *s, const char *line, const char *want)
{
	tui_key(s->t, ':');
	type(s, line);
	tui_key(s->t, KEY_TAB);
	show(s);
	if (!screen_shows(s->t, want))
		fail();
	tui_key(s->t, KEY_ESC);
}

static void test_completion(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	assert_completes(&s, "pau", ":pause\n");
	assert_completes(&s, "pause a", "a1  a2  all");
	assert_completes(&s, "pause b", ":pause b1\n");
	assert_completes(&s, "pause tag:pe", ":pause tag:petg\n");
	assert_completes(&s, "pause a1,b", ":pause a1,b1\n");
	assert_completes(&s, "pause !fr", ":pause !free\n");
	assert_completes(&s, "pause state:canc", "cancelled  cancelling");
	assert_completes(&s, "set poll_a", ":set poll_active\n");
	assert_completes(&s, "set color n", ":set color never\n");
	assert_completes(&s, "sort prog", ":sort progress\n");
	assert_completes(&s, "upload " "tests/unit/test_tui", ":upload tests/unit/test_tui.c\n");
	assert_completes(&s, "upload x -t a", "a1  a2  all");
	stage_free(&s);
}

/* Rows of printers on the screen. */
static size_t count_rows(struct stage *s)
{
	char *text = screen_text(s->t);
	size_t n = 0;

	for (const char *line = text; (line = strstr(line, " PRINT ")); line++)
		n++;
	free(text);
	return n;
}

static void test_filter(void **state)
{
	struct stage s = stage_new(false);

	(void)state;
	type(&s, "/petg");
	assert_true(screen_shows(s.t, "a2"));
	assert_int_equal(count_rows(&s), 2);
	type(&s, "\n");
	type(&s, "*u*");
	assert_false(fleet_find(s.app->fleet, "b1")->marked);
	assert_true(fleet_find(s.app->fleet, "a2")->marked);
	tui_key(s.t, KEY_ESC);
	assert_true(screen_shows(s.t, "b1 "));
	type(&s, "/!petg state:pri\n");
	assert_true(screen_shows(s.t, "b1 "));
	assert_int_equal(s.t->current, fleet_find(s.app->fleet, "b1")->id);
	tui_key(s.t, KEY_ESC);
	type(&s, "/thr\n");
	assert_int_equal(s.t->current, fleet_find(s.app->fleet, "b1")->id);
	stage_free(&s);
}

static void test_cursor_follows_its_printer(void **state)
{
	struct stage s = stage_new(false);
	uint32_t b1 = fleet_find(s.app->fleet, "b1")->id;

	(void)state;
	type(&s, "'b\n");
	assert_int_equal(s.t->current, b1);
	set_state(&s, "b1", PRINTER_ERROR, NULL);
	fleet_publish(s.app->fleet);
	show(&s);
	assert_int_equal(s.t->current, b1);
	type(&s, "j");
	assert_true(s.t->current != b1);
	type(&s, "'fr");
	assert_int_equal(s.t->current, fleet_find(s.app->fleet, "free")->id);
	tui_key(s.t, KEY_ESC);
	assert_true(s.t->current != fleet_find(s.app->fleet, "free")->id);
	stage_free(&s);
}

static void test_mouse(void **state)
{
	struct stage s = stage_new(false);
	uint32_t first, second;

	(void)state;
	type(&s, "g");
	first = s.t->current;
	tui_mouse(s.t, 5, 4, false);
	second = s.t->current;
	assert_true(second != first);
	tui_mouse(s.t, 5, 0, false);
	tui_mouse(s.t, 5, 23, true);
	tui_mouse(s.t, 500, 500, true);
	assert_int_equal(s.t->current, second);
	tui_wheel(s.t, -1);
	assert_int_equal(s.t->current, first);
	/* Under a question the mouse does nothing. */
	type(&s, "X");
	tui_mouse(s.t, 5, 4, true);
	tui_wheel(s.t, 1);
	assert_non_null(tui_dialog(s.t));
	assert_int_equal(posts(&s), 0);
	stage_free(&s);
}

static void test_alarm_keys(void **state)
{
	struct stage s = stage_new(false);
	const struct printer *b1 = fleet_find(s.app->fleet, "b1");

	(void)state;
	type(&s, "`");
	assert_true(says(&s, "no alarm"));
	alerts_note(s.app->alerts, EVENT_FAILED, b1, "the nozzle fell off");
	s.t->status[0] = '\0';
	assert_true(screen_shows(s.t, "(` jumps, . hides)"));
	type(&s, "`");
	assert_int_equal(s.t->current, b1->id);
	type(&s, ".");
	assert_null(alerts_latest_alarm(s.app->alerts));
	type(&s, ".");
	assert_true(says(&s, "no alarm"));
	assert_int_equal(posts(&s), 0);
	stage_free(&s);
}

/* An event rings once, and only when its setting is on. */
static void test_bell(void **state)
{
	struct stage s = stage_new(false);
	struct printer *b1 = fleet_find(s.app->fleet, "b1");

	(void)state;
	alerts_note(s.app->alerts, EVENT_STARTED, b1, "started");
	assert_false(s.t->p->bell);
	alerts_note(s.app->alerts, EVENT_FAILED, b1, "failed");
	assert_true(s.t->p->bell);
	assert_string_equal(s.t->p->notice, "b1 failed");
	s.t->p->bell = false;
	s.t->p->notice[0] = '\0';
	type(&s, ":set alert_fail off\n:set notify off\n");
	alerts_note(s.app->alerts, EVENT_FAILED, b1, "failed");
	assert_false(s.t->p->bell);
	alerts_note(s.app->alerts, EVENT_FINISHED, b1, "finished");
	assert_true(s.t->p->bell);
	assert_string_equal(s.t->p->notice, "");
	s.t->p->bell = false;
	/* What the person in front of it did is no alarm, and a refused key is one of a printer that is away. */
	b1->pending = VERB_PAUSE + 1;
	alerts_note(s.app->alerts, EVENT_PAUSED, b1, "paused");
	assert_false(s.t->p->bell);
	b1->pending = 0;
	alerts_note(s.app->alerts, EVENT_REFUSED, b1, "refused");
	assert_true(s.t->p->bell);
	stage_free(&s);
}

static void test_recall(void **state)
{
	struct stage s = stage_new(false);
	char *path = mem_printf("%s/printop/commands", state_dir);
	struct stat st;

	(void)state;
	type(&s, ":sort name\n:set bell on\n");
	tui_key(s.t, ':');
	tui_key(s.t, KEY_CODE_UP);
	tui_key(s.t, KEY_CODE_UP);
	assert_true(screen_shows(s.t, ":sort name"));
	tui_key(s.t, KEY_CODE_DOWN);
	tui_key(s.t, KEY_CODE_DOWN);
	assert_true(screen_shows(s.t, "\n:\n"));
	tui_key(s.t, KEY_ESC);
	stage_free(&s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = stage_new(false);
	tui_key(s.t, ':');
	tui_key(s.t, KEY_CODE_UP);
	assert_true(screen_shows(s.t, ":set bell on"));
	stage_free(&s);
	unlink(path);
	free(path);
}

static void test_first_run(void **state)
{
	struct app a;
	struct tui *t;

	(void)state;
	screen_app_init(&a);
	t = tui_new(&a, 80, 24, false);
	assert_true(screen_shows(t, "No printers yet"));
	tui_key(t, 'd');
	assert_true(t->p->quit);
	assert_int_equal(t->p->exit_status, 100);
	/* The fleet view comes as soon as there is a printer. */
	screen_add(&a, "new", NULL);
	fleet_touch(a.fleet, fleet_at(a.fleet, 0)->id, 1);
	fleet_publish(a.fleet);
	assert_true(screen_shows(t, "printop fleet"));
	tui_free(t);
	screen_app_done(&a);
}

static void test_title(void **state)
{
	struct stage s = stage_new(false);
	char title[128];

	(void)state;
	tui_title(s.t, title, sizeof(title));
	assert_string_equal(title, "printop: 3 printing");
	set_state(&s, "a1", PRINTER_PAUSED, "one.gcode");
	tui_title(s.t, title, sizeof(title));
	assert_string_equal(title, "printop: 2 printing, 1 needs you");
	stage_free(&s);
}

static void test_unchanged_screen_sleeps(void **state)
{
	struct stage s = stage_new(false);
	struct moment m = { .now_ms = loop_now_ms(s.loop) + 10000, .wall_s = SCREEN_WALL_S };

	(void)state;
	tui_render(s.t, &m);
	/* Nothing but the minute of the clock: 14:32:07 is 53 s before it. */
	assert_in_range(tui_next_tick_ms(s.t, &m), 52900, 53100);
	stage_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_key_sends_only_pause),
		cmocka_unit_test(test_harmless_keys),
		cmocka_unit_test(test_cancel_always_asks),
		cmocka_unit_test(test_pause_one_at_once),
		cmocka_unit_test(test_several_by_number),
		cmocka_unit_test(test_result_window_retries_the_failed),
		cmocka_unit_test(test_retry_spares_the_next_job),
		cmocka_unit_test(test_questions_are_read_first),
		cmocka_unit_test(test_hidden_mark_asks),
		cmocka_unit_test(test_cursor_that_slid),
		cmocka_unit_test(test_old_row_has_its_reason),
		cmocka_unit_test(test_forbidden_says_why),
		cmocka_unit_test(test_stop_needs_two),
		cmocka_unit_test(test_stop_runs_out),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_yes_is_for_the_job_that_was_named),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_command_preview),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_cursor_follows_its_printer),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_alarm_keys),
		cmocka_unit_test(test_bell),
		cmocka_unit_test(test_recall),
		cmocka_unit_test(test_first_run),
		cmocka_unit_test(test_title),
		cmocka_unit_test(test_unchanged_screen_sleeps),
	};
	int failed;
	char *command;

	if (!screen_environment() || !mkdtemp(state_dir))
		return 1;
	setenv("XDG_STATE_HOME", state_dir, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	command = mem_printf("%s/printop", state_dir);
	rmdir(command);
	rmdir(state_dir);
	free(command);
	return failed;
}
