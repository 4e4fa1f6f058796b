/* One printer's group in printers.conf: a reader per key, then the checks that need several of them. */
#include "config_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <printop/driver.h>
#include <printop/http.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define NAME_BYTES 63
#define WORD_BYTES 120		/* tags, groups, models */
#define PIN_BYTES 44		/* SHA-256 in base64 */
#define COMMAND_ARGS 32
#define COMMAND_LIMIT_S 10.0

static const struct printer_key keys[PRINTER_KEY_N] = {
#define PRINTER_KEY(id, name, form, sentence) [PRINTER_KEY_##id] = { name, form, sentence },
#include <printop/printer_keys.def>
#undef PRINTER_KEY
};

const struct printer_key *printer_key_info(enum printer_key_id id)
{
	return (unsigned)id < PRINTER_KEY_N ? &keys[id] : NULL;
}

struct rule;
typedef void read_fn(struct reader *r, const config_setting_t *s, struct printer_config *c,
		     const struct rule *rule);

struct rule {
	read_fn *read;
	size_t offset;		/* of the member in struct printer_config */
	size_t max;		/* bytes of a text */
	enum setting_id range;	/* a number keeps to the general setting's range */
};

static void read_string(struct reader *r, const config_setting_t *s, struct printer_config *c,
			const struct rule *rule)
{
	read_text(r, s, TEXT_LINE, rule->max, (char **)(void *)((char *)c + rule->offset));
}

static void read_ranged(struct reader *r, const config_setting_t *s, struct printer_config *c,
			const struct rule *rule)
{
	const struct setting *range = setting_info(rule->range);

	read_number(r, s, range->min, range->max, (double *)(void *)((char *)c + rule->offset));
}

/* ---- name, address ---- */

const char *config_check_name(const char *name)
{
	if (!*name || strlen(name) > NAME_BYTES)
		return "a name has 1 to 63 bytes";
	if (name[0] == '-')
		return "a name does not start with '-': that would be an option";
	if (str_eq_nocase(name, "all"))
		return "'all' is the selector of all printers and cannot be a name";
	if (name[strcspn(name, " \t:,!*?[]\"'\\/")])
		return "a name has no spaces, quotes, slashes and none of : , ! * ? [ ]";
	return NULL;
}

static void read_name(struct reader *r, const config_setting_t *s, struct printer_config *c,
		      const struct rule *rule)
{
	const char *wrong;

	(void)rule;
	if (!read_text(r, s, TEXT_LINE, LIMIT_STRING_BYTES, &c->name))
		return;
	wrong = config_check_name(c->name);
	if (!wrong)
		return;
	reader_error(r, s, "name \"%.70s\": %s", c->name, wrong);
	free(c->name);
	c->name = NULL;
}

static void read_url(struct reader *r, const config_setting_t *s, struct printer_config *c,
		     const struct rule *rule)
{
	struct sbuf b = SBUF_INIT(rule->max);
	struct http_url url;
	const char *why = "it is not an address";
	char *text = NULL;

	if (!read_text(r, s, TEXT_LINE, rule->max / 2, &text))
		return;
	if (http_url_parse(text, &url, &why)) {
		http_url_print(&url, &b);
		free(c->url);
		c->url = sbuf_take(&b);
	} else {	/* not the text: a password may be in it */
		reader_error(r, s, "url: %s", why);
	}
	free(text);
}

static void read_camera(struct reader *r, const config_setting_t *s, struct printer_config *c,
			const struct rule *rule)
{
	char *text = NULL;

	if (!read_text(r, s, TEXT_LINE, rule->max, &text))
		return;
	if (text[0] == '/' || str_starts_nocase(text, "http://") ||
	    str_starts_nocase(text, "https://")) {
		free(c->camera_url);
		c->camera_url = text;
		return;
	}
	reader_error(r, s, "camera must start with http://, https:// or, on the printer's own "
		     "server, with /");
	free(text);
}

static void read_dialect(struct reader *r, const config_setting_t *s, struct printer_config *c,
			 const struct rule *rule)
{
	char *text = NULL;

	if (!read_text(r, s, TEXT_LINE, rule->max, &text))
		return;
	if (str_eq(text, "auto") || driver_by_name(text)) {
		free(c->dialect);
		c->dialect = text;
		return;
	}
	reader_error(r, s, "dialect \"%.40s\" is none of: %s", text, driver_names());
	free(text);
}

/* ---- the key ---- */

