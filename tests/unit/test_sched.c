/* The schedule under a turned clock: periods, backoff, phases and places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "app/sched.h"

static const struct sched_rule rule = { .active = 2000, .idle = 5000, .offline = 60000 };

static void test_classes(void **state)
{
	(void)state;
	assert_int_equal(sched_class_of(PRINTER_IDLE, 0, false, false), SCHED_IDLE);
	assert_int_equal(sched_class_of(PRINTER_IDLE, 0, true, false), SCHED_ACTIVE);
	assert_int_equal(sched_class_of(PRINTER_PRINTING, 0, false, false), SCHED_ACTIVE);
	assert_int_equal(sched_class_of(PRINTER_PAUSED, 0, false, false), SCHED_ACTIVE);
	assert_int_equal(sched_class_of(PRINTER_PRINTING, 1, true, false), SCHED_OFFLINE);
	assert_int_equal(sched_class_of(PRINTER_UNAUTHORIZED, 0, false, false), SCHED_REFUSED);
	assert_int_equal(sched_class_of(PRINTER_OFFLINE, 9, false, true), SCHED_HURRY);
}

static void test_backoff_grows_to_the_longest_wait(void **state)
{
	int64_t want = 1000;

	(void)state;
	for (int failures = 1; failures < 40; failures++) {
		int64_t low = INT64_MAX, high = 0;

		for (uint32_t seed = 1; seed < 200; seed++) {
			int64_t p = sched_period(&rule, SCHED_OFFLINE, failures, seed);

			low = p < low ? p : low;
			high = p > high ? p : high;
		}
		assert_in_range(low, want * 3 / 4, want * 80 / 100);
		assert_in_range(high, want * 120 / 100, want * 5 / 4);
		want = want * 2 < 60000 ? want * 2 : 60000;
	}
}

static void test_dead_servers_are_not_hammered(void **state)
{
	(void)state;
	assert_true(sched_period(&rule, SCHED_HURRY, 0, 1) < 1000);
	assert_true(sched_period(&rule, SCHED_HURRY, 6, 1) >= 3000);
}

static void test_next_is_the_next_place_on_the_grid(void **state)
{
	(void)state;
	for (int64_t phase = 0; phase < 2000; phase += 37) {
		int64_t grid = phase - phase % 200;

		for (int64_t now = 100000; now < 104000; now += 13) {
			int64_t next = sched_next(phase, now, 2000);

			assert_true(next > now && next <= now + 2000);
			assert_int_equal(next % 2000, grid);
		}
	}
}

static void test_short_periods_have_a_place_too(void **state)
{
	(void)state;
	for (int64_t now = 5000; now < 6000; now++) {
		int64_t next = sched_next(sched_phase(7, 200), now, 200);

		assert_true(next > now && next <= now + 200);
	}
}

static void test_phases_are_even(void **state)
{
	unsigned bins[10] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		int64_t p = sched_phase(i, 5000);

		assert_in_range(p, 0, 4999);
		bins[p / 500]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(bins[i], 95, 105);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_backoff_grows_to_the_longest_wait),
		cmocka_unit_test(test_dead_servers_are_not_hammered),
		cmocka_unit_test(test_next_is_the_next_place_on_the_grid),
		cmocka_unit_test(test_short_periods_have_a_place_too),
		cmocka_unit_test(test_phases_are_even),
	};

	return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
