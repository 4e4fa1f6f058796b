/* The connector's words: what is sent has the exact shape, what comes is checked before anything is done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <math.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "connector/base64.h"
#include "connector/protocol.h"

#define assert_text(made, text) do { char *made_ = (made); assert_string_equal(made_, text); free(made_); } while (0)

/* ---- pairing ---- */

static void test_register(void **state)
{
	struct wire_device d = { .hostname = "pi", .arch = "arm64", .os = "linux" };
	struct wire_printer p[2] = { { .name = "a", .ui_port = 4408 }, { .name = "b\"c", .ui_port = 80 } };

	(void)state;
	assert_text(protocol_register("T", NULL, &d, p, 2),
		    "{\"pairing_token\":\"T\",\"device\":{\"hostname\":\"pi\",\"arch\":\"arm64\",\"os\":\"linux\",\"version\":\""
		    PROTOCOL_VERSION "\",\"ui_port\":4408},\"printers\":[{\"name\":\"a\",\"ui_port\":4408},"
		    "{\"name\":\"b\\\"c\",\"ui_port\":80}]}");
	str_copy(d.ip, sizeof(d.ip), "10.0.0.2");
	char *text = protocol_register("T", "Shop", &d, p, 1);
	assert_non_null(strstr(text, "\"site_name\":\"Shop\""));
	assert_non_null(strstr(text, "\"ip\":\"10.0.0.2\""));
	free(text);
	protocol_device(&d);
	assert_true(*d.hostname && *d.arch);
}

static bool registered(const char *text, struct registration *r)
{
	struct err e;

	return protocol_read_registration(text, strlen(text), 2, r, &e);
}

