/*
 * The line editor behind every prompt and form field: pure, with the control keys that readline
 * taught people.
 */
#include "tui.h"

#include <string.h>
#include <printop/str.h>
#include <printop/text.h>

void edit_set(struct edit *e, const char *text)
{
	str_copy(e->text, sizeof(e->text), text);
	e->len = e->pos = strlen(e->text);
}

/* Start of the character before pos, with the combining marks on it. */
static size_t before(const struct edit *e, size_t pos)
{
	while (pos > 0) {
		size_t len;

		do
			pos--;
		while (pos > 0 && ((unsigned char)e->text[pos] & 0xc0) == 0x80);
		if (text_char_width(str_utf8_decode(e->text + pos, &len)) > 0)
			break;
	}
	return pos;
}

static size_t after(const struct edit *e, size_t pos)
{
	size_t len;

	if (pos >= e->len)
		return e->len;
	str_utf8_decode(e->text + pos, &len);
	pos += len ? len : 1;
	while (pos < e->len && text_char_width(str_utf8_decode(e->text + pos, &len)) == 0 &&
	       len > 0)
		pos += len;
	return pos;
}

/* Like a shell's Ctrl-W: the blanks before pos, then the word before them. */
static size_t word_start(const struct edit *e, size_t pos)
{
	while (pos > 0 && e->text[pos - 1] == ' ')
		pos--;
	while (pos > 0 && e->text[pos - 1] != ' ')
		pos--;
	return pos;
}

static void erase(struct edit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->len - to + 1);
	e->len -= to - from;
	e->pos = from;
}

bool edit_insert(struct edit *e, const char *text)
{
	size_t len = strlen(text);

	if (e->len + len >= sizeof(e->text))
		return false;
	memmove(e->text + e->pos + len, e->text + e->pos, e->len - e->pos + 1);
	memcpy(e->text + e->pos, text, len);
	e->len += len;
	e->pos += len;
	return true;
}

static bool insert_key(struct edit *e, uint32_t key)
{
	char text[5] = "";

	if (key < 0x80) {
		text[0] = (char)key;
	} else if (key < 0x800) {
		text[0] = (char)(0xc0 | key >> 6);
		text[1] = (char)(0x80 | (key & 0x3f));
	} else if (key < 0x10000) {
		text[0] = (char)(0xe0 | key >> 12);
		text[1] = (char)(0x80 | (key >> 6 & 0x3f));
		text[2] = (char)(0x80 | (key & 0x3f));
	} else {
		text[0] = (char)(0xf0 | key >> 18);
		text[1] = (char)(0x80 | (key >> 12 & 0x3f));
		text[2] = (char)(0x80 | (key >> 6 & 0x3f));
		text[3] = (char)(0x80 | (key & 0x3f));
	}
	str_clean(text);
	edit_insert(e, text);
	return true;
}

static bool edit_move(struct edit *e, uint32_t key)
{
	switch (key) {
	case KEY_CODE_LEFT:
	case KEY_CTRL('b'):
		e->pos = before(e, e->pos);
		return true;
	case KEY_CODE_RIGHT:
	case KEY_CTRL('f'):
		e->pos = after(e, e->pos);
		return true;
	case KEY_CODE_HOME:
	case KEY_CTRL('a'):
		e->pos = 0;
		return true;
	case KEY_CODE_END:
	case KEY_CTRL('e'):
		e->pos = e->len;
		return true;
	}
	return false;
}

static bool edit_erase(struct edit *e, uint32_t key)
{
	switch (key) {
	case KEY_BACKSPACE_CODE:
	case KEY_CTRL('h'):
		erase(e, before(e, e->pos), e->pos);
		return true;
	case KEY_CODE_DELETE:
	case KEY_CTRL('d'):
		erase(e, e->pos, after(e, e->pos));
		return true;
	case KEY_CTRL('k'):
		erase(e, e->pos, e->len);
		return true;
	case KEY_CTRL('u'):
		erase(e, 0, e->pos);
		return true;
	case KEY_CTRL('w'):
		erase(e, word_start(e, e->pos), e->pos);
		return true;
	}
	return false;
}

bool edit_key(struct edit *e, uint32_t key)
{
	if (edit_move(e, key) || edit_erase(e, key))
		return true;
	if (key < ' ' || key >= KEY_CODE_FIRST)
		return false;
	return insert_key(e, key);
}

static int width_to_cursor(const struct edit *e, const struct canvas *c, size_t from)
{
	char head[sizeof(e->text)];

	memcpy(head, e->text + from, e->pos - from);
	head[e->pos - from] = '\0';
	return canvas_width(c, head);
}

/* The first byte to draw so that the cursor is inside w columns. */
static size_t first_shown(const struct edit *e, const struct canvas *c, int w)
{
	size_t from = 0;

	while (from < e->pos && width_to_cursor(e, c, from) >= w)
		from = after(e, from);
	return from < e->pos ? from : e->pos;	/* the cursor may stand before a combining mark */
}

void edit_draw(const struct edit *e, struct canvas *c, int x, int y, int w, enum role role,
	       const char *label)
{
	int used = canvas_text(c, x, y, w, ROLE_KEY, label ? label : "");
	size_t from;

	x += used;
	w -= used;
	if (w < 1)
		return;
	canvas_fill(c, (struct area){ x, y, w, 1 }, role, ' ');
	from = first_shown(e, c, w);
	canvas_text(c, x, y, w, role, e->text + from);
	c->cursor_x = x + width_to_cursor(e, c, from);
	c->cursor_y = y;
}
