/* Keys of the gateway's clients: made here, shown once, kept as salted hashes. */
#include <printop/access.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sha256.h>
#include <printop/str.h>

#define CLIENTS_MAX 1000
#define FILE_MAX (1u << 20)
#define SALT_HEX 33

struct client {
	struct access_client shown;
	char salt[SALT_HEX], hash[65];
};

struct access {
	char *path;
	struct timespec changed;	/* of the file that was read */
	int64_t inode;
	struct client *clients;
	size_t n, cap;
};

static const struct {
	unsigned right;
	const char *name;
} rights[] = {
	{ ACCESS_LOOK, "look" }, { ACCESS_UPLOAD, "upload" }, { ACCESS_START, "start" }, { ACCESS_CONTROL, "control" },
};

/* A key holds 256 random bits, so one round of a salted hash is enough: there is nothing to guess. */
static void hash_key(const char *salt, const char *key, char hex[65])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, salt, strlen(salt));
	sha256_add(&s, key, strlen(key));
	sha256_hex(&s, hex);
}

static bool random_hex(char *dst, size_t bytes, struct err *e)
{
	unsigned char raw[64];

	if (bytes > sizeof(raw) || getrandom(raw, bytes, 0) != (ssize_t)bytes)
		return err_set(e, ERR_INTERNAL, "the system gives no random numbers");
	for (size_t i = 0; i < bytes; i++)
		str_printf(dst + 2 * i, 3, "%02x", raw[i]);
	explicit_bzero(raw, sizeof(raw));
	return true;
}

/* ---- the file ---- */

static void read_client(struct access *a, const struct json *o)
{
	struct client c = { .shown = { .used_at = NAN } };

	if (!json_str(o, "name", c.shown.name, sizeof(c.shown.name)) || !json_str(o, "salt", c.salt, sizeof(c.salt)) ||
	    !json_str(o, "hash", c.hash, sizeof(c.hash)) || a->n >= CLIENTS_MAX)
		return;
	c.shown.overwrite = json_bool(o, "overwrite", true);
	c.shown.made_at = json_num(o, "made_at", NAN);
	for (const struct json *v = json_first(json_get(o, "rights")); v; v = json_next(v)) {
		char word[16];

		json_str_value(v, word, sizeof(word), false);
		for (size_t i = 0; i < ARRAY_LEN(rights); i++)
			if (str_eq(word, rights[i].name))
				c.shown.rights |= rights[i].right;
	}
	a->clients = mem_grow(a->clients, a->n, &a->cap, sizeof(*a->clients));
	a->clients[a->n++] = c;
}

static char *file_path(void)
{
	char *dir = path_config_dir(), *path = path_join(dir, "clients.json");

	free(dir);
	return path;
}

/* Each save makes a new file, so its inode and time tell. */
static bool note_file(struct access *a)
{
	struct stat st;
	bool same;

	if (stat(a->path, &st))
		memset(&st, 0, sizeof(st));
	same = a->inode == (int64_t)st.st_ino && a->changed.tv_sec == st.st_mtim.tv_sec &&
	       a->changed.tv_nsec == st.st_mtim.tv_nsec;
	a->inode = (int64_t)st.st_ino;
	a->changed = st.st_mtim;
	return !same;
}

