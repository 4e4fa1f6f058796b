/* The engine over a fake transport: who is asked what and when, when an action counts as done, which events there are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/alert.h>
#include <printop/app.h>
#include <printop/op.h>
#include <printop/poller.h>
#include "fake_transport.h"

static char state_dir[] = "/tmp/printop-engine-XXXXXX";

struct bench {
	struct loop *loop;
	struct fake *net;
	struct app *app;
};

static void add(struct config *c, const char *name, const char *url, const char *dialect)
{
	struct printer_config p;

	printer_config_init(&p);
	p.name = mem_strdup(name);
	p.url = mem_strdup(url);
	p.dialect = mem_strdup(dialect);
	secret_set(&p.key, "K");
	config_add_printer_take(c, &p);
}

static struct bench bench_new(bool read_only, const char *dialect, int printers)
{
	struct bench b = { .loop = loop_new() };
	struct config *c = config_load(NULL);
	struct err e = { 0 };

	for (int i = 0; i < printers; i++) {
		char name[16], url[40];

		str_printf(name, sizeof(name), "p%d", i + 1);
		str_printf(url, sizeof(url), "http://10.0.0.%d", i + 1);
		add(c, name, url, dialect);
	}
	/* Polls follow each other fast, so that the tests do not wait. */
	assert_true(settings_set(&c->settings, SETTING_POLL_ACTIVE, "0.2", NULL, &e));
	assert_true(settings_set(&c->settings, SETTING_POLL_IDLE, "0.5", NULL, &e));
	b.net = fake_new(b.loop);
	b.app = app_new(b.loop, c, &b.net->base, read_only, true);
	poller_topics(b.app->poller, TOPIC_BIT(TOPIC_STATUS));
	poller_start(b.app->poller);
	fake_run(b.loop, 5);
	return b;
}

static void bench_free(struct bench *b)
{
	app_free(b->app);
	loop_free(b->loop);
}

static struct printer *printer(const struct bench *b, int i)
{
	return fleet_at(b->app->fleet, (size_t)i);
}

static const char *job(const char *state, double completion)
{
	static char text[400];

	str_printf(text, sizeof(text),
		   "{\"job\":{\"file\":{\"name\":\"a.gcode\",\"path\":\"a.gcode\",\"origin\":\"local\",\"size\":1000}},"
		   "\"progress\":{\"completion\":%g,\"filepos\":10,\"printTime\":60,\"printTimeLeft\":60},\"state\":\"%s\"}",
		   completion, state);
	return text;
}

/* Waits until printer i asks for its state and answers. */
static void tell(struct bench *b, int i, enum http_fault fault, long status, const char *body)
{
	char part[64];
	struct call *c = NULL;

	str_printf(part, sizeof(part), "GET http://10.0.0.%d/api/job", i + 1);
	for (int k = 0; k < 400 && !c; k++) {
		c = fake_find(b->net, part);
		if (!c)
			fake_run(b->loop, 10);
	}
	assert_non_null(c);
	fake_answer(c, fault, status, body);
	fake_run(b->loop, 5);
}

static size_t events(const struct bench *b, enum event_kind k)
{
	size_t n = 0;

	for (size_t i = 0; i < alerts_count(b->app->alerts); i++)
		n += alerts_at(b->app->alerts, i)->kind == k;
	return n;
}

/* ---- polling ---- */

static void test_a_hanging_printer_delays_nobody(void **state)
{
	struct bench b = bench_new(false, "octoprint", 3);

	(void)state;
	for (int round = 0; round < 5; round++) {
		tell(&b, 1, HTTP_FAULT_NONE, 200, job("Printing", 10 + round));
		tell(&b, 2, HTTP_FAULT_NONE, 200, job("Paused", 10));
	}
	assert_int_equal(printer(&b, 0)->state.status, PRINTER_UNKNOWN);
	assert_int_equal(printer(&b, 1)->state.status, PRINTER_PRINTING);
	assert_int_equal(printer(&b, 2)->state.status, PRINTER_PAUSED);
	assert_int_equal(fake_count(b.net, "10.0.0.1/"), 1);
	assert_false(poller_first_round_done(b.app->poller));
	bench_free(&b);
}

