/* The Cura door without a network: archives, ids, the digest, and lists in which every key has its type. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/path.h>
#include <printop/queue.h>
#include "fake_transport.h"
#include "gateway/cura.h"
#include "gateway/cura_announce.h"
#include "gateway/cura_auth.h"
#include "gateway/cura_materials.h"
#include "gateway/cura_preview.h"
#include "gateway/cura_upload.h"
#include "gateway/unpack.h"

#define FIXTURES "tests/fixtures/cura/"
#define CAP (64 << 20)

static char state_dir[] = "/tmp/printop-cura-XXXXXX";

/* ---- archives ---- */

static char *slurp(const char *path, size_t *len)
{
	struct err e = { 0 };
	char *data;

	if (!path_read(path, CAP, &data, len, &e))
		fail_msg("%s", e.text);
	return data;
}

static bool collect(void *ctx, const void *data, size_t len, struct err *e)
{
	return sbuf_add(ctx, data, len) || err_set(e, ERR_TOO_BIG, "the test's buffer is full");
}

static bool gunzip(const char *data, size_t len, size_t step, int64_t max, struct sbuf *out, struct err *e)
{
	struct gunzip *g = gunzip_new(max, collect, out);
	bool good = true;

	for (size_t at = 0; good && at < len; at += step)
		good = gunzip_add(g, data + at, len - at < step ? len - at : step, e);
	good = good && gunzip_end(g, e);
	gunzip_free(g);
	return good;
}

static void assert_model(const char *data, size_t len)
{
	size_t want;
	char *model = slurp(FIXTURES "model.gcode", &want);

	assert_int_equal(len, want);
	assert_memory_equal(data, model, want);
	free(model);
}

static void test_gunzip_members(void **state)
{
	static const char *const files[] = { FIXTURES "one.gz", FIXTURES "two.gz" };
	static const size_t steps[] = { 1, 2, 7, 1000, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files) * ARRAY_LEN(steps); i++) {
		struct sbuf out = SBUF_INIT(CAP);
		struct err e = { 0 };
		size_t len;
		char *data = slurp(files[i % ARRAY_LEN(files)], &len);

		if (!gunzip(data, len, steps[i / ARRAY_LEN(files)], CAP, &out, &e))
			fail_msg("%s", e.text);
		assert_model(sbuf_str(&out), out.len);
		sbuf_done(&out);
		free(data);
	}
}

static void assert_gunzip_fails(const char *data, size_t len, int64_t max, enum err_code code)
{
	for (size_t step = 1; step <= len; step = step * 3 + 5) {
		struct sbuf out = SBUF_INIT(CAP);
		struct err e = { 0 };

		assert_false(gunzip(data, len, step, max, &out, &e));
		assert_int_equal(e.code, code);
		assert_true(e.text[0]);
		sbuf_done(&out);
	}
}

static void test_gunzip_refuses(void **state)
{
	size_t len;
	char *data = slurp(FIXTURES "one.gz", &len), *more;

	(void)state;
	assert_gunzip_fails(data, len - 1, CAP, ERR_BAD_REPLY);
	assert_gunzip_fails(data, len / 2, CAP, ERR_BAD_REPLY);
	assert_gunzip_fails("G28\nG1 X1\n", 10, CAP, ERR_BAD_REPLY);
	assert_gunzip_fails(data, len, 5000, ERR_TOO_BIG);
	more = mem_zalloc(len + 10, 1);
	memcpy(more, data, len);
	memcpy(more + len, "rubbish", 7);
	assert_gunzip_fails(more, len + 7, CAP, ERR_BAD_REPLY);
	memcpy(more + len, "\0\0x", 3);		/* padding, and then something */
	assert_gunzip_fails(more, len + 3, CAP, ERR_BAD_REPLY);
	more[len - 6] ^= 1;			/* the checksum */
	assert_gunzip_fails(more, len, CAP, ERR_BAD_REPLY);
	free(more);
	free(data);
	data = slurp(FIXTURES "bomb.gz", &len);
	assert_gunzip_fails(data, len, CAP, ERR_TOO_BIG);
	free(data);
}

static void test_gunzip_nothing(void **state)
{
	struct sbuf out = SBUF_INIT(10);
	struct err e = { 0 };

	(void)state;
	assert_false(gunzip("", 0, 1, CAP, &out, &e));
	assert_int_equal(e.code, ERR_BAD_REPLY);
}

