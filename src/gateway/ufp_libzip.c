/*
 * Cura's .ufp: a ZIP with the G-code, a picture and the profile of its material. libzip reads it by its central
 * directory: Cura 4.13 writes names with a leading slash, other programs leave it out.
 */
#include "gateway/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include <printop/mem.h>
#include <printop/str.h>

#define ENTRIES_MAX 256
#define THUMBNAIL_MAX (2u << 20)
#define MATERIAL_MAX (256u << 10)

struct ufp {
	zip_t *zip;
	zip_file_t *model;
	int64_t left;		/* of the G-code, as the directory says */
};

bool ufp_supported(void)
{
	return true;
}

static const char *entry_name(const struct ufp *u, zip_uint64_t i)
{
	const char *name = zip_get_name(u->zip, i, ZIP_FL_ENC_GUESS);

	return name && *name == '/' ? name + 1 : name;
}

/* The first entry with this name, or with this beginning and ending. */
static zip_int64_t find(const struct ufp *u, const char *start, const char *end)
{
	zip_int64_t n = zip_get_num_entries(u->zip, 0);

	for (zip_int64_t i = 0; i < n; i++) {
		const char *name = entry_name(u, (zip_uint64_t)i);

		if (name && str_starts_nocase(name, start) && strlen(name) >= strlen(start) + strlen(end) &&
		    str_eq_nocase(name + strlen(name) - strlen(end), end))
			return i;
	}
	return -1;
}

/* What the directory says of an entry: the sizes must be there and within the caps, encryption is not for us. */
static bool look_at(const struct ufp *u, zip_int64_t i, int64_t max_bytes, int64_t *size, struct err *e)
{
	const zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
	zip_stat_t st;
	char text[STR_SMALL];

	if (zip_stat_index(u->zip, (zip_uint64_t)i, 0, &st) || (st.valid & need) != need)
		return err_set(e, ERR_BAD_REPLY, "the .ufp is damaged: an entry without a size");
	if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
		return err_set(e, ERR_BAD_REPLY, "the .ufp is encrypted");
	if (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE)
		return err_set(e, ERR_BAD_REPLY, "the .ufp is packed in a way that is not known here");
	if (max_bytes < 0 || st.size > (zip_uint64_t)max_bytes)
		return err_set(e, ERR_TOO_BIG, "it unpacks to more than %s",
			       str_bytes(text, sizeof(text), (double)max_bytes));
	if (st.size > UNPACK_FREE_BYTES && st.size / UNPACK_RATIO_MAX > st.comp_size)
		return err_set(e, ERR_TOO_BIG, "it unpacks to more than %d times its size", UNPACK_RATIO_MAX);
	*size = (int64_t)st.size;
	return true;
}

static bool open_zip(struct ufp *u, const char *path, struct err *e)
{
	zip_int64_t n;
	int code = 0;

	u->zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
	if (!u->zip) {
		zip_error_t ze;

		zip_error_init_with_code(&ze, code);
		err_set(e, ERR_BAD_REPLY, "it is no good .ufp: %s", zip_error_strerror(&ze));
		zip_error_fini(&ze);
		return false;
	}
	n = zip_get_num_entries(u->zip, 0);
	return n <= ENTRIES_MAX || err_set(e, ERR_TOO_BIG, "a .ufp of %lld entries is not taken", (long long)n);
}

static bool open_model(struct ufp *u, int64_t max_bytes, struct err *e)
{
	zip_int64_t i = find(u, "3D/model", ".gcode");

	if (i < 0)
		i = find(u, "3D/", ".gcode");
	if (i < 0)
		return err_set(e, ERR_BAD_REPLY, "there is no G-code in the .ufp");
	if (!look_at(u, i, max_bytes, &u->left, e))
		return false;
	u->model = zip_fopen_index(u->zip, (zip_uint64_t)i, 0);
	return u->model || err_set(e, ERR_BAD_REPLY, "it is no good .ufp: %s", zip_strerror(u->zip));
}

struct ufp *ufp_open(const char *path, int64_t max_bytes, struct err *e)
{
	struct ufp *u = MEM_NEW(struct ufp);

	if (open_zip(u, path, e) && open_model(u, max_bytes, e))
		return u;
	ufp_close(u);
	return NULL;
}

void ufp_close(struct ufp *u)
{
	if (!u)
		return;
	if (u->model)
		zip_fclose(u->model);
	if (u->zip)
		zip_discard(u->zip);
	free(u);
}

bool ufp_read(struct ufp *u, void *buf, size_t size, size_t *got, struct err *e)
{
	zip_int64_t n = zip_fread(u->model, buf, size);

	*got = 0;
	if (n < 0 || n > u->left)
		return err_set(e, ERR_BAD_REPLY, "the .ufp is damaged: %s",
			       n < 0 ? zip_error_strerror(zip_file_get_error(u->model)) : "longer than it says");
	u->left -= n;
	if (!n && u->left)
		return err_set(e, ERR_BAD_REPLY, "the .ufp is damaged: shorter than it says");
	*got = (size_t)n;
	return true;
}

/* A small entry as a whole, NUL-terminated; NULL when it is not there or not as it says. */
static char *read_small(struct ufp *u, zip_int64_t i, int64_t max_bytes, size_t *len)
{
	struct err ignored;
	zip_file_t *f;
	int64_t size;
	char *data;
	bool good;

	*len = 0;
	if (i < 0 || !look_at(u, i, max_bytes, &size, &ignored))
		return NULL;
	f = zip_fopen_index(u->zip, (zip_uint64_t)i, 0);
	if (!f)
		return NULL;
	data = mem_alloc((size_t)size + 1);
	good = zip_fread(f, data, (zip_uint64_t)size) == size;
	data[size] = '\0';
	zip_fclose(f);
	if (!good) {
		free(data);
		return NULL;
	}
	*len = (size_t)size;
	return data;
}

unsigned char *ufp_thumbnail(struct ufp *u, size_t *len)
{
	static const char magic[] = "\x89PNG\r\n\x1a\n";
	char *data = read_small(u, find(u, "Metadata/thumbnail", ".png"), THUMBNAIL_MAX, len);

	if (data && (*len < sizeof(magic) - 1 || memcmp(data, magic, sizeof(magic) - 1) != 0)) {
		free(data);
		data = NULL;
	}
	return (unsigned char *)data;
}

char *ufp_material(struct ufp *u)
{
	size_t len;

	return read_small(u, find(u, "Materials/", ".xml.fdm_material"), MATERIAL_MAX, &len);
}
