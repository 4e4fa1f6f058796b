/*
 * The terminal: the only file that knows curses. Shows a canvas, reads keys, is restored whatever
 * happens.
 */
#include "term.h"

#define NCURSES_NOMACROS
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "decode.h"
#include "osc.h"

#define PAIRS 128
#define DOUBLE_CLICK_MS 400

struct terminal {
	SCREEN *screen;
	FILE *in, *out;		/* /dev/tty twice: only the one that is read becomes non-blocking */
	int in_fd, out_fd;
	bool ascii, gone, mouse;
	int colors, cols, rows;
	struct theme theme;
	struct { short fg, bg; } pairs[PAIRS];
	int n_pairs, pairs_room;
	struct cell *last;	/* what curses was told, cols * rows */
	bool all;		/* the next draw writes every cell */
	int cursor_x, cursor_y;
	struct decoder keys;
	unsigned char bytes[256];	/* read, not decoded yet */
	size_t n_bytes, at_byte;
	struct term_mouse click;
	int64_t click_ms;
};

/* For restoring from a signal handler: prepared when the terminal is taken. */
static struct {
	volatile sig_atomic_t taken;
	int fd;
	struct termios saved;
	char bytes[256];
	size_t len;
} restore;

static int64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void put_bytes(int fd, const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

static void put_string(const struct terminal *t, const char *s)
{
	put_bytes(t->out_fd, s, strlen(s));
}

/* ---- restoring ---- */

static void restore_now(void)
{
	if (!restore.taken)
		return;
	restore.taken = 0;
	put_bytes(restore.fd, restore.bytes, restore.len);
	tcsetattr(restore.fd, TCSANOW, &restore.saved);
}

/* Adds a terminfo string without its $<delays>. */
static void restore_add(const char *s)
{
	if (!s)
		return;
	while (*s && restore.len + 1 < sizeof(restore.bytes)) {
		const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;

		if (end)
			s = end + 1;
		else
			restore.bytes[restore.len++] = *s++;
	}
}

/* tigetstr() wants a non-const name but leaves it alone. */
static const char *cap(const char *name)
{
	char copy[8];
	const char *s;

	str_copy(copy, sizeof(copy), name);
	s = tigetstr(copy);
	return s == (const char *)-1 ? NULL : s;
}

static void restore_prepare(const struct terminal *t)
{
	static const char *const caps[] = { "sgr0", "op", "cnorm", "rmcup" };
	static bool registered;

	restore.len = 0;
	restore.fd = t->out_fd;
	restore_add("\033[?2004l\033[?1000l\033[?1006l");
	for (size_t i = 0; i < ARRAY_LEN(caps); i++)
		restore_add(cap(caps[i]));
	restore.taken = 1;
	if (!registered)
		fatal_on_exit(restore_now);
	registered = true;
}

/* ---- opening ---- */

static bool term_type_is(const char *const *names, size_t n)
{
	const char *type = getenv("TERM");

	for (size_t i = 0; type && i < n; i++)
		if (str_starts(type, names[i]))
			return true;
	return false;
}

/* Terminals whose fonts or wires have no braille and no eighth blocks. */
static bool poor_glyphs(void)
{
	static const char *const types[] = { "linux", "vt1",  "vt2",  "vt3",
					     "vt52",  "ansi", "dumb", "cons25" };

	return term_type_is(types, ARRAY_LEN(types));
}

static bool want_ascii(const struct term_options *o)
{
	bool utf8 = str_eq_nocase(nl_langinfo(CODESET), "UTF-8");

	if (o->charset == TERM_CHARSET_ASCII)
		return true;
	if (o->charset == TERM_CHARSET_UTF8)
		return !utf8 && !setlocale(LC_CTYPE, "C.UTF-8");
	return !utf8 || poor_glyphs();
}

static int count_colors(const struct term_options *o)
{
	const char *no = getenv("NO_COLOR");

	if (o->color == TERM_COLOR_NEVER || (o->color == TERM_COLOR_AUTO && no && *no))
		return 0;
	if (!has_colors() || start_color() == ERR)
		return 0;
	use_default_colors();
	return COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
}

static bool open_tty(struct terminal *t, struct err *e)
{
	t->in_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	t->out_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t->in_fd < 0 || t->out_fd < 0)
		return err_set(e, ERR_IO, "no terminal: /dev/tty: %s", strerror(errno));
	t->in = fdopen(t->in_fd, "r");
	t->out = fdopen(t->out_fd, "w");
	if (!t->in || !t->out || tcgetattr(t->out_fd, &restore.saved) < 0)
		return err_set(e, ERR_IO, "the terminal cannot be used: %s", strerror(errno));
	return true;
}

static void modes_on(const struct terminal *t)
{
	put_string(t, "\033[?2004h");
	if (t->mouse)
		put_string(t, "\033[?1000h\033[?1006h");
}

static void modes_off(const struct terminal *t)
{
	put_string(t, "\033[?2004l");
	if (t->mouse)
		put_string(t, "\033[?1006l\033[?1000l");
}