static bool unpack(const char *path, int64_t max, struct sbuf *out, struct err *e)
{
	struct ufp *u = ufp_open(path, max, e);
	char piece[1000];
	size_t got = 0;
	bool good = u != NULL;

	while (good && (good = ufp_read(u, piece, sizeof(piece), &got, e)) && got)
		assert_true(sbuf_add(out, piece, got));
	ufp_close(u);
	return good;
}

static void test_ufp(void **state)
{
	static const char *const files[] = { FIXTURES "good.ufp", FIXTURES "no-slash.ufp" };

	(void)state;
	if (!ufp_supported())
		return;		/* it is refused in words: test_ufp_refuses */
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct sbuf out = SBUF_INIT(CAP);
		struct cura_material m;
		struct err e = { 0 };
		unsigned char *png;
		struct ufp *u;
		size_t len;
		char *xml;

		if (!unpack(files[i], CAP, &out, &e))
			fail_msg("%s", e.text);
		assert_model(sbuf_str(&out), out.len);
		sbuf_done(&out);
		u = ufp_open(files[i], CAP, &e);
		png = ufp_thumbnail(u, &len);
		assert_non_null(png);
		assert_memory_equal(png, "\x89PNG", 4);
		free(png);
		xml = ufp_material(u);
		assert_non_null(xml);
		assert_true(cura_material_read(xml, &m));
		assert_string_equal(m.guid, "506c9f0d-e3aa-4bd4-b2d2-23e2425b1aa9");
		assert_int_equal(m.version, 3);
		assert_string_equal(m.material, "PLA");
		free(xml);
		ufp_close(u);
	}
}

