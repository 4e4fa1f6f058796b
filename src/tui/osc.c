/* Sequences for the window title and for desktop messages (OSC 2, 9 and 777). */
#include "osc.h"

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

bool osc_title(char *buf, size_t size, const char *text)
{
	char clean[256];

	str_copy(clean, sizeof(clean), text);
	return str_printf(buf, size, "\033]2;%s\a", str_clean(clean));
}

static bool term_starts(const char *name)
{
	const char *term = getenv("TERM");

	return term && str_starts(term, name);
}

/* 777 for VTE, foot and rxvt; 9 for the others that are known to show it; 0: none. */
static int kind_here(void)
{
	static const char *const programs[] = { "iTerm.app", "WezTerm", "ghostty" };
	const char *program = getenv("TERM_PROGRAM");

	if (getenv("VTE_VERSION") || term_starts("foot") || term_starts("rxvt"))
		return 777;
	if (getenv("KITTY_WINDOW_ID") || term_starts("xterm-kitty") || term_starts("xterm-ghostty"))
		return 9;
	for (size_t i = 0; program && i < ARRAY_LEN(programs); i++)
		if (str_eq(program, programs[i]))
			return 9;
	return 0;
}

/* tmux hands a sequence on when every Esc in it is doubled. */
static bool wrap_tmux(char *buf, size_t size, const char *sequence)
{
	char doubled[OSC_BYTES];
	size_t n = 0;

	for (; *sequence && n + 2 < sizeof(doubled); sequence++) {
		if (*sequence == '\033')
			doubled[n++] = '\033';
		doubled[n++] = *sequence;
	}
	doubled[n] = '\0';
	return str_printf(buf, size, "\033Ptmux;%s\033\\", doubled);
}

/* For the terminal outside. */
static bool wrap(char *buf, size_t size, const char *sequence)
{
	if (getenv("TMUX"))
		return wrap_tmux(buf, size, sequence);
	if (getenv("STY"))
		return str_printf(buf, size, "\033P%s\033\\", sequence);
	return str_copy(buf, size, sequence);
}

bool osc_message(char *buf, size_t size, int osc, const char *title, const char *text)
{
	char head[128], body[256], sequence[512];

	if (!osc)
		osc = kind_here();
	if (!osc)
		return false;
	str_copy(head, sizeof(head), title);
	str_copy(body, sizeof(body), text);
	str_clean(head);
	str_clean(body);
	/* The title ends at a semicolon. */
	for (char *s = head; (s = strchr(s, ';')); )
		*s = ',';
	if (osc == 777)
		str_printf(sequence, sizeof(sequence), "\033]777;notify;%s;%s\a", head, body);
	else
		str_printf(sequence, sizeof(sequence), "\033]9;%s: %s\a", head, body);
	return wrap(buf, size, sequence);
}
