/* Parts of the manual pages, the example configuration and the README's tables, from the tables. */
#include "generate_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/action.h>
#include <printop/alert.h>
#include <printop/config.h>
#include <printop/fields.h>
#include <printop/keys.h>
#include <printop/mem.h>
#include <printop/setting.h>
#include <printop/str.h>
#include <printop/theme.h>

void add_escaped(struct sbuf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_[]<>&|~", *text))
			sbuf_addc(out, '\\');
		sbuf_addc(out, *text);
	}
}

char *shell_sentence(const struct action *a)
{
	return mem_strndup(a->sentence, strcspn(a->sentence, ";"));
}

/* ---- the program ---- */

static void add_argument(struct sbuf *out, const char *argument)
{
	if (!*argument)
		return;
	sbuf_adds(out, " *");
	add_escaped(out, argument);
	sbuf_addc(out, '*');
}

/* What more than ten verbs take is described once, with the options. */
static bool is_common(const struct option_info *o)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ACTION_N; i++) {
		const struct action *a = action_info((enum action_id)i);

		n += a->flags & A_BATCH && option_info_serves(o, a->name);
	}
	return n > 10;
}

static void add_option_names(struct sbuf *out, const char *verb)
{
	const struct option_info *o;
	const char *between = " Options of its own: ";

	for (unsigned i = 0; (o = option_info_at(i)); i++) {
		if (!option_info_serves(o, verb) || is_common(o))
			continue;
		sbuf_addf(out, "%s`--%s`", between, o->name);
		between = ", ";
	}
	if (between[0] == ',')
		sbuf_addc(out, '.');
}

static void fill_verbs(struct sbuf *out)
{
	for (unsigned i = 0; i < ACTION_N; i++) {
		const struct action *a = action_info((enum action_id)i);
		char *sentence;

		if (!(a->flags & A_BATCH))
			continue;
		sbuf_addf(out, "- **printop %s**", a->name);
		add_argument(out, a->args);
		sbuf_adds(out, ": ");
		sentence = shell_sentence(a);
		add_escaped(out, sentence);
		free(sentence);
		sbuf_addc(out, '.');
		add_option_names(out, a->name);
		sbuf_addc(out, '\n');
	}
}

static void fill_options(struct sbuf *out)
{
	const struct option_info *o;

	for (unsigned i = 0; (o = option_info_at(i)); i++) {
		sbuf_adds(out, "- ");
		if (o->letter)
			sbuf_addf(out, "**-%c**, ", o->letter);
		sbuf_addf(out, "**--%s**", o->name);
		add_argument(out, o->argument);
		sbuf_adds(out, ": ");
		add_escaped(out, o->sentence);
		sbuf_adds(out, ".\n");
	}
}

static const char *scope_title(enum action_scope s)
{
	switch (s) {
	case SCOPE_ANY:
		return "Everywhere";
	case SCOPE_FLEET:
		return "In the fleet view";
	case SCOPE_PRINTER:
		return "In the printer view";
	case SCOPE_LIST:
		return "In lists";
	case SCOPE_UPLOAD:
		return "In the upload dialog";
	case SCOPE_BATCH:
		break;
	}
	return NULL;
}

/* "j, Down, ^N" */
static void add_key_labels(struct sbuf *out, const struct action *a)
{
	char *list = mem_strdup(a->keys), *at = list, *word, label[STR_SMALL];
	const char *between = "";

	while ((word = str_token(&at, " "))) {
		sbuf_adds(out, between);
		add_escaped(out, key_label(key_from_name(word), label, sizeof(label)));
		between = ", ";
	}
	free(list);
}

static bool scope_has_keys(enum action_scope s)
{
	for (unsigned i = 0; i < ACTION_N; i++) {
		const struct action *a = action_info((enum action_id)i);

		if (a->scope == s && *a->keys)
			return true;
	}
	return false;
}

static void fill_keys(struct sbuf *out)
{
	for (unsigned s = 0; s <= SCOPE_BATCH; s++) {
		if (!scope_title((enum action_scope)s) || !scope_has_keys((enum action_scope)s))
			continue;
		sbuf_addf(out, "### %s\n\n", scope_title((enum action_scope)s));
		for (unsigned i = 0; i < ACTION_N; i++) {
			const struct action *a = action_info((enum action_id)i);

			if (a->scope != s || !*a->keys)
				continue;
			sbuf_adds(out, "- **");
			add_key_labels(out, a);
			sbuf_adds(out, "**: ");
			add_escaped(out, a->sentence);
			sbuf_addf(out, " (`%s`)\n", a->name);
		}
		sbuf_addc(out, '\n');
	}
}

void manual_keys_table(struct sbuf *out)
{
	sbuf_adds(out, "| key | does | name |\n| --- | --- | --- |\n");
	for (unsigned i = 0; i < ACTION_N; i++) {
		const struct action *a = action_info((enum action_id)i);

		if (!*a->keys)
			continue;
		sbuf_adds(out, "| ");
		add_key_labels(out, a);
		sbuf_adds(out, " | ");
		add_escaped(out, a->sentence);
		sbuf_addf(out, " | `%s` |\n", a->name);
	}
}

