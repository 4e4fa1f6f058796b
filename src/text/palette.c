/* The xterm palette: what the numbers look like, and the nearest number for a colour. */
#include "palette.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

static const struct {
	const char *name;
	uint32_t rgb;
} basic[16] = {
	{ "black", 0x000000 }, { "red", 0xcd0000 }, { "green", 0x00cd00 }, { "yellow", 0xcdcd00 },
	{ "blue", 0x0000ee }, { "magenta", 0xcd00cd }, { "cyan", 0x00cdcd }, { "white", 0xe5e5e5 },
	{ "bright-black", 0x7f7f7f }, { "bright-red", 0xff0000 }, { "bright-green", 0x00ff00 },
	{ "bright-yellow", 0xffff00 }, { "bright-blue", 0x5c5cff }, { "bright-magenta", 0xff00ff },
	{ "bright-cyan", 0x00ffff }, { "bright-white", 0xffffff },
};

uint32_t palette_rgb(int index)
{
	static const uint32_t levels[6] = { 0, 95, 135, 175, 215, 255 };
	uint32_t gray;

	if (index < 16)
		return basic[index < 0 ? 0 : index].rgb;
	if (index < 232) {
		index -= 16;
		return levels[index / 36] << 16 | levels[index / 6 % 6] << 8 | levels[index % 6];
	}
	gray = (uint32_t)(8 + 10 * (index - 232));
	return gray << 16 | gray << 8 | gray;
}

/* The eye minds green most, and red the more the redder a colour is ("redmean"). */
static int distance(uint32_t a, uint32_t b)
{
	const int ar = (int)(a >> 16), br = (int)(b >> 16);
	const int r = ar - br, g = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
	const int blue = (int)(a & 255) - (int)(b & 255), mean = (ar + br) / 2;

	return ((512 + mean) * r * r >> 8) + 4 * g * g + ((767 - mean) * blue * blue >> 8);
}

/* The nearest of first..last, but never of skip. */
static short nearest(uint32_t rgb, short first, short last, short skip)
{
	int best_distance = INT_MAX;
	short best = first;

	for (short i = first; i <= last; i++) {
		const int d = distance(rgb, palette_rgb(i));

		if (d < best_distance && i != skip) {
			best = i;
			best_distance = d;
		}
	}
	return best;
}

/*
 * Never bright black: many terminals show it as black, and a text in it is gone. A gray stays one:
 * by distance alone, many would turn into bright blue.
 */
short palette_nearest_fg16(int index)
{
	const uint32_t rgb = palette_rgb(index), gray = rgb & 255;

	if (index < 0)
		return -1;
	if (rgb == gray * 0x010101)
		return gray < 0x40 ? 0 : gray < 0xf0 ? 7 : 15;
	return nearest(rgb, 0, 15, 8);
}

short palette_nearest_bg16(int index)
{
	return index < 0 ? -1 : nearest(palette_rgb(index), 0, 7, -1);
}

bool palette_from_name(const char *name, short *index)
{
	if (str_eq(name, "default")) {
		*index = -1;
		return true;
	}
	if (name[0] == '#' && strlen(name) == 7 &&
	    strspn(name + 1, "0123456789abcdefABCDEF") == 6) {
		*index = nearest((uint32_t)strtoul(name + 1, NULL, 16), 16, 255, -1);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(basic); i++) {
		if (str_eq_nocase(name, basic[i].name)) {
			*index = (short)i;
			return true;
		}
	}
	return false;
}
