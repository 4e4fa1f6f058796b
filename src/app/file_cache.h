/* File lists of the last printers that were looked at, so that a second look costs the server next to nothing. */
#ifndef APP_FILE_CACHE_H
#define APP_FILE_CACHE_H

#include <printop/driver.h>

#define FILE_CACHE_LISTS 8

struct file_cache {
	struct {
		uint32_t id;		/* of the printer, 0: free */
		struct file_list list;
	} lists[FILE_CACHE_LISTS];
	unsigned next;			/* replaced next */
};

/* NULL when there is none, or the server gave no ETag. */
const struct file_list *file_cache_get(const struct file_cache *c, uint32_t id);
void file_cache_put(struct file_cache *c, uint32_t id, const struct file_list *l);	/* copies */
void file_cache_done(struct file_cache *c);

#endif
