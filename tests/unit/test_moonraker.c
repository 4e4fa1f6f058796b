/* Moonraker's driver beside the recorded replies: the query, Klippy's silence, sources, sequences. */
#include "driver_case.h"

#include <printop/json.h>
#include <printop/sbuf.h>

#define QUERY(objects) "{\"result\":{\"status\":{" objects "}}}"
#define READY "\"webhooks\":{\"state\":\"ready\"}"
#define STATS(state, spent) "\"print_stats\":{\"state\":\"" state "\",\"filename\":\"a.gcode\"," \
	"\"print_duration\":" spent ",\"total_duration\":99,\"filament_used\":250}"
#define JOB(state, spent) QUERY(READY "," STATS(state, spent))
#define SERVER(state) "{\"result\":{\"klippy_connected\":true,\"klippy_state\":\"" state "\"," \
	"\"moonraker_version\":\"0.11.0\",\"components\":[\"x\",\"jsonrpc\"]}}"

static void hear(struct driver_case *c, const char *json)
{
	assert_true(case_hear(c, TOPIC_STATUS, reply_json(200, json)));
	assert_int_equal(c->e.code, ERR_NONE);
}

/* ---- the query ---- */

static void test_query(void **state)
{
	struct driver_case c;
	struct json *root;

	(void)state;
	case_open(&c, "moonraker", PRINTER_UNKNOWN);
	assert_string_equal(case_ask(&c, TOPIC_STATUS), "/printer/objects/query");
	assert_int_equal(c.req.method, HTTP_POST);
	root = json_parse(sbuf_str(&c.req.body), c.req.body.len, NULL);
	assert_non_null(json_at(root, "objects.webhooks"));
	assert_non_null(json_at(root, "objects.extruder"));
	assert_null(json_get(json_get(root, "objects"), "gcode_macro TIMELAPSE_TAKE_FRAME"));
	json_free(root);

	printer_heater_add(&c.p.state, "chamber", "heater_generic chamber");
	printer_heater_add(&c.p.state, "pi", "temperature_sensor pi");
	c.p.state.status = PRINTER_PRINTING;
	case_ask(&c, TOPIC_STATUS);
	root = json_parse(sbuf_str(&c.req.body), c.req.body.len, NULL);
	assert_null(json_at(root, "objects.extruder"));
	assert_int_equal(json_count(json_at(root, "objects.heater_generic chamber")), 3);
	assert_int_equal(json_count(json_at(root, "objects.temperature_sensor pi")), 1);
	assert_non_null(json_get(json_get(root, "objects"), "gcode_macro TIMELAPSE_TAKE_FRAME"));
	json_free(root);
	case_close(&c);
}

static void test_other_requests(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	assert_string_equal(case_ask(&c, TOPIC_SERVER), "/server/info");
	assert_string_equal(case_ask(&c, TOPIC_VERSION), "/server/info");
	assert_string_equal(case_ask(&c, TOPIC_HISTORY), "/server/temperature_store");
	assert_string_equal(case_ask(&c, TOPIC_OBJECTS), "/printer/objects/query");
	assert_string_equal(sbuf_str(&c.req.body),
			    "{\"objects\":{\"heaters\":null,\"mcu\":[\"mcu_version\"]}}");
	str_copy(c.p.state.job.file, NAME_CAP, "a/\xc3\xa9 &.gcode");
	assert_string_equal(case_ask(&c, TOPIC_METADATA),
			    "/server/files/metadata?filename=a/%C3%A9%20%26.gcode");
	assert_false(driver_moonraker.ask(&c.p, TOPIC_USER, &c.req, &c.e));
	case_close(&c);
}

static void test_topics(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_UNKNOWN);
	assert_true(case_needs(&c, TOPIC_STATUS));
	assert_false(case_needs(&c, TOPIC_SERVER) || case_needs(&c, TOPIC_OBJECTS));
	hear(&c, JOB("printing", "3"));
	assert_true(case_needs(&c, TOPIC_OBJECTS) && case_needs(&c, TOPIC_METADATA));
	assert_false(case_needs(&c, TOPIC_HISTORY));	/* after the objects, for their names */
	assert_false(case_needs(&c, TOPIC_SERVER));
	assert_true(case_hear(&c, TOPIC_OBJECTS, reply_json(200, QUERY("\"heaters\":{}"))));
	assert_true(case_needs(&c, TOPIC_HISTORY));
	assert_false(case_needs(&c, TOPIC_OBJECTS));
	assert_true(case_hear(&c, TOPIC_METADATA, reply_json(404, "{\"error\":{}}")));
	assert_false(case_needs(&c, TOPIC_METADATA));
	/* A restart of Klippy may bring another configuration. */
	hear(&c, QUERY("\"webhooks\":{\"state\":\"startup\"}"));
	hear(&c, QUERY(READY));
	assert_true(case_needs(&c, TOPIC_OBJECTS));
	case_close(&c);
}

