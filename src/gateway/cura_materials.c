/* The list of material profiles that Cura has sent; the profiles themselves are of no use here and are not kept. */
#include "gateway/cura_materials.h"

#include <stdlib.h>
#include <string.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define MATERIALS_MAX 2000		/* Cura 4.13 brings 231 */
#define FILE_MAX (1u << 20)
#define SAVE_AFTER_MS 5000		/* they come one a second */

struct cura_materials {
	char *path;
	struct loop_timer *save;
	struct cura_material *all;
	size_t n, cap;
	bool dirty;
};

/* ---- profiles ---- */

/* The text of the first <tag> ... </tag> in [xml, end), without references; "" when there is none. */
static void tag_text(const char *xml, const char *end, const char *tag, char *dst, size_t size)
{
	char open[32], close[32];
	const char *from, *to;

	dst[0] = '\0';
	str_printf(open, sizeof(open), "<%s>", tag);
	str_printf(close, sizeof(close), "</%s>", tag);
	from = memmem(xml, (size_t)(end - xml), open, strlen(open));
	if (!from)
		return;
	from += strlen(open);
	to = memmem(from, (size_t)(end - from), close, strlen(close));
	if (!to || (size_t)(to - from) >= size)
		return;
	memcpy(dst, from, (size_t)(to - from));
	dst[to - from] = '\0';
	str_clean(dst);
	if (strpbrk(dst, "<&"))
		dst[0] = '\0';
}

static bool is_guid(const char *s)
{
	return strlen(s) == 36 && strspn(s, "0123456789abcdefABCDEF-") == 36;
}

bool cura_material_read(const char *xml, struct cura_material *ret)
{
	const char *from = strstr(xml, "<metadata"), *to = from ? strstr(from, "</metadata>") : NULL;
	char version[16];
	int64_t v;

	memset(ret, 0, sizeof(*ret));
	if (!to)
		return false;
	tag_text(from, to, "GUID", ret->guid, sizeof(ret->guid));
	tag_text(from, to, "version", version, sizeof(version));
	tag_text(from, to, "brand", ret->brand, sizeof(ret->brand));
	tag_text(from, to, "material", ret->material, sizeof(ret->material));
	tag_text(from, to, "color", ret->color, sizeof(ret->color));
	if (!is_guid(ret->guid) || !str_to_int64(version, &v) || v < 1 || v > 1000000)
		return false;
	ret->version = (int)v;
	return true;
}

/* ---- the list ---- */

const struct cura_material *cura_materials_find(const struct cura_materials *m, const char *guid)
{
	for (size_t i = 0; *guid && i < m->n; i++)
		if (str_eq_nocase(m->all[i].guid, guid))
			return &m->all[i];
	return NULL;
}

static struct cura_material *place(struct cura_materials *m, const char *guid)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq_nocase(m->all[i].guid, guid))
			return &m->all[i];
	if (m->n >= MATERIALS_MAX)
		return NULL;
	m->all = mem_grow(m->all, m->n, &m->cap, sizeof(*m->all));
	memset(&m->all[m->n], 0, sizeof(*m->all));
	return &m->all[m->n++];
}

bool cura_materials_add(struct cura_materials *m, const struct cura_material *add, struct err *e)
{
	struct cura_material *at = place(m, add->guid);
	int had = at ? at->version : 0;

	if (!at)
		return err_set(e, ERR_TOO_BIG, "%d materials are enough", MATERIALS_MAX);
	*at = *add;
	if (at->version < had)
		at->version = had;
	m->dirty = true;
	if (m->save && !loop_timer_active(m->save))
		loop_timer_start(m->save, SAVE_AFTER_MS);
	return true;
}

static struct json *one_json(const struct cura_material *m, bool all)
{
	struct json *o = json_new_object();

	json_set_str(o, "guid", m->guid);
	json_set_num(o, "version", m->version);
	if (all) {
		json_set_str(o, "brand", m->brand);
		json_set_str(o, "color", m->color);
		json_set_str(o, "material", m->material);
	}
	return o;
}

static char *list_json(const struct cura_materials *m, bool all)
{
	struct json *list = json_new_array();
	char *text;

	for (size_t i = 0; i < m->n; i++)
		if (all || m->all[i].version)
			json_push_take(list, one_json(&m->all[i], all));
	text = json_print(list, false);
	json_free(list);
	return text;
}

char *cura_materials_json(const struct cura_materials *m)
{
	return list_json(m, false);
}

/* ---- the file ---- */

static void save(void *ctx)
{
	struct cura_materials *m = ctx;
	struct err e = { 0 };
	char *text;

	if (!m->dirty)
		return;
	text = list_json(m, true);
	if (!path_write(m->path, text, strlen(text), 0600, &e))
		log_warn("cura: %s", e.text);
	m->dirty = false;
	free(text);
}

static void read_one(struct cura_materials *m, const struct json *o)
{
	struct cura_material *at, one = { 0 };

	json_str(o, "guid", one.guid, sizeof(one.guid));
	json_str(o, "brand", one.brand, sizeof(one.brand));
	json_str(o, "color", one.color, sizeof(one.color));
	json_str(o, "material", one.material, sizeof(one.material));
	one.version = (int)json_int(o, "version", 0);
	at = is_guid(one.guid) && one.version >= 0 ? place(m, one.guid) : NULL;
	if (at)
		*at = one;
}

struct cura_materials *cura_materials_load(struct loop *l, const char *path)
{
	struct cura_materials *m = MEM_NEW(struct cura_materials);
	struct err ignored;
	struct json *list = NULL;
	char *text;
	size_t len;

	m->path = mem_strdup(path);
	m->save = l ? loop_timer_new(l, save, m) : NULL;
	if (path_read(path, FILE_MAX, &text, &len, &ignored)) {
		list = json_parse(text, len, &ignored);
		free(text);
	}
	for (const struct json *o = list ? json_first(list) : NULL; o; o = json_next(o))
		read_one(m, o);
	json_free(list);
	return m;
}

void cura_materials_free(struct cura_materials *m)
{
	if (!m)
		return;
	if (m->save)
		save(m);
	loop_timer_free(m->save);
	free(m->path);
	free(m->all);
	free(m);
}
