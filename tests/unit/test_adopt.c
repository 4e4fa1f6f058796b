/* Adding a printer by its address: reading addresses, telling servers apart, getting keys, writing printers.d. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/adopt.h>
#include <printop/path.h>
#include <printop/poller.h>
#include <printop/transport.h>
#include "fake_servers.h"

#define PATIENCE_MS 4000

static char base[] = "/tmp/printop-adopt-XXXXXX";
static char *home;		/* the folder of printers.conf */

struct bench {
	struct loop *loop;
	struct app *app;
	struct fake_servers servers;
	struct loop_timer *limit;
	bool timed_out;
};

static void too_late(void *ctx)
{
	struct bench *b = ctx;

	b->timed_out = true;
	loop_stop(b->loop);
}

static void wake(void *ctx)
{
	loop_stop(((struct bench *)ctx)->loop);
}

static void bench_open(struct bench *b, const char *config)
{
	memset(b, 0, sizeof(*b));
	b->loop = loop_new();
	b->app = app_new(b->loop, config_load(config), transport_curl_new(b->loop, false), false, false);
	b->limit = loop_timer_new(b->loop, too_late, b);
	fake_servers_open(&b->servers, b->loop);
}

static void bench_close(struct bench *b)
{
	loop_timer_free(b->limit);
	httpd_free(b->servers.httpd);
	app_free(b->app);
	loop_free(b->loop);
}

static void bench_run(struct bench *b, int64_t ms)
{
	b->timed_out = false;
	loop_timer_start(b->limit, ms);
	loop_run(b->loop);
	loop_timer_stop(b->limit);
}

static struct fake_server *serve(struct bench *b, enum fake_kind kind)
{
	struct fake_server *s = fake_server_add(&b->servers, kind, "127.0.0.1", 0);

	if (!s)
		fatal("no port");
	return s;
}

/* ---- addresses ---- */

static void test_addresses_are_read(void **state)
{
	static const struct {
		const char *text, *host, *prefix;
		unsigned port;
		bool tls, scheme;
	} good[] = {
		{ "10.0.4.21", "10.0.4.21", "", 0, false, false },
		{ " octopi.local ", "octopi.local", "", 0, false, false },
		{ "voron.lan:7126", "voron.lan", "", 7126, false, false },
		{ "[fe80::1]:5000", "fe80::1", "", 5000, false, false },
		{ "fe80::1", "fe80::1", "", 0, false, false },
		{ "farm.example/octoprint/", "farm.example", "/octoprint", 0, false, false },
		{ "http://Farm.Example:80/a/b", "farm.example", "/a/b", 0, false, true },
		{ "https://farm.example", "farm.example", "", 0, true, true },
		{ "https://farm.example:80", "farm.example", "", 80, true, true },
		{ "http://octopi.local/#temp", "octopi.local", "", 0, false, true },
	};
	static const char *const bad[] = { "", "ftp://x", "a b", "http://user:pw@host", "host:99999", "[::1", "host?x=1",
					   "-host", "h\033[2J" };
	struct adopt_address a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(adopt_address_parse(good[i].text, &a, &e));
		assert_string_equal(a.url.host, good[i].host);
		assert_string_equal(a.url.prefix, good[i].prefix);
		assert_int_equal(a.url.port, good[i].port);
		assert_int_equal(a.url.tls, good[i].tls);
		assert_int_equal(a.scheme, good[i].scheme);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(adopt_address_parse(bad[i], &a, &e));
		assert_int_equal(e.code, ERR_USAGE);
		assert_null(strstr(e.text, "pw"));
	}
}

static char *candidates(const char *text)
{
	struct sbuf b = SBUF_INIT(4096);
	struct http_url urls[ADOPT_CANDIDATES];
	struct adopt_address a;
	struct err e;
	size_t n;

	assert_true(adopt_address_parse(text, &a, &e));
	n = adopt_candidates(&a, urls);
	assert_in_range(n, 1, ADOPT_CANDIDATES);
	for (size_t i = 0; i < n; i++) {
		sbuf_adds(&b, i ? " " : "");
		http_url_print(&urls[i], &b);
	}
	return sbuf_take(&b);
}

static void expect_candidates(const char *text, const char *want)
{
	char *got = candidates(text);

	assert_string_equal(got, want);
	free(got);
}

