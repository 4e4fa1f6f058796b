/* Paths and files: where things live (XDG), whole-file reads with a cap, safe writes. */
#ifndef PRINTOP_PATH_H
#define PRINTOP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>

/* All return a new string (the caller frees) and never NULL unless said. */
char *path_join(const char *dir, const char *name);
char *path_dirname(const char *path);
char *path_expand(const char *path, const char *base_dir);	/* "~/x", and relative to base_dir */
char *path_config_dir(void);		/* $XDG_CONFIG_HOME/printop */
char *path_state_dir(void);		/* $XDG_STATE_HOME/printop */
bool path_make_dirs(const char *dir, struct err *e);	/* mode 0700 */

/* Reads a regular file (or "-" is not special) of at most max bytes; *ret is NUL-terminated, the caller frees. */
bool path_read(const char *path, size_t max, char **ret, size_t *len, struct err *e);
/* Temp file in the same folder, fsync, rename; mode as given. */
bool path_write(const char *path, const char *data, size_t len, unsigned mode, struct err *e);
/* One O_APPEND write of a whole line, mode 0600; safe with several writers. */
bool path_append_line(const char *path, const char *line, struct err *e);

#endif