static bool read_file(struct access *a, struct err *e)
{
	struct json *root;
	char *text;
	size_t len;

	if (!path_read(a->path, FILE_MAX, &text, &len, e)) {
		if (e->code != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		a->n = 0;
		return true;
	}
	root = json_parse(text, len, e);
	free(text);
	if (!root)
		return err_wrap(e, "%s", a->path);
	a->n = 0;
	for (const struct json *v = json_first(json_get(root, "clients")); v; v = json_next(v))
		read_client(a, v);
	json_free(root);
	return true;
}

struct access *access_load(struct err *e)
{
	struct access *a = MEM_NEW(struct access);

	a->path = file_path();
	note_file(a);
	if (read_file(a, e))
		return a;
	access_free(a);
	return NULL;
}

void access_refresh(struct access *a)
{
	struct err e = { 0 };

	if (note_file(a) && !read_file(a, &e))
		log_warn("the keys are kept as they were: %s", e.text);
}

void access_free(struct access *a)
{
	if (!a)
		return;
	free(a->clients);
	free(a->path);
	free(a);
}

static struct json *client_json(const struct client *c)
{
	struct json *o = json_new_object(), *list = json_new_array();

	json_set_str(o, "name", c->shown.name);
	json_set_str(o, "salt", c->salt);
	json_set_str(o, "hash", c->hash);
	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		if (c->shown.rights & rights[i].right)
			json_push_str(list, rights[i].name);
	json_set_take(o, "rights", list);
	json_set_bool(o, "overwrite", c->shown.overwrite);
	json_set_num(o, "made_at", c->shown.made_at);
	return o;
}

static bool save(const struct access *a, struct err *e)
{
	struct json *root = json_new_object(), *list = json_new_array();
	char *text, *dir = path_dirname(a->path);
	bool good;

	for (size_t i = 0; i < a->n; i++)
		json_push_take(list, client_json(&a->clients[i]));
	json_set_take(root, "clients", list);
	text = json_print(root, true);
	good = path_make_dirs(dir, e) && path_write(a->path, text, strlen(text), 0600, e);
	free(text);
	free(dir);
	json_free(root);
	return good;
}

/* ---- clients ---- */

static struct client *find(const struct access *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_eq_nocase(a->clients[i].shown.name, name))
			return &a->clients[i];
	return NULL;
}

static bool check_name(const struct access *a, const char *name, struct err *e)
{
	char shown[sizeof(a->clients->shown.name)];
	bool whole = str_copy(shown, sizeof(shown), name);

	if (!*name || !whole || !str_eq(str_clean(shown), name))
		return err_set(e, ERR_USAGE, "a name has 1 to 63 characters and none that cannot be shown");
	if (find(a, name))
		return err_set(e, ERR_USAGE, "there is a key named %s already: remove it first, or take another name", name);
	if (a->n >= CLIENTS_MAX)
		return err_set(e, ERR_TOO_BIG, "there are %d keys already", CLIENTS_MAX);
	return true;
}

bool access_new(struct access *a, const char *name, unsigned rights_wanted, bool overwrite, char key[64], struct err *e)
{
	struct client c = { .shown = { .rights = rights_wanted | ACCESS_LOOK, .overwrite = overwrite, .used_at = NAN } };
	char hex[65];

	access_refresh(a);	/* another process may have made one */
	if (!check_name(a, name, e) || !random_hex(c.salt, 16, e) || !random_hex(hex, 24, e))
		return false;
	str_copy(c.shown.name, sizeof(c.shown.name), name);
	str_printf(key, 64, "po_%s", hex);
	explicit_bzero(hex, sizeof(hex));
	hash_key(c.salt, key, c.hash);
	c.shown.made_at = (double)(int64_t)loop_wall_s();
	a->clients = mem_grow(a->clients, a->n, &a->cap, sizeof(*a->clients));
	a->clients[a->n++] = c;
	if (save(a, e))
		return true;
	a->n--;
	return false;
}

bool access_remove(struct access *a, const char *name, struct err *e)
{
	struct client *c, gone;

	access_refresh(a);
	c = find(a, name);
	if (!c)
		return err_set(e, ERR_NOT_FOUND, "there is no key named %s", name);
	gone = *c;
	*c = a->clients[--a->n];
	if (save(a, e))
		return true;
	a->clients[a->n++] = *c;
	*c = gone;
	return false;
}

size_t access_count(const struct access *a)
{
	return a->n;
}

const struct access_client *access_at(const struct access *a, size_t i)
{
	return i < a->n ? &a->clients[i].shown : NULL;
}

/* All bytes are looked at whatever differs, and all clients whoever it is. */
const struct access_client *access_check(struct access *a, const char *key)
{
	struct client *found = NULL;
	char hex[65];

	for (size_t i = 0; key && i < a->n; i++) {
		unsigned char differ = 0;

		hash_key(a->clients[i].salt, key, hex);
		for (size_t k = 0; k < 64; k++)
			differ |= (unsigned char)(hex[k] ^ a->clients[i].hash[k]);
		if (!differ)
			found = &a->clients[i];
	}
	if (!found)
		return NULL;
	found->shown.used_at = loop_wall_s();
	return &found->shown;
}
