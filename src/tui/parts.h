/* Small pieces that several views draw: lines, heaters' names, operations, keys. */
#ifndef TUI_PARTS_H
#define TUI_PARTS_H

#include "tui.h"

/* A line that is filled from the left, part by part, as long as whole parts fit. */
struct line {
	struct canvas *c;
	int x, y, end;
};
struct line line_of(struct canvas *c, struct area a,
		    int row);	/* the row-th line of an area; no room below it */
/* Adds "text  "; false when it did not fit or is empty. */
bool line_add(struct line *l, enum role role, const char *text);
bool line_addf(struct line *l, enum role role, const char *fmt,
	       ...) __attribute__((format(printf, 3, 4)));
/* Takes what is left of the line, cut when it is too long. */
void line_rest(struct line *l, enum role role, const char *text);

/* "nozzle" for the first extruder, else its own name; and the letter that stands for it. */
const char *heater_title(const struct heater *h);
uint32_t heater_letter(const struct heater *h);

/* Text with a name in it is cut at the left: "…t_x12.gcode". */
void draw_path(struct canvas *c, int x, int y, int cols, enum role role, const char *path);

/* "waits", "FAILED": where an operation is. */
const char *op_phase_word(const struct op *op);
enum role op_phase_role(const struct op *op);
/* "upload lid.gcode", "pause": what it is. */
void op_what(const struct op *op, char *buf, size_t size);
/* What is known of how it goes: "tries until 14:33:10", "4.0/12.0 MB  0.6 MB/s  0:13 left". */
void op_how(const struct op *op, char *buf, size_t size);
double op_ratio(const struct op *op);	/* sent of an upload, NAN for other verbs */
/* Printer, what it is, then an upload's bar and numbers, or where another verb is. */
void draw_op(struct canvas *c, struct area row, const struct op *op, const char *what);

/*
 * Tries what failed or was stopped again, through the same question as the first time; false:
 * it is neither.
 */
bool op_again(struct tui *t, const struct op *op);

/*
 * A line of keys: of an action as it is bound, or a key of the view's own. Verbs that targets
 * do not allow are dim.
 */
struct hint {
	const char *key;	/* NULL: of the action */
	enum action_id action;
	const char *text;
};
void draw_hints(struct tui *t, struct canvas *c, enum action_scope scope, const struct hint *hints,
		size_t n,
		const char *right);
/* Where a view's body is between its title line and, when there is room, a line of hints. */
struct area body_area(const struct canvas *c);

#endif