static void test_registration(void **state)
{
	struct registration r;

	(void)state;
	assert_true(registered("{\"connector\":{\"id\":17},\"credentials\":{\"secret\":\"s3\"},\"printers\":[{\"id\":\"8\"},{\"id\":9}],"
			       "\"polling\":{\"commands_seconds\":5,\"snapshots_seconds\":-1}}", &r));
	assert_string_equal(r.id, "17");
	assert_string_equal(r.secret.value, "s3");
	assert_true(r.ids[0] == 8 && r.ids[1] == 9);
	assert_true(r.commands_s == 5 && isnan(r.snapshots_s));
	registration_done(&r);
	assert_true(registered("{\"connector\":{\"id\":\"x-1\"},\"credentials\":{\"secret\":\"s\"}}", &r));
	assert_true(r.ids[0] == 0 && r.ids[1] == 0);
	registration_done(&r);
	static const char *const bad[] = {
		"null", "{}", "[]", "", "{", "{\"connector\":{\"id\":1}}", "{\"credentials\":{\"secret\":\"s\"}}",
		"{\"connector\":{\"id\":null},\"credentials\":{\"secret\":\"s\"}}",
		"{\"connector\":{\"id\":1},\"credentials\":{\"secret\":\"\"}}",
		"{\"connector\":{\"id\":1},\"credentials\":{\"secret\":7}}",
		"{\"connector\":{\"id\":1},\"credentials\":{\"secret\":\"a\\r\\nX: y\"}}",
		"{\"connector\":{\"id\":1.5},\"credentials\":{\"secret\":\"s\"}}",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (registered(bad[i], &r))
			fail_msg("taken: %s", bad[i]);
}

/* ---- heartbeat, completion, snapshot ---- */

static void test_heartbeat(void **state)
{
	struct wire_printer p[2] = { { .id = 3, .reachable = true }, { .id = 4 } };
	char at[24];

	(void)state;
	assert_text(protocol_heartbeat(12, p, 2), "{\"status\":{\"uptime_seconds\":12,\"version\":\"" PROTOCOL_VERSION "\"},"
		    "\"printers\":[{\"printer_id\":3,\"reachable\":true},{\"printer_id\":4,\"reachable\":false}]}");
	protocol_time(1767225600.9, at);
	assert_string_equal(at, "2026-01-01T00:00:00Z");
}

static void test_completion(void **state)
{
	struct json *r = json_new_object();
	char line[PROTOCOL_ERROR_BYTES + 1], big[4000];

	(void)state;
	json_set_str(r, "action", "pause");
	assert_text(protocol_completion(r, NULL), "{\"status\":\"succeeded\",\"result\":{\"action\":\"pause\"}}");
	assert_text(protocol_completion(json_new_object(), "no\nTraceback"), "{\"status\":\"failed\",\"error_message\":\"no\"}");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	protocol_error_line(line, big);
	assert_int_equal(strlen(line), PROTOCOL_ERROR_BYTES);
	protocol_error_line(line, "\n\n first \x1b[31m line\r\nsecond");
	assert_null(strchr(line, '\x1b'));
	assert_null(strstr(line, "second"));
}

static void test_snapshot_of_another_dialect(void **state)
{
	struct printer p = { .dialect = "octoprint" };
	struct json *o;
	char *text;

	(void)state;
	printer_state_init(&p.state);
	p.state.status = PRINTER_PAUSED;
	p.state.job.progress = 0.25;
	p.state.job.elapsed_s = 90;
	str_copy(p.state.job.file, sizeof(p.state.job.file), "a/b.gcode");
	printer_heater_add(&p.state, "extruder", "tool0")->actual_c = 210.5;
	text = protocol_snapshot(7, "2026-01-01T00:00:00Z", protocol_payload(&p, 5));
	o = json_parse(text, strlen(text), NULL);
	free(text);
	assert_int_equal(json_int(o, "printer_id", 0), 7);
	assert_string_equal(json_raw(o, "captured_at"), "2026-01-01T00:00:00Z");
	assert_string_equal(json_raw(o, "payload.result.status.print_stats.state"), "paused");
	assert_string_equal(json_raw(o, "payload.result.status.print_stats.filename"), "a/b.gcode");
	assert_true(json_num(o, "payload.result.status.print_stats.print_duration", 0) == 90);
	assert_true(json_num(o, "payload.result.status.virtual_sdcard.progress", 0) == 0.25);
	assert_int_equal(json_bool(o, "payload.result.status.virtual_sdcard.is_active", -1), 0);
	assert_true(json_num(o, "payload.result.status.extruder.temperature", 0) == 210.5);
	assert_true(json_is_null(json_at(o, "payload.result.status.heater_bed.target")));
	assert_int_equal(json_count(json_at(o, "payload.result.status.toolhead.position")), 4);
	assert_int_equal(json_bool(o, "payload.result.status.pause_resume.is_paused", -1), 1);
	json_free(o);
}

static void test_reachable(void **state)
{
	struct printer p = { .dialect = "moonraker" };
	static const struct {
		enum printer_status s;
		bool reachable;
	} rows[] = {
		{ PRINTER_IDLE, true }, { PRINTER_PRINTING, true }, { PRINTER_ERROR, true }, { PRINTER_SHUTDOWN, true },
		{ PRINTER_OFFLINE, false }, { PRINTER_DISCONNECTED, false }, { PRINTER_UNAUTHORIZED, false }, { PRINTER_UNKNOWN, false },
	};

	(void)state;
	printer_state_init(&p.state);
	p.state.fresh.ok_ms = 1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		p.state.status = rows[i].s;
		assert_int_equal(protocol_reachable(&p), rows[i].reachable);
	}
	p.state.status = PRINTER_IDLE;
	p.state.fresh.failures = 1;
	assert_false(protocol_reachable(&p));
}

/* ---- commands ---- */

struct parsed {
	struct json *doc;
	struct cloud_command c;
	struct action_args args;
	struct err e;
	bool command, whole;
};

static struct parsed parse(const char *text)
{
	static struct parsed p;

	json_free(p.doc);
	memset(&p, 0, sizeof(p));
	p.doc = json_parse(text, strlen(text), &p.e);
	assert_non_null(p.doc);
	p.command = protocol_command(p.doc, &p.c, &p.e);
	p.whole = p.command && protocol_args(p.c.action, p.c.params, &p.args, &p.e);
	return p;
}

