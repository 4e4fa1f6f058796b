/* Parts of the shell completions: verbs, options of each, states and fields, from the tables. */
#include "generate_parts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <printop/action.h>
#include <printop/fields.h>
#include <printop/mem.h>
#include <printop/printer.h>
#include <printop/str.h>

static const struct option_info options[] = {
#define OPTION(id, letter, name, argument, type, min, max, verbs, sentence) \
	{ letter, name, argument, verbs, sentence },
#include <printop/options.def>
#undef OPTION
};

const struct option_info *option_info_at(unsigned i)
{
	return i < ARRAY_LEN(options) ? &options[i] : NULL;
}

bool option_info_serves(const struct option_info *o, const char *verb)
{
	size_t len = strlen(verb);

	if (str_eq(o->verbs, "*"))
		return true;
	for (const char *at = o->verbs; (at = strstr(at, verb)); at += len)
		if ((at == o->verbs || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

static const struct action *next_verb(unsigned *i)
{
	while (*i < ACTION_N) {
		const struct action *a = action_info((enum action_id)(*i)++);

		if (a->flags & A_BATCH)
			return a;
	}
	return NULL;
}

/* Inside single quotes of a shell; zsh's _arguments also minds brackets and colons. */
static void add_quoted(struct sbuf *out, const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\'')
			sbuf_adds(out, "'\\'");
		else if (strchr(escape, *text))
			sbuf_addc(out, '\\');
		sbuf_addc(out, *text);
	}
}

static void fill_verb_words(struct sbuf *out)
{
	const struct action *a;

	for (unsigned i = 0; (a = next_verb(&i));)
		sbuf_addf(out, "%s ", a->name);
	sbuf_adds(out, "help version");
}

/* Verbs whose arguments are selectors. */
static bool takes_selector(const struct action *a)
{
	return str_starts(a->args, "SELECTOR") || str_starts(a->args, "[SELECTOR]");
}

static void fill_selector_verbs(struct sbuf *out)
{
	const struct action *a;
	const char *between = "";

	for (unsigned i = 0; (a = next_verb(&i));) {
		if (!takes_selector(a))
			continue;
		sbuf_addf(out, "%s%s", between, a->name);
		between = " ";
	}
}

static void fill_state_words(struct sbuf *out)
{
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++)
		sbuf_addf(out, "%s%s", i ? " " : "",
			  printer_status_info((enum printer_status)i)->name);
}

static void fill_field_words(struct sbuf *out)
{
	for (unsigned i = 0; i < FIELD_N; i++)
		sbuf_addf(out, "%s%s", i ? " " : "", field_info((enum field_id)i)->name);
}

/* ---- bash ---- */

static void add_bash_options(struct sbuf *out, const char *verb)
{
	const char *between = "";

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!option_info_serves(&options[i], verb))
			continue;
		if (options[i].letter)
			sbuf_addf(out, "%s-%c", between, options[i].letter);
		else
			sbuf_addf(out, "%s", between);
		sbuf_addf(out, "%s--%s", options[i].letter ? " " : "", options[i].name);
		between = " ";
	}
}

static void fill_bash_options(struct sbuf *out)
{
	const struct action *a;

	for (unsigned i = 0; (a = next_verb(&i));) {
		sbuf_addf(out, "\t%s) echo '", a->name);
		add_bash_options(out, a->name);
		sbuf_adds(out, "' ;;\n");
	}
}

static void add_quoted_sentence(struct sbuf *out, const struct action *a, const char *escape)
{
	char *sentence = shell_sentence(a);

	add_quoted(out, sentence, escape);
	free(sentence);
}

/* ---- zsh ---- */

static void fill_zsh_verbs(struct sbuf *out)
{
	const struct action *a;

	for (unsigned i = 0; (a = next_verb(&i));) {
		sbuf_addf(out, "\t\t'%s:", a->name);
		add_quoted_sentence(out, a, ":");
		sbuf_adds(out, "'\n");
	}
}

