/* The library's parts: files on the disk, and the cache of their facts. All of it runs on a worker.
 */
#ifndef APP_LIBRARY_PARTS_H
#define APP_LIBRARY_PARTS_H

#include <printop/library.h>

#define LIBRARY_FILES 20000

struct library_list {
	struct library_file *files;
	size_t n, cap;
	char trouble[256];
};

void library_list_done(struct library_list *l);
void library_facts_init(struct library_facts *f);
/* Adds the printable files below a folder, sorted with the rest by library_list_sort(). */
void library_list_folder(struct library_list *l, const char *folder);
void library_list_sort(struct library_list *l);
/* Takes facts over from files of the same path, size and time; both are sorted by path then. */
void library_list_adopt(struct library_list *l, const struct library_file *known, size_t n);
/* Reads one file's facts; a file that says nothing has been read, too. */
void library_file_read(struct library_file *f);

/* The cache: read into files that have nothing but path, size, time and facts. */
void library_cache_read(const char *path, struct library_list *l);
void library_cache_write(const char *path, const struct library_file *files, size_t n);

#endif
