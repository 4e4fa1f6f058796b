/*
 * Selectors: which printers. Words of one selector are joined by spaces or given as several arguments:
 * `NAME` or a glob on names; `tag:X` `state:X` `model:X` `group:X` (values may be globs; commas mean or);
 * `!WORD` takes away; `all` or `*`. Several words of one kind add up (voron-01 voron-02), words of different kinds
 * narrow (tag:petg state:printing is both). An unknown plain name is an error with the nearest known name.
 */
#ifndef PRINTOP_SELECT_H
#define PRINTOP_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/fleet.h>

struct selector;

struct selector *selector_parse(const char *const *words, size_t n, struct err *e);
struct selector *selector_parse_line(const char *line, struct err *e);
void selector_free(struct selector *s);
bool selector_match(const struct selector *s, const struct printer *p);
/* True when a word asks for state: the states must be known (polled) before it can be matched. */
bool selector_needs_state(const struct selector *s);
/*
 * The ids of the matching printers in the order of the config; *n is their number, the caller frees.
 * NULL and *e (ERR_NOT_FOUND, with "did you mean") when a plain name is unknown or nothing matches.
 */
uint32_t *selector_ids(const struct selector *s, const struct fleet *f, size_t *n, struct err *e);

#endif
