/* How an operation is written down: journal lines, the dry run's requests, the same command for a shell. */
#ifndef APP_OP_JOURNAL_H
#define APP_OP_JOURNAL_H

#include <printop/op.h>

void op_journal_start(struct app *a, const struct op *op);	/* before the first changing request */
/* Nothing was sent: the state, read-only mode or a bad argument forbade it. */
void op_journal_refused(struct app *a, const struct op *op, const struct err *e);
void op_journal_end(struct app *a, const struct op *op, double took_s);

#endif
