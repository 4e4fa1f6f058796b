/* The xterm palette of 256 colours, and ways to name one of them. */
#ifndef TEXT_PALETTE_H
#define TEXT_PALETTE_H

#include <stdbool.h>
#include <stdint.h>

uint32_t palette_rgb(int index);		/* 0xRRGGBB of 0..255; of 0..15 what xterm shows */
/* The nearest for terminals of 16 colours, as a text's colour or as a background. */
short palette_nearest_fg16(int index);
short palette_nearest_bg16(int index);
/*
 * "red", "bright-red", "default" (-1), or "#rrggbb": the nearest of the 240 that all terminals show
 * alike.
 */
bool palette_from_name(const char *name, short *index);

#endif
