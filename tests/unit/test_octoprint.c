/* OctoPrint's driver beside the recorded replies: requests, memory from poll to poll, sequences. */
#include "driver_case.h"

#define FILE_JSON(path) "\"job\":{\"file\":{\"path\":\"" path "\",\"origin\":\"local\",\"size\":100}}"
#define PROGRESS(done, spent, left) \
	"\"progress\":{\"completion\":" done ",\"printTime\":" spent ",\"printTimeLeft\":" left \
	",\"printTimeLeftOrigin\":\"linear\"}"
#define NO_PROGRESS PROGRESS("null", "null", "null")
#define JOB(state, path, progress) "{\"state\":\"" state "\"," FILE_JSON(path) "," progress "}"
#define NO_JOB(state) "{\"state\":\"" state "\",\"job\":{\"file\":{\"path\":null}}}"

static void hear_job(struct driver_case *c, const char *json)
{
	assert_true(case_hear(c, TOPIC_STATUS, reply_json(200, json)));
	assert_int_equal(c->e.code, ERR_NONE);
}

static void test_requests(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_string_equal(case_ask(&c, TOPIC_STATUS), "/api/job");
	assert_string_equal(case_ask(&c, TOPIC_TEMPS), "/api/printer?exclude=state,sd");
	assert_string_equal(case_ask(&c, TOPIC_VERSION), "/api/version");
	assert_string_equal(case_ask(&c, TOPIC_USER), "/api/currentuser");
	assert_string_equal(case_ask(&c, TOPIC_HISTORY),
			    "/api/printer?history=true&limit=300&exclude=state,sd");
	str_copy(c.p.state.job.file, NAME_CAP, "a b/K\xc3\xa4se#1?.gcode");
	assert_string_equal(case_ask(&c, TOPIC_METADATA),
			    "/api/files/local/a%20b/K%C3%A4se%231%3F.gcode");
	assert_int_equal(c.req.method, HTTP_GET);
	assert_false(driver_octoprint.ask(&c.p, TOPIC_OBJECTS, &c.req, &c.e));
	assert_int_equal(c.e.code, ERR_INTERNAL);
	case_close(&c);
}

static void test_topics(void **state)
{
	struct driver_case c;
	struct printer_state *s = &c.p.state;

	(void)state;
	case_open(&c, "octoprint", PRINTER_UNKNOWN);
	assert_true(case_needs(&c, TOPIC_STATUS));
	assert_false(case_needs(&c, TOPIC_TEMPS) || case_needs(&c, TOPIC_VERSION));
	s->status = PRINTER_DISCONNECTED;
	assert_false(case_needs(&c, TOPIC_TEMPS) || case_needs(&c, TOPIC_HISTORY));
	assert_true(case_needs(&c, TOPIC_VERSION) && case_needs(&c, TOPIC_USER));
	s->status = PRINTER_IDLE;
	assert_true(case_needs(&c, TOPIC_TEMPS) && case_needs(&c, TOPIC_HISTORY));
	assert_false(case_needs(&c, TOPIC_METADATA));
	s->version_tried = s->access_tried = s->history_seeded = true;
	assert_false(case_needs(&c, TOPIC_VERSION) || case_needs(&c, TOPIC_USER) ||
		     case_needs(&c, TOPIC_HISTORY));
	hear_job(&c, JOB("Printing", "a.gcode", PROGRESS("1", "1", "99")));
	assert_true(case_needs(&c, TOPIC_METADATA));
	assert_true(case_hear(&c, TOPIC_METADATA, reply_json(404, "{\"error\":\"no\"}")));
	assert_false(case_needs(&c, TOPIC_METADATA));
	str_copy(s->job.origin, sizeof(s->job.origin), "sdcard");
	s->meta.tried = false;
	assert_false(case_needs(&c, TOPIC_METADATA));
	case_close(&c);
}

