/* OctoPrint 1.11.8: file lists, uploads, select and delete. */
#include <sim/octo.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define DISK_TOTAL 31268536320
#define DISK_FREE 22117412864

/* ---- lists ---- */

static void refs(struct octo *o, const char *path, bool is_file)
{
	struct sbuf url = SBUF_INIT(8192);

	jw_object(&o->w, "refs");
	if (is_file) {
		sbuf_addf(&url, "http://%s/downloads/files/local/", o->q->host);
		str_url_encode(&url, path, true);
		jw_str(&o->w, "download", sbuf_str(&url));
		sbuf_clear(&url);
	}
	sbuf_addf(&url, "http://%s/api/files/local/", o->q->host);
	str_url_encode(&url, path, true);
	jw_str(&o->w, "resource", sbuf_str(&url));
	jw_end_object(&o->w);
	sbuf_done(&url);
}

static void analysis(struct octo *o, const struct sim_file *f)
{
	struct jw *w = &o->w;

	if (!f->analysed)
		return;
	jw_object(w, "gcodeAnalysis");
	jw_object(w, "dimensions");
	jw_num(w, "depth", 60);
	jw_num(w, "height", f->layers * f->layer_mm);
	jw_num(w, "width", 80);
	jw_end_object(w);
	jw_num(w, "estimatedPrintTime", f->print_s * 0.97);
	jw_object(w, "filament");
	jw_object(w, "tool0");
	jw_num(w, "length", f->filament_mm);
	jw_num(w, "volume", f->filament_mm * 2.405e-3);
	jw_end_object(w);
	jw_end_object(w);
	jw_end_object(w);
}

static void prints(struct octo *o, const struct sim_file *f)
{
	struct jw *w = &o->w;

	if (isnan(f->last_print))
		return;
	jw_object(w, "prints");
	jw_int(w, "failure", f->prints_failed);
	jw_object(w, "last");
	jw_num(w, "date", o->p->wall0 + f->last_print);
	if (f->last_ok)
		jw_num(w, "printTime", f->print_s);
	jw_bool(w, "success", f->last_ok);
	jw_end_object(w);
	jw_int(w, "success", f->prints_ok);
	jw_end_object(w);
}

static void file_entry(struct octo *o, const struct sim_file *f)
{
	struct jw *w = &o->w;

	jw_object(w, NULL);
	jw_int(w, "date", (int64_t)(o->p->wall0 + f->modified));
	jw_str(w, "display", str_basename(f->path));
	analysis(o, f);
	jw_str(w, "name", str_basename(f->path));
	jw_str(w, "origin", "local");
	jw_str(w, "path", f->path);
	prints(o, f);
	refs(o, f->path, true);
	jw_int(w, "size", f->size);
	jw_str(w, "type", "machinecode");
	jw_array(w, "typePath");
	jw_str(w, NULL, "machinecode");
	jw_str(w, NULL, "gcode");
	jw_end_array(w);
	jw_str(w, "user", "operator");
	jw_end_object(w);
}

static void list_range(struct octo *o, size_t from, size_t to, size_t skip, bool deep);

/* A folder: files[from..to) lie in it, name_len bytes of their paths are its own. */
static void folder_entry(struct octo *o, size_t from, size_t to, size_t name_len, bool children,
			 bool deep)
{
	const struct sim_file *files = o->p->store.files;
	char *path = mem_strndup(files[from].path, name_len);
	int64_t size = 0;
	double date = files[from].modified;
	struct jw *w = &o->w;

	for (size_t i = from; i < to; i++) {
		size += files[i].size;
		date = fmax(date, files[i].modified);
	}
	jw_object(w, NULL);
	jw_array(w, "children");
	if (children)		/* without recursive they are left out, full or not */
		list_range(o, from, to, name_len + 1, deep);
	jw_end_array(w);
	jw_int(w, "date", (int64_t)(o->p->wall0 + date));
	jw_str(w, "display", str_basename(path));
	jw_str(w, "name", str_basename(path));
	jw_str(w, "origin", "local");
	jw_str(w, "path", path);
	jw_object(w, "prints");
	jw_int(w, "failure", 0);
	jw_int(w, "success", 0);
	jw_end_object(w);
	refs(o, path, false);
	jw_int(w, "size", size);
	jw_str(w, "type", "folder");
	jw_array(w, "typePath");
	jw_str(w, NULL, "folder");
	jw_end_array(w);
	jw_end_object(w);
	free(path);
}

