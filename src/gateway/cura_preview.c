/* Preview pictures: looked for on the worker pool, kept in a folder, gone when their job is. */
#include "gateway/cura_preview.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/gcode.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define PNG_MAX (2u << 20)
#define SHA_HEX 64

struct look {			/* a worker's task */
	struct cura_previews *owner;	/* NULL: it has ended meanwhile */
	struct look *next;
	char sha256[SHA_HEX + 1];
	char *gcode, *png;
};

struct cura_previews {
	struct loop *loop;
	struct queue *queue;
	char *dir;
	struct look *looks;
};

static char *png_path(const struct cura_previews *p, const char *sha256)
{
	return mem_printf("%s/%s.png", p->dir, sha256);
}

/* ---- the folder ---- */

static bool is_wanted(const struct cura_previews *p, const char *name)
{
	for (size_t i = 0; i < queue_count(p->queue); i++)
		if (!strncmp(queue_at(p->queue, i)->sha256, name, SHA_HEX))
			return true;
	return false;
}

/* Removes pictures whose job has left the queue. */
static void sweep(const struct cura_previews *p)
{
	DIR *d = opendir(p->dir);
	const struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (strlen(ent->d_name) == SHA_HEX + 4 && str_ends(ent->d_name, ".png") && !is_wanted(p, ent->d_name))
			unlinkat(dirfd(d), ent->d_name, 0);
	if (d)
		closedir(d);
}

struct cura_previews *cura_previews_new(struct loop *l, struct queue *q, const char *dir)
{
	struct cura_previews *p = MEM_NEW(struct cura_previews);
	struct err e = { 0 };

	p->loop = l;
	p->queue = q;
	p->dir = mem_strdup(dir);
	if (!path_make_dirs(dir, &e))
		log_warn("cura: no pictures: %s", e.text);
	sweep(p);
	return p;
}

void cura_previews_free(struct cura_previews *p)
{
	if (!p)
		return;
	for (struct look *k = p->looks; k; k = k->next)
		k->owner = NULL;
	free(p->dir);
	free(p);
}

void cura_preview_put_take(struct cura_previews *p, const char *sha256, unsigned char *png, size_t len)
{
	char *path = png_path(p, sha256);
	struct err e = { 0 };

	sweep(p);
	if (len <= PNG_MAX && !path_write(path, (const char *)png, len, 0600, &e))
		log_warn("cura: %s", e.text);
	free(path);
	free(png);
}

/* ---- out of the G-code ---- */

/* An empty file says that there is nothing to be found. */
static void work(void *ctx)
{
	const struct look *k = ctx;
	struct gcode_facts f;
	struct err ignored;
	unsigned char *png = NULL;
	size_t len = 0;

	if (gcode_read(k->gcode, &f, &ignored))
		png = gcode_thumbnail(k->gcode, &f, &len);
	path_write(k->png, png ? (const char *)png : "", png && len <= PNG_MAX ? len : 0, 0600, &ignored);
	free(png);
}

static void done(void *ctx)
{
	struct look *k = ctx, **at = k->owner ? &k->owner->looks : NULL;

	while (at && *at != k)
		at = &(*at)->next;
	if (at)
		*at = k->next;
	free(k->gcode);
	free(k->png);
	free(k);
}

static bool is_looking(const struct cura_previews *p, const char *sha256)
{
	for (const struct look *k = p->looks; k; k = k->next)
		if (str_eq(k->sha256, sha256))
			return true;
	return false;
}

static void look(struct cura_previews *p, const struct queue_job *j)
{
	struct look *k;

	if (is_looking(p, j->sha256))
		return;
	k = MEM_NEW(struct look);
	k->owner = p;
	str_copy(k->sha256, sizeof(k->sha256), j->sha256);
	k->gcode = queue_file_path(p->queue, j->id);
	k->png = png_path(p, j->sha256);
	k->next = p->looks;
	p->looks = k;
	loop_work(p->loop, work, done, k);
}

enum cura_preview cura_preview_get(struct cura_previews *p, const struct queue_job *j, char **png, size_t *len)
{
	struct err e = { 0 };
	char *path;
	bool there;

	if (strlen(j->sha256) != SHA_HEX || strspn(j->sha256, "0123456789abcdef") != SHA_HEX)
		return CURA_PREVIEW_NONE;
	if (is_looking(p, j->sha256))
		return CURA_PREVIEW_COMING;
	path = png_path(p, j->sha256);
	there = access(path, F_OK) == 0;
	if (there && !path_read(path, PNG_MAX, png, len, &e)) {
		free(path);
		return CURA_PREVIEW_NONE;
	}
	free(path);
	if (!there) {
		/* Where nothing can be kept it would be looked for at every poll. */
		if (access(p->dir, W_OK))
			return CURA_PREVIEW_NONE;
		look(p, j);
		return CURA_PREVIEW_COMING;
	}
	if (*len)
		return CURA_PREVIEW_READY;
	free(*png);
	return CURA_PREVIEW_NONE;
}
