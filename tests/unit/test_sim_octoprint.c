/* The simulated OctoPrint: access, states, refusals and files, as 1.11.8 has them. */
#include "sim_rig.h"

static const char *state_of(struct rig *g)
{
	rig_get(g, "/api/job");
	return rig_text(g, "state");
}

static unsigned job(struct rig *g, const char *json)
{
	return rig_post(g, "/api/job", json);
}

#define PAUSE "{\"command\":\"pause\",\"action\":\"pause\"}"
#define RESUME "{\"command\":\"pause\",\"action\":\"resume\"}"
#define CANCEL "{\"command\":\"cancel\"}"
#define START "{\"command\":\"start\"}"

static void test_access(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "idle", NULL, 0);
	g.key = NULL;
	assert_int_equal(rig_get(&g, "/api/job"), 403);
	assert_true(json_is_string(json_get(g.json, "error")));
	assert_int_equal(job(&g, START), 400);
	assert_string_equal(rig_text(&g, "error"), "CSRF validation failed");
	assert_int_equal(rig_get(&g, "/api/currentuser"), 200);
	assert_true(json_is_null(json_get(g.json, "name")));
	assert_int_equal(rig_get(&g, "/plugin/appkeys/probe"), 204);
	assert_int_equal(rig_get(&g, "/access/info"), 404);
	assert_non_null(strstr(sbuf_str(&g.r.headers), "X-Clacks-Overhead:"));
	g.key = "wrong";
	assert_int_equal(rig_get(&g, "/api/version"), 403);
	assert_int_equal(rig_send(&g, "DELETE", "/api/files/local/vase.gcode", NULL, NULL, NULL), 400);
	g.key = KEY;
	assert_int_equal(rig_get(&g, "/api/version"), 200);
	assert_string_equal(rig_text(&g, "text"), "OctoPrint 1.11.8");
	assert_int_equal(rig_get(&g, "/api/currentuser"), 200);
	assert_string_equal(rig_text(&g, "name"), "operator");
	assert_int_equal(rig_get(&g, "/api/nothing"), 404);
	assert_non_null(g.json);
	assert_int_equal(rig_get(&g, "/nothing"), 404);
	assert_null(g.json);
	assert_int_equal(rig_send(&g, "DELETE", "/api/job", NULL, NULL, NULL), 405);
	assert_int_equal(rig_send(&g, "POST", "/api/job", "text/plain", START, NULL), 415);
	assert_int_equal(job(&g, "{nope"), 400);
	assert_int_equal(job(&g, "{\"command\":\"explode\"}"), 400);
	rig_close(&g);
}

/* A whole job, seen through its states. */
static void test_job(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "idle", NULL, 0);
	assert_int_equal(job(&g, START), 204);		/* nothing selected: nothing happens */
	assert_string_equal(state_of(&g), "Operational");
	assert_null(json_at(g.json, "job.file.display"));
	assert_int_equal(rig_post(&g, "/api/files/local/bracket_x12.gcode",
				  "{\"command\":\"select\",\"print\":true}"), 204);
	assert_string_equal(state_of(&g), "Starting");
	assert_true(json_is_null(json_at(g.json, "progress.completion")));
	assert_int_equal(job(&g, PAUSE), 204);		/* lost, as on a real one */
	g.at = 2;
	assert_string_equal(state_of(&g), "Printing");
	assert_int_equal(job(&g, START), 409);
	g.at = 1000;
	state_of(&g);
	double early = rig_num(&g, "progress.completion");

	assert_int_equal(job(&g, PAUSE), 204);
	assert_string_equal(state_of(&g), "Pausing");
	g.at = 1002;
	assert_string_equal(state_of(&g), "Paused");
	double printed = rig_num(&g, "progress.printTime");

	g.at = 1502;
	assert_string_equal(state_of(&g), "Paused");
	assert_near(rig_num(&g, "progress.printTime"), printed, 0.01);
	assert_int_equal(job(&g, RESUME), 204);
	assert_string_equal(state_of(&g), "Resuming");
	g.at = 1600;
	assert_string_equal(state_of(&g), "Printing");
	assert_true(rig_num(&g, "progress.completion") > early);
	assert_near(rig_num(&g, "progress.printTime"), printed + 97, 3);
	g.at = 30000;
	assert_string_equal(state_of(&g), "Operational");
	assert_near(rig_num(&g, "progress.completion"), 100, 0);
	assert_near(rig_num(&g, "progress.printTimeLeft"), 0, 0);
	assert_string_equal(rig_text(&g, "job.file.path"), "bracket_x12.gcode");
	assert_int_equal(job(&g, PAUSE), 409);
	assert_int_equal(job(&g, CANCEL), 409);
	rig_close(&g);
}

