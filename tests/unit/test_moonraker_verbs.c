/* Moonraker's verbs: JSON-RPC and its fallback, what is looked at before a start, lost answers. */
#include "driver_case.h"

#include <printop/sbuf.h>

#define RPC(method, params) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "},\"id\":1}"
#define RPC_ERROR(code, text) "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":" code \
	",\"message\":\"" text "\"}}"
#define ERROR(text) "{\"error\":{\"code\":400,\"message\":\"" text "\"}}"
#define NOT_FOUND "{\"error\":{\"code\":404,\"message\":\"Not Found\"}}"

static void test_commands(void **state)
{
	static const struct {
		enum verb verb;
		const char *rpc, *path;
		long timeout_ms;
	} rows[] = {
		{ VERB_PAUSE, RPC("printer.print.pause", ""), "/printer/print/pause", TIMEOUT_COMMAND_MS },
		{ VERB_RESUME, RPC("printer.print.resume", ""), "/printer/print/resume", TIMEOUT_COMMAND_MS },
		{ VERB_CANCEL, RPC("printer.print.cancel", ""), "/printer/print/cancel", TIMEOUT_COMMAND_MS },
		{ VERB_RESTART, RPC("printer.firmware_restart", ""), "/printer/firmware_restart",
		  3 * TIMEOUT_REPLY_MS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct driver_case c;

		case_open(&c, "moonraker", PRINTER_PRINTING);
		assert_int_equal(case_begin(&c, rows[i].verb), EXCHANGE_SEND);
		assert_request(&c, HTTP_POST, "/server/jsonrpc", rows[i].rpc);
		assert_int_equal(c.req.timeout_ms, rows[i].timeout_ms);
		/* An old server has no such path: nothing has happened there. */
		assert_int_equal(case_step(&c, reply_json(404, NOT_FOUND)), EXCHANGE_SEND);
		assert_request(&c, HTTP_POST, rows[i].path, "{}");
		assert_int_equal(c.req.timeout_ms, rows[i].timeout_ms);
		assert_int_equal(case_step(&c, reply_json(200, "{\"result\":\"ok\"}")), EXCHANGE_DONE);
		assert_true(c.x.sent);
		c.p.state.no_jsonrpc = true;
		assert_int_equal(case_begin(&c, rows[i].verb), EXCHANGE_SEND);
		assert_request(&c, HTTP_POST, rows[i].path, "{}");
		case_close(&c);
	}
}

static void test_rpc_errors(void **state)
{
	static const struct {
		const char *json;
		enum err_code code;
		const char *text;
	} rows[] = {
		{ RPC_ERROR("-32602", "Unauthorized"), ERR_AUTH, "key refused" },
		{ RPC_ERROR("-32602", "No data for argument: filename"), ERR_REFUSED, "No data for argument" },
		{ RPC_ERROR("-32601", "Method not found"), ERR_REFUSED, "Klippy is not connected" },
		{ RPC_ERROR("503", "Klippy Host not connected"), ERR_REFUSED, "Klippy is not connected" },
		{ RPC_ERROR("400", "Must home\\nfirst\\u001b[1m"), ERR_REFUSED, "refused: Must home first" },
		{ RPC_ERROR("500", "boom"), ERR_BAD_REPLY, "boom" },
		{ "{}", ERR_BAD_REPLY, "" },
		{ "nonsense", ERR_BAD_REPLY, "" },
	};
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	case_begin(&c, VERB_PAUSE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_failed(&c, case_step(&c, reply_json(200, rows[i].json)), rows[i].code, rows[i].text);
	assert_failed(&c, case_step(&c, reply_json(401, "{}")), ERR_AUTH, "key refused");
	assert_false(c.x.sent);
	case_close(&c);
}

/* By a plain path a text of several lines is only in the traceback. */
static void test_tracebacks(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "{\"error\":{\"message\":\"Unknown\",\"traceback\":\"Traceback\\n HTTP 40 HTTP 200: x\\n"
		  "e.HTTPError: HTTP 400: Shutdown\\ndue to M112\\n\"}}", "refused: Shutdown due to M112" },
		{ "{\"error\":{\"message\":\"Unknown\",\"traceback\":\"a.Error: x\\nb.ServerError: No \\\"y\\\"\"}}",
		  "refused: No \"y\"" },
		{ "{\"error\":{\"message\":\"SD busy\",\"traceback\":\"HTTP 400: else\"}}", "refused: SD busy" },
		{ "{\"error\":{\"message\":\"Unknown\"}}", "refused: Unknown" },
		{ "{\"error\":7}", "refused: HTTP 400" },
		{ "no JSON", "refused: HTTP 400" },
	};
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	c.p.state.no_jsonrpc = true;
	case_begin(&c, VERB_PAUSE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_failed(&c, case_step(&c, reply_json(400, rows[i].json)), ERR_REFUSED, "");
		assert_string_equal(c.e.text, rows[i].text);
	}
	case_close(&c);
}