static void test_only_what_was_written_is_tried(void **state)
{
	(void)state;
	expect_candidates("h", "http://h:7125 http://h:7126 http://h:7127 http://h:7128 http://h:5000 http://h "
			  "http://h/octoprint https://h https://h/octoprint http://h:4408 http://h:4409 https://h:7130");
	expect_candidates("h:7126", "http://h:7126 http://h:7126/octoprint https://h:7126");
	expect_candidates("http://h:7126", "http://h:7126 http://h:7126/octoprint");
	expect_candidates("https://h", "https://h https://h/octoprint https://h:7130");
	expect_candidates("https://h:8443/p", "https://h:8443/p");
	expect_candidates("[::1]:5000/p", "http://[::1]:5000/p https://[::1]:5000/p");
	expect_candidates("http://h/p", "http://h:7125/p http://h:7126/p http://h:7127/p http://h:7128/p "
			  "http://h:5000/p http://h/p http://h:4408/p http://h:4409/p");
}

static void test_the_same_server(void **state)
{
	(void)state;
	assert_true(adopt_same_server("http://h", "http://H:80"));
	assert_true(adopt_same_server("http://h:443", "https://h"));
	assert_true(adopt_same_server("http://h/p/", "http://h/p"));
	assert_true(adopt_same_server("http://[::1]:7125", "http://[::1]:7125/"));
	assert_false(adopt_same_server("http://h", "http://h:5000"));
	assert_false(adopt_same_server("http://h/p", "http://h"));
	assert_false(adopt_same_server("http://h", "http://g"));
	assert_false(adopt_same_server("http://h", "nonsense "));
}

static void expect_name(const struct fleet *f, const char *wish, const char *want)
{
	char name[64];

	adopt_free_name(f, wish, name, sizeof(name));
	assert_string_equal(name, want);
	assert_null(config_check_name(name));
}

static void test_names_follow_the_rules(void **state)
{
	struct fleet *f = fleet_new();
	struct printer_config c;

	(void)state;
	expect_name(f, "octopi.local", "octopi");
	expect_name(f, "The big: one!", "The-big-one");
	expect_name(f, "fe80::1", "fe80-1");
	expect_name(f, "--x", "x");
	expect_name(f, ".hidden", "hidden");
	expect_name(f, "all", "printer");
	expect_name(f, " \t", "printer");
	expect_name(f, "K\xc3\xa4the", "K\xc3\xa4the");
	printer_config_init(&c);
	c.name = mem_strdup("Octopi");
	c.url = mem_strdup("http://octopi");
	fleet_add_take(f, &c);
	expect_name(f, "octopi.local", "octopi-2");
	fleet_free(f);
}

/* ---- telling servers apart ---- */

struct seen {
	struct bench *b;
	bool there;
	struct adopt_found f;
	struct err why;
};

static void looked(void *ctx, const struct adopt_found *f, const struct err *why)
{
	struct seen *s = ctx;

	s->there = f != NULL;
	if (f)
		s->f = *f;
	s->why = *why;
	loop_stop(s->b->loop);
}

static struct seen look_at(struct bench *b, const char *url, const char *key, long limit_ms)
{
	struct seen s = { .b = b };
	struct look *l = look_new(b->app, url, key, NULL, 1000, limit_ms, looked, &s);

	bench_run(b, PATIENCE_MS);
	assert_false(b->timed_out);
	look_free(l);
	return s;
}

static void test_six_fakes_and_more(void **state)
{
	static const struct {
		enum fake_kind kind;
		const char *dialect, *access, *name;	/* dialect NULL: no printer's server */
	} rows[] = {
		{ FAKE_OCTO_OPEN, "octoprint", "full", "The-big-one" },
		{ FAKE_OCTO_LOOK, "octoprint", "read-only", "The-big-one" },
		{ FAKE_OCTO_CLOSED, "octoprint", "protected", "127.0.0.1" },
		{ FAKE_OCTO_BARE, "octoprint", "protected", "127.0.0.1" },
		{ FAKE_JSON, NULL, "", "" },
		{ FAKE_HTML, NULL, "", "" },
		{ FAKE_MOON, "moonraker", "full", "voronpi" },
		{ FAKE_MOON_CLOSED, "moonraker", "protected", "127.0.0.1" },
		{ FAKE_MOON_NAMED, "moonraker", "full", "Voron-left" },
	};
	struct bench b;

	(void)state;
	bench_open(&b, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_server *s = serve(&b, rows[i].kind);
		struct seen seen = look_at(&b, s->url, NULL, 2000);

		assert_int_equal(seen.there, rows[i].dialect != NULL);
		if (!seen.there) {
			assert_int_equal(seen.why.code, ERR_BAD_REPLY);
			continue;
		}
		assert_string_equal(seen.f.dialect, rows[i].dialect);
		assert_string_equal(seen.f.in.access, rows[i].access);
		assert_string_equal(seen.f.name, rows[i].name);
		assert_int_equal(seen.f.in.grants, rows[i].kind <= FAKE_OCTO_BARE);
		assert_int_equal(seen.f.in.logs_in, rows[i].kind >= FAKE_MOON);
		assert_string_equal(s->last_key, "");
	}
	bench_close(&b);
}