static void test_finishing_shows(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "finishing", "hook_50.gcode", 1);
	g.at = 3;
	assert_string_equal(state_of(&g), "Finishing");
	g.at = 8;
	assert_string_equal(state_of(&g), "Operational");
	assert_near(rig_num(&g, "progress.completion"), 100, 0);
	rig_close(&g);
}

static void test_cancel(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "printing", "case_top.gcode", 0.4);
	assert_int_equal(job(&g, CANCEL), 204);
	assert_int_equal(job(&g, CANCEL), 204);
	assert_string_equal(state_of(&g), "Cancelling");
	g.at = 3;
	assert_string_equal(state_of(&g), "Operational");
	assert_true(json_is_null(json_at(g.json, "progress.completion")));
	assert_string_equal(rig_text(&g, "job.file.name"), "case_top.gcode");
	assert_int_equal(job(&g, START), 204);		/* the file is still selected */
	g.at = 600;
	assert_string_equal(state_of(&g), "Printing");
	rig_close(&g);
}

static void test_stop_and_connect(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "printing", "case_top.gcode", 0.4);
	assert_int_equal(rig_post(&g, "/api/printer/command", "{\"command\":\"M112\"}"), 204);
	assert_string_equal(state_of(&g), "Offline after error");
	assert_string_equal(rig_text(&g, "error"), "Closing serial port due to emergency stop M112.");
	assert_true(json_is_null(json_at(g.json, "job.file.name")));
	assert_int_equal(rig_get(&g, "/api/printer"), 409);
	assert_int_equal(job(&g, START), 409);
	assert_int_equal(rig_get(&g, "/api/connection"), 200);
	assert_string_equal(rig_text(&g, "current.state"), "Closed");
	assert_int_equal(rig_post(&g, "/api/connection", "{\"command\":\"connect\",\"port\":\"/dev/x\"}"), 400);
	assert_int_equal(rig_post(&g, "/api/connection", "{\"command\":\"connect\"}"), 204);
	assert_string_equal(state_of(&g), "Detecting serial connection");
	g.at = 2.3;
	assert_string_equal(state_of(&g), "Operational");
	assert_null(json_get(g.json, "error"));
	rig_get(&g, "/api/printer");
	assert_int_equal(json_count(json_get(g.json, "temperature")), 0);	/* nothing heard yet */
	g.at = 5;
	rig_get(&g, "/api/printer");
	assert_false(isnan(rig_num(&g, "temperature.tool0.actual")));
	assert_int_equal(rig_post(&g, "/api/connection", "{\"command\":\"disconnect\"}"), 204);
	assert_string_equal(state_of(&g), "Offline");
	rig_close(&g);
}

static void test_printer(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "printing", "hook_50.gcode", 0.5);
	assert_int_equal(rig_get(&g, "/api/printer?exclude=sd,state"), 200);
	assert_int_equal(json_count(g.json), 1);
	assert_near(rig_num(&g, "temperature.tool0.target"), 215, 0);
	assert_near(rig_num(&g, "temperature.tool0.actual"), 215, 1);
	assert_near(rig_num(&g, "temperature.bed.target"), 60, 0);
	rig_get(&g, "/api/printer?history=true&limit=7&exclude=state");
	assert_int_equal(json_count(json_at(g.json, "temperature.history")), 7);
	rig_get(&g, "/api/printer?history=true&limit=0");
	assert_int_equal(json_count(json_at(g.json, "temperature.history")), 360);
	rig_get(&g, "/api/printer?history=true");
	assert_int_equal(json_count(json_at(g.json, "temperature.history")), 300);
	const struct json *first = json_first(json_at(g.json, "temperature.history"));

	assert_near(json_num(first, "time", 0), 1.7e9 - 300 * 5, 6);
	assert_int_equal(rig_post(&g, "/api/printer/tool", "{\"command\":\"target\",\"targets\":{\"tool0\":-1}}"), 500);
	assert_int_equal(rig_post(&g, "/api/printer/bed", "{\"command\":\"target\",\"target\":70}"), 204);
	rig_get(&g, "/api/printer/bed");
	assert_near(rig_num(&g, "bed.target"), 70, 0);
	g.p.hung = true;		/* a firmware that does not answer any more */
	rig_get(&g, "/api/printer");
	assert_int_equal(json_count(json_get(g.json, "temperature")), 0);
	assert_string_equal(rig_text(&g, "state.text"), "Printing");
	rig_close(&g);
}