/* Notes where the key comes from; false when it has a source already. */
static bool set_source(const struct reader *r, const config_setting_t *s, struct printer_config *c,
		       const char *detail)
{
	if (c->key_source) {
		reader_error(r, s, "the key has two sources, %s and %s: keep one", c->key_source,
			     config_setting_name(s));
		return false;
	}
	c->key_source = *detail ? mem_printf("%s %s", config_setting_name(s), detail) :
		mem_strdup(config_setting_name(s));
	return true;
}

/* A key that cannot be had is no reason to do without the other printers. */
static void key_failed(const struct reader *r, const config_setting_t *s, struct printer_config *c,
		       const struct err *e)
{
	c->key_error = mem_printf("no key: %s", e->text);
	reader_warn(r, s, "%s: %s", config_setting_name(s), e->text);
}

static void read_key(struct reader *r, const config_setting_t *s, struct printer_config *c,
		     const struct rule *rule)
{
	struct err e;
	char *copy;

	(void)rule;
	r->holds_key = true;
	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		reader_error(r, s, "key must be text in double quotes");
		return;
	}
	if (!set_source(r, s, c, ""))
		return;
	copy = mem_strdup(config_setting_get_string(s));
	if (!key_accept(copy, &c->key, &e))
		reader_error(r, s, "%s", e.text);
	explicit_bzero(copy, strlen(copy));
	free(copy);
}

static void warn_wide(const struct reader *r, const config_setting_t *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & 077))
		reader_warn(r, s, "%s holds a key and others can read it: chmod 600 %s", path, path);
}

static void read_key_file(struct reader *r, const config_setting_t *s, struct printer_config *c,
			  const struct rule *rule)
{
	char *text = NULL, *path;
	struct err e;

	if (!read_text(r, s, TEXT_LINE, rule->max, &text))
		return;
	path = path_expand(text, r->dir);
	free(text);
	if (set_source(r, s, c, path) && r->dir) {
		if (!key_from_file(path, &c->key, &e))
			key_failed(r, s, c, &e);
		else
			warn_wide(r, s, path);
	}
	free(path);
}

static void read_key_env(struct reader *r, const config_setting_t *s, struct printer_config *c,
			 const struct rule *rule)
{
	char *name = NULL;
	struct err e;

	if (!read_text(r, s, TEXT_LINE, rule->max, &name))
		return;
	if (set_source(r, s, c, name) && r->dir && !key_from_env(name, &c->key, &e))
		key_failed(r, s, c, &e);
	free(name);
}

/* "pass show voron" in one text is split at spaces; a list is taken as it is. */
static int read_command(const struct reader *r, const config_setting_t *s, char **argv)
{
	char *line = NULL, *at, *word;
	int n = 0;

	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return read_texts(r, s, argv, &n, COMMAND_ARGS) ? n : -n;
	if (!read_text(r, s, TEXT_LINE, LIMIT_STRING_BYTES, &line))
		return 0;
	at = line;
	while (n < COMMAND_ARGS && (word = str_token(&at, " ")))
		argv[n++] = mem_strdup(word);
	free(line);
	return n;
}

static void read_key_command(struct reader *r, const config_setting_t *s, struct printer_config *c,
			     const struct rule *rule)
{
	char *argv[COMMAND_ARGS + 1] = { NULL };
	int n = read_command(r, s, argv);
	struct err e;

	(void)rule;
	if (n == 0)
		reader_error(r, s, "key_command names no program");
	/* Only the program is named: its arguments may be secret. */
	if (n > 0 && set_source(r, s, c, argv[0]) && r->dir &&
	    !key_from_command(argv, COMMAND_LIMIT_S, &c->key, &e))
		key_failed(r, s, c, &e);
	for (int i = 0; i < COMMAND_ARGS; i++)
		free(argv[i]);
}

/* ---- the rest ---- */

static void read_tags(struct reader *r, const config_setting_t *s, struct printer_config *c,
		      const struct rule *rule)
{
	int before = c->n_tags;

	read_texts(r, s, c->tags, &c->n_tags, LIMIT_TAGS);
	for (int i = before; i < c->n_tags; i++)
		if (strchr(c->tags[i], ',') || strlen(c->tags[i]) > rule->max)
			reader_error(r, s, "tag \"%.40s\": a tag is short and has no comma",
				     c->tags[i]);
}

static void read_notes(struct reader *r, const config_setting_t *s, struct printer_config *c,
		       const struct rule *rule)
{
	read_text(r, s, TEXT_LINES, rule->max, &c->notes);
}

