/* printers.conf: settings and printers, with file:line for every mistake. */
#ifndef PRINTOP_CONFIG_H
#define PRINTOP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>
#include <printop/printer.h>
#include <printop/setting.h>

enum config_severity { CONFIG_WARNING, CONFIG_ERROR };

struct config_issue {
	enum config_severity severity;
	char *where;		/* "printers.conf:12", or a file name */
	char *text;		/* what is wrong and what to do */
};

struct key_binding {		/* keys = ( { key = "ctrl-p"; action = "pause"; view = "fleet"; } ) */
	char *key, *action, *view;	/* view NULL: all */
	char *where;
};

struct hook {			/* hooks = ( { on = ["failed","finished"]; run = ["notify-send", "x"]; timeout_s = 10; } ) */
	char *on[16];
	int n_on;
	char *argv[32];
	int argc;
	double timeout_s;
	char *where;
};

struct config {
	char *path;		/* main file, NULL when there is none */
	struct settings settings;
	struct printer_config *printers;
	size_t n_printers;
	struct key_binding *keys;
	size_t n_keys;
	struct hook *hooks;
	size_t n_hooks;
	struct config_issue *issues;
	size_t n_issues;
};

/* The file to read: --config (may be NULL), PRINTOP_CONFIG, XDG, /etc. NULL: none of the last two exists. The caller frees. */
char *config_find(const char *from_option);
/*
 * Reads path and printers.d/NAME.conf beside it, keys from their sources. Never NULL: look at
 * config_has_errors(). path NULL gives the defaults without printers.
 */
struct config *config_load(const char *path);
void config_free(struct config *c);
bool config_has_errors(const struct config *c);
/* The first error as "FILE:LINE: text". */
void config_first_error(const struct config *c, struct err *e);
void config_add_issue(struct config *c, enum config_severity s, const char *where,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds a printer (the demo and tests); takes the contents. */
void config_add_printer_take(struct config *c, struct printer_config *p);

#endif