static void test_select(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "idle", NULL, 0);
	assert_int_equal(rig_post(&g, "/api/files/local/missing.gcode", "{\"command\":\"select\"}"), 404);
	assert_int_equal(rig_post(&g, "/api/files/local/bracket_x12.gcode", "{\"command\":\"fly\"}"), 400);
	assert_int_equal(rig_post(&g, "/api/files/local/bracket_x12.gcode",
				  "{\"command\":\"select\",\"print\":false}"), 204);
	assert_string_equal(state_of(&g), "Operational");
	assert_string_equal(rig_text(&g, "job.file.name"), "bracket_x12.gcode");
	assert_int_equal(job(&g, START), 204);
	assert_int_equal(rig_post(&g, "/api/files/local/lid_x4.gcode", "{\"command\":\"select\"}"), 409);
	assert_int_equal(rig_send(&g, "DELETE", "/api/files/local/bracket_x12.gcode", NULL, NULL, NULL), 409);
	assert_int_equal(rig_send(&g, "DELETE", "/api/files/local/none.gcode", NULL, NULL, NULL), 404);
	assert_int_equal(rig_send(&g, "DELETE", "/api/files/local/lid_x4.gcode", NULL, NULL, NULL), 204);
	assert_int_equal(rig_get(&g, "/api/files/local/lid_x4.gcode"), 404);
	rig_close(&g);
}

static void test_upload(void **state)
{
	static const char gcode[] = "M109 S200\nG4 S8\n; estimated printing time (normal mode) = 1m 5s\n";
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "idle", NULL, 0);
	assert_int_equal(rig_upload(&g, "/api/files/local", "path=Gr\xc3\xb6\xc3\x9f" "e/x;print=true",
				    "K\xc3\xa4se 1.gcode", gcode), 201);
	assert_int_equal(json_bool(g.json, "effectivePrint", -1), 1);
	assert_string_equal(rig_text(&g, "files.local.path"), "Gr\xc3\xb6\xc3\x9f" "e/x/K\xc3\xa4se 1.gcode");
	assert_non_null(strstr(sbuf_str(&g.r.body), "K\\u00e4se 1.gcode"));
	assert_non_null(strstr(sbuf_str(&g.r.body), "/Gr%C3%B6%C3%9Fe/x/K%C3%A4se%201.gcode"));
	g.at = 200;
	state_of(&g);
	assert_near(rig_num(&g, "job.file.size"), (double)strlen(gcode), 0);
	assert_string_equal(rig_text(&g, "job.file.name"), "K\xc3\xa4se 1.gcode");
	assert_int_equal(rig_upload(&g, "/api/files/local", "print=true", "b.gcode", "G28\n"), 201);
	g.at = 0;
	assert_int_equal(rig_upload(&g, "/api/files/local", "", "photo.jpg", "x"), 415);
	assert_int_equal(rig_upload(&g, "/api/files/local", "print=true", NULL, ""), 400);
	assert_int_equal(rig_upload(&g, "/api/files/local", "noOverwrite=true", "b.gcode", "x"), 409);
	assert_int_equal(rig_upload(&g, "/api/files/local", "", "..a\\\"b?.gcode", "x"), 201);
	assert_string_equal(rig_text(&g, "files.local.name"), "ab.gcode");
	rig_close(&g);

	rig_open(&g, SIM_OCTOPRINT, "printing", "bracket_x12.gcode", 0.2);
	assert_int_equal(rig_upload(&g, "/api/files/local", "print=true", "c.gcode", "x"), 201);
	assert_int_equal(json_bool(g.json, "effectivePrint", -1), 0);
	assert_int_equal(rig_upload(&g, "/api/files/local", "", "bracket_x12.gcode", "x"), 409);
	rig_close(&g);
}