/* ---- Klippy and Moonraker ---- */

static void test_hung_klippy(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	assert_true(case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_TIMEOUT, "")));
	assert_int_equal(c.e.code, ERR_TIMEOUT);
	assert_told(&c, PRINTER_PRINTING, "");	/* which of them hangs is not known yet */
	assert_true(case_needs(&c, TOPIC_SERVER));
	assert_true(case_hear(&c, TOPIC_SERVER, reply_json(200, SERVER("ready"))));
	assert_told(&c, PRINTER_DISCONNECTED, "Klippy does not answer (Moonraker does)");
	assert_true(case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_TIMEOUT, "")));
	assert_told(&c, PRINTER_DISCONNECTED, "Klippy does not answer (Moonraker does)");
	hear(&c, QUERY(READY));
	assert_told(&c, PRINTER_IDLE, "");
	assert_false(case_needs(&c, TOPIC_SERVER));
	case_close(&c);
}

static void test_hung_moonraker(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_PRINTING);
	case_hear(&c, TOPIC_STATUS, reply_fault(HTTP_FAULT_TIMEOUT, ""));
	assert_true(case_hear(&c, TOPIC_SERVER, reply_fault(HTTP_FAULT_TIMEOUT, "")));
	assert_told(&c, PRINTER_OFFLINE, "no answer in time");
	assert_false(case_hear(&c, TOPIC_HISTORY, reply_fault(HTTP_FAULT_REFUSED, "")));
	assert_int_equal(c.e.code, ERR_UNREACHABLE);
	assert_told(&c, PRINTER_OFFLINE, "no answer in time");
	case_close(&c);
}

/* 404 while Klippy starts, 503 when it went; /server/info knows which. */
static void test_klippy_comes_back(void **state)
{
	const char *not_found = "{\"error\":{\"code\":404,\"message\":\"Not Found\"}}";
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	assert_true(case_hear(&c, TOPIC_STATUS, reply_json(503, "{\"error\":{\"code\":503}}")));
	assert_told(&c, PRINTER_DISCONNECTED, "Klippy is not connected");
	assert_true(case_needs(&c, TOPIC_SERVER));
	case_hear(&c, TOPIC_SERVER, reply_json(200, SERVER("startup")));
	assert_told(&c, PRINTER_STARTING, "klippy is starting");
	case_hear(&c, TOPIC_STATUS, reply_json(404, not_found));
	assert_told(&c, PRINTER_STARTING, "klippy is starting");
	assert_true(case_needs(&c, TOPIC_SERVER));
	case_hear(&c, TOPIC_SERVER, reply_json(200, SERVER("disconnected")));
	assert_told(&c, PRINTER_DISCONNECTED, "Klippy is not connected");
	/* "ready", and the query still refused: the query will tell. */
	case_hear(&c, TOPIC_SERVER, reply_json(200, SERVER("ready")));
	assert_told(&c, PRINTER_DISCONNECTED, "Klippy is not connected");
	assert_true(c.p.state.has_jsonrpc);
	assert_string_equal(c.p.state.version, "0.11.0");
	/* A page that says 404 is not Moonraker's. */
	c.p.state.status = PRINTER_IDLE;
	assert_false(case_hear(&c, TOPIC_STATUS, reply_html(404)));
	assert_int_equal(c.p.state.status, PRINTER_IDLE);
	case_close(&c);
}

static void test_unauthorized(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	assert_true(case_hear(&c, TOPIC_STATUS, reply_json(401, "{\"error\":{\"code\":401}}")));
	assert_int_equal(c.e.code, ERR_AUTH);
	assert_told(&c, PRINTER_UNAUTHORIZED, "401: this server wants a key");
	secret_set(&c.p.config.key, "k");
	case_hear(&c, TOPIC_STATUS, reply_json(401, "{}"));
	assert_told(&c, PRINTER_UNAUTHORIZED, "401: key refused");
	assert_string_equal(c.p.state.access, "protected");
	hear(&c, QUERY(READY));
	assert_string_equal(c.p.state.access, "full");
	case_close(&c);
}

