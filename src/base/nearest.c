/* The nearest of several known words, for messages about a word that is not known. */
#include <printop/nearest.h>

#include <stddef.h>
#include <string.h>
#include <printop/str.h>

void nearest_init(struct nearest *n, const char *wanted)
{
	size_t len = strlen(wanted);

	n->wanted = wanted;
	n->best = NULL;
	/* Two letters swapped are a distance of 2; in a short word 2 would fit anything. */
	n->distance = len < 4 ? 2 : len < 9 ? 3 : (unsigned)(len / 3) + 1;
}

void nearest_try(struct nearest *n, const char *known)
{
	unsigned distance;

	if (!known)
		return;
	distance = str_distance(n->wanted, known);
	if (distance < n->distance) {
		n->distance = distance;
		n->best = known;
	}
}

char *nearest_hint(const struct nearest *n, char *buf, unsigned size)
{
	if (n->best)
		str_printf(buf, size, "; did you mean '%s'?", n->best);
	else
		str_copy(buf, size, "");
	return buf;
}