static void test_one_lost_poll_keeps_the_state_and_says_so(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	tell(&b, 0, HTTP_FAULT_TIMEOUT, 0, "");
	assert_int_equal(printer(&b, 0)->state.status, PRINTER_PRINTING);
	assert_true(printer_stale(printer(&b, 0), loop_now_ms(b.loop)));
	tell(&b, 0, HTTP_FAULT_TIMEOUT, 0, "");
	assert_int_equal(printer(&b, 0)->state.status, PRINTER_OFFLINE);
	assert_true(printer(&b, 0)->state.reason[0]);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 51));
	assert_int_equal(printer(&b, 0)->state.status, PRINTER_PRINTING);
	assert_int_equal(printer(&b, 0)->state.fresh.failures, 0);
	bench_free(&b);
}

static void test_a_refused_key_is_asked_seldom(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 403, "{\"error\":\"You don't have the permission\"}");
	assert_int_equal(printer(&b, 0)->state.status, PRINTER_UNAUTHORIZED);
	fake_run(b.loop, 700);
	assert_int_equal(fake_count(b.net, "/api/job"), 1);
	/* A person's refresh asks at once. */
	poller_refresh(b.app->poller, printer(&b, 0)->id);
	fake_run(b.loop, 50);
	assert_int_equal(fake_count(b.net, "/api/job"), 2);
	bench_free(&b);
}

static void test_dialects_are_found(void **state)
{
	struct bench b = bench_new(false, "auto", 3);
	struct call *c;

	(void)state;
	c = fake_get(b.net, "GET http://10.0.0.1/access/info");
	assert_non_null(c);
	fake_answer(c, HTTP_FAULT_NONE, 200, "{\"result\":{\"default_source\":\"moonraker\",\"available_sources\":[\"moonraker\"]}}");
	c = fake_get(b.net, "GET http://10.0.0.2/access/info");
	fake_answer(c, HTTP_FAULT_NONE, 200, "<html>a router</html>");
	fake_run(b.loop, 20);
	assert_string_equal(printer(&b, 0)->dialect, "moonraker");
	assert_non_null(fake_find(b.net, "10.0.0.1/printer/objects/query"));
	assert_null(printer(&b, 1)->dialect);
	assert_true(printer(&b, 1)->state.reason[0]);
	bench_free(&b);
}

static void test_parked_printers_are_left_alone(void **state)
{
	struct loop *l = loop_new();
	struct config *c = config_load(NULL);
	struct fake *net = fake_new(l);
	struct app *a;

	(void)state;
	add(c, "old", "http://10.0.0.9", "octoprint");
	c->printers[0].parked = mem_strdup("waits for a hotend");
	a = app_new(l, c, &net->base, false, false);
	poller_start(a->poller);
	fake_run(l, 30);
	assert_int_equal(net->n, 0);
	assert_int_equal(fleet_at(a->fleet, 0)->state.status, PRINTER_PARKED);
	assert_true(poller_first_round_done(a->poller));
	app_free(a);
	loop_free(l);
}

/* ---- operations ---- */

static uint32_t submit(struct bench *b, enum verb v, double limit_s)
{
	uint32_t id = op_submit(b->app->ops, ops_new_group(b->app->ops), printer(b, 0)->id, v, NULL, limit_s);

	fake_run(b->loop, 5);
	return id;
}

