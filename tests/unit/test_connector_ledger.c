/* The connector's memory on disk: what was promised is still known after any end; the identity is never half written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <math.h>
#include <printop/config.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "connector/identity.h"
#include "connector/ledger.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	str_copy(dir, sizeof(dir), "/tmp/printop-store-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char *argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, dir, NULL };
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		execvp("rm", argv);
		_exit(1);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static struct ledger *opened(const char *owner)
{
	struct err e = { 0 };
	struct ledger *s = ledger_new(dir, &e);

	if (!s)
		fail_msg("%s", e.text);
	assert_true(ledger_load(s, owner, &e));
	return s;
}

static void write_file(const char *name, const char *text)
{
	char *path = path_join(dir, name);
	struct err e;

	assert_true(path_write(path, text, strlen(text), 0600, &e));
	free(path);
}

static char *read_text(const char *name)
{
	char *path = path_join(dir, name), *text;
	struct err e;

	if (!path_read(path, 1 << 20, &text, NULL, &e))
		fail_msg("%s", e.text);
	free(path);
	return text;
}

static bool exists(const char *name)
{
	char *path = path_join(dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* ---- the journal ---- */

static void test_a_life_is_remembered(void **state)
{
	struct ledger *s = opened("c 1");
	const struct ledger_entry *x;
	struct err e;

	(void)state;
	assert_null(ledger_find(s, "5"));
	assert_true(ledger_take(s, "5", "{\"id\":5,\"action\":\"pause\"}", &e));
	assert_true(ledger_take(s, "a\"/\\b", "{\"id\":6}", &e));
	assert_true(ledger_begin(s, "5", &e));
	ledger_free(s);

	s = opened("c 1");
	assert_int_equal(ledger_count(s), 2);
	x = ledger_find(s, "5");
	assert_int_equal(x->phase, LEDGER_BEGUN);
	assert_string_equal(x->command, "{\"id\":5,\"action\":\"pause\"}");
	assert_int_equal(ledger_find(s, "a\"/\\b")->phase, LEDGER_TAKEN);
	assert_true(ledger_done(s, "5", "{\"status\":\"succeeded\"}", &e));
	ledger_free(s);

	s = opened("c 1");
	x = ledger_find(s, "5");
	assert_int_equal(x->phase, LEDGER_DONE);
	assert_null(x->command);
	assert_string_equal(x->completion, "{\"status\":\"succeeded\"}");
	assert_false(ledger_again(s, "5"));
	assert_true(ledger_sent(s, "5", &e));
	assert_true(ledger_again(s, "5"));
	assert_int_equal(x->phase, LEDGER_DONE);
	assert_true(ledger_sent(s, "5", &e));
	ledger_free(s);

	s = opened("c 1");
	assert_int_equal(ledger_find(s, "5")->phase, LEDGER_SENT);
	assert_string_equal(ledger_find(s, "5")->completion, "{\"status\":\"succeeded\"}");
	assert_string_equal(ledger_at(s, 0)->id, "5");
	ledger_free(s);
}

static void test_a_cut_line_costs_only_itself(void **state)
{
	struct ledger *s;
	struct err e;

	(void)state;
	write_file("commands.jsonl",
		   "{\"owner\":\"c 1\"}\n"
		   "{\"id\":\"1\",\"phase\":\"done\",\"at\":1,\"completion\":{\"status\":\"failed\"}}\n"
		   "garbage\n\n{\"id\":7,\"phase\":\"sent\"}\n{\"id\":\"2\",\"phase\":\"taken\",\"at\":1,\"command\":{\"id\":2}}\n"
		   "{\"id\":\"2\",\"phase\":\"beg");
	s = opened("c 1");
	assert_int_equal(ledger_count(s), 2);
	assert_int_equal(ledger_find(s, "1")->phase, LEDGER_DONE);
	assert_int_equal(ledger_find(s, "2")->phase, LEDGER_TAKEN);
	assert_true(ledger_begin(s, "2", &e));
	ledger_free(s);
	s = opened("c 1");
	assert_int_equal(ledger_find(s, "2")->phase, LEDGER_BEGUN);
	assert_string_equal(ledger_find(s, "2")->command, "{\"id\":2}");
	ledger_free(s);
}

