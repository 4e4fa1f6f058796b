/*
 * Fuzz target: bytes from a terminal to keys, the line editor with what they say, names of keys,
 * and selectors. A byte of the input says how many bytes come at once and how much later the next
 * ones come.
 */
#include <printop/keys.h>
#include <printop/select.h>
#include "fuzz.h"
#include "tui/canvas.h"
#include "tui/decode.h"
#include "tui/tui.h"

static void check_edit(const struct edit *e, struct canvas *c)
{
	MUST(e->len < sizeof(e->text) && e->pos <= e->len && strlen(e->text) == e->len);
	must_be_clean(e->text, sizeof(e->text));
	for (int w = 0; w < 12; w++)
		edit_draw(e, c, 0, w % 3, w, ROLE_INPUT, w > 5 ? "> " : NULL);
	MUST(c->cursor_x <= c->cols && c->cursor_y < c->rows);
}

static void one_key(const struct decoder *d, struct edit *e, uint32_t key)
{
	char name[64];

	if (key == KEY_CODE_PASTE) {
		must_be_clean(d->paste, sizeof(d->paste));
		edit_insert(e, d->paste);
		return;
	}
	if (key == KEY_CODE_MOUSE)
		return;
	MUST(key < KEY_CODE_LAST);
	key_label(key, name, sizeof(name));
	key_to_name(key, name, sizeof(name));
	edit_key(e, key);
}

static void type(struct fuzz *f, struct edit *e, struct canvas *c)
{
	struct decoder d;
	int64_t now = 0;
	uint32_t key;

	decode_init(&d);
	while (f->left) {
		unsigned head = fuzz_byte(f);
		size_t n = (head & 31) + 1, taken;

		now += (int64_t)(head >> 5) * (head >> 5) * 11;
		n = n < f->left ? n : f->left;
		taken = decode_feed(&d, f->at, n, now);
		f->at += taken;
		f->left -= taken;
		while ((key = decode_key(&d, now)) != KEY_NONE)
			one_key(&d, e, key);
		check_edit(e, c);
	}
	while (decode_key(&d, now + 10000) != KEY_NONE)
		continue;
	MUST(!d.len || d.pasting);
}

static void check_selector(const char *line)
{
	struct selector *s;
	struct printer p = {.id = 1};
	struct err e = {0};

	s = selector_parse_line(line, &e);
	MUST(s || e.code != ERR_NONE);
	must_be_clean(e.text, sizeof(e.text));
	if (s) {
		printer_config_init(&p.config);
		printer_state_init(&p.state);
		p.config.name = mem_strdup("voron-01");
		selector_match(s, &p);
		selector_needs_state(s);
		printer_config_done(&p.config);
	}
	selector_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	char *line = fuzz_text(&f, '\n', 200);
	struct canvas *c = canvas_new(12, 3, false);
	struct edit e;

	key_from_name(line);
	check_selector(str_clean(line));
	edit_set(&e, line);
	type(&f, &e, c);
	check_selector(e.text);
	canvas_free(c);
	free(line);
	return 0;
}
