/* Memory for many small things that are freed together: a list of blocks, each filled from its beginning. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <printop/mem.h>

#define FIRST_BYTES ((size_t)8 << 10)	/* a printer's usual answer fits */
#define MORE_BYTES ((size_t)64 << 10)	/* of every further block, unless one thing alone is larger */

struct block {
	struct block *before;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *last;
};

static struct block *block_new(struct block *before, size_t size)
{
	struct block *b = mem_alloc(sizeof(*b) + size);

	b->before = before;
	b->used = 0;
	b->size = size;
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = mem_alloc(sizeof(*a));

	a->last = block_new(NULL, FIRST_BYTES);
	return a;
}

void *arena_take(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct block *b = a->last;

	size = (size + align - 1) & ~(align - 1);
	if (size > b->size - b->used)
		b = a->last = block_new(b, size > MORE_BYTES ? size : MORE_BYTES);
	b->used += size;
	return b->data + b->used - size;
}

void arena_clear(struct arena *a)
{
	while (a->last->before) {
		struct block *b = a->last;

		a->last = b->before;
		free(b);
	}
	a->last->used = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_clear(a);
	free(a->last);
	free(a);
}