static void test_another_connector_begins_anew(void **state)
{
	struct ledger *s = opened("c 1");
	struct err e;

	(void)state;
	assert_true(ledger_take(s, "5", "{}", &e));
	ledger_free(s);
	s = opened("c 2");
	assert_int_equal(ledger_count(s), 0);
	ledger_free(s);
}

static void test_two_copies_are_refused(void **state)
{
	struct ledger *s = opened("c 1");
	struct err e = { 0 };

	(void)state;
	assert_null(ledger_new(dir, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	ledger_free(s);
}

static void test_files_are_for_us_alone(void **state)
{
	struct ledger *s = opened("c 1");
	struct stat st;
	char *path = path_join(dir, "commands.jsonl");

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	free(path);
	path = path_join(dir, "spool");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	free(path);
	ledger_free(s);
}

static void test_spooled_files_are_swept(void **state)
{
	struct ledger *s = opened("c 1");
	char *mine = ledger_spool(s, "1"), *old = ledger_spool(s, "../../2");
	struct err e;

	(void)state;
	assert_null(strstr(old, ".."));
	assert_true(path_write(mine, "x", 1, 0600, &e) && path_write(old, "x", 1, 0600, &e));
	assert_true(ledger_take(s, "1", "{}", &e));
	ledger_sweep(s);
	assert_int_equal(access(mine, F_OK), 0);
	assert_int_equal(access(old, F_OK), -1);
	assert_true(ledger_done(s, "1", "{}", &e));
	ledger_sweep(s);
	assert_int_equal(access(mine, F_OK), -1);
	free(mine);
	free(old);
	ledger_free(s);
}

/* Many commands: the file is rewritten, old completions go, ids stay. */
static void test_it_stays_small(void **state)
{
	struct ledger *s = opened("c 1");
	char id[32];
	struct err e;

	(void)state;
	for (int i = 0; i < 1400; i++) {
		str_printf(id, sizeof(id), "%d", i);
		ledger_done(s, id, "{\"status\":\"succeeded\"}", &e);
		if (i % 1000)
			ledger_sent(s, id, &e);
	}
	ledger_free(s);
	s = opened("c 1");
	assert_int_equal(ledger_count(s), 1400);
	assert_non_null(strstr(ledger_find(s, "5")->completion, "{\"status\":\"succeeded\",\"result\":{\"note\""));
	assert_true(ledger_again(s, "5"));
	assert_non_null(ledger_find(s, "0")->completion);	/* never sent */
	assert_non_null(ledger_find(s, "1399")->completion);
	ledger_free(s);
}

/* ---- the identity ---- */

static struct connector_config group(const char *token)
{
	struct connector_config c;

	connector_config_init(&c);
	c.on = true;
	c.cloud_url = mem_strdup("http://127.0.0.1:1");
	c.state_dir = mem_strdup(dir);
	if (token)
		secret_set(&c.token, token);
	return c;
}

static struct registration registration(const char *id)
{
	struct registration r = { .commands_s = 5, .snapshots_s = NAN, .ids = mem_zalloc(2, sizeof(int64_t)) };

	str_copy(r.id, sizeof(r.id), id);
	secret_set(&r.secret, "sesame");
	r.ids[0] = 11;
	r.ids[1] = 12;
	return r;
}

static const struct wire_printer two[2] = { { .name = "a" }, { .name = "b" } };

static void test_identity_of_its_own(void **state)
{
	struct connector_config c = group("token-1");
	struct registration r = registration("77");
	struct identity i, back;
	struct err e;

	(void)state;
	assert_true(identity_load(&c, &i, &e));
	assert_string_equal(i.id, "");
	c.token_file = path_join(dir, "token");
	write_file("token", "token-1");
	assert_true(identity_store(&c, &r, two, 2, &i, &e));
	assert_false(exists("token"));
	char *text = read_text("identity.json");
	assert_null(strstr(text, "token-1"));
	free(text);
	assert_true(identity_load(&c, &back, &e));
	assert_string_equal(back.id, "77");
	assert_string_equal(back.secret.value, "sesame");
	assert_true(back.commands_s == 5 && isnan(back.snapshots_s));
	assert_int_equal(back.n_printers, 2);
	assert_string_equal(back.printers[1].name, "b");
	assert_int_equal(back.printers[1].id, 12);
	identity_done(&back);

	secret_set(&c.token, "token-2");	/* pairs again */
	assert_true(identity_load(&c, &back, &e));
	assert_string_equal(back.id, "");
	secret_done(&c.token);
	assert_true(identity_load(&c, &back, &e));
	assert_string_equal(back.id, "77");
	identity_done(&back);
	free(c.cloud_url);
	c.cloud_url = mem_strdup("http://127.0.0.1:2");	/* the secret is not for this one */
	assert_true(identity_load(&c, &back, &e));
	assert_string_equal(back.id, "");
	assert_non_null(strstr(e.text, "another cloud"));
	identity_done(&i);
	registration_done(&r);
	connector_config_done(&c);
}

#define ORIGINAL "{ \"cloud_url\": \"http://127.0.0.1:1/\", \"pairing_token\": \"tok\", \"site_name\": \"S\", \"extra\": [1, {\"x\": true}],\n" \
	"\"state_dir\": \"/tmp/none\", \"moonraker\": [ {\"name\": \"a\", \"base_url\": \"http://127.0.0.1:7125\", \"ui_port\": 4408}," \
	"{\"name\": \"b c\", \"base_url\": \"http://127.0.0.1:7126\"} ] }"

static void test_identity_in_the_originals_file(void **state)
{
	struct registration r = registration("77");
	struct config *c;
	struct identity i;
	struct json *o;
	struct stat st;
	struct err e;
	char *path = path_join(dir, "config.json"), *text;

	(void)state;
	write_file("config.json", ORIGINAL);
	c = config_load_original(path);
	assert_false(config_has_errors(c));
	assert_int_equal(c->n_printers, 2);
	assert_string_equal(c->printers[1].name, "printer-2");
	assert_int_equal(c->connector.printers[0].ui_port, 4408);
	assert_int_equal(c->connector.printers[1].ui_port, 80);
	assert_true(identity_load(&c->connector, &i, &e));
	assert_string_equal(i.id, "");
	assert_true(identity_store(&c->connector, &r, two, 2, &i, &e));
	config_free(c);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	text = read_text("config.json");
	assert_null(strstr(text, "pairing_token"));
	o = json_parse(text, strlen(text), &e);
	assert_string_equal(json_raw(o, "connector_id"), "77");
	assert_string_equal(json_raw(o, "connector_secret"), "sesame");
	assert_int_equal(json_int(o, "poll_commands_seconds", 0), 5);
	assert_int_equal(json_int(json_first(json_get(o, "moonraker")), "printer_id", 0), 11);
	assert_int_equal(json_int(json_first(json_get(o, "moonraker")), "ui_port", 0), 4408);
	assert_string_equal(json_raw(o, "site_name"), "S");
	assert_int_equal(json_count(json_get(o, "extra")), 2);
	json_free(o);
	free(text);

	c = config_load_original(path);		/* and it reads what it wrote */
	assert_false(config_has_errors(c));
	identity_done(&i);
	assert_true(identity_load(&c->connector, &i, &e));
	assert_string_equal(i.id, "77");
	assert_int_equal(i.printers[1].id, 12);
	identity_done(&i);
	config_free(c);
	registration_done(&r);
	free(path);
}

#define MOON "\"moonraker\":[{\"printer_id\":1,\"base_url\":\"http://h\"}]"
#define PAIRED "\"connector_id\":\"c\",\"connector_secret\":\"s\","

static void test_checks_of_the_originals_file(void **state)
{
	static const struct {
		const char *text, *error;	/* NULL: good */
	} rows[] = {
		{ "{" PAIRED MOON "}", NULL },
		{ "{\"connector_id\":7,\"connector_secret\":\"s\"," MOON "}", NULL },
		{ "{\"pairing_token\":\"t\",\"moonraker\":[{\"base_url\":\"http://h\"}],\"unknown\":1}", NULL },
		{ "{\"cloud_url\":\"ftp://x\"," PAIRED MOON "}", "cloud_url must begin" },
		{ "{" MOON "}", "is needed" },
		{ "{\"connector_id\":\"c\"," MOON "}", "is needed" },
		{ "{\"pairing_token\":\"t\"," PAIRED MOON "}", "keep one" },
		{ "{" PAIRED "\"moonraker\":[]}", "at least one entry" },
		{ "{" PAIRED "\"moonraker\":[{\"printer_id\":-1,\"base_url\":\"http://h\"}]}", "must not be negative" },
		{ "{" PAIRED "\"moonraker\":[{\"base_url\":\"http://h\"}]}", "must be above 0" },
		{ "{" PAIRED "\"moonraker\":[{\"printer_id\":1,\"base_url\":\"http://h\"},{\"printer_id\":1,\"base_url\":\"http://i\"}]}", "there twice" },
		{ "{" PAIRED "\"moonraker\":[{\"printer_id\":1}]}", "base_url: it is needed" },
		{ "{" PAIRED "\"moonraker\":[{\"printer_id\":1,\"base_url\":\"h:80\"}]}", "must begin with http" },
		{ "{" PAIRED "\"moonraker\":[{\"printer_id\":1,\"base_url\":\"http://h/../x\"}]}", "'..'" },
		{ "[]", "no JSON object" },
		{ "nonsense", "no JSON object" },
	};
	char *path = path_join(dir, "config.json");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c;
		struct err e = { 0 };

		write_file("config.json", rows[i].text);
		c = config_load_original(path);
		config_first_error(c, &e);
		if (config_has_errors(c) != (rows[i].error != NULL) || (rows[i].error && !strstr(e.text, rows[i].error)))
			fail_msg("%s: %s", rows[i].text, e.text);
		config_free(c);
	}
	free(path);
}

/* ---- the group in printers.conf ---- */

#define PRINTERS_TEXT "printers = ( { name = \"a\"; url = \"http://h:7125\"; } );\n"

static void test_group(void **state)
{
	static const char text[] = PRINTERS_TEXT
		"connector = { cloud_url = \"https://Cloud.Example/\"; pairing_token = \"tok\"; printers = [\"a\"];\n"
		"  allow = [\"pause\", \"sync_files\"]; heartbeat_seconds = 15; insecure_http = true;\n"
		"  state_dir = \"/var/lib/x\"; backup_roots = [\"/home/pi/printer_data\"]; };\n";
	struct config *c;

	(void)state;
	unsetenv("CLOUD_URL");
	c = config_load_text(text, strlen(text), "t");
	assert_false(config_has_errors(c));
	assert_true(c->connector.on);
	assert_string_equal(c->connector.cloud_url, "https://cloud.example");
	assert_int_equal(c->connector.allow, CLOUD_ACTION_BIT(CLOUD_ACTION_PAUSE) | CLOUD_ACTION_BIT(CLOUD_ACTION_SYNC));
	assert_true(c->connector.heartbeat_s == 15 && isnan(c->connector.commands_s));
	assert_string_equal(c->connector.backup_roots[0], "/home/pi/printer_data");
	config_free(c);
	setenv("CLOUD_URL", "http://10.0.0.1:3000/", 1);
	c = config_load_text(text, strlen(text), "t");
	assert_string_equal(c->connector.cloud_url, "http://10.0.0.1:3000");
	config_free(c);
	unsetenv("CLOUD_URL");
	c = config_load_text("connector = { };", 16, "t");
	assert_false(config_has_errors(c));
	assert_string_equal(c->connector.cloud_url, CONNECTOR_CLOUD_URL);
	assert_int_equal(c->connector.allow, CLOUD_ACTIONS_ALL);
	config_free(c);
}

static void test_group_with_mistakes(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "connector = 1;", "must be a group" },
		{ "connector = { allow = [\"fly\"]; };", "no action 'fly'" },
		{ "connector = { allow = [\"pouse\"]; };", "pause" },
		{ "connector = { cloud_urk = \"x\"; };", "cloud_url" },
		{ "connector = { cloud_url = \"ftp://x\"; };", "only http" },
		{ "connector = { printers = [\"none\"]; };", "no printer \"none\"" },
		{ "connector = { heartbeat_seconds = 0; };", "heartbeat_seconds" },
		{ "connector = { pairing_token = 7; };", "pairing_token" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config *c = config_load_text(rows[i].text, strlen(rows[i].text), "t");
		struct err e = { 0 };

		config_first_error(c, &e);
		if (!strstr(e.text, rows[i].error))
			fail_msg("%s: %s", rows[i].text, e.text);
		config_free(c);
	}
}

#define each(t) cmocka_unit_test_setup_teardown(t, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_a_life_is_remembered),
		each(test_a_cut_line_costs_only_itself),
		each(test_another_connector_begins_anew),
		each(test_two_copies_are_refused),
		each(test_files_are_for_us_alone),
		each(test_spooled_files_are_swept),
		each(test_it_stays_small),
		each(test_identity_of_its_own),
		each(test_identity_in_the_originals_file),
		each(test_checks_of_the_originals_file),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_group_with_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
