/*
 * A file on its way in from a client: written, hashed and counted piece by piece, within a cap and within what the
 * disk can spare. It is whole and on disk when spool_finish() says so, or not there at all.
 */
#ifndef PRINTOP_SPOOL_H
#define PRINTOP_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>

struct spool;

/*
 * Makes path (it must not exist), mode 0600. expect_bytes: what the client announces, -1 unknown. Fails at once with
 * ERR_TOO_BIG over the cap and with ERR_IO when the disk has no room for it.
 */
struct spool *spool_new(const char *path, int64_t cap_bytes, int64_t expect_bytes, struct err *e);
bool spool_add(struct spool *s, const void *data, size_t len, struct err *e);
int spool_fd(const struct spool *s);
int64_t spool_bytes(const struct spool *s);
void spool_sum(const struct spool *s, char hex[65]);	/* of what came in so far */
/* Puts it on disk and frees s; on failure nothing is left of it. */
bool spool_finish(struct spool *s, struct err *e);
void spool_abort(struct spool *s);			/* takes NULL; removes the file */

/* What stays free for everybody else: 5 % of the disk or 200 MB, whichever is less. */
int64_t spool_reserve(int64_t disk_bytes);
/* Whether dir can take so many bytes more. */
bool spool_has_room(const char *dir, int64_t bytes);

#endif