static void test_the_dead_and_the_silent(void **state)
{
	struct fake_server *s;
	struct seen seen;
	struct bench b;
	int64_t begun;

	(void)state;
	bench_open(&b, NULL);
	seen = look_at(&b, "http://127.0.0.1:1", NULL, 2000);
	assert_false(seen.there);
	assert_int_equal(seen.why.code, ERR_UNREACHABLE);
	s = serve(&b, FAKE_SILENT);
	begun = loop_now_ms(b.loop);
	seen = look_at(&b, s->url, NULL, 300);
	assert_false(seen.there);
	assert_int_equal(seen.why.code, ERR_TIMEOUT);
	assert_in_range(loop_now_ms(b.loop) - begun, 250, 1000);
	bench_close(&b);
}

static void test_a_key_and_what_it_is_good_for(void **state)
{
	struct fake_server *s;
	struct seen seen;
	struct bench b;

	(void)state;
	bench_open(&b, NULL);
	for (int k = 0; k < 2; k++) {
		s = serve(&b, k ? FAKE_MOON_CLOSED : FAKE_OCTO_CLOSED);
		seen = look_at(&b, s->url, FAKE_KEY, 2000);
		assert_string_equal(seen.f.in.access, "full");
		seen = look_at(&b, s->url, "wrong", 2000);
		assert_string_equal(seen.f.in.access, "protected");
	}
	/* Guests may look here, but that is not the key's doing. */
	s = serve(&b, FAKE_OCTO_LOOK);
	seen = look_at(&b, s->url, "wrong", 2000);
	assert_true(seen.there);
	assert_string_equal(seen.f.in.version, "");
	bench_close(&b);
}

/* ---- an address ---- */

static struct adopt *find(struct bench *b, const char *address)
{
	struct adopt_address a;
	struct adopt *ad;
	struct err e;

	assert_true(adopt_address_parse(address, &a, &e));
	ad = adopt_new(b->app, &a, NULL, wake, b);
	bench_run(b, PATIENCE_MS);
	assert_false(b->timed_out);
	assert_true(adopt_ended(ad));
	return ad;
}

/* A host of its own on loopback: the usual ports are free there. */
#define HOST "127.0.77.1"

static void test_direct_servers_before_what_is_in_front(void **state)
{
	struct bench b;
	struct adopt *ad;

	(void)state;
	bench_open(&b, NULL);
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON_NAMED, HOST, 7125));
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON, HOST, 7126));
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON, HOST, 7127));
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON, HOST, 4408));
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON, HOST, 4409));
	assert_non_null(fake_server_add(&b.servers, FAKE_OCTO_CLOSED, HOST, 5000));
	ad = find(&b, HOST);
	assert_int_equal(adopt_count(ad), 4);
	assert_string_equal(adopt_at(ad, 0)->url, "http://" HOST ":7125");
	assert_string_equal(adopt_at(ad, 0)->name, "Voron-left");
	assert_string_equal(adopt_at(ad, 1)->name, "voronpi");
	assert_string_equal(adopt_at(ad, 2)->name, "voronpi-2");
	assert_string_equal(adopt_at(ad, 3)->dialect, "octoprint");
	assert_string_equal(adopt_at(ad, 3)->url, "http://" HOST ":5000");
	assert_null(adopt_at(ad, 4));
	adopt_free(ad);
	bench_close(&b);
}

