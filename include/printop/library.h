/*
 * The library: G-code files in folders of this machine (setting `library`), with what each says of
 * itself. Folders and files are read by the loop's workers, a few at a time; facts are kept in the
 * state folder by path, size and time of change, so that a file is read once.
 */
#ifndef PRINTOP_LIBRARY_H
#define PRINTOP_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/app.h>

struct library_facts {		/* unknown: NAN, "" */
	double time_s, filament_mm, filament_g;
	double nozzle_c, bed_c, layer_height_mm;
	double size_mm[3];
	char slicer[48], filament_type[32];
};

struct library_file {
	char *path;		/* as it is on the disk, from the root */
	char *shown;		/* below its folder, cleaned */
	bool unsafe;		/* the name is not what is shown: it cannot be sent by name */
	int64_t bytes;
	int64_t changed_ns;	/* since 1970 */
	bool read;		/* facts are what the file says; false: not looked at yet */
	struct library_facts facts;
};

struct library;

/*
 * changed is called when files or facts are new, never from inside library_new(). Nothing is read
 * before library_scan().
 */
struct library *library_new(struct app *a, void (*changed)(void *ctx), void *ctx);
void library_free(struct library *l);		/* what a worker has in hand ends by itself */
/*
 * Looks through the folders of the setting, then at the files that are new; while it is at it: once
 * more afterwards.
 */
void library_scan(struct library *l);
bool library_busy(const struct library *l);
size_t library_folders(const struct library *l);	/* how many the setting names */
/* Sorted by what is shown; valid until the next change. */
size_t library_count(const struct library *l);
const struct library_file *library_at(const struct library *l, size_t i);
size_t library_read(const struct library *l);	/* how many were looked at */
/* The first folder that could not be read and why, "" none. */
const char *library_trouble(const struct library *l);
/* Does its name, slicer or filament have all of these words in it? */
bool library_match(const struct library_file *f, const char *words);

#endif
