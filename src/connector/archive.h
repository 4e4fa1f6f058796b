/*
 * Packs parts of a folder into a .tar.gz: what is in the folder, never what links out of it.
 * Blocking: for the worker pool.
 */
#ifndef CONNECTOR_ARCHIVE_H
#define CONNECTOR_ARCHIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/sbuf.h>

struct archive {
	/* given */
	const char *root;		/* a folder, by its real path */
	const char *path;		/* the file to make; must not exist */
	unsigned parts;			/* bits of enum backup_part */
	atomic_bool stop;		/* set by another thread: ends soon, with ERR_CANCELLED */
	int64_t max_bytes;		/* of what is read */
	/* made */
	int64_t bytes, files, left_out;
	char sha256[65];
	struct sbuf names; /* what was left out and why, a line each; cut when there are many */
};

/* False with *e: nothing is left at path. */
bool archive_make(struct archive *a, struct err *e);

#endif