static void fill_states(struct sbuf *out)
{
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++) {
		const struct status_info *info = printer_status_info((enum printer_status)i);

		sbuf_addf(out, "- `%s`, **%s**: %s.\n", info->name, info->label,
			  info->sentence);
	}
}

static void add_fields(struct sbuf *out, bool in_json)
{
	for (unsigned i = 0; i < FIELD_N; i++) {
		const struct field *f = field_info((enum field_id)i);

		if (f->in_json != in_json)
			continue;
		sbuf_addf(out, "- `%s`: %s", f->name, f->sentence);
		if (*f->unit && !str_eq(f->unit, "s"))	/* sentences say "seconds" */
			sbuf_addf(out, ", %s", f->unit);
		sbuf_adds(out, ".\n");
	}
}

static void fill_fields(struct sbuf *out)
{
	add_fields(out, true);
}

static void fill_more_fields(struct sbuf *out)
{
	add_fields(out, false);
}

void manual_fields_table(struct sbuf *out)
{
	sbuf_adds(out, "| field | in `--json` | what |\n| --- | --- | --- |\n");
	for (unsigned i = 0; i < FIELD_N; i++) {
		const struct field *f = field_info((enum field_id)i);

		sbuf_addf(out, "| `%s` | %s | ", f->name, f->in_json ? "yes" : "when asked for");
		add_escaped(out, f->sentence);
		sbuf_adds(out, " |\n");
	}
}