static void test_a_server_in_front_is_better_than_none(void **state)
{
	struct bench b;
	struct adopt *ad;
	char address[64];

	(void)state;
	bench_open(&b, NULL);
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON, HOST, 4408));
	assert_non_null(fake_server_add(&b.servers, FAKE_MOON, HOST, 4409));
	ad = find(&b, HOST);
	assert_int_equal(adopt_count(ad), 1);
	assert_string_equal(adopt_at(ad, 0)->url, "http://" HOST ":4408");
	adopt_free(ad);
	str_printf(address, sizeof(address), HOST ":4409");
	ad = find(&b, address);
	assert_int_equal(adopt_count(ad), 1);
	assert_string_equal(adopt_at(ad, 0)->url, "http://" HOST ":4409");
	adopt_free(ad);
	bench_close(&b);
}

static void test_nothing_there_says_what_was_seen(void **state)
{
	struct bench b;
	struct adopt *ad;
	int64_t begun;

	(void)state;
	bench_open(&b, NULL);
	begun = loop_now_ms(b.loop);
	ad = find(&b, "127.0.77.2");
	assert_int_equal(adopt_count(ad), 0);
	assert_int_equal(adopt_error(ad)->code, ERR_UNREACHABLE);
	assert_non_null(strstr(adopt_error(ad)->text, "127.0.77.2: no printer's server on any of the usual ports"));
	adopt_free(ad);
	assert_non_null(fake_server_add(&b.servers, FAKE_HTML, "127.0.77.2", 5000));
	assert_non_null(fake_server_add(&b.servers, FAKE_SILENT, "127.0.77.2", 7125));
	ad = find(&b, "127.0.77.2");
	assert_int_equal(adopt_count(ad), 0);
	assert_int_equal(adopt_error(ad)->code, ERR_BAD_REPLY);
	adopt_free(ad);
	assert_in_range(loop_now_ms(b.loop) - begun, 0, 3500);
	bench_close(&b);
}

/* ---- keys ---- */

static void access_changed(void *ctx)
{
	(void)ctx;
}

static struct adopt_access *ask(struct bench *b, const struct fake_server *s, const struct adopt_ask *how)
{
	struct seen seen = look_at(b, s->url, NULL, 2000);
	struct adopt_access *ac = adopt_access_new(b->app, &seen.f, NULL, how, access_changed, b);

	assert_true(seen.there);
	for (int i = 0; i < 100; i++) {
		if (adopt_access_state(ac) == ADOPT_GRANTED || adopt_access_state(ac) == ADOPT_REFUSED)
			return ac;
		bench_run(b, 50);
	}
	fail_msg("no decision");
	return ac;
}

static void test_somebody_presses_allow(void **state)
{
	static const struct adopt_ask allow = { .limit_s = 30 };
	struct fake_server *s;
	struct adopt_access *ac;
	struct bench b;

	(void)state;
	bench_open(&b, NULL);
	s = serve(&b, FAKE_OCTO_CLOSED);
	ac = ask(&b, s, &allow);
	assert_int_equal(adopt_access_state(ac), ADOPT_GRANTED);
	assert_int_equal(s->polls, 2);
	assert_string_equal(adopt_access_key(ac), FAKE_KEY);
	assert_string_equal(adopt_access_found(ac)->in.access, "full");
	assert_string_equal(adopt_access_found(ac)->name, "The-big-one");
	adopt_access_free(ac);
	bench_close(&b);
}

static void test_denied_late_and_switched_off(void **state)
{
	static const struct adopt_ask allow = { .limit_s = 30 }, short_allow = { .limit_s = 0.5 };
	struct fake_server *s;
	struct adopt_access *ac;
	struct bench b;

	(void)state;
	bench_open(&b, NULL);
	s = serve(&b, FAKE_OCTO_CLOSED);
	s->allow_after = -1;
	ac = ask(&b, s, &allow);
	assert_int_equal(adopt_access_state(ac), ADOPT_REFUSED);
	assert_int_equal(adopt_access_error(ac)->code, ERR_AUTH);
	assert_null(adopt_access_key(ac));
	adopt_access_free(ac);
	s->allow_after = 1000;
	ac = ask(&b, s, &short_allow);
	assert_int_equal(adopt_access_error(ac)->code, ERR_TIMEOUT);
	adopt_access_free(ac);
	s->no_appkeys = true;
	ac = ask(&b, s, &allow);
	assert_int_equal(adopt_access_error(ac)->code, ERR_UNSUPPORTED);
	adopt_access_free(ac);
	bench_close(&b);
}