/* The same file name may be another file in the next job. */
static void test_a_new_job_asks_for_its_file_again(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_PRINTING);
	hear_job(&c, JOB("Printing", "a.gcode", PROGRESS("99", "9", "1")));
	assert_true(case_hear(&c, TOPIC_METADATA, reply_json(200, "{\"path\":\"a.gcode\",\"size\":5}")));
	assert_int_equal(c.p.state.meta.size_bytes, 5);
	hear_job(&c, JOB("Operational", "a.gcode", PROGRESS("100.0", "10", "0")));
	assert_told(&c, PRINTER_COMPLETE, "");
	assert_false(case_needs(&c, TOPIC_METADATA));
	hear_job(&c, JOB("Starting", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_PREPARING, "");
	assert_true(case_needs(&c, TOPIC_METADATA));
	assert_int_equal(c.p.state.meta.size_bytes, 5);
	/* An answer about the job before is not taken. */
	assert_true(case_hear(&c, TOPIC_METADATA, reply_json(200, "{\"path\":\"b.gcode\",\"size\":6}")));
	assert_int_equal(c.p.state.meta.size_bytes, 5);
	case_close(&c);
}

static void test_cancelled_is_remembered(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_UNKNOWN);
	hear_job(&c, JOB("Operational", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_IDLE, "");	/* only selected */
	hear_job(&c, JOB("Printing", "a.gcode", PROGRESS("40", "10", "15")));
	hear_job(&c, JOB("Cancelling", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_CANCELLING, "");
	assert_true(fabs(c.p.state.job.progress - 0.4) < 1e-9);
	assert_true(isnan(c.p.state.job.left_s));
	hear_job(&c, JOB("Cancelling", "b.gcode", NO_PROGRESS));
	assert_true(isnan(c.p.state.job.progress));	/* that was another job's */
	hear_job(&c, JOB("Cancelling", "a.gcode", NO_PROGRESS));
	hear_job(&c, JOB("Operational", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_CANCELLED, "");
	assert_true(isnan(c.p.state.job.progress));
	hear_job(&c, JOB("Operational", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_CANCELLED, "");
	hear_job(&c, JOB("Operational", "b.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_IDLE, "");
	case_close(&c);
}

/* A cancel that no poll saw: by our own command, or by someone else's. */
static void test_cancelled_unseen(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	str_copy(c.p.state.job.file, NAME_CAP, "a.gcode");
	c.p.pending = VERB_CANCEL + 1;
	hear_job(&c, JOB("Operational", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_CANCELLED, "");
	c.p.pending = 0;
	c.p.state.status = PRINTER_PRINTING;
	hear_job(&c, JOB("Operational", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_CANCELLED, "");
	c.p.state.status = PRINTER_FINISHING;
	hear_job(&c, JOB("Operational", "a.gcode", NO_PROGRESS));
	assert_told(&c, PRINTER_IDLE, "");
	case_close(&c);
}

static void test_lost_job_is_kept(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	hear_job(&c, JOB("Printing", "a.gcode", PROGRESS("40", "10", "15")));
	hear_job(&c, "{\"state\":\"Offline after error\",\"error\":\"MAXTEMP\\u001b[31m\"}");
	assert_told(&c, PRINTER_ERROR, "MAXTEMP");
	assert_string_equal(c.p.state.job.file, "a.gcode");
	assert_true(fabs(c.p.state.job.progress - 0.4) < 1e-9);
	assert_true(isnan(c.p.state.job.left_s));
	hear_job(&c, NO_JOB("Offline"));
	assert_string_equal(c.p.state.job.file, "a.gcode");
	hear_job(&c, NO_JOB("Operational"));
	assert_string_equal(c.p.state.job.file, "");
	hear_job(&c, NO_JOB("Offline"));
	assert_string_equal(c.p.state.job.file, "");
	case_close(&c);
}

static void test_texts_of_other_versions(void **state)
{
	static const struct {
		const char *json;
		enum printer_status status;
		const char *reason;
	} rows[] = {
		{ NO_JOB("Error: Heater failure"), PRINTER_ERROR, "Heater failure" },
		{ NO_JOB("Offline (Error: No port)"), PRINTER_ERROR, "No port" },
		{ NO_JOB("Offline (somehow)"), PRINTER_DISCONNECTED, "printer not connected" },
		{ NO_JOB("Printing on the moon"), PRINTER_PRINTING, "" },
		{ NO_JOB("Transferring file to printer"), PRINTER_BUSY, "Transferring file to printer" },
		{ NO_JOB("Starting to send file to SD"), PRINTER_BUSY, "Starting to send file to SD" },
		{ NO_JOB("Unknown State (17)"), PRINTER_BUSY, "Unknown State (17)" },
		{ NO_JOB("Detecting"), PRINTER_CONNECTING, "Detecting" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct driver_case c;

		case_open(&c, "octoprint", PRINTER_IDLE);
		hear_job(&c, rows[i].json);
		assert_told(&c, rows[i].status, rows[i].reason);
		case_close(&c);
	}
}

static void test_odd_progress(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	hear_job(&c, JOB("Printing", "a.gcode", PROGRESS("-100", "true", "-5")));
	assert_true(c.p.state.job.progress == 0);
	assert_true(isnan(c.p.state.job.elapsed_s) && isnan(c.p.state.job.left_s));
	assert_string_equal(c.p.state.job.left_source, "");
	hear_job(&c, JOB("Printing", "a.gcode", PROGRESS("250", "3", "7")));
	assert_true(c.p.state.job.progress == 1 && c.p.state.job.left_s == 7);
	assert_string_equal(c.p.state.job.left_source, "linear");
	assert_false(case_hear(&c, TOPIC_STATUS, reply_json(200, "{\"state\":{\"text\":\"x\"}}")));
	assert_int_equal(c.e.code, ERR_BAD_REPLY);
	assert_false(case_hear(&c, TOPIC_STATUS, reply_json(200, "[1,2]")));
	assert_false(case_hear(&c, TOPIC_STATUS, reply_json(500, "oops")));
	assert_told(&c, PRINTER_PRINTING, "");
	case_close(&c);
}

/* 1.5 to 2.0: closed port, then "Not found" without HTTP, then a cut connection. */
static void test_server_starts(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_true(case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_RESET, "")));
	assert_told(&c, PRINTER_OFFLINE, "connection cut");
	assert_true(case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_REFUSED, "")));
	assert_told(&c, PRINTER_OFFLINE, "connection refused");
	assert_true(case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_RESET, "")));
	assert_told(&c, PRINTER_STARTING, "starting: connection cut");
	assert_true(case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_NOT_HTTP, "")));
	assert_int_equal(c.p.state.status, PRINTER_STARTING);
	assert_int_equal(c.e.code, ERR_UNREACHABLE);
	/* Of the side questions only the error is kept. */
	c.p.state.status = PRINTER_IDLE;
	assert_false(case_hear(&c, TOPIC_HISTORY, reply_fault(HTTP_FAULT_TIMEOUT, "")));
	assert_int_equal(c.e.code, ERR_TIMEOUT);
	assert_int_equal(c.p.state.status, PRINTER_IDLE);
	case_close(&c);
}

