/* Asking the person at the terminal: a line, a password that is not shown. */
#ifndef BATCH_TERMINAL_H
#define BATCH_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Is there somebody to ask: standard input and standard error are terminals. */
bool terminal_has_person(void);
/* Asks on standard error; the answer without its newline. False at the end of the input. */
bool terminal_ask(const char *question, char *answer, size_t size);
/* The same from the terminal itself without showing what is typed. False: there is no terminal. */
bool terminal_ask_secret(const char *question, char *answer, size_t size);

#endif
