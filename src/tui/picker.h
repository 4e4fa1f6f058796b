/* Choosing a local file: folders as lists, path completion, the window with the list. */
#ifndef TUI_PICKER_H
#define TUI_PICKER_H

#include "tui.h"

struct local_file {
	char *name;		/* as it is on the disk */
	bool is_folder;
	bool unsafe;		/* not for a terminal: shown cleaned, cannot be chosen */
	int64_t size_bytes;
	double modified_at;
};

struct local_dir {
	char *path;
	struct local_file *files;	/* folders first */
	size_t n, cap;
	bool cut;			/* there were more than LIMIT_LIST_ROWS */
};

/*
 * Reads a folder; without `all` only folders and what a printer could print. Hidden ones are
 * left out.
 */
bool local_dir_read(struct local_dir *d, const char *path, bool all, bool by_name, struct err *e);
void local_dir_sort(struct local_dir *d, bool by_name);		/* else newest first */
void local_dir_done(struct local_dir *d);
bool local_is_printable(const char *name);			/* .gcode and its kin */

/*
 * Completes the last part of a path as far as it is clear, in place. Returns how many files and
 * folders fit; names them in hint, separated by two blanks, when there are several.
 */
size_t local_complete(char *text, size_t size, char *hint, size_t hint_size);

/*
 * The folder that was used last; the working folder when none is remembered or it is gone. The
 * caller frees.
 */
char *local_last_folder(void);
void local_remember_folder(const char *dir);

/* Opens the window; chosen is called with the path, or with NULL when it was left without one. */
void picker_open(struct tui *t, const char *dir, void (*chosen)(void *ctx, const char *path),
		 void *ctx);

#endif