static void test_a_user_logs_in(void **state)
{
	static const struct adopt_ask good = { .user = "jo", .password = "right", .limit_s = 10 },
		bad = { .user = "jo", .password = "wrong", .limit_s = 10 }, nobody = { .limit_s = 10 };
	struct fake_server *s;
	struct adopt_access *ac;
	struct bench b;

	(void)state;
	bench_open(&b, NULL);
	s = serve(&b, FAKE_MOON_CLOSED);
	ac = ask(&b, s, &good);
	assert_int_equal(adopt_access_state(ac), ADOPT_GRANTED);
	assert_string_equal(adopt_access_key(ac), FAKE_KEY);
	assert_string_equal(adopt_access_found(ac)->name, "voronpi");
	adopt_access_free(ac);
	ac = ask(&b, s, &bad);
	assert_int_equal(adopt_access_error(ac)->code, ERR_AUTH);
	assert_non_null(strstr(adopt_access_error(ac)->text, "Invalid Password"));
	adopt_access_free(ac);
	ac = ask(&b, s, &nobody);
	assert_int_equal(adopt_access_error(ac)->code, ERR_UNSUPPORTED);
	adopt_access_free(ac);
	s->no_api_key = true;
	ac = ask(&b, s, &good);
	assert_int_equal(adopt_access_error(ac)->code, ERR_UNSUPPORTED);
	adopt_access_free(ac);
	bench_close(&b);
}

/* ---- printers.d ---- */

static char *in_home(const char *name)
{
	return path_join(home, name);
}

static void put(const char *name, const char *text)
{
	char *path = in_home(name);
	struct err e;

	assert_true(path_write(path, text, strlen(text), 0600, &e));
	free(path);
}

static char *take(const char *name)
{
	char *path = in_home(name), *text = NULL;
	struct err e;
	size_t len;

	if (!path_read(path, 1 << 16, &text, &len, &e))
		text = NULL;
	free(path);
	return text;
}

static bool write_printer(struct bench *b, const char *name, const char *url, struct err *e)
{
	static const char *const tags[] = { "petg", "a \"b\"" };
	const struct adopt_printer p = { .name = name, .url = url, .dialect = "moonraker", .key = FAKE_KEY,
		.group = "left \\ wall", .tags = tags, .n_tags = 2, .tls = { .insecure = true } };
	char *path = NULL;
	bool ok = adopt_write(b->app, &p, &path, e);

	assert_int_equal(ok, path != NULL);
	free(path);
	return ok;
}