static void test_access(void **state)
{
	static const struct {
		const char *json, *access;
	} rows[] = {
		{ "{\"name\":\"a\",\"permissions\":[\"STATUS\",\"PRINT\",\"CONTROL\"]}", "full" },
		{ "{\"name\":\"a\",\"permissions\":[\"ADMIN\"]}", "full" },
		{ "{\"name\":\"a\",\"permissions\":[\"STATUS\",\"WEBCAM\"]}", "read-only" },
		{ "{\"name\":null,\"permissions\":[\"STATUS\"]}", "read-only" },
		{ "{\"name\":null,\"permissions\":[]}", "protected" },
		{ "{\"name\":\"a\",\"permissions\":[\"STATUS\",\"PRINT\",7]}", "" },
	};
	struct driver_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		case_open(&c, "octoprint", PRINTER_IDLE);
		assert_true(case_hear(&c, TOPIC_USER, reply_json(200, rows[i].json)));
		assert_string_equal(c.p.state.access, rows[i].access);
		assert_true(c.p.state.access_tried);
		case_close(&c);
	}
	case_open(&c, "octoprint", PRINTER_UNAUTHORIZED);
	c.p.state.access_tried = true;
	hear_job(&c, NO_JOB("Operational"));	/* the key was accepted meanwhile */
	assert_true(case_needs(&c, TOPIC_USER));
	case_close(&c);
}

