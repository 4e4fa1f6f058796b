/* The simulator's parts: heaters, multipart bodies, G-code, files, faults and scenes. */
#include "sim_rig.h"
#include <sim/demo.h>
#include <sim/mangle.h>

/* ---- heaters ---- */

static void test_heat_curve(void **state)
{
	struct heater_sim h;
	double reach, last = 0;

	(void)state;
	heat_init(&h, &heat_extruder, 3);
	assert_near(heat_at(&h, 0).actual_c, h.ambient_c, 0.1);
	assert_near(heat_at(&h, 0).power, 0, 0);
	heat_set(&h, 100, 220);
	reach = heat_wait_s(&h, 100);
	assert_true(reach > 40 && reach < 90);
	for (double t = 100; t < 100 + reach; t += 2) {
		struct heat_now now = heat_at(&h, t);

		assert_true(now.actual_c > last - 0.2);
		assert_near(now.power, 1, 0);
		last = now.actual_c;
	}
	for (double t = 100 + reach + 60; t < 1000; t += 7) {
		assert_near(heat_at(&h, t).actual_c, 220, 0.6);
		assert_near(heat_at(&h, t).power, 0.54, 0.15);
	}
	assert_near(heat_at(&h, 40).actual_c, h.ambient_c, 0.1);	/* the past stays */
	heat_set(&h, 1000, 0);
	assert_near(heat_at(&h, 1000 + 150).actual_c, h.ambient_c + (220 - h.ambient_c) / 2.718, 1.5);
	assert_near(heat_at(&h, 500).actual_c, 220, 0.6);
	heat_set(&h, 1100, 200);
	heat_cut(&h, 1200);
	assert_near(heat_at(&h, 1300).target_c, 200, 0);	/* shown, not heated */
	assert_near(heat_at(&h, 1300).power, 0, 0);
	for (int i = 0; i < 40; i++)		/* more changes than are kept */
		heat_set(&h, 2000 + i * 100, i % 2 ? 200 : 180);
	assert_near(heat_at(&h, 5990).actual_c, 200, 2.5);
	assert_near(heat_at(&h, 5890).target_c, 180, 0);
}

static void test_speed(void **state)
{
	struct sim_view v;
	struct rig g;

	(void)state;
	rig_open(&g, SIM_MOONRAKER, "printing", "hook_50.gcode", 0.5);
	sim_look(&g.p, 0, &v);
	assert_near(v.progress, 0.5, 1e-4);
	sim_set_speed(&g.p, 0, 2);
	sim_look(&g.p, 100, &v);
	assert_near(v.printed_s, 241 * 30 + 200, 1);
	assert_near(g.p.until, 241 * 15, 1);
	sim_printer_live(&g.p, g.p.until + 1);
	assert_int_equal(g.p.result, SIM_COMPLETE);
	rig_close(&g);
}

/* ---- multipart ---- */

#define BODY "------b\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\nsub\r\n" \
	"------b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"W\xc3\xbc.gcode\"; " \
	"filename*=UTF-8''W%C3%BCr.gcode\r\n\r\n" \
	"G28\r\n--\r\n------\r\n------c\r\r\n-" "\r\n------b--\r\n"
#define CONTENT "G28\r\n--\r\n------\r\n------c\r\r\n-"

static void test_multipart(void **state)
{
	struct sha256 sha;
	char hex[65];
	struct upload u;

	(void)state;
	sha256_init(&sha);
	sha256_add(&sha, CONTENT, strlen(CONTENT));
	sha256_hex(&sha, hex);
	for (size_t piece = 1; piece <= strlen(BODY); piece++) {
		assert_true(upload_init(&u, "multipart/form-data; boundary=\"----b\"", true));
		for (size_t i = 0; i < strlen(BODY); i += piece)
			upload_add(&u, &BODY[i], strlen(BODY) - i < piece ? strlen(BODY) - i : piece);
		assert_true(upload_end(&u));
		assert_string_equal(upload_field(&u, "path"), "sub");
		assert_string_equal(u.name, "W\xc3\xbc.gcode");
		assert_string_equal(u.star, "W\xc3\xbcr.gcode");
		assert_int_equal(u.file.size, strlen(CONTENT));
		assert_string_equal(u.checksum, hex);
	}
	for (size_t cut = 0; cut < strlen(BODY) - 4; cut++) {	/* cut short: never whole */
		upload_init(&u, "multipart/form-data; boundary=----b", true);
		upload_add(&u, BODY, cut);
		assert_false(upload_end(&u));
	}
	assert_false(upload_init(&u, "multipart/form-data", true));
	assert_false(upload_init(&u, "application/json", true));
	assert_false(upload_init(&u, NULL, true));
	upload_add(&u, BODY, strlen(BODY));
	assert_false(upload_end(&u));
}

