/* Materials that Cura told about: what it need not send again, and their names for showing. */
#ifndef GATEWAY_CURA_MATERIALS_H
#define GATEWAY_CURA_MATERIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>
#include <printop/loop.h>

struct cura_material {
	char guid[40];
	int version;			/* 0: seen in a print only, Cura shall still send its profile */
	char brand[64], color[64], material[64];
};

struct cura_materials;

/* A file that cannot be read is an empty one: Cura sends all of them again. loop NULL: nothing is written. */
struct cura_materials *cura_materials_load(struct loop *l, const char *path);
void cura_materials_free(struct cura_materials *m);	/* writes what is not written yet */
const struct cura_material *cura_materials_find(const struct cura_materials *m, const char *guid);
/* Reads a profile (.xml.fdm_material). False: it has no guid and version. */
bool cura_material_read(const char *xml, struct cura_material *ret);
bool cura_materials_add(struct cura_materials *m, const struct cura_material *add, struct err *e);
/* [{"guid", "version"}] of those that were sent; the caller frees. */
char *cura_materials_json(const struct cura_materials *m);

#endif
