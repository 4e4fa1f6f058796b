/*
 * The yardstick: the least that libcurl and cJSON need to ask a printer the questions that printop asks, and to
 * read the same values out of the answers, N times over one kept connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include <cjson/cJSON.h>

struct body {
	char data[65536];
	size_t len;
};

/* A question with the values that are read from its answer, as paths. */
struct question {
	const char *path;
	const char *const *values;
};

static const char *const job_values[] = {
	"state", "job.file.path", "job.file.origin", "job.file.size", "job.user", "job.estimatedPrintTime",
	"job.filament.tool0.length", "progress.completion", "progress.printTime", "progress.filepos",
	"progress.printTimeLeft", "progress.printTimeLeftOrigin", NULL,
};

static const char *const temperature_values[] = {
	"temperature.tool0.actual", "temperature.tool0.target",
	"temperature.bed.actual", "temperature.bed.target", NULL,
};

static const char *const query_values[] = {
	"result.status.webhooks.state", "result.status.print_stats.filename", "result.status.print_stats.state",
	"result.status.print_stats.total_duration", "result.status.print_stats.print_duration",
	"result.status.print_stats.filament_used", "result.status.print_stats.info.current_layer",
	"result.status.print_stats.info.total_layer", "result.status.virtual_sdcard.progress",
	"result.status.virtual_sdcard.file_position", "result.status.virtual_sdcard.file_size",
	"result.status.display_status.progress", "result.status.display_status.message",
	"result.status.idle_timeout.state", "result.status.fan.speed", "result.status.gcode_move.speed_factor",
	"result.status.gcode_move.extrude_factor", "result.status.gcode_move.homing_origin",
	"result.status.gcode_move.gcode_position", "result.status.toolhead.homed_axes",
	"result.status.motion_report.live_velocity", "result.status.gcode_macro TIMELAPSE_TAKE_FRAME.is_paused",
	"result.status.extruder.temperature", "result.status.extruder.target", "result.status.extruder.power",
	"result.status.heater_bed.temperature", "result.status.heater_bed.target",
	"result.status.heater_bed.power", "result.status.temperature_sensor raspberry_pi.temperature", NULL,
};

static const struct question octoprint[] = {
	{ "/api/job", job_values },
	{ "/api/printer?exclude=state,sd", temperature_values },
	{ NULL, NULL },
};

static const struct question moonraker[] = {
	{ "/printer/objects/query", query_values },
	{ NULL, NULL },
};

static size_t collect(char *data, size_t size, size_t n, void *ctx)
{
	struct body *b = ctx;
	size_t len = size * n;

	if (b->len + len >= sizeof(b->data))
		return 0;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
	return len;
}

static const cJSON *value_at(const cJSON *v, const char *path)
{
	while (v && *path) {
		size_t len = strcspn(path, ".");

		for (v = v->child; v && (strncmp(v->string, path, len) || v->string[len]); v = v->next)
			continue;
		path += len + (path[len] == '.');
	}
	return v;
}

/* Returns how many of the values are there. */
static int read_values(const struct body *b, const char *const *values, double *sum, char text[512])
{
	cJSON *root = cJSON_ParseWithLength(b->data, b->len);
	int found = 0;

	for (; *values; values++) {
		const cJSON *v = value_at(root, *values);

		found += v != NULL;
		if (cJSON_IsNumber(v))
			*sum += v->valuedouble;
		else if (cJSON_IsString(v))
			snprintf(text, 512, "%s", v->valuestring);
		else if (cJSON_IsArray(v))
			for (const cJSON *item = v->child; item; item = item->next)
				*sum += item->valuedouble;
	}
	cJSON_Delete(root);
	return found;
}

int main(int argc, char **argv)
{
	static struct body b;
	const struct question *questions;
	char key[256], url[256], text[512] = "";
	const struct question *asked = NULL;
	struct curl_slist *headers = NULL;
	double sum = 0;
	int found = 0;

	if (argc < 5) {
		fprintf(stderr, "usage: min_poller POLLS URL DIALECT KEY [JSON-BODY]\n");
		return 2;
	}
	questions = strcmp(argv[3], "octoprint") ? moonraker : octoprint;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	snprintf(key, sizeof(key), "X-Api-Key: %s", argv[4]);
	if (*argv[4])
		headers = curl_slist_append(headers, key);
	if (argc > 5)
		headers = curl_slist_append(headers, "Content-Type: application/json");
	CURL *h = curl_easy_init();

	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &b);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 5000L);
	if (argc > 5)
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, argv[5]);
	for (int i = atoi(argv[1]); i > 0; i--) {
		found = 0;
		for (const struct question *q = questions; q->path; q++) {
			b.len = 0;
			snprintf(url, sizeof(url), "%s%s", argv[2], q->path);
			if (q != asked)
				curl_easy_setopt(h, CURLOPT_URL, url);
			asked = q;
			if (curl_easy_perform(h) != CURLE_OK)
				return 1;
			found += read_values(&b, q->values, &sum, text);
		}
	}
	printf("%d values\n", found);
	curl_easy_cleanup(h);
	curl_slist_free_all(headers);
	return sum < 0;
}
