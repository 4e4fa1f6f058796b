/* File lists with their ETags, a few of them. */
#include "app/file_cache.h"

static int find(const struct file_cache *c, uint32_t id)
{
	for (int i = 0; i < FILE_CACHE_LISTS; i++)
		if (c->lists[i].id == id)
			return i;
	return -1;
}

const struct file_list *file_cache_get(const struct file_cache *c, uint32_t id)
{
	int i = find(c, id);

	return i >= 0 ? &c->lists[i].list : NULL;
}

void file_cache_put(struct file_cache *c, uint32_t id, const struct file_list *l)
{
	int i = find(c, id);

	if (!l->etag[0])
		return;
	if (i < 0)
		i = (int)(c->next++ % FILE_CACHE_LISTS);
	c->lists[i].id = id;
	file_list_copy(&c->lists[i].list, l);
}

void file_cache_done(struct file_cache *c)
{
	for (int i = 0; i < FILE_CACHE_LISTS; i++)
		file_list_done(&c->lists[i].list);
}
