/*
 * The connector's memory on disk: every command's id for its whole life, so that it is run once
 * whatever happens in between, and its completion until the cloud has it. A file of JSON lines
 * below the state folder, appended and synced before what it tells of begins; rewritten when it is
 * opened and when it grows.
 */
#ifndef CONNECTOR_LEDGER_H
#define CONNECTOR_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>

enum ledger_phase {
	LEDGER_TAKEN,		/* known here; nothing was done yet */
	LEDGER_BEGUN,		/* it may have reached the printer */
	LEDGER_DONE,		/* its completion is to be sent */
	LEDGER_SENT		/* the cloud has it, or wants none */
};

struct ledger_entry {
	char *id;
	enum ledger_phase phase;
	double at;		/* wall clock of the last change */
	char *command;		/* TAKEN, BEGUN: what is to be done, JSON */
	char *completion;	/* DONE; SENT, in the end shortened */
	struct ledger_entry *chain;	/* the ledger's own */
};

struct ledger;

/* Makes dir (mode 0700) and locks it: two copies would run commands twice. NULL with *e. */
struct ledger *ledger_new(const char *dir, struct err *e);
/* Reads what there is of this owner (cloud and connector id); another one's memory is dropped. */
bool ledger_load(struct ledger *s, const char *owner, struct err *e);
void ledger_free(struct ledger *s);
const char *ledger_dir(const struct ledger *s);
/* A file for one command, below its folder: its name is made from the id. The caller frees. */
char *ledger_spool(const struct ledger *s, const char *id);
/* Deletes spooled files that belong to no command that is still to be run. */
void ledger_sweep(struct ledger *s);

const struct ledger_entry *ledger_find(const struct ledger *s, const char *id);
size_t ledger_count(const struct ledger *s);
/* In the order in which they came. */
const struct ledger_entry *ledger_at(const struct ledger *s, size_t i);

/* Each is on disk when it returns true. False with *e: the disk has not got it, the memory has. */
bool ledger_take(struct ledger *s, const char *id, const char *command, struct err *e);
bool ledger_begin(struct ledger *s, const char *id, struct err *e);
/* Also for an id that is not known: a command that cannot be run at all. */
bool ledger_done(struct ledger *s, const char *id, const char *completion, struct err *e);
bool ledger_sent(struct ledger *s, const char *id, struct err *e);
/*
 * The cloud asks again for what was sent: it is to be sent once more. False when it is not known as
 * sent. In memory only.
 */
bool ledger_again(struct ledger *s, const char *id);

#endif
