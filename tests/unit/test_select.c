/* Selectors: each kind of word, how they join, and what a slip is answered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/select.h>
#include <printop/str.h>

static struct fleet *fleet;
static struct err e;

static void add(const char *name, const char *tag, const char *group, const char *model,
		enum printer_status status)
{
	struct printer_config c;

	printer_config_init(&c);
	c.name = mem_strdup(name);
	c.url = mem_strdup("http://x");
	c.group = mem_strdup(group);
	c.model = mem_strdup(model);
	if (tag)
		c.tags[c.n_tags++] = mem_strdup(tag);
	fleet_add_take(fleet, &c)->state.status = status;
}

static int setup(void **state)
{
	(void)state;
	fleet = fleet_new();
	add("voron-01", "petg", "left wall", "Voron 2.4", PRINTER_PRINTING);
	add("voron-02", "pla", "left wall", "Voron 0", PRINTER_PAUSED);
	add("mk4-01", "petg", "right", "Prusa MK4", PRINTER_IDLE);
	add("ender-1", NULL, NULL, NULL, PRINTER_OFFLINE);
	err_clear(&e);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fleet_free(fleet);
	return 0;
}

/* The numbers of the printers that a line picks: "12" are the first two; "" for an error. */
static const char *pick(const char *line)
{
	static char picked[16];
	struct selector *s = selector_parse_line(line, &e);
	uint32_t *ids = NULL;
	size_t n = 0;

	if (s)
		ids = selector_ids(s, fleet, &n, &e);
	for (size_t i = 0; i < n; i++)
		picked[i] = (char)('0' + ids[i]);
	picked[n] = '\0';
	free(ids);
	selector_free(s);
	return picked;
}

static void test_picks(void **state)
{
	static const char *const rows[][2] = {
		{ "", "1234" },
		{ "all", "1234" },
		{ "*", "1234" },
		{ "voron-01", "1" },
		{ "VORON-01", "1" },
		{ "voron-*", "12" },
		{ "voron-0[2-9]", "2" },
		{ "mk4-?1 ender-1", "34" },
		{ "voron-01,ender-1", "14" },
		{ "ender-1 voron-01", "14" },		/* the config's order */
		{ "tag:petg", "13" },
		{ "tag:petg,pla", "123" },
		{ "tag:petg tag:pla", "123" },
		{ "tag:p*", "123" },
		{ "!tag:petg", "24" },
		{ "tag:petg state:printing", "1" },
		{ "state:printing,paused", "12" },
		{ "state:p*", "12" },
		{ "state:ready", "3" },
		{ "state:active", "12" },
		{ "state:pause", "2" },
		{ "!state:offline", "123" },
		{ "model:voron*", "12" },
		{ "model:\"Voron 2.4\"", "1" },
		{ "group:\"left wall\" !voron-02", "1" },
		{ "group:right,\"left wall\"", "123" },
		{ "all !voron-*", "34" },
		{ "name:ender-1", "4" },
		{ "TAG:PETG", "13" },
		{ "voron-* tag:petg", "1" },
		{ "\t voron-01  ", "1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_eq(pick(rows[i][0]), rows[i][1]))
			fail_msg("'%s' picked '%s', not '%s' (%s)", rows[i][0], pick(rows[i][0]),
				 rows[i][1], e.text);
	}
}

static void test_slips(void **state)
{
	static const struct {
		const char *line;
		enum err_code code;
		const char *text;
	} rows[] = {
		{ "voron-03", ERR_NOT_FOUND, "there is no printer 'voron-03'; did you mean 'voron-01'?" },
		{ "!voron-3", ERR_NOT_FOUND, "there is no printer 'voron-3'; did you mean 'voron-01'?" },
		{ "zzzzzzzz", ERR_NOT_FOUND, "there is no printer 'zzzzzzzz'" },
		{ "voron-01 nope", ERR_NOT_FOUND, "there is no printer 'nope'" },
		{ "tag:petq", ERR_NOT_FOUND, "no printer has tag 'petq'; did you mean 'petg'?" },
		{ "!group:lef", ERR_NOT_FOUND, "no printer has group 'lef'" },
		{ "model:x", ERR_NOT_FOUND, "no printer has model 'x'" },
		{ "state:printng", ERR_USAGE, "there is no state 'printng'; did you mean 'printing'?" },
		{ "state:zz*", ERR_USAGE, "there is no state 'zz*'" },
		{ "state:failed", ERR_NOT_FOUND, "no printer matches 'state:failed'" },
		{ "voron-* state:offline", ERR_NOT_FOUND, "no printer matches 'voron-* state:offline'" },
		{ "!all", ERR_NOT_FOUND, "no printer matches '!all'" },
		{ "tag:", ERR_USAGE, "'tag:' names nothing" },
		{ "!", ERR_USAGE, "'!' names nothing" },
		{ ",", ERR_USAGE, "',' names nothing" },
		{ "stat:idle", ERR_USAGE, "'stat:idle': a name holds no ':'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_string_equal(pick(rows[i].line), "");
		assert_int_equal(e.code, rows[i].code);
		if (!str_starts(e.text, rows[i].text))
			fail_msg("'%s' says: %s", rows[i].line, e.text);
	}
}

static void test_text_from_outside_is_cleaned(void **state)
{
	(void)state;
	assert_string_equal(pick("\033[2J"), "");
	assert_null(strchr(e.text, '\033'));
	assert_string_equal(pick("\033[2J*zzz"), "");
	assert_null(strchr(e.text, '\033'));
}

static void test_states_are_needed_only_when_asked(void **state)
{
	const char *const words[] = { "voron-01", "!state:idle" };
	struct selector *s = selector_parse(words, 1, &e);

	(void)state;
	assert_false(selector_needs_state(s));
	selector_free(s);
	s = selector_parse(words, 2, &e);
	assert_true(selector_needs_state(s));
	selector_free(s);
	selector_free(NULL);
}

static void test_every_state_has_its_selector(void **state)
{
	char line[64];

	(void)state;
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++) {
		fleet_at(fleet, 0)->state.status = (enum printer_status)i;
		str_printf(line, sizeof(line), "voron-01 state:%s",
			   printer_status_info((enum printer_status)i)->name);
		assert_string_equal(pick(line), "1");
	}
}

static void test_an_empty_fleet_says_so(void **state)
{
	(void)state;
	fleet_free(fleet);
	fleet = fleet_new();
	assert_string_equal(pick("all"), "");
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "printers.conf"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_picks), TEST(test_slips), TEST(test_text_from_outside_is_cleaned),
		TEST(test_states_are_needed_only_when_asked),
		TEST(test_every_state_has_its_selector), TEST(test_an_empty_fleet_says_so),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
