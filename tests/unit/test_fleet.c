/* The fleet: adding, reloading, commits, the steady end, job numbers and who hears what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>
#include <printop/fleet.h>
#include <printop/history.h>
#include <printop/mem.h>
#include <printop/str.h>

static struct fleet *fleet;
static struct fleet_change heard[32];
static size_t n_heard;

static void hear(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	(void)ctx;
	(void)f;
	for (size_t i = 0; i < n && n_heard < ARRAY_LEN(heard); i++)
		heard[n_heard++] = c[i];
}

static int setup(void **state)
{
	(void)state;
	fleet = fleet_new();
	n_heard = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fleet_free(fleet);
	fleet_free(NULL);
	return 0;
}

static struct printer_config config(const char *name, const char *url)
{
	struct printer_config c;

	printer_config_init(&c);
	c.name = mem_strdup(name);
	c.url = mem_strdup(url);
	return c;
}

static uint32_t add(const char *name)
{
	struct printer_config c = config(name, "http://x");
	struct printer *p = fleet_add_take(fleet, &c);

	assert_null(c.name);
	return p->id;
}

static void commit(uint32_t id, enum printer_status s, double left_s, double wall_s)
{
	struct printer_state next = fleet_get(fleet, id)->state;

	next.status = s;
	next.job.left_s = left_s;
	fleet_commit(fleet, id, &next, (int64_t)(wall_s * 1000), wall_s);
}

static void publish(void)
{
	n_heard = 0;
	fleet_publish(fleet);
}

static void test_find_and_order(void **state)
{
	uint32_t a = add("a"), b = add("B");

	(void)state;
	assert_int_equal(fleet_count(fleet), 2);
	assert_int_not_equal(a, 0);
	assert_int_equal(fleet_find(fleet, "b")->id, b);
	assert_null(fleet_find(fleet, "c"));
	assert_int_equal(fleet_at(fleet, 0)->id, a);
	assert_null(fleet_at(fleet, 2));
	fleet_remove(fleet, a);
	assert_null(fleet_get(fleet, a));
	assert_int_equal(fleet_at(fleet, 0)->id, b);
	assert_true(add("c") > b);
	fleet_remove(fleet, 999);
	assert_int_equal(fleet_count(fleet), 2);
}

static void test_changes_merge_until_published(void **state)
{
	uint32_t a = add("a");

	(void)state;
	fleet_observe(fleet, hear, NULL);
	publish();
	assert_int_equal(n_heard, 1);
	assert_int_equal(heard[0].mask, FIELD_MASK_ALL);
	assert_false(fleet_dirty(fleet));
	commit(a, PRINTER_IDLE, NAN, 100);
	commit(a, PRINTER_PREPARING, NAN, 101);
	fleet_touch(fleet, a, FIELD_BIT(FIELD_GROUP));
	assert_true(fleet_dirty(fleet));
	publish();
	assert_int_equal(n_heard, 1);
	assert_int_equal(heard[0].id, a);
	assert_int_equal(heard[0].from, PRINTER_UNKNOWN);
	assert_int_equal(heard[0].to, PRINTER_PREPARING);
	assert_int_equal(heard[0].mask, FIELD_BIT(FIELD_STATE) | FIELD_BIT(FIELD_GROUP));
	publish();
	assert_int_equal(n_heard, 0);
	commit(a, PRINTER_PREPARING, NAN, 102);
	assert_false(fleet_dirty(fleet));
	fleet_unobserve(fleet, hear, NULL);
	fleet_touch(fleet, a, 1);
	publish();
	assert_int_equal(n_heard, 0);
}

static void hear_and_commit(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	(void)n;
	if (*(int *)ctx > 0) {
		--*(int *)ctx;
		fleet_touch(f, c[0].id, FIELD_BIT(FIELD_FAN));
		fleet_remove(f, c[0].id + 1);
	}
}

static void test_observers_may_change_the_fleet(void **state)
{
	uint32_t a = add("a");
	int times = 1;

	(void)state;
	add("b");
	fleet_observe(fleet, hear_and_commit, &times);
	fleet_observe(fleet, hear, NULL);
	publish();
	assert_int_equal(n_heard, 2);		/* the second hears the same turn whole */
	publish();
	assert_int_equal(n_heard, 2);
	assert_int_equal(heard[0].id, a);
	assert_int_equal(heard[0].mask, FIELD_BIT(FIELD_FAN));
	assert_int_equal(heard[1].mask, FIELD_MASK_ALL);
	assert_null(fleet_get(fleet, heard[1].id));
	publish();
	assert_int_equal(n_heard, 0);
}

