/*
 * Unpacking what slicers send: gzip as it comes in, and Cura's .ufp (a ZIP) once it is on disk. All output
 * comes in pieces and is counted: an archive that would unpack to more than its caps is refused, not unpacked.
 */
#ifndef GATEWAY_UNPACK_H
#define GATEWAY_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>

/*
 * More than so many times its packed size is no G-code but a bomb: layers of a thick wall repeat, yet real
 * files pack 3 to 20 times. The first megabyte is free, as a short file of equal lines packs well.
 */
#define UNPACK_RATIO_MAX 200
#define UNPACK_FREE_BYTES (1 << 20)

/* Takes a piece of what was unpacked. False with *e stops the unpacking. */
typedef bool unpack_fn(void *ctx, const void *data, size_t len, struct err *e);

/* ---- gzip: one or several members, one after the other ---- */
struct gunzip;

struct gunzip *gunzip_new(int64_t max_bytes, unpack_fn *fn, void *ctx);
void gunzip_free(struct gunzip *g);
bool gunzip_add(struct gunzip *g, const void *data, size_t len, struct err *e);
bool gunzip_end(struct gunzip *g, struct err *e);	/* false: it ended too early, or nothing came */

/* ---- .ufp ---- */
struct ufp;

bool ufp_supported(void);	/* false in a build without libzip */
/* Opens it and finds its G-code; blocks on the disk, so it is called on the loop's worker pool. */
struct ufp *ufp_open(const char *path, int64_t max_bytes, struct err *e);
void ufp_close(struct ufp *u);
/* The next piece of the G-code; *got 0 at its end, which is also where its checksum was right. */
bool ufp_read(struct ufp *u, void *buf, size_t size, size_t *got, struct err *e);
/* The preview picture; the caller frees. NULL: there is none that could be shown. */
unsigned char *ufp_thumbnail(struct ufp *u, size_t *len);
/* The material's profile, NUL-terminated; the caller frees. NULL: none. */
char *ufp_material(struct ufp *u);

#endif
