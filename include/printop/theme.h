/* Themes: what a role looks like, read from themes/NAME.theme (libconfig syntax). */
#ifndef PRINTOP_THEME_H
#define PRINTOP_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>

enum role {
#define ROLE(id, ...) ROLE_##id,
#include <printop/roles.def>
#undef ROLE
	ROLE_N
};

enum { ATTR_BOLD = 1, ATTR_UNDERLINE = 2, ATTR_REVERSE = 4, ATTR_DIM = 8 };

struct style {
	short fg, bg;		/* 0..255 of the xterm palette, -1: the terminal's own */
	short fg16, bg16;	/* for terminals of 8 or 16 colours, -1: own; from the theme or nearest */
	unsigned attrs;
};

struct theme {
	char name[64];
	char title[96];
	bool mono;		/* only attributes */
	bool light;
	struct style styles[ROLE_N];
};

const char *role_name(enum role r);
bool role_from_name(const char *name, enum role *ret);
void theme_builtin(struct theme *t);		/* the compiled-in dark theme: always there */
/* name: a file in one of the theme folders, or a path with a slash. */
bool theme_load(const char *name, struct theme *ret, struct err *e);
bool theme_parse(const char *text, const char *file, struct theme *ret, struct err *e);
/* Names found, sorted, NULL-terminated; the caller frees with theme_list_free(). */
char **theme_list(void);
void theme_list_free(char **list);

#endif