static void test_since_changes_with_the_status_only(void **state)
{
	uint32_t a = add("a");
	struct printer *p = fleet_get(fleet, a);

	(void)state;
	assert_true(isnan(p->since_at));
	commit(a, PRINTER_IDLE, NAN, 100);
	commit(a, PRINTER_IDLE, NAN, 200);
	assert_true(p->since_at == 100);
	assert_false(p->since_seen);		/* idle since when? */
	commit(a, PRINTER_BUSY, NAN, 300);
	assert_true(p->since_at == 300);
	assert_true(p->since_seen);
	commit(a, PRINTER_OFFLINE, NAN, 400);
	commit(a, PRINTER_ERROR, NAN, 500);
	assert_false(p->since_seen);
}

static void test_the_end_does_not_jitter(void **state)
{
	uint32_t a = add("a");
	struct printer *p = fleet_get(fleet, a);

	(void)state;
	commit(a, PRINTER_PRINTING, 1000, 5000);
	assert_true(p->ends_at == 6000);
	fleet_publish(fleet);
	commit(a, PRINTER_PRINTING, 1020, 5002);
	assert_true(p->ends_at == 6000);
	commit(a, PRINTER_PRINTING, 1031, 5000);
	assert_true(p->ends_at == 6031);
	/* 1 % of a long time is more than half a minute. */
	commit(a, PRINTER_PRINTING, 36000, 5000);
	commit(a, PRINTER_PRINTING, 36300, 5000);
	assert_true(p->ends_at == 41000);
	commit(a, PRINTER_PAUSED, 36300, 5001);
	assert_true(isnan(p->ends_at));
	commit(a, PRINTER_PRINTING, 36300, 5100);
	assert_true(p->ends_at == 41400);
	commit(a, PRINTER_PRINTING, NAN, 5100);
	assert_true(isnan(p->ends_at));
	commit(a, PRINTER_PRINTING, 1e300, 5100);	/* no clock can show it */
	assert_true(isnan(p->ends_at));
	commit(a, PRINTER_COMPLETE, 0, 5100);
	assert_true(isnan(p->ends_at));
}

static void test_the_end_is_a_field_of_its_own(void **state)
{
	uint32_t a = add("a");
	struct printer_state next = fleet_get(fleet, a)->state;
	field_mask mask;

	(void)state;
	next.status = PRINTER_PRINTING;
	next.job.left_s = 100;
	fleet_commit(fleet, a, &next, 0, 1000);
	next = fleet_get(fleet, a)->state;
	mask = fleet_commit(fleet, a, &next, 0, 1020);
	assert_int_equal(mask, 0);
	mask = fleet_commit(fleet, a, &next, 0, 1031);
	assert_int_equal(mask, FIELD_BIT(FIELD_ENDS_AT));
}

static void commit_file(uint32_t id, enum printer_status s, const char *file)
{
	struct printer_state next = fleet_get(fleet, id)->state;

	next.status = s;
	str_copy(next.job.file, sizeof(next.job.file), file);
	fleet_commit(fleet, id, &next, 0, 0);
}

static void test_jobs_are_counted_once(void **state)
{
	uint32_t a = add("a");
	const struct job *job = &fleet_get(fleet, a)->state.job;

	(void)state;
	commit_file(a, PRINTER_IDLE, "");
	assert_int_equal(job->seq, 0);
	commit_file(a, PRINTER_PREPARING, "x");
	commit_file(a, PRINTER_PRINTING, "x");
	commit_file(a, PRINTER_PAUSED, "x");
	assert_int_equal(job->seq, 1);
	commit_file(a, PRINTER_OFFLINE, "x");
	commit_file(a, PRINTER_UNKNOWN, "");
	commit_file(a, PRINTER_PRINTING, "x");
	assert_int_equal(job->seq, 1);
	commit_file(a, PRINTER_PRINTING, "y");
	assert_int_equal(job->seq, 2);
	commit_file(a, PRINTER_COMPLETE, "y");
	commit_file(a, PRINTER_PRINTING, "y");
	assert_int_equal(job->seq, 3);
}

static void test_temperatures_go_into_the_history(void **state)
{
	uint32_t a = add("a");
	struct printer *p = fleet_get(fleet, a);
	struct printer_state next = p->state;

	(void)state;
	printer_heater_add(&next, "bed", "bed")->actual_c = 60;
	fleet_commit(fleet, a, &next, 5000, 0);
	next.fresh.err = ERR_TIMEOUT;	/* kept values are no measurement */
	fleet_commit(fleet, a, &next, 10000, 0);
	assert_true(history_actual(p->history, "bed", 0, 5000) == 60);
	assert_true(isnan(history_actual(p->history, "bed", 0, 10000)));
}