static void test_klippy_reasons(void **state)
{
	static const struct {
		const char *state, *message;
		enum printer_status status;
		const char *reason;
	} rows[] = {
		{ "shutdown", "Heating failed: extruder\\nOnce the underlying issue is corrected, use",
		  PRINTER_SHUTDOWN, "klippy shutdown: Heating failed: extruder" },
		{ "shutdown", "\\n \\nPrinter is shutdown\\nMCU 'mcu' shutdown: \\u001b[31mTimer too close\\n",
		  PRINTER_SHUTDOWN, "klippy shutdown: MCU 'mcu' shutdown: Timer too close" },
		{ "error", "Printer is not ready\\n", PRINTER_ERROR, "klippy error" },
		{ "error", "Section 'x' is not valid", PRINTER_ERROR, "klippy error: Section 'x' is not valid" },
		{ "startup", "Printer is not ready", PRINTER_STARTING, "klippy is starting" },
		{ "dancing", "", PRINTER_UNKNOWN, "klippy dancing" },
	};
	char json[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct driver_case c;

		case_open(&c, "moonraker", PRINTER_IDLE);
		str_printf(json, sizeof(json),
			   QUERY("\"webhooks\":{\"state\":\"%s\",\"state_message\":\"%s\"}"),
			   rows[i].state, rows[i].message);
		hear(&c, json);
		assert_told(&c, rows[i].status, rows[i].reason);
		case_close(&c);
	}
}

/* ---- jobs ---- */