static void test_accepted_is_not_done(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	struct call *c;
	uint32_t id;

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	id = submit(&b, VERB_PAUSE, NAN);
	c = fake_get(b.net, "POST http://10.0.0.1/api/job");
	assert_true(c->req.changes);
	assert_string_equal(c->key, "K");
	fake_answer(c, HTTP_FAULT_NONE, 204, "");
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_CONFIRMING);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Pausing", 50));
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_CONFIRMING);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Paused", 50));
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_DONE);
	assert_int_equal(printer(&b, 0)->pending, 0);
	/* The operator's own pause rings no bell. */
	assert_int_equal(events(&b, EVENT_PAUSED), 1);
	assert_null(alerts_latest_alarm(b.app->alerts));
	bench_free(&b);
}

static void test_nothing_came_of_it(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	uint32_t id;

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	id = submit(&b, VERB_PAUSE, 1);
	fake_answer(fake_get(b.net, "POST"), HTTP_FAULT_NONE, 204, "");
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	fake_run(b.loop, 1300);
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_FAILED);
	assert_int_equal(op_get(b.app->ops, id)->err.code, ERR_TIMEOUT);
	assert_non_null(strstr(op_get(b.app->ops, id)->err.text, "printing"));
	bench_free(&b);
}

static void test_a_lost_answer_is_settled_by_the_state(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	uint32_t id;

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	id = submit(&b, VERB_CANCEL, NAN);
	fake_answer(fake_get(b.net, "POST"), HTTP_FAULT_RESET, 0, "");
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_CONFIRMING);
	assert_int_equal(fake_count(b.net, "POST"), 1);		/* never sent twice */
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Cancelling", 50));
	tell(&b, 0, HTTP_FAULT_NONE, 200,
	     "{\"job\":{\"file\":{\"name\":\"a.gcode\",\"path\":\"a.gcode\"}},\"progress\":{\"completion\":null},\"state\":\"Operational\"}");
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_DONE);
	bench_free(&b);
}

/* A server that takes no stop looks disconnected, too: only the printer itself can tell. */
static void test_a_stop_without_an_answer_is_not_done(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	uint32_t id;

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	id = submit(&b, VERB_ESTOP, NAN);
	fake_answer(fake_get(b.net, "POST"), HTTP_FAULT_TIMEOUT, 0, "");
	fake_answer(fake_get(b.net, "POST"), HTTP_FAULT_TIMEOUT, 0, "");
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Offline", 50));
	assert_int_equal(printer(&b, 0)->state.status, PRINTER_DISCONNECTED);
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_CONFIRMING);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Offline after error", 50));
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_DONE);
	bench_free(&b);
}

static bool count_refused(void *ctx, const char *line, size_t len)
{
	if (memmem(line, len, "\"result\":\"refused\"", 18))
		(*(size_t *)ctx)++;
	return true;
}

static void test_what_the_state_forbids_is_not_sent(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	char *path = journal_path(b.app);
	struct err e = { 0 };
	size_t n = 0;
	static const enum verb idle_forbids[] = { VERB_PAUSE, VERB_RESUME, VERB_CANCEL };
	uint32_t id;

	(void)state;
	unlink(path);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Operational", 0));
	for (size_t i = 0; i < ARRAY_LEN(idle_forbids); i++) {
		id = submit(&b, idle_forbids[i], NAN);
		assert_int_equal(op_get(b.app->ops, id)->phase, OP_FAILED);
		assert_int_equal(op_get(b.app->ops, id)->err.code, ERR_REFUSED);
	}
	assert_int_equal(fake_count(b.net, "POST"), 0);
	/* Who tried what is in the journal all the same. */
	assert_true(journal_read(path, 100, count_refused, &n, &e));
	assert_int_equal(n, ARRAY_LEN(idle_forbids));
	unlink(path);
	free(path);
	bench_free(&b);
}

