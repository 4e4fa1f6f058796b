/* Fuzz target: printers.conf from text, its issues, and the keys bound by it. */
#include <printop/config.h>
#include <printop/http.h>
#include <printop/keys.h>
#include "fuzz.h"

/* libconfig 1.5 forgets what it has parsed when the text has a mistake. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

static void check_issues(const struct config *c)
{
	struct err e = {0};

	for (size_t i = 0; i < c->n_issues; i++) {
		must_be_clean(c->issues[i].text, PTRDIFF_MAX);
		MUST(c->issues[i].where && c->issues[i].text[0]);
	}
	config_first_error(c, &e);
	MUST(config_has_errors(c) == (e.code != ERR_NONE));
}

static void check_printers(const struct config *c)
{
	struct http_url url;

	for (size_t i = 0; i < c->n_printers; i++) {
		const struct printer_config *p = &c->printers[i];

		must_be_clean(p->name, PTRDIFF_MAX);
		MUST(p->n_tags <= LIMIT_TAGS && p->n_presets <= LIMIT_PRESETS);
		MUST(http_url_parse(p->url, &url, NULL));
		MUST(!secret_is_set(&p->key) || strlen(p->key.value) <= LIMIT_KEY_BYTES);
		MUST(p->stale_after_s > 0);
	}
}

static void check_keys(const struct config *c)
{
	struct keymap *m = keymap_new(c);
	char name[64];

	for (size_t i = 0; i < keymap_count(m); i++) {
		const struct binding *b = keymap_at(m, i);

		MUST(key_from_name(key_to_name(b->key, name, sizeof(name))) == b->key);
		keymap_find(m, b->scope, b->key);
	}
	keymap_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = config_load_text((const char *)data, size, "printers.conf");

	check_issues(c);
	check_printers(c);
	check_keys(c);
	config_free(c);
	return 0;
}
