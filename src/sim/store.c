/* The file store of a simulated printer. */
#include <sim/store.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/* path, size MB, minutes, filament m, nozzle, bed, layer height, layers, material */
#define FILE_ROW(name, mb, min, m, n, b, lh, l, mat) { .path = (char[]){ name }, \
	.size = (int64_t)((mb) * 1e6), .start_byte = (int64_t)((mb) * 1e6 * 0.04), \
	.end_byte = (int64_t)((mb) * 1e6) - 9000, .print_s = (min) * 60.0, .filament_mm = (m) * 1000.0, \
	.nozzle_c = n, .bed_c = b, .layer_mm = lh, .first_layer_mm = 0.2, .layers = l, \
	.material = mat, .analysed = true, .last_print = NAN }

static const struct sim_file catalogue[] = {
	FILE_ROW("bracket_x12.gcode", 47.6, 189, 47.6, 245, 110, 0.2, 246, "PETG"),
	FILE_ROW("lid_x4.gcode", 12.0, 311, 31.0, 245, 100, 0.2, 140, "PETG"),
	FILE_ROW("hook_50.gcode", 6.1, 241, 22.4, 215, 60, 0.28, 180, "PLA"),
	FILE_ROW("case_top.gcode", 22.9, 453, 88.0, 230, 85, 0.16, 330, "PETG"),
	FILE_ROW("vase.gcode", 9.8, 250, 18.5, 210, 60, 0.24, 420, "PLA"),
	FILE_ROW("arm_left_v3.gcode", 15.2, 222, 40.1, 240, 100, 0.2, 190, "ABS"),
	FILE_ROW("plate_7.gcode", 61.0, 552, 120.4, 220, 55, 0.2, 512, "PLA"),
	FILE_ROW("Zahnr\xc3\xa4""der_40.gcode", 8.4, 142, 16.0, 215, 60, 0.16, 110, "PLA"),
	FILE_ROW("petg/clip_v2.gcode", 1.9, 34, 4.1, 240, 80, 0.2, 48, "PETG"),
	FILE_ROW("petg/lid_x1.gcode", 3.2, 78, 7.9, 245, 100, 0.2, 140, "PETG"),
	FILE_ROW("calibration/first_layer.gcode", 0.4, 6, 0.9, 210, 60, 0.2, 1, "PLA"),
	FILE_ROW("calibration/temp_tower.gcode", 5.5, 96, 9.3, 240, 60, 0.2, 220, "PLA"),
};

size_t store_catalogue_count(void)
{
	return ARRAY_LEN(catalogue);
}

const struct sim_file *store_catalogue(size_t i)
{
	return &catalogue[i];
}

void sim_file_copy(struct sim_file *to, const struct sim_file *from)
{
	*to = *from;
	to->path = mem_strdup(from->path);
}

void store_done(struct store *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->files[i].path);
	free(s->files);
	memset(s, 0, sizeof(*s));
}