static void test_two_commands_at_once_are_refused_but_the_stop_is_not(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	uint32_t again, stop, cancel;

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	submit(&b, VERB_PAUSE, NAN);
	again = submit(&b, VERB_PAUSE, NAN);
	assert_int_equal(op_get(b.app->ops, again)->phase, OP_FAILED);
	cancel = submit(&b, VERB_CANCEL, NAN);
	assert_int_equal(op_get(b.app->ops, cancel)->phase, OP_SENDING);
	stop = submit(&b, VERB_ESTOP, NAN);
	assert_int_equal(op_get(b.app->ops, stop)->phase, OP_SENDING);
	/* The printer is shown by the latest of those that are under way. */
	assert_int_equal(printer(&b, 0)->pending, VERB_ESTOP + 1);
	op_cancel(b.app->ops, stop);
	assert_int_equal(printer(&b, 0)->pending, VERB_CANCEL + 1);
	op_cancel(b.app->ops, cancel);
	assert_int_equal(printer(&b, 0)->pending, VERB_PAUSE + 1);
	bench_free(&b);
}

/* Each of many that failed can be tried again: none of the group is forgotten while it is submitted to. */
static void test_a_large_group_is_retried_whole(void **state)
{
	struct bench b = bench_new(true, "octoprint", 1);
	struct ops *ops = b.app->ops;
	static char file[] = "a.gcode";
	struct verb_args args = { .file = file, .local_bytes = -1 };
	uint32_t ids[250], group = ops_new_group(ops);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		ids[i] = op_submit(ops, group, printer(&b, 0)->id, VERB_START, &args, (double)NAN);
	assert_int_equal(ops_count(ops), ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct op *op = op_get(ops, op_retry(ops, ids[i], group));

		assert_non_null(op);
		assert_string_equal(op->x.args.file, "a.gcode");
	}
	/* Into another group: the old ones go, and the one that is tried again may be among them. */
	const struct op *op = op_get(ops, op_retry(ops, ids[0], ops_new_group(ops)));

	assert_non_null(op);
	assert_string_equal(op->x.args.file, "a.gcode");
	assert_null(op_get(ops, ids[0]));
	assert_int_equal(ops_count(ops), 201);
	bench_free(&b);
}

static void test_read_only_sends_nothing(void **state)
{
	struct bench b = bench_new(true, "octoprint", 1);

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 50));
	for (int v = 0; v < VERB_N; v++)
		if (v != VERB_FILES)
			assert_int_equal(op_get(b.app->ops, submit(&b, (enum verb)v, NAN))->phase, OP_FAILED);
	assert_int_equal(fake_count(b.net, "POST"), 0);
	bench_free(&b);
}

