/* The queue over a fake transport: what is kept, what goes where, and what happens to a job when printop is killed. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/app.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/op.h>
#include <printop/path.h>
#include <printop/poller.h>
#include <printop/queue.h>
#include <printop/spool.h>
#include "fake_transport.h"

#define PRINTERS 3

static char state_dir[] = "/tmp/printop-queue-XXXXXX";

struct bench {
	struct loop *loop;
	struct fake *net;
	struct app *app;
	struct queue *queue;
	char job[PRINTERS][400];	/* what GET /api/job says; "" nothing */
};

static void add(struct config *c, int i)
{
	struct printer_config p;

	printer_config_init(&p);
	p.name = mem_printf("p%d", i + 1);
	p.url = mem_printf("http://10.0.0.%d", i + 1);
	p.dialect = mem_strdup("octoprint");
	secret_set(&p.key, "K");
	if (i)
		p.tags[p.n_tags++] = mem_strdup("room");
	config_add_printer_take(c, &p);
}

static void open_bench(struct bench *b)
{
	struct config *c = config_load(NULL);
	struct err e = { 0 };

	for (int i = 0; i < PRINTERS; i++)
		add(c, i);
	assert_true(settings_set(&c->settings, SETTING_POLL_ACTIVE, "0.2", NULL, &e));
	assert_true(settings_set(&c->settings, SETTING_POLL_IDLE, "0.5", NULL, &e));
	b->loop = loop_new();
	b->net = fake_new(b->loop);
	b->app = app_new(b->loop, c, &b->net->base, false, true);
	b->queue = queue_new(b->app, &e);
	assert_non_null(b->queue);
	poller_topics(b->app->poller, TOPIC_BIT(TOPIC_STATUS));
	poller_start(b->app->poller);
}