static void fill_exit(struct sbuf *out)
{
	static const struct {
		int status;
		const char *sentence;
	} rows[] = {
		{ 0, "all done" },
		{ 1, "some printers failed, or not all for the same reason" },
		{ 2, "the command line or the configuration is wrong; nothing was sent" },
		{ 3, "unreachable: no server answered" },
		{ 4, "refused: by the state of the printer, by its server, or because of read-only mode" },
		{ 5, "the key was refused" },
		{ 6, "the time limit passed" },
		{ 130, "interrupted" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		sbuf_addf(out, "- **%d**: %s.\n", rows[i].status, rows[i].sentence);
}

static void fill_events(struct sbuf *out)
{
	for (unsigned i = 0; i < EVENT_ACTION; i++)
		sbuf_addf(out, "%s`%s`", i ? ", " : "", event_kind_name((enum event_kind)i));
}

static void fill_actions(struct sbuf *out)
{
	const char *between = "";

	for (unsigned i = 0; i < ACTION_N; i++) {
		const struct action *a = action_info((enum action_id)i);

		if (a->scope == SCOPE_BATCH)
			continue;
		sbuf_addf(out, "%s`%s`", between, a->name);
		between = ", ";
	}
}

/* ---- the configuration ---- */

static void add_range(struct sbuf *out, const struct setting *t)
{
	switch (t->type) {
	case SETTING_BOOL:
		sbuf_adds(out, "true or false");
		break;
	case SETTING_INT:
	case SETTING_NUM:
		sbuf_addf(out, "%g to %g%s%s", t->min, t->max, *t->unit ? " " : "", t->unit);
		break;
	case SETTING_STR:
		sbuf_adds(out, "text");
		break;
	case SETTING_CHOICE:
		for (const char *c = t->choices; *c; c++)
			sbuf_adds(out, *c == ' ' ? ", " : (const char[]){ *c, '\0' });
		break;
	}
}

/* The default as it is written in the file. */
static void add_default(struct sbuf *out, const struct setting *t)
{
	if (t->type == SETTING_BOOL)
		sbuf_adds(out, str_eq(t->standard, "1") ? "true" : "false");
	else if (t->type == SETTING_STR || t->type == SETTING_CHOICE)
		sbuf_addf(out, "\"%s\"", t->standard);
	else
		sbuf_adds(out, t->standard);
}

static void fill_settings(struct sbuf *out)
{
	for (unsigned i = 0; i < SETTING_N; i++) {
		const struct setting *t = setting_info((enum setting_id)i);

		sbuf_addf(out, "- `%s = ", t->name);
		add_default(out, t);
		sbuf_adds(out, ";`: ");
		add_escaped(out, t->sentence);
		sbuf_adds(out, " (");
		add_range(out, t);
		sbuf_adds(out, ").\n");
	}
}

static void fill_printer_keys(struct sbuf *out)
{
	for (unsigned i = 0; i < PRINTER_KEY_N; i++) {
		const struct printer_key *k = printer_key_info((enum printer_key_id)i);

		sbuf_addf(out, "- `%s = %s;`: ", k->name, k->form);
		add_escaped(out, k->sentence);
		sbuf_adds(out, ".\n");
	}
}

static void fill_connector_keys(struct sbuf *out)
{
	for (unsigned i = 0; i < CONNECTOR_KEY_N; i++) {
		const struct connector_key *k = connector_key_info((enum connector_key_id)i);

		sbuf_addf(out, "- `%s = %s;`: ", k->name, k->form);
		add_escaped(out, k->sentence);
		sbuf_adds(out, ".\n");
	}
}

static void fill_cloud_actions(struct sbuf *out)
{
	for (unsigned i = 0; i < CLOUD_ACTION_N; i++) {
		const struct cloud_action_info *a = cloud_action_info((enum cloud_action)i);

		sbuf_addf(out, "- `%s`: %s%s.\n", a->name, a->sentence, a->changes ? "" : " (also in read-only mode)");
	}
}

static void fill_roles(struct sbuf *out)
{
	static const struct { const char *name; enum role parent; } roles[] = {
#define ROLE(id, name, parent) { name, ROLE_##parent },
#include <printop/roles.def>
#undef ROLE
	};

	for (unsigned i = 0; i < ROLE_N; i++)
		if (roles[i].parent == i)
			sbuf_addf(out, "`%s`", roles[i].name);
		else
			sbuf_addf(out, ", `%s` (%s)", roles[i].name, role_name(roles[i].parent));
	sbuf_adds(out, ".");
}

static void fill_version(struct sbuf *out)
{
	sbuf_adds(out, PRINTOP_VERSION);
}

const struct part manual_parts[] = {
	{ "VERSION", fill_version },
	{ "VERBS", fill_verbs },
	{ "OPTIONS", fill_options },
	{ "KEYS", fill_keys },
	{ "STATES", fill_states },
	{ "FIELDS", fill_fields },
	{ "MORE_FIELDS", fill_more_fields },
	{ "EXIT", fill_exit },
	{ "EVENTS", fill_events },
	{ "ACTIONS", fill_actions },
	{ "SETTINGS", fill_settings },
	{ "ROLES", fill_roles },
	{ "PRINTER_KEYS", fill_printer_keys },
	{ "CONNECTOR_KEYS", fill_connector_keys },
	{ "CLOUD_ACTIONS", fill_cloud_actions },
	{ NULL, NULL },
};

/* ---- printers.conf.example ---- */

static const char example_head[] =
	"# printers.conf for printop: copy it to ~/.config/printop/printers.conf, chmod 600.\n"
	"# Made from the program's own tables; printers.conf(5) explains every line.\n"
	"# `printop check` says what is wrong in it and asks every printer once.\n"
	"\n"
	"printers = (\n"
	"\t{\n"
	"\t\tname = \"voron-01\";\n"
	"\t\turl = \"http://10.0.4.21:7125\";\n"
	"\t\ttags = [\"petg\", \"room-1\"];\n"
	"\t},\n"
	"\t{\n"
	"\t\tname = \"mk4-01\";\n"
	"\t\turl = \"https://octopi.example/mk4\";\n"
	"\t\tdialect = \"octoprint\";\n"
	"\t\tkey_file = \"mk4-01.key\";\n"
	"\t}\n"
	");\n"
	"\n"
	"# Whatever a printer can have:\n";

static const char example_middle[] =
	"\n"
	"# One printer per file is fine, too: printers.d/NAME.conf beside this file holds\n"
	"# printer = { name = \"...\"; url = \"...\"; };\n"
	"\n"
	"# General settings, with what they are when they are left out:\n";

static const char example_tail[] =
	"\n"
	"# Keys of your own; `printop keys` lists keys and actions.\n"
	"#keys = ( { key = \"ctrl-x\"; action = \"pause\"; view = \"fleet\"; } );\n"
	"\n"
	"# Programs to run on events, with the event as JSON on standard input.\n"
	"#hooks = ( { on = [\"failed\", \"finished\"]; run = [\"notify-send\", \"printop\"]; "
	"timeout = 10; } );\n"
	"\n"
	"# A cloud that was made for printer-connector; printers.conf(5) has all of its keys.\n"
	"#connector = { cloud_url = \"https://cloud.example\"; pairing_token_file = \"pairing.token\"; };\n";

void manual_example(struct sbuf *out)
{
	sbuf_adds(out, example_head);
	for (unsigned i = 0; i < PRINTER_KEY_N; i++) {
		const struct printer_key *k = printer_key_info((enum printer_key_id)i);

		sbuf_addf(out, "#\t%s = %s;\n#\t\t%s\n", k->name, k->form, k->sentence);
	}
	sbuf_adds(out, example_middle);
	for (unsigned i = 0; i < SETTING_N; i++) {
		const struct setting *t = setting_info((enum setting_id)i);

		sbuf_addf(out, "\n# %s (", t->sentence);
		add_range(out, t);
		sbuf_addf(out, ")\n#%s = ", t->name);
		add_default(out, t);
		sbuf_adds(out, ";\n");
	}
	sbuf_adds(out, example_tail);
}