static void test_heaters(void **state)
{
	struct driver_case c;
	const struct printer_state *s = &c.p.state;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_true(case_hear(&c, TOPIC_TEMPS, reply_json(200,
		"{\"temperature\":{\"zone\\u001b[1m\":{\"actual\":1},\"bed\":{\"actual\":60,\"target\":61},"
		"\"odd\":7,\"tool1\":{\"actual\":null,\"target\":\"x\"},\"tool0\":{\"actual\":200}}}")));
	assert_int_equal(s->n_heaters, 4);
	assert_string_equal(s->heaters[0].name, "extruder1");
	assert_string_equal(s->heaters[1].name, "extruder");
	assert_string_equal(s->heaters[2].name, "bed");
	assert_string_equal(s->heaters[3].name, "zone");
	assert_true(isnan(s->heaters[0].actual_c) && isnan(s->heaters[0].target_c));
	assert_true(s->heaters[2].actual_c == 60 && s->heaters[2].target_c == 61);
	assert_true(isnan(s->heaters[2].power));
	/* Hung firmware: the heaters are still there. */
	assert_true(case_hear(&c, TOPIC_TEMPS, reply_json(200, "{\"temperature\":{}}")));
	assert_int_equal(s->n_heaters, 4);
	assert_true(isnan(s->heaters[2].actual_c));
	assert_true(case_hear(&c, TOPIC_TEMPS, reply_json(409, "{\"error\":\"not operational\"}")));
	assert_int_equal(c.e.code, ERR_NONE);
	assert_false(case_hear(&c, TOPIC_TEMPS, reply_json(200, "{\"temperature\":[]}")));
	case_close(&c);
}

/* ---- verbs ---- */

static void test_commands(void **state)
{
	static const struct {
		enum verb verb;
		const char *path, *body;
	} rows[] = {
		{ VERB_PAUSE, "/api/job", "{\"command\":\"pause\",\"action\":\"pause\"}" },
		{ VERB_RESUME, "/api/job", "{\"command\":\"pause\",\"action\":\"resume\"}" },
		{ VERB_CANCEL, "/api/job", "{\"command\":\"cancel\"}" },
		{ VERB_CONNECT, "/api/connection", "{\"command\":\"connect\"}" },
		{ VERB_DISCONNECT, "/api/connection", "{\"command\":\"disconnect\"}" },
		{ VERB_ESTOP, "/api/printer/command", "{\"command\":\"M112\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct driver_case c;

		case_open(&c, "octoprint", PRINTER_PRINTING);
		assert_int_equal(case_begin(&c, rows[i].verb), EXCHANGE_SEND);
		assert_request(&c, HTTP_POST, rows[i].path, rows[i].body);
		assert_true(c.req.timeout_ms >= TIMEOUT_REPLY_MS);
		assert_int_equal(case_step(&c, reply_json(204, "")), EXCHANGE_DONE);
		assert_true(c.x.sent);
		case_close(&c);
	}
}

static void test_refused_commands(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_PRINTING);
	case_begin(&c, VERB_PAUSE);
	assert_failed(&c, case_step(&c, reply_json(409, "{\"error\":\"neither printing\"}")), ERR_REFUSED,
		      "neither printing");
	assert_failed(&c, case_step(&c, reply_json(400, "{\"error\":\"CSRF validation failed\"}")), ERR_AUTH,
		      "key refused");
	assert_failed(&c, case_step(&c, reply_json(403, "{\"error\":\"no\"}")), ERR_AUTH, "403");
	assert_failed(&c, case_step(&c, reply_html(501)), ERR_UNREACHABLE, "starting");
	assert_failed(&c, case_step(&c, reply_html(500)), ERR_BAD_REPLY, "HTTP 500");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_RESET, "")), ERR_UNREACHABLE,
		      "may have been carried out");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_REFUSED, "")), ERR_UNREACHABLE,
		      "connection refused");
	assert_null(strstr(c.e.text, "carried out"));
	assert_failed(&c, case_begin(&c, VERB_RESTART), ERR_UNSUPPORTED, "");
	case_close(&c);
}

