/*
 * What a G-code file says of itself, by the comments of the slicers (PrusaSlicer, SuperSlicer,
 * OrcaSlicer, BambuStudio, Cura, Simplify3D, Slic3r): only its head and tail are read.
 */
#ifndef PRINTOP_GCODE_H
#define PRINTOP_GCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>

struct gcode_facts {		/* unknown: NAN, -1, "" */
	char slicer[64], version[32], flavor[32];
	double time_s, filament_mm, filament_g, filament_cm3;
	char filament_type[64];
	double nozzle_c, nozzle_first_c, bed_c, bed_first_c, chamber_c, nozzle_mm;
	double layer_height_mm, first_layer_height_mm, height_mm;
	int64_t layers;
	double size_mm[3];	/* of the printed thing, from MINX..MAXZ or the bed comment, NAN unknown */
	double min_mm[3], max_mm[3];
	bool griffin;		/* Ultimaker's own flavour: no homing, no bed heating in it */
	int64_t thumb_offset;	/* of the largest PNG thumbnail's base64 text, -1 none */
	int thumb_bytes, thumb_w, thumb_h;
};

void gcode_facts_init(struct gcode_facts *f);
/* Reads head and tail of a regular file. False with *e only when it cannot be read; an unknown slicer is no error. */
bool gcode_read(const char *path, struct gcode_facts *ret, struct err *e);
/* The same on text that is in memory already (tests, unpacked archives). */
void gcode_parse(const char *head, size_t head_len, const char *tail, size_t tail_len, struct gcode_facts *ret);
/* The PNG of the thumbnail; the caller frees. NULL when there is none. */
unsigned char *gcode_thumbnail(const char *path, const struct gcode_facts *f, size_t *len);

#endif
