/* printers.conf: what it holds, every mistake with its place, keys and their sources, files beside it. */
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
#include <app/config_read.h>
#include <printop/keys.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

static struct config *config;
static char dir[] = "/tmp/test_config.XXXXXX";

static void load_text(const char *text)
{
	config_free(config);
	config = config_load_text(text, strlen(text), "t.conf");
}

static char *path_in_dir(const char *name)
{
	return path_join(dir, name);
}

static void put(const char *name, const char *text, mode_t mode)
{
	char *path = path_in_dir(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static void load_file(const char *name)
{
	char *path = path_in_dir(name);

	config_free(config);
	config = config_load(path);
	free(path);
}

static int setup_dir(void **state)
{
	char *folder;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	folder = path_in_dir("printers.d");
	mkdir(folder, 0700);
	free(folder);
	return 0;
}

static int teardown_dir(void **state)
{
	static const char *const names[] = { "printers.d/a.conf", "printers.d/b.conf", "printers.d/.c.conf",
		"printers.d/d.conf~", "printers.d", "main.conf", "key", "wide", "more.conf", "ca.pem",
		"empty", "long", "printop/printers.conf", "printop", "slow.sh" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = path_in_dir(names[i]);

		remove(path);
		free(path);
	}
	return rmdir(dir);
}

static int teardown(void **state)
{
	(void)state;
	config_free(config);
	config = NULL;
	return 0;
}

/* An issue at this place whose text holds this. */
static const struct config_issue *issue(const char *where, const char *text)
{
	for (size_t i = 0; i < config->n_issues; i++)
		if (str_ends(config->issues[i].where, where) && strstr(config->issues[i].text, text))
			return &config->issues[i];
	for (size_t i = 0; i < config->n_issues; i++)
		print_error("have: %s: %s\n", config->issues[i].where, config->issues[i].text);
	fail_msg("no issue at %s with '%s'", where, text);
	return NULL;
}

static void one_issue(const char *where, const char *text, enum config_severity severity)
{
	const struct config_issue *i = issue(where, text);

	assert_int_equal(config->n_issues, 1);
	assert_int_equal(i->severity, severity);
}

/* A printer with one more member, which is on line 1. */
static void load_with(const char *member)
{
	char *text = mem_printf("printers = ( { name = \"a\"; url = \"http://h\"; %s } );", member);

	load_text(text);
	free(text);
}

static void test_nothing_is_fine(void **state)
{
	(void)state;
	config = config_load(NULL);
	assert_false(config_has_errors(config));
	assert_int_equal(config->n_printers, 0);
	assert_null(config->path);
	load_text("");
	assert_int_equal(config->n_issues, 0);
	load_text("printers = (); keys = (); hooks = [];\n");
	assert_int_equal(config->n_issues, 0);
}

static void test_everything_a_printer_can_have(void **state)
{
	const struct printer_config *p;

	(void)state;
	load_text("printers = (\n"
		  "{ name = \"voron-01\"; url = \"HTTP://10.0.4.21:7125/\"; dialect = \"moonraker\";\n"
		  "  key = \" abc123\\n\"; tags = [\"petg\", \"room-1\"]; group = \"left wall\";\n"
		  "  model = \"Voron 2.4\"; notes = \"# hot\\n- end\"; camera = \"/webcam/?action=snapshot\";\n"
		  "  max_extruder = 280; max_bed = 110.5; max_chamber = 60;\n"
		  "  presets = ( { name = \"PLA\"; extruder = 215; bed = 60; }, { name = \"off\"; chamber = 0; } );\n"
		  "  poll_active = 1; poll_idle = 30; poll_offline = 120; parked = \"new hotend\";\n"
		  "}, { name = \"b\"; url = \"[::1]:5000/octo/\"; parked = true; tags = \"one\";\n"
		  "     pin = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; });\n"
		  "stale_after = 20;");
	assert_int_equal(config->n_printers, 2);
	assert_int_equal(config->n_issues, 1);	/* pin without https */
	p = &config->printers[0];
	assert_string_equal(p->name, "voron-01");
	assert_string_equal(p->url, "http://10.0.4.21:7125");
	assert_string_equal(p->dialect, "moonraker");
	assert_string_equal(p->key.value, "abc123");
	assert_string_equal(p->key_source, "key");
	assert_int_equal(p->n_tags, 2);
	assert_string_equal(p->tags[1], "room-1");
	assert_string_equal(p->group, "left wall");
	assert_string_equal(p->model, "Voron 2.4");
	assert_string_equal(p->notes, "# hot\n- end");
	assert_string_equal(p->camera_url, "/webcam/?action=snapshot");
	assert_true(p->max_extruder_c == 280 && p->max_bed_c == 110.5 && p->max_chamber_c == 60);
	assert_int_equal(p->n_presets, 2);
	assert_true(p->presets[0].extruder_c == 215 && isnan(p->presets[0].chamber_c));
	assert_true(p->presets[1].chamber_c == 0 && isnan(p->presets[1].bed_c));
	assert_string_equal(p->parked, "new hotend");
	assert_true(p->stale_after_s == 90);
	assert_string_equal(p->where, "t.conf:2");
	p = &config->printers[1];
	assert_string_equal(p->url, "http://[::1]:5000/octo");
	assert_string_equal(p->dialect, "auto");
	assert_string_equal(p->parked, "");
	assert_string_equal(p->tags[0], "one");
	assert_true(isnan(p->max_bed_c));
	assert_true(p->stale_after_s == 20);
	assert_false(secret_is_set(&p->key));
}

static void test_every_mistake_is_told(void **state)
{
	(void)state;
	load_text("poll_activ = 2;\n"
		  "poll_idle = \"fast\";\n"
		  "bell = 1;\n"
		  "graph = \"dots\";\n"
		  "uploads = 99;\n"
		  "printers = (\n"
		  "{ name = \"a\"; url = \"http://h\"; tag = \"x\"; },\n"
		  "{ name = \"A\"; url = \"http://i\"; },\n"
		  "{ url = \"http://j\"; },\n"
		  "{ name = \"c\"; },\n"
		  "5 );\n"
		  "theme = 3;\n");
	issue("t.conf:1", "printers.conf has no 'poll_activ'; did you mean 'poll_active'?");
	issue("t.conf:2", "poll_idle must be a number, without quotes");
	issue("t.conf:3", "bell must be true or false, without quotes");
	issue("t.conf:4", "graph is one of: auto braille block ascii");
	issue("t.conf:5", "uploads is 99, but must be from 1 to 8");
	issue("t.conf:7", "a printer has no 'tag'; did you mean 'tags'?");
	issue("t.conf:8", "the name \"A\" is taken by the printer at t.conf:7");
	issue("t.conf:9", "a printer needs a name");
	issue("t.conf:10", "a printer needs a url");
	issue("t.conf:11", "must be a group");
	issue("t.conf:12", "theme must be text in double quotes");
	assert_int_equal(config->n_issues, 11);
	assert_int_equal(config->n_printers, 1);
	assert_true(settings_num(&config->settings, SETTING_POLL_IDLE) == 5);
}

static void test_first_error_as_one_text(void **state)
{
	struct err e;

	(void)state;
	load_text("printers = ( { name = \"a\"; url = \"https://h\"; insecure = true; } );\nbell = 1;");
	config_first_error(config, &e);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.text, "t.conf:2: bell must be true or false, without quotes");
	load_text("bell = true;");
	config_first_error(config, &e);
	assert_int_equal(e.code, ERR_NONE);
}

static void test_syntax_errors_have_a_line(void **state)
{
	(void)state;
	load_text("bell = true;\nprinters = ( { name = \"a\"\n");
	one_issue("t.conf:3", "syntax error", CONFIG_ERROR);
	load_text("bell = true;\nbell = false;\n");
	one_issue("t.conf:2", "duplicate", CONFIG_ERROR);
	config_free(config);
	config = config_load_text("a\0b", 3, "t.conf");
	one_issue("t.conf", "NUL byte", CONFIG_ERROR);
	load_text("bell = true;\n @include \"/etc/passwd\"\n");
	one_issue("t.conf", "@include needs a file", CONFIG_ERROR);
}

static void test_names_follow_rules(void **state)
{
	static const char *const bad[] = { "", "-a", "all", "ALL", "a b", "a:b", "a,b", "!a", "a*", "a?",
		"a[1]", "a/b", "a\\b", "0123456789012345678901234567890123456789012345678901234567890123" };
	static const char *const good[] = { "a", "voron-01", "mk4_1.b", "m\xc3\xbcnz", "allegro",
		"012345678901234567890123456789012345678901234567890123456789012" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_non_null(config_check_name(bad[i]));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_null(config_check_name(good[i]));
	load_text("printers = ( { name = \"a b\"; url = \"http://h\"; } );");
	one_issue("t.conf:1", "name \"a b\": a name has no spaces", CONFIG_ERROR);
	load_text("printers = ( { name = \"a\\x07b\"; url = \"http://h\"; } );");
	one_issue("t.conf:1", "control characters", CONFIG_ERROR);
	load_text("printers = ( { name = \"a\\xff\"; url = \"http://h\"; } );");
	one_issue("t.conf:1", "broken UTF-8", CONFIG_ERROR);
}

static void test_members_of_a_printer(void **state)
{
	static const char *const rows[][2] = {
		{ "dialect = \"klipper\";", "dialect \"klipper\" is none of: auto, octoprint, moonraker" },
		{ "key = 5;", "key must be text" },
		{ "key = \"  \";", "the key is empty" },
		{ "key = \"a\\x01\";", "control characters" },
		{ "key = \"a\"; key_env = \"B\";", "the key has two sources, key and key_env" },
		{ "key_command = [];", "key_command names no program" },
		{ "tags = 5;", "tags must be a list of texts" },
		{ "tags = [1, 2];", "must be text in double quotes" },
		{ "tags = [\"a,b\"];", "tag \"a,b\": a tag is short and has no comma" },
		{ "tags = [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
		  "\"14\",\"15\",\"16\",\"17\"];", "tags has more than 16 elements" },
		{ "group = \"\";", "group is empty" },
		{ "camera = \"rtsp://x\";", "camera must start with" },
		{ "max_extruder = 601;", "max_extruder is 601, but must be from 0 to 600" },
		{ "max_bed = \"hot\";", "max_bed must be a number" },
		{ "presets = { };", "presets must be a list of groups" },
		{ "presets = ( { extruder = 5; } );", "a preset needs a name" },
		{ "presets = ( { name = \"x\"; bet = 5; } );", "a preset has no 'bet'; did you mean 'bed'?" },
		{ "presets = ( { name = \"x\"; bed = 5000; } );", "bed is 5000, but must be" },
		{ "pin = \"abc\";", "pin must be \"sha256//\"" },
		{ "insecure = \"yes\";", "insecure must be true or false" },
		{ "parked = 5;", "parked must be a reason" },
		{ "poll_active = 0.1;", "poll_active is 0.1, but must be from 0.2 to 3600" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		load_with(rows[i][0]);
		issue("t.conf:1", rows[i][1]);
		assert_true(config_has_errors(config));
	}
}

static void test_urls(void **state)
{
	static const char *const bad[] = { "ftp://h", "http://", "http://u:sesame@h", "http://h?x",
		"http://h:99999" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *text = mem_printf("printers = ( { name = \"a\"; url = \"%s\"; } );", bad[i]);

		load_text(text);
		one_issue("t.conf:1", "url: ", CONFIG_ERROR);
		assert_null(strstr(config->issues[0].text, "sesame"));
		free(text);
	}
}

static void test_warnings_are_no_errors(void **state)
{
	(void)state;
	load_with("insecure = true;");
	issue("t.conf:1", "the certificate is not checked");
	issue("t.conf:1", "do nothing without https");
	assert_false(config_has_errors(config));
	load_text("printers = ( { name = \"a\"; url = \"http://h\"; },\n { name = \"b\"; url = \"http://h\"; } );");
	one_issue("t.conf:2", "b has the same url as a (t.conf:1)", CONFIG_WARNING);
	assert_int_equal(config->n_printers, 2);
}

static void test_an_unknown_theme(void **state)
{
	(void)state;
	put("main.conf", "printers = ();\ntheme = \"no-such\";\n", 0600);
	load_file("main.conf");
	one_issue(":2", "no theme 'no-such'", CONFIG_WARNING);
}

static void test_keys_and_hooks(void **state)
{
	(void)state;
	load_text("keys = ( { key = \"ctrl-x\"; action = \"pause\"; view = \"fleet\"; } );\n"
		  "hooks = ( { on = [\"failed\", \"finished\"]; run = [\"notify-send\", \"x\"]; timeout = 3; },\n"
		  "  { on = \"paused\"; run = \"beep\"; } );\n");
	assert_int_equal(config->n_issues, 0);
	assert_int_equal(config->n_keys, 1);
	assert_string_equal(config->keys[0].view, "fleet");
	assert_string_equal(config->keys[0].where, "t.conf:1");
	assert_int_equal(config->n_hooks, 2);
	assert_int_equal(config->hooks[0].argc, 2);
	assert_null(config->hooks[0].argv[2]);
	assert_string_equal(config->hooks[0].on[1], "finished");
	assert_true(config->hooks[0].timeout_s == 3);
	assert_true(config->hooks[1].timeout_s == 10);
}

static void test_mistakes_in_keys_and_hooks(void **state)
{
	(void)state;
	load_text("keys = (\n"
		  "{ key = \"x\"; },\n"
		  "{ key = \"x\"; action = \"pasue\"; },\n"
		  "{ key = \"x\"; action = \"pause\"; vew = \"fleet\"; } );\n"
		  "hooks = (\n"
		  "{ on = [\"faild\"]; run = [\"x\"]; },\n"
		  "{ on = [\"failed\"]; },\n"
		  "{ on = [\"failed\"]; run = [\"x\"]; timeout = 0; } );\n"
		  "hook = 5;\n");
	issue("t.conf:2", "a key binding needs key and action");
	issue("t.conf:3", "there is no action 'pasue'; did you mean 'pause'?");
	issue("t.conf:4", "a key binding has no 'vew'; did you mean 'view'?");
	issue("t.conf:6", "there is no event 'faild'; did you mean 'failed'?");
	issue("t.conf:7", "a hook needs on, and run or post");
	issue("t.conf:8", "timeout is 0");
	issue("t.conf:9", "did you mean 'hooks'?");
	assert_int_equal(config->n_issues, 7);
}

static void test_a_missing_file_is_named(void **state)
{
	struct err e;

	(void)state;
	load_file("nothing.conf");
	assert_true(config_has_errors(config));
	config_first_error(config, &e);
	assert_non_null(strstr(e.text, "nothing.conf: No such file"));
	config_free(config);
	config = config_load(dir);
	assert_true(config_has_errors(config));
}

static void test_too_big_a_file(void **state)
{
	char *text = mem_alloc(LIMIT_CONFIG_BYTES + 2);

	(void)state;
	memset(text, '#', LIMIT_CONFIG_BYTES + 1);
	text[LIMIT_CONFIG_BYTES + 1] = '\0';
	put("main.conf", text, 0600);
	free(text);
	load_file("main.conf");
	assert_int_equal(config->n_issues, 1);
	assert_true(config_has_errors(config));
}

static void test_printers_d(void **state)
{
	(void)state;
	put("main.conf", "@include \"more.conf\"\nprinters = ( { name = \"m\"; url = \"http://m\"; } );\n", 0644);
	put("more.conf", "bell = false;\nbel = 1;\n", 0644);
	put("printers.d/b.conf", "printers = ( { name = \"b\"; url = \"http://b\"; } );\nbell = true;\n", 0644);
	put("printers.d/a.conf", "printer = { name = \"a\"; url = \"http://a\"; };\n", 0644);
	put("printers.d/.c.conf", "nonsense", 0644);
	put("printers.d/d.conf~", "nonsense", 0644);
	load_file("main.conf");
	assert_int_equal(config->n_printers, 3);
	assert_string_equal(config->printers[0].name, "m");
	assert_string_equal(config->printers[1].name, "a");
	assert_string_equal(config->printers[2].name, "b");
	assert_true(str_ends(config->printers[2].where, "printers.d/b.conf:1"));
	issue("more.conf:2", "printers.conf has no 'bel'");
	issue("printers.d/b.conf:2", "a file of printers.d has no 'bell'");
	assert_int_equal(config->n_issues, 2);
	assert_false(settings_bool(&config->settings, SETTING_BELL));
	assert_true(str_ends(config->settings.values[SETTING_BELL].where, "more.conf:1"));
}

static void test_printers_d_alone(void **state)
{
	char *path = path_in_dir("printers.conf");

	(void)state;
	put("printers.d/a.conf", "printer = { name = \"a\"; url = \"http://a\"; };\n", 0644);
	put("printers.d/b.conf", "", 0644);
	assert_int_equal(access(path, F_OK), -1);
	load_file("printers.conf");
	assert_false(config_has_errors(config));
	assert_int_equal(config->n_printers, 1);
	assert_string_equal(config->path, path);
	free(path);
}

static void clear_printers_d(void)
{
	put("printers.d/a.conf", "", 0644);
	put("printers.d/b.conf", "", 0644);
}

static void test_wide_modes(void **state)
{
	const char *text = "printers = ( { name = \"a\"; url = \"http://h\"; key = \"k\"; } );";

	(void)state;
	clear_printers_d();
	put("main.conf", text, 0644);
	load_file("main.conf");
	assert_int_equal(config->n_issues, 1);
	assert_int_equal(config->issues[0].severity, CONFIG_WARNING);
	assert_true(str_ends(config->issues[0].text, "/main.conf"));
	assert_non_null(strstr(config->issues[0].text, "chmod 600 /"));
	put("main.conf", text, 0600);
	load_file("main.conf");
	assert_int_equal(config->n_issues, 0);
	/* Without a key in it the file may be read by all. */
	put("main.conf", "bell = true;", 0644);
	load_file("main.conf");
	assert_int_equal(config->n_issues, 0);
}

static void load_key(const char *member)
{
	char *text = mem_printf("printers = ( { name = \"a\"; url = \"http://h\"; %s } );", member);

	put("main.conf", text, 0600);
	free(text);
	load_file("main.conf");
	assert_int_equal(config->n_printers, 1);
	assert_false(config_has_errors(config));
}

static void test_key_files(void **state)
{
	(void)state;
	clear_printers_d();
	put("key", "  s3cret \n", 0600);
	put("wide", "s3cret", 0644);
	put("empty", "\n", 0600);
	load_key("key_file = \"key\";");
	assert_int_equal(config->n_issues, 0);
	assert_string_equal(config->printers[0].key.value, "s3cret");
	assert_true(str_ends(config->printers[0].key_source, "/key"));
	load_key("key_file = \"wide\";");
	one_issue("main.conf:1", "chmod 600 ", CONFIG_WARNING);
	load_key("key_file = \"none\";");
	one_issue("main.conf:1", "none: No such file", CONFIG_WARNING);
	assert_non_null(strstr(config->printers[0].key_error, "none: No such file"));
	assert_false(secret_is_set(&config->printers[0].key));
	load_key("key_file = \"empty\";");
	one_issue("main.conf:1", "the key is empty", CONFIG_WARNING);
	load_key("key_file = \"/dev/zero\";");
	assert_non_null(config->printers[0].key_error);
}

static void test_keys_from_the_environment(void **state)
{
	(void)state;
	clear_printers_d();
	setenv("TEST_CONFIG_KEY", "from env", 1);
	load_key("key_env = \"TEST_CONFIG_KEY\";");
	assert_string_equal(config->printers[0].key.value, "from env");
	unsetenv("TEST_CONFIG_KEY");
	load_key("key_env = \"TEST_CONFIG_KEY\";");
	one_issue("main.conf:1", "TEST_CONFIG_KEY is not set", CONFIG_WARNING);
}

static void test_keys_from_programs(void **state)
{
	(void)state;
	clear_printers_d();
	load_key("key_command = [\"printf\", \"a b$HOME\\\\nsecond line\"];");
	assert_int_equal(config->n_issues, 0);
	assert_string_equal(config->printers[0].key.value, "a b$HOME");	/* no shell was there */
	assert_string_equal(config->printers[0].key_source, "key_command printf");
	load_key("key_command = \"echo one two\";");
	assert_string_equal(config->printers[0].key.value, "one two");
	load_key("key_command = \"no-such-program-here\";");
	one_issue("main.conf:1", "no-such-program-here: No such file", CONFIG_WARNING);
	load_key("key_command = \"false\";");
	one_issue("main.conf:1", "false ended with status 1", CONFIG_WARNING);
	load_key("key_command = \"true\";");
	one_issue("main.conf:1", "the key is empty", CONFIG_WARNING);
	load_key("key_command = [\"head\", \"-c\", \"9999\", \"/dev/zero\"];");
	one_issue("main.conf:1", "printed more than a key", CONFIG_WARNING);
}

static void test_a_hanging_program_is_ended(void **state)
{
	char *const sleeper[] = { (char *)(uintptr_t)"sleep", (char *)(uintptr_t)"60", NULL };
	struct secret s = { NULL };
	char *script, *slow[2] = { NULL, NULL };
	struct err e;

	(void)state;
	alarm(20);	/* it must not be waited for */
	assert_false(key_from_command(sleeper, 0.1, &s, &e));
	assert_int_equal(e.code, ERR_TIMEOUT);
	/* It gives the key and closes its output, but does not end. */
	put("slow.sh", "#!/bin/sh\necho key\nexec >&-\nexec sleep 60\n", 0700);
	script = path_in_dir("slow.sh");
	slow[0] = script;
	assert_false(key_from_command(slow, 0.2, &s, &e));
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_null(s.value);
	free(script);
	alarm(0);
}

static void test_text_alone_touches_nothing(void **state)
{
	(void)state;
	load_with("key_file = \"/nonexistent\";");
	assert_int_equal(config->n_issues, 0);
	load_with("key_command = \"false\";");
	assert_int_equal(config->n_issues, 0);
	assert_null(config->printers[0].key_error);
	load_with("ca_file = \"/nonexistent\";");
	assert_int_equal(config->n_issues, 1);	/* only: does nothing without https */
}

static void test_key_limits(void **state)
{
	char key[LIMIT_KEY_BYTES + 2];
	struct secret s = { NULL };
	struct err e;

	(void)state;
	memset(key, 'k', sizeof(key));
	key[LIMIT_KEY_BYTES] = '\0';
	assert_true(key_accept(key, &s, &e));
	key[LIMIT_KEY_BYTES] = 'k';
	key[LIMIT_KEY_BYTES + 1] = '\0';
	assert_false(key_accept(key, &s, &e));
	assert_null(strstr(e.text, "kk"));
	secret_done(&s);
}

static void test_too_many_printers(void **state)
{
	struct sbuf b = SBUF_INIT(LIMIT_CONFIG_BYTES);

	(void)state;
	sbuf_adds(&b, "printers = (\n");
	for (int i = 0; i <= LIMIT_PRINTERS; i++)
		sbuf_addf(&b, "%s{name=\"p%d\";url=\"http://h%d\";}", i ? ",\n" : "", i, i);
	sbuf_adds(&b, ");");
	load_text(sbuf_str(&b));
	sbuf_done(&b);
	one_issue("t.conf:1", "printers has more than 4096 elements", CONFIG_ERROR);
	assert_int_equal(config->n_printers, LIMIT_PRINTERS);
}

static void test_where_it_is_found(void **state)
{
	char *folder = path_in_dir("printop"), *expected = path_in_dir("printop/printers.conf"), *found;

	(void)state;
	unsetenv("PRINTOP_CONFIG");
	setenv("XDG_CONFIG_HOME", dir, 1);
	mkdir(folder, 0700);
	put("printop/printers.conf", "", 0600);
	found = config_find(NULL);
	assert_string_equal(found, expected);
	free(found);
	setenv("PRINTOP_CONFIG", "/from/env", 1);
	found = config_find(NULL);
	assert_string_equal(found, "/from/env");
	free(found);
	found = config_find("/from/option");
	assert_string_equal(found, "/from/option");
	free(found);
	unsetenv("PRINTOP_CONFIG");
	free(folder);
	free(expected);
}

static void test_no_message_holds_a_key(void **state)
{
	(void)state;
	load_text("printers = ( { name = \"a\"; url = \"ftp://h\"; key = \"hunter2\\x01\"; nme = \"x\"; } );");
	assert_true(config->n_issues >= 3);
	for (size_t i = 0; i < config->n_issues; i++)
		assert_null(strstr(config->issues[i].text, "hunter2"));
}

static void test_odd_texts(void **state)
{
	static const char *const texts[] = { "printers = 5;", "printers = { };", "printers = [1];",
		"printer = ( );", "keys = { };", "hooks = \"x\";", "printers = ( ( ( ) ) );", "(((((", "}",
		"printers = ( { name = 5; url = [ ]; key_command = ( { } ); tags = ( ( ) ); } );",
		"printers = ( { presets = ( 1, ( ) ); camera = 1; notes = 1L; parked = ( ); } );",
		"a = 99999999999999999999;", "poll_active = 1e999;", "\xff\xfe" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		load_text(texts[i]);
		assert_true(config_has_errors(config));
		assert_int_equal(config->n_printers, 0);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_fine), TEST(test_everything_a_printer_can_have),
		TEST(test_every_mistake_is_told), TEST(test_first_error_as_one_text),
		TEST(test_syntax_errors_have_a_line), TEST(test_names_follow_rules),
		TEST(test_members_of_a_printer), TEST(test_urls), TEST(test_warnings_are_no_errors),
		TEST(test_an_unknown_theme),
		TEST(test_keys_and_hooks), TEST(test_mistakes_in_keys_and_hooks),
		TEST(test_a_missing_file_is_named), TEST(test_too_big_a_file), TEST(test_printers_d), TEST(test_printers_d_alone),
		TEST(test_wide_modes), TEST(test_key_files), TEST(test_keys_from_the_environment),
		TEST(test_keys_from_programs), TEST(test_a_hanging_program_is_ended),
		TEST(test_text_alone_touches_nothing), TEST(test_key_limits),
		TEST(test_too_many_printers), TEST(test_where_it_is_found),
		TEST(test_no_message_holds_a_key), TEST(test_odd_texts),
	};

	return cmocka_run_group_tests_name("config", tests, setup_dir, teardown_dir);
}