static void test_gcode_scan(void **state)
{
	static const char text[] = "; estimated printing time (normal mode) = 1d 2h 3m 4s\r\n"
		"M104 S185\nM109 S210 ; hotter\nM140 S60\nG4 P1500\nG4 S2\nM104 S0\n"
		"; total layers count = 77\n; layer_height = 0.12\n; filament used [mm] = 345.6\n"
		"; filament_type = PETG";
	struct sim_file f = { 0 };
	struct gcode_scan g;

	(void)state;
	gcode_scan_init(&g, &f);
	for (size_t i = 0; i < strlen(text); i++)
		gcode_scan_add(&g, text + i, 1);
	gcode_scan_end(&g);
	assert_near(f.print_s, 93784, 0);
	assert_near(f.nozzle_c, 210, 0);
	assert_near(f.bed_c, 60, 0);
	assert_near(g.dwell_s, 3.5, 1e-9);
	assert_int_equal(f.layers, 77);
	assert_near(f.layer_mm, 0.12, 1e-9);
	assert_near(f.filament_mm, 345.6, 1e-9);
	assert_string_equal(f.material, "PETG");
	assert_true(f.analysed);
	memset(&f, 0, sizeof(f));
	gcode_scan_init(&g, &f);
	gcode_scan_add(&g, "G4 S20\nG1 X1\n", 13);
	gcode_scan_end(&g);
	assert_false(f.analysed);
	assert_near(f.print_s, 20, 0.1);
	assert_near(f.nozzle_c, 0, 0);
}

static void test_store(void **state)
{
	static const char *const paths[] = { "b", "a/x", "a-x", "a/y/z", "a0", "c" };
	struct store s = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct sim_file f = { .path = mem_strdup(paths[i]), .size = (int64_t)i };

		store_put_take(&s, &f);
	}
	for (size_t i = 1; i < s.n; i++)
		assert_true(strcmp(s.files[i - 1].path, s.files[i].path) < 0);
	struct sim_file again = { .path = mem_strdup("b"), .size = 99 };

	store_put_take(&s, &again);
	assert_int_equal(s.n, ARRAY_LEN(paths));
	assert_int_equal(store_find(&s, "b")->size, 99);
	assert_true(store_is_folder(&s, "a"));
	assert_true(store_is_folder(&s, "a/y"));
	assert_false(store_is_folder(&s, "a/x"));
	assert_true(store_remove(&s, "a"));
	assert_int_equal(s.n, 4);
	assert_non_null(store_find(&s, "a-x"));
	assert_false(store_remove(&s, "a"));
	assert_false(store_remove(&s, ""));
	store_done(&s);
}

/* ---- JSON out ---- */

static void test_writer(void **state)
{
	struct sbuf b = SBUF_INIT(4096);
	struct jw w = { .b = &b };

	(void)state;
	jw_object(&w, NULL);
	jw_num(&w, "a", 210);
	jw_num(&w, "b", -0.00001);
	jw_num(&w, "c", -12.34567);
	jw_num(&w, "d", NAN);
	jw_int(&w, "e", INT64_MIN);
	jw_str(&w, "f", "\"\\\n\x1b \xc3\xbc \xf0\x9f\x9a\x80");
	jw_str(&w, "g", NULL);
	jw_array(&w, "h");
	jw_bool(&w, NULL, true);
	jw_end_array(&w);
	jw_object(&w, "i");
	jw_end_object(&w);
	jw_end_object(&w);
	assert_string_equal(sbuf_str(&b), "{\"a\":210.0,\"b\":0.0,\"c\":-12.3457,\"d\":null,"
			    "\"e\":-9223372036854775808,\"f\":\"\\\"\\\\\\n\\u001b \\u00fc \\ud83d\\ude80\","
			    "\"g\":null,\"h\":[true],\"i\":{}}");
	sbuf_done(&b);
}

