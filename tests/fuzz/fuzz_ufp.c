/* Fuzz target: a .ufp from a slicer, and the material profile in it; all that comes out stays within the caps. */
#include <sys/mman.h>
#include <unistd.h>
#include "gateway/cura_materials.h"
#include "gateway/unpack.h"
#include "fuzz.h"

#define MAX_OUT (4 << 20)

static void read_all(const char *path)
{
	struct err e = {0};
	struct ufp *u = ufp_open(path, MAX_OUT, &e);
	struct cura_material m;
	char piece[4096], *xml;
	unsigned char *png;
	size_t got = 1, all = 0, len;

	MUST(u || e.text[0]);
	if (!u)
		return;
	png = ufp_thumbnail(u, &len);
	MUST(!png || (len >= 8 && !memcmp(png, "\x89PNG", 4)));
	free(png);
	xml = ufp_material(u);
	if (xml && cura_material_read(xml, &m)) {
		must_be_clean(m.guid, sizeof(m.guid));
		must_be_clean(m.material, sizeof(m.material));
		MUST(m.version > 0);
	}
	free(xml);
	while (got && ufp_read(u, piece, sizeof(piece), &got, &e)) {
		all += got;
		MUST(got <= sizeof(piece) && all <= MAX_OUT);
	}
	ufp_close(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("ufp", MFD_CLOEXEC);
	struct cura_material m;
	char path[64], *text = mem_strndup((const char *)data, size);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	str_printf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_all(path);
	close(fd);
	cura_material_read(text, &m);
	free(text);
	return 0;
}
