/* Text on a grid of cells: widths, cuts, and an ASCII twin for terminals that have nothing else. */
#include <printop/text.h>

#include <string.h>
#include <wchar.h>
#include <printop/mem.h>
#include <printop/str.h>

/* What Latin-1's upper half and Latin Extended-A look like in ASCII, from U+00A0 on. */
static const char *const latin[] = {
	" ", "!", "c", "GBP", "?", "JPY", "|", "?",
	"\"", "(c)", "a", "<<", "-", "", "(R)", "-",
	"", "+/-", "2", "3", "'", "u", "?", "*",
	",", "1", "o", ">>", "1/4", "1/2", "3/4", "?",
	"A", "A", "A", "A", "A", "A", "AE", "C",
	"E", "E", "E", "E", "I", "I", "I", "I",
	"D", "N", "O", "O", "O", "O", "O", "x",
	"O", "U", "U", "U", "U", "Y", "Th", "ss",
	"a", "a", "a", "a", "a", "a", "ae", "c",
	"e", "e", "e", "e", "i", "i", "i", "i",
	"d", "n", "o", "o", "o", "o", "o", "/",
	"o", "u", "u", "u", "u", "y", "th", "y",
	"A", "a", "A", "a", "A", "a", "C", "c",
	"C", "c", "C", "c", "C", "c", "D", "d",
	"D", "d", "E", "e", "E", "e", "E", "e",
	"E", "e", "E", "e", "G", "g", "G", "g",
	"G", "g", "G", "g", "H", "h", "H", "h",
	"I", "i", "I", "i", "I", "i", "I", "i",
	"I", "i", "IJ", "ij", "J", "j", "K", "k",
	"k", "L", "l", "L", "l", "L", "l", "L",
	"l", "L", "l", "N", "n", "N", "n", "N",
	"n", "'n", "N", "n", "O", "o", "O", "o",
	"O", "o", "OE", "oe", "R", "r", "R", "r",
	"R", "r", "S", "s", "S", "s", "S", "s",
	"S", "s", "T", "t", "T", "t", "T", "t",
	"U", "u", "U", "u", "U", "u", "U", "u",
	"U", "u", "U", "u", "W", "w", "Y", "y",
	"Y", "Z", "z", "Z", "z", "Z", "z", "s",
};

/* Other characters that names, notes and messages hold; a range becomes one string. */
static const struct {
	uint32_t first, last;
	const char *ascii;
} others[] = {
	{ 0x0300, 0x036f, "" },		/* combining marks: the letter stays */
	{ 0x2000, 0x200a, " " },
	{ 0x200b, 0x200d, "" },
	{ 0x2010, 0x2015, "-" },
	{ 0x2018, 0x201b, "'" },
	{ 0x201c, 0x201f, "\"" },
	{ 0x2020, 0x2021, "+" },
	{ 0x2022, 0x2023, "*" },
	{ 0x2026, 0x2026, "..." },
	{ 0x202f, 0x202f, " " },
	{ 0x2030, 0x2030, "0/00" },
	{ 0x2032, 0x2032, "'" },
	{ 0x2033, 0x2033, "\"" },
	{ 0x2039, 0x2039, "<" },
	{ 0x203a, 0x203a, ">" },
	{ 0x2044, 0x2044, "/" },
	{ 0x20ac, 0x20ac, "EUR" },
	{ 0x2122, 0x2122, "(TM)" },
	{ 0x2190, 0x2190, "<-" },
	{ 0x2191, 0x2191, "^" },
	{ 0x2192, 0x2192, "->" },
	{ 0x2193, 0x2193, "v" },
	{ 0x2212, 0x2212, "-" },
	{ 0x2215, 0x2215, "/" },
	{ 0x2248, 0x2248, "~" },
	{ 0x2260, 0x2260, "!=" },
	{ 0x2264, 0x2264, "<=" },
	{ 0x2265, 0x2265, ">=" },
	{ 0x2500, 0x2501, "-" },
	{ 0x2502, 0x2503, "|" },
	{ 0x250c, 0x254b, "+" },
	{ 0x2588, 0x2588, "#" },
	{ 0x25cf, 0x25cf, "*" },
	{ 0x2713, 0x2714, "v" },
	{ 0x2715, 0x2718, "x" },
	{ 0x3000, 0x3000, " " },
	{ 0xfe00, 0xfe0f, "" },		/* variation selectors */
};