static void test_command_ids(void **state)
{
	static const struct {
		const char *text, *id;
	} rows[] = {
		{ "{\"id\":5,\"printer_id\":1,\"action\":\"pause\"}", "5" },
		{ "{\"id\":\"5\",\"printer_id\":1,\"action\":\"pause\"}", "5" },
		{ "{\"id\":\"a/b ?\",\"printer_id\":1,\"action\":\"pause\"}", "a/b ?" },
		{ "{\"id\":9007199254740993,\"printer_id\":1,\"action\":\"pause\"}", "" },
		{ "{\"id\":1.5,\"printer_id\":1,\"action\":\"pause\"}", "" },
		{ "{\"id\":\"\",\"printer_id\":1,\"action\":\"pause\"}", "" },
		{ "{\"id\":\"a\\nb\",\"printer_id\":1,\"action\":\"pause\"}", "" },
		{ "{\"id\":{},\"printer_id\":1,\"action\":\"pause\"}", "" },
		{ "{\"printer_id\":1,\"action\":\"pause\"}", "" },
		{ "[]", "" }, { "7", "" }, { "null", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parsed p = parse(rows[i].text);

		assert_string_equal(p.c.id, rows[i].id);
		assert_int_equal(p.command, *rows[i].id != 0);
	}
}

static void test_bad_commands_keep_their_id(void **state)
{
	static const char *const rows[] = {
		"{\"id\":5,\"printer_id\":\"1\",\"action\":\"pause\"}",
		"{\"id\":5,\"printer_id\":1.5,\"action\":\"pause\"}",
		"{\"id\":5,\"action\":\"pause\"}",
		"{\"id\":5,\"printer_id\":1}",
		"{\"id\":5,\"printer_id\":1,\"action\":7}",
		"{\"id\":5,\"printer_id\":1,\"action\":\"pause\",\"params\":[1]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parsed p = parse(rows[i]);

		assert_false(p.command);
		assert_string_equal(p.c.id, "5");
		assert_true(*p.e.text);
	}
	assert_int_equal(parse("{\"id\":5,\"printer_id\":1,\"action\":\"fly\"}").c.action, CLOUD_ACTION_N);
}

#define CMD(action, params) "{\"id\":1,\"printer_id\":1,\"action\":\"" action "\",\"params\":" params "}"

static void test_parameters(void **state)
{
	static const struct {
		const char *text, *error;	/* NULL: good */
	} rows[] = {
		{ CMD("pause", "null"), NULL },
		{ CMD("start_print", "{}"), "missing params.filename for start_print" },
		{ CMD("start_print", "null"), "missing params.filename for start_print" },
		{ CMD("delete_file", "{\"filename\":\"\"}"), "missing params.filename for delete_file" },
		{ CMD("upload_file", "{\"content\":\"\"}"), "missing params.filename for upload_file" },
		{ CMD("upload_file", "{\"filename\":\"a.gcode\"}"), "missing params.content for upload_file" },
		{ CMD("start_print", "{\"filename\":\"a/b c.gcode\"}"), NULL },
		{ CMD("start_print", "{\"filename\":\"../a.gcode\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"../config/printer.cfg\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"/etc/passwd\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"a//b\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"a/./b\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"a/\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"a\\\\..\\\\b\"}"), "below the folder" },
		{ CMD("delete_file", "{\"filename\":\"a\\u001b[1mb\"}"), "below the folder" },
		{ CMD("upload_file", "{\"filename\":\"a\\\"b.gcode\",\"content\":\"\"}"), "does not keep" },
		{ CMD("upload_file", "{\"filename\":\".hidden\",\"content\":\"\"}"), "does not keep" },
		{ CMD("homing", "{\"axes\":[\"Q\"]}"), "X, Y and Z" },
		{ CMD("homing", "{\"axes\":\"X\"}"), "X, Y and Z" },
		{ CMD("homing", "{\"axes\":[\"X\",\"XY\"]}"), "X, Y and Z" },
		{ CMD("create_backup", "{}"), "missing params.backup_id" },
		{ CMD("create_backup", "{\"backup_id\":\"b1\"}"), "missing params.presigned_url" },
		{ CMD("create_backup", "{\"backup_id\":\"../b1\",\"presigned_url\":\"https://x/\"}"), "params.backup_id" },
		{ CMD("create_backup", "{\"backup_id\":\".b\",\"presigned_url\":\"https://x/\"}"), "params.backup_id" },
		{ CMD("create_backup", "{\"backup_id\":\"b\",\"presigned_url\":\"https://x/\",\"include\":{}}"), "no directories selected" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parsed p = parse(rows[i].text);

		assert_true(p.command);
		if (p.whole != !rows[i].error || (rows[i].error && !strstr(p.e.text, rows[i].error)))
			fail_msg("%s: %s", rows[i].text, p.whole ? "taken" : p.e.text);
	}
}

static void test_good_parameters(void **state)
{
	struct parsed p = parse(CMD("upload_file", "{\"filename\":\"a/b/c.gcode\",\"content\":\"QQ==\"}"));

	(void)state;
	assert_true(p.whole);
	assert_string_equal(p.args.folder, "a/b");
	assert_string_equal(p.args.name, "c.gcode");
	p = parse(CMD("homing", "{\"axes\":[\"Z\",\"x\",\"X\"]}"));
	assert_string_equal(p.args.axes, "zx");
	p = parse(CMD("homing", "{}"));
	assert_string_equal(p.args.axes, "");
	p = parse(CMD("import_history", "{}"));
	assert_int_equal(p.args.limit, 50);
	p = parse(CMD("import_history", "{\"limit\":7}"));
	assert_int_equal(p.args.limit, 7);
	p = parse(CMD("create_backup", "{\"backup_id\":12,\"presigned_url\":\"https://x/y?z\",\"include\":{\"config\":true,\"logs\":true}}"));
	assert_true(p.whole);
	assert_string_equal(p.args.backup_id, "12");
	assert_int_equal(p.args.include, 1u << BACKUP_CONFIG | 1u << BACKUP_LOGS);
	parse("{}");
}

/* ---- addresses, pictures, time ---- */

static void test_private_hosts(void **state)
{
	static const char *const yes[] = {
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.9", "169.254.1.1", "100.64.0.1", "::1", "fd00::1",
		"fe80::1%eth0", "::ffff:10.0.0.1", "localhost", "cloud", "cloud.local", "a.b.lan", "x.internal", "x.home.arpa",
	};
	static const char *const no[] = {
		"8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1", "100.128.0.1", "2001:db8::1", "example.com", "local.example.com",
		"::ffff:8.8.8.8", "134744072", "0x8080808", "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!protocol_host_is_private(yes[i]))
			fail_msg("%s is private", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (protocol_host_is_private(no[i]))
			fail_msg("%s is not private", no[i]);
}

static void test_cloud_urls(void **state)
{
	struct err e;

	(void)state;
	assert_true(protocol_cloud_url("https://example.com", false, &e));
	assert_true(protocol_cloud_url("http://192.168.1.2:3000", false, &e));
	assert_false(protocol_cloud_url("http://example.com", false, &e));
	assert_non_null(strstr(e.text, "insecure_http"));
	assert_true(protocol_cloud_url("http://example.com", true, &e));
	assert_false(protocol_cloud_url("ftp://example.com", true, &e));
	assert_false(protocol_cloud_url("https://user:secret@example.com", true, &e));
	assert_null(strstr(e.text, "secret@"));
}

static void test_pictures(void **state)
{
	static const char jpeg[] = "\xff\xd8\xff\xe0" "0123456789", png[] = "\x89PNG\r\n\x1a\n" "0123456789";

	(void)state;
	assert_string_equal(protocol_image_type("image/jpeg", jpeg, sizeof(jpeg)), "image/jpeg");
	assert_string_equal(protocol_image_type("image/jpg", jpeg, sizeof(jpeg)), "image/jpeg");
	assert_string_equal(protocol_image_type("", jpeg, sizeof(jpeg)), "image/jpeg");
	assert_string_equal(protocol_image_type("image/png", png, sizeof(png)), "image/png");
	assert_string_equal(protocol_image_type("image/webp", "RIFF....WEBPVP8 ", 16), "image/webp");
	assert_null(protocol_image_type("image/webp", "RIFF....WAVEfmt ", 16));
	assert_null(protocol_image_type("text/html", jpeg, sizeof(jpeg)));
	assert_null(protocol_image_type("image/png", jpeg, sizeof(jpeg)));
	assert_null(protocol_image_type("image/jpeg", "<html>not a picture", 19));
	assert_null(protocol_image_type("image/jpeg", jpeg, 3));
}

static void test_backoff(void **state)
{
	(void)state;
	assert_int_equal(protocol_backoff_ms(1, 0.5), 1000);
	assert_int_equal(protocol_backoff_ms(2, 0.5), 2000);
	assert_int_equal(protocol_backoff_ms(6, 0.5), 32000);
	assert_int_equal(protocol_backoff_ms(7, 0.5), 60000);
	assert_int_equal(protocol_backoff_ms(1000000, 0), 45000);
	assert_int_equal(protocol_backoff_ms(1000000, 1), 75000);
	assert_int_equal(protocol_backoff_ms(0, 0), 750);
}

/* ---- base64 ---- */

static bool decodes(const char *text, size_t step, char *dst, size_t size)
{
	struct base64 b = { 0 };
	unsigned char piece[256];
	size_t len = strlen(text), at = 0;

	for (size_t i = 0, n; i < len; i += step) {
		if (!base64_add(&b, text + i, i + step < len ? step : len - i, piece, &n))
			return false;
		assert_true(n <= base64_room(step) && at + n < size);
		memcpy(dst + at, piece, n);
		at += n;
	}
	dst[at] = '\0';
	return base64_end(&b);
}

static void test_base64(void **state)
{
	static const struct {
		const char *text, *plain;	/* NULL: refused */
	} rows[] = {
		{ "", "" }, { "QQ==", "A" }, { "QUI=", "AB" }, { "QUJD", "ABC" }, { "QUJDRA==", "ABCD" }, { "QU\r\nJD\n", "ABC" },
		{ "+/+/", "\xfb\xff\xbf" }, { "QQ", NULL }, { "QQ=", NULL }, { "Q", NULL }, { "Q===", NULL }, { "=", NULL }, { "QQ==QQ==", NULL },
		{ "QUJD=", NULL }, { "QQ===", NULL }, { "Q Q=", NULL }, { "-_-_", NULL }, { "QQ=a", NULL },
	};
	char got[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t step = 1; step < 6; step++) {
			bool ok = decodes(rows[i].text, step, got, sizeof(got));

			if (ok != (rows[i].plain != NULL) || (ok && strcmp(got, rows[i].plain)))
				fail_msg("\"%s\" in steps of %zu", rows[i].text, step);
		}
	}
}

static void test_base64_file(void **state)
{
	char path[] = "/tmp/printop-base64-XXXXXX", *text = mem_alloc(400001), *back;
	int64_t bytes;
	struct err e;
	size_t len;

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < 400000; i++)
		text[i] = "QUJD"[i % 4];
	text[400000] = '\0';
	assert_true(base64_to_file(text, path, &bytes, &e));
	assert_int_equal(bytes, 300000);
	assert_true(path_read(path, 400000, &back, &len, &e));
	assert_int_equal(len, 300000);
	assert_memory_equal(back + 299997, "ABC", 3);
	text[399999] = '!';
	assert_false(base64_to_file(text, path, &bytes, &e));
	assert_int_equal(access(path, F_OK), -1);	/* nothing is left of it */
	free(back);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register),
		cmocka_unit_test(test_registration),
		cmocka_unit_test(test_heartbeat),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_snapshot_of_another_dialect),
		cmocka_unit_test(test_reachable),
		cmocka_unit_test(test_command_ids),
		cmocka_unit_test(test_bad_commands_keep_their_id),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_good_parameters),
		cmocka_unit_test(test_private_hosts),
		cmocka_unit_test(test_cloud_urls),
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