static void start_curses(struct terminal *t, const struct term_options *o)
{
	typeahead(-1);
	raw();
	noecho();
	nonl();
	t->colors = count_colors(o);
	t->pairs_room = t->colors ? (COLOR_PAIRS < PAIRS ? COLOR_PAIRS : PAIRS) : 0;
	t->n_pairs = 1;
	restore_prepare(t);
	term_resized(t);
	modes_on(t);
	if (!poor_glyphs())
		put_string(t, "\033[22;2t");
}

struct terminal *term_open(const struct term_options *o, struct err *e)
{
	struct terminal *t = MEM_NEW(struct terminal);
	const char *type = getenv("TERM");

	t->in_fd = t->out_fd = -1;
	t->mouse = o->mouse;
	t->ascii = want_ascii(o);
	decode_init(&t->keys);
	theme_builtin(&t->theme);
	if (!open_tty(t, e)) {
		term_close(t);
		return NULL;
	}
	t->screen = newterm(NULL, t->out, t->in);
	if (!t->screen) {
		err_set(e, ERR_USAGE,
			"terminal type \"%s\" is not known here; try TERM=xterm or TERM=vt100",
			type ? type : "");
		term_close(t);
		return NULL;
	}
	if (!cap("cup") || !cap("clear")) {
		err_set(e, ERR_USAGE, "terminal type \"%s\" cannot place its cursor; use --no-tui",
			type);
		term_close(t);
		return NULL;
	}
	start_curses(t, o);
	return t;
}

static void close_file(FILE *f, int fd)
{
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
}

void term_close(struct terminal *t)
{
	if (!t)
		return;
	if (t->screen) {
		modes_off(t);
		if (!poor_glyphs())
			put_string(t, "\033[23;2t");
		endwin();
		restore.taken = 0;
		tcsetattr(t->out_fd, TCSANOW, &restore.saved);
		delscreen(t->screen);
	}
	close_file(t->in, t->in_fd);
	close_file(t->out, t->out_fd);
	free(t->last);
	free(t);
}

int term_fd(const struct terminal *t)
{
	return t->in_fd;
}

bool term_ascii(const struct terminal *t)
{
	return t->ascii;
}

int term_colors(const struct terminal *t)
{
	return t->colors;
}

bool term_gone(const struct terminal *t)
{
	return t->gone;
}

/* ---- size, theme, modes ---- */

void term_size(struct terminal *t, int *cols, int *rows)
{
	*cols = t->cols;
	*rows = t->rows;
}

static int at_most(int v, int most)
{
	return v < 1 ? 1 : v > most ? most : v;
}

