/* The options of the shell verbs: one parser for all, driven by options.def. */
#ifndef BATCH_OPTIONS_H
#define BATCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>
#include <printop/sbuf.h>

enum option_id {
#define OPTION(id, ...) OPTION_##id,
#include <printop/options.def>
#undef OPTION
	OPTION_N
};

struct words {			/* borrowed strings */
	char **at;
	size_t n, cap;
};

struct options {
	struct {
		struct words all;	/* each time it was given, "" for a flag */
		double num;		/* NUM, INT and TIME: the last one; NAN: not given */
	} values[OPTION_N];
	struct words args;		/* what is no option */
};

/*
 * Reads argv[1..argc) of a verb; argv must outlive *o. False with ERR_USAGE: what is wrong and what
 * was meant. `--` ends the options, a lone `-` is an argument. Call options_done() in any case.
 */
bool options_parse(struct options *o, const char *verb, int argc, char **argv, struct err *e);
void options_done(struct options *o);
bool options_has(const struct options *o, enum option_id id);
char *options_str(const struct options *o, enum option_id id);	/* the last one; NULL: not given */
double options_num(const struct options *o, enum option_id id);	/* NAN: not given */
const struct words *options_all(const struct options *o, enum option_id id);
/* --since: "2h" ago, a clock time, a date, or seconds since 1970, as wall clock; NAN: not given. False: it is none. */
bool options_since(const struct options *o, double *ret, struct err *e);
/* The verb's options as lines of help. */
void options_help(const char *verb, struct sbuf *out);

void words_add(struct words *w, char *word);
void words_done(struct words *w);
/* Splits at commas, in place; empty words are left out. */
void words_split(struct words *w, char *list);

/* Seconds from "90", "90s", "5m", "2h", "1d"; false when it is none of these. */
bool parse_time(const char *text, double *ret_s);

#endif