static void test_pending(void **state)
{
	static const struct {
		enum verb verb;
		const char *json;
		enum printer_status status;
	} rows[] = {
		{ VERB_PAUSE, JOB("printing", "3"), PRINTER_PAUSING },
		{ VERB_PAUSE, JOB("printing", "0"), PRINTER_PAUSING },
		{ VERB_PAUSE, JOB("paused", "3"), PRINTER_PAUSED },
		{ VERB_RESUME, JOB("paused", "3"), PRINTER_RESUMING },
		{ VERB_RESUME, JOB("printing", "3"), PRINTER_PRINTING },
		{ VERB_CANCEL, JOB("paused", "3"), PRINTER_CANCELLING },
		{ VERB_CANCEL, JOB("printing", "3"), PRINTER_CANCELLING },
		{ VERB_CANCEL, JOB("cancelled", "3"), PRINTER_CANCELLED },
		{ VERB_CANCEL, JOB("complete", "3"), PRINTER_COMPLETE },
		{ VERB_START, JOB("standby", "0"), PRINTER_IDLE },
		{ VERB_N, JOB("printing", "0"), PRINTER_PREPARING },
		{ VERB_N, JOB("printing", "0.1"), PRINTER_PRINTING },
		{ VERB_N, JOB("printing", "null"), PRINTER_PRINTING },
		{ VERB_N, JOB("juggling", "3"), PRINTER_BUSY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct driver_case c;

		case_open(&c, "moonraker", PRINTER_PRINTING);
		c.p.pending = rows[i].verb == VERB_N ? 0 : (int)rows[i].verb + 1;
		hear(&c, rows[i].json);
		assert_told(&c, rows[i].status, "");
		case_close(&c);
	}
}

#define BYTES(position, sdcard, m73) "\"virtual_sdcard\":{\"file_position\":" position \
	",\"progress\":" sdcard "},\"display_status\":{\"progress\":" m73 "}"
#define PRINTING(spent, bytes) QUERY(READY "," STATS("printing", spent) "," bytes)

static void assert_progress(const struct driver_case *c, double progress, const char *source)
{
	assert_true(fabs(c->p.state.job.progress - progress) < 1e-9 ||
		    (isnan(progress) && isnan(c->p.state.job.progress)));
	assert_string_equal(c->p.state.job.progress_source, source);
}

static void assert_left(const struct driver_case *c, double left_s, const char *source)
{
	assert_true(fabs(c->p.state.job.left_s - left_s) < 1e-6 ||
		    (isnan(left_s) && isnan(c->p.state.job.left_s)));
	assert_string_equal(c->p.state.job.left_source, source);
}

static void test_sources_without_metadata(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	hear(&c, PRINTING("30", BYTES("50", "0.5", "0.5")));
	assert_progress(&c, 0.5, "sdcard");
	assert_left(&c, 30, "file");
	hear(&c, PRINTING("30", BYTES("50", "0.5", "0.4")));
	assert_progress(&c, 0.4, "slicer");
	assert_left(&c, 30, "file");
	hear(&c, PRINTING("30", BYTES("50", "0.5", "0")));	/* M73 has expired */
	assert_progress(&c, 0.5, "sdcard");
	/* Heating: what lies behind the position are thumbnails. */
	hear(&c, PRINTING("0", BYTES("50", "0.4", "0.4")));
	assert_progress(&c, NAN, "");
	assert_left(&c, NAN, "");
	hear(&c, PRINTING("0", BYTES("50", "0.4", "0")));
	assert_progress(&c, 0, "slicer");
	/* After a cancel the position is 0: no progress. */
	hear(&c, QUERY(READY "," STATS("cancelled", "30") "," BYTES("0", "0", "0")));
	assert_progress(&c, NAN, "");
	assert_true(c.p.state.job.elapsed_s == 30);
	case_close(&c);
}

#define META(members) "{\"result\":{\"filename\":\"a.gcode\"" members "}}"
#define HEIGHTS ",\"layer_height\":0.2,\"first_layer_height\":0.2,\"object_height\":5.0"

static void hear_meta(struct driver_case *c, const char *json)
{
	assert_true(case_hear(c, TOPIC_METADATA, reply_json(200, json)));
}

static void test_sources_with_metadata(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	hear(&c, PRINTING("30", BYTES("50", "0.5", "0.4")));
	hear_meta(&c, META(",\"gcode_start_byte\":40,\"gcode_end_byte\":80,\"estimated_time\":100"));
	hear(&c, PRINTING("30", BYTES("50", "0.5", "0.4")));
	assert_progress(&c, 0.25, "file");
	assert_left(&c, 70, "slicer");
	hear(&c, PRINTING("130", BYTES("50", "0.5", "0.4")));	/* the estimate is used up */
	assert_left(&c, 390, "file");
	hear(&c, PRINTING("30", BYTES("20", "0.2", "0.4")));	/* before the first G-code */
	assert_progress(&c, 0, "file");
	hear(&c, PRINTING("30", BYTES("95", "0.95", "0.4")));
	assert_progress(&c, 1, "file");
	hear_meta(&c, META(",\"filament_total\":1000"));
	hear(&c, PRINTING("30", "\"virtual_sdcard\":{}"));
	assert_progress(&c, 0.25, "filament");
	assert_left(&c, 90, "filament");
	case_close(&c);
}

static void test_layers(void **state)
{
	struct driver_case c;
	const struct job *job = &c.p.state.job;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	hear(&c, PRINTING("30", "\"gcode_move\":{\"gcode_position\":[1,2,1.4,0]}"));
	assert_int_equal(job->layer, -1);
	hear_meta(&c, META(HEIGHTS));
	assert_int_equal(c.p.state.meta.layers, 25);
	hear(&c, PRINTING("30", "\"gcode_move\":{\"gcode_position\":[1,2,1.4,0]}"));
	assert_int_equal(job->layer, 7);
	assert_int_equal(job->layers, 25);
	hear(&c, PRINTING("30", "\"gcode_move\":{\"gcode_position\":[1,2,99,0]}"));
	assert_int_equal(job->layer, 25);	/* parked high above */
	hear(&c, QUERY(READY ",\"print_stats\":{\"state\":\"printing\",\"filename\":\"a.gcode\","
			     "\"print_duration\":3,\"info\":{\"current_layer\":3,\"total_layer\":9}}"));
	assert_int_equal(job->layer, 3);
	assert_int_equal(job->layers, 9);
	hear_meta(&c, META(",\"layer_height\":0,\"first_layer_height\":0,\"object_height\":5"));
	assert_int_equal(c.p.state.meta.layers, -1);
	case_close(&c);
}

/* ---- heaters ---- */

static void test_objects(void **state)
{
	struct driver_case c;
	const struct printer_state *s = &c.p.state;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	hear(&c, QUERY(READY ",\"extruder\":{\"temperature\":200,\"target\":210,\"power\":0.5}"));
	assert_true(case_hear(&c, TOPIC_OBJECTS, reply_json(200, QUERY(
		"\"mcu\":{\"mcu_version\":\"v0.13.0\"},\"heaters\":{\"available_heaters\":[\"heater_bed\","
		"\"extruder\",\"heater_generic x\"],\"available_sensors\":[\"temperature_sensor x\","
		"\"temperature_sensor a\\\"b\",\"extruder\",7,\"temperature_sensor "
		"a_name_that_is_far_too_long_to_be_kept_anywhere_at_all\"]}"))));
	assert_int_equal(s->n_heaters, 4);
	assert_string_equal(s->heaters[0].name, "extruder");
	assert_true(s->heaters[0].actual_c == 200);
	assert_string_equal(s->heaters[1].name, "bed");
	assert_string_equal(s->heaters[2].name, "x");
	assert_string_equal(s->heaters[3].name, "temperature_sensor x");
	assert_string_equal(s->firmware, "v0.13.0");
	hear(&c, QUERY(READY ",\"heater_bed\":{\"temperature\":50,\"target\":0}"));
	assert_true(isnan(s->heaters[0].actual_c) && s->heaters[1].actual_c == 50);
	/* Zeros of a Klippy that is not ready mean nothing. */
	hear(&c, QUERY("\"webhooks\":{\"state\":\"error\"},\"heater_bed\":{\"temperature\":0}"));
	assert_true(isnan(s->heaters[1].actual_c));
	assert_int_equal(s->n_heaters, 4);
	case_close(&c);
}

static void test_many_heaters(void **state)
{
	struct sbuf b = SBUF_INIT(1 << 16);
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	sbuf_adds(&b, "{\"result\":{\"status\":{" READY);
	for (int i = 0; i < 3 * LIMIT_HEATERS; i++)
		sbuf_addf(&b, ",\"heater_generic h%d\":{\"temperature\":%d}", i, i);
	sbuf_adds(&b, "}}}");
	hear(&c, sbuf_str(&b));
	assert_int_equal(c.p.state.n_heaters, LIMIT_HEATERS);
	sbuf_done(&b);
	case_close(&c);
}

struct seen {
	int n;
	double oldest_s, first_c, last_target_c;
};

static void sample(void *ctx, const char *heater, double age_s, double actual_c, double target_c)
{
	struct seen *s = ctx;

	assert_string_equal(heater, "bed");
	if (!s->n++) {
		s->oldest_s = age_s;
		s->first_c = actual_c;
	}
	s->last_target_c = target_c;
}

static void test_history(void **state)
{
	struct seen seen = { 0 };
	const struct history_sink sink = { .sample = sample, .ctx = &seen };
	struct sbuf b = SBUF_INIT(1 << 20);
	struct http_reply r;
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_IDLE);
	r = reply_json(200, "{\"result\":{\"heater_bed\":{\"temperatures\":[0.0,20,null,22],"
			    "\"targets\":[0,0,60,60]}}}");
	assert_true(driver_moonraker.hear(&c.p, TOPIC_HISTORY, &r, &c.p.state, &sink, &c.e));
	assert_int_equal(seen.n, 2);
	assert_true(seen.oldest_s == 2 && seen.first_c == 20 && seen.last_target_c == 60);
	assert_true(c.p.state.history_seeded);

	sbuf_adds(&b, "{\"result\":{\"heater_bed\":{\"temperatures\":[1");
	for (int i = 0; i < 5000; i++)
		sbuf_addf(&b, ",%d", i + 2);
	sbuf_adds(&b, "],\"targets\":[1]}}}");
	r = reply_json(200, sbuf_str(&b));
	seen.n = 0;
	assert_true(driver_moonraker.hear(&c.p, TOPIC_HISTORY, &r, &c.p.state, &sink, &c.e));
	assert_int_equal(seen.n, 1200);
	assert_true(seen.oldest_s == 1199 && seen.first_c == 3802 && isnan(seen.last_target_c));
	assert_true(driver_moonraker.hear(&c.p, TOPIC_HISTORY, &r, &c.p.state, NULL, &c.e));
	sbuf_done(&b);
	case_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_other_requests),
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_hung_klippy),
		cmocka_unit_test(test_hung_moonraker),
		cmocka_unit_test(test_klippy_comes_back),
		cmocka_unit_test(test_unauthorized),
		cmocka_unit_test(test_klippy_reasons),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_sources_without_metadata),
		cmocka_unit_test(test_sources_with_metadata),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_many_heaters),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