static void test_mangle(void **state)
{
	static const char doc[] = "{\"name\":\"a\",\"n\":-1.5e3,\"ok\":true,\"x\":null,\"l\":[1,\"message\"]}";
	struct sbuf b = SBUF_INIT(4096);

	(void)state;
	sbuf_adds(&b, doc);
	mangle(&b, MANGLE_TYPES);
	assert_string_equal(sbuf_str(&b), "{\"name\":7,\"n\":\"seven\",\"ok\":\"yes\",\"x\":{},"
			    "\"l\":[\"seven\",7]}");
	sbuf_clear(&b);
	sbuf_adds(&b, doc);
	mangle(&b, MANGLE_NAN);
	assert_string_equal(sbuf_str(&b), "{\"name\":\"a\",\"n\":NaN,\"ok\":true,\"x\":null,"
			    "\"l\":[Infinity,\"message\"]}");
	sbuf_clear(&b);
	sbuf_adds(&b, doc);
	mangle(&b, MANGLE_CONTROL);
	assert_non_null(strstr(sbuf_str(&b), "\"name\":\"\\u001b[31m"));
	assert_non_null(strstr(sbuf_str(&b), ",\"message\"]"));
	sbuf_done(&b);
}

/* ---- faults and scenes ---- */

static void test_fault_replies(void **state)
{
	static const struct {
		const char *kind, *path;
		enum sim_wire wire;
		unsigned status;
		bool json;
	} want[] = {
		{ "hang", "/api/job", SIM_WIRE_HOLD, 200, false },
		{ "empty", "/api/job", SIM_WIRE_RAW, 200, false },
		{ "drip", "/api/job", SIM_WIRE_DRIP, 200, true },
		{ "reset", "/api/job", SIM_WIRE_RESET, 200, true },
		{ "unauthorized", "/api/job", SIM_WIRE_HTTP, 403, true },
		{ "http401", "/api/job", SIM_WIRE_HTTP, 401, false },
		{ "http403", "/api/job", SIM_WIRE_HTTP, 403, false },
		{ "http500", "/api/job", SIM_WIRE_HTTP, 500, false },
		{ "proxy502", "/api/job", SIM_WIRE_HTTP, 502, false },
		{ "redirect", "/api/job", SIM_WIRE_HTTP, 302, false },
		{ "spa", "/api/job", SIM_WIRE_HTTP, 200, false },
		{ "garbage", "/api/job", SIM_WIRE_HTTP, 200, false },
		{ "truncated", "/api/job", SIM_WIRE_HTTP, 200, false },
		{ "huge", "/api/job", SIM_WIRE_HTTP, 200, true },
		{ "types", "/api/job", SIM_WIRE_HTTP, 200, true },
		{ "nan", "/api/job", SIM_WIRE_HTTP, 200, true },	/* the reader mends it */
		{ "control", "/api/job", SIM_WIRE_HTTP, 200, true },
		{ "starting", "/api/job", SIM_WIRE_RAW, 200, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct rig g;

		rig_open(&g, SIM_OCTOPRINT, "printing", "hook_50.gcode", 0.3);
		g.fault = scene_find(want[i].kind)->fault;
		rig_get(&g, want[i].path);
		if (g.r.wire != want[i].wire || g.r.status != want[i].status || !g.json == want[i].json)
			fail_msg("%s: wire %d, status %u, %s", want[i].kind, g.r.wire, g.r.status,
				 g.json ? "JSON" : "no JSON");
		rig_close(&g);
	}
}

static void test_fault_details(void **state)
{
	struct rig g;

	(void)state;
	rig_open(&g, SIM_OCTOPRINT, "printing", "hook_50.gcode", 0.3);
	g.fault = FAULT_BOOT;
	rig_get(&g, "/api/job");
	assert_string_equal(sbuf_str(&g.r.body), "Not found");
	rig_post(&g, "/api/job", "{}");
	assert_true(str_starts(sbuf_str(&g.r.body), "HTTP/1.0 501 "));
	g.fault = FAULT_HUGE;
	rig_get(&g, "/api/files");
	assert_true(g.r.body.len > 33u << 20);	/* above every cap of a client */
	g.fault = FAULT_REDIRECT;
	rig_get(&g, "/api/job");
	assert_non_null(strstr(sbuf_str(&g.r.headers), "Location: http://192.0.2.1/api/job"));
	g.fault = FAULT_PROXY502;
	rig_post(&g, "/api/job", "{\"command\":\"cancel\"}");	/* it never reached the server */
	g.fault = FAULT_NONE;
	rig_get(&g, "/api/job");
	assert_string_equal(rig_text(&g, "state"), "Printing");
	rig_close(&g);
	rig_open(&g, SIM_MOONRAKER, "printing", "hook_50.gcode", 0.3);
	g.fault = FAULT_UNAUTHORIZED;
	assert_int_equal(rig_get(&g, "/server/info"), 401);
	rig_close(&g);
}

/* Every scene can be set on both, at any moment of another one, and the replies stay whole. */
static void test_every_scene(void **state)
{
	static const char *const paths[][4] = {
		[SIM_OCTOPRINT] = { "/api/job", "/api/printer?history=true", "/api/files?recursive=true",
				    "/api/connection" },
		[SIM_MOONRAKER] = { "/printer/objects/query?print_stats&webhooks&extruder&toolhead",
				    "/server/temperature_store", "/server/history/list", "/printer/info" },
	};

	(void)state;
	for (int d = SIM_OCTOPRINT; d <= SIM_MOONRAKER; d++) {
		struct rig g;

		rig_open(&g, (enum sim_dialect)d, NULL, NULL, 0);
		for (size_t i = 0; i < scene_count(); i++) {
			g.at += 37;
			sim_printer_live(&g.p, g.at);
			scene_set(scene_at(i), &g.p, g.at, NULL);
			g.p.hung = false;
			for (size_t k = 0; k < ARRAY_LEN(paths[d]); k++) {
				rig_get(&g, paths[d][k]);
				if (!g.json || g.r.body.overflow)
					fail_msg("%s: %s", scene_at(i)->name, paths[d][k]);
			}
		}
		rig_close(&g);
	}
}

static void test_repeatable(void **state)
{
	struct rig a, b;

	(void)state;
	rig_open(&a, SIM_MOONRAKER, "printing", NULL, NAN);
	rig_open(&b, SIM_MOONRAKER, "printing", NULL, NAN);
	a.at = b.at = 1234.5;
	rig_get(&b, "/server/info");		/* looking does not change it */
	rig_get(&a, "/printer/objects/query?print_stats&extruder&heater_bed&motion_report");
	rig_get(&b, "/printer/objects/query?print_stats&extruder&heater_bed&motion_report");
	assert_string_equal(sbuf_str(&a.r.body), sbuf_str(&b.r.body));
	rig_close(&a);
	rig_close(&b);
}

/* The demo must show all states within ten seconds: which texts it goes through. */
static void test_demo_states(void **state)
{
	static const char *const octoprint[] = { "Offline after error", "Cancelling", "Finishing", "Printing",
		"Pausing", "Paused", "Resuming", "Detecting serial connection", "Offline", "Operational" };
	bool seen[ARRAY_LEN(octoprint)] = { false };

	(void)state;
	for (size_t i = 0; i < demo_count(); i++) {
		const struct demo_row *row = demo_at(i);
		struct scene_args args = { row->file, row->progress, row->ago_s };
		struct rig g;

		assert_non_null(scene_find(row->scene));
		if (strcmp(row->dialect, "octoprint") != 0)
			continue;
		rig_open(&g, SIM_OCTOPRINT, NULL, NULL, 0);
		scene_set(scene_find(row->scene), &g.p, 0, &args);
		for (g.at = 0.5; g.at < 10; g.at += 2) {	/* as it is polled */
			rig_get(&g, "/api/job");
			for (size_t k = 0; k < ARRAY_LEN(octoprint); k++)
				seen[k] |= strcmp(rig_text(&g, "state"), octoprint[k]) == 0;
		}
		rig_close(&g);
	}
	for (size_t k = 0; k < ARRAY_LEN(octoprint); k++)
		if (!seen[k])
			fail_msg("%s is never seen", octoprint[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heat_curve),
		cmocka_unit_test(test_speed),
		cmocka_unit_test(test_multipart),
		cmocka_unit_test(test_gcode_scan),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_mangle),
		cmocka_unit_test(test_fault_replies),
		cmocka_unit_test(test_fault_details),
		cmocka_unit_test(test_every_scene),
		cmocka_unit_test(test_repeatable),
		cmocka_unit_test(test_demo_states),
	};

	return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
