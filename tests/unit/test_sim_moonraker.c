/* The simulated Moonraker and its Klippy: states, queues, refusals, envelopes and JSON-RPC, as 0.11.0 has them. */
#include "sim_rig.h"

#define QUERY "{\"objects\":{\"webhooks\":null,\"print_stats\":null,\"virtual_sdcard\":null," \
	"\"pause_resume\":null,\"extruder\":[\"temperature\",\"target\"]}}"
#define S "result.status."

static const char *job_state(struct rig *g)
{
	rig_post(g, "/printer/objects/query", QUERY);
	return rig_text(g, S "print_stats.state");
}

static unsigned rpc(struct rig *g, const char *method, const char *params)
{
	char *body = mem_printf("{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s,\"id\":5}", method,
				params ? params : "{}");
	unsigned status = rig_post(g, "/server/jsonrpc", body);

	free(body);
	return status;
}

static void test_query(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "printing", "bracket_x12.gcode", 0.5);
	assert_int_equal(rig_get(&g, "/printer/objects/query?extruder=no_such,temperature&nothing&fan"), 200);
	assert_int_equal(json_count(json_at(g.json, S "extruder")), 2);
	assert_true(json_is_null(json_at(g.json, S "extruder.no_such")));
	assert_near(rig_num(&g, S "extruder.temperature"), 245, 1);
	assert_int_equal(json_count(json_at(g.json, S "nothing")), 0);
	assert_true(json_is_object(json_at(g.json, S "nothing")));
	assert_int_equal(json_count(json_at(g.json, S "fan")), 2);
	assert_int_equal(rig_post(&g, "/printer/objects/query", "{\"objects\":{\"extruder\":\"x\"}}"), 400);
	rig_post(&g, "/printer/objects/query", QUERY);
	double file = rig_num(&g, S "virtual_sdcard.progress");

	assert_near(file, 0.52, 0.02);		/* by byte, so the header counts */
	assert_near(rig_num(&g, S "print_stats.print_duration"), 189 * 30, 2);
	assert_true(rig_num(&g, S "print_stats.total_duration") > 189 * 30 + 60);
	assert_near(rig_num(&g, S "print_stats.info.current_layer"), 124, 1);
	rig_get(&g, "/printer/objects/query");
	assert_int_equal(json_count(json_at(g.json, "result.status")), 0);
	g.p.tick_s = 0.25;
	g.at = 0.1;
	rig_post(&g, "/printer/objects/query", QUERY);
	assert_near(g.r.wait_s, 0.15, 1e-9);
	rig_close(&g);
}

static void test_job(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "idle", NULL, 0);
	assert_string_equal(job_state(&g), "standby");
	assert_int_equal(rig_post(&g, "/printer/print/start", "{}"), 400);
	assert_string_equal(rig_text(&g, "error.message"), "No data for argument: filename");
	assert_int_equal(rig_post(&g, "/printer/print/start?filename=lid_x4.gcode", ""), 200);
	assert_string_equal(rig_text(&g, "result"), "ok");
	assert_string_equal(job_state(&g), "printing");
	assert_near(rig_num(&g, S "print_stats.print_duration"), 0, 0);
	assert_int_equal(rig_post(&g, "/printer/print/start", "{\"filename\":\"lid_x4.gcode\"}"), 400);
	assert_string_equal(rig_text(&g, "error.message"), "SD busy");
	g.at = 60;
	assert_int_equal(rig_post(&g, "/printer/print/pause", ""), 200);
	assert_true(g.r.wait_s > 200);		/* behind the bed's heating */
	g.at += 1;
	assert_string_equal(job_state(&g), "printing");
	g.at += 600;
	assert_string_equal(job_state(&g), "paused");
	assert_int_equal(json_bool(g.json, S "pause_resume.is_paused", -1), 1);
	assert_int_equal(rig_post(&g, "/printer/print/resume", ""), 200);
	g.at += 10;
	assert_string_equal(job_state(&g), "printing");
	g.at += 30000;
	assert_string_equal(job_state(&g), "complete");
	assert_near(rig_num(&g, S "virtual_sdcard.progress"), 1, 0);
	assert_true(json_is_null(json_at(g.json, S "virtual_sdcard.file_path")));
	assert_string_equal(rig_text(&g, S "print_stats.filename"), "lid_x4.gcode");
	rig_get(&g, "/server/history/list?limit=1");
	const struct json *last = json_first(json_at(g.json, "result.jobs"));

	assert_string_equal(json_raw(last, "status"), "completed");
	assert_near(json_num(last, "print_duration", 0), 311 * 60, 1);
	rig_close(&g);
}

