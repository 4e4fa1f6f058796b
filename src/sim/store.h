/* Files on a simulated server: only what is known about them is kept, never their bytes. */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_file {
	char *path;			/* below the root, UTF-8 */
	int64_t size, start_byte, end_byte;	/* the moves lie between start and end */
	double modified;		/* simulated seconds, as all times here */
	double print_s, filament_mm;
	double nozzle_c, bed_c;		/* 0: the file does not heat */
	double layer_mm, first_layer_mm;
	int layers;
	char material[16];		/* "" unknown */
	bool analysed;			/* the server knows an estimate */
	int prints_ok, prints_failed;
	double last_print;		/* NAN never */
	bool last_ok;
};

struct store {
	struct sim_file *files;		/* sorted by path */
	size_t n, cap;
	uint32_t version;		/* changes with every change */
};

void store_done(struct store *s);
/* Replaces a file of the same path; takes f->path. Returns the stored one, valid until the next change. */
struct sim_file *store_put_take(struct store *s, struct sim_file *f);
struct sim_file *store_find(const struct store *s, const char *path);
bool store_is_folder(const struct store *s, const char *path);
/* Removes a file, or a folder with all in it; false when there is neither. */
bool store_remove(struct store *s, const char *path);
void sim_file_copy(struct sim_file *to, const struct sim_file *from);	/* the caller frees to->path */

/* One of the made-up files that every simulated printer starts with. */
size_t store_catalogue_count(void);
const struct sim_file *store_catalogue(size_t i);

/*
 * Reads G-code as it is uploaded: temperatures, dwell times and the slicer's remarks, in the first
 * megabyte.
 */
struct gcode_scan {
	struct sim_file *file;
	size_t seen;
	char line[160];
	size_t len;
	bool overlong;
	double dwell_s, time_s;
};

void gcode_scan_init(struct gcode_scan *g, struct sim_file *f);
void gcode_scan_add(struct gcode_scan *g, const char *data, size_t len);
void gcode_scan_end(struct gcode_scan *g);	/* fills what the file did not say */

#endif
