/* Inside the generator of documents: parts that templates name as @PART@. */
#ifndef APP_GENERATE_PARTS_H
#define APP_GENERATE_PARTS_H

#include <stdbool.h>
#include <printop/sbuf.h>

struct part {
	const char *name;
	void (*fill)(struct sbuf *out);
};

struct option_info {		/* a row of options.def */
	char letter;		/* 0: none */
	const char *name, *argument, *verbs, *sentence;
};

const struct option_info *option_info_at(unsigned i);		/* NULL behind the last */
bool option_info_serves(const struct option_info *o, const char *verb);

struct action;
char *shell_sentence(const struct action *a);	/* without what is about keys; the caller frees */

/* Text in Markdown that must not become mark-up. */
void add_escaped(struct sbuf *out, const char *text);

extern const struct part shell_parts[];		/* ended by name NULL */
extern const struct part manual_parts[];
void manual_example(struct sbuf *out);		/* printers.conf.example */
void manual_keys_table(struct sbuf *out);	/* Markdown tables for the README */
void manual_fields_table(struct sbuf *out);

#endif