static void test_traps(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "complete", "lid_x4.gcode", 1);
	assert_int_equal(rig_post(&g, "/printer/print/start", "{\"filename\":\"gone.gcode\"}"), 400);
	assert_string_equal(rig_text(&g, "error.message"), "Unable to open file");
	assert_string_equal(job_state(&g), "standby");		/* the result is lost */
	assert_int_equal(rig_post(&g, "/printer/print/cancel", ""), 200);
	assert_int_equal(rig_post(&g, "/printer/print/resume", ""), 200);
	assert_int_equal(rig_post(&g, "/printer/print/pause", ""), 200);
	job_state(&g);
	assert_int_equal(json_bool(g.json, S "pause_resume.is_paused", -1), 1);
	assert_string_equal(rig_text(&g, S "print_stats.state"), "standby");
	rig_close(&g);

	/* A start in pause is taken, and the paused job is gone. */
	rig_open(&g, SIM_MOONRAKER, "paused", "arm_left_v3.gcode", 0.4);
	assert_string_equal(job_state(&g), "paused");
	assert_int_equal(rig_post(&g, "/printer/print/start", "{\"filename\":\"lid_x4.gcode\"}"), 200);
	assert_string_equal(job_state(&g), "printing");
	assert_string_equal(rig_text(&g, S "print_stats.filename"), "lid_x4.gcode");
	assert_int_equal(json_bool(g.json, S "pause_resume.is_paused", -1), 1);
	rig_close(&g);
}

static void test_shutdown(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "printing", "case_top.gcode", 0.3);
	assert_int_equal(rig_post(&g, "/printer/emergency_stop", ""), 200);
	g.at = 30;
	assert_string_equal(job_state(&g), "paused");		/* what print_stats says then */
	assert_string_equal(rig_text(&g, S "webhooks.state"), "shutdown");
	assert_near(rig_num(&g, S "extruder.target"), 230, 0);	/* still set, no longer heated */
	assert_true(rig_num(&g, S "extruder.temperature") < 215);
	assert_int_equal(rig_get(&g, "/server/info"), 200);
	assert_string_equal(rig_text(&g, "result.klippy_state"), "shutdown");
	assert_int_equal(rig_post(&g, "/printer/print/start?filename=lid_x4.gcode", ""), 400);
	assert_string_equal(rig_text(&g, "error.message"), "Unknown");	/* it has several lines */
	assert_non_null(strstr(rig_text(&g, "error.traceback"), "Printer is shutdown"));
	assert_int_equal(rpc(&g, "printer.print.start", "{\"filename\":\"lid_x4.gcode\"}"), 200);
	assert_near(rig_num(&g, "error.code"), 400, 0);
	assert_non_null(strstr(rig_text(&g, "error.message"), "Printer is shutdown"));
	assert_int_equal(rig_post(&g, "/printer/restart", ""), 200);	/* not enough */
	g.at = 40;
	job_state(&g);
	assert_string_equal(rig_text(&g, S "webhooks.state"), "error");
	assert_int_equal(rig_post(&g, "/printer/firmware_restart", ""), 200);
	assert_int_equal(rig_get(&g, "/printer/info"), 503);
	g.at = 41.5;
	assert_int_equal(rig_get(&g, "/printer/info"), 200);
	assert_string_equal(rig_text(&g, "result.state"), "startup");
	g.at = 45;
	assert_string_equal(job_state(&g), "standby");
	assert_string_equal(rig_text(&g, S "webhooks.state"), "ready");
	rig_get(&g, "/server/history/list");
	assert_string_equal(json_raw(json_first(json_at(g.json, "result.jobs")), "status"), "klippy_shutdown");
	rig_close(&g);
}