static void read_preset(struct reader *r, const config_setting_t *s, struct preset *p)
{
	static const char *const known[] = { "name", "extruder", "bed", "chamber" };
	static const enum setting_id ranges[] = { SETTING_N, SETTING_MAX_EXTRUDER, SETTING_MAX_BED,
		SETTING_MAX_CHAMBER };
	double *const values[] = { NULL, &p->extruder_c, &p->bed_c, &p->chamber_c };

	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *m = config_setting_get_elem(s, (unsigned)i);
		struct nearest near;
		size_t k = 0;

		nearest_init(&near, config_setting_name(m));
		for (; k < ARRAY_LEN(known) && !str_eq(known[k], config_setting_name(m)); k++)
			nearest_try(&near, known[k]);
		if (k == ARRAY_LEN(known))
			read_unknown(r, m, &near, "a preset");
		else if (k == 0)
			read_text(r, m, TEXT_LINE, WORD_BYTES, &p->name);
		else
			read_number(r, m, 0, setting_info(ranges[k])->max, values[k]);
	}
}

static void read_presets(struct reader *r, const config_setting_t *s, struct printer_config *c,
			 const struct rule *rule)
{
	int n = read_list(r, s);

	(void)rule;
	if (n > 0)
		c->presets = mem_zalloc(LIMIT_PRESETS, sizeof(*c->presets));
	for (int i = 0; i < n; i++) {
		const config_setting_t *g = config_setting_get_elem(s, (unsigned)i);
		struct preset *p = &c->presets[c->n_presets];

		if (c->n_presets == LIMIT_PRESETS) {
			reader_error(r, g, "more than %d presets", LIMIT_PRESETS);
			return;
		}
		if (!read_is_group(r, g))
			continue;
		*p = (struct preset){ NULL, NAN, NAN, NAN };
		read_preset(r, g, p);
		if (p->name)
			c->n_presets++;
		else
			reader_error(r, g, "a preset needs a name");
	}
}

static void read_ca_file(struct reader *r, const config_setting_t *s, struct printer_config *c,
			 const struct rule *rule)
{
	char *text = NULL;

	if (!read_text(r, s, TEXT_LINE, rule->max, &text))
		return;
	free(c->ca_file);
	c->ca_file = path_expand(text, r->dir);
	free(text);
	if (r->dir && access(c->ca_file, R_OK) != 0)
		reader_error(r, s, "ca_file %s cannot be read", c->ca_file);
}

/* "sha256//" and the 44 characters of a SHA-256 in base64, as curl wants it; several with ';'. */
static bool pin_is_good(const char *pin)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (;;) {
		if (!str_starts(pin, "sha256//") || strspn(pin + 8, base64) != PIN_BYTES - 1)
			return false;
		pin += 8 + PIN_BYTES - 1;
		if (*pin++ != '=')
			return false;
		if (*pin != ';')
			return *pin == '\0';
		pin++;
	}
}

static void read_pin(struct reader *r, const config_setting_t *s, struct printer_config *c,
		     const struct rule *rule)
{
	if (!read_text(r, s, TEXT_LINE, rule->max, &c->pin) || pin_is_good(c->pin))
		return;
	reader_error(r, s, "pin must be \"sha256//\" and 44 characters of base64 that end in '='");
}

static void read_insecure(struct reader *r, const config_setting_t *s, struct printer_config *c,
			  const struct rule *rule)
{
	(void)rule;
	if (read_flag(r, s, &c->insecure) && c->insecure)
		reader_warn(r, s, "insecure: the certificate is not checked, so anybody between here "
			    "and there can read the key; a pin or ca_file is better");
}

static void read_parked(struct reader *r, const config_setting_t *s, struct printer_config *c,
			const struct rule *rule)
{
	bool parked = true;

	if (config_setting_type(s) == CONFIG_TYPE_BOOL) {
		read_flag(r, s, &parked);
		free(c->parked);
		c->parked = parked ? mem_strdup("") : NULL;
		return;
	}
	if (config_setting_type(s) == CONFIG_TYPE_STRING)
		read_text(r, s, TEXT_LINE, rule->max, &c->parked);
	else
		reader_error(r, s, "parked must be a reason in double quotes, or true");
}

