/* Lint over the tables, and that every row of them is in the documents. Runs at the top of the source tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <batch/batch.h>
#include <printop/alert.h>
#include <printop/config.h>
#include <printop/driver.h>
#include <printop/fields.h>
#include <printop/generate.h>
#include <printop/keys.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/theme.h>

#define DOCUMENT_MAX (4u << 20)

static const struct option_row {
	char letter;
	const char *name, *verbs, *sentence;
} option_rows[] = {
#define OPTION(id, letter, name, argument, type, min, max, verbs, sentence) \
	{ letter, name, verbs, sentence },
#include <printop/options.def>
#undef OPTION
};

static bool word_in(const char *list, const char *word)
{
	char *copy = mem_strdup(list), *at = copy, *w;
	bool found = false;

	while ((w = str_token(&at, " ")))
		found |= str_eq(w, word);
	free(copy);
	return found;
}

static const struct action *action(unsigned i)
{
	return action_info((enum action_id)i);
}

/* ---- actions and keys ---- */

static void test_actions_are_named_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACTION_N; i++) {
		assert_true(*action(i)->name && *action(i)->brief && strlen(action(i)->sentence) > 3);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(action(i)->name, action(j)->name);
	}
}

static void test_keys_are_bound_once(void **state)
{
	struct keymap *m = keymap_new(NULL);

	(void)state;
	assert_true(keymap_count(m) > 40);
	for (size_t i = 0; i < keymap_count(m); i++) {
		const struct binding *a = keymap_at(m, i);

		if (a->key == KEY_NONE)
			fail_msg("%s has a key that is none", action_info(a->action)->name);
		for (size_t j = 0; j < i; j++) {
			const struct binding *b = keymap_at(m, j);

			/* A view's own key would hide one that works everywhere. */
			if (a->key == b->key && (a->scope == b->scope || a->scope == SCOPE_ANY ||
						 b->scope == SCOPE_ANY))
				fail_msg("%s and %s have the same key", action_info(a->action)->name,
					 action_info(b->action)->name);
		}
	}
	keymap_free(m);
}

/* Lower case looks, capitals act; G, N and Q only move and leave. No Ctrl or function key acts. */
static void test_only_capitals_act(void **state)
{
	struct keymap *m = keymap_new(NULL);

	(void)state;
	for (size_t i = 0; i < keymap_count(m); i++) {
		const struct binding *b = keymap_at(m, i);
		bool acts = action_info(b->action)->flags & A_VERB;
		bool capital = b->key >= 'A' && b->key <= 'Z';

		if (acts)
			assert_true(capital || (b->key == '!' && b->action == ACTION_ESTOP));
		else if (capital)
			assert_true(b->key == 'G' || b->key == 'N' || b->key == 'Q');
		assert_true(b->key != KEY_CTRL('c') && (b->key != KEY_ESC || b->action == ACTION_BACK));
	}
	keymap_free(m);
}

static void test_every_verb_is_served(void **state)
{
	uint64_t served = 0, wanted = 0;

	(void)state;
	for (size_t i = 0; i < driver_count(); i++)
		served |= driver_at(i)->verbs;
	for (unsigned i = 0; i < ACTION_N; i++) {
		if (action(i)->flags & A_VERB)
			assert_in_range(action(i)->verb, 0, VERB_N - 1);
		if (action(i)->verb < 0)
			continue;
		wanted |= VERB_BIT(action(i)->verb);
		assert_string_equal(action(i)->name, verb_name((enum verb)action(i)->verb));
		if (!(served & VERB_BIT(action(i)->verb)))
			fail_msg("no driver serves %s", action(i)->name);
	}
	assert_true(wanted == (1ull << VERB_N) - 1);
}

static void test_what_loses_work_asks(void **state)
{
	static const enum action_id ids[] = { ACTION_CANCEL, ACTION_START, ACTION_ESTOP };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		assert_int_equal(action_info(ids[i])->flags & (A_ASKS | A_YES), A_ASKS | A_YES);
	for (unsigned i = 0; i < ACTION_N; i++)
		if (action(i)->flags & (A_YES | A_REMOTE))
			assert_true(action(i)->flags & A_VERB);
}

static void test_shell_verbs_are_built(void **state)
{
	const struct batch_verb *v;

	(void)state;
	for (unsigned i = 0; i < ACTION_N; i++) {
		if (!(action(i)->flags & A_BATCH))
			continue;
		v = batch_verb_find(action(i)->name);
		if (!v)
			fail_msg("the shell has no verb %s", action(i)->name);
		assert_int_equal(v->action, i);
	}
	for (size_t i = 0; (v = batch_verb_at(i)); i++)
		if (v->action < ACTION_N)
			assert_true(action_info(v->action)->flags & A_BATCH);
}

