/* Output of the shell verbs: table, JSON, CSV and templates of one set of rows; bars of uploads; what wait waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/text.h>
#include "batch/bars.h"
#include "batch/batch.h"
#include "batch/condition.h"
#include "batch/output.h"
#include "batch/printers.h"

struct thing {
	const char *name;
	double size;
	const char *note;
};

static const struct out_column columns[] = {
	{ "name", "NAME", COL_TABLE | COL_JSON | COL_ROLE },
	{ "size", "SIZE", COL_TABLE | COL_JSON | COL_RIGHT },
	{ "note", "NOTE", COL_TABLE | COL_JSON },
	{ "extra", "EXTRA", 0 },
};

static struct cell cell(const void *row, size_t col)
{
	const struct thing *t = row;

	if (col == 0)
		return (struct cell){ CELL_TEXT, t->name, 0 };
	if (col == 1)
		return (struct cell){ CELL_NUM, NULL, t->size };
	if (col == 2)
		return (struct cell){ CELL_TEXT, t->note, 0 };
	return (struct cell){ CELL_BOOL, NULL, 1 };
}

static enum role role(const void *row)
{
	return ((const struct thing *)row)->size > 10 ? ROLE_BAD : ROLE_NORMAL;
}

static const struct out_source source = { .columns = columns, .n_columns = 4, .cell = cell, .role = role };

static const struct thing things[] = {
	{ "a", 5, "plain" },
	{ "longer", 12.5, "with \"quotes\", commas" },
	{ "m\xc3\xbcller", NAN, NULL },
};

static struct options options;
static char printed[4096];

static void parse(const char *const *words, int n)
{
	static char copies[8][80];
	static char *argv[9];
	struct err e = { 0 };

	for (int i = 0; i < n; i++) {
		str_copy(copies[i], sizeof(copies[i]), words[i]);
		argv[i + 1] = copies[i];
	}
	assert_true(options_parse(&options, "status", n + 1, argv, &e));
}

/* Prints the first n things with these options; the text, or the error. */
static const char *print(size_t n, int width, bool color, const char *const *words, int n_words)
{
	FILE *f = fmemopen(printed, sizeof(printed), "w");
	struct err e = { 0 };
	struct out o;

	memset(printed, 0, sizeof(printed));
	parse(words, n_words);
	if (out_open(&o, f, &source, &options, OUT_TABLE, &e)) {
		o.width = width;
		o.color = color;
		for (size_t i = 0; i < n; i++)
			out_row(&o, &things[i]);
		out_close(&o);
	}
	out_done(&o);
	options_done(&options);
	fclose(f);
	return e.code != ERR_NONE ? str_copy(printed, sizeof(printed), e.text), printed : printed;
}

#define PRINT(n, ...) print(n, 0, false, (const char *const[]){ __VA_ARGS__ }, \
	(int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)))

static void test_table(void **state)
{
	(void)state;
	assert_string_equal(print(3, 0, false, NULL, 0),
			    "NAME    SIZE  NOTE\n"
			    "a          5  plain\n"
			    "longer  12.5  with \"quotes\", commas\n"
			    "m\xc3\xbcller     -  -\n");
	assert_string_equal(PRINT(1, "--no-header"), "a  5  plain\n");
	assert_string_equal(PRINT(1, "--fields=size,name"), "SIZE  NAME\n   5  a\n");
	assert_string_equal(PRINT(1, "--fields=extra"), "EXTRA\nyes\n");
	assert_string_equal(print(0, 0, false, NULL, 0), "");
}

static void test_table_is_cut(void **state)
{
	(void)state;
	assert_string_equal(print(2, 18, false, NULL, 0),
			    "NAME    SIZE  NOTE\n"
			    "a          5  pla\xe2\x80\xa6\n"
			    "longer  12.5  wit\xe2\x80\xa6\n");
	assert_string_equal(print(1, 6, false, NULL, 0), "NAME\na\n");
	for (int width = 1; width < 40; width++) {
		char *rest = printed, *line;

		print(3, width, false, NULL, 0);
		while ((line = str_token(&rest, "\n")))
			assert_true(text_width(line) <= width);
	}
}

static void test_color(void **state)
{
	(void)state;
	print(2, 0, true, NULL, 0);
	assert_non_null(strstr(printed, "\033[0"));
	assert_non_null(strstr(printed, "mlonger\033[0m  12.5"));
	print(2, 0, false, NULL, 0);
	assert_null(strchr(printed, '\033'));
}

static void test_json(void **state)
{
	(void)state;
	assert_string_equal(PRINT(3, "--json"),
			    "[\n{\"name\":\"a\",\"size\":5,\"note\":\"plain\"},\n"
			    "{\"name\":\"longer\",\"size\":12.5,\"note\":\"with \\\"quotes\\\", commas\"},\n"
			    "{\"name\":\"m\xc3\xbcller\",\"size\":null,\"note\":null}\n]\n");
	assert_string_equal(PRINT(0, "--json"), "[]\n");
	assert_string_equal(PRINT(1, "--json", "--fields", "extra,name"),
			    "[\n{\"extra\":true,\"name\":\"a\"}\n]\n");
}