/* The files of one folder, then its folders; skip bytes of each path are the folder's own. */
static void list_range(struct octo *o, size_t from, size_t to, size_t skip, bool deep)
{
	const struct sim_file *files = o->p->store.files;

	for (size_t i = from; i < to; i++)
		if (!strchr(files[i].path + skip, '/'))
			file_entry(o, &files[i]);
	for (size_t i = from; i < to;) {
		const char *slash = strchr(files[i].path + skip, '/');
		size_t len = slash ? (size_t)(slash - files[i].path) : 0, end = i + 1;

		while (slash && end < to && strncmp(files[end].path, files[i].path, len + 1) == 0)
			end++;
		if (slash)
			folder_entry(o, i, end, len, deep, deep);
		i = end;
	}
}

static void list_all(struct octo *o)
{
	jw_object(&o->w, NULL);
	jw_array(&o->w, "files");
	list_range(o, 0, o->p->store.n, 0, sim_is(sim_param(o->q, "recursive"), "true"));
	jw_end_array(&o->w);
	jw_int(&o->w, "free", DISK_FREE);
	jw_int(&o->w, "total", DISK_TOTAL);
	jw_end_object(&o->w);
}

static bool in_folder(const struct sim_file *f, const char *folder, size_t len)
{
	return strncmp(f->path, folder, len) == 0 && f->path[len] == '/';
}

static void one_entry(struct octo *o, const char *path)
{
	const struct sim_file *f = store_find(&o->p->store, path);
	const struct store *s = &o->p->store;
	size_t len = strlen(path), from = 0, to;

	if (f) {
		file_entry(o, f);
		return;
	}
	while (from < s->n && !in_folder(&s->files[from], path, len))
		from++;
	for (to = from; to < s->n && in_folder(&s->files[to], path, len); to++)
		continue;
	if (from == s->n)
		octo_not_found(o);
	else
		folder_entry(o, from, to, len, true,
			     sim_is(sim_param(o->q, "recursive"), "true"));
}

void octo_files_get(struct octo *o)
{
	if (!*o->tail || strcmp(o->tail, "/local") == 0)
		list_all(o);
	else if (strcmp(o->tail, "/sdcard") == 0)
		jw_raw(&o->w, NULL, "{\n  \"files\": []\n}\n");
	else if (str_starts(o->tail, "/local/"))
		one_entry(o, o->tail + strlen("/local/"));
	else
		octo_not_found(o);
	if (o->r->status == 200)
		sim_reply_etag(o->r, o->q);
}

/* ---- commands on a file ---- */

static bool in_print(const struct octo *o, const char *path)
{
	return sim_job_active(o->p) && sim_is(o->p->job.file.path, path);
}

void octo_files_post(struct octo *o)
{
	const struct sim_file *f = store_find(&o->p->store, o->tail);
	bool print = json_bool(o->json, "print", 0) == 1;

	if (!f) {
		octo_not_found(o);
	} else if (!sim_is(json_raw(o->json, "command"), "select")) {
		octo_error(o, 400, "command is invalid");
	} else if (sim_job_active(o->p) || !sim_operational(o->p)) {
		octo_error(o, 409, "Printer is already printing, cannot select a new file");
	} else {
		if (print)
			sim_start(o->p, f, o->at);
		else
			sim_select(o->p, f);
		octo_done(o);
	}
}

