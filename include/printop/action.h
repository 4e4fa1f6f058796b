/* The action table: what the program can do, by name, with default keys and help. */
#ifndef PRINTOP_ACTION_H
#define PRINTOP_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/driver.h>

enum { A_VERB = 1, A_ASKS = 2, A_ASKS_MANY = 4, A_YES = 8, A_REMOTE = 16, A_PROMPT = 32,
	A_BATCH = 64, A_HIDE = 128 };

enum action_scope { SCOPE_ANY, SCOPE_FLEET, SCOPE_PRINTER, SCOPE_LIST, SCOPE_UPLOAD, SCOPE_BATCH };

enum action_id {
#define ACTION(id, ...) ACTION_##id,
#include <printop/actions.def>
#undef ACTION
	ACTION_N
};

struct action {
	const char *name;
	enum action_scope scope;
	unsigned flags;
	int verb;		/* enum verb, -1: none */
	const char *keys;	/* default bindings */
	const char *args;
	const char *brief;	/* in the footer */
	const char *sentence;
};

const struct action *action_info(enum action_id id);
bool action_from_name(const char *name, enum action_id *ret);
const char *action_scope_name(enum action_scope s);

#endif
