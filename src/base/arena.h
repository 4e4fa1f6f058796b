/* Memory for many small things that are freed together. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Aligned for any type, not cleared; never NULL. Lives until the arena is cleared or freed. */
void *arena_take(struct arena *a, size_t size);
/* Forgets all that was taken, and keeps little: the arena can be used again. */
void arena_clear(struct arena *a);
void arena_free(struct arena *a);

#endif