static void test_a_file_is_written_and_read_back(void **state)
{
	char *main_file = in_home("printers.conf"), *path = in_home("printers.d/new.conf");
	const struct printer *p;
	struct bench b;
	struct stat st;
	struct err e;

	(void)state;
	bench_open(&b, NULL);
	assert_null(b.app->config->path);
	assert_true(write_printer(&b, "new", "https://h:7130", &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access(main_file, F_OK), -1);
	assert_true(app_reload(b.app, &e));
	p = fleet_find(b.app->fleet, "new");
	assert_non_null(p);
	assert_string_equal(p->config.url, "https://h:7130");
	assert_string_equal(p->config.key.value, FAKE_KEY);
	assert_string_equal(p->config.tags[1], "a \"b\"");
	assert_string_equal(p->config.group, "left \\ wall");
	assert_true(p->config.insecure);
	assert_false(write_printer(&b, "other", "http://h:7130/", &e));
	assert_non_null(strstr(e.text, "new"));
	assert_false(write_printer(&b, "NEW", "http://g", &e));
	assert_false(write_printer(&b, "a/b", "http://g", &e));
	assert_false(write_printer(&b, ".x", "http://g", &e));
	bench_close(&b);
	free(main_file);
	free(path);
}

static void test_remove_and_rename(void **state)
{
	static const char by_hand[] = "# mine\nprinter = {\n  name = \"hand\"; # name = \"hand\"\n  url = \"http://x\";\n"
				      "  presets = ( { name = \"PLA\"; } );\n};\n";
	char *conf, *text, *path = NULL;
	struct bench b;
	struct err e;

	(void)state;
	put("printers.conf", "printers = ( { name = \"old\"; url = \"http://old\"; } );\n");
	put("printers.d/hand.conf", by_hand);
	put("printers.d/two.conf", "printers = ( { name = \"a\"; url = \"http://a\"; }, { name = \"b\"; url = \"http://b\"; } );\n");
	conf = in_home("printers.conf");
	bench_open(&b, conf);
	assert_int_equal(fleet_count(b.app->fleet), 5);
	assert_false(adopt_remove(b.app, "old", &path, &e));
	assert_non_null(strstr(e.text, "printers.conf:1"));
	assert_false(adopt_remove(b.app, "a", &path, &e));
	assert_false(adopt_remove(b.app, "nobody", &path, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(adopt_rename(b.app, "old", "older", &path, &e));
	assert_false(adopt_rename(b.app, "hand", "new", &path, &e));
	assert_true(adopt_rename(b.app, "hand", "foot", &path, &e));
	free(path);
	text = take("printers.d/foot.conf");
	assert_non_null(text);
	assert_non_null(strstr(text, "# mine\nprinter = {\n  name = \"foot\"; # name = \"hand\"\n"));
	free(text);
	assert_null(take("printers.d/hand.conf"));
	assert_true(app_reload(b.app, &e));
	assert_non_null(fleet_find(b.app->fleet, "foot"));
	assert_true(adopt_remove(b.app, "new", &path, &e));
	free(path);
	assert_null(take("printers.d/new.conf"));
	bench_close(&b);
	free(conf);
}

/* ---- a key that comes later ---- */

static void wait_for_access(struct bench *b, const char *access, int64_t ms)
{
	for (int64_t end = loop_now_ms(b->loop) + ms; loop_now_ms(b->loop) < end; bench_run(b, 20))
		if (str_eq(fleet_find(b->app->fleet, "later")->state.access, access))
			return;
	fail_msg("access is \"%s\", not \"%s\"", fleet_find(b->app->fleet, "later")->state.access, access);
}

static void test_a_key_that_comes_later_is_tried_at_once(void **state)
{
	char *conf = in_home("printers.conf"), *text;
	struct fake_server *s;
	struct bench b;
	struct err e;

	(void)state;
	bench_open(&b, NULL);
	s = serve(&b, FAKE_OCTO_CLOSED);
	text = mem_printf("printers = ( { name = \"later\"; url = \"%s\"; } );\npoll_idle = 600;\npoll_offline = 600;\n", s->url);
	put("printers.conf", text);
	assert_true(app_reload(b.app, &e));
	poller_start(b.app->poller);
	wait_for_access(&b, "protected", 2000);
	free(text);
	text = mem_printf("printers = ( { name = \"later\"; url = \"%s\"; key = \"" FAKE_KEY "\"; } );\n", s->url);
	put("printers.conf", text);
	assert_true(app_reload(b.app, &e));
	wait_for_access(&b, "full", 1000);
	assert_int_equal(fleet_find(b.app->fleet, "later")->state.status, PRINTER_DISCONNECTED);
	bench_close(&b);
	free(text);
	free(conf);
}

static int make_home(void **state)
{
	(void)state;
	if (!mkdtemp(base))
		return -1;
	setenv("XDG_CONFIG_HOME", base, 1);
	setenv("XDG_STATE_HOME", base, 1);
	unsetenv("PRINTOP_CONFIG");
	home = path_config_dir();
	return 0;
}

static int drop_home(void **state)
{
	static const char *const files[] = { "printers.d/foot.conf", "printers.d/two.conf", "printers.d",
					     "printers.conf", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *path = in_home(files[i]);

		remove(path);
		free(path);
	}
	free(home);
	rmdir(base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_read),
		cmocka_unit_test(test_only_what_was_written_is_tried),
		cmocka_unit_test(test_the_same_server),
		cmocka_unit_test(test_names_follow_the_rules),
		cmocka_unit_test(test_six_fakes_and_more),
		cmocka_unit_test(test_the_dead_and_the_silent),
		cmocka_unit_test(test_a_key_and_what_it_is_good_for),
		cmocka_unit_test(test_direct_servers_before_what_is_in_front),
		cmocka_unit_test(test_a_server_in_front_is_better_than_none),
		cmocka_unit_test(test_nothing_there_says_what_was_seen),
		cmocka_unit_test(test_somebody_presses_allow),
		cmocka_unit_test(test_denied_late_and_switched_off),
		cmocka_unit_test(test_a_user_logs_in),
		cmocka_unit_test(test_a_file_is_written_and_read_back),
		cmocka_unit_test(test_remove_and_rename),
		cmocka_unit_test(test_a_key_that_comes_later_is_tried_at_once),
	};

	return cmocka_run_group_tests(tests, make_home, drop_home);
}
