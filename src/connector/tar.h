/* A .tar.gz that is written front to back: regular files and symbolic links. */
#ifndef CONNECTOR_TAR_H
#define CONNECTOR_TAR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <printop/err.h>

struct tar;

/*
 * A new file at path, mode 0600. stop: looked at between blocks, ends everything with
 * ERR_CANCELLED.
 */
struct tar *tar_new(const char *path, const atomic_bool *stop, struct err *e);
/*
 * The first size bytes of fd; a file that became shorter meanwhile is filled with zeros and
 * *short_file is set.
 */
bool tar_file(struct tar *t, const char *name, int fd, int64_t size, time_t modified,
	      bool *short_file, struct err *e);
bool tar_link(struct tar *t, const char *name, const char *target, time_t modified, struct err *e);
/* Ends the archive and frees t, also after an error; false when it is not whole. */
bool tar_close(struct tar *t, struct err *e);

#endif
