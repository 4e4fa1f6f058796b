/* Documents made from the tables: templates of the source tree with their @PARTS@ filled in. */
#include <printop/generate.h>

#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/md.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "generate_parts.h"

#define TEMPLATE_BYTES (1u << 20)

static const struct document {
	const char *name;
	const char *template;		/* below the top of the source tree; NULL: fill makes it */
	const struct part *parts;
	void (*fill)(struct sbuf *out);
	const char *page;		/* a manual page's name: its roff */
	int section;
} documents[] = {
	{ "printop.1", "man/printop.1.md", manual_parts, NULL, "printop", 1 },
	{ "printop.1.md", "man/printop.1.md", manual_parts, NULL, NULL, 0 },
	{ "printers.conf.5", "man/printers.conf.5.md", manual_parts, NULL, "printers.conf", 5 },
	{ "printers.conf.5.md", "man/printers.conf.5.md", manual_parts, NULL, NULL, 0 },
	{ "bash", "man/completions/printop.bash.in", shell_parts, NULL, NULL, 0 },
	{ "zsh", "man/completions/_printop.in", shell_parts, NULL, NULL, 0 },
	{ "fish", "man/completions/printop.fish.in", shell_parts, NULL, NULL, 0 },
	{ "example", NULL, NULL, manual_example, NULL, 0 },
	{ "keys.md", NULL, NULL, manual_keys_table, NULL, 0 },
	{ "fields.md", NULL, NULL, manual_fields_table, NULL, 0 },
};

/* The length of the "@NAME@" that at points to, 0 when it is none. */
static size_t mark_len(const char *at)
{
	size_t n = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	return n && at[n + 1] == '@' ? n + 2 : 0;
}

static const struct part *find_part(const struct part *parts, const char *mark, size_t len)
{
	for (; parts->name; parts++)
		if (strlen(parts->name) == len - 2 && !strncmp(parts->name, mark + 1, len - 2))
			return parts;
	return NULL;
}

static bool expand(const char *text, const struct part *parts, struct sbuf *out, struct err *e)
{
	while (*text) {
		size_t plain = strcspn(text, "@"), len;
		const struct part *part;

		sbuf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		len = mark_len(text);
		if (!len) {
			sbuf_addc(out, *text++);
			continue;
		}
		part = find_part(parts, text, len);
		if (!part)
			return err_set(e, ERR_INTERNAL, "there is no part %.*s", (int)len, text);
		part->fill(out);
		text += len;
	}
	return true;
}

static bool expand_file(const struct document *d, struct sbuf *out, struct err *e)
{
	char *text;
	size_t len;
	bool ok;

	if (!path_read(d->template, TEMPLATE_BYTES, &text, &len, e))
		return err_wrap(e, "documents are made at the top of the source tree");
	ok = expand(text, d->parts, out, e) || err_wrap(e, "%s", d->template);
	free(text);
	return ok;
}

static bool make_page(const struct document *d, struct sbuf *out, struct err *e)
{
	struct sbuf markdown = SBUF_INIT(LIMIT_CONFIG_BYTES);
	bool ok = expand_file(d, &markdown, e);
	char *roff;

	if (ok) {
		roff = md_to_roff(sbuf_str(&markdown), d->page, d->section, "",
				  "printop " PRINTOP_VERSION);
		ok = sbuf_adds(out, roff) || err_set(e, ERR_TOO_BIG, "%s is too long", d->name);
		free(roff);
	}
	sbuf_done(&markdown);
	return ok;
}

bool generate(const char *what, struct sbuf *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		const struct document *d = &documents[i];

		if (!str_eq(d->name, what))
			continue;
		if (d->fill) {
			d->fill(out);
			return true;
		}
		return d->page ? make_page(d, out, e) : expand_file(d, out, e);
	}
	return err_set(e, ERR_USAGE, "there is no document '%.40s'", what);
}
