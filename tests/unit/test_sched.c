/* The schedule under a turned clock: periods, backoff, phases, ticks. */
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

static void test_phase_is_kept_and_missed_polls_skipped(void **state)
{
	(void)state;
	/* On time, a little late, and asleep for a minute. */
	assert_int_equal(sched_next(10400, 10400, 2000), 12400);
	assert_int_equal(sched_next(10400, 10950, 2000), 12400);
	int64_t next = sched_next(10400, 70000, 2000);

	assert_true(next > 70000 && next <= 72000);
	assert_int_equal((next - 10400) % 2000, 0);
}

static void test_a_shorter_period_takes_effect_at_once(void **state)
{
	(void)state;
	assert_true(sched_next(100000, 41000, 2000) <= 43200);
}

static void test_ticks_gather_polls(void **state)
{
	(void)state;
	for (int64_t due = 1; due < 5000; due += 7) {
		int64_t next = sched_next(due, due, 5000);

		assert_int_equal(next % 500, 0);
		assert_true(next >= due + 5000 && next < due + 5500);
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
		cmocka_unit_test(test_phase_is_kept_and_missed_polls_skipped),
		cmocka_unit_test(test_a_shorter_period_takes_effect_at_once),
		cmocka_unit_test(test_ticks_gather_polls),
		cmocka_unit_test(test_phases_are_even),
	};

	return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