static void test_csv(void **state)
{
	(void)state;
	assert_string_equal(PRINT(3, "--csv"),
			    "name,size,note\na,5,plain\n"
			    "longer,12.5,\"with \"\"quotes\"\", commas\"\nm\xc3\xbcller,,\n");
	assert_string_equal(PRINT(1, "--csv", "--no-header"), "a,5,plain\n");
	assert_string_equal(PRINT(0, "--csv"), "name,size,note\n");
}

static void test_template(void **state)
{
	(void)state;
	assert_string_equal(PRINT(3, "--format", "{name}\\t{size}|{note}"),
			    "a\t5|plain\nlonger\t12.5|with \"quotes\", commas\nm\xc3\xbcller\t-|-\n");
	assert_string_equal(PRINT(1, "--format", "{{{name}}}\\\\\\n{extra}/{extra:text}"), "{a}\\\ntrue/yes\n");
	assert_string_equal(PRINT(2, "--format", ""), "\n\n");
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_string_equal(PRINT(1, "--format", "{nmae}"), "--format: unknown field \"nmae\"; did you mean 'name'?");
	assert_non_null(strstr(PRINT(1, "--format", "{name"), "{ without }"));
	assert_non_null(strstr(PRINT(1, "--format", "name}"), "} without {"));
	assert_non_null(strstr(PRINT(1, "--format", "\\q"), "\\q is not known"));
	assert_non_null(strstr(PRINT(1, "--format", "x\\"), "is not known"));
	assert_non_null(strstr(PRINT(1, "--format", "{name:big}"), "{name:big} is not known"));
	assert_non_null(strstr(PRINT(1, "--format", "{}"), "unknown field \"\""));
	assert_string_equal(PRINT(1, "--fields", "sise"), "unknown field \"sise\"; did you mean 'size'?");
	assert_non_null(strstr(PRINT(1, "--fields", ","), "names no field"));
	assert_non_null(strstr(PRINT(1, "--json", "--csv"), "only one of"));
	assert_non_null(strstr(PRINT(1, "--format", "{name}", "--fields", "name"), "leave out --fields"));
}

/* ---- printers as rows ---- */

static void test_printer_rows(void **state)
{
	struct options none = { 0 };
	struct printer_config config;
	struct printer p = { .id = 1, .ends_at = NAN };
	struct json *o;
	struct out out;
	size_t fields = 0;

	(void)state;
	printer_config_init(&config);
	config.name = mem_strdup("voron-01");
	config.url = mem_strdup("http://127.0.0.1:1");
	p.config = config;
	printer_state_init(&p.state);
	assert_true(out_open(&out, stdout, &printers_source, &none, OUT_JSON, NULL));
	o = out_row_json(&out, &p);
	for (const struct json *m = json_first(o); m; m = json_next(m))
		fields++;
	assert_int_equal(fields, 19);
	assert_string_equal(json_raw(o, "name"), "voron-01");
	assert_string_equal(json_raw(o, "state"), "unknown");
	assert_true(json_is_null(json_get(o, "progress")));
	json_free(o);
	assert_false(out_shows(&out, FIELD_VERSION));
	out_done(&out);
	assert_int_equal(printers_look_status(&p), 3);
	p.state.status = PRINTER_UNAUTHORIZED;
	assert_int_equal(printers_look_status(&p), 5);
	p.state.status = PRINTER_SHUTDOWN;
	assert_int_equal(printers_look_status(&p), 0);
	printer_config_done(&p.config);
}

/* ---- exit status of several ---- */

static int all_of(int a, int b, int c)
{
	struct tally t = { 0 };

	tally_add(&t, a);
	tally_add(&t, b);
	tally_add(&t, c);
	return tally_all(&t);
}

static void test_tally(void **state)
{
	struct tally none = { 0 }, look = { 0 };

	(void)state;
	assert_int_equal(tally_all(&none), 0);
	assert_int_equal(tally_any(&none), 0);
	assert_int_equal(all_of(0, 0, 0), 0);
	assert_int_equal(all_of(3, 3, 3), 3);
	assert_int_equal(all_of(3, 0, 3), 1);
	assert_int_equal(all_of(3, 4, 3), 1);
	tally_add(&look, 5);
	tally_add(&look, 5);
	assert_int_equal(tally_any(&look), 5);
	tally_add(&look, 3);
	assert_int_equal(tally_any(&look), 1);
	tally_add(&look, 0);
	assert_int_equal(tally_any(&look), 0);
}

/* ---- bars ---- */