static void test_parked_and_keyless_printers(void **state)
{
	struct printer_config c = config("a", "http://a");
	struct printer *p;

	(void)state;
	c.parked = mem_strdup("hot end");
	p = fleet_add_take(fleet, &c);
	assert_int_equal(p->state.status, PRINTER_PARKED);
	commit(p->id, PRINTER_IDLE, NAN, 1);
	assert_int_equal(p->state.status, PRINTER_PARKED);
	c = config("b", "http://b");
	c.key_error = mem_strdup("no key: x");
	p = fleet_add_take(fleet, &c);
	assert_int_equal(p->state.status, PRINTER_UNAUTHORIZED);
	assert_string_equal(p->state.reason, "no key: x");
}

static void test_replace_keeps_what_is_the_same(void **state)
{
	uint32_t a = add("a"), b = add("b"), c = add("c");
	struct printer_config next[3];

	(void)state;
	commit(a, PRINTER_PRINTING, 10, 100);
	commit(b, PRINTER_PRINTING, 10, 100);
	fleet_observe(fleet, hear, NULL);
	publish();
	next[0] = config("d", "http://d");
	next[1] = config("A", "http://x");
	next[1].group = mem_strdup("left");
	next[2] = config("b", "http://elsewhere");
	fleet_replace_take(fleet, next, 3);
	assert_null(next[0].name);
	assert_int_equal(fleet_count(fleet), 3);
	assert_string_equal(fleet_at(fleet, 0)->config.name, "d");
	assert_int_equal(fleet_at(fleet, 1)->id, a);
	assert_string_equal(fleet_get(fleet, a)->config.group, "left");
	assert_int_equal(fleet_get(fleet, a)->state.status, PRINTER_PRINTING);
	assert_null(fleet_get(fleet, b));
	assert_null(fleet_get(fleet, c));
	assert_int_equal(fleet_at(fleet, 2)->state.status, PRINTER_UNKNOWN);
	publish();
	assert_int_equal(n_heard, 5);	/* a; b and c gone; b and d new */
	for (size_t i = 0; i < n_heard; i++)
		assert_int_equal(heard[i].mask, FIELD_MASK_ALL);
}

static void test_replace_parks_and_unparks(void **state)
{
	uint32_t a = add("a");
	struct printer_config c = config("a", "http://x");

	(void)state;
	commit(a, PRINTER_PRINTING, 10, 100);
	c.parked = mem_strdup("");
	fleet_replace_take(fleet, &c, 1);
	assert_int_equal(fleet_get(fleet, a)->state.status, PRINTER_PARKED);
	c = config("a", "http://x");
	fleet_replace_take(fleet, &c, 1);
	assert_int_equal(fleet_get(fleet, a)->state.status, PRINTER_UNKNOWN);
	fleet_replace_take(fleet, NULL, 0);
	assert_int_equal(fleet_count(fleet), 0);
}

static void test_replace_survives_twins(void **state)
{
	struct printer_config next[2] = { config("a", "http://x"), config("a", "http://x") };
	uint32_t a = add("a");

	(void)state;
	fleet_replace_take(fleet, next, 2);
	assert_int_equal(fleet_count(fleet), 2);
	assert_int_equal(fleet_at(fleet, 0)->id, a);
	assert_int_not_equal(fleet_at(fleet, 1)->id, a);
}

static void test_many_printers(void **state)
{
	size_t counts[PRINTER_STATUS_N];
	char name[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		str_printf(name, sizeof(name), "p%d", i);
		commit(add(name), i % 2 ? PRINTER_IDLE : PRINTER_PRINTING, NAN, 0);
	}
	for (uint32_t id = 1; id <= 1000; id += 2)
		fleet_remove(fleet, id);
	for (size_t i = 0; i < fleet_count(fleet); i++)
		assert_ptr_equal(fleet_get(fleet, fleet_at(fleet, i)->id), fleet_at(fleet, i));
	fleet_count_states(fleet, counts);
	assert_int_equal(counts[PRINTER_IDLE], 500);
	assert_int_equal(counts[PRINTER_PRINTING], 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_find_and_order),
		TEST(test_changes_merge_until_published),
		TEST(test_observers_may_change_the_fleet),
		TEST(test_since_changes_with_the_status_only),
		TEST(test_the_end_does_not_jitter),
		TEST(test_the_end_is_a_field_of_its_own),
		TEST(test_jobs_are_counted_once),
		TEST(test_temperatures_go_into_the_history),
		TEST(test_parked_and_keyless_printers),
		TEST(test_replace_keeps_what_is_the_same),
		TEST(test_replace_parks_and_unparks),
		TEST(test_replace_survives_twins),
		TEST(test_many_printers),
	};

	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