/* Where path is, or where it would have to go. */
static size_t place(const struct store *s, const char *path)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (strcmp(s->files[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct sim_file *store_find(const struct store *s, const char *path)
{
	size_t i = place(s, path);

	return i < s->n && strcmp(s->files[i].path, path) == 0 ? &s->files[i] : NULL;
}

struct sim_file *store_put_take(struct store *s, struct sim_file *f)
{
	size_t i = place(s, f->path);

	if (i < s->n && strcmp(s->files[i].path, f->path) == 0) {
		free(s->files[i].path);
	} else {
		s->files = mem_grow(s->files, s->n, &s->cap, sizeof(*s->files));
		memmove(&s->files[i + 1], &s->files[i], (s->n - i) * sizeof(*s->files));
		s->n++;
	}
	s->files[i] = *f;
	s->version++;
	return &s->files[i];
}

static bool inside(const char *path, const char *folder)
{
	return str_starts(path, folder) && (!*folder || path[strlen(folder)] == '/');
}

bool store_is_folder(const struct store *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (inside(s->files[i].path, path))
			return true;
	return !*path;
}

bool store_remove(struct store *s, const char *path)
{
	size_t kept = 0, n = s->n;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(s->files[i].path, path) == 0 || (*path && inside(s->files[i].path, path)))
			free(s->files[i].path);
		else
			s->files[kept++] = s->files[i];
	}
	s->n = kept;
	s->version += kept != n;
	return kept != n;
}

/* ---- G-code ---- */

#define SCAN_BYTES (1u << 20)

static double number_after(const char *line, char letter)
{
	const char *at = strchr(line, letter);

	return at ? strtod(at + 1, NULL) : (double)NAN;
}

static void scan_nozzle(struct gcode_scan *g, const char *line)
{
	double v = number_after(line, 'S');

	if (v > g->file->nozzle_c)
		g->file->nozzle_c = v;
}

static void scan_bed(struct gcode_scan *g, const char *line)
{
	double v = number_after(line, 'S');

	if (v > g->file->bed_c)
		g->file->bed_c = v;
}

static void scan_dwell(struct gcode_scan *g, const char *line)
{
	double s = number_after(line, 'S'), ms = number_after(line, 'P');

	if (!isnan(s))
		g->dwell_s += s;
	else if (!isnan(ms))
		g->dwell_s += ms / 1000;
}

static void scan_seconds(struct gcode_scan *g, const char *line)
{
	g->time_s = number_after(line, ':');
}

/* "1d 2h 3m 4s" */
static void scan_time(struct gcode_scan *g, const char *line)
{
	const char *at = strchr(line, '=');
	double total = 0;
	char *end;

	for (at = at ? at + 1 : ""; *at; at = end + 1) {
		double v = strtod(at, &end);

		if (end == at)
			break;
		total += v * (*end == 'd' ? 86400 : *end == 'h' ? 3600 : *end == 'm' ? 60 : 1);
		if (!*end)
			break;
	}
	g->time_s = total;
}

static void scan_layer_mm(struct gcode_scan *g, const char *line)
{
	g->file->layer_mm = number_after(line, '=');
}

static void scan_filament(struct gcode_scan *g, const char *line)
{
	g->file->filament_mm = number_after(line, '=');
}

static void scan_layers(struct gcode_scan *g, const char *line)
{
	double v = number_after(line, strchr(line, '=') ? '=' : ':');

	if (v >= 0 && v < 1e6)
		g->file->layers = (int)v;
}

static void scan_material(struct gcode_scan *g, const char *line)
{
	const char *at = strchr(line, '=');

	str_copy(g->file->material, sizeof(g->file->material), at ? at + 1 + (at[1] == ' ') : "");
}

static const struct {
	const char *start;
	void (*fn)(struct gcode_scan *g, const char *line);
} scan_rows[] = {
	{ "M104 ", scan_nozzle },
	{ "M109 ", scan_nozzle },
	{ "M140 ", scan_bed },
	{ "M190 ", scan_bed },
	{ "G4 ", scan_dwell },
	{ ";TIME:", scan_seconds },
	{ ";LAYER_COUNT:", scan_layers },
	{ "; estimated printing time (normal mode)", scan_time },
	{ "; total layers count", scan_layers },
	{ "; layer_height ", scan_layer_mm },
	{ "; filament used [mm]", scan_filament },
	{ "; filament_type ", scan_material },
};

static void scan_line(struct gcode_scan *g)
{
	g->line[g->len] = '\0';
	if (g->len && g->line[g->len - 1] == '\r')
		g->line[g->len - 1] = '\0';
	for (size_t i = 0; !g->overlong && i < ARRAY_LEN(scan_rows); i++)
		if (str_starts(g->line, scan_rows[i].start))
			scan_rows[i].fn(g, g->line);
	g->len = 0;
	g->overlong = false;
}

void gcode_scan_init(struct gcode_scan *g, struct sim_file *f)
{
	memset(g, 0, sizeof(*g));
	g->file = f;
	g->time_s = NAN;
}

void gcode_scan_add(struct gcode_scan *g, const char *data, size_t len)
{
	g->file->size += (int64_t)len;
	for (size_t i = 0; i < len && g->seen < SCAN_BYTES; i++, g->seen++) {
		if (data[i] == '\n')
			scan_line(g);
		else if (g->len + 1 < sizeof(g->line))
			g->line[g->len++] = data[i];
		else
			g->overlong = true;
	}
}

void gcode_scan_end(struct gcode_scan *g)
{
	struct sim_file *f = g->file;

	scan_line(g);
	f->analysed = g->time_s > 0;
	/* Without an estimate: what the file waits for, and about 4 KB of moves a second. */
	f->print_s = f->analysed ? g->time_s : g->dwell_s + (double)f->size / 4200;
	if (f->print_s < 3)
		f->print_s = 3;
	f->start_byte = f->size / 50;
	f->end_byte = f->size;
	f->last_print = NAN;
	if (!(f->layer_mm > 0))
		f->layer_mm = 0.2;
	f->first_layer_mm = f->layer_mm;
	if (f->layers <= 0)
		f->layers = (int)fmin(fmax(f->print_s / 45, 1), 400);
	if (!(f->filament_mm >= 0))
		f->filament_mm = 0;
	f->filament_mm = f->filament_mm > 0 ? f->filament_mm : f->print_s * 4;
}
