/*
 * Fuzz target: the whole screen without a terminal. Bytes are keys as a terminal sends them; 0xff
 * and two bytes give the screen another size, 0xfe and a byte let time pass. What is drawn must
 * never steer a terminal.
 */
#include "../unit/screen.h"
#include "fuzz.h"
#include "tui/decode.h"

#define KEYS 400
#define COLS 170
#define ROWS 60

struct session {
	struct app app;
	struct tui *tui;
	struct decoder decoder;
	struct moment now;
};

/* No file is found or written there, not even by root. */
static void nowhere(void)
{
	screen_environment();
	setenv("XDG_STATE_HOME", "/dev/null/state", 1);
	setenv("XDG_CONFIG_HOME", "/dev/null/config", 1);
}

static void check_cells(const struct canvas *c)
{
	MUST(c->cursor_x < c->cols && c->cursor_y < c->rows);
	for (int i = 0; i < c->cols * c->rows; i++) {
		const struct cell *cell = &c->cells[i];

		MUST(cell->role < ROLE_N);
		MUST(!cell->ch[0] || !str_is_unsafe(cell->ch[0]));
		MUST(!cell->ch[1] || !str_is_unsafe(cell->ch[1]));
		MUST(!c->ascii || cell->ch[0] < 0x80);
	}
}

static void draw(struct session *s)
{
	char title[TEXT_CAP];

	tui_render(s->tui, &s->now);
	check_cells(s->tui->canvas);
	tui_title(s->tui, title, sizeof(title));
	must_be_clean(title, sizeof(title));
	MUST(tui_next_tick_ms(s->tui, &s->now) >= -1);
}

static void press(struct session *s, uint32_t key)
{
	const struct decode_mouse *m = &s->decoder.mouse;

	if (key == KEY_CODE_PASTE)
		tui_paste(s->tui, s->decoder.paste);
	else if (key != KEY_CODE_MOUSE)
		tui_key(s->tui, key);
	else if (m->wheel)
		tui_wheel(s->tui, m->wheel);
	else
		tui_mouse(s->tui, m->x, m->y, !m->press);
}

static void one_byte(struct session *s, struct fuzz *f)
{
	unsigned char byte = (unsigned char)fuzz_byte(f);
	uint32_t key;
	int cols;

	if (byte == 0xff) {
		cols = (int)(fuzz_byte(f) % COLS) + 1;
		canvas_resize(s->tui->canvas, cols, (int)(fuzz_byte(f) % ROWS) + 1);
	} else if (byte == 0xfe) {
		s->now.now_ms += (int64_t)fuzz_byte(f) * 50;
	} else {
		decode_feed(&s->decoder, &byte, 1, s->now.now_ms);
	}
	while ((key = decode_key(&s->decoder, s->now.now_ms)) != KEY_NONE)
		press(s, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	struct session s = {.now = {SCREEN_NOW_MS, SCREEN_WALL_S}};
	unsigned head = fuzz_byte(&f);

	nowhere();
	screen_app_init(&s.app);
	if (head & 1)
		screen_add_fleet(&s.app);
	s.tui = tui_new(&s.app, head & 2 ? 80 : 140, head & 4 ? 24 : 40, head & 8);
	decode_init(&s.decoder);
	draw(&s);
	for (int i = 0; i < KEYS && f.left && !s.tui->p->quit; i++) {
		one_byte(&s, &f);
		draw(&s);
	}
	tui_free(s.tui);
	screen_app_done(&s.app);
	return 0;
}
