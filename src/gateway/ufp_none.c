/* In place of ufp_libzip.c where libzip is missing: Cura is told to send .gcode.gz, and a .ufp is refused in words. */
#include "gateway/unpack.h"

bool ufp_supported(void)
{
	return false;
}

struct ufp *ufp_open(const char *path, int64_t max_bytes, struct err *e)
{
	(void)path, (void)max_bytes;
	err_set(e, ERR_UNSUPPORTED, "this printop was built without libzip and cannot unpack .ufp; send .gcode or .gcode.gz");
	return NULL;
}

void ufp_close(struct ufp *u)
{
	(void)u;
}

bool ufp_read(struct ufp *u, void *buf, size_t size, size_t *got, struct err *e)
{
	(void)u, (void)buf, (void)size;
	*got = 0;
	return err_set(e, ERR_UNSUPPORTED, "this printop was built without libzip");
}

unsigned char *ufp_thumbnail(struct ufp *u, size_t *len)
{
	(void)u;
	*len = 0;
	return NULL;
}

char *ufp_material(struct ufp *u)
{
	(void)u;
	return NULL;
}