/* What completes an option's argument: a function of the template. */
static const char *zsh_completer(const struct option_info *o)
{
	static const struct {
		const char *name, *completer;
	} known[] = {
		{ "to", "_printop_printers" }, { "state", "_printop_states" },
		{ "fail-on", "_printop_states" }, { "fields", "_printop_fields" },
		{ "sort", "_printop_fields" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(known[i].name, o->name))
			return known[i].completer;
	return " ";
}

static void add_zsh_option(struct sbuf *out, const struct option_info *o)
{
	sbuf_adds(out, " \\\n\t\t");
	if (o->letter)
		sbuf_addf(out, "'(-%c --%s)'{-%c,--%s}'[", o->letter, o->name, o->letter, o->name);
	else
		sbuf_addf(out, "'--%s[", o->name);
	add_quoted(out, o->sentence, "[]:");
	sbuf_adds(out, "]");
	if (strchr(o->argument, '|')) {
		sbuf_addf(out, ":%s:(", o->name);
		for (const char *c = o->argument; *c; c++)
			sbuf_addc(out, *c == '|' ? ' ' : *c);
		sbuf_addc(out, ')');
	} else if (*o->argument) {
		sbuf_addc(out, ':');
		add_quoted(out, o->argument, "[]:");
		sbuf_addf(out, ":%s", zsh_completer(o));
	}
	sbuf_addc(out, '\'');
}

static void fill_zsh_options(struct sbuf *out)
{
	const struct action *a;

	for (unsigned i = 0; (a = next_verb(&i));) {
		sbuf_addf(out, "\t%s)\n\t\t_arguments -s", a->name);
		for (size_t k = 0; k < ARRAY_LEN(options); k++)
			if (option_info_serves(&options[k], a->name))
				add_zsh_option(out, &options[k]);
		/* What is no option: local files for upload, else printers. */
		if (a->verb == VERB_UPLOAD)
			sbuf_adds(out, " \\\n\t\t'*:file:_files'");
		else if (takes_selector(a))
			sbuf_adds(out, " \\\n\t\t'*:printer:_printop_printers'");
		sbuf_adds(out, "\n\t\t;;\n");
	}
}

/* ---- fish ---- */

static void fill_fish_verbs(struct sbuf *out)
{
	const struct action *a;

	for (unsigned i = 0; (a = next_verb(&i));) {
		sbuf_addf(out, "complete -c printop -n __printop_no_verb -a %s -d '", a->name);
		add_quoted_sentence(out, a, "\\");
		sbuf_adds(out, "'\n");
	}
}

static const char *fish_completer(const struct option_info *o)
{
	const char *zsh = zsh_completer(o);

	if (str_eq(zsh, "_printop_printers"))
		return " -a '(__fish_complete_list , __printop_printers)'";
	if (str_eq(zsh, "_printop_states"))
		return " -a '(__fish_complete_list , __printop_list_states)'";
	return str_eq(zsh, "_printop_fields") ?
		" -a '(__fish_complete_list , __printop_list_fields)'" : "";
}

static void add_fish_verbs_of(struct sbuf *out, const struct option_info *o)
{
	const struct action *a;

	for (unsigned i = 0; (a = next_verb(&i));)
		if (option_info_serves(o, a->name))
			sbuf_addf(out, " %s", a->name);
}

static void fill_fish_options(struct sbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct option_info *o = &options[i];

		sbuf_adds(out, "complete -c printop -n '__fish_seen_subcommand_from");
		add_fish_verbs_of(out, o);
		sbuf_adds(out, "'");
		if (o->letter)
			sbuf_addf(out, " -s %c", o->letter);
		sbuf_addf(out, " -l %s%s", o->name, *o->argument ? " -x" : "");
		if (strchr(o->argument, '|')) {
			sbuf_adds(out, " -a '");
			for (const char *c = o->argument; *c; c++)
				sbuf_addc(out, *c == '|' ? ' ' : *c);
			sbuf_adds(out, "'");
		} else if (*o->argument) {
			sbuf_adds(out, fish_completer(o));
		}
		sbuf_adds(out, " -d '");
		add_quoted(out, o->sentence, "\\");
		sbuf_adds(out, "'\n");
	}
}

const struct part shell_parts[] = {
	{ "VERB_WORDS", fill_verb_words },
	{ "SELECTOR_VERBS", fill_selector_verbs },
	{ "STATE_WORDS", fill_state_words },
	{ "FIELD_WORDS", fill_field_words },
	{ "BASH_OPTIONS", fill_bash_options },
	{ "ZSH_VERBS", fill_zsh_verbs },
	{ "ZSH_OPTIONS", fill_zsh_options },
	{ "FISH_VERBS", fill_fish_verbs },
	{ "FISH_OPTIONS", fill_fish_options },
	{ NULL, NULL },
};
