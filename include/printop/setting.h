/* The settings table: names, types, limits and current values of the general settings. */
#ifndef PRINTOP_SETTING_H
#define PRINTOP_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>

enum setting_id {
#define SETTING(id, ...) SETTING_##id,
#include <printop/settings.def>
#undef SETTING
	SETTING_N
};

enum setting_type { SETTING_BOOL, SETTING_INT, SETTING_NUM, SETTING_STR, SETTING_CHOICE };

struct setting {
	const char *name;
	enum setting_type type;
	const char *standard;		/* default, as text */
	double min, max;
	const char *choices;
	const char *unit;
	const char *sentence;
};

struct settings {
	struct {
		double num;		/* BOOL, INT, NUM; CHOICE: index */
		char *str;		/* STR; CHOICE: the word */
		char *where;		/* "printers.conf:3", ":set", NULL: default */
	} values[SETTING_N];
};

const struct setting *setting_info(enum setting_id id);
bool setting_from_name(const char *name, enum setting_id *ret);
const char *setting_nearest(const char *name);	/* the nearest known name, NULL when none is near */
void settings_init(struct settings *s);		/* all defaults */
void settings_done(struct settings *s);
void settings_copy(struct settings *to, const struct settings *from);
/* From text, checked against type, range and choices. */
bool settings_set(struct settings *s, enum setting_id id, const char *text, const char *where,
		  struct err *e);
double settings_num(const struct settings *s, enum setting_id id);
bool settings_bool(const struct settings *s, enum setting_id id);
const char *settings_str(const struct settings *s, enum setting_id id);
/* As the user would write it. Returns buf. */
char *settings_text(const struct settings *s, enum setting_id id, char *buf, size_t size);

#endif