static void test_estop_is_sent_twice_at_most(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_PRINTING);
	assert_int_equal(case_begin(&c, VERB_ESTOP), EXCHANGE_SEND);
	assert_int_equal(c.req.timeout_ms, TIMEOUT_ESTOP_MS);
	assert_int_equal(case_step(&c, reply_fault(HTTP_FAULT_TIMEOUT, "")), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/api/printer/command", "{\"command\":\"M112\"}");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_TIMEOUT, "")), ERR_TIMEOUT, "");
	/* The first one was heard after all: the second finds no printer. */
	assert_int_equal(case_step(&c, reply_json(409, "{\"error\":\"not operational\"}")), EXCHANGE_DONE);
	assert_true(c.x.sent);
	case_begin(&c, VERB_ESTOP);
	assert_failed(&c, case_step(&c, reply_json(409, "{\"error\":\"not operational\"}")), ERR_REFUSED,
		      "not operational");
	case_close(&c);
}

static void test_start(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_failed(&c, case_begin(&c, VERB_START), ERR_REFUSED, "no file");
	str_copy(c.p.state.job.file, NAME_CAP, "sel.gcode");
	assert_int_equal(case_begin(&c, VERB_START), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/api/job", "{\"command\":\"start\"}");
	c.x.args.file = mem_strdup("a b/\xc3\xa9t\xc3\xa9.gcode");
	assert_int_equal(case_begin(&c, VERB_START), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/api/files/local/a%20b/%C3%A9t%C3%A9.gcode",
		       "{\"command\":\"select\",\"print\":true}");
	assert_failed(&c, case_step(&c, reply_json(404, "{\"error\":\"x\"}")), ERR_NOT_FOUND, "no such file");
	str_copy(c.x.args.file, 18, "sdcard:x~1.gco");
	assert_int_equal(case_begin(&c, VERB_START), EXCHANGE_SEND);
	assert_string_equal(sbuf_str(&c.req.path), "/api/files/sdcard/x~1.gco");
	str_copy(c.x.args.file, 18, "../../job");
	assert_failed(&c, case_begin(&c, VERB_START), ERR_REFUSED, "cannot be sent back");
	str_copy(c.x.args.file, 18, "bad\xef\xbf\xbd.gcode");
	assert_failed(&c, case_begin(&c, VERB_START), ERR_REFUSED, "cannot be sent back");
	case_close(&c);
}

#define STORED(printing) "{\"done\":true,\"effectivePrint\":" printing \
	",\"files\":{\"local\":{\"path\":\"up/a_b.gcode\"}}}"

static void open_upload(struct driver_case *c)
{
	case_open(c, "octoprint", PRINTER_IDLE);
	c->x.args.local = mem_strdup("/home/me/a\"b.gcode");
	c->x.args.folder = mem_strdup("up");
	c->x.args.local_bytes = 10;
	c->x.args.start = true;
	assert_int_equal(case_begin(c, VERB_UPLOAD), EXCHANGE_SEND);
}

static void test_upload(void **state)
{
	struct driver_case c;

	(void)state;
	open_upload(&c);
	assert_request(&c, HTTP_POST, "/api/files/local", "");
	assert_int_equal(c.req.timeout_ms, 0);
	assert_string_equal(c.req.upload->local_path, "/home/me/a\"b.gcode");
	assert_string_equal(c.req.upload->name, "ab.gcode");
	assert_string_equal(c.req.upload->fields[0][0], "path");
	assert_string_equal(c.req.upload->fields[0][1], "up");
	assert_string_equal(c.req.upload->fields[1][0], "print");
	assert_string_equal(c.req.upload->fields[1][1], "true");
	assert_null(c.req.upload->fields[2][0]);
	assert_false(c.req.upload->sha256);
	assert_int_equal(case_step(&c, reply_json(201, STORED("true"))), EXCHANGE_SEND);
	assert_request(&c, HTTP_GET, "/api/files/local/up/a_b.gcode", "");
	assert_true(c.x.sent && c.x.started && !c.x.start_refused);
	assert_string_equal(c.x.remote_path, "up/a_b.gcode");
	assert_int_equal(case_step(&c, reply_json(200, "{\"size\":10}")), EXCHANGE_DONE);
	assert_int_equal(c.x.remote_bytes, 10);
	assert_string_equal(c.x.note, "");
	case_close(&c);
}

static void test_upload_that_is_not_started(void **state)
{
	struct driver_case c;

	(void)state;
	open_upload(&c);
	assert_int_equal(case_step(&c, reply_json(201, STORED("false"))), EXCHANGE_SEND);
	assert_true(c.x.sent && !c.x.started && c.x.start_refused);
	assert_failed(&c, case_step(&c, reply_json(200, "{\"size\":9}")), ERR_BAD_REPLY, "9 bytes instead of 10");
	assert_int_equal(case_step(&c, reply_fault(HTTP_FAULT_TIMEOUT, "")), EXCHANGE_DONE);
	assert_string_equal(c.x.note, "the printer was not ready for it");
	case_close(&c);
}

static void test_refused_uploads(void **state)
{
	struct driver_case c;

	(void)state;
	open_upload(&c);
	assert_failed(&c, case_step(&c, reply_json(415, "{\"error\":\"x\"}")), ERR_REFUSED, "not a kind of file");
	assert_failed(&c, case_step(&c, reply_json(400, "")), ERR_TOO_BIG, "larger");
	assert_failed(&c, case_step(&c, reply_html(413)), ERR_TOO_BIG, "larger");
	assert_failed(&c, case_step(&c, reply_json(409, "{\"error\":\"being printed\"}")), ERR_REFUSED,
		      "file in use: being printed");
	assert_failed(&c, case_step(&c, reply_json(400, "{\"error\":\"CSRF validation failed\"}")), ERR_AUTH,
		      "key refused");
	assert_failed(&c, case_step(&c, reply_fault(HTTP_FAULT_STALLED, "")), ERR_TIMEOUT, "stopped moving");
	assert_failed(&c, case_step(&c, reply_json(201, "{}")), ERR_BAD_REPLY, "where");
	free(c.x.args.local);
	c.x.args.local = mem_strdup("/x/...");
	assert_failed(&c, case_begin(&c, VERB_UPLOAD), ERR_USAGE, "name");
	case_close(&c);
}

static void test_home(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_int_equal(case_begin(&c, VERB_HOME), EXCHANGE_SEND);
	assert_request(&c, HTTP_POST, "/api/printer/printhead", "{\"command\":\"home\",\"axes\":[\"x\",\"y\",\"z\"]}");
	assert_int_equal(case_step(&c, reply_json(204, "")), EXCHANGE_DONE);
	str_copy(c.x.args.axes, sizeof(c.x.args.axes), "z");
	case_begin(&c, VERB_HOME);
	assert_request(&c, HTTP_POST, "/api/printer/printhead", "{\"command\":\"home\",\"axes\":[\"z\"]}");
	assert_failed(&c, case_step(&c, reply_json(409, "{\"error\":\"Printer is not operational or currently printing\"}")),
		      ERR_REFUSED, "currently printing");
	c.p.state.status = PRINTER_PRINTING;
	assert_false(verb_allowed(&c.p, VERB_HOME, &c.e));
	case_close(&c);
}

static void test_delete(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_PRINTING);
	assert_failed(&c, case_begin(&c, VERB_DELETE), ERR_USAGE, "name the file");
	c.x.args.file = mem_strdup("a b/../c.gcode");
	assert_failed(&c, case_begin(&c, VERB_DELETE), ERR_REFUSED, "cannot be sent");
	free(c.x.args.file);
	c.x.args.file = mem_strdup("sdcard:A.GCO");
	case_begin(&c, VERB_DELETE);
	assert_request(&c, HTTP_DELETE, "/api/files/sdcard/A.GCO", "");
	free(c.x.args.file);
	c.x.args.file = mem_strdup("a b/c.gcode");
	assert_int_equal(case_begin(&c, VERB_DELETE), EXCHANGE_SEND);
	assert_request(&c, HTTP_DELETE, "/api/files/local/a%20b/c.gcode", "");
	assert_int_equal(case_step(&c, reply_json(204, "")), EXCHANGE_DONE);
	assert_failed(&c, case_step(&c, reply_json(404, "{}")), ERR_NOT_FOUND, "no such file");
	assert_failed(&c, case_step(&c, reply_json(409, "{\"error\":\"in use\"}")), ERR_REFUSED, "in use");
	assert_failed(&c, case_step(&c, reply_json(403, "{}")), ERR_AUTH, "may not");
	str_copy(c.p.state.job.file, sizeof(c.p.state.job.file), "a b/c.gcode");
	assert_failed(&c, case_begin(&c, VERB_DELETE), ERR_REFUSED, "being printed");
	case_close(&c);
}