static void test_lost_answers(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	case_begin(&c, VERB_CANCEL);
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_EMPTY, "")), ERR_REFUSED, "without a text");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_TIMEOUT, "")), ERR_TIMEOUT,
		      "may have been carried out");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_READ_ONLY, "")), ERR_REFUSED, "read-only");
	assert_failed(&c, case_step(&c, reply_html(502)), ERR_UNREACHABLE, "502");
	assert_failed(&c, case_step(&c, reply_html(200)), ERR_BAD_REPLY, "web page");
	assert_false(c.x.sent);
	/* nginx gives up after 60 s; the macro goes on. */
	assert_int_equal(case_step(&c, reply_html(504)), EXCHANGE_DONE);
	assert_true(c.x.sent);
	assert_non_null(strstr(c.x.note, "still runs"));
	case_close(&c);
}

static void test_estop(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	assert_int_equal(case_begin(&c, VERB_ESTOP), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/printer/emergency_stop", "{}");
	assert_int_equal(c.req.timeout_ms, TIMEOUT_ESTOP_MS);
	assert_int_equal(case_step(&c, reply_fault(HTTP_FAULT_RESET, "")), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/printer/emergency_stop", "{}");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_RESET, "")), ERR_UNREACHABLE, "");
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":\"ok\"}")), EXCHANGE_DONE);
	case_begin(&c, VERB_ESTOP);
	assert_failed(&c, case_step(&c, reply_json(404, NOT_FOUND)), ERR_REFUSED, "Klippy is not connected");
	assert_failed(&c, case_begin(&c, VERB_CONNECT), ERR_UNSUPPORTED, "");
	case_close(&c);
}

/* ---- start ---- */

static void open_start(struct driver_case *c, const char *file)
{
	case_open(c, "moonraker", PRINTER_IDLE);
	c->x.args.file = mem_strdup(file);
	assert_int_equal(case_begin(c, VERB_START), EXCHANGE_SEND);
}

static void test_start(void **state)
{
	struct driver_case c;

	(void)state;
	open_start(&c, "a/x \"1\".gcode");
	assert_request(&c, HTTP_GET, "/server/files/metadata?filename=a/x%20%221%22.gcode", "");
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":{}}")), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/server/jsonrpc",
		       RPC("printer.print.start", "\"filename\":\"a/x \\\"1\\\".gcode\""));
	assert_int_equal(case_step(&c, reply_json(404, NOT_FOUND)), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/printer/print/start", "{\"filename\":\"a/x \\\"1\\\".gcode\"}");
	assert_failed(&c, case_step(&c, reply_json(400, ERROR("SD busy"))), ERR_REFUSED, "SD busy");
	assert_failed(&c, case_step(&c, reply_json(400, ERROR("Unable to open file"))), ERR_NOT_FOUND, "");
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":\"ok\"}")), EXCHANGE_DONE);
	case_close(&c);
}

