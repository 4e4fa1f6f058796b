/* The files view's parts: which rows in which order, and the view itself. */
#ifndef TUI_FILES_VIEW_H
#define TUI_FILES_VIEW_H

#include "tui.h"

enum file_order { BY_TIME, BY_NAME, BY_SIZE, BY_DURATION, FILE_ORDER_N };

const char *file_order_name(enum file_order o);

struct file_row {
	const struct remote_file *file;	/* into the listing; NULL: a folder */
	const char *name;		/* below the folder that is shown; "..": the way up */
	size_t len;			/* bytes of the name: a folder's ends inside a path */
	bool is_folder;
};

/* The children of a folder, or with a filter all files whose path has it in them. */
struct file_rows {
	struct file_row *rows;
	size_t n, cap;
};
void file_rows_fill(struct file_rows *r, const struct file_list *l, const char *folder,
		    const char *filter, enum file_order order, bool reverse);
void file_rows_done(struct file_rows *r);

/*
 * Shows a listing in an open files view as if its server had sent it; it must live as long as
 * the view.
 */
void view_files_show(struct view *v, const struct file_list *l);

#endif
