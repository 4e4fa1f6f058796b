/* Moonraker 0.11.0: file lists, metadata, uploads and the job history. */
#include <sim/moon.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define DISK "{\"total\":31268536320,\"used\":9151123456,\"free\":22117412864}"
#define ROOT "gcodes"

/* The path below the root, with or without the root's name in front. */
static const char *below_root(const char *path)
{
	path += strspn(path, "/");
	if (strcmp(path, ROOT) == 0)
		return "";
	return str_starts(path, ROOT "/") ? path + strlen(ROOT "/") : path;
}

static void file_facts(struct moon *m, const struct sim_file *f)
{
	jw_num(&m->w, "modified", m->p->wall0 + f->modified);
	jw_int(&m->w, "size", f->size);
	jw_str(&m->w, "permissions", "rw");
}

bool moon_files_list(struct moon *m)
{
	const char *root = moon_arg(m, "root");

	if (root && strcmp(root, ROOT) != 0) {
		jw_raw(&m->w, "result", "[]");
		return true;
	}
	jw_array(&m->w, "result");
	for (size_t i = 0; i < m->p->store.n; i++) {
		jw_object(&m->w, NULL);
		jw_str(&m->w, "path", m->p->store.files[i].path);
		file_facts(m, &m->p->store.files[i]);
		jw_end_object(&m->w);
	}
	jw_end_array(&m->w);
	return true;
}

bool moon_roots(struct moon *m)
{
	jw_raw(&m->w, "result", "[{\"name\":\"gcodes\",\"path\":\"/home/pi/printer_data/gcodes\","
	       "\"permissions\":\"rw\"}]");
	return true;
}

static void metadata(struct moon *m, const struct sim_file *f)
{
	struct jw *w = &m->w;
	bool current = sim_job_active(m->p) && sim_is(m->p->job.file.path, f->path);
	char job[16];

	str_printf(job, sizeof(job), "%06X", (unsigned)m->p->job.number);
	jw_str(w, "slicer", f->analysed ? "PrusaSlicer" : "Unknown");
	jw_str(w, "slicer_version", f->analysed ? "2.9.0+x64" : "?");
	jw_int(w, "gcode_start_byte", f->start_byte);
	jw_int(w, "gcode_end_byte", f->end_byte);
	if (f->analysed) {
		jw_int(w, "layer_count", f->layers);
		jw_num(w, "object_height", f->layers * f->layer_mm);
		jw_int(w, "estimated_time", (int64_t)(f->print_s * 0.97));
		jw_num(w, "nozzle_diameter", 0.4);
		jw_num(w, "layer_height", f->layer_mm);
		jw_num(w, "first_layer_height", f->first_layer_mm);
		jw_num(w, "first_layer_extr_temp", f->nozzle_c);
		jw_num(w, "first_layer_bed_temp", f->bed_c);
		jw_str(w, "filament_name", f->material);
		jw_str(w, "filament_type", f->material);
		jw_num(w, "filament_total", f->filament_mm);
		jw_num(w, "filament_weight_total", f->filament_mm * 0.00298);
	}
	jw_num(w, "print_start_time", current ? m->p->wall0 + m->p->job.started : (double)NAN);
	jw_str(w, "job_id", current ? job : NULL);
}

bool moon_metadata(struct moon *m)
{
	const char *name = moon_arg(m, "filename");
	const struct sim_file *f = name ? store_find(&m->p->store, below_root(name)) : NULL;

	if (!name)
		return moon_fail(m, 400, "No data for argument: filename");
	if (!f)
		return moon_fail(m, 404, "Metadata not available for <%s>", name);
	jw_object(&m->w, "result");
	jw_int(&m->w, "size", f->size);
	jw_num(&m->w, "modified", m->p->wall0 + f->modified);
	jw_str(&m->w, "uuid", "358a8a98-cda3-4501-9c7e-ae9a70984bb6");
	jw_raw(&m->w, "file_processors", "[]");
	metadata(m, f);
	jw_str(&m->w, "filename", f->path);
	jw_end_object(&m->w);
	return true;
}

/* ---- directories ---- */