/* A start of a missing file would wipe the last job's result: it is never sent. */
static void test_start_of_a_missing_file(void **state)
{
	struct driver_case c;

	(void)state;
	open_start(&c, "b \xc3\xa9/x.gcode");
	assert_int_equal(case_step(&c, reply_json(404, NOT_FOUND)), EXCHANGE_SEND);
	assert_request(&c, HTTP_GET, "/server/files/directory?path=gcodes/b%20%C3%A9", "");
	assert_failed(&c, case_step(&c, reply_json(200, "{\"result\":{\"files\":[{\"filename\":\"y\"}]}}")),
		      ERR_NOT_FOUND, "no such file");
	assert_failed(&c, case_step(&c, reply_json(400, ERROR("x"))), ERR_NOT_FOUND, "no such file");
	/* There, and only not scanned yet. */
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":{\"files\":[{\"filename\":\"x.gcode\"}]}}")),
			 EXCHANGE_SEND);
	assert_int_equal(c.req.method, HTTP_POST);
	case_close(&c);
	open_start(&c, "x.gcode");
	case_step(&c, reply_json(404, NOT_FOUND));
	assert_string_equal(sbuf_str(&c.req.path), "/server/files/directory?path=gcodes");
	case_close(&c);
}

static void test_start_that_is_not_sent(void **state)
{
	struct driver_case c;

	(void)state;
	open_start(&c, "a.gcode");
	assert_failed(&c, case_step(&c, reply_json(401, "{}")), ERR_AUTH, "key refused");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_TIMEOUT, "")), ERR_TIMEOUT, "");
	c.p.state.status = PRINTER_PAUSED;	/* meanwhile: a start would throw that job away */
	assert_failed(&c, case_step(&c, reply_json(200, "{\"result\":{}}")), ERR_REFUSED, "under way");
	str_copy(c.x.args.file, 8, "../x");
	assert_failed(&c, case_begin(&c, VERB_START), ERR_REFUSED, "cannot be sent back");
	str_copy(c.x.args.file, 8, "a\nb");
	assert_failed(&c, case_begin(&c, VERB_START), ERR_REFUSED, "cannot be sent back");
	free(c.x.args.file);
	c.x.args.file = NULL;
	assert_failed(&c, case_begin(&c, VERB_START), ERR_REFUSED, "no file");
	/* Without a name: the last job again. */
	str_copy(c.p.state.job.file, NAME_CAP, "last.gcode");
	assert_int_equal(case_begin(&c, VERB_START), EXCHANGE_SEND);
	assert_string_equal(c.x.args.file, "last.gcode");
	case_close(&c);
}

/* ---- upload ---- */

static void open_upload(struct driver_case *c)
{
	case_open(c, "moonraker", PRINTER_IDLE);
	c->x.args.local = mem_strdup("/home/me/a.gcode");
	c->x.args.name = mem_strdup("b.gcode");
	c->x.args.folder = mem_strdup("up");
	c->x.args.local_bytes = 10;
	c->x.args.start = true;
	assert_int_equal(case_begin(c, VERB_UPLOAD), EXCHANGE_SEND);
}

#define STORED(path, size, started) "{\"item\":{\"path\":\"" path "\",\"size\":" size \
	"},\"print_started\":" started "}"

static void test_upload(void **state)
{
	struct driver_case c;

	(void)state;
	open_upload(&c);
	assert_request(&c, HTTP_POST, "/server/files/upload", "");
	assert_int_equal(c.req.timeout_ms, 0);
	assert_true(c.req.upload->sha256);
	assert_string_equal(c.req.upload->name, "b.gcode");
	assert_string_equal(c.req.upload->fields[0][0], "root");
	assert_string_equal(c.req.upload->fields[1][1], "up");
	assert_string_equal(c.req.upload->fields[2][0], "print");
	assert_null(c.req.upload->fields[3][0]);
	assert_int_equal(case_step(&c, reply_json(201, STORED("gcodes/up/b.gcode", "10", "true"))),
			 EXCHANGE_DONE);
	assert_string_equal(c.x.remote_path, "up/b.gcode");	/* before February 2023 */
	assert_true(c.x.sent && c.x.started && !c.x.start_refused && c.x.remote_bytes == 10);
	assert_int_equal(case_step(&c, reply_json(201, STORED("up/c.gcode", "10", "false"))), EXCHANGE_DONE);
	assert_string_equal(c.x.remote_path, "up/c.gcode");
	assert_true(!c.x.started && c.x.start_refused);
	assert_failed(&c, case_step(&c, reply_json(201, STORED("up/b.gcode", "9", "true"))), ERR_BAD_REPLY,
		      "9 bytes instead of 10");
	case_close(&c);
}

