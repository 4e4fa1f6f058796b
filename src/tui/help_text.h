/* The words of the help, by view, in Markdown. */
#ifndef TUI_HELP_TEXT_H
#define TUI_HELP_TEXT_H

/* What a view is for; "" for one that has no words of its own. */
const char *help_of_view(const char *name);
/* What is the same everywhere: signs, the command line, questions. */
const char *help_everywhere(void);

#endif