/* The part of a path behind the folder, NULL when it does not lie in it. */
static const char *inside(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (!len)
		return path;
	return strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static void sub_folders(struct moon *m, const char *folder)
{
	const struct store *s = &m->p->store;
	char last[512] = "", name[512];

	for (size_t i = 0; i < s->n; i++) {
		const char *rest = inside(s->files[i].path, folder);
		const char *slash = rest ? strchr(rest, '/') : NULL;

		if (!slash)
			continue;
		str_printf(name, sizeof(name), "%.*s", (int)(slash - rest), rest);
		if (strcmp(name, last) == 0)
			continue;
		str_copy(last, sizeof(last), name);
		jw_object(&m->w, NULL);
		jw_num(&m->w, "modified", m->p->wall0 + s->files[i].modified);
		jw_int(&m->w, "size", 4096);
		jw_str(&m->w, "permissions", "rw");
		jw_str(&m->w, "dirname", name);
		jw_end_object(&m->w);
	}
}

bool moon_directory(struct moon *m)
{
	const char *path = moon_arg(m, "path"), *folder = below_root(path ? path : ROOT);
	bool extended = sim_is(moon_arg(m, "extended"), "true");
	const struct store *s = &m->p->store;
	struct jw *w = &m->w;

	if (!store_is_folder(s, folder))
		return moon_fail(m, 400, "Directory does not exist (%s)", path);
	jw_object(w, "result");
	jw_array(w, "dirs");
	sub_folders(m, folder);
	jw_end_array(w);
	jw_array(w, "files");
	for (size_t i = 0; i < s->n; i++) {
		const char *rest = inside(s->files[i].path, folder);

		if (!rest || strchr(rest, '/'))
			continue;
		jw_object(w, NULL);
		file_facts(m, &s->files[i]);
		jw_str(w, "filename", rest);
		if (extended)
			metadata(m, &s->files[i]);
		jw_end_object(w);
	}
	jw_end_array(w);
	jw_raw(w, "disk_usage", DISK);
	jw_raw(w, "root_info", "{\"name\":\"gcodes\",\"permissions\":\"rw\"}");
	jw_end_object(w);
	return true;
}

/* ---- upload and delete ---- */

static bool in_print(const struct moon *m, const char *path)
{
	return sim_job_active(m->p) && sim_is(m->p->job.file.path, path);
}

static void item(struct moon *m, const char *path, double modified, int64_t size, const char *rights)
{
	jw_object(&m->w, "item");
	jw_num(&m->w, "modified", modified);
	jw_int(&m->w, "size", size);
	jw_str(&m->w, "permissions", rights);
	jw_str(&m->w, "path", path);
	jw_str(&m->w, "root", ROOT);
	jw_end_object(&m->w);
}

static bool upload_good(struct moon *m)
{
	const struct upload *u = m->q->upload;
	const char *root, *checksum;

	m->vague = true;
	if (!u)
		return moon_fail(m, 500, "Internal Server Error");
	root = upload_field(u, "root");
	checksum = upload_field(u, "checksum");
	if (!u->has_file || !u->name[0])
		return moon_fail(m, 400, "No file name specifed in upload form");
	if (root && strcmp(root, ROOT) != 0)
		return moon_fail(m, 400, "Invalid root request: %s", root);
	if (strchr(u->name, '/') || strlen(u->name) > 255)
		return moon_fail(m, 500, "Unable to save file");
	if (checksum && !str_eq_nocase(checksum, u->checksum))
		return moon_fail(m, 422, "File checksum mismatch: expected %s, calculated %s", checksum,
				 u->checksum);
	return true;
}

static char *upload_path(const struct upload *u)
{
	const char *field = upload_field(u, "path");
	char *folder = mem_strdup(field ? field + strspn(field, "/") : ""), *path;

	for (size_t len = strlen(folder); len && folder[len - 1] == '/'; len--)
		folder[len - 1] = '\0';
	path = *folder ? mem_printf("%s/%s", folder, u->name) : mem_strdup(u->name);
	free(folder);
	return path;
}

bool moon_upload(struct moon *m)
{
	struct upload *u = m->q->upload;
	const struct sim_file *f;
	char *path;
	bool start;

	if (!upload_good(m))
		return false;
	path = upload_path(u);
	if (in_print(m, path)) {
		free(path);
		return moon_fail(m, 403, "File is loaded, upload not permitted");
	}
	u->file.path = path;
	u->file.modified = m->at;
	f = store_put_take(&m->p->store, &u->file);
	u->file.path = NULL;
	start = sim_is(upload_field(u, "print"), "true") && sim_operational(m->p) &&
		!sim_job_active(m->p);
	if (start)
		sim_start(m->p, f, m->at);
	m->r->status = 201;
	sbuf_addf(&m->r->headers, "Location: http://%s/server/files/gcodes/", m->q->host);
	str_url_encode(&m->r->headers, path, true);
	sbuf_addc(&m->r->headers, '\n');
	jw_str(&m->w, "action", "create_file");
	item(m, path, m->p->wall0 + f->modified, f->size, "rw");
	jw_bool(&m->w, "print_started", start);
	jw_bool(&m->w, "print_queued", false);
	return true;
}

bool moon_delete(struct moon *m)
{
	const char *arg = *m->tail ? m->tail : moon_arg(m, "path");
	const char *path = arg ? below_root(arg) : NULL;

	m->vague = true;
	if (!path || !store_find(&m->p->store, path))
		return moon_fail(m, 400, "Invalid file path: %s", path ? path : "");
	if (in_print(m, path))
		return moon_fail(m, 403, "File currently in use");
	jw_object(&m->w, "result");
	jw_str(&m->w, "action", "delete_file");
	item(m, path, 0, 0, "");
	jw_end_object(&m->w);
	store_remove(&m->p->store, path);
	return true;
}

/* ---- history ---- */

static void history_job(struct moon *m, const struct sim_past *job)
{
	const struct sim_file *f = store_find(&m->p->store, job->path);
	struct jw *w = &m->w;
	char id[16];

	str_printf(id, sizeof(id), "%06X", (unsigned)job->number);
	jw_object(w, NULL);
	jw_str(w, "job_id", id);
	jw_str(w, "user", "_TRUSTED_USER_");
	jw_str(w, "filename", job->path);
	jw_str(w, "status", job->status);
	jw_num(w, "start_time", m->p->wall0 + job->started);
	jw_num(w, "end_time", m->p->wall0 + job->ended);
	jw_num(w, "print_duration", job->print_s);
	jw_num(w, "total_duration", job->total_s);
	jw_num(w, "filament_used", job->filament_mm);
	jw_object(w, "metadata");
	if (f) {
		jw_int(w, "size", f->size);
		metadata(m, f);
	}
	jw_end_object(w);
	jw_raw(w, "auxiliary_data", "[]");
	jw_bool(w, "exists", f != NULL);
	jw_end_object(w);
}

/* The job in progress as an entry of the history. */
static bool running(const struct moon *m, struct sim_past *ret)
{
	struct sim_view v;

	if (!sim_job_active(m->p))
		return false;
	sim_look(m->p, m->at, &v);
	*ret = (struct sim_past){ .path = m->p->job.file.path, .status = "in_progress",
		.started = m->p->job.started, .ended = NAN, .print_s = v.printed_s,
		.total_s = v.total_s, .filament_mm = v.filament_mm, .number = m->p->job.number };
	return true;
}

bool moon_history_list(struct moon *m)
{
	struct sim_past now;
	bool has_now = running(m, &now), asc = sim_is(moon_arg(m, "order"), "asc");
	int64_t n = m->p->n_past + has_now, start = moon_arg_int(m, "start", 0);
	int64_t limit = moon_arg_int(m, "limit", 50);

	start = start < 0 ? 0 : start > n ? n : start;
	if (limit <= 0 || limit > n - start)
		limit = n - start;
	jw_object(&m->w, "result");
	jw_int(&m->w, "count", limit);
	jw_array(&m->w, "jobs");
	for (int64_t i = start; i < start + limit; i++) {
		int64_t at = asc ? i : n - 1 - i;

		history_job(m, at < m->p->n_past ? &m->p->past[at] : &now);
	}
	jw_end_array(&m->w);
	jw_end_object(&m->w);
	return true;
}

bool moon_history_totals(struct moon *m)
{
	double time = 0, print = 0, filament = 0, longest = 0, longest_print = 0;
	struct jw *w = &m->w;

	for (int i = 0; i < m->p->n_past; i++) {
		const struct sim_past *job = &m->p->past[i];

		time += job->total_s;
		print += job->print_s;
		filament += job->filament_mm;
		longest = fmax(longest, job->total_s);
		longest_print = fmax(longest_print, job->print_s);
	}
	jw_object(w, "result");
	jw_object(w, "job_totals");
	jw_num(w, "total_jobs", m->p->n_past);
	jw_num(w, "total_time", time);
	jw_num(w, "total_print_time", print);
	jw_num(w, "total_filament_used", filament);
	jw_num(w, "longest_job", longest);
	jw_num(w, "longest_print", longest_print);
	jw_end_object(w);
	jw_raw(w, "auxiliary_totals", "[]");
	jw_end_object(w);
	return true;
}
