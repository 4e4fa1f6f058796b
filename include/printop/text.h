/* Text on a grid of cells: display width and cutting, as wcwidth() says. */
#ifndef PRINTOP_TEXT_H
#define PRINTOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int text_char_width(uint32_t codepoint);	/* 0, 1 or 2; 1 for what the C library does not know */
int text_width(const char *s);			/* columns of a clean UTF-8 string */
/* Bytes of the longest prefix of at most cols columns; *width is what it really takes. */
size_t text_fit(const char *s, int cols, int *width);
/* Copies s cut to cols columns with a trailing ellipsis (or '~' in ASCII) when it was cut. */
void text_cut(char *dst, size_t size, const char *s, int cols, bool ascii);
/* The same, keeping the end ("…t_x12.gcode"). */
void text_cut_left(char *dst, size_t size, const char *s, int cols, bool ascii);
/* ASCII twin of a string: transliterates Latin letters and punctuation, '?' for the rest. */
void text_to_ascii(char *dst, size_t size, const char *s);

#endif
