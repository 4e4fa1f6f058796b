/* Finding printers nearby: ranges, what is asked and what not, what announces itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <printop/discover.h>
#include <printop/mdns.h>
#include <printop/transport.h>
#include "fake_servers.h"

struct bench {
	struct loop *loop;
	struct app *app;
	struct fake_servers servers;
	struct discover *d;
	int changes;
};

/* ---- an mDNS of the test's own ---- */

static struct mdns_listener ear;
static bool no_daemon;
static int stopped;

static struct mdns_browser *fake_browse(struct loop *l, const char *const *types, const struct mdns_listener *on,
					struct err *e)
{
	(void)l;
	assert_string_equal(types[0], "_octoprint._tcp");
	assert_string_equal(types[1], "_moonraker._tcp");
	if (no_daemon) {
		err_set(e, ERR_UNREACHABLE, "no mDNS: Daemon not running");
		return NULL;
	}
	ear = *on;
	return (struct mdns_browser *)&ear;
}

static void fake_browse_stop(struct mdns_browser *b)
{
	assert_ptr_equal(b, &ear);
	stopped++;
}

static const struct mdns_ops fake_mdns = { fake_browse, fake_browse_stop };

static void announce(const char *host, const char *address, unsigned port, const char *path)
{
	struct mdns_service s = { .port = port, .type = "_octoprint._tcp" };

	str_copy(s.host, sizeof(s.host), host);
	str_copy(s.address, sizeof(s.address), address);
	str_copy(s.path, sizeof(s.path), path);
	ear.found(ear.ctx, &s);
}

/* ---- the bench ---- */

static void changed(void *ctx)
{
	struct bench *b = ctx;

	b->changes++;
	if (b->d && discover_ended(b->d))
		loop_stop(b->loop);
}

static void bench_open(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->loop = loop_new();
	b->app = app_new(b->loop, config_load(NULL), transport_curl_new(b->loop, false), false, false);
	b->app->mdns = &fake_mdns;
	no_daemon = false;
	fake_servers_open(&b->servers, b->loop);
}

static void bench_close(struct bench *b)
{
	discover_free(b->d);
	httpd_free(b->servers.httpd);
	app_free(b->app);
	loop_free(b->loop);
}

static struct fake_server *serve(struct bench *b, enum fake_kind kind, const char *address, unsigned port)
{
	struct fake_server *s = fake_server_add(&b->servers, kind, address, port);

	if (!s)
		fatal("no server at %s:%u", address, port);
	return s;
}

/* ---- ranges ---- */

static void expect_range(const char *text, size_t n, uint32_t first)
{
	struct discover_range r;
	struct err e;

	assert_true(discover_range_parse(text, &r, &e));
	assert_int_equal(discover_range_count(&r), n);
	assert_int_equal(r.first, first);
}

static void test_ranges(void **state)
{
	static const char *const bad[] = { "", "10.0.4.0/21", "10.0.4.0/0", "10.0.4", "10.0.4.0/33", "10.0.4.0/x", "::1/64",
					   "10.0.4.0/-1", "10.0.4.0/24 x" };
	struct discover_range r;
	struct err e;
	char text[120];

	(void)state;
	expect_range("10.0.4.0/24", 254, 0x0a000401);
	expect_range("10.0.4.77/24", 254, 0x0a000401);
	expect_range("10.0.4.0/22", 1022, 0x0a000401);
	expect_range("10.0.4.7", 1, 0x0a000407);
	expect_range("10.0.4.7/32", 1, 0x0a000407);
	expect_range("10.0.4.6/31", 2, 0x0a000406);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(discover_range_parse(bad[i], &r, &e));
		assert_int_equal(e.code, ERR_USAGE);
	}
	assert_true(discover_range_parse("10.0.4.0/24", &r, &e));
	discover_range_describe(&r, text, sizeof(text));
	assert_string_equal(text, "254 addresses of 10.0.4.0/24 on 10 ports");
}