static const struct json *entry(const struct json *list, const char *name)
{
	for (const struct json *it = json_first(list); it; it = json_next(it))
		if (str_eq(json_raw(it, "name"), name))
			return it;
	fail_msg("no entry %s", name);
	return NULL;
}

static void test_files(void **state)
{
	char etag[32];
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "idle", NULL, 0);
	rig_upload(&g, "/api/files/local", "path=a/b", "deep.gcode", "G28\n");
	rig_upload(&g, "/api/files/local", "path=a-z", "near.gcode", "G28\n");
	rig_get(&g, "/api/files");
	assert_int_equal(json_count(json_get(entry(json_get(g.json, "files"), "a"), "children")), 0);
	rig_get(&g, "/api/files?recursive=true");
	const struct json *a = entry(json_get(g.json, "files"), "a");
	const struct json *deep = entry(json_get(entry(json_get(a, "children"), "b"), "children"), "deep.gcode");

	assert_string_equal(json_raw(deep, "path"), "a/b/deep.gcode");
	assert_near(json_num(a, "size", 0), 4, 0);
	const char *tag = strstr(sbuf_str(&g.r.headers), "Etag: ");

	assert_non_null(tag);
	str_printf(etag, sizeof(etag), "%.18s", tag + 6);
	assert_int_equal(rig_send(&g, "GET", "/api/files?recursive=true", NULL, NULL, etag), 304);
	assert_int_equal(g.r.body.len, 0);
	rig_upload(&g, "/api/files/local", "", "new.gcode", "G28\n");
	assert_int_equal(rig_send(&g, "GET", "/api/files?recursive=true", NULL, NULL, etag), 200);
	assert_int_equal(rig_get(&g, "/api/files/local/a"), 200);
	assert_int_equal(json_count(json_get(g.json, "children")), 1);
	assert_int_equal(rig_send(&g, "DELETE", "/api/files/local/a", NULL, NULL, NULL), 204);
	assert_int_equal(rig_get(&g, "/api/files/local/a/b/deep.gcode"), 404);
	assert_int_equal(rig_get(&g, "/api/files/local/a-z/near.gcode"), 200);
	rig_close(&g);
}

/* The question lives as long as somebody asks after it, and gives its key once. */
static void test_application_keys(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "idle", NULL, NAN);
	g.key = NULL;
	assert_int_equal(rig_get(&g, "/plugin/appkeys/probe"), 204);
	assert_int_equal(rig_post(&g, "/plugin/appkeys/request", "{}"), 400);
	assert_int_equal(rig_post(&g, "/plugin/appkeys/request", "{\"app\":\"x\"}"), 201);
	assert_string_equal(rig_text(&g, "app_token"), "QUESTION1");
	assert_int_equal(rig_get(&g, "/plugin/appkeys/request/QUESTION1"), 202);
	assert_int_equal(rig_get(&g, "/plugin/appkeys/request/QUESTION2"), 404);
	assert_int_equal(rig_post(&g, "/plugin/appkeys/request", "{\"app\":\"x\"}"), 201);
	g.p.decision = SIM_ALLOW;
	assert_int_equal(rig_get(&g, "/plugin/appkeys/request/QUESTION2"), 200);
	assert_string_equal(rig_text(&g, "api_key"), KEY);
	assert_int_equal(rig_get(&g, "/plugin/appkeys/request/QUESTION2"), 404);
	assert_int_equal(rig_post(&g, "/plugin/appkeys/request", "{\"app\":\"x\"}"), 201);
	g.at += 6;
	assert_int_equal(rig_get(&g, "/plugin/appkeys/request/QUESTION3"), 404);
	assert_int_equal(rig_post(&g, "/plugin/appkeys/request", "{\"app\":\"x\"}"), 201);
	g.p.decision = SIM_DENY;
	assert_int_equal(rig_get(&g, "/plugin/appkeys/request/QUESTION4"), 404);
	rig_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_finishing_shows),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_stop_and_connect),
		cmocka_unit_test(test_printer),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_application_keys),
	};

	return cmocka_run_group_tests_name("sim_octoprint", tests, NULL, NULL);
}
