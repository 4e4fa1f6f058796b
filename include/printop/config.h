/* printers.conf: settings and printers, with file:line for every mistake. */
#ifndef PRINTOP_CONFIG_H
#define PRINTOP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/connector.h>
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

struct hook {			/* hooks = ( { on = ["failed","finished"]; run = ["notify-send", "x"]; timeout = 10; } ) */
	char *on[16];
	int n_on;
	char *argv[32];			/* NULL behind the last */
	int argc;
	char *post;			/* or the address that gets the event's JSON by POST, NULL none; may hold a secret */
	double timeout_s;
	char *where;
};

struct printer_key {		/* a row of printer_keys.def */
	const char *name, *form, *sentence;
};

enum printer_key_id {
#define PRINTER_KEY(id, ...) PRINTER_KEY_##id,
#include <printop/printer_keys.def>
#undef PRINTER_KEY
	PRINTER_KEY_N
};

const struct printer_key *printer_key_info(enum printer_key_id id);

struct config {
	char *path;		/* main file, NULL when there is none */
	struct settings settings;
	struct printer_config *printers;
	size_t n_printers;
	struct key_binding *keys;
	size_t n_keys;
	struct hook *hooks;
	size_t n_hooks;
	struct connector_config connector;
	struct config_issue *issues;
	size_t n_issues;
};

/*
 * The file to read: --config (may be NULL), PRINTOP_CONFIG, XDG, /etc. It may be missing where there is a printers.d.
 * NULL: nothing of the last two exists. The caller frees.
 */
char *config_find(const char *from_option);
/*
 * Reads path (which may be missing beside a printers.d) and printers.d/NAME.conf beside it, keys from
 * their sources, and checks all of it (keymap_check() too). Never NULL: look at config_has_errors().
 * path NULL gives the defaults without printers.
 */
struct config *config_load(const char *path);
/* The same from text alone: no file is read, @include is refused, nothing is run. name is for messages. */
struct config *config_load_text(const char *text, size_t len, const char *name);
void config_free(struct config *c);
/* The rules that names of printers follow; NULL when it is good, else what is wrong. */
const char *config_check_name(const char *name);
bool config_has_errors(const struct config *c);
/* The first error as "FILE:LINE: text". */
void config_first_error(const struct config *c, struct err *e);
void config_add_issue(struct config *c, enum config_severity s, const char *where,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds a printer (the demo and tests); takes the contents. */
void config_add_printer_take(struct config *c, struct printer_config *p);

#endif
