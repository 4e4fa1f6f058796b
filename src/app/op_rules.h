/* What may be submitted and when it may begin. */
#ifndef APP_OP_RULES_H
#define APP_OP_RULES_H

#include <printop/op.h>

/* May this queued upload begin: so many at once, and one at a time where two would collide. */
bool op_upload_turn(const struct app *a, const struct op *op);
/* Looks at the local file and makes its name one that every server takes; fills op's arguments. */
bool op_upload_file(struct op *op, struct err *e);

#endif