static void test_options_are_named_once_and_belong_to_verbs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		const struct option_row *o = &option_rows[i];
		char *verbs = mem_strdup(o->verbs), *at = verbs, *verb;

		assert_true(strlen(o->sentence) > 3);
		while ((verb = str_token(&at, " ")))
			if (!str_eq(verb, "*") && !batch_verb_find(verb))
				fail_msg("--%s belongs to the unknown verb %s", o->name, verb);
		free(verbs);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(o->name, option_rows[j].name);
			assert_true(!o->letter || o->letter != option_rows[j].letter);
		}
	}
}

/* ---- settings, fields, roles, printers' keys ---- */

static void test_settings_are_whole(void **state)
{
	struct settings s;

	(void)state;
	settings_init(&s);	/* ends the program when a default is not legal */
	for (unsigned i = 0; i < SETTING_N; i++) {
		const struct setting *t = setting_info((enum setting_id)i);

		assert_true(strlen(t->sentence) > 5);
		assert_true(t->min <= t->max);
		if (t->type == SETTING_CHOICE)
			assert_true(word_in(t->choices, t->standard));
		else
			assert_string_equal(t->choices, "");
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(t->name, setting_info((enum setting_id)j)->name);
	}
	settings_done(&s);
}

static void test_fields_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FIELD_N; i++) {
		const struct field *f = field_info((enum field_id)i);

		assert_true(*f->title && f->width > 0 && strlen(f->sentence) > 5);
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(f->name, field_info((enum field_id)j)->name);
			assert_string_not_equal(f->title, field_info((enum field_id)j)->title);
		}
	}
}

static void test_states_have_roles(void **state)
{
	enum role role;

	(void)state;
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++)
		assert_true(role_from_name(printer_status_info((enum printer_status)i)->role, &role));
	for (unsigned i = 0; i < ROLE_N; i++) {
		assert_true(role_from_name(role_name((enum role)i), &role));
		assert_int_equal(role, i);
	}
}

static void test_printer_keys_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PRINTER_KEY_N; i++) {
		const struct printer_key *k = printer_key_info((enum printer_key_id)i);

		assert_true(*k->form && strlen(k->sentence) > 5);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(k->name, printer_key_info((enum printer_key_id)j)->name);
	}
}

/* ---- documents ---- */

static char *document(const char *name)
{
	struct sbuf b = SBUF_INIT(DOCUMENT_MAX);
	struct err e;

	if (!generate(name, &b, &e))
		fail_msg("%s: %s", name, e.text);
	return sbuf_take(&b);
}

static void must_have(const char *text, const char *fmt, const char *word)
{
	char *wanted = mem_alloc(strlen(fmt) + strlen(word) + 1);

	str_printf(wanted, strlen(fmt) + strlen(word) + 1, fmt, word);
	if (!strstr(text, wanted))
		fail_msg("missing: %s", wanted);
	free(wanted);
}

static void test_manual_has_every_row(void **state)
{
	char *text = document("printop.1.md"), number[16];

	(void)state;
	for (unsigned i = 0; i < ACTION_N; i++)
		if (action(i)->flags & A_BATCH)
			must_have(text, "- **printop %s**", action(i)->name);
		else if (*action(i)->keys)
			must_have(text, "(`%s`)\n", action(i)->name);
	for (unsigned i = 0; i < FIELD_N; i++)
		must_have(text, "- `%s`:", field_info((enum field_id)i)->name);
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++)
		must_have(text, "- `%s`, **", printer_status_info((enum printer_status)i)->name);
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++)
		must_have(text, "**--%s**", option_rows[i].name);
	for (unsigned i = 0; i < ERR_N; i++) {
		str_printf(number, sizeof(number), "%d", err_exit_status((enum err_code)i));
		must_have(text, "- **%s**:", number);
	}
	free(text);
}

static void test_manual_of_the_configuration_has_every_row(void **state)
{
	char *text = document("printers.conf.5.md");

	(void)state;
	for (unsigned i = 0; i < SETTING_N; i++)
		must_have(text, "- `%s = ", setting_info((enum setting_id)i)->name);
	for (unsigned i = 0; i < PRINTER_KEY_N; i++)
		must_have(text, "- `%s = ", printer_key_info((enum printer_key_id)i)->name);
	for (unsigned i = 0; i < EVENT_ACTION; i++)
		must_have(text, "`%s`", event_kind_name((enum event_kind)i));
	for (unsigned i = 0; i < ACTION_N; i++)
		if (action(i)->scope != SCOPE_BATCH)
			must_have(text, "`%s`", action(i)->name);
	free(text);
}

static void test_tables_for_the_readme(void **state)
{
	char *text = document("keys.md");

	(void)state;
	for (unsigned i = 0; i < ACTION_N; i++)
		if (*action(i)->keys)
			must_have(text, "| `%s` |\n", action(i)->name);
	free(text);
	text = document("fields.md");
	for (unsigned i = 0; i < FIELD_N; i++)
		must_have(text, "| `%s` |", field_info((enum field_id)i)->name);
	free(text);
}

