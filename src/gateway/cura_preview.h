/*
 * Preview pictures of jobs: out of the .ufp when it came in, or out of the G-code's comments. Kept in a folder by the
 * hash of the job's file, so that a job that is sent back to the queue under a new uuid keeps its picture.
 */
#ifndef GATEWAY_CURA_PREVIEW_H
#define GATEWAY_CURA_PREVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/loop.h>
#include <printop/queue.h>

struct cura_previews;

struct cura_previews *cura_previews_new(struct loop *l, struct queue *q, const char *dir);
void cura_previews_free(struct cura_previews *p);
/* Keeps a picture; takes png (freed). */
void cura_preview_put_take(struct cura_previews *p, const char *sha256, unsigned char *png, size_t len);

enum cura_preview { CURA_PREVIEW_READY, CURA_PREVIEW_COMING, CURA_PREVIEW_NONE };

/*
 * Never waits: COMING means that a worker looks into the file, ask again. Cura keeps the first good answer for ever, so
 * that a placeholder must not be given before it is NONE. READY: the caller frees *png.
 */
enum cura_preview cura_preview_get(struct cura_previews *p, const struct queue_job *j, char **png, size_t *len);

/* A PNG for jobs without a picture. */
extern const unsigned char cura_placeholder[];
extern const size_t cura_placeholder_len;

#endif
