/* What proves that a verb was carried out: pure functions of the states seen. */
#ifndef APP_OP_PROOF_H
#define APP_OP_PROOF_H

#include <stddef.h>
#include <printop/op.h>
#include <printop/printer.h>

enum proof { PROOF_WAIT, PROOF_DONE, PROOF_FAILED };

/* Seconds that a verb may take until its state is seen. */
double proof_limit_s(enum verb v);
/* True for verbs whose end is a state of the printer; the others end with the server's answer. */
bool proof_needed(const struct op *op);
/*
 * Looks at the printer's state, waited_s after the server took the verb. PROOF_FAILED fills why.
 * seen_away: the printer left its ready state since (restart).
 */
enum proof proof_check(const struct op *op, const struct printer *p, double waited_s, bool seen_away, char *why,
		       size_t size);
/* "paused": how a person says that v succeeded. */
const char *proof_word(enum verb v);

#endif