static void clear_folder(void)
{
	char command[200];
	pid_t child = fork();

	str_printf(command, sizeof(command), "%s/printop/queue", state_dir);
	if (!child) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static struct bench bench_new(void)
{
	struct bench b = { 0 };

	clear_folder();
	open_bench(&b);
	return b;
}

static void bench_close(struct bench *b)
{
	queue_free(b->queue);
	app_free(b->app);
	loop_free(b->loop);
}

/* As after kill -9: all that is known is what is on disk. Nothing is written on the way out. */
static void bench_kill(struct bench *b)
{
	bench_close(b);
	open_bench(b);
}

static void show(struct bench *b, int i, const char *state, const char *file, const char *completion)
{
	str_printf(b->job[i], sizeof(b->job[i]),
		   "{\"job\":{\"file\":{\"name\":%s%s%s,\"path\":%s%s%s,\"origin\":\"local\",\"size\":9}},"
		   "\"progress\":{\"completion\":%s,\"filepos\":1,\"printTime\":%s,\"printTimeLeft\":0},\"state\":\"%s\"}",
		   *file ? "\"" : "", *file ? file : "null", *file ? "\"" : "", *file ? "\"" : "", *file ? file : "null",
		   *file ? "\"" : "", completion, str_eq(completion, "null") ? "null" : "5", state);
	poller_refresh(b->app->poller, 0);	/* polled at once, so that the tests do not wait */
}

/* Answers the polls for so long. */
static void pump(struct bench *b, int ms)
{
	for (int64_t end = loop_now_ms(b->loop) + ms; loop_now_ms(b->loop) < end;) {
		fake_run(b->loop, 5);
		for (int i = 0; i < PRINTERS; i++) {
			char part[64];
			struct call *c;

			str_printf(part, sizeof(part), "GET http://10.0.0.%d/api/job", i + 1);
			c = b->job[i][0] ? fake_find(b->net, part) : NULL;
			if (c)
				fake_answer(c, HTTP_FAULT_NONE, 200, b->job[i]);
		}
	}
}

/* Waits for a request that acts; it must come. */
static struct call *await_call(struct bench *b, const char *part)
{
	struct call *c = NULL;

	for (int i = 0; i < 300 && !c; i++) {
		pump(b, 10);
		c = fake_find(b->net, part);
	}
	if (!c)
		fatal("no request for %s", part);
	return c;
}

static struct queue_job want(const char *name, const char *target, bool start)
{
	struct queue_job j;

	queue_job_init(&j);
	str_copy(j.name, sizeof(j.name), name);
	str_copy(j.target, sizeof(j.target), target);
	str_copy(j.owner, sizeof(j.owner), "anna");
	str_copy(j.client, sizeof(j.client), "PrusaSlicer/2.9.4");
	j.start = start;
	return j;
}

static const char *put_text(struct bench *b, const char *name, const char *target, bool start, const char *text)
{
	static char id[40];
	struct err e = { 0 };
	struct queue_intake *in = queue_intake_new(b->queue, (int64_t)strlen(text), &e);
	struct queue_job j = want(name, target, start);
	const struct queue_job *made;

	assert_non_null(in);
	assert_true(queue_intake_add(in, text, strlen(text), &e));
	made = queue_intake_commit(in, &j, &e);
	if (!made)
		fatal("%s", e.text);
	return strcpy(id, made->id);
}

static const char *put_job(struct bench *b, const char *name, const char *target, bool start)
{
	return put_text(b, name, target, start, "G28\nG1 X1\n");
}

static const struct queue_job *only(const struct bench *b)
{
	assert_int_equal(queue_count(b->queue), 1);
	return queue_at(b->queue, 0);
}

static void expect_state(struct bench *b, enum queue_state s)
{
	for (int i = 0; i < 300 && only(b)->state != s; i++)
		pump(b, 10);
	if (only(b)->state != s)
		fatal("the job is %s (%s), not %s", queue_state_name(only(b)->state), only(b)->reason, queue_state_name(s));
}

static void answer_upload(struct bench *b, const char *part, const char *path)
{
	char body[300];

	str_printf(body, sizeof(body), "{\"done\":true,\"files\":{\"local\":{\"name\":\"x\",\"path\":\"%s\",\"origin\":\"local\"}}}", path);
	fake_answer(await_call(b, part), HTTP_FAULT_NONE, 201, body);
	fake_answer(await_call(b, "GET http://10.0.0.1/api/files/local/"), HTTP_FAULT_NONE, 200, "{\"size\":10}");
}

/* Up to the request that starts it; printer 1 was idle. */
static struct call *bring_to_start(struct bench *b)
{
	put_job(b, "a.gcode", "p1", true);
	show(b, 0, "Operational", "", "null");
	answer_upload(b, "POST http://10.0.0.1/api/files/local", "a.gcode");
	return await_call(b, "POST http://10.0.0.1/api/files/local/a.gcode");
}

static size_t leftovers(void)
{
	char path[200];
	DIR *d;
	size_t n = 0;
	const struct dirent *ent;

	str_printf(path, sizeof(path), "%s/printop/queue", state_dir);
	d = opendir(path);
	while (d && (ent = readdir(d)))
		n += str_starts(ent->d_name, ".in-") || str_starts(ent->d_name, ".rm-") || strlen(ent->d_name) == 36;
	if (d)
		closedir(d);
	return n;
}

/* ---- files on their way in ---- */

static void test_an_intake_that_is_not_finished_leaves_nothing(void **state)
{
	struct bench b = bench_new();
	struct err e = { 0 };
	struct queue_intake *in = queue_intake_new(b.queue, -1, &e);
	struct queue_job j = want("a.gcode", "", true);

	(void)state;
	assert_true(queue_intake_add(in, "G28\n", 4, &e));
	assert_int_equal(leftovers(), 1);
	queue_intake_abort(in);
	assert_int_equal(leftovers(), 0);
	in = queue_intake_new(b.queue, 0, &e);
	assert_null(queue_intake_commit(in, &j, &e));
	assert_string_equal(e.text, "the file is empty");
	assert_int_equal(leftovers(), 0);
	/* Killed in the middle: the next owner sweeps. */
	in = queue_intake_new(b.queue, -1, &e);
	assert_true(queue_intake_add(in, "G28\n", 4, &e));
	assert_int_equal(leftovers(), 1);
	bench_kill(&b);
	assert_int_equal(leftovers(), 0);
	assert_int_equal(queue_count(b.queue), 0);
	queue_intake_abort(in);		/* only its memory is left */
	bench_close(&b);
}

static void test_the_cap_holds_announced_or_not(void **state)
{
	struct bench b = bench_new();
	static char block[1 << 20];
	struct err e = { 0 };
	struct queue_intake *in;
	int i = 0;

	(void)state;
	assert_true(settings_set(&b.app->config->settings, SETTING_GATEWAY_MAX_UPLOAD, "2", NULL, &e));
	assert_null(queue_intake_new(b.queue, (2 << 20) + 1, &e));
	assert_int_equal(e.code, ERR_TOO_BIG);
	in = queue_intake_new(b.queue, -1, &e);
	while (i < 3 && queue_intake_add(in, block, sizeof(block), &e))
		i++;
	assert_int_equal(i, 2);
	assert_int_equal(e.code, ERR_TOO_BIG);
	queue_intake_abort(in);
	assert_int_equal(leftovers(), 0);
	bench_close(&b);
}

static void test_the_disk_keeps_a_reserve(void **state)
{
	(void)state;
	assert_int_equal(spool_reserve(1000), 50);
	assert_int_equal(spool_reserve(1ll << 40), 200ll << 20);
	assert_true(spool_has_room("/tmp", 0));
	assert_false(spool_has_room("/tmp", INT64_MAX / 4));
}

static void test_a_job_is_whole_on_disk(void **state)
{
	struct bench b = bench_new();
	char id[40], *path, *text;
	const struct queue_job *j;
	struct stat st;
	size_t len;
	struct err e = { 0 };

	(void)state;
	strcpy(id, put_job(&b, "a.gcode", "tag:room", true));
	path = queue_file_path(b.queue, id);
	assert_true(path_read(path, 1000, &text, &len, &e));
	assert_string_equal(text, "G28\nG1 X1\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	bench_kill(&b);
	j = only(&b);
	assert_string_equal(j->id, id);
	assert_string_equal(j->target, "tag:room");
	assert_string_equal(j->client, "PrusaSlicer/2.9.4");
	assert_string_equal(j->sha256, "eed02f91a56ca124ecb7062afac5e54a5c5aa5e02647dcd02e406979b79edeb8");
	assert_int_equal(j->bytes, 10);
	assert_int_equal(j->state, QUEUE_WAITING);
	assert_true(j->start && isnan(j->started_at));
	free(path);
	free(text);
	bench_close(&b);
}

static void test_an_ultimaker_file_is_held(void **state)
{
	static const char griffin[] = ";START_OF_HEADER\n;HEADER_VERSION:0.1\n;FLAVOR:Griffin\n;PRINT.TIME:60\n;END_OF_HEADER\nG280\n";
	struct bench b = bench_new();
	struct err e = { 0 };
	char id[40];

	(void)state;
	show(&b, 0, "Operational", "", "null");
	strcpy(id, put_text(&b, "u.gcode", "p1", true, griffin));
	assert_int_equal(only(&b)->state, QUEUE_HELD);
	assert_non_null(strstr(only(&b)->reason, "Griffin"));
	pump(&b, 200);
	assert_int_equal(fake_count(b.net, "POST "), 0);
	assert_true(queue_release(b.queue, id, true, &e));
	assert_true(only(&b)->force);
	await_call(&b, "POST http://10.0.0.1/api/files/local");
	bench_close(&b);
}

/* ---- to a printer ---- */

static void test_a_job_is_sent_started_watched_and_done(void **state)
{
	struct bench b = bench_new();
	struct call *start = bring_to_start(&b);

	(void)state;
	assert_int_equal(only(&b)->state, QUEUE_STARTING);
	assert_non_null(strstr(sbuf_str(&start->req.body), "\"print\":true"));
	fake_answer(start, HTTP_FAULT_NONE, 204, "");
	pump(&b, 100);
	assert_int_equal(only(&b)->state, QUEUE_STARTING);	/* accepted is not started */
	show(&b, 0, "Printing", "a.gcode", "10");
	expect_state(&b, QUEUE_PRINTING);
	show(&b, 0, "Operational", "a.gcode", "100");
	expect_state(&b, QUEUE_DONE);
	assert_true(only(&b)->ended_at >= only(&b)->started_at);
	assert_int_equal(fake_count(b.net, "POST "), 2);
	bench_close(&b);
}

static void test_ends_are_told_apart(void **state)
{
	struct bench b = bench_new();

	(void)state;
	fake_answer(bring_to_start(&b), HTTP_FAULT_NONE, 204, "");
	show(&b, 0, "Printing", "a.gcode", "10");
	expect_state(&b, QUEUE_PRINTING);
	b.job[0][0] = '\0';		/* silence is no end */
	pump(&b, 300);
	assert_int_equal(only(&b)->state, QUEUE_PRINTING);
	show(&b, 0, "Cancelling", "a.gcode", "20");
	pump(&b, 500);
	show(&b, 0, "Operational", "a.gcode", "null");
	expect_state(&b, QUEUE_CANCELLED);
	bench_close(&b);

	b = bench_new();
	fake_answer(bring_to_start(&b), HTTP_FAULT_NONE, 204, "");
	show(&b, 0, "Printing", "a.gcode", "10");
	expect_state(&b, QUEUE_PRINTING);
	show(&b, 0, "Offline after error", "", "null");
	expect_state(&b, QUEUE_FAILED);
	bench_close(&b);
}

static void test_a_printer_that_is_down_or_busy_keeps_the_job_waiting(void **state)
{
	struct bench b = bench_new();

	(void)state;
	put_job(&b, "a.gcode", "p1", true);
	pump(&b, 300);
	assert_int_equal(only(&b)->state, QUEUE_WAITING);
	show(&b, 0, "Printing", "other.gcode", "50");
	pump(&b, 700);
	assert_int_equal(only(&b)->state, QUEUE_WAITING);
	assert_non_null(strstr(only(&b)->reason, "p1"));
	assert_int_equal(fake_count(b.net, "POST "), 0);
	show(&b, 0, "Operational", "other.gcode", "100");
	await_call(&b, "POST http://10.0.0.1/api/files/local");
	assert_int_equal(only(&b)->state, QUEUE_SENDING);
	bench_close(&b);
}

static void test_a_failed_upload_is_tried_again(void **state)
{
	struct bench b = bench_new();

	(void)state;
	put_job(&b, "a.gcode", "p1", true);
	show(&b, 0, "Operational", "", "null");
	fake_answer(await_call(&b, "POST http://10.0.0.1/api/files/local"), HTTP_FAULT_RESET, 0, "");
	pump(&b, 50);
	assert_int_equal(only(&b)->state, QUEUE_WAITING);
	assert_int_equal(only(&b)->tries, 1);
	assert_true(only(&b)->reason[0]);
	bench_close(&b);

	b = bench_new();
	put_job(&b, "a.gcode", "p1", true);
	show(&b, 0, "Operational", "", "null");
	fake_answer(await_call(&b, "POST http://10.0.0.1/api/files/local"), HTTP_FAULT_NONE, 403, "{\"error\":\"no\"}");
	pump(&b, 50);
	assert_int_equal(only(&b)->state, QUEUE_HELD);		/* a key does not mend itself */
	bench_close(&b);
}

static void test_the_first_free_printer_of_the_tag_takes_it(void **state)
{
	struct bench b = bench_new();

	(void)state;
	show(&b, 0, "Operational", "", "null");			/* not of the tag */
	show(&b, 1, "Printing", "x.gcode", "10");
	show(&b, 2, "Operational", "", "null");
	pump(&b, 600);
	put_job(&b, "a.gcode", "tag:room", true);
	await_call(&b, "POST http://10.0.0.3/api/files/local");
	assert_int_equal(fake_count(b.net, "POST "), 1);
	/* A second one waits: that printer is taken. */
	put_job(&b, "b.gcode", "tag:room", true);
	pump(&b, 300);
	assert_int_equal(fake_count(b.net, "POST "), 1);
	assert_int_equal(queue_at(b.queue, 1)->state, QUEUE_WAITING);
	bench_close(&b);
}

static void test_upload_only_can_be_started_later(void **state)
{
	struct bench b = bench_new();
	struct err e = { 0 };

	(void)state;
	put_job(&b, "a.gcode", "p1", false);
	show(&b, 0, "Operational", "", "null");
	answer_upload(&b, "POST http://10.0.0.1/api/files/local", "a.gcode");
	expect_state(&b, QUEUE_SENT);
	assert_true(queue_job_ended(only(&b)));
	pump(&b, 700);
	assert_null(fake_find(b.net, "POST http://10.0.0.1/api/files/local/a.gcode"));
	assert_true(queue_start(b.queue, only(&b)->id, &e));
	assert_true(queue_start(b.queue, only(&b)->id, &e));	/* repeated: the same job */
	await_call(&b, "POST http://10.0.0.1/api/files/local/a.gcode");
	bench_close(&b);
}

static void test_a_kind_of_file_it_cannot_read_waits_for_another_printer(void **state)
{
	struct bench b = bench_new();

	(void)state;
	show(&b, 0, "Operational", "", "null");
	pump(&b, 100);
	put_job(&b, "a.ufp", "p1", true);
	pump(&b, 200);
	assert_int_equal(only(&b)->state, QUEUE_WAITING);
	assert_non_null(strstr(only(&b)->reason, "cannot read"));
	bench_close(&b);
}

/* ---- killed in the middle: never lost, never started twice ---- */

static void test_killed_while_it_sends(void **state)
{
	struct bench b = bench_new();

	(void)state;
	put_job(&b, "a.gcode", "p1", true);
	show(&b, 0, "Operational", "", "null");
	await_call(&b, "POST http://10.0.0.1/api/files/local");
	assert_int_equal(only(&b)->state, QUEUE_SENDING);
	bench_kill(&b);
	assert_int_equal(only(&b)->state, QUEUE_SENDING);
	await_call(&b, "POST http://10.0.0.1/api/files/local");	/* the same again */
	bench_close(&b);
}

static void test_killed_behind_a_start_that_was_heard(void **state)
{
	struct bench b = bench_new();

	(void)state;
	bring_to_start(&b);
	bench_kill(&b);
	assert_int_equal(only(&b)->state, QUEUE_STARTING);
	show(&b, 0, "Printing", "a.gcode", "10");
	expect_state(&b, QUEUE_PRINTING);
	bench_kill(&b);
	show(&b, 0, "Operational", "a.gcode", "100");
	expect_state(&b, QUEUE_DONE);
	assert_int_equal(fake_count(b.net, "POST "), 0);
	bench_close(&b);
}

static void test_killed_behind_a_start_and_it_ended_meanwhile(void **state)
{
	struct bench b = bench_new();

	(void)state;
	bring_to_start(&b);
	bench_kill(&b);
	show(&b, 0, "Operational", "a.gcode", "100");
	expect_state(&b, QUEUE_DONE);
	assert_int_equal(fake_count(b.net, "POST "), 0);
	bench_close(&b);
}

static void test_killed_before_the_start_was_heard(void **state)
{
	struct bench b = bench_new();

	(void)state;
	bring_to_start(&b);
	bench_kill(&b);
	show(&b, 0, "Operational", "", "null");
	pump(&b, 2000);
	assert_int_equal(only(&b)->state, QUEUE_STARTING);	/* it may still be on its way */
	assert_int_equal(fake_count(b.net, "POST "), 0);
	for (int i = 0; i < 6 && !fake_count(b.net, "POST "); i++)
		pump(&b, 1000);
	assert_int_equal(fake_count(b.net, "POST http://10.0.0.1/api/files/local/a.gcode"), 1);
	bench_close(&b);
}

static void test_what_is_not_clear_is_held_not_started(void **state)
{
	struct bench b = bench_new();
	struct err e = { 0 };

	(void)state;
	bring_to_start(&b);
	bench_kill(&b);
	show(&b, 0, "Printing", "somebody-elses.gcode", "10");
	expect_state(&b, QUEUE_HELD);
	show(&b, 0, "Operational", "somebody-elses.gcode", "100");
	pump(&b, 500);
	assert_int_equal(fake_count(b.net, "POST "), 0);
	assert_true(queue_release(b.queue, only(&b)->id, false, &e));
	await_call(&b, "POST http://10.0.0.1/api/files/local/a.gcode");
	bench_close(&b);
}

static void test_a_start_whose_answer_is_lost_is_not_repeated(void **state)
{
	struct bench b = bench_new();

	(void)state;
	fake_answer(bring_to_start(&b), HTTP_FAULT_TIMEOUT, 0, "");
	pump(&b, 300);
	assert_int_equal(only(&b)->state, QUEUE_STARTING);
	show(&b, 0, "Printing", "a.gcode", "3");
	expect_state(&b, QUEUE_PRINTING);
	assert_int_equal(fake_count(b.net, "POST http://10.0.0.1/api/files/local/a.gcode"), 1);
	bench_close(&b);
}

static void test_a_start_that_is_refused_is_tried_again_later(void **state)
{
	struct bench b = bench_new();

	(void)state;
	fake_answer(bring_to_start(&b), HTTP_FAULT_NONE, 409, "{\"error\":\"Printer is already printing\"}");
	pump(&b, 100);
	assert_int_equal(only(&b)->state, QUEUE_SENT);
	assert_true(only(&b)->start && !queue_job_ended(only(&b)));
	assert_true(only(&b)->reason[0]);
	bench_close(&b);
}

/* ---- people ---- */

static void names(const struct bench *b, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < queue_count(b->queue); i++) {
		size_t len = strlen(buf);

		str_printf(buf + len, size - len, "%s%.1s", i ? " " : "", queue_at(b->queue, i)->name);
	}
}

static void test_order_is_kept_over_a_restart(void **state)
{
	struct bench b = bench_new();
	char buf[64], id[40];
	struct err e = { 0 };

	(void)state;
	put_job(&b, "a.gcode", "", true);
	put_job(&b, "b.gcode", "", true);
	strcpy(id, put_job(&b, "c.gcode", "", true));
	put_job(&b, "d.gcode", "", true);
	assert_true(queue_move(b.queue, id, 0, &e));
	names(&b, buf, sizeof(buf));
	assert_string_equal(buf, "c a b d");
	for (int i = 0; i < 200; i++)		/* more halvings than a double has bits */
		assert_true(queue_move(b.queue, queue_at(b.queue, 2)->id, 1, &e));
	names(&b, buf, sizeof(buf));
	assert_string_equal(buf, "c a b d");
	assert_true(queue_move(b.queue, id, 99, &e));
	bench_kill(&b);
	names(&b, buf, sizeof(buf));
	assert_string_equal(buf, "a b d c");
	bench_close(&b);
}

static void test_hold_release_assign_remove(void **state)
{
	struct bench b = bench_new();
	struct err e = { 0 };
	char id[40];

	(void)state;
	show(&b, 0, "Operational", "", "null");
	strcpy(id, put_job(&b, "a.gcode", "tag:room", true));
	pump(&b, 300);
	assert_true(queue_hold(b.queue, id, "wait for Anna", &e));
	assert_string_equal(only(&b)->reason, "wait for Anna");
	assert_false(queue_assign(b.queue, id, "p9", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(queue_assign(b.queue, id, "p1", &e));
	pump(&b, 300);
	assert_int_equal(fake_count(b.net, "POST "), 0);
	assert_true(queue_release(b.queue, id, false, &e));
	await_call(&b, "POST http://10.0.0.1/api/files/local");
	assert_false(queue_remove(b.queue, id, &e));		/* under way */
	assert_int_equal(e.code, ERR_REFUSED);
	assert_false(queue_move(b.queue, id, 0, &e));
	strcpy(id, put_job(&b, "b.gcode", "p2", true));
	assert_true(queue_remove(b.queue, id, &e));
	assert_null(queue_get(b.queue, id));
	assert_int_equal(leftovers(), 1);
	assert_false(queue_remove(b.queue, id, &e));
	bench_close(&b);
}

static void test_a_repeated_upload_is_found(void **state)
{
	struct bench b = bench_new();
	struct queue_job like;
	char id[40];

	(void)state;
	strcpy(id, put_job(&b, "a.gcode", "p1", true));
	like = *only(&b);
	assert_non_null(queue_twin(b.queue, &like, 0));		/* nobody told the sender */
	queue_told(b.queue, id);
	assert_non_null(queue_twin(b.queue, &like, 60));
	assert_null(queue_twin(b.queue, &like, -1));
	like.bytes++;
	assert_null(queue_twin(b.queue, &like, 60));
	like.bytes--;
	str_copy(like.owner, sizeof(like.owner), "bert");
	assert_null(queue_twin(b.queue, &like, 60));
	bench_close(&b);
}

static void test_one_copy_owns_the_queue(void **state)
{
	struct bench b = bench_new();
	struct err e = { 0 };
	struct queue *reader;

	(void)state;
	put_job(&b, "a.gcode", "p1", true);
	reader = queue_new(b.app, &e);
	assert_non_null(reader);
	assert_false(queue_is_owner(reader));
	assert_int_equal(queue_count(reader), 1);
	assert_null(queue_intake_new(reader, -1, &e));
	assert_false(queue_remove(reader, queue_at(reader, 0)->id, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	queue_free(reader);
	assert_true(queue_is_owner(b.queue));
	bench_close(&b);
}

/* In a child: another process that asks the owner. Returns 0 or the line that was not well. */
static int ask(struct bench *b, const char *id)
{
	struct json *request = json_new_object(), *reply;
	struct err e = { 0 };

	json_set_str(request, "do", "hold");
	json_set_str(request, "id", id);
	json_set_str(request, "reason", "by another process");
	reply = queue_call(b->app, request, &e);
	if (!reply)
		return __LINE__;
	if (!json_bool(reply, "ok", false))
		return __LINE__;
	if (json_count(json_get(reply, "jobs")) != 1)
		return __LINE__;
	request = json_new_object();
	json_set_str(request, "do", "remove");
	json_set_str(request, "id", "nobody");
	reply = queue_call(b->app, request, &e);
	return reply && !json_bool(reply, "ok", true) && str_eq(json_raw(reply, "code"), "not-found") ? 0 : __LINE__;
}

static void test_other_processes_ask_the_owner(void **state)
{
	struct bench b = bench_new();
	struct err e = { 0 };
	struct json *request = json_new_object();
	char id[40];
	int status = -1;
	pid_t child;

	(void)state;
	strcpy(id, put_job(&b, "a.gcode", "p1", true));
	child = fork();
	if (!child)
		_exit(ask(&b, id) & 0xff);
	for (int i = 0; i < 500 && waitpid(child, &status, WNOHANG) != child; i++)
		fake_run(b.loop, 10);
	assert_int_equal(status, 0);
	assert_string_equal(only(&b)->reason, "by another process");
	queue_free(b.queue);
	assert_null(queue_call(b.app, request, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	json_free(request);
	b.queue = NULL;
	app_free(b.app);
	loop_free(b.loop);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_intake_that_is_not_finished_leaves_nothing),
		cmocka_unit_test(test_the_cap_holds_announced_or_not),
		cmocka_unit_test(test_the_disk_keeps_a_reserve),
		cmocka_unit_test(test_a_job_is_whole_on_disk),
		cmocka_unit_test(test_an_ultimaker_file_is_held),
		cmocka_unit_test(test_a_job_is_sent_started_watched_and_done),
		cmocka_unit_test(test_ends_are_told_apart),
		cmocka_unit_test(test_a_printer_that_is_down_or_busy_keeps_the_job_waiting),
		cmocka_unit_test(test_a_failed_upload_is_tried_again),
		cmocka_unit_test(test_the_first_free_printer_of_the_tag_takes_it),
		cmocka_unit_test(test_upload_only_can_be_started_later),
		cmocka_unit_test(test_a_kind_of_file_it_cannot_read_waits_for_another_printer),
		cmocka_unit_test(test_killed_while_it_sends),
		cmocka_unit_test(test_killed_behind_a_start_that_was_heard),
		cmocka_unit_test(test_killed_behind_a_start_and_it_ended_meanwhile),
		cmocka_unit_test(test_killed_before_the_start_was_heard),
		cmocka_unit_test(test_what_is_not_clear_is_held_not_started),
		cmocka_unit_test(test_a_start_whose_answer_is_lost_is_not_repeated),
		cmocka_unit_test(test_a_start_that_is_refused_is_tried_again_later),
		cmocka_unit_test(test_order_is_kept_over_a_restart),
		cmocka_unit_test(test_hold_release_assign_remove),
		cmocka_unit_test(test_a_repeated_upload_is_found),
		cmocka_unit_test(test_one_copy_owns_the_queue),
		cmocka_unit_test(test_other_processes_ask_the_owner),
	};
	int failed;

	if (!mkdtemp(state_dir))
		return 1;
	setenv("XDG_STATE_HOME", state_dir, 1);
	setenv("XDG_CONFIG_HOME", state_dir, 1);
	log_to_stderr(false);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	clear_folder();
	return failed;
}
