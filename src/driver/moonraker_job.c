/* A job under Moonraker: how far it is and by which source, what is left, what its file is. */
#include "moonraker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/* ---- progress ---- */

static bool has_meta(const struct printer_state *s)
{
	return s->job.file[0] && str_eq(s->meta.for_file, s->job.file);
}

static double ratio(double part, double whole)
{
	return whole > 0 && !isnan(part) ? fmin(fmax(part / whole, 0), 1) : (double)NAN;
}

/* By the bytes of G-code proper: thumbnails at the head of the file are no progress. */
static double file_progress(const struct printer_state *s)
{
	if (!has_meta(s) || s->meta.start_byte < 0 || s->meta.end_byte < 0)
		return NAN;
	return ratio(s->job.file_position - (double)s->meta.start_byte,
		     (double)(s->meta.end_byte - s->meta.start_byte));
}

/* display_status.progress is the last M73, or the same as virtual_sdcard's when there was none. */
static double slicer_progress(const struct json *status, double sdcard, bool heating)
{
	double m73 = json_num(status, "display_status.progress", NAN);
	bool given = fabs(m73 - sdcard) > 1e-6;

	/* It falls to 0 when it expires, so 0 counts only at the beginning. */
	return given && (m73 > 0 || heating) ? ratio(m73, 1) : (double)NAN;
}

static double filament_progress(const struct printer_state *s)
{
	return has_meta(s) ? ratio(s->job.filament_used_mm, s->meta.filament_mm) : (double)NAN;
}

static void read_progress(const struct json *status, struct printer_state *next)
{
	double sdcard = ratio(json_num(status, "virtual_sdcard.progress", NAN), 1);
	/* Thumbnails may be 41 % of the file, and are behind it while it is still heating. */
	bool heating = next->job.elapsed_s == 0 && (STATUS_BIT(next->status) & STATUS_ACTIVE);
	const struct {
		const char *source;
		double value;
	} sources[] = {
		{ "file", file_progress(next) },
		{ "slicer", slicer_progress(status, sdcard, heating) },
		{ "filament", heating ? (double)NAN : filament_progress(next) },
		{ "sdcard", heating ? (double)NAN : sdcard },
	};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (isnan(sources[i].value))
			continue;
		next->job.progress = sources[i].value;
		str_copy(next->job.progress_source, sizeof(next->job.progress_source),
			 sources[i].source);
		return;
	}
}

/* From how long it took so far; NAN at the very beginning. */
static double left_by(double elapsed_s, double progress)
{
	return elapsed_s > 0 && progress > 0 ? elapsed_s / progress - elapsed_s : (double)NAN;
}

/* The slicer's estimate is the best one until it is used up. */
static void read_left(const struct json *status, struct printer_state *next)
{
	struct job *job = &next->job;
	double by_file = file_progress(next);
	double by_slicer = has_meta(next) && job->elapsed_s > 0 ?
				   next->meta.estimated_s - job->elapsed_s : (double)NAN;
	const char *source = "slicer";

	if (isnan(by_file))
		by_file = ratio(json_num(status, "virtual_sdcard.progress", NAN), 1);
	job->left_s = by_slicer > 0 ? by_slicer : (double)NAN;
	if (isnan(job->left_s)) {
		job->left_s = left_by(job->elapsed_s, by_file);
		source = "file";
	}
	if (isnan(job->left_s)) {
		job->left_s = left_by(job->elapsed_s, filament_progress(next));
		source = "filament";
	}
	if (!isnan(job->left_s))
		str_copy(job->left_source, sizeof(job->left_source), source);
}

/* The number of layers up to height z; the tolerance is for what 0.2 is in binary. */
static int64_t layers_to(const struct file_meta *m, double z)
{
	double n = ceil((z - m->first_layer_height_mm) / m->layer_height_mm + 1 - 1e-3);

	return m->layer_height_mm > 0 && n >= 0 && n < 1e6 ? (int64_t)n : -1;
}

static void read_layers(const struct json *status, struct printer_state *next)
{
	struct job *job = &next->job;

	/* Both are null unless the slicer's G-code says SET_PRINT_STATS_INFO. */
	job->layer = json_int(status, "print_stats.info.current_layer", -1);
	job->layers = json_int(status, "print_stats.info.total_layer", -1);
	if (!has_meta(next))
		return;
	if (job->layers < 0)
		job->layers = next->meta.layers;
	if (job->layer < 0 && job->elapsed_s > 0 && (STATUS_BIT(next->status) & STATUS_ACTIVE))
		job->layer = layers_to(&next->meta, next->pos_mm[2]);
	if (job->layers >= 0 && job->layer > job->layers)
		job->layer = job->layers;
}

