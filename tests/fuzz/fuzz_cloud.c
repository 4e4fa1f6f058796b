/*
 * Fuzz target: what a cloud answers to the connector. Whatever comes, a command that passes the checks names nothing outside
 * the folder of G-code files, and an identity can be put into a header.
 */
#include "connector/base64.h"
#include "connector/parts.h"
#include "fuzz.h"

static void check_path(const char *path)
{
	MUST(*path && *path != '/' && !strchr(path, '\\'));
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		MUST(*part && *part != '/');
		MUST(!(part[0] == '.' && (part[1] == '/' || !part[1])));
		MUST(!(part[0] == '.' && part[1] == '.' && (part[2] == '/' || !part[2])));
	}
}

static void check_args(enum cloud_action a, const struct action_args *args)
{
	must_be_clean(args->file, sizeof(args->file));
	MUST(strspn(args->axes, "xyz") == strlen(args->axes));
	if (a == CLOUD_ACTION_START || a == CLOUD_ACTION_DELETE || a == CLOUD_ACTION_UPLOAD)
		check_path(args->file);
	if (a == CLOUD_ACTION_UPLOAD)
		MUST(args->content && *args->name && !strchr(args->name, '/'));
	if (a == CLOUD_ACTION_BACKUP)
		MUST(*args->backup_id && !strchr(args->backup_id, '/') && args->backup_id[0] != '.' && args->include);
	if (a == CLOUD_ACTION_HISTORY)
		MUST(args->limit >= 1 && args->limit <= 10000);
}

static void check_command(const struct json *item)
{
	struct action_args args;
	struct cloud_command c;
	struct err e = { 0 };
	char *text;

	if (!protocol_command(item, &c, &e)) {
		MUST(e.code != ERR_NONE);
		return;
	}
	MUST(*c.id);
	must_be_clean(c.id, sizeof(c.id));
	must_be_clean(c.name, sizeof(c.name));
	if (c.action < CLOUD_ACTION_N && protocol_args(c.action, c.params, &args, &e))
		check_args(c.action, &args);
	text = protocol_completion(json_new_object(), e.code == ERR_NONE ? NULL : e.text);
	MUST(strlen(text) < 2 * PROTOCOL_ERROR_BYTES);
	free(text);
}

static void check_registration(const char *text, size_t len)
{
	struct registration r;
	struct err e;

	if (!protocol_read_registration(text, len, 3, &r, &e))
		return;
	MUST(*r.id && secret_is_set(&r.secret));
	for (const char *s = r.secret.value; *s; s++)
		MUST((unsigned char)*s > ' ');
	registration_done(&r);
}

static void check_url(const char *text)
{
	char base[512], path[4096];

	if (!cloud_split_url(text, base, sizeof(base), path, sizeof(path)))
		return;
	MUST(path[0] == '/' && !strpbrk(path, " \r\n#") && !strpbrk(base, "?# \r\n"));
}

static void check_base64(const char *text)
{
	struct base64 b = { 0 };
	unsigned char *room = mem_alloc(base64_room(strlen(text)));
	size_t n;

	base64_add(&b, text, strlen(text), room, &n);
	MUST(n <= base64_room(strlen(text)));
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	char *text = fuzz_rest(&f);
	size_t len = strlen(text);
	struct json *root = json_parse(text, len, NULL);

	for (const struct json *item = json_first(root); item; item = json_next(item))
		check_command(item);
	json_free(root);
	check_registration(text, len);
	check_url(text);
	check_base64(text);
	protocol_host_is_private(text);
	free(text);
	return 0;
}