static void test_without_klippy(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "klippy-down", NULL, NAN);
	assert_int_equal(rig_get(&g, "/printer/info"), 404);
	assert_int_equal(rig_post(&g, "/printer/objects/query", QUERY), 404);
	assert_int_equal(rig_post(&g, "/printer/emergency_stop", ""), 404);
	assert_int_equal(rig_post(&g, "/printer/print/cancel", ""), 503);
	assert_int_equal(rig_post(&g, "/printer/firmware_restart", ""), 503);
	rpc(&g, "printer.info", NULL);
	assert_near(rig_num(&g, "error.code"), -32601, 0);
	assert_int_equal(rig_get(&g, "/server/info"), 200);
	assert_string_equal(rig_text(&g, "result.klippy_state"), "disconnected");
	assert_int_equal(rig_get(&g, "/server/files/list"), 200);
	rig_close(&g);
	rig_open(&g, SIM_MOONRAKER, "disconnected", NULL, NAN);
	assert_int_equal(rig_get(&g, "/printer/info"), 503);
	assert_string_equal(rig_text(&g, "error.message"), "Klippy Host not connected");
	rig_close(&g);
	rig_open(&g, SIM_MOONRAKER, "klippy-hang", NULL, NAN);
	rig_post(&g, "/printer/objects/query", QUERY);
	assert_int_equal(g.r.wire, SIM_WIRE_HOLD);
	rig_post(&g, "/printer/print/start?filename=lid_x4.gcode", "");
	assert_int_equal(g.r.wire, SIM_WIRE_HOLD);
	assert_false(sim_job_active(&g.p));
	rig_get(&g, "/server/info");
	assert_int_equal(g.r.wire, SIM_WIRE_HTTP);
	assert_string_equal(rig_text(&g, "result.klippy_state"), "ready");
	rig_close(&g);
}

static void test_access(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "idle", NULL, 0);
	assert_int_equal(rig_get(&g, "/access/info"), 200);
	assert_int_equal(json_bool(g.json, "result.trusted", -1), 1);
	g.key = "wrong";		/* refused even where none is needed */
	assert_int_equal(rig_get(&g, "/server/info"), 401);
	assert_int_equal(rig_get(&g, "/access/info"), 401);
	str_copy(g.p.key, sizeof(g.p.key), KEY);
	g.key = NULL;
	assert_int_equal(rig_get(&g, "/access/info"), 200);
	assert_int_equal(rig_get(&g, "/server/info"), 401);
	assert_int_equal(rig_get(&g, "/no/such/path"), 401);
	assert_int_equal(rpc(&g, "printer.info", NULL), 200);
	assert_near(rig_num(&g, "error.code"), -32602, 0);
	assert_string_equal(rig_text(&g, "error.message"), "Unauthorized");
	g.key = KEY;
	assert_int_equal(rig_get(&g, "/server/info"), 200);
	assert_int_equal(rig_get(&g, "/no/such/path"), 404);
	assert_true(json_is_object(json_get(g.json, "error")));
	assert_int_equal(rig_send(&g, "DELETE", "/server/info", NULL, NULL, NULL), 405);
	rig_get(&g, "/api/version");
	assert_string_equal(rig_text(&g, "text"), "OctoPrint (Moonraker 0.11.0)");
	rig_close(&g);
}

static void test_rpc(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "printing", "bracket_x12.gcode", 0.5);
	rpc(&g, "no.such", NULL);
	assert_near(rig_num(&g, "error.code"), -32601, 0);
	assert_near(rig_num(&g, "id"), 5, 0);
	rpc(&g, "printer.objects.query", "{\"objects\":{\"print_stats\":[\"state\"]}}");
	assert_string_equal(rig_text(&g, S "print_stats.state"), "printing");
	rpc(&g, "printer.print.pause", NULL);
	assert_string_equal(rig_text(&g, "result"), "ok");
	assert_near(g.r.wait_s, 0.7, 1e-9);	/* it answers when it is done */
	rig_post(&g, "/server/jsonrpc", "[{\"jsonrpc\":\"2.0\",\"method\":\"server.info\",\"id\":1},"
		 "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":\"two\"}]");
	assert_int_equal(json_count(g.json), 2);
	const struct json *second = json_next(json_first(g.json));

	assert_string_equal(json_raw(second, "id"), "two");
	rig_post(&g, "/server/jsonrpc", "{nope");
	assert_near(rig_num(&g, "error.code"), -32700, 0);
	rig_close(&g);
}

