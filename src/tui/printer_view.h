/* The printer view's parts: what each pane shows. */
#ifndef TUI_PRINTER_VIEW_H
#define TUI_PRINTER_VIEW_H

#include "parts.h"

/* Name, state, server, latency and place in the fleet. */
void printer_title(struct tui *t, struct canvas *c, const struct printer *p,
		   const struct moment *m);

/* The job with its facts, or why there are no numbers and what helps. */
void printer_job(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		 const struct moment *m);

/* Panes: the first row of a is the line with the title; mark: keys that scroll go here. */
void printer_heaters(struct canvas *c, struct area a, const struct printer *p, int first,
		     bool mark);
void printer_motion(struct canvas *c, struct area a, const struct printer *p);
void printer_ops(struct tui *t, struct canvas *c, struct area a, const struct printer *p, int first,
		 bool mark);
/* How many operations there are for a printer. */
int printer_ops_count(const struct tui *t, const struct printer *p);
void pane_title(struct canvas *c, struct area a, const char *title, const char *right, bool mark);

#endif
