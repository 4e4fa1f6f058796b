/* Printers as rows of output: the field table, and a column with the job or, when not well, why. */
#ifndef BATCH_PRINTERS_H
#define BATCH_PRINTERS_H

#include <printop/fields.h>
#include "batch/batch.h"
#include "batch/output.h"

#define PRINTER_COL_NOTE FIELD_N	/* behind the fields */

extern const struct out_source printers_source;		/* rows are const struct printer * */

/* The role of a status in tables. */
enum role printers_role(enum printer_status s);
/* What a look at this printer is as an exit status: EXIT_DONE when it answered (or is parked). */
int printers_look_status(const struct printer *p);
/* Counts it; a parked one was not asked and says nothing about the others. */
void printers_count_look(struct tally *t, const struct printer *p);

#endif
