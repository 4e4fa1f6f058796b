/* The field table: text, order, JSON and what counts as a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/fields.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>

static struct printer p;

static int setup(void **state)
{
	struct heater *h;

	(void)state;
	memset(&p, 0, sizeof(p));
	printer_config_init(&p.config);
	printer_state_init(&p.state);
	p.ends_at = NAN;
	p.config.name = mem_strdup("voron-01");
	p.config.url = mem_strdup("http://10.0.4.21:7125");
	p.config.dialect = mem_strdup("auto");
	secret_set(&p.config.key, "topsecret");
	p.config.tags[p.config.n_tags++] = mem_strdup("petg");
	p.config.tags[p.config.n_tags++] = mem_strdup("room-1");
	p.dialect = "moonraker";
	p.state.status = PRINTER_PRINTING;
	p.state.fresh.ok_ms = 1000;
	p.state.job.progress = 0.87666;
	str_copy(p.state.job.progress_source, sizeof(p.state.job.progress_source), "file");
	str_copy(p.state.job.file, sizeof(p.state.job.file), "petg/bracket_x12.gcode");
	p.state.job.elapsed_s = 10080.26;
	p.state.job.left_s = 1260;
	p.ends_at = 1700001260.4;
	p.state.job.layer = 214;
	p.state.job.layers = 246;
	h = printer_heater_add(&p.state, "extruder", "extruder");
	h->actual_c = 244.96;
	h->target_c = 245;
	h->power = 0.523456;
	h = printer_heater_add(&p.state, "mcu", "temperature_sensor mcu");
	h->actual_c = 41.004;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	printer_config_done(&p.config);
	return 0;
}

static const char *text(enum field_id id)
{
	static char buf[200];

	return field_text(&p, id, 3000, buf, sizeof(buf));
}

static void test_text_of_known_values(void **state)
{
	(void)state;
	assert_string_equal(text(FIELD_NAME), "voron-01");
	assert_string_equal(text(FIELD_DIALECT), "moonraker");
	assert_string_equal(text(FIELD_STATE), "printing");
	assert_string_equal(text(FIELD_AGE), "2 s");
	assert_string_equal(text(FIELD_PROGRESS), "87%");
	assert_string_equal(text(FIELD_ELAPSED), "2:48");
	assert_string_equal(text(FIELD_LEFT), "0:21");
	assert_string_equal(text(FIELD_LAYER), "214");
	assert_string_equal(text(FIELD_NOZZLE), "245/245");
	assert_string_equal(text(FIELD_HEATERS), "extruder 245/245, mcu 41");
	assert_string_equal(text(FIELD_TAGS), "petg,room-1");
	assert_int_equal(strlen(text(FIELD_ENDS_AT)), 5);
}

static void test_text_of_unknown_values(void **state)
{
	(void)state;
	printer_state_init(&p.state);
	p.ends_at = NAN;
	p.dialect = NULL;
	printer_config_done(&p.config);
	for (unsigned i = 0; i < FIELD_N; i++)
		if (i != FIELD_STATE)
			assert_string_equal(text((enum field_id)i), "-");
	assert_string_equal(text(FIELD_STATE), "unknown");
}

static void test_progress_is_not_whole_before_it_is(void **state)
{
	(void)state;
	p.state.job.progress = 0.9999;
	assert_string_equal(text(FIELD_PROGRESS), "99%");
	p.state.job.progress = 1;
	assert_string_equal(text(FIELD_PROGRESS), "100%");
	p.state.job.progress = 0.29;
	assert_string_equal(text(FIELD_PROGRESS), "29%");
}

static void test_a_failed_poll_is_the_reason(void **state)
{
	(void)state;
	assert_null(field_str(&p, FIELD_REASON));
	p.state.fresh.err = ERR_TIMEOUT;
	str_copy(p.state.fresh.text, sizeof(p.state.fresh.text), "no answer");
	assert_string_equal(field_str(&p, FIELD_REASON), "no answer");
	str_copy(p.state.reason, sizeof(p.state.reason), "thermal runaway");
	assert_string_equal(field_str(&p, FIELD_REASON), "thermal runaway");
}

/* The whole object as the manual has it: names, order, roundings, null for unknown. */
static void test_json_is_the_contract(void **state)
{
	static const char expected[] =
		"{\"name\":\"voron-01\",\"url\":\"http://10.0.4.21:7125\",\"dialect\":\"moonraker\","
		"\"state\":\"printing\",\"reason\":null,\"message\":null,\"age_s\":2,"
		"\"progress\":0.8767,\"progress_source\":\"file\",\"file\":\"petg/bracket_x12.gcode\","
		"\"elapsed_s\":10080.3,\"left_s\":1260,\"left_source\":null,\"ends_at\":1700001260,"
		"\"layer\":214,\"layers\":246,\"heaters\":[{\"name\":\"extruder\",\"actual_c\":244.96,"
		"\"target_c\":245,\"power\":0.5235},{\"name\":\"mcu\",\"actual_c\":41,"
		"\"target_c\":null,\"power\":null}],\"tags\":[\"petg\",\"room-1\"],\"parked\":null}";
	struct json *o = printer_to_json(&p, 3000);
	char *got = json_print(o, false);

	(void)state;
	assert_string_equal(got, expected);
	free(got);
	json_free(o);
}