static void test_bars(void **state)
{
	struct op op = { .x.verb = VERB_UPLOAD, .phase = OP_SENDING, .total_bytes = 1000000, .sent_bytes = 500000,
		.rate_bytes_s = 100000 };
	char line[200];

	(void)state;
	str_copy(op.printer_name, sizeof(op.printer_name), "voron-with-a-very-long-name");
	for (int width = 1; width <= 120; width++) {
		for (int phase = OP_QUEUED; phase <= OP_CONFIRMING; phase++) {
			op.phase = (enum op_phase)phase;
			bars_line(line, sizeof(line), &op, width, true);
			assert_true(text_width(line) <= width);
		}
	}
	op.phase = OP_SENDING;
	bars_line(line, sizeof(line), &op, 40, true);
	assert_non_null(strstr(line, " 50% "));
	assert_non_null(strchr(line, '['));
	op.rate_bytes_s = NAN;
	op.total_bytes = -1;
	bars_line(line, sizeof(line), &op, 80, true);
	assert_non_null(strstr(line, "waits for its turn"));
	op.x.verb = VERB_PAUSE;
	op.phase = OP_CONFIRMING;
	str_copy(op.seen, sizeof(op.seen), "pausing");
	bars_line(line, sizeof(line), &op, 40, true);
	assert_string_equal(line, "voron-wit~  pausing");
}

/* ---- wait ---- */

static bool met(const char *temp, double actual_c, double target_c)
{
	struct condition c = { .progress = NAN };
	struct printer_state s;
	struct heater *h;
	struct err e = { 0 };

	printer_state_init(&s);
	s.status = PRINTER_PRINTING;
	h = printer_heater_add(&s, "bed", "heater_bed");
	h->actual_c = actual_c;
	h->target_c = target_c;
	assert_true(condition_add_temp(&c, temp, &e));
	return condition_met(&c, &s);
}

static void test_temperatures(void **state)
{
	struct condition c = { .progress = NAN };
	struct err e;

	(void)state;
	assert_true(met("bed:>=60", 60, 60));
	assert_false(met("bed:>=60", 59.9, 60));
	assert_true(met("bed:<=50", 50, 0));
	assert_false(met("bed:<50", 50, 0));
	assert_true(met("bed:>50", 50.1, 0));
	assert_true(met("bed:60", 61.9, 0));
	assert_false(met("bed:60", 62.1, 0));
	assert_true(met("bed:~60", 58, 0));
	assert_true(met("bed:~", 59, 60));
	assert_false(met("bed:~", 0.5, 0));
	assert_false(met("bed:~", 59, NAN));
	assert_false(met("bed:<=500", NAN, 0));
	assert_false(met("extruder:<=500", 20, 0));
	assert_false(condition_add_temp(&c, "bed", &e));
	assert_false(condition_add_temp(&c, ":60", &e));
	assert_false(condition_add_temp(&c, "bed:", &e));
	assert_false(condition_add_temp(&c, "bed:>=hot", &e));
	assert_false(condition_add_temp(&c, "bed:>=nan", &e));
	assert_int_equal(c.n_temps, 0);
	assert_true(condition_add_temp(&c, "nozzle:>=200", &e));
	assert_string_equal(c.temps[0].heater, "extruder");
}

static void test_states_and_progress(void **state)
{
	struct condition c = { .progress = 0.5 };
	struct printer_state s;
	struct err e;
	char text[200];

	(void)state;
	printer_state_init(&s);
	s.status = PRINTER_PRINTING;
	assert_false(condition_met(&c, &s));
	s.job.progress = 0.5;
	assert_true(condition_met(&c, &s));
	s.fresh.err = ERR_TIMEOUT;		/* an old value is no proof */
	assert_false(condition_met(&c, &s));
	s.fresh.err = ERR_NONE;
	assert_true(condition_states("ready, complete", &c.states, &e));
	assert_int_equal(c.states, STATUS_BIT(PRINTER_IDLE) | STATUS_BIT(PRINTER_COMPLETE));
	assert_false(condition_met(&c, &s));
	s.status = PRINTER_COMPLETE;
	s.job.progress = NAN;
	assert_true(condition_met(&c, &s));
	assert_false(condition_states("prnting", &c.states, &e));
	assert_non_null(strstr(e.text, "did you mean 'printing'"));
	assert_false(condition_states(",", &c.states, &e));
	s.status = PRINTER_PRINTING;
	s.job.progress = 0.419;
	str_copy(s.reason, sizeof(s.reason), "why");
	assert_true(condition_add_temp(&c, "bed:60", &e));
	assert_string_equal(condition_seen(&c, &s, text, sizeof(text)), "printing, no heater bed, 41 % (why)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_is_cut),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_printer_rows),
		cmocka_unit_test(test_tally),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_temperatures),
		cmocka_unit_test(test_states_and_progress),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
