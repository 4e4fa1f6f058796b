/* Printers as plain data: the table of states, secrets, unknown values, age and staleness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/mem.h>
#include <printop/printer.h>
#include <printop/str.h>

static void test_statuses_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++) {
		const struct status_info *info = printer_status_info((enum printer_status)i);
		enum printer_status found;

		assert_non_null(info->name);
		assert_in_range(strlen(info->label), 1, 6);
		assert_true(strlen(info->count) >= 1);
		assert_true(strlen(info->sentence) >= 5);
		assert_true(printer_status_from_name(info->name, &found));
		assert_int_equal(found, i);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(info->label,
						printer_status_info((enum printer_status)j)->label);
	}
	assert_string_equal(printer_status_info((enum printer_status)999)->name, "unknown");
}

static void test_status_names_are_the_contract(void **state)
{
	static const char *const names[] = { "unknown", "offline", "starting", "unauthorized",
		"disconnected", "connecting", "idle", "busy", "preparing", "printing", "pausing",
		"paused", "resuming", "cancelling", "finishing", "complete", "cancelled", "failed",
		"error", "shutdown", "parked" };
	enum printer_status found;

	(void)state;
	assert_int_equal(ARRAY_LEN(names), PRINTER_STATUS_N);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_true(printer_status_from_name(names[i], &found));
		assert_int_equal(found, i);
	}
	assert_false(printer_status_from_name("print", &found));
	assert_false(printer_status_from_name("", &found));
}

static int weight(enum printer_status s)
{
	return printer_status_info(s)->attention;
}

static void test_attention_puts_people_first(void **state)
{
	(void)state;
	assert_true(weight(PRINTER_ERROR) < weight(PRINTER_PAUSED));
	assert_true(weight(PRINTER_PAUSED) < weight(PRINTER_COMPLETE));
	assert_true(weight(PRINTER_COMPLETE) < ATTENTION_PERSON);
	assert_true(weight(PRINTER_UNAUTHORIZED) < ATTENTION_PERSON);
	assert_true(weight(PRINTER_PRINTING) > ATTENTION_PERSON);
	assert_int_equal(weight(PRINTER_PREPARING), weight(PRINTER_PRINTING));
	assert_true(weight(PRINTER_PRINTING) < weight(PRINTER_IDLE));
	assert_true(weight(PRINTER_IDLE) < weight(PRINTER_OFFLINE));
	assert_true(weight(PRINTER_OFFLINE) < weight(PRINTER_PARKED));
}

static void test_status_sets(void **state)
{
	(void)state;
	assert_true(STATUS_ACTIVE & STATUS_BIT(PRINTER_PAUSED));
	assert_false(STATUS_ACTIVE & STATUS_READY);
	assert_false(STATUS_OPERATIONAL & STATUS_BIT(PRINTER_OFFLINE));
}

static void test_secret_is_wiped(void **state)
{
	struct secret s = { NULL };

	(void)state;
	assert_false(secret_is_set(&s));
	secret_set(&s, "k1");
	assert_true(secret_is_set(&s));
	secret_set(&s, s.value);	/* its own value */
	assert_string_equal(s.value, "k1");
	secret_set(&s, "");
	assert_false(secret_is_set(&s));
	secret_set(&s, NULL);
	assert_null(s.value);
	secret_done(&s);
	secret_done(NULL);
}

static void test_state_starts_unknown(void **state)
{
	struct printer_state s;

	(void)state;
	memset(&s, 0x5a, sizeof(s));
	printer_state_init(&s);
	assert_int_equal(s.status, PRINTER_UNKNOWN);
	assert_true(isnan(s.job.progress) && isnan(s.job.left_s) && isnan(s.job.elapsed_s));
	assert_true(isnan(s.job.total_s) && isnan(s.job.filament_used_mm) && isnan(s.job.file_position));
	assert_int_equal(s.job.layer, -1);
	assert_int_equal(s.job.size_bytes, -1);
	assert_true(isnan(s.meta.estimated_s) && isnan(s.meta.modified_at) && isnan(s.meta.nozzle_c));
	assert_int_equal(s.meta.end_byte, -1);
	assert_true(isnan(s.pos_mm[0]) && isnan(s.pos_mm[2]) && isnan(s.fan) && isnan(s.latency_ms));
	assert_int_equal(s.fresh.ok_ms, -1);
	assert_int_equal(s.n_heaters, 0);
	assert_string_equal(s.reason, "");
}

static void test_heaters_have_a_cap(void **state)
{
	struct printer_state s;
	struct heater *bed;
	char name[8];

	(void)state;
	printer_state_init(&s);
	bed = printer_heater_add(&s, "bed", "heater_bed");
	assert_true(isnan(bed->actual_c) && isnan(bed->target_c) && isnan(bed->power));
	assert_ptr_equal(printer_heater_add(&s, "bed", "other"), bed);
	assert_string_equal(bed->object, "heater_bed");
	for (int i = 1; i < LIMIT_HEATERS; i++) {
		str_printf(name, sizeof(name), "s%d", i);
		assert_non_null(printer_heater_add(&s, name, name));
	}
	assert_null(printer_heater_add(&s, "one more", "x"));
	assert_ptr_equal(printer_heater(&s, "bed"), bed);
	assert_null(printer_heater(&s, "one more"));
}

static void test_age_and_staleness(void **state)
{
	struct printer p;

	(void)state;
	memset(&p, 0, sizeof(p));
	printer_config_init(&p.config);
	printer_state_init(&p.state);
	assert_true(isnan(printer_age_s(&p, 1000)));
	assert_false(printer_stale(&p, 1000));
	p.state.fresh.ok_ms = 1000;
	assert_true(printer_age_s(&p, 3500) == 2.5);
	assert_true(printer_age_s(&p, 0) == 0);
	assert_false(printer_stale(&p, 16000));
	assert_true(printer_stale(&p, 16001));
	p.config.stale_after_s = 60;
	assert_false(printer_stale(&p, 16001));
	p.state.fresh.err = ERR_TIMEOUT;
	assert_true(printer_stale(&p, 1001));
	p.state.status = PRINTER_PARKED;
	assert_false(printer_stale(&p, 1001));
}

static void test_same_server(void **state)
{
	struct printer_config a, b;

	(void)state;
	printer_config_init(&a);
	printer_config_init(&b);
	a.url = mem_strdup("http://x");
	b.url = mem_strdup("http://x");
	a.notes = mem_strdup("only a note");
	assert_true(printer_config_same_server(&a, &b));
	secret_set(&b.key, "other");
	assert_false(printer_config_same_server(&a, &b));
	secret_set(&a.key, "other");
	assert_true(printer_config_same_server(&a, &b));
	b.insecure = true;
	assert_false(printer_config_same_server(&a, &b));
	printer_config_done(&a);
	printer_config_done(&b);
	printer_config_done(NULL);
	assert_null(a.url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses_are_whole),
		cmocka_unit_test(test_status_names_are_the_contract),
		cmocka_unit_test(test_attention_puts_people_first),
		cmocka_unit_test(test_status_sets),
		cmocka_unit_test(test_secret_is_wiped),
		cmocka_unit_test(test_state_starts_unknown),
		cmocka_unit_test(test_heaters_have_a_cap),
		cmocka_unit_test(test_age_and_staleness),
		cmocka_unit_test(test_same_server),
	};

	return cmocka_run_group_tests_name("printer", tests, NULL, NULL);
}