static void test_gcode(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "idle", NULL, 0);
	assert_int_equal(rig_post(&g, "/printer/gcode/script", "{}"), 400);
	assert_int_equal(rig_post(&g, "/printer/gcode/script", "{\"script\":\"NONSENSE A=1\"}"), 200);
	rig_get(&g, "/server/gcode_store?count=1");
	const struct json *line = json_first(json_at(g.json, "result.gcode_store"));

	assert_string_equal(json_raw(line, "message"), "// Unknown command:\"NONSENSE\"");
	assert_int_equal(rig_post(&g, "/printer/gcode/script",
				  "{\"script\":\"SET_HEATER_TEMPERATURE HEATER=extruder TARGET=210\"}"), 200);
	job_state(&g);
	assert_near(rig_num(&g, S "extruder.target"), 210, 0);
	assert_int_equal(rig_post(&g, "/printer/gcode/script", "{\"script\":\"M104 S999\"}"), 400);
	assert_non_null(strstr(rig_text(&g, "error.message"), "out of range"));
	assert_int_equal(rig_post(&g, "/printer/gcode/script", "{\"script\":\"G28\"}"), 200);
	assert_near(g.r.wait_s, 6, 1e-9);
	g.at = 1;
	rig_get(&g, "/printer/objects/query?idle_timeout=state");
	assert_string_equal(rig_text(&g, S "idle_timeout.state"), "Printing");
	rig_close(&g);
}

static void test_files(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "idle", NULL, 0);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "root=gcodes;path=a b;checksum="
				    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
				    "x.gcode", "hello"), 201);
	assert_null(json_get(g.json, "result"));
	assert_string_equal(rig_text(&g, "item.path"), "a b/x.gcode");
	assert_near(rig_num(&g, "item.size"), 5, 0);
	assert_int_equal(json_bool(g.json, "print_started", -1), 0);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "checksum=00", "y.gcode", "hello"), 422);
	assert_null(store_find(&g.p.store, "y.gcode"));
	assert_int_equal(rig_upload(&g, "/server/files/upload", "", "a/b.gcode", "x"), 500);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "", NULL, ""), 400);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "root=nope", "a.gcode", "x"), 400);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "print=true", "photo.jpg", "x"), 201);
	assert_int_equal(json_bool(g.json, "print_started", -1), 1);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "print=true", "z.gcode", "x"), 201);
	assert_int_equal(json_bool(g.json, "print_started", -1), 0);
	assert_int_equal(rig_upload(&g, "/server/files/upload", "", "photo.jpg", "x"), 403);
	assert_int_equal(rig_send(&g, "DELETE", "/server/files/gcodes/photo.jpg", NULL, NULL, NULL), 403);
	assert_int_equal(rig_get(&g, "/server/files/directory?path=gcodes/a b&extended=true"), 200);
	assert_int_equal(json_count(json_at(g.json, "result.files")), 1);
	assert_int_equal(rig_get(&g, "/server/files/directory?path=gcodes/none"), 400);
	assert_int_equal(rig_get(&g, "/server/files/metadata?filename=a b/x.gcode"), 200);
	assert_int_equal(rig_get(&g, "/server/files/metadata?filename=none"), 404);
	assert_int_equal(rig_send(&g, "DELETE", "/server/files/gcodes/a b/x.gcode", NULL, NULL, NULL), 200);
	assert_string_equal(rig_text(&g, "result.action"), "delete_file");
	assert_int_equal(rig_send(&g, "DELETE", "/server/files/gcodes/a b/x.gcode", NULL, NULL, NULL), 400);
	rig_close(&g);
}

static void test_temperature_store(void **state)
{
	struct rig g;
	const struct json *t;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "printing", "hook_50.gcode", 0.02);
	rig_get(&g, "/server/temperature_store");
	t = json_at(g.json, "result.extruder.temperatures");
	assert_int_equal(json_count(t), 1200);
	assert_int_equal(json_count(json_at(g.json, "result.extruder.targets")), 1200);
	assert_int_equal(json_count(json_at(g.json, "result.heater_bed.powers")), 1200);
	assert_non_null(json_get(json_get(g.json, "result"), "temperature_sensor chamber"));
	assert_near(json_value_num(json_first(t), 0), 24, 4);	/* 20 minutes ago it was cold */
	for (const struct json *it = json_first(t); it; it = json_next(it))
		if (!json_next(it))
			assert_near(json_value_num(it, 0), 215, 1);
	rig_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_without_klippy),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_rpc),
		cmocka_unit_test(test_gcode),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_temperature_store),
	};

	return cmocka_run_group_tests_name("sim_moonraker", tests, NULL, NULL);
}
