/* keys, docs, help, version, sim: verbs that ask no printer. */
#include "batch/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <printop/generate.h>
#include <printop/keys.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>

#define DOCUMENT_MAX (4u << 20)

/* ---- keys ---- */

enum { KEYS_KEYS, KEYS_ACTION, KEYS_VIEW, KEYS_SENTENCE, KEYS_YOURS, KEYS_N };

static const struct out_column key_columns[KEYS_N] = {
	[KEYS_KEYS] = { "keys", "KEYS", COL_TABLE | COL_JSON },
	[KEYS_ACTION] = { "action", "ACTION", COL_TABLE | COL_JSON },
	[KEYS_VIEW] = { "view", "VIEW", COL_TABLE | COL_JSON },
	[KEYS_SENTENCE] = { "sentence", "WHAT IT DOES", COL_TABLE | COL_JSON },
	[KEYS_YOURS] = { "from_user", "YOURS", COL_JSON },
};

struct key_row {		/* all keys of one action in one kind of view */
	const struct binding *first;
	char keys[128];
};

static struct cell key_cell(const void *row, size_t col)
{
	const struct key_row *r = row;
	const struct action *a = action_info(r->first->action);

	switch (col) {
	case KEYS_KEYS:
		return (struct cell){ CELL_TEXT, r->keys, 0 };
	case KEYS_ACTION:
		return (struct cell){ CELL_TEXT, a->name, 0 };
	case KEYS_VIEW:
		return (struct cell){ CELL_TEXT, action_scope_name(r->first->scope), 0 };
	case KEYS_SENTENCE:
		return (struct cell){ CELL_TEXT, a->sentence, 0 };
	default:
		return (struct cell){ CELL_BOOL, NULL, r->first->from_user };
	}
}

static const struct out_source key_source = {
	.columns = key_columns, .n_columns = KEYS_N, .cell = key_cell,
};

static void print_keys(struct batch *b, const struct keymap *m)
{
	size_t i = 0, n = keymap_count(m);
	char name[32];

	while (i < n) {
		struct key_row r = { .first = keymap_at(m, i) };
		struct sbuf keys = SBUF_INIT(sizeof(r.keys) - 1);

		for (; i < n; i++) {
			const struct binding *k = keymap_at(m, i);

			if (k->action != r.first->action || k->scope != r.first->scope)
				break;
			sbuf_addf(&keys, "%s%s", keys.len > 0 ? " " : "",
				  key_to_name(k->key, name, sizeof(name)));
		}
		str_copy(r.keys, sizeof(r.keys), sbuf_str(&keys));
		out_row(&b->out, &r);
		sbuf_done(&keys);
	}
	out_close(&b->out);
}

int verb_keys(struct batch *b)
{
	char *path = b->env->demo ? NULL : config_find(b->env->config_option);
	struct config *c = config_load(path);
	struct keymap *m = keymap_new(c);
	struct err e = { 0 };
	int status = EXIT_DONE;

	if (config_has_errors(c)) {
		config_first_error(c, &e);
		say("%s", e.text);
		status = EXIT_BAD_USAGE;
	} else if (b->opt.args.n > 0) {
		status = fail_usage(b, "it takes no arguments");
	} else if (batch_output(b, &key_source, OUT_TABLE, &status)) {
		print_keys(b, m);
		status = EXIT_DONE;
	}
	keymap_free(m);
	config_free(c);
	free(path);
	return status;
}

/* ---- documents ---- */

int verb_docs(struct batch *b)
{
	struct sbuf text = SBUF_INIT(DOCUMENT_MAX);
	struct err e = { 0 };
	int status = EXIT_DONE;

	if (b->opt.args.n != 1)
		status = fail_usage(b, "name one document");
	else if (!generate(b->opt.args.at[0], &text, &e))
		status = fail_with(&e);
	else
		fwrite(sbuf_str(&text), 1, text.len, stdout);
	sbuf_done(&text);
	return status;
}

/* ---- help, version, sim ---- */

static void print_verbs(void)
{
	const struct batch_verb *v;

	printf("usage: printop                   the full screen\n"
	       "       printop VERB [OPTIONS]    one thing, for shells and scripts\n\nverbs:\n");
	for (size_t i = 0; (v = batch_verb_at(i)) != NULL; i++)
		if (!v->hidden)
			printf("  %-11s %.*s\n", v->name, batch_verb_sentence_len(v),
			       batch_verb_sentence(v));
	printf("\nPrinters are chosen by name (voron-01), glob (voron-*), tag:X, state:X,\n"
	       "model:X, group:X, !not, all, or - for names on the standard input.\n"
	       "printop help VERB explains a verb and its options.\n\n"
	       "exit status: 0 all done, 1 some printer failed, 2 usage or configuration,\n"
	       "3 unreachable, 4 refused by state, 5 key refused, 6 time limit,\n"
	       "130 interrupted.\n");
}

int verb_help(struct batch *b)
{
	static char help_word[] = "--help";
	const struct batch_verb *v;
	char hint[NEAREST_HINT];
	struct nearest n;

	if (b->opt.args.n == 0) {
		print_verbs();
		return EXIT_DONE;
	}
	v = batch_verb_find(b->opt.args.at[0]);
	if (v && v->own_options) {
		char *argv[] = { b->opt.args.at[0], help_word, NULL };

		b->argc = 2;
		b->argv = argv;
		return v->run(b);
	}
	if (v) {
		batch_verb_help(v, stdout);
		return EXIT_DONE;
	}
	nearest_init(&n, b->opt.args.at[0]);
	for (size_t i = 0; (v = batch_verb_at(i)) != NULL; i++)
		nearest_try(&n, v->name);
	return fail_usage(b, "there is no verb \"%s\"%s", b->opt.args.at[0],
			  nearest_hint(&n, hint, sizeof(hint)));
}

int verb_version(struct batch *b)
{
	(void)b;
	printf("printop %s\n", PRINTOP_VERSION);
	return EXIT_DONE;
}

int verb_sim(struct batch *b)
{
	return b->env->run_sim(b->env->ctx, b->argc, b->argv);
}

int verb_connector(struct batch *b)
{
	return b->env->run_connector(b->env->ctx, b->argc, b->argv);
}