static void test_files_nest_deep(void **state)
{
	struct sbuf b = SBUF_INIT(1 << 20);
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_int_equal(case_begin(&c, VERB_FILES), EXCHANGE_SEND);
	assert_request(&c, HTTP_GET, "/api/files?recursive=true", "");
	assert_int_equal(c.req.max_bytes, LIMIT_LIST_BYTES);
	sbuf_adds(&b, "{\"files\":");
	for (int i = 0; i < 20; i++)
		sbuf_addf(&b, "[{\"path\":\"f%02d\",\"type\":\"folder\",\"children\":", i);
	sbuf_adds(&b, "[]");
	for (int i = 0; i < 20; i++)
		sbuf_adds(&b, "}]");
	sbuf_adds(&b, "}");
	assert_int_equal(case_step(&c, reply_json(200, sbuf_str(&b))), EXCHANGE_DONE);
	assert_int_equal(c.x.files.n, 20);
	assert_string_equal(c.x.files.files[19].path, "f19");
	assert_true(c.x.files.files[19].is_folder && isnan(c.x.files.free_bytes));
	assert_failed(&c, case_step(&c, reply_json(200, "{\"files\":{}}")), ERR_BAD_REPLY, "");
	sbuf_done(&b);
	case_close(&c);
}

static void test_files_are_cut_at_the_limit(void **state)
{
	struct sbuf b = SBUF_INIT(LIMIT_LIST_BYTES);
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	case_begin(&c, VERB_FILES);
	sbuf_adds(&b, "{\"files\":[{\"path\":\"m\",\"type\":\"model\"}");
	for (int i = 0; i <= LIMIT_LIST_ROWS; i++)
		sbuf_addf(&b, ",{\"path\":\"%d\",\"origin\":\"sdcard\"}", i);
	sbuf_adds(&b, "],\"free\":12}");
	assert_int_equal(case_step(&c, reply_json(200, sbuf_str(&b))), EXCHANGE_DONE);
	assert_int_equal(c.x.files.n, LIMIT_LIST_ROWS);
	assert_true(c.x.files.cut && c.x.files.free_bytes == 12);
	assert_string_equal(c.x.files.files[0].path, "sdcard:0");
	sbuf_done(&b);
	case_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_a_new_job_asks_for_its_file_again),
		cmocka_unit_test(test_cancelled_is_remembered),
		cmocka_unit_test(test_cancelled_unseen),
		cmocka_unit_test(test_lost_job_is_kept),
		cmocka_unit_test(test_texts_of_other_versions),
		cmocka_unit_test(test_odd_progress),
		cmocka_unit_test(test_server_starts),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_heaters),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_refused_commands),
		cmocka_unit_test(test_estop_is_sent_twice_at_most),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_upload_that_is_not_started),
		cmocka_unit_test(test_refused_uploads),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_files_nest_deep),
		cmocka_unit_test(test_files_are_cut_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