static void test_a_range_is_asked_and_nothing_else(void **state)
{
	struct fake_server *outside, *strange;
	struct discover_range r;
	struct bench b;
	struct err e;

	(void)state;
	bench_open(&b);
	serve(&b, FAKE_MOON, "127.0.66.1", 7125);
	serve(&b, FAKE_MOON, "127.0.66.1", 4408);	/* in front of the same */
	serve(&b, FAKE_MOON, "127.0.66.1", 7126);
	serve(&b, FAKE_OCTO_CLOSED, "127.0.66.3", 5000);
	serve(&b, FAKE_HTML, "127.0.66.4", 5000);
	outside = serve(&b, FAKE_MOON, "127.0.66.9", 7125);
	strange = serve(&b, FAKE_MOON, "127.0.66.2", 8123);
	assert_true(discover_range_parse("127.0.66.0/29", &r, &e));
	b.d = discover_new(b.app, &r, 0, changed, &b);
	assert_int_equal(b.changes, 0);
	loop_run(b.loop);
	assert_int_equal(discover_count(b.d), 3);
	assert_string_equal(discover_at(b.d, 0)->f.url, "http://127.0.66.1:7125");
	assert_string_equal(discover_at(b.d, 0)->f.name, "voronpi");
	assert_string_equal(discover_at(b.d, 1)->f.url, "http://127.0.66.1:7126");
	assert_string_equal(discover_at(b.d, 1)->f.name, "voronpi-2");
	assert_string_equal(discover_at(b.d, 2)->f.url, "http://127.0.66.3:5000");
	assert_string_equal(discover_at(b.d, 2)->f.in.access, "protected");
	assert_false(discover_at(b.d, 2)->announced);
	assert_int_equal(b.changes, 4);
	assert_true(discover_progress(b.d) >= 1);
	assert_int_equal(outside->asked, 0);
	assert_int_equal(strange->asked, 0);
	bench_close(&b);
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

static void test_it_can_be_left_at_any_moment(void **state)
{
	struct discover_range r;
	struct bench b;
	struct err e;

	(void)state;
	bench_open(&b);
	serve(&b, FAKE_SILENT, "127.0.66.1", 7125);
	assert_true(discover_range_parse("127.0.66.0/24", &r, &e));
	b.d = discover_new(b.app, &r, 10, changed, &b);
	for (int i = 0; i < 3; i++) {
		struct loop_timer *t = loop_timer_new(b.loop, stop, b.loop);

		loop_timer_start(t, 20);
		loop_run(b.loop);
		loop_timer_free(t);
	}
	assert_false(discover_ended(b.d));
	assert_true(discover_progress(b.d) < 0.1);	/* gently: ten in 50 ms */
	stopped = 0;
	discover_free(b.d);
	b.d = NULL;
	assert_int_equal(stopped, 1);
	bench_close(&b);
}

/* ---- what announces itself ---- */

static void test_announced_servers(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	serve(&b, FAKE_OCTO_OPEN, "127.0.66.1", 5000);
	b.d = discover_new(b.app, NULL, 1.5, changed, &b);
	/* The name has no address here: the one that was announced is asked. Twice: two interfaces. */
	announce("nobody-knows.invalid.", "127.0.66.1", 5000, "/");
	announce("nobody-knows.invalid.", "127.0.66.1", 5000, "/");
	announce("localhost", "127.0.0.1", 1, "");
	loop_run(b.loop);
	assert_int_equal(discover_count(b.d), 1);
	assert_string_equal(discover_at(b.d, 0)->f.url, "http://127.0.66.1:5000");
	assert_true(discover_at(b.d, 0)->announced);
	assert_true(isnan(discover_progress(b.d)));
	assert_string_equal(discover_trouble(b.d), "");
	bench_close(&b);
}

static void test_no_daemon_is_said_and_no_failure(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	no_daemon = true;
	b.d = discover_new(b.app, NULL, 5, changed, &b);
	loop_run(b.loop);		/* ends at once */
	assert_int_equal(discover_count(b.d), 0);
	assert_string_equal(discover_trouble(b.d), "no mDNS: Daemon not running");
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_a_range_is_asked_and_nothing_else),
		cmocka_unit_test(test_it_can_be_left_at_any_moment),
		cmocka_unit_test(test_announced_servers),
		cmocka_unit_test(test_no_daemon_is_said_and_no_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
