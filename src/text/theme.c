/* Reads a theme: what each role looks like; one that is not set looks like its parent. */
#include <printop/theme.h>

#include <libconfig.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>
#include "palette.h"

static const struct {
	const char *name;
	enum role parent;
} roles[] = {
#define ROLE(id, name, parent) [ROLE_##id] = { name, ROLE_##parent },
#include <printop/roles.def>
#undef ROLE
};

/* One pass over the roles resolves them all. */
#define ROLE(id, name, parent) \
	_Static_assert(ROLE_##parent <= ROLE_##id, "the parent of " name " comes before it");
#include <printop/roles.def>
#undef ROLE

const char *role_name(enum role r)
{
	return roles[r].name;
}

bool role_from_name(const char *name, enum role *ret)
{
	for (size_t i = 0; i < ROLE_N; i++) {
		if (str_eq(name, roles[i].name)) {
			*ret = (enum role)i;
			return true;
		}
	}
	return false;
}

/* Where we are in a theme file. */
struct reader {
	const char *file;
	struct theme *theme;
	struct err *e;
};

static bool wrong_value(const struct reader *r, const config_setting_t *s, const char *wanted)
{
	return err_set(r->e, ERR_CONFIG, "%s:%u: %s must be %s", r->file,
		       config_setting_source_line(s), config_setting_name(s), wanted);
}

static bool unknown_name(const struct reader *r, const config_setting_t *s, const char *what,
			 const struct nearest *n)
{
	char hint[NEAREST_HINT];

	return err_set(r->e, ERR_CONFIG, "%s:%u: unknown %s '%s'%s", r->file,
		       config_setting_source_line(s), what, config_setting_name(s),
		       nearest_hint(n, hint, sizeof(hint)));
}

/* ---- values ---- */

static bool read_color(const struct reader *r, const config_setting_t *s, short max, short *ret)
{
	short index = -2;
	int number;

	if (config_setting_type(s) == CONFIG_TYPE_INT) {
		number = config_setting_get_int(s);
		if (number >= -1 && number <= max)
			index = (short)number;
	} else if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		palette_from_name(config_setting_get_string(s), &index);
	}
	if (index < -1 || index > max)
		return wrong_value(r, s, max > 15 ?
				   "-1 to 255, \"#rrggbb\" or a name like \"bright-red\"" :
				   "-1 to 15 or a name like \"bright-red\"");
	*ret = index;
	return true;
}

static bool read_attrs(const struct reader *r, const config_setting_t *s, unsigned *ret)
{
	static const struct {
		const char *name;
		unsigned attr;
	} attrs[] = {
		{ "none", 0 }, { "bold", ATTR_BOLD }, { "underline", ATTR_UNDERLINE },
		{ "reverse", ATTR_REVERSE }, { "dim", ATTR_DIM },
	};
	char words[64], *rest = words;
	bool ok = config_setting_type(s) == CONFIG_TYPE_STRING &&
		  str_copy(words, sizeof(words), config_setting_get_string(s));
	unsigned sum = 0;

	for (const char *word; ok && (word = str_token(&rest, " ,")); ) {
		ok = false;
		for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
			if (!str_eq(word, attrs[i].name))
				continue;
			sum |= attrs[i].attr;
			ok = true;
		}
	}
	if (!ok)
		return wrong_value(r, s, "words out of none, bold, underline, reverse and dim");
	*ret = sum;
	return true;
}

/* ---- one role ---- */

static bool read_fg(const struct reader *r, const config_setting_t *s, struct style *style)
{
	if (!read_color(r, s, 255, &style->fg))
		return false;
	style->fg16 = palette_nearest_fg16(style->fg);
	return true;
}

static bool read_bg(const struct reader *r, const config_setting_t *s, struct style *style)
{
	if (!read_color(r, s, 255, &style->bg))
		return false;
	style->bg16 = palette_nearest_bg16(style->bg);
	return true;
}

static bool read_fg16(const struct reader *r, const config_setting_t *s, struct style *style)
{
	return read_color(r, s, 15, &style->fg16);
}

static bool read_bg16(const struct reader *r, const config_setting_t *s, struct style *style)
{
	return read_color(r, s, 15, &style->bg16);
}

static bool read_style_attrs(const struct reader *r, const config_setting_t *s, struct style *style)
{
	return read_attrs(r, s, &style->attrs);
}

/* In this order, whatever the order in the file: fg16 outranks what fg implies. */
static const struct {
	const char *name;
	bool (*read)(const struct reader *r, const config_setting_t *s, struct style *style);
} members[] = {
	{ "fg", read_fg }, { "bg", read_bg }, { "fg16", read_fg16 }, { "bg16", read_bg16 },
	{ "attrs", read_style_attrs },
};