void term_resized(struct terminal *t)
{
	struct winsize w;

	if (ioctl(t->out_fd, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0)
		resizeterm(w.ws_row, w.ws_col);
	erase();	/* curses keeps what stood there, and the last cell is never drawn */
	t->cols = at_most(COLS, CANVAS_MAX_COLS);
	t->rows = at_most(LINES, CANVAS_MAX_ROWS);
	t->last = mem_realloc(t->last, (size_t)t->cols * (size_t)t->rows, sizeof(struct cell));
	term_redraw(t);
}

void term_set_theme(struct terminal *t, const struct theme *theme)
{
	t->theme = *theme;
	t->n_pairs = 1;
	t->all = true;
}

void term_set_mouse(struct terminal *t, bool on)
{
	modes_off(t);
	t->mouse = on;
	modes_on(t);
}

/* ---- drawing ---- */

/*
 * The number of a colour pair, made when it is first used; 0 (the terminal's own) when there are no
 * more.
 */
static short pair_of(struct terminal *t, short fg, short bg)
{
	if ((fg < 0 && bg < 0) || !t->pairs_room)
		return 0;
	for (int i = 1; i < t->n_pairs; i++)
		if (t->pairs[i].fg == fg && t->pairs[i].bg == bg)
			return (short)i;
	if (t->n_pairs >= t->pairs_room || init_pair((short)t->n_pairs, fg, bg) == ERR)
		return 0;
	t->pairs[t->n_pairs].fg = fg;
	t->pairs[t->n_pairs].bg = bg;
	return (short)t->n_pairs++;
}

static attr_t attrs_of(unsigned attrs)
{
	return (attrs & ATTR_BOLD ? A_BOLD : 0) | (attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0) |
		(attrs & ATTR_REVERSE ? A_REVERSE : 0) | (attrs & ATTR_DIM ? A_DIM : 0);
}

static void draw_cell(struct terminal *t, int x, int y, const struct cell *cell)
{
	struct style s = canvas_style(cell, &t->theme, t->colors);
	wchar_t text[3] = { (wchar_t)cell->ch[0], (wchar_t)cell->ch[1], 0 };
	cchar_t cc;

	if (setcchar(&cc, text, attrs_of(s.attrs), pair_of(t, s.fg, s.bg), NULL) == OK)
		mvadd_wch(y, x, &cc);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->ch[0] == b->ch[0] && a->ch[1] == b->ch[1] && a->role == b->role &&
	       a->attrs == b->attrs;
}

/* Tells curses about the cells that differ from the last frame; how many did. */
static size_t draw_cells(struct terminal *t, const struct canvas *c)
{
	size_t changed = 0;
	int rows = c->rows < t->rows ? c->rows : t->rows,
	    cols = c->cols < t->cols ? c->cols : t->cols;

	for (int y = 0; y < rows; y++) {
		const struct cell *row = c->cells + (size_t)y * (size_t)c->cols;
		struct cell *last = t->last + (size_t)y * (size_t)t->cols;
		/* The last cell of the last line would make some terminals scroll. */
		int end = y == t->rows - 1 && cols == t->cols ? cols - 1 : cols;

		for (int x = 0; x < end; x++) {
			if (!t->all && same_cell(&row[x], &last[x]))
				continue;
			last[x] = row[x];
			changed++;
			if (row[x].ch[0])
				draw_cell(t, x, y, &row[x]);
		}
	}
	return changed;
}

static void place_cursor(struct terminal *t, const struct canvas *c)
{
	bool shown = c->cursor_x >= 0 && c->cursor_x < t->cols && c->cursor_y >= 0 &&
		     c->cursor_y < t->rows;

	leaveok(stdscr, !shown);
	curs_set(shown);
	if (shown)
		move(c->cursor_y, c->cursor_x);
	t->cursor_x = c->cursor_x;
	t->cursor_y = c->cursor_y;
}

void term_draw(struct terminal *t, const struct canvas *c)
{
	bool all = t->all;
	size_t changed = draw_cells(t, c);

	t->all = false;
	if (!changed && !all && t->cursor_x == c->cursor_x && t->cursor_y == c->cursor_y)
		return;
	place_cursor(t, c);
	refresh();
}

void term_redraw(struct terminal *t)
{
	t->all = true;
	t->cursor_x = t->cursor_y = -2;
	clearok(curscr, TRUE);
}

/* ---- keys ---- */

static void read_bytes(struct terminal *t)
{
	ssize_t n;

	do
		n = read(t->in_fd, t->bytes, sizeof(t->bytes));
	while (n < 0 && errno == EINTR);
	t->at_byte = 0;
	t->n_bytes = n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		t->gone = true;
}

static void note_click(struct terminal *t, int64_t now_ms)
{
	const struct decode_mouse *m = &t->keys.mouse;
	bool again = m->press && t->click.x == m->x && t->click.y == m->y &&
		now_ms - t->click_ms < DOUBLE_CLICK_MS;

	t->click = (struct term_mouse){ .x = m->x,
					.y = m->y,
					.button = m->button,
					.wheel = m->wheel,
					.press = m->press,
					.doubled = again && m->button == 1 };
	if (m->press)
		t->click_ms = again ? 0 : now_ms;
}

uint32_t term_key(struct terminal *t)
{
	int64_t now_ms = clock_ms();

	for (;;) {
		uint32_t key = decode_key(&t->keys, now_ms);

		if (key == KEY_CODE_MOUSE)
			note_click(t, now_ms);
		if (key != KEY_NONE)
			return key;
		if (t->at_byte == t->n_bytes)
			read_bytes(t);
		if (t->at_byte == t->n_bytes)
			return KEY_NONE;
		t->at_byte += decode_feed(&t->keys, t->bytes + t->at_byte, t->n_bytes - t->at_byte,
					  now_ms);
	}
}

bool term_key_waits(const struct terminal *t)
{
	return decode_waiting(&t->keys);
}

struct term_mouse term_mouse(const struct terminal *t)
{
	return t->click;
}

const char *term_pasted(const struct terminal *t)
{
	return t->keys.paste;
}

/* ---- suspend, bell, title, messages ---- */

/* A session leader's process group is its whole job: a stop would leave nobody to continue it. */
static bool has_shell(void)
{
	return getsid(0) != getpgrp();
}

bool term_suspend(struct terminal *t)
{
	struct sigaction standard = { .sa_handler = SIG_DFL }, old;

	if (!has_shell())
		return false;
	modes_off(t);
	endwin();
	restore.taken = 0;
	tcsetattr(t->out_fd, TCSANOW, &restore.saved);
	sigaction(SIGTSTP, &standard, &old);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &old, NULL);
	restore.taken = 1;
	raw();
	term_resized(t);
	modes_on(t);
	return true;
}

void term_bell(struct terminal *t)
{
	put_string(t, "\a");
}

void term_title(struct terminal *t, const char *text)
{
	char sequence[OSC_BYTES];

	if (!poor_glyphs() && osc_title(sequence, sizeof(sequence), text))
		put_string(t, sequence);
}

void term_notify(struct terminal *t, int osc, const char *title, const char *text)
{
	char sequence[OSC_BYTES];

	if (!poor_glyphs() && osc_message(sequence, sizeof(sequence), osc, title, text))
		put_string(t, sequence);
}
