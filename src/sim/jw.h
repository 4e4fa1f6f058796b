/*
 * Writes JSON text straight into a buffer, as the real servers format it: ASCII only, OctoPrint indented
 * by two spaces, Moonraker compact. A NULL name writes an array's element or the root.
 */
#ifndef SIM_JW_H
#define SIM_JW_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/sbuf.h>

struct jw {
	struct sbuf *b;
	bool pretty;
	bool comma;		/* something stands before in this container */
	int depth;
};

void jw_object(struct jw *w, const char *name);
void jw_array(struct jw *w, const char *name);
void jw_end_object(struct jw *w);
void jw_end_array(struct jw *w);
void jw_str(struct jw *w, const char *name, const char *value);	/* NULL: null */
void jw_num(struct jw *w, const char *name, double value);	/* NAN: null; always with a decimal point */
void jw_int(struct jw *w, const char *name, int64_t value);
void jw_bool(struct jw *w, const char *name, bool value);
void jw_null(struct jw *w, const char *name);
void jw_raw(struct jw *w, const char *name, const char *json);	/* constant text */

#endif