/* In the C locale that is all but ASCII: text still takes room and nothing vanishes unseen. */
int text_char_width(uint32_t codepoint)
{
	int width;

	if (codepoint >= 0x20 && codepoint < 0x7f)
		return 1;
	width = wcwidth((wchar_t)codepoint);
	return width < 0 ? 1 : width;
}

int text_width(const char *s)
{
	int width;

	text_fit(s, 1 << 30, &width);
	return width;
}

size_t text_fit(const char *s, int cols, int *width)
{
	const char *p = s;
	size_t len;
	int used = 0;

	while (*p && cols > 0) {
		const int w = text_char_width(str_utf8_decode(p, &len));

		if (w > cols - used)
			break;
		used += w;
		p += len;
	}
	if (width)
		*width = used;
	return (size_t)(p - s);
}

static const char *ellipsis(bool ascii)
{
	return ascii ? "~" : "\xe2\x80\xa6";
}

void text_cut(char *dst, size_t size, const char *s, int cols, bool ascii)
{
	const char *dots = ellipsis(ascii);
	const size_t room = size > strlen(dots) ? size - strlen(dots) : 0;
	size_t len = text_fit(s, cols, NULL);

	if (cols <= 0 || !room) {
		str_copy(dst, size, "");
		return;
	}
	if (!s[len] && len < size) {
		str_copy(dst, size, s);
		return;
	}
	/* Many combining marks can make a few columns longer than dst, too. */
	len = text_fit(s, cols - 1, NULL);
	str_copy(dst, len < room ? len + 1 : room, s);
	len = strlen(dst);
	str_copy(dst + len, size - len, dots);
}

void text_cut_left(char *dst, size_t size, const char *s, int cols, bool ascii)
{
	const char *dots = ellipsis(ascii);
	const size_t room = size > strlen(dots) ? size - strlen(dots) : 0;
	int width = text_width(s);
	size_t left = strlen(s), len;

	if (cols <= 0 || !room) {
		str_copy(dst, size, "");
		return;
	}
	if (width <= cols && left < size) {
		str_copy(dst, size, s);
		return;
	}
	/* A combining mark must not sit on the ellipsis. */
	while (*s && (width > cols - 1 || left >= room ||
		      text_char_width(str_utf8_decode(s, NULL)) == 0)) {
		width -= text_char_width(str_utf8_decode(s, &len));
		left -= len;
		s += len;
	}
	str_copy(dst, size, dots);
	str_copy(dst + strlen(dots), room, s);
}

static const char *ascii_of(uint32_t c)
{
	if (c >= 0xa0 && c < 0xa0 + ARRAY_LEN(latin))
		return latin[c - 0xa0];
	for (size_t i = 0; i < ARRAY_LEN(others) && others[i].first <= c; i++) {
		if (c <= others[i].last)
			return others[i].ascii;
	}
	return text_char_width(c) ? "?" : "";
}

void text_to_ascii(char *dst, size_t size, const char *s)
{
	size_t len;

	if (!size)
		return;
	for (; *s; s += len) {
		const uint32_t c = str_utf8_decode(s, &len);
		const char plain[] = { (char)c, '\0' };
		const char *text = c < 0x80 ? plain : ascii_of(c);
		const size_t n = strlen(text);

		if (n >= size)
			break;
		memcpy(dst, text, n);
		dst += n;
		size -= n;
	}
	*dst = '\0';
}