static void test_refused_uploads(void **state)
{
	struct driver_case c;

	(void)state;
	open_upload(&c);
	assert_failed(&c, case_step(&c, reply_json(403, ERROR("Forbidden"))), ERR_REFUSED, "being printed");
	assert_failed(&c, case_step(&c, reply_json(422, ERROR("x"))), ERR_IO, "damaged");
	assert_failed(&c, case_step(&c, reply_json(400, "")), ERR_TOO_BIG, "larger");
	assert_failed(&c, case_step(&c, reply_json(401, "{}")), ERR_AUTH, "key refused");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_FILE, "it has changed")), ERR_IO, "it has changed");
	assert_failed(&c, case_step(&c, reply_json(500, ERROR("Internal Server Error"))), ERR_BAD_REPLY, "");
	assert_false(c.x.sent);
	assert_int_equal(case_step(&c, reply_json(500, ERROR("Unable to save file"))), EXCHANGE_RETRY);
	assert_int_equal(case_begin(&c, VERB_UPLOAD), EXCHANGE_SEND);
	assert_string_equal(sbuf_str(&c.req.path), "/server/files/upload");
	case_close(&c);
}

/* nginx took all of it and then did not wait for the scan: the file is looked for. */
static void test_upload_behind_an_impatient_proxy(void **state)
{
	struct driver_case c;

	(void)state;
	open_upload(&c);
	assert_int_equal(case_step(&c, reply_html(504)), EXCHANGE_SEND);
	assert_request(&c, HTTP_GET, "/server/files/metadata?filename=up/b.gcode", "");
	assert_failed(&c, case_step(&c, reply_json(404, NOT_FOUND)), ERR_TIMEOUT, "no file there");
	assert_failed(&c, case_step(&c, reply_json(200, "{\"result\":{\"size\":3}}")), ERR_BAD_REPLY, "3 bytes");
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":{\"size\":10}}")), EXCHANGE_DONE);
	assert_true(c.x.sent && !c.x.started && !c.x.start_refused);
	assert_non_null(strstr(c.x.note, "whether it starts"));
	case_close(&c);
}

/* ---- home, delete ---- */

static void test_home(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	assert_int_equal(case_begin(&c, VERB_HOME), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/server/jsonrpc",
		       "{\"jsonrpc\":\"2.0\",\"method\":\"printer.gcode.script\",\"params\":{\"script\":\"G28\"},\"id\":1}");
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":\"ok\"}")), EXCHANGE_DONE);
	c.p.state.no_jsonrpc = true;
	str_copy(c.x.args.axes, sizeof(c.x.args.axes), "zx");
	case_begin(&c, VERB_HOME);
	assert_request(&c, HTTP_POST, "/printer/gcode/script", "{\"script\":\"G28 Z X\"}");
	assert_failed(&c, case_step(&c, reply_json(400, ERROR("Must home X first"))), ERR_REFUSED, "Must home X first");
	c.p.state.status = PRINTER_BUSY;
	assert_true(verb_allowed(&c.p, VERB_HOME, &c.e));
	c.p.state.status = PRINTER_PRINTING;
	assert_false(verb_allowed(&c.p, VERB_HOME, &c.e));
	c.p.state.status = PRINTER_PAUSED;
	assert_false(verb_allowed(&c.p, VERB_HOME, &c.e));
	case_close(&c);
}

