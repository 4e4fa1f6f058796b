/*
 * Bytes from a terminal to keys: a pure state machine for the sequences of xterm, screen, tmux, the
 * Linux console and vt100.
 */
#ifndef TUI_DECODE_H
#define TUI_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/keys.h>

#define DECODE_PASTE_BYTES 4096
#define DECODE_ESC_MS 25	/* an Esc with nothing behind it for so long is the key */
/*
 * On a slow line the rest of a sequence can come later than that. Were it read as keys, "Esc O P"
 * (F1) would pause a printer: '[' and 'O' this soon after an Esc still belong to it.
 */
#define DECODE_LATE_MS 500
#define DECODE_PASTE_MS 2000	/* a paste that stops for so long has ended */

struct decode_mouse {
	int x, y, button;	/* from 0; button 1 left, 2 middle, 3 right, 0 none */
	int wheel;		/* -1 up, 1 down */
	bool press;
};

struct decoder {
	unsigned char buf[64];
	size_t len;
	int64_t since_ms;	/* when the first byte in buf came */
	int64_t esc_ms;		/* when a lone Esc was given out, -1: not just now */
	bool pasting;
	char paste[DECODE_PASTE_BYTES];
	size_t paste_len;
	struct decode_mouse mouse;	/* of the last KEY_CODE_MOUSE */
};

void decode_init(struct decoder *d);
/*
 * Takes as many of the bytes as fit; call decode_key() until it answers KEY_NONE, then feed the
 * rest.
 */
size_t decode_feed(struct decoder *d, const void *bytes, size_t n, int64_t now_ms);
/*
 * The next key; KEY_NONE when there is none or a sequence is not complete yet (see decode_waiting).
 */
uint32_t decode_key(struct decoder *d, int64_t now_ms);
/* A sequence has begun; ask again after DECODE_ESC_MS. */
bool decode_waiting(const struct decoder *d);

#endif