static void test_uploads_to_one_moonraker_host_take_turns(void **state)
{
	struct loop *l = loop_new();
	struct config *c = config_load(NULL);
	struct fake *net = fake_new(l);
	struct verb_args args = { 0 };
	char path[64];
	struct app *a;
	uint32_t ids[3];

	(void)state;
	str_printf(path, sizeof(path), "%s/x.gcode", state_dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("G28\n", f);
	fclose(f);
	add(c, "a", "http://10.0.0.1:7125", "moonraker");
	add(c, "b", "http://10.0.0.1:7126", "moonraker");
	add(c, "c", "http://10.0.0.2:7125", "moonraker");
	a = app_new(l, c, &net->base, false, false);
	poller_start(a->poller);
	args.local = mem_strdup(path);
	for (size_t i = 0; i < 3; i++) {
		struct printer_state s = fleet_at(a->fleet, i)->state;

		s.status = PRINTER_IDLE;
		fleet_commit(a->fleet, fleet_at(a->fleet, i)->id, &s, 0, 0);
		ids[i] = op_submit(a->ops, 1, fleet_at(a->fleet, i)->id, VERB_UPLOAD, &args, NAN);
	}
	fake_run(l, 10);
	assert_int_equal(op_get(a->ops, ids[0])->phase, OP_SENDING);
	assert_int_equal(op_get(a->ops, ids[1])->phase, OP_QUEUED);
	assert_int_equal(op_get(a->ops, ids[2])->phase, OP_SENDING);
	op_cancel(a->ops, ids[0]);
	fake_run(l, 10);
	assert_int_equal(op_get(a->ops, ids[0])->phase, OP_CANCELLED);
	assert_int_equal(op_get(a->ops, ids[1])->phase, OP_SENDING);
	verb_args_done(&args);
	app_free(a);
	loop_free(l);
	unlink(path);
}

/* An upload that has arrived holds up no other one while its start is watched. */
static void test_a_watched_start_gives_its_turn_away(void **state)
{
	struct bench b = bench_new(false, "moonraker", 2);
	struct verb_args args = { .start = true };
	struct err e = { 0 };
	char path[64];
	uint32_t ids[2];

	(void)state;
	str_printf(path, sizeof(path), "%s/y.gcode", state_dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("G28\n", f);
	fclose(f);
	args.local = path;
	assert_true(settings_set(&b.app->config->settings, SETTING_UPLOADS, "1", NULL, &e));
	for (int i = 0; i < 2; i++) {
		struct printer_state s = printer(&b, i)->state;

		s.status = PRINTER_IDLE;
		fleet_commit(b.app->fleet, printer(&b, i)->id, &s, 0, 0);
		ids[i] = op_submit(b.app->ops, 1, printer(&b, i)->id, VERB_UPLOAD, &args, (double)NAN);
	}
	assert_int_equal(op_get(b.app->ops, ids[1])->phase, OP_QUEUED);
	fake_answer(fake_get(b.net, "POST http://10.0.0.1/server/files/upload"), HTTP_FAULT_NONE, 201,
		    "{\"item\":{\"path\":\"y.gcode\",\"size\":4},\"print_started\":true}");
	assert_int_equal(op_get(b.app->ops, ids[0])->phase, OP_CONFIRMING);
	assert_int_equal(op_get(b.app->ops, ids[1])->phase, OP_SENDING);
	bench_free(&b);
}

static void test_an_unchanged_file_list_is_not_sent_again(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	static const char list[] = "{\"files\":[{\"name\":\"a.gcode\",\"path\":\"a.gcode\",\"origin\":\"local\","
				   "\"type\":\"machinecode\",\"size\":7}],\"free\":1000}";
	struct http_reply r = { .status = 200, .body = list, .len = sizeof(list) - 1, .etag = "\"e1\"" };
	struct call *c;
	uint32_t id;

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Operational", 0));
	submit(&b, VERB_FILES, NAN);
	c = fake_get(b.net, "/api/files");
	assert_string_equal(c->req.etag, "");
	str_copy(r.content_type, sizeof(r.content_type), "application/json");
	c->open = false;
	c->done(c->ctx, &r);
	id = submit(&b, VERB_FILES, NAN);
	c = fake_get(b.net, "/api/files");
	assert_string_equal(c->req.etag, "\"e1\"");
	fake_answer(c, HTTP_FAULT_NONE, 304, "");
	assert_int_equal(op_get(b.app->ops, id)->phase, OP_DONE);
	assert_int_equal(op_get(b.app->ops, id)->x.files.n, 1);
	assert_string_equal(op_get(b.app->ops, id)->x.files.files[0].path, "a.gcode");
	bench_free(&b);
}

static void test_folders_of_uploads(void **state)
{
	static const struct {
		const char *folder, *want;	/* NULL: refused */
	} rows[] = {
		{ "petg/x", "petg/x" }, { "/petg//x/", "petg/x" }, { "Größe Ω", "Größe Ω" }, { "a/../b", NULL },
		{ "..", NULL }, { "a\\b", NULL }, { "a\x1b[2J", NULL }, { "a\nb", NULL },
	};
	struct bench b = bench_new(false, "octoprint", 1);
	struct verb_args args = { .local_bytes = -1 };
	char path[64];

	(void)state;
	str_printf(path, sizeof(path), "%s/y.gcode", state_dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs("G28\n", f);
	fclose(f);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Operational", 0));
	args.local = mem_strdup(path);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct op *op;
		uint32_t id;

		free(args.folder);
		args.folder = mem_strdup(rows[i].folder);
		id = op_submit(b.app->ops, 1, printer(&b, 0)->id, VERB_UPLOAD, &args, (double)NAN);
		op = op_get(b.app->ops, id);
		if (!rows[i].want) {
			assert_int_equal(op->err.code, ERR_USAGE);
			continue;
		}
		assert_string_equal(op->x.args.folder, rows[i].want);
		op_cancel(b.app->ops, id);
	}
	verb_args_done(&args);
	bench_free(&b);
	unlink(path);
}

/* ---- events ---- */

static void test_a_job_that_ends_while_the_server_is_away(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);

	(void)state;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 90));
	assert_int_equal(events(&b, EVENT_STARTED), 0);		/* it ran already */
	tell(&b, 0, HTTP_FAULT_REFUSED, 0, "");
	assert_int_equal(events(&b, EVENT_OFFLINE), 1);
	assert_non_null(strstr(alerts_at(b.app->alerts, 0)->text, ", it printed "));
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Operational", 100));
	assert_int_equal(events(&b, EVENT_ONLINE), 1);
	assert_int_equal(events(&b, EVENT_FINISHED), 1);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Operational", 100));
	assert_int_equal(events(&b, EVENT_FINISHED), 1);
	bench_free(&b);
}