static void test_completions_have_every_verb_and_option(void **state)
{
	static const char *const shells[] = { "bash", "zsh", "fish" };
	static const char *const forms[] = { "--%s", "--%s", " -l %s " };

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(shells); s++) {
		char *text = document(shells[s]);

		for (unsigned i = 0; i < ACTION_N; i++)
			if (action(i)->flags & A_BATCH)
				must_have(text, "%s", action(i)->name);
		for (size_t i = 0; i < ARRAY_LEN(option_rows); i++)
			must_have(text, forms[s], option_rows[i].name);
		must_have(text, " %s", printer_status_info(PRINTER_SHUTDOWN)->name);
		assert_null(strstr(text, "_WORDS@"));
		free(text);
	}
}

static void test_manual_pages_are_roff(void **state)
{
	char *text = document("printop.1");

	(void)state;
	assert_non_null(strstr(text, ".TH \"PRINTOP\" \"1\""));
	assert_non_null(strstr(text, ".SH \"EXIT STATUS\""));
	free(text);
	text = document("printers.conf.5");
	assert_non_null(strstr(text, ".TH \"PRINTERS.CONF\" \"5\""));
	free(text);
}

static void load_example(const char *text)
{
	struct config *c = config_load_text(text, strlen(text), "example");

	for (size_t i = 0; i < c->n_issues; i++)
		print_error("%s: %s\n", c->issues[i].where, c->issues[i].text);
	assert_int_equal(c->n_issues, 0);
	assert_int_equal(c->n_printers, 2);
	config_free(c);
}

/* "#name = value;" says what is there when it is left out: it must be legal and change nothing. */
static void test_example_is_right_as_it_is_and_uncommented(void **state)
{
	char *text = document("example"), *out = text;
	struct settings standard;
	struct config *c;

	(void)state;
	load_example(text);
	for (char *in = text; *in; in++)
		if (*in != '#' || (in > text && in[-1] != '\n') || in[1] < 'a' || in[1] > 'z')
			*out++ = *in;
	*out = '\0';
	load_example(text);
	c = config_load_text(text, strlen(text), "example");
	settings_init(&standard);
	for (unsigned i = 0; i < SETTING_N; i++) {
		assert_non_null(c->settings.values[i].where);
		assert_true(c->settings.values[i].num == standard.values[i].num);
		assert_true(str_eq(c->settings.values[i].str, standard.values[i].str));
	}
	assert_int_equal(c->n_keys, 1);
	assert_int_equal(c->n_hooks, 1);
	settings_done(&standard);
	config_free(c);
	free(text);
}

/* The forms in the manual are what the parser takes. */
static void test_forms_of_printer_keys_are_legal(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PRINTER_KEY_N; i++) {
		const struct printer_key *k = printer_key_info((enum printer_key_id)i);
		char *text;
		struct config *c;

		if (i == PRINTER_KEY_PIN)	/* its form is no real hash */
			continue;
		text = mem_printf("printers = ( { %s %s %s = %s; } );",
				  i == PRINTER_KEY_NAME ? "" : "name = \"x\";",
				  i == PRINTER_KEY_URL ? "" : "url = \"https://x\";", k->name, k->form);
		c = config_load_text(text, strlen(text), "form");
		if (c->n_issues)
			fail_msg("%s: %s", k->name, c->issues[0].text);
		assert_int_equal(c->n_printers, 1);
		config_free(c);
		free(text);
	}
}

static void test_unknown_documents(void **state)
{
	struct sbuf b = SBUF_INIT(100);
	struct err e;

	(void)state;
	assert_false(generate("printop.2", &b, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(b.len, 0);
	sbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_are_named_once),
		cmocka_unit_test(test_keys_are_bound_once),
		cmocka_unit_test(test_only_capitals_act),
		cmocka_unit_test(test_every_verb_is_served),
		cmocka_unit_test(test_what_loses_work_asks),
		cmocka_unit_test(test_shell_verbs_are_built),
		cmocka_unit_test(test_options_are_named_once_and_belong_to_verbs),
		cmocka_unit_test(test_settings_are_whole),
		cmocka_unit_test(test_fields_are_whole),
		cmocka_unit_test(test_states_have_roles),
		cmocka_unit_test(test_printer_keys_are_whole),
		cmocka_unit_test(test_manual_has_every_row),
		cmocka_unit_test(test_manual_of_the_configuration_has_every_row),
		cmocka_unit_test(test_tables_for_the_readme),
		cmocka_unit_test(test_completions_have_every_verb_and_option),
		cmocka_unit_test(test_manual_pages_are_roff),
		cmocka_unit_test(test_example_is_right_as_it_is_and_uncommented),
		cmocka_unit_test(test_forms_of_printer_keys_are_legal),
		cmocka_unit_test(test_unknown_documents),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