/* ---- job ---- */

#define STATUS_LEFT (STATUS_BIT(PRINTER_PRINTING) | STATUS_BIT(PRINTER_PAUSING) | \
	STATUS_BIT(PRINTER_PAUSED) | STATUS_BIT(PRINTER_RESUMING))

void moonraker_read_file(const struct json *status, struct printer_state *next)
{
	struct job *job = &next->job;

	driver_clear_job(next);
	json_str(status, "print_stats.filename", job->file, sizeof(job->file));
	if (!*job->file)
		return;
	str_copy(job->origin, sizeof(job->origin), "local");
	if (!str_eq(next->meta.for_file, job->file)) {
		driver_clear_meta(next);
		str_copy(next->meta.for_file, sizeof(next->meta.for_file), job->file);
	}
}

/*
 * print_duration counts from the first extrusion, without pauses; total_duration from the start and
 * through pauses. A standby's zeros are not kept.
 */
void moonraker_read_job(const struct json *status, struct printer_state *next)
{
	struct job *job = &next->job;
	int64_t size = json_int(status, "virtual_sdcard.file_size", -1);
	const char *state = json_raw(status, "print_stats.state");

	if (!*job->file)
		return;
	job->size_bytes = size > 0 ? size : next->meta.size_bytes;
	job->elapsed_s = json_num(status, "print_stats.print_duration", NAN);
	job->total_s = json_num(status, "print_stats.total_duration", NAN);
	job->filament_used_mm = json_num(status, "print_stats.filament_used", NAN);
	read_layers(status, next);
	/* After a cancel the position is 0, which is no progress. */
	if (str_eq(state, "cancelled") || str_eq(state, "standby"))
		return;
	job->file_position = json_num(status, "virtual_sdcard.file_position", NAN);
	read_progress(status, next);
	if (STATUS_BIT(next->status) & STATUS_LEFT)
		read_left(status, next);
}

/* ---- metadata ---- */

/* A string; of several materials a list, as an array or (older) as an array in a string. */
static void read_material(const struct json *v, char *dst, size_t size)
{
	char text[LIMIT_STRING_BYTES], *to = dst;

	*dst = '\0';
	if (json_is_array(v)) {
		char *list = json_print(v, false);

		str_copy(text, sizeof(text), list);
		str_clean(text);
		free(list);
	} else {
		json_str_value(v, text, sizeof(text), false);
	}
	for (const char *s = text; *s && to < dst + size - 1; s++) {
		if (!strchr("[]\"", *s))
			*to++ = *s;
	}
	*to = '\0';
}

static void read_meta(const struct json *o, struct file_meta *m)
{
	m->size_bytes = json_int(o, "size", -1);
	m->modified_at = driver_read_time(o, "modified");
	m->start_byte = json_int(o, "gcode_start_byte", -1);
	m->end_byte = json_int(o, "gcode_end_byte", -1);
	m->estimated_s = json_num(o, "estimated_time", NAN);
	m->filament_mm = json_num(o, "filament_total", NAN);
	m->filament_g = json_num(o, "filament_weight_total", NAN);
	m->layer_height_mm = json_num(o, "layer_height", NAN);
	m->first_layer_height_mm = json_num(o, "first_layer_height", NAN);
	m->object_height_mm = json_num(o, "object_height", NAN);
	m->nozzle_mm = json_num(o, "nozzle_diameter", NAN);
	m->nozzle_c = json_num(o, "first_layer_extr_temp", NAN);
	m->bed_c = json_num(o, "first_layer_bed_temp", NAN);
	m->layers = json_int(o, "layer_count", -1);
	if (m->layers < 0)
		m->layers = layers_to(m, m->object_height_mm);
	json_str(o, "slicer", m->slicer, sizeof(m->slicer));
	read_material(json_get(o, "filament_type"), m->filament_type, sizeof(m->filament_type));
}

/* root NULL: the server has none (not scanned yet, or the file is gone). */
bool moonraker_hear_metadata(const struct json *root, struct printer_state *next, struct err *e)
{
	const struct json *o = json_get(root, "result");
	char file[NAME_CAP];

	if (root && !json_is_object(o))
		return err_set(e, ERR_BAD_REPLY, "no metadata in the answer");
	/* The job may have changed since it was asked for. */
	if (json_str(o, "filename", file, sizeof(file)) && !str_eq(file, next->job.file))
		return true;
	driver_clear_meta(next);
	str_copy(next->meta.for_file, sizeof(next->meta.for_file), next->job.file);
	next->meta.tried = true;
	read_meta(o, &next->meta);
	return true;
}
