/* Inside the reader of printers.conf: values out of libconfig's settings, with file:line for every mistake. */
#ifndef APP_CONFIG_READ_H
#define APP_CONFIG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <libconfig.h>
#include <printop/config.h>
#include <printop/nearest.h>

struct reader {
	struct config *config;
	const char *file;	/* as messages show it */
	const char *dir;	/* base of relative paths; NULL: text only, nothing is read or run */
	bool holds_key;		/* an API key stands in the file itself */
};

char *reader_where(const struct reader *r, const config_setting_t *s);	/* the caller frees */
void reader_issue(const struct reader *r, enum config_severity severity, const config_setting_t *s,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
#define reader_error(r, s, ...) reader_issue(r, CONFIG_ERROR, s, __VA_ARGS__)
#define reader_warn(r, s, ...) reader_issue(r, CONFIG_WARNING, s, __VA_ARGS__)

/* Each reports what is wrong and then returns false with *ret unchanged. */
enum text_kind { TEXT_LINE, TEXT_LINES };
bool read_text(const struct reader *r, const config_setting_t *s, enum text_kind kind, size_t max,
	       char **ret);			/* a new string, not empty; an old one is freed */
bool read_number(const struct reader *r, const config_setting_t *s, double min, double max,
		 double *ret);
bool read_flag(const struct reader *r, const config_setting_t *s, bool *ret);
/* [ "a", "b" ], ( "a", "b" ) or "a": adds to list[*n], at most max. */
bool read_texts(const struct reader *r, const config_setting_t *s, char **list, int *n, int max);
bool read_is_group(const struct reader *r, const config_setting_t *s);
/* The elements of a list of groups: their number, 0 after an error. */
int read_list(const struct reader *r, const config_setting_t *s);
/* Reports a member that is not known; near was tried with the known ones. */
void read_unknown(const struct reader *r, const config_setting_t *s, const struct nearest *near,
		  const char *what);

/* One printer's group: checks it and adds it to the configuration. */
void read_printer(struct reader *r, const config_setting_t *s);
/* The connector's group, and what is checked when the whole configuration is read. */
void read_connector(struct reader *r, const config_setting_t *s);
void connector_config_finish(struct config *c);

/* ---- keys and their sources (config_key.c, without libconfig) ---- */

/* Trims and checks a key; false with *e in words without the key. */
bool key_accept(char *text, struct secret *ret, struct err *e);
bool key_from_file(const char *path, struct secret *ret, struct err *e);
bool key_from_env(const char *name, struct secret *ret, struct err *e);
/* Runs argv without a shell; takes the first line of its output. */
bool key_from_command(char *const *argv, double limit_s, struct secret *ret, struct err *e);

#endif