static void test_pause_resume_and_error_are_told_once(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	static const char *const states[] = { "Operational", "Printing", "Pausing", "Paused", "Paused", "Resuming",
					      "Printing", "Printing" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		tell(&b, 0, HTTP_FAULT_NONE, 200, job(states[i], 10));
	assert_int_equal(events(&b, EVENT_STARTED), 1);
	assert_int_equal(events(&b, EVENT_PAUSED), 1);
	assert_int_equal(events(&b, EVENT_RESUMED), 1);
	tell(&b, 0, HTTP_FAULT_NONE, 200,
	     "{\"job\":{\"file\":{\"name\":null}},\"progress\":{},\"state\":\"Offline after error\",\"error\":\"MAXTEMP\"}");
	assert_int_equal(events(&b, EVENT_FAILED), 1);
	assert_non_null(strstr(alerts_latest_alarm(b.app->alerts)->text, "MAXTEMP"));
	bench_free(&b);
}

static bool count_line(void *ctx, const char *line, size_t len)
{
	size_t *n = ctx;

	if (memmem(line, len, "\"event\":\"paused\"", 16))
		(*n)++;
	return true;
}

/* Two copies of the program see the same pause: the journal has it once, and the second takes over when the first ends. */
static void test_two_copies_one_record(void **state)
{
	struct bench a = bench_new(false, "octoprint", 1), b = bench_new(false, "octoprint", 1);
	char *path = journal_path(a.app);
	size_t n = 0, more = 0;
	struct err e = { 0 };

	(void)state;
	unlink(path);
	tell(&a, 0, HTTP_FAULT_NONE, 200, job("Printing", 10));
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 10));
	tell(&a, 0, HTTP_FAULT_NONE, 200, job("Paused", 10));
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Paused", 10));
	assert_true(journal_read(path, 100, count_line, &n, &e));
	assert_int_equal(n, 1);
	bench_free(&a);
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 10));
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Paused", 10));
	assert_true(journal_read(path, 100, count_line, &more, &e));
	assert_int_equal(more, 2);
	bench_free(&b);
	free(path);
}

static void test_hook_gets_the_event_on_stdin(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	static char script[200], out[80];
	static char sh[] = "sh", c_option[] = "-c", on[] = "paused";
	static struct hook hook;
	char text[2000] = "";
	FILE *f = NULL;

	(void)state;
	str_printf(out, sizeof(out), "%s/hook.out", state_dir);
	str_printf(script, sizeof(script), "cat >>%s; echo >>%s", out, out);
	hook = (struct hook){ .on = { on }, .n_on = 1, .argv = { sh, c_option, script }, .argc = 3, .timeout_s = 5 };
	b.app->config->hooks = &hook;
	b.app->config->n_hooks = 1;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 10));
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Paused", 10));
	for (int i = 0; i < 100 && (!f || !strchr(text, '\n')); i++) {
		fake_run(b.loop, 20);
		f = f ? f : fopen(out, "r");
		if (f) {
			rewind(f);
			text[fread(text, 1, sizeof(text) - 1, f)] = 0;
		}
	}
	assert_non_null(f);
	fclose(f);
	assert_non_null(strstr(text, "\"event\":\"paused\""));
	assert_non_null(strstr(text, "\"name\":\"p1\""));
	b.app->config->hooks = NULL;
	b.app->config->n_hooks = 0;
	bench_free(&b);
}