static void test_delete(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	assert_failed(&c, case_begin(&c, VERB_DELETE), ERR_USAGE, "name the file");
	c.x.args.file = mem_strdup("../config/printer.cfg");
	assert_failed(&c, case_begin(&c, VERB_DELETE), ERR_REFUSED, "cannot be sent");
	free(c.x.args.file);
	c.x.args.file = mem_strdup("a b/c#1.gcode");
	assert_int_equal(case_begin(&c, VERB_DELETE), EXCHANGE_SEND);
	assert_request(&c, HTTP_DELETE, "/server/files/gcodes/a%20b/c%231.gcode", "");
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":{}}")), EXCHANGE_DONE);
	assert_failed(&c, case_step(&c, reply_json(400, ERROR("Bad Request"))), ERR_NOT_FOUND, "no such file");
	assert_failed(&c, case_step(&c, reply_json(403, ERROR("Forbidden"))), ERR_REFUSED, "being printed");
	assert_failed(&c, case_step(&c, reply_json(401, "{}")), ERR_AUTH, "key refused");
	str_copy(c.p.state.job.file, sizeof(c.p.state.job.file), "a b/c#1.gcode");
	assert_failed(&c, case_begin(&c, VERB_DELETE), ERR_REFUSED, "being printed");
	case_close(&c);
}

/* ---- files ---- */

static void test_files(void **state)
{
	struct driver_case c;
	const struct file_list *l = &c.x.files;

	(void)state;
	case_open(&c, "moonraker", PRINTER_DISCONNECTED);
	assert_int_equal(case_begin(&c, VERB_FILES), EXCHANGE_SEND);
	assert_request(&c, HTTP_GET, "/server/files/list?root=gcodes", "");
	assert_int_equal(case_step(&c, reply_json(200,
		"{\"result\":[{\"path\":\"a/b/x.gcode\",\"size\":4,\"modified\":5.5},{\"path\":\"a-b.gcode\",\"modified\":1e300},"
		"{\"path\":\"a/.thumbs/x.png\"},{\"path\":\"a/y\\udc80.gcode\"},{\"path\":7},"
		"{\"path\":\"a/z\\u001b[1m.gcode\"}]}")), EXCHANGE_SEND);
	assert_request(&c, HTTP_GET, "/server/files/directory?path=gcodes", "");
	assert_int_equal(l->n, 6);
	assert_string_equal(l->files[0].path, "a");
	assert_true(l->files[0].is_folder);
	assert_string_equal(l->files[1].path, "a-b.gcode");
	assert_true(isnan(l->files[1].modified_at));	/* no date that a calendar has */
	assert_string_equal(l->files[2].path, "a/b");
	assert_string_equal(l->files[3].path, "a/b/x.gcode");
	assert_true(l->files[3].size_bytes == 4 && l->files[3].modified_at == 5.5);
	assert_false(l->files[3].unsafe_name);
	assert_true(l->files[4].unsafe_name && l->files[5].unsafe_name);
	assert_int_equal(case_step(&c, reply_json(200, "{\"result\":{\"disk_usage\":{\"free\":5e12}}}")),
			 EXCHANGE_DONE);
	assert_true(l->free_bytes == 5e12);
	assert_int_equal(case_step(&c, reply_fault(HTTP_FAULT_TIMEOUT, "")), EXCHANGE_DONE);
	assert_true(isnan(l->free_bytes));
	case_begin(&c, VERB_FILES);
	assert_failed(&c, case_step(&c, reply_json(200, "{\"result\":{}}")), ERR_BAD_REPLY, "");
	assert_failed(&c, case_step(&c, reply_json(401, "{}")), ERR_AUTH, "key refused");
	case_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_rpc_errors),
		cmocka_unit_test(test_tracebacks),
		cmocka_unit_test(test_lost_answers),
		cmocka_unit_test(test_estop),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_of_a_missing_file),
		cmocka_unit_test(test_start_that_is_not_sent),
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_refused_uploads),
		cmocka_unit_test(test_upload_behind_an_impatient_proxy),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