static void test_ufp_refuses(void **state)
{
	static const struct {
		const char *file;
		int64_t max;
		enum err_code code;
	} cases[] = {
		{ FIXTURES "bomb.ufp", CAP, ERR_TOO_BIG }, { FIXTURES "many.ufp", CAP, ERR_TOO_BIG },
		{ FIXTURES "no-model.ufp", CAP, ERR_BAD_REPLY }, { FIXTURES "cut.ufp", CAP, ERR_BAD_REPLY },
		{ FIXTURES "damaged.ufp", CAP, ERR_BAD_REPLY }, { FIXTURES "one.gz", CAP, ERR_BAD_REPLY },
		{ FIXTURES "good.ufp", 1000, ERR_TOO_BIG }, { "/nowhere/at/all", CAP, ERR_BAD_REPLY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sbuf out = SBUF_INIT(CAP);
		struct err e = { 0 };

		if (unpack(cases[i].file, cases[i].max, &out, &e))
			fail_msg("%s was taken", cases[i].file);
		assert_int_equal(e.code, ufp_supported() ? cases[i].code : ERR_UNSUPPORTED);
		assert_true(e.text[0]);
		sbuf_done(&out);
	}
}

/* ---- names ---- */

static void test_job_names(void **state)
{
	static const char *const cases[][2] = {
		{ "fleet auto.ufp", "fleet auto.gcode" }, { "x.gcode.gz", "x.gcode" }, { "x.gcode.ufp", "x.gcode" },
		{ ".ufp", "cura-job.gcode" }, { " .ufp", "cura-job.gcode" }, { "..-..-etc-passwd.ufp", "-..-etc-passwd.gcode" },
		{ "../../etc/passwd.gcode", "passwd.gcode" }, { "/etc/x.gcode", "x.gcode" }, { "", "cura-job.gcode" },
		{ "a\x01\x1b[31mb.gcode", "a[31mb.gcode" }, { "gr\xc3\xbc\xc3\x9f.ufp", "gr\xc3\xbc\xc3\x9f.gcode" },
		{ "..", "cura-job.gcode" }, { "x.GCODE", "x.gcode" }, { "x.stl", "x.stl.gcode" },
	};
	char name[256], far[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cura_job_name(name, sizeof(name), cases[i][0]);
		assert_string_equal(name, cases[i][1]);
	}
	memset(far, 'a', sizeof(far));
	memcpy(far + 290, ".ufp", 5);
	cura_job_name(name, sizeof(name), far);
	assert_true(strlen(name) < 200 && str_ends(name, ".gcode"));
}

/* ---- digest ---- */

static void test_digest_vector(void **state)
{
	char key[65], hex[65];

	(void)state;
	memset(key, 'k', 64);
	key[64] = '\0';
	cura_auth_response("0123456789abcdef0123456789abcdef", key, "GET", "/cluster-api/v1/printers", "abcdef", "00000001",
			   "0a4f113b9c2d7e88", hex);
	/* Worked out with Python's hashlib. */
	assert_string_equal(hex, "2bfe66bf33a2fc9d100bec2122d860bc132c7968689ed397514e1549de5a8ade");
}

static void make_header(char *dst, size_t size, const struct cura_credentials *who, const char *method, const char *path,
			const char *nonce)
{
	char hex[65];

	cura_auth_response(who->id, who->key, method, path, nonce, "00000002", "0123456789abcdef", hex);
	str_printf(dst, size, "Digest username=\"%s\", realm=\"Jedi-API\", nonce=\"%s\", uri=\"%s\", nc=00000002, "
		   "cnonce=\"0123456789abcdef\", qop=auth, response=\"%s\", algorithm=\"SHA-256\"", who->id, nonce, path, hex);
}

static void test_digest(void **state)
{
	static const char secret[] = "s3cret", path[] = "/cluster-api/v1/print_jobs";
	struct cura_credentials a, again, other;
	char challenge[260], nonce[100], header[900];
	const char *at;

	(void)state;
	cura_auth_grant(secret, "Ultimaker Cura", "me@pc", &a);
	cura_auth_grant(secret, "Ultimaker Cura", "me@pc", &again);
	cura_auth_grant(secret, "Ultimaker Cura", "you@pc", &other);
	assert_string_equal(a.id, again.id);
	assert_string_equal(a.key, again.key);
	assert_string_not_equal(a.id, other.id);
	cura_auth_challenge(secret, 1000, false, challenge, sizeof(challenge));
	at = strstr(challenge, "nonce=\"");
	assert_non_null(at);
	str_printf(nonce, sizeof(nonce), "%.*s", (int)strcspn(at + 7, "\""), at + 7);
	make_header(header, sizeof(header), &a, "GET", path, nonce);
	assert_int_equal(cura_auth_check(secret, header, "GET", path, 1001), CURA_AUTH_GOOD);
	assert_int_equal(cura_auth_check(secret, header, "PUT", path, 1001), CURA_AUTH_WRONG);
	assert_int_equal(cura_auth_check(secret, header, "GET", "/other", 1001), CURA_AUTH_WRONG);
	assert_int_equal(cura_auth_check("another", header, "GET", path, 1001), CURA_AUTH_WRONG);
	assert_int_equal(cura_auth_check(secret, header, "GET", path, 1000 + 7200), CURA_AUTH_STALE);
	make_header(header, sizeof(header), &a, "GET", path, "invented-by-the-client");
	assert_int_equal(cura_auth_check(secret, header, "GET", path, 1001), CURA_AUTH_STALE);
	assert_int_equal(cura_auth_check(secret, NULL, "GET", path, 1001), CURA_AUTH_NONE);
	assert_int_equal(cura_auth_check(secret, "Bearer x", "GET", path, 1001), CURA_AUTH_NONE);
	assert_int_equal(cura_auth_check(secret, "Digest", "GET", path, 1001), CURA_AUTH_NONE);
	assert_int_equal(cura_auth_check(secret, "Digest ,,=,=\"", "GET", path, 1001), CURA_AUTH_WRONG);
}

/* ---- a fleet to look at ---- */

struct bench {
	struct loop *loop;
	struct app *app;
	struct cura cura;
	struct cura_words words;
};

static void remove_state(void)
{
	pid_t child = fork();

	if (!child) {
		execlp("rm", "rm", "-rf", state_dir, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void bench_open(struct bench *b, const char *const *names)
{
	struct config *c = config_load(NULL);
	struct err e = { 0 };
	char *ids = mem_printf("%s/ids.json", state_dir);

	mkdir(state_dir, 0700);
	memset(b, 0, sizeof(*b));
	for (int i = 0; names[i]; i++) {
		struct printer_config p;

		printer_config_init(&p);
		p.name = mem_strdup(names[i]);
		p.url = mem_printf("http://10.0.0.%d", i + 1);
		p.dialect = mem_strdup(i % 2 ? "moonraker" : "octoprint");
		p.camera_url = i ? NULL : mem_strdup("http://10.0.0.1/webcam/?action=snapshot");
		config_add_printer_take(c, &p);
	}
	b->loop = loop_new();
	b->app = app_new(b->loop, c, &fake_new(b->loop)->base, false, false);
	b->cura.app = b->app;
	b->cura.queue = queue_new(b->app, &e);
	assert_non_null(b->cura.queue);
	b->cura.ids = cura_ids_load(ids, &e);
	assert_non_null(b->cura.ids);
	b->cura.materials = cura_materials_load(NULL, "/nowhere/at/all");
	cura_ids_sync(b->cura.ids, b->app->fleet);
	b->words = (struct cura_words){ .name = "Fleet", .machine = "9066.0", .variant = "Ultimaker 3", .firmware = "5.2.0",
		.host = "192.168.1.10", .cameras = true };
	free(ids);
}

static void bench_close(struct bench *b)
{
	cura_materials_free(b->cura.materials);
	cura_ids_free(b->cura.ids);
	queue_free(b->cura.queue);
	app_free(b->app);
	loop_free(b->loop);
}

static void set_status(struct bench *b, const char *name, enum printer_status s, const char *file)
{
	struct printer *p = fleet_find(b->app->fleet, name);
	struct printer_state next = p->state;

	next.status = s;
	str_copy(next.job.file, sizeof(next.job.file), file);
	next.job.elapsed_s = 60.7;
	next.job.left_s = NAN;
	fleet_commit(b->app->fleet, p->id, &next, 1000, loop_wall_s());
}

/* A job as an earlier run of printop left it. */
static void put_job(const char *id, enum queue_state s, const char *printer, const char *more)
{
	char *dir = mem_printf("%s/printop/queue/%s", state_dir, id), *path = path_join(dir, "job.json"), *text;
	struct err e = { 0 };

	text = mem_printf("{\"state\":\"%s\",\"name\":\"%.3s.gcode\",\"owner\":\"me\",\"start\":true,\"bytes\":9,\"time_s\":754.6,"
			  "\"created_at\":%.0f,\"changed_at\":%.0f,\"started_at\":%.0f,\"ended_at\":%.0f%s%s%s%s}", queue_state_name(s), id,
			  loop_wall_s() - 100, loop_wall_s() - 50, loop_wall_s() - 40, loop_wall_s() - 10,
			  *printer ? ",\"printer\":\"" : "", printer, *printer ? "\"" : "", more);
	assert_true(path_make_dirs(dir, &e));
	assert_true(path_write(path, text, strlen(text), 0600, &e));
	free(text);
	free(path);
	free(dir);
}

static struct json *parse_take(char *text)
{
	struct err e = { 0 };
	struct json *o = json_parse(text, strlen(text), &e);

	assert_non_null(o);
	free(text);
	return o;
}

/* ---- types ---- */

enum type { STR, BOOL, INT, LIST, OBJECT };

struct rule {
	const char *key;
	enum type type;
	bool optional;
};

static bool is_type(const struct json *v, enum type t)
{
	double n = json_value_num(v, NAN);

	switch (t) {
	case STR:
		return json_is_string(v);
	case BOOL:
		return !json_is_string(v) && !json_is_num(v) && !json_is_array(v) && !json_is_object(v) && !json_is_null(v);
	case INT:
		return json_is_num(v) && n == floor(n) && n >= 0;
	case LIST:
		return json_is_array(v);
	case OBJECT:
		return json_is_object(v);
	}
	return false;
}

static void check(const struct json *o, const struct rule *rules, size_t n)
{
	assert_true(json_is_object(o));
	for (size_t i = 0; i < n; i++) {
		const struct json *v = json_get(o, rules[i].key);

		if (!v && rules[i].optional)
			continue;
		if (!v || !is_type(v, rules[i].type))
			fail_msg("%s is missing or has the wrong type", rules[i].key);
	}
}

static void check_configuration(const struct json *list)
{
	static const struct rule extruder[] = { { "extruder_index", INT, false }, { "print_core_id", STR, false },
		{ "material", OBJECT, false } };
	static const struct rule material[] = { { "guid", STR, false }, { "brand", STR, false }, { "color", STR, false },
		{ "material", STR, false } };

	assert_true(json_count(list) >= 1);
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		check(v, extruder, ARRAY_LEN(extruder));
		check(json_get(v, "material"), material, ARRAY_LEN(material));
	}
}

static void check_printers(const struct json *list)
{
	static const struct rule rules[] = {
		{ "enabled", BOOL, false }, { "firmware_version", STR, false }, { "friendly_name", STR, false },
		{ "ip_address", STR, false }, { "machine_variant", STR, false }, { "status", STR, false },
		{ "unique_name", STR, false }, { "uuid", STR, false }, { "configuration", LIST, false },
		{ "reserved_by", STR, false }, { "maintenance_required", BOOL, false }, { "firmware_update_status", STR, false },
		{ "latest_available_firmware", STR, false }, { "build_plate", OBJECT, false },
	};
	static const char words[] = " idle printing pre_print error maintenance booting unreachable ";

	assert_true(json_is_array(list) && json_count(list) >= 1);
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		char word[32];

		check(v, rules, ARRAY_LEN(rules));
		check_configuration(json_get(v, "configuration"));
		assert_null(json_get(v, "material_station"));
		str_printf(word, sizeof(word), " %s ", json_raw(v, "status"));
		assert_non_null(strstr(words, word));
	}
}

static void check_jobs(const struct json *list)
{
	static const struct rule rules[] = {
		{ "created_at", STR, false }, { "force", BOOL, false }, { "machine_variant", STR, false }, { "name", STR, false },
		{ "started", BOOL, false }, { "status", STR, false }, { "time_total", INT, false }, { "time_elapsed", INT, false },
		{ "uuid", STR, false }, { "configuration", LIST, false }, { "constraints", LIST, false }, { "owner", STR, false },
		{ "assigned_to", STR, true }, { "printer_uuid", STR, true }, { "configuration_changes_required", LIST, false },
		{ "impediments_to_printing", LIST, false }, { "compatible_machine_families", LIST, false },
		{ "build_plate", OBJECT, false },
	};
	static const struct rule change[] = { { "type_of_change", STR, false }, { "target_id", STR, false },
		{ "origin_id", STR, false }, { "index", INT, false }, { "target_name", STR, false }, { "origin_name", STR, false } };
	static const struct rule impediment[] = { { "translation_key", STR, false }, { "severity", STR, false } };

	assert_true(json_is_array(list));
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		const char *printer = json_raw(v, "assigned_to");

		check(v, rules, ARRAY_LEN(rules));
		check_configuration(json_get(v, "configuration"));
		for (const struct json *x = json_first(json_get(v, "configuration_changes_required")); x; x = json_next(x))
			check(x, change, ARRAY_LEN(change));
		for (const struct json *x = json_first(json_get(v, "impediments_to_printing")); x; x = json_next(x))
			check(x, impediment, ARRAY_LEN(impediment));
		assert_int_equal(strlen(json_raw(v, "created_at")), strlen("2026-11-21T12:00:00Z"));
		for (const struct json *w = json_next(v); printer && w; w = json_next(w))
			assert_false(str_eq(json_raw(w, "assigned_to"), printer));
	}
}

static const struct json *find_job(const struct json *list, const char *name)
{
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (str_eq(json_raw(v, "name"), name))
			return v;
	return NULL;
}

/* ---- printers ---- */

static void test_printers_of_every_status(void **state)
{
	static const char *const names[] = { "a", "b", NULL };

	(void)state;
	for (int s = 0; s < PRINTER_STATUS_N; s++) {
		struct bench b;
		struct json *list;

		remove_state();
		bench_open(&b, names);
		set_status(&b, "a", (enum printer_status)s, "x.gcode");
		list = parse_take(cura_printers_json(&b.cura, &b.words));
		check_printers(list);
		assert_int_equal(json_count(list), 2);
		assert_int_equal(json_bool(json_first(list), "enabled", -1), s != PRINTER_PARKED);
		assert_string_equal(json_raw(json_first(list), "ip_address"), "192.168.1.10/cam/a#");
		assert_string_equal(json_raw(json_next(json_first(list)), "ip_address"), "192.168.1.10");
		json_free(list);
		list = parse_take(cura_jobs_json(&b.cura, &b.words));
		check_jobs(list);
		json_free(list);
		bench_close(&b);
	}
}

static void test_no_printers(void **state)
{
	static const char *const nobody[] = { NULL };
	struct bench b;
	struct json *list;

	(void)state;
	remove_state();
	bench_open(&b, nobody);
	list = parse_take(cura_printers_json(&b.cura, &b.words));
	check_printers(list);
	assert_int_equal(json_count(list), 1);
	assert_int_equal(json_bool(json_first(list), "enabled", -1), 0);
	json_free(list);
	list = parse_take(cura_jobs_json(&b.cura, &b.words));
	assert_int_equal(json_count(list), 0);
	json_free(list);
	bench_close(&b);
}

static void test_system(void **state)
{
	static const char *const names[] = { "a", NULL };
	static const struct rule rules[] = { { "guid", STR, false }, { "firmware", STR, false }, { "hostname", STR, false },
		{ "name", STR, false }, { "platform", STR, false }, { "variant", STR, false }, { "hardware", OBJECT, false } };
	struct bench b;
	struct json *o;

	(void)state;
	remove_state();
	bench_open(&b, names);
	o = parse_take(cura_system_json(&b.cura, &b.words));
	check(o, rules, ARRAY_LEN(rules));
	assert_string_equal(json_raw(o, "hardware.typeid"), "9066.0");
	json_free(o);
	bench_close(&b);
}

static void test_ids_last(void **state)
{
	static const char *const before[] = { "a", "b", NULL }, *const after[] = { "a", "c", NULL }, *const fewer[] = { "a", NULL };
	char uuid[40], unique[80], instance[40];
	const struct cura_id *id;
	struct bench b;

	(void)state;
	remove_state();
	bench_open(&b, before);
	id = cura_ids_of(b.cura.ids, fleet_find(b.app->fleet, "b"));
	str_copy(uuid, sizeof(uuid), id->uuid);
	str_copy(unique, sizeof(unique), id->unique);
	str_copy(instance, sizeof(instance), cura_ids_instance(b.cura.ids));
	assert_int_equal(strlen(uuid), 36);
	bench_close(&b);
	bench_open(&b, after);		/* b is called c now, at the same address */
	id = cura_ids_of(b.cura.ids, fleet_find(b.app->fleet, "c"));
	assert_string_equal(id->uuid, uuid);
	assert_string_equal(id->unique, unique);
	assert_string_equal(cura_ids_instance(b.cura.ids), instance);
	bench_close(&b);
	bench_open(&b, fewer);		/* and now it is away */
	id = cura_ids_find(b.cura.ids, unique);
	assert_non_null(id);
	assert_string_equal(id->name, "c");
	assert_null(cura_ids_find(b.cura.ids, "never heard of"));
	bench_close(&b);
	bench_open(&b, before);		/* a new b: other ids than the one that became c */
	id = cura_ids_of(b.cura.ids, fleet_find(b.app->fleet, "b"));
	assert_non_null(id);
	bench_close(&b);
}

static void test_ids_broken_file(void **state)
{
	char *path = mem_printf("%s/ids.json", state_dir);
	struct err e = { 0 };

	(void)state;
	remove_state();
	mkdir(state_dir, 0700);
	assert_true(path_write(path, "{\"secret\":7}", 12, 0600, &e));
	assert_null(cura_ids_load(path, &e));
	assert_true(e.text[0]);
	free(path);
}

/* ---- jobs ---- */

#define ID(x) #x "00000-0000-4000-8000-000000000000"

static void test_jobs_of_every_state(void **state)
{
	static const char *const names[] = { "a", "b", "c", NULL };
	struct bench b;
	struct json *list;
	const struct json *v;

	(void)state;
	remove_state();
	put_job(ID(111), QUEUE_WAITING, "", "");
	put_job(ID(222), QUEUE_HELD, "", ",\"reason\":\"it was sent for a printer that is not known here: x\"");
	put_job(ID(333), QUEUE_HELD, "", ",\"griffin\":true,\"target\":\"c\"");
	put_job(ID(444), QUEUE_PRINTING, "a", "");
	put_job(ID(555), QUEUE_DONE, "a", "");
	put_job(ID(666), QUEUE_FAILED, "", ",\"reason\":\"why\"");
	put_job(ID(777), QUEUE_SENT, "b", "");
	bench_open(&b, names);
	set_status(&b, "a", PRINTER_PRINTING, "444.gcode");
	set_status(&b, "b", PRINTER_PRINTING, "somebody's.gcode");
	set_status(&b, "c", PRINTER_IDLE, "");
	cura_refuse(&b.cura, "bad.ufp", "me", "it is no good .ufp");
	list = parse_take(cura_jobs_json(&b.cura, &b.words));
	check_jobs(list);

	v = find_job(list, "111.gcode");
	assert_string_equal(json_raw(v, "status"), "queued");
	assert_null(json_get(v, "assigned_to"));
	v = find_job(list, "222.gcode");
	assert_string_equal(json_raw(v, "status"), "error");
	assert_int_equal(json_count(json_get(v, "impediments_to_printing")), 1);
	v = find_job(list, "333.gcode");	/* waits for an override on c */
	assert_string_equal(json_raw(v, "status"), "queued");
	assert_string_equal(json_raw(v, "assigned_to"), cura_ids_find(b.cura.ids, "c")->uuid);
	assert_int_equal(json_count(json_get(v, "configuration_changes_required")), 1);
	v = find_job(list, "444.gcode");
	assert_string_equal(json_raw(v, "status"), "printing");
	assert_string_equal(json_raw(v, "assigned_to"), cura_ids_find(b.cura.ids, "a")->uuid);
	assert_int_equal(json_int(v, "time_elapsed", -1), 60);
	assert_int_equal(json_int(v, "time_total", -1), 754);
	assert_null(find_job(list, "555.gcode"));	/* its card has another print */
	assert_string_equal(json_raw(find_job(list, "666.gcode"), "status"), "error");
	v = find_job(list, "777.gcode");	/* somebody uses b meanwhile */
	assert_string_equal(json_raw(v, "status"), "queued");
	assert_null(json_get(v, "assigned_to"));
	v = find_job(list, "somebody's.gcode");
	assert_string_equal(json_raw(v, "assigned_to"), cura_ids_find(b.cura.ids, "b")->uuid);
	assert_string_equal(json_raw(find_job(list, "bad.ufp"), "status"), "error");
	json_free(list);

	/* The print has ended: the card keeps it until the next one. */
	bench_close(&b);
	remove_state();
	put_job(ID(555), QUEUE_DONE, "a", "");
	bench_open(&b, names);
	set_status(&b, "a", PRINTER_COMPLETE, "555.gcode");
	list = parse_take(cura_jobs_json(&b.cura, &b.words));
	check_jobs(list);
	assert_int_equal(json_count(list), 1);
	assert_string_equal(json_raw(json_first(list), "status"), "wait_cleanup");
	assert_string_equal(json_raw(json_first(list), "uuid"), ID(555));
	assert_int_equal(json_int(json_first(list), "time_elapsed", -1), json_int(json_first(list), "time_total", -2));
	json_free(list);
	bench_close(&b);
}

/* What claims a card comes behind what waits, and the queue keeps its order. */
static void test_jobs_in_order(void **state)
{
	static const char *const names[] = { "a", NULL };
	static const char *const want[] = { "222.gcode", "333.gcode", "111.gcode" };
	const struct json *v;
	struct bench b;
	struct json *list;
	struct err e = { 0 };

	(void)state;
	remove_state();
	put_job(ID(111), QUEUE_PRINTING, "a", "");
	put_job(ID(222), QUEUE_WAITING, "", ",\"rank\":2");
	put_job(ID(333), QUEUE_WAITING, "", ",\"rank\":1");
	bench_open(&b, names);
	set_status(&b, "a", PRINTER_PRINTING, "111.gcode");
	assert_true(queue_move(b.cura.queue, ID(222), 0, &e));
	list = parse_take(cura_jobs_json(&b.cura, &b.words));
	assert_int_equal(json_count(list), ARRAY_LEN(want));
	v = json_first(list);
	for (size_t i = 0; i < ARRAY_LEN(want); i++, v = json_next(v))
		assert_string_equal(json_raw(v, "name"), want[i]);
	json_free(list);
	bench_close(&b);
}

static void test_active_statuses(void **state)
{
	static const struct {
		enum printer_status from;
		const char *to;
	} cases[] = {
		{ PRINTER_PREPARING, "pre_print" }, { PRINTER_PRINTING, "printing" }, { PRINTER_PAUSING, "pausing" },
		{ PRINTER_PAUSED, "paused" }, { PRINTER_RESUMING, "resuming" }, { PRINTER_CANCELLING, "aborting" },
		{ PRINTER_FINISHING, "post_print" },
	};
	static const char *const names[] = { "a", NULL };
	char uuid[40] = "";
	struct bench b;

	(void)state;
	remove_state();
	bench_open(&b, names);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cura_job *jobs;

		set_status(&b, "a", cases[i].from, "dir/x.gcode");
		assert_int_equal(cura_jobs(&b.cura, &jobs), 1);
		assert_string_equal(cura_status_name(jobs[0].status), cases[i].to);
		assert_string_equal(jobs[0].name, "x.gcode");
		if (uuid[0])		/* one print is one job */
			assert_string_equal(jobs[0].uuid, uuid);
		str_copy(uuid, sizeof(uuid), jobs[0].uuid);
		free(jobs);
	}
	bench_close(&b);
}