void octo_files_delete(struct octo *o)
{
	if (in_print(o, o->tail)) {
		octo_error(o, 409, "Trying to delete a file that is currently in use");
		return;
	}
	if (!store_remove(&o->p->store, o->tail)) {
		octo_not_found(o);
		return;
	}
	if (sim_is(o->p->job.file.path, o->tail))
		sim_select(o->p, NULL);
	octo_done(o);
}

/* ---- upload ---- */

/* The name that is stored: no folders, no leading dots, none of what Windows forbids. */
static void clean_name(char *dst, size_t size, const char *name)
{
	size_t n = 0;

	name = str_basename(name);
	while (*name == '.')
		name++;
	for (; *name && n + 1 < size; name++)
		if (!strchr("\"\\:*?<>|", *name) && (unsigned char)*name >= ' ')
			dst[n++] = *name;
	dst[n] = '\0';
}

static bool known_extension(const char *name)
{
	static const char *const known[] = { "gcode", "gco", "g" };
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(dot + 1, known[i]))
			return strlen(name) <= 250;
	return false;
}

static char *place(const struct upload *u, const char *name)
{
	const char *folder = upload_field(u, "path");
	char *copy, *path;
	size_t len;

	if (!folder)
		return mem_strdup(name);
	copy = mem_strdup(folder + strspn(folder, "/"));
	for (len = strlen(copy); len && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	path = *copy ? mem_printf("%s/%s", copy, name) : mem_strdup(name);
	free(copy);
	return path;
}

static void upload_reply(struct octo *o, const char *path, bool printed, bool selected)
{
	struct jw *w = &o->w;

	o->r->status = 201;
	sbuf_addf(&o->r->headers, "Location: http://%s/api/files/local/", o->q->host);
	str_url_encode(&o->r->headers, path, true);
	sbuf_addc(&o->r->headers, '\n');
	jw_object(w, NULL);
	jw_bool(w, "done", true);
	jw_bool(w, "effectivePrint", printed);
	jw_bool(w, "effectiveSelect", selected);
	jw_object(w, "files");
	jw_object(w, "local");
	jw_str(w, "name", str_basename(path));
	jw_str(w, "origin", "local");
	jw_str(w, "path", path);
	refs(o, path, true);
	jw_end_object(w);
	jw_end_object(w);
	jw_end_object(w);
}

static void store_upload(struct octo *o, char *path_take)
{
	struct upload *u = o->q->upload;
	bool idle = sim_operational(o->p) && !sim_job_active(o->p);
	bool print = idle && sim_is(upload_field(u, "print"), "true");
	bool select = idle && sim_is(upload_field(u, "select"), "true");
	const struct sim_file *f;

	u->file.path = path_take;
	u->file.modified = o->at;
	f = store_put_take(&o->p->store, &u->file);
	u->file.path = NULL;
	if (print)
		sim_start(o->p, f, o->at);
	else if (select)
		sim_select(o->p, f);
	upload_reply(o, f->path, print, select);
}

void octo_upload(struct octo *o)
{
	struct upload *u = o->q->upload;
	char name[300];
	char *path;

	if (!u || !u->has_file) {
		octo_error(o, 400, "No file to upload and no folder to create");
		return;
	}
	clean_name(name, sizeof(name), u->star[0] ? u->star : u->name);
	if (!known_extension(name)) {
		octo_error(o, 415, "Could not upload file, invalid type");
		return;
	}
	path = place(u, name);
	if (in_print(o, path)) {
		octo_error(o, 409, "Trying to overwrite file that is currently being printed");
	} else if (sim_is(upload_field(u, "noOverwrite"), "true") &&
		   store_find(&o->p->store, path)) {
		octo_error(o, 409, "File already exists and noOverwrite was set");
	} else {
		store_upload(o, path);
		return;
	}
	free(path);
}
