/* The action table. */
#include <printop/action.h>

#include <printop/str.h>

static const struct action table[ACTION_N] = {
#define ACTION(id, name, scope, flags, verb, keys, args, brief, sentence) \
	[ACTION_##id] = { name, SCOPE_##scope, flags, verb, keys, args, brief, sentence },
#include <printop/actions.def>
#undef ACTION
};

const struct action *action_info(enum action_id id)
{
	return (unsigned)id < ACTION_N ? &table[id] : NULL;
}

bool action_from_name(const char *name, enum action_id *ret)
{
	for (unsigned i = 0; i < ACTION_N; i++) {
		if (str_eq(table[i].name, name)) {
			*ret = (enum action_id)i;
			return true;
		}
	}
	return false;
}

const char *action_scope_name(enum action_scope s)
{
	switch (s) {
	case SCOPE_ANY:
		return "any";
	case SCOPE_FLEET:
		return "fleet";
	case SCOPE_PRINTER:
		return "printer";
	case SCOPE_LIST:
		return "list";
	case SCOPE_UPLOAD:
		return "upload";
	case SCOPE_BATCH:
		return "batch";
	}
	return "any";
}