static void test_a_hook_by_post_is_told_once(void **state)
{
	struct bench b = bench_new(false, "octoprint", 1);
	static char url[] = "https://me:SECRET@chat.example/hook/SECRET?x=1", on[] = "paused";
	static struct hook hook = { .on = { on }, .n_on = 1, .post = url, .timeout_s = 5 };
	struct call *c;

	(void)state;
	b.app->config->hooks = &hook;
	b.app->config->n_hooks = 1;
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Printing", 10));
	tell(&b, 0, HTTP_FAULT_NONE, 200, job("Paused", 10));
	c = fake_get(b.net, "POST https://me:SECRET@chat.example/hook/SECRET?x=1");
	assert_string_equal(c->key, "");		/* no printer's key goes there */
	assert_true(c->req.changes && c->req.elsewhere);
	assert_non_null(strstr(sbuf_str(&c->req.body), "\"event\":\"paused\""));
	/* An answer that was lost may have been heard: it is not sent again, and the address is not told. */
	fake_answer(c, HTTP_FAULT_RESET, 0, "");
	fake_run(b.loop, 50);
	assert_int_equal(fake_count(b.net, "chat.example"), 1);
	assert_int_equal(events(&b, EVENT_NOTE), 1);
	for (size_t i = 0; i < alerts_count(b.app->alerts); i++)
		assert_null(strstr(alerts_at(b.app->alerts, i)->text, "SECRET"));
	b.app->config->hooks = NULL;
	b.app->config->n_hooks = 0;
	bench_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hanging_printer_delays_nobody),
		cmocka_unit_test(test_one_lost_poll_keeps_the_state_and_says_so),
		cmocka_unit_test(test_a_refused_key_is_asked_seldom),
		cmocka_unit_test(test_dialects_are_found),
		cmocka_unit_test(test_parked_printers_are_left_alone),
		cmocka_unit_test(test_accepted_is_not_done),
		cmocka_unit_test(test_nothing_came_of_it),
		cmocka_unit_test(test_a_lost_answer_is_settled_by_the_state),
		cmocka_unit_test(test_a_stop_without_an_answer_is_not_done),
		cmocka_unit_test(test_what_the_state_forbids_is_not_sent),
		cmocka_unit_test(test_two_commands_at_once_are_refused_but_the_stop_is_not),
		cmocka_unit_test(test_a_large_group_is_retried_whole),
		cmocka_unit_test(test_read_only_sends_nothing),
		cmocka_unit_test(test_uploads_to_one_moonraker_host_take_turns),
		cmocka_unit_test(test_a_watched_start_gives_its_turn_away),
		cmocka_unit_test(test_folders_of_uploads),
		cmocka_unit_test(test_an_unchanged_file_list_is_not_sent_again),
		cmocka_unit_test(test_a_job_that_ends_while_the_server_is_away),
		cmocka_unit_test(test_pause_resume_and_error_are_told_once),
		cmocka_unit_test(test_two_copies_one_record),
		cmocka_unit_test(test_hook_gets_the_event_on_stdin),
		cmocka_unit_test(test_a_hook_by_post_is_told_once),
	};

	if (!mkdtemp(state_dir))
		return 1;
	setenv("XDG_STATE_HOME", state_dir, 1);
	setenv("HOME", state_dir, 1);
	unsetenv("PRINTOP_CONFIG");
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