/* ---- materials ---- */

static void test_materials(void **state)
{
	static const char *const bad[] = {
		"", "<metadata></metadata>", "<metadata><GUID>x</GUID><version>1</version></metadata>",
		"<metadata><GUID>506c9f0d-e3aa-4bd4-b2d2-23e2425b1aa9</GUID><version>0</version></metadata>",
		"<metadata><GUID>506c9f0d-e3aa-4bd4-b2d2-23e2425b1aa9</GUID><version>1</version>",
		"<GUID>506c9f0d-e3aa-4bd4-b2d2-23e2425b1aa9</GUID><version>1</version>",
	};
	char *path = mem_printf("%s/materials.json", state_dir), *text;
	struct cura_materials *m;
	struct cura_material one;
	struct loop *l = loop_new();
	struct err e = { 0 };

	(void)state;
	remove_state();
	mkdir(state_dir, 0700);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(cura_material_read(bad[i], &one));
	m = cura_materials_load(l, path);
	text = cura_materials_json(m);
	assert_string_equal(text, "[]");
	free(text);
	assert_true(cura_material_read("<fdmmaterial version='1.3'><metadata><name><brand>B</brand><material>ABS</material><color>Red"
				       "</color></name><GUID>00000000-aaaa-4bd4-b2d2-23e2425b1aa9</GUID>\n<version>12</version>"
				       "</metadata>", &one));
	assert_true(cura_materials_add(m, &one, &e));
	one.version = 0;		/* seen in a print: no news about its profile */
	assert_true(cura_materials_add(m, &one, &e));
	cura_materials_free(m);
	m = cura_materials_load(l, path);
	text = cura_materials_json(m);
	assert_string_equal(text, "[{\"guid\":\"00000000-aaaa-4bd4-b2d2-23e2425b1aa9\",\"version\":12}]");
	free(text);
	assert_string_equal(cura_materials_find(m, "00000000-AAAA-4bd4-b2d2-23e2425b1aa9")->material, "ABS");
	assert_null(cura_materials_find(m, ""));
	cura_materials_free(m);
	loop_free(l);
	free(path);
}