static bool check_members(const struct reader *r, const config_setting_t *role)
{
	for (int i = 0; i < config_setting_length(role); i++) {
		const config_setting_t *s = config_setting_get_elem(role, (unsigned)i);
		struct nearest n;
		bool known = false;

		nearest_init(&n, config_setting_name(s));
		for (size_t m = 0; m < ARRAY_LEN(members); m++) {
			known = known || str_eq(members[m].name, config_setting_name(s));
			nearest_try(&n, members[m].name);
		}
		if (!known)
			return unknown_name(r, s, "setting of a role", &n);
	}
	return true;
}

static bool read_role(const struct reader *r, const config_setting_t *role, struct style *style)
{
	if (!config_setting_is_group(role))
		return wrong_value(r, role, "a group: { fg = ...; }");
	if (!check_members(r, role))
		return false;
	for (size_t m = 0; m < ARRAY_LEN(members); m++) {
		const config_setting_t *s = config_setting_get_member(role, members[m].name);

		if (s && !members[m].read(r, s, style))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

static bool check_roles(const struct reader *r, const config_setting_t *group)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
		struct nearest n;
		enum role known;

		if (role_from_name(config_setting_name(s), &known))
			continue;
		nearest_init(&n, config_setting_name(s));
		for (size_t role = 0; role < ROLE_N; role++)
			nearest_try(&n, roles[role].name);
		return unknown_name(r, s, "role", &n);
	}
	return true;
}

static bool read_roles(const struct reader *r, const config_setting_t *group)
{
	struct style *styles = r->theme->styles;

	if (!config_setting_is_group(group))
		return wrong_value(r, group, "a group: { print = { fg = ...; }; ... }");
	if (!check_roles(r, group))
		return false;
	for (size_t i = 0; i < ROLE_N; i++) {
		const config_setting_t *s = config_setting_get_member(group, roles[i].name);

		if (roles[i].parent != i)
			styles[i] = styles[roles[i].parent];
		if (s && !read_role(r, s, &styles[i]))
			return false;
	}
	return true;
}

static bool read_title(const struct reader *r, const config_setting_t *s)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return wrong_value(r, s, "a string");
	str_copy(r->theme->title, sizeof(r->theme->title), config_setting_get_string(s));
	str_clean(r->theme->title);
	return true;
}

static bool read_bool(const struct reader *r, const config_setting_t *s, bool *ret)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return wrong_value(r, s, "true or false");
	*ret = config_setting_get_bool(s);
	return true;
}

static bool read_light(const struct reader *r, const config_setting_t *s)
{
	return read_bool(r, s, &r->theme->light);
}

static bool read_mono(const struct reader *r, const config_setting_t *s)
{
	return read_bool(r, s, &r->theme->mono);
}

static bool read_top(const struct reader *r, const config_setting_t *s)
{
	static const struct {
		const char *name;
		bool (*read)(const struct reader *r, const config_setting_t *s);
	} tops[] = {
		{ "title", read_title }, { "light", read_light }, { "mono", read_mono },
		{ "roles", read_roles },
	};
	struct nearest n;

	nearest_init(&n, config_setting_name(s));
	for (size_t i = 0; i < ARRAY_LEN(tops); i++) {
		if (str_eq(tops[i].name, config_setting_name(s)))
			return tops[i].read(r, s);
		nearest_try(&n, tops[i].name);
	}
	return unknown_name(r, s, "setting", &n);
}

static bool read_theme(const struct reader *r, const config_t *config)
{
	const config_setting_t *root = config_root_setting(config);

	for (int i = 0; i < config_setting_length(root); i++) {
		if (!read_top(r, config_setting_get_elem(root, (unsigned)i)))
			return false;
	}
	if (!config_lookup(config, "roles"))
		return err_set(r->e, ERR_CONFIG, "%s: the group 'roles' is missing", r->file);
	for (size_t i = 0; i < ROLE_N && r->theme->mono; i++) {
		struct style *s = &r->theme->styles[i];

		s->fg = s->bg = s->fg16 = s->bg16 = -1;
	}
	return true;
}

static void set_name(struct theme *t, const char *file)
{
	str_copy(t->name, sizeof(t->name), str_basename(file));
	if (str_ends(t->name, ".theme"))
		t->name[strlen(t->name) - strlen(".theme")] = '\0';
	str_clean(t->name);
	str_copy(t->title, sizeof(t->title), t->name);
}

bool theme_parse(const char *text, const char *file, struct theme *ret, struct err *e)
{
	struct theme t = { .styles[ROLE_NORMAL] = { -1, -1, -1, -1, 0 } };
	const struct reader r = { file, &t, e };
	config_t config;
	bool ok;

	/* libconfig would open whatever file is named there. */
	if (strstr(text, "@include"))
		return err_set(e, ERR_CONFIG, "%s: a theme cannot include files", file);
	set_name(&t, file);
	config_init(&config);
	ok = config_read_string(&config, text);
	if (ok)
		ok = read_theme(&r, &config);
	else
		err_set(e, ERR_CONFIG, "%s:%d: %s", file, config_error_line(&config),
			config_error_text(&config));
	config_destroy(&config);
	if (ok)
		*ret = t;
	return ok;
}