static void test_json_of_an_unknown_printer(void **state)
{
	static const char expected[] =
		"{\"name\":\"x\",\"url\":null,\"dialect\":null,\"state\":\"parked\",\"reason\":null,"
		"\"message\":null,\"age_s\":null,\"progress\":null,\"progress_source\":null,"
		"\"file\":null,\"elapsed_s\":null,\"left_s\":null,\"left_source\":null,"
		"\"ends_at\":null,\"layer\":null,\"layers\":null,\"heaters\":[],\"tags\":[],"
		"\"parked\":\"\"}";
	struct json *o;
	char *got;

	(void)state;
	printer_config_done(&p.config);
	printer_state_init(&p.state);
	p.ends_at = NAN;
	p.dialect = NULL;
	p.config.name = mem_strdup("x");
	p.config.parked = mem_strdup("");
	p.state.status = PRINTER_PARKED;
	o = printer_to_json(&p, 3000);
	got = json_print(o, false);
	assert_string_equal(got, expected);
	free(got);
	json_free(o);
}

static void test_unknown_sorts_last(void **state)
{
	struct printer q = p;

	(void)state;
	assert_int_equal(field_compare(&p, &q, FIELD_LEFT, 0), 0);
	q.state.job.left_s = 5;
	assert_true(field_compare(&q, &p, FIELD_LEFT, 0) < 0);
	q.state.job.left_s = NAN;
	assert_true(field_compare(&p, &q, FIELD_LEFT, 0) < 0);
	assert_true(field_compare(&q, &p, FIELD_LEFT, 0) > 0);
	q.state.status = PRINTER_ERROR;
	assert_true(field_compare(&q, &p, FIELD_STATE, 0) < 0);
	q.config.n_tags = 0;
	assert_true(field_compare(&p, &q, FIELD_TAGS, 0) < 0);
	q.config.group = NULL;
	p.config.group = mem_strdup("A");
	assert_true(field_compare(&p, &q, FIELD_GROUP, 0) < 0);
	q.config.name = (char *)(uintptr_t)"Voron-02";
	assert_true(field_compare(&p, &q, FIELD_NAME, 0) < 0);
}

static void test_diff_ignores_noise_and_sees_drift(void **state)
{
	struct printer_state before = p.state, after = p.state;

	(void)state;
	assert_int_equal(fields_diff(&before, &after), 0);
	after.heaters[0].actual_c += 0.01;
	after.job.elapsed_s += 0.1;
	after.job.progress += 0.00001;
	after.latency_ms = NAN;
	assert_int_equal(fields_diff(&before, &after), 0);
	after.heaters[0].actual_c += 0.2;
	assert_int_equal(fields_diff(&before, &after),
			 FIELD_BIT(FIELD_HEATERS) | FIELD_BIT(FIELD_NOZZLE));
	/* A drift of less than a step a poll still becomes a change. */
	after = before;
	for (int i = 0; i < 20; i++) {
		struct printer_state next = after;

		next.job.progress += 0.0001;
		if (fields_diff(&after, &next) & FIELD_BIT(FIELD_PROGRESS))
			return;
		after = next;
	}
	fail_msg("a slow drift was lost");
}

static void test_diff_names_what_changed(void **state)
{
	struct printer_state before = p.state, after = p.state;

	(void)state;
	after.status = PRINTER_PAUSED;
	after.job.layer++;
	str_copy(after.message, sizeof(after.message), "hello");
	assert_int_equal(fields_diff(&before, &after), FIELD_BIT(FIELD_STATE) |
			 FIELD_BIT(FIELD_LAYER) | FIELD_BIT(FIELD_MESSAGE));
	after = before;
	after.job.left_s = NAN;
	assert_int_equal(fields_diff(&before, &after), FIELD_BIT(FIELD_LEFT));
	after = before;
	after.n_heaters = 1;
	assert_int_equal(fields_diff(&before, &after), FIELD_BIT(FIELD_HEATERS));
	after = before;
	after.fresh.err = ERR_TIMEOUT;
	after.fresh.ok_ms = 5;
	assert_int_equal(fields_diff(&before, &after), FIELD_BIT(FIELD_AGE));
}

static void test_names_lead_back(void **state)
{
	enum field_id id;

	(void)state;
	for (unsigned i = 0; i < FIELD_N; i++) {
		assert_true(field_from_name(field_info((enum field_id)i)->name, &id));
		assert_int_equal(id, i);
	}
	assert_false(field_from_name("nope", &id));
	assert_null(field_info(FIELD_N));
	_Static_assert(FIELD_N < 64, "a mask holds them all");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_text_of_known_values),
		TEST(test_text_of_unknown_values),
		TEST(test_progress_is_not_whole_before_it_is),
		TEST(test_a_failed_poll_is_the_reason),
		TEST(test_json_is_the_contract),
		TEST(test_json_of_an_unknown_printer),
		TEST(test_unknown_sorts_last),
		TEST(test_diff_ignores_noise_and_sees_drift),
		TEST(test_diff_names_what_changed),
		TEST(test_names_lead_back),
	};

	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
