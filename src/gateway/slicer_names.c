/* Names from slicers: cleaned, so that they lead nowhere and every server takes them. */
#include "gateway/slicer.h"

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

#define NAME_MOST 240		/* a server may add to it; file systems end at 255 */

bool slicer_clean_name(const char *raw, char dst[256])
{
	size_t size = strlen(raw) + 1;
	char *safe = mem_alloc(size);
	const char *back = strrchr(raw, '\\'), *dot;
	char ext[16];
	size_t len;

	/* A folder of Windows in front of it is cut off as one of Unix is. */
	if (back && !strchr(back, '/') && back[1])
		raw = back + 1;
	str_safe_name(safe, size, raw);
	dot = strrchr(safe, '.');
	str_copy(ext, sizeof(ext), dot && strlen(dot) < sizeof(ext) ? dot : "");
	len = strlen(safe) - strlen(ext);
	safe[len] = '\0';
	str_copy(dst, NAME_MOST + 1 - strlen(ext), safe);	/* cut at a whole character */
	str_copy(dst + strlen(dst), 256 - strlen(dst), ext);
	free(safe);
	return dst[0] != '\0';
}

static bool add_folder(char dst[256], const char *word, struct err *e)
{
	char safe[256];
	size_t len = strlen(dst);

	if (str_eq(word, "."))
		return true;
	if (str_eq(word, ".."))
		return err_set(e, ERR_USAGE, "the folder leads out of the printer's files");
	str_safe_name(safe, sizeof(safe), word);
	if (!safe[0])
		return err_set(e, ERR_USAGE, "the folder's name cannot be used");
	return str_printf(dst + len, 256 - len, "%s%s", len ? "/" : "", safe) ||
	       err_set(e, ERR_USAGE, "the folder's name is too long");
}

bool slicer_clean_folder(const char *raw, char dst[256], struct err *e)
{
	char *copy = mem_strdup(raw), *rest = copy, *word;
	bool good = true;

	dst[0] = '\0';
	for (char *p = copy; *p; p++)
		if (*p == '\\')
			*p = '/';
	/* Nothing but slashes is the top; anything else behind one is a place that is not ours to say. */
	if (copy[strspn(copy, "/")] && (copy[0] == '/' || (copy[0] && copy[1] == ':')))
		good = err_set(e, ERR_USAGE, "the folder must not be absolute");
	while (good && (word = str_token(&rest, "/")))
		good = !*word || add_folder(dst, word, e);
	free(copy);
	return good;
}

void slicer_distinct_name(char name[256], const char *sha256)
{
	const char *dot = strrchr(name, '.');
	char ext[32], tail[48];
	size_t len;

	str_copy(ext, sizeof(ext), dot ? dot : "");
	str_printf(tail, sizeof(tail), "-%.6s%s", sha256, ext);
	len = dot ? (size_t)(dot - name) : strlen(name);
	if (len + strlen(tail) > NAME_MOST)
		len = NAME_MOST - strlen(tail);
	while (len && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;		/* not in the middle of a character */
	str_copy(name + len, 256 - len, tail);
}