/* ---- pictures, announcement ---- */

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void test_placeholder(void **state)
{
	const unsigned char *p = cura_placeholder + 8, *end = cura_placeholder + cura_placeholder_len;
	unsigned char rows[300 * 76];
	uLongf size = sizeof(rows);

	(void)state;
	assert_memory_equal(cura_placeholder, "\x89PNG\r\n\x1a\n", 8);
	assert_int_equal(be32(p + 8), 300);
	for (; p < end; p += 12 + be32(p)) {
		assert_int_equal(be32(p + 8 + be32(p)), crc32(crc32(0, NULL, 0), p + 4, be32(p) + 4));
		if (!memcmp(p + 4, "IDAT", 4))
			assert_int_equal(uncompress(rows, &size, p + 8, be32(p)), Z_OK);
	}
	assert_ptr_equal(p, end);
	assert_int_equal(size, sizeof(rows));
}

static void test_service_file(void **state)
{
	struct cura_words w = { .name = "A & B <x>", .machine = "9066.0", .variant = "Ultimaker 3", .firmware = "5.2.0", .host = "" };
	struct sbuf b = SBUF_INIT(1 << 16);

	(void)state;
	cura_service_file(&b, "printop-0123456789ab", &w, 3, 80);
	assert_non_null(strstr(sbuf_str(&b), "<name>printop-0123456789ab</name>"));
	assert_non_null(strstr(sbuf_str(&b), "<txt-record>name=A &#38; B &#60;x&#62;</txt-record>"));
	assert_non_null(strstr(sbuf_str(&b), "<txt-record>cluster_size=3</txt-record>"));
	assert_non_null(strstr(sbuf_str(&b), "<txt-record>type=printer</txt-record>"));
	sbuf_done(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gunzip_members), cmocka_unit_test(test_gunzip_refuses),
		cmocka_unit_test(test_gunzip_nothing), cmocka_unit_test(test_ufp), cmocka_unit_test(test_ufp_refuses),
		cmocka_unit_test(test_job_names), cmocka_unit_test(test_digest_vector), cmocka_unit_test(test_digest),
		cmocka_unit_test(test_printers_of_every_status), cmocka_unit_test(test_no_printers),
		cmocka_unit_test(test_system), cmocka_unit_test(test_ids_last), cmocka_unit_test(test_ids_broken_file),
		cmocka_unit_test(test_jobs_of_every_state), cmocka_unit_test(test_jobs_in_order),
		cmocka_unit_test(test_active_statuses), cmocka_unit_test(test_materials), cmocka_unit_test(test_placeholder),
		cmocka_unit_test(test_service_file),
	};
	int failed;

	if (!mkdtemp(state_dir))
		return 1;
	setenv("XDG_STATE_HOME", state_dir, 1);
	log_to_stderr(false);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_state();
	return failed;
}