#define AT(m) offsetof(struct printer_config, m)
static const struct rule rules[PRINTER_KEY_N] = {
	[PRINTER_KEY_NAME] = { .read = read_name },
	[PRINTER_KEY_URL] = { .read = read_url, .max = 1024 },
	[PRINTER_KEY_DIALECT] = { .read = read_dialect, .max = WORD_BYTES },
	[PRINTER_KEY_KEY] = { .read = read_key },
	[PRINTER_KEY_KEY_FILE] = { .read = read_key_file, .max = LIMIT_STRING_BYTES },
	[PRINTER_KEY_KEY_ENV] = { .read = read_key_env, .max = WORD_BYTES },
	[PRINTER_KEY_KEY_COMMAND] = { .read = read_key_command },
	[PRINTER_KEY_TAGS] = { .read = read_tags, .max = WORD_BYTES },
	[PRINTER_KEY_GROUP] = { .read = read_string, .offset = AT(group), .max = WORD_BYTES },
	[PRINTER_KEY_MODEL] = { .read = read_string, .offset = AT(model), .max = WORD_BYTES },
	[PRINTER_KEY_NOTES] = { .read = read_notes, .max = 64u << 10 },
	[PRINTER_KEY_CAMERA] = { .read = read_camera, .max = 2048 },
	[PRINTER_KEY_MAX_EXTRUDER] = { read_ranged, AT(max_extruder_c), 0, SETTING_MAX_EXTRUDER },
	[PRINTER_KEY_MAX_BED] = { read_ranged, AT(max_bed_c), 0, SETTING_MAX_BED },
	[PRINTER_KEY_MAX_CHAMBER] = { read_ranged, AT(max_chamber_c), 0, SETTING_MAX_CHAMBER },
	[PRINTER_KEY_PRESETS] = { .read = read_presets },
	[PRINTER_KEY_CA_FILE] = { .read = read_ca_file, .max = LIMIT_STRING_BYTES },
	[PRINTER_KEY_PIN] = { .read = read_pin, .max = 1024 },
	[PRINTER_KEY_INSECURE] = { .read = read_insecure },
	[PRINTER_KEY_PARKED] = { .read = read_parked, .max = TEXT_CAP - 1 },
	[PRINTER_KEY_POLL_ACTIVE] = { read_ranged, AT(poll_active_s), 0, SETTING_POLL_ACTIVE },
	[PRINTER_KEY_POLL_IDLE] = { read_ranged, AT(poll_idle_s), 0, SETTING_POLL_IDLE },
	[PRINTER_KEY_POLL_OFFLINE] = { read_ranged, AT(poll_offline_s), 0, SETTING_POLL_OFFLINE },
};
#undef AT

static void read_member(struct reader *r, const config_setting_t *s, struct printer_config *c)
{
	struct nearest near;

	nearest_init(&near, config_setting_name(s));
	for (unsigned i = 0; i < PRINTER_KEY_N; i++) {
		if (str_eq(keys[i].name, config_setting_name(s))) {
			rules[i].read(r, s, c, &rules[i]);
			return;
		}
		nearest_try(&near, keys[i].name);
	}
	read_unknown(r, s, &near, "a printer");
}

/* Against the printers that are there already. */
static bool check_unique(const struct reader *r, const config_setting_t *s,
			 const struct printer_config *c)
{
	for (size_t i = 0; i < r->config->n_printers; i++) {
		const struct printer_config *other = &r->config->printers[i];

		if (str_eq_nocase(other->name, c->name)) {
			reader_error(r, s, "the name \"%s\" is taken by the printer at %s", c->name,
				     other->where);
			return false;
		}
		if (str_eq(other->url, c->url))
			reader_warn(r, s, "%s has the same url as %s (%s)", c->name, other->name,
				    other->where);
	}
	return true;
}

static void check_tls(const struct reader *r, const config_setting_t *s,
		      const struct printer_config *c)
{
	if (!str_starts(c->url, "https:") && (c->ca_file || c->pin || c->insecure))
		reader_warn(r, s, "%s: ca_file, pin and insecure do nothing without https", c->name);
}

void read_printer(struct reader *r, const config_setting_t *s)
{
	struct printer_config c;

	if (!read_is_group(r, s))
		return;
	if (r->config->n_printers >= LIMIT_PRINTERS) {
		reader_error(r, s, "more than %d printers", LIMIT_PRINTERS);
		return;
	}
	printer_config_init(&c);
	c.where = reader_where(r, s);
	c.dialect = mem_strdup("auto");
	for (int i = 0; i < config_setting_length(s); i++)
		read_member(r, config_setting_get_elem(s, (unsigned)i), &c);
	if (!config_setting_get_member(s, "name"))
		reader_error(r, s, "a printer needs a name");
	if (!config_setting_get_member(s, "url"))
		reader_error(r, s, "a printer needs a url: url = \"http://HOST\";");
	if (c.name && c.url && check_unique(r, s, &c)) {
		check_tls(r, s, &c);
		config_add_printer_take(r->config, &c);
	}
	printer_config_done(&c);
}
