/* Documents made from the tables: manual pages, the example configuration, shell completions. */
#ifndef PRINTOP_GENERATE_H
#define PRINTOP_GENERATE_H

#include <printop/err.h>
#include <printop/sbuf.h>

/*
 * what: "printop.1", "printers.conf.5" (roff), their Markdown with ".md" behind, "example" (printers.conf.example),
 * "bash", "zsh", "fish", "keys.md", "fields.md". False when it is none of them.
 */
bool generate(const char *what, struct sbuf *out, struct err *e);

#endif
