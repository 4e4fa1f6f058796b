/*
 * Keys out of terminal bytes: CSI and SS3 sequences, UTF-8, SGR mouse reports and bracketed paste.
 */
#include "decode.h"

#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

enum { WAIT = -1 };		/* more bytes are needed */

struct parsed {
	int used;		/* bytes, WAIT: incomplete */
	uint32_t key;		/* KEY_NONE: swallowed */
};

static const struct parsed need_more = { WAIT, KEY_NONE };

void decode_init(struct decoder *d)
{
	*d = (struct decoder){ .esc_ms = -1 };
}

size_t decode_feed(struct decoder *d, const void *bytes, size_t n, int64_t now_ms)
{
	size_t room = sizeof(d->buf) - d->len, taken = n < room ? n : room;

	if (d->pasting && now_ms - d->since_ms > DECODE_PASTE_MS)
		d->pasting = false;	/* its end was lost: the keyboard must not be */
	if (!d->len || d->pasting)
		d->since_ms = now_ms;
	memcpy(d->buf + d->len, bytes, taken);
	d->len += taken;
	return taken;
}

bool decode_waiting(const struct decoder *d)
{
	return d->len > 0 && !d->pasting;
}

/* The last byte of "ESC [ x" and "ESC O x". */
static uint32_t letter_key(unsigned char c, bool ss3)
{
	static const struct {
		char letter;
		uint32_t key;
	} keys[] = {
		{ 'A', KEY_CODE_UP },	   { 'B', KEY_CODE_DOWN },   { 'C', KEY_CODE_RIGHT },
		{ 'D', KEY_CODE_LEFT },	   { 'H', KEY_CODE_HOME },   { 'F', KEY_CODE_END },
		{ 'Z', KEY_CODE_BACKTAB }, { 'P', KEY_CODE_F1 },     { 'Q', KEY_CODE_F1 + 1 },
		{ 'R', KEY_CODE_F1 + 2 },  { 'S', KEY_CODE_F1 + 3 },
	};

	if (ss3 && c == 'M')
		return KEY_RETURN;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].letter == (char)c)
			return keys[i].key;
	return KEY_NONE;
}

/* The number of "ESC [ n ~". */
static uint32_t number_key(int n)
{
	static const uint32_t keys[] = {
		[1] = KEY_CODE_HOME,	 [2] = KEY_CODE_INSERT,	 [3] = KEY_CODE_DELETE,
		[4] = KEY_CODE_END,	 [5] = KEY_CODE_PAGE_UP, [6] = KEY_CODE_PAGE_DOWN,
		[7] = KEY_CODE_HOME,	 [8] = KEY_CODE_END,	 [11] = KEY_CODE_F1,
		[12] = KEY_CODE_F1 + 1,	 [13] = KEY_CODE_F1 + 2, [14] = KEY_CODE_F1 + 3,
		[15] = KEY_CODE_F1 + 4,	 [17] = KEY_CODE_F1 + 5, [18] = KEY_CODE_F1 + 6,
		[19] = KEY_CODE_F1 + 7,	 [20] = KEY_CODE_F1 + 8, [21] = KEY_CODE_F1 + 9,
		[23] = KEY_CODE_F1 + 10, [24] = KEY_CODE_F12,
	};

	return n >= 0 && (size_t)n < ARRAY_LEN(keys) ? keys[n] : KEY_NONE;
}

/* "<b;x;y" and M or m: an SGR mouse report. */
static uint32_t mouse_key(struct decoder *d, const int *args, int n_args, bool press)
{
	int b = args[0];

	if (n_args < 3)
		return KEY_NONE;
	d->mouse = (struct decode_mouse){ .x = args[1] - 1, .y = args[2] - 1, .press = press };
	if (b & 32)
		return KEY_NONE;	/* moved with a button held */
	if (b & 64)
		d->mouse.wheel = b & 1 ? 1 : -1;
	else
		d->mouse.button = (b & 3) + 1;
	return KEY_CODE_MOUSE;
}

struct csi {
	int args[4], n_args;
	char private_mark;	/* '<' '?' '>' or 0 */
	unsigned char last;
};

static uint32_t csi_key(struct decoder *d, const struct csi *s)
{
	if (s->private_mark == '<' && (s->last == 'M' || s->last == 'm'))
		return mouse_key(d, s->args, s->n_args, s->last == 'M');
	if (s->private_mark)
		return KEY_NONE;
	if (s->last == '~' && s->args[0] == 200) {
		d->pasting = true;
		d->paste_len = 0;
		return KEY_NONE;
	}
	return s->last == '~' ? number_key(s->args[0]) : letter_key(s->last, false);
}

/* buf[at] is the first byte behind "ESC [". */
static struct parsed parse_csi(struct decoder *d, size_t at)
{
	struct csi s = { .n_args = 1 };
	size_t i = at;

	if (i < d->len && d->buf[i] == '[') {	/* the Linux console's F1 to F5: ESC [ [ A */
		if (i + 1 >= d->len)
			return need_more;
		return (struct parsed){ (int)i + 2, d->buf[i + 1] >= 'A' && d->buf[i + 1] <= 'E' ?
			KEY_CODE_F1 + (uint32_t)(d->buf[i + 1] - 'A') : KEY_NONE };
	}
	for (; i < d->len; i++) {
		unsigned char c = d->buf[i];

		if (c >= '<' && c <= '?') {
			s.private_mark = (char)c;
		} else if (c >= '0' && c <= '9') {
			if (s.n_args <= 4 && s.args[s.n_args - 1] < 10000)
				s.args[s.n_args - 1] = s.args[s.n_args - 1] * 10 + (c - '0');
		} else if (c == ';') {
			s.n_args = s.n_args < 4 ? s.n_args + 1 : 4;
		} else if (c >= 0x40 && c <= 0x7e) {
			s.last = c;
			return (struct parsed){ (int)i + 1, csi_key(d, &s) };
		} else if (c < ' ' || c > '/') {
			/* Broken off: drop what was read. */
			return (struct parsed){ (int)i, KEY_NONE };
		}
	}
	return need_more;
}

