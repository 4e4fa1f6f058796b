/*
 * The ":" line: the same verbs as on the shell, cut into words and understood before Enter is
 * pressed.
 */
#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H

#include "tui.h"

#define COMMAND_WORDS 64

/* A line as words; quotes and backslashes keep blanks together. */
struct command_words {
	char text[1024];
	char *words[COMMAND_WORDS];
	size_t starts[COMMAND_WORDS];	/* where each begins in the line */
	size_t n;
	bool open;			/* the last word is still being typed */
	bool quoted;			/* its quote is not closed */
	bool more;			/* there were more words than fit */
};
void command_split(struct command_words *w, const char *line, size_t len);

struct command {
	enum action_id action;
	uint32_t *ids;			/* printers, for a verb */
	size_t n;
	struct verb_args args;		/* file, name, folder, start; local is in files */
	char *files[COMMAND_WORDS];	/* upload */
	size_t n_files;
	/* Set NAME VALUE; theme, sort, printer: word; NULL when not given. */
	char *word, *value;
};
bool command_parse(struct tui *t, const char *line, struct command *ret, struct err *e);
void command_done(struct command *c);

/* The action of a word or of a unique beginning of one. */
bool command_action(const char *word, enum action_id *ret, struct err *e);

#endif
