/* Temperatures of the last 20 minutes: steps, holes, seeds and the edges of the ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/history.h>
#include <printop/str.h>

#define STEP HISTORY_STEP_MS

static struct printer_state with_heater(const char *name, double actual, double target)
{
	struct printer_state s;
	struct heater *h;

	printer_state_init(&s);
	h = printer_heater_add(&s, name, name);
	h->actual_c = actual;
	h->target_c = target;
	return s;
}

static void note(struct history *h, double actual, double target, int64_t at)
{
	struct printer_state s = with_heater("bed", actual, target);

	history_note(h, &s, at);
}

static void test_last_value_of_a_step_stays(void **state)
{
	struct history *h = history_new();

	(void)state;
	assert_true(history_empty(h));
	note(h, 20, 60, 1000);
	note(h, 21.44, 60, 4999);
	assert_false(history_empty(h));
	assert_true(fabs(history_actual(h, "bed", 0, 4999) - 21.4) < 1e-9);
	assert_true(history_target(h, "bed", 0, 4999) == 60);
	assert_true(isnan(history_actual(h, "bed", 1, 4999)));
	assert_true(isnan(history_actual(h, "extruder", 0, 4999)));
	history_free(h);
	history_free(NULL);
}

static void test_short_holes_are_bridged_long_ones_stay(void **state)
{
	struct history *h = history_new();

	(void)state;
	note(h, 50, NAN, 0);
	note(h, 53, NAN, 3 * STEP);
	assert_true(history_actual(h, "bed", 1, 3 * STEP) == 50);
	assert_true(history_actual(h, "bed", 2, 3 * STEP) == 50);
	note(h, 60, NAN, 7 * STEP);
	assert_true(isnan(history_actual(h, "bed", 1, 7 * STEP)));
	assert_true(isnan(history_actual(h, "bed", 3, 7 * STEP)));
	assert_true(history_actual(h, "bed", 4, 7 * STEP) == 53);
	assert_true(isnan(history_target(h, "bed", 0, 7 * STEP)));
	history_free(h);
}

static void test_ring_forgets_after_20_minutes(void **state)
{
	struct history *h = history_new();

	(void)state;
	for (int i = 0; i < 2 * HISTORY_SAMPLES; i++)
		note(h, i % 300, 100, (int64_t)i * STEP);
	for (int back = 0; back < HISTORY_SAMPLES; back++)
		assert_true(history_actual(h, "bed", back, (2 * HISTORY_SAMPLES - 1) * (int64_t)STEP) ==
			    (2 * HISTORY_SAMPLES - 1 - back) % 300);
	assert_true(isnan(history_actual(h, "bed", HISTORY_SAMPLES,
					 (2 * HISTORY_SAMPLES - 1) * (int64_t)STEP)));
	/* A day later nothing of it is left. */
	note(h, 5, 0, 86400000);
	assert_true(history_actual(h, "bed", 0, 86400000) == 5);
	for (int back = 1; back < HISTORY_SAMPLES; back++)
		assert_true(isnan(history_actual(h, "bed", back, 86400000)));
	/* Nor is there anything in the future or before the ring. */
	assert_true(isnan(history_actual(h, "bed", 0, 86400000 + STEP)));
	note(h, 77, 0, 1000);
	assert_true(history_actual(h, "bed", 0, 86400000) == 5);
	history_free(h);
}

static void test_seed_fills_only_what_is_unknown(void **state)
{
	struct history *h = history_new();
	int64_t now = 2 * STEP;		/* seeds lie before the clock's zero */

	(void)state;
	note(h, 60, 60, now);
	for (int age = 0; age < 1300; age++)
		history_seed(h, "bed", age, 30, 40, now);
	assert_true(history_actual(h, "bed", 0, now) == 60);
	for (int back = 1; back < HISTORY_SAMPLES; back++) {
		assert_true(history_actual(h, "bed", back, now) == 30);
		assert_true(history_target(h, "bed", back, now) == 40);
	}
	history_seed(h, "bed", -5, 99, 99, now);
	history_seed(h, "bed", NAN, 99, 99, now);
	history_seed(h, "bed", INFINITY, 99, 99, now);
	history_seed(h, "chamber", 10, NAN, NAN, now);
	assert_true(history_actual(h, "bed", 1, now) == 30);
	assert_true(isnan(history_actual(h, "chamber", 2, now)));
	history_free(h);
}

static void test_extremes_and_too_many_heaters(void **state)
{
	struct history *h = history_new();
	struct printer_state s;
	char name[8];

	(void)state;
	note(h, 1e9, -1e9, 0);
	assert_true(history_actual(h, "bed", 0, 0) == 3000);
	assert_true(history_target(h, "bed", 0, 0) == -3000);
	printer_state_init(&s);
	for (int i = 0; i < LIMIT_HEATERS; i++) {
		str_printf(name, sizeof(name), "s%d", i);
		printer_heater_add(&s, name, name)->actual_c = i;
	}
	history_note(h, &s, STEP);
	assert_true(history_actual(h, "s0", 0, STEP) == 0);
	assert_true(history_actual(h, "s6", 0, STEP) == 6);
	assert_true(isnan(history_actual(h, "s15", 0, STEP)));
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_value_of_a_step_stays),
		cmocka_unit_test(test_short_holes_are_bridged_long_ones_stay),
		cmocka_unit_test(test_ring_forgets_after_20_minutes),
		cmocka_unit_test(test_seed_fills_only_what_is_unknown),
		cmocka_unit_test(test_extremes_and_too_many_heaters),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