static struct parsed parse_ss3(const struct decoder *d, size_t at)
{
	if (at >= d->len)
		return need_more;
	return (struct parsed){ (int)at + 1, letter_key(d->buf[at], true) };
}

static struct parsed parse_escape(struct decoder *d)
{
	if (d->len < 2)
		return need_more;
	if (d->buf[1] == '[')
		return parse_csi(d, 2);
	if (d->buf[1] == 'O')
		return parse_ss3(d, 2);
	/* Esc and a key at once is Alt with it: not bound to anything, and never the key alone. */
	if (d->buf[1] != KEY_ESC)
		return (struct parsed){ 2, KEY_NONE };
	return (struct parsed){ 1, KEY_ESC };
}

/* How long the character at the start of the buffer is; 1 when what is there cannot become one. */
static size_t utf8_bytes(const struct decoder *d)
{
	unsigned char first = d->buf[0];
	size_t want = first > 0xf4  ? 1 :
		      first >= 0xf0 ? 4 :
		      first >= 0xe0 ? 3 :
		      first >= 0xc2 ? 2 :
				      1;

	for (size_t i = 1; i < want && i < d->len; i++)
		if ((d->buf[i] & 0xc0) != 0x80)
			return 1;
	return want;
}

static struct parsed parse_text(const struct decoder *d)
{
	char text[5] = "";
	size_t want = utf8_bytes(d), len;
	uint32_t key;

	if (d->buf[0] < 0x80) {
		key = d->buf[0] == '\n' ? KEY_RETURN : d->buf[0];
		return (struct parsed){ 1, d->buf[0] == 8 ? KEY_BACKSPACE_CODE : key };
	}
	if (want > d->len)
		return need_more;
	memcpy(text, d->buf, want);
	len = str_utf8_len(text);
	if (!len)
		return (struct parsed){ 1, KEY_NONE };
	return (struct parsed){ (int)len, str_utf8_decode(text, &len) };
}

static void drop(struct decoder *d, size_t n)
{
	memmove(d->buf, d->buf + n, d->len - n);
	d->len -= n;
}

/* Moves pasted bytes out of the buffer up to the end mark; true when it was found. */
static bool take_paste(struct decoder *d)
{
	static const char end[] = "\033[201~";
	const size_t end_len = sizeof(end) - 1;

	while (d->len > 0) {
		size_t same = d->len < end_len ? d->len : end_len;

		if (!memcmp(d->buf, end, same)) {
			if (same < end_len)
				return false;
			drop(d, end_len);
			return true;
		}
		if (d->paste_len + 1 < sizeof(d->paste))
			d->paste[d->paste_len++] = (char)d->buf[0];
		drop(d, 1);
	}
	return false;
}

static uint32_t end_paste(struct decoder *d)
{
	d->pasting = false;
	d->paste[d->paste_len] = '\0';
	str_clean(d->paste);
	return KEY_CODE_PASTE;
}

/*
 * Only a lone Esc is told apart fast; what has begun as a sequence or a character may be on a slow
 * line.
 */
static bool still_coming(const struct decoder *d, int64_t now_ms)
{
	bool lone = d->len == 1 && d->buf[0] == KEY_ESC;

	return d->len < sizeof(d->buf) &&
	       now_ms - d->since_ms < (lone ? DECODE_ESC_MS : DECODE_LATE_MS);
}

/* An Esc, a sequence or a character that never got whole. */
static struct parsed give_up(struct decoder *d, int64_t now_ms)
{
	if (d->buf[0] != KEY_ESC || d->len > 1)
		return (struct parsed){ (int)d->len, KEY_NONE };
	d->esc_ms = now_ms;
	return (struct parsed){ 1, KEY_ESC };
}

/*
 * "[..." or "O." that comes soon after a lone Esc is the rest of its sequence: put the Esc back
 * before it.
 */
static void join_late(struct decoder *d, int64_t now_ms)
{
	bool late = d->esc_ms >= 0 && now_ms - d->esc_ms < DECODE_LATE_MS;

	d->esc_ms = -1;
	if (!late || (d->buf[0] != '[' && d->buf[0] != 'O') || d->len == sizeof(d->buf))
		return;
	memmove(d->buf + 1, d->buf, d->len);
	d->buf[0] = KEY_ESC;
	d->len++;
}

uint32_t decode_key(struct decoder *d, int64_t now_ms)
{
	while (d->len > 0) {
		struct parsed p;

		if (d->pasting)
			return take_paste(d) ? end_paste(d) : KEY_NONE;
		join_late(d, now_ms);
		p = d->buf[0] == KEY_ESC ? parse_escape(d) : parse_text(d);
		if (p.used == WAIT && still_coming(d, now_ms))
			return KEY_NONE;
		if (p.used == WAIT)
			p = give_up(d, now_ms);
		drop(d, (size_t)p.used);
		d->since_ms = now_ms;
		if (p.key != KEY_NONE)
			return p.key;
	}
	return KEY_NONE;
}
