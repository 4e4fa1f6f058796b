/*
 * create_backup: packs folders in the worker pool, then sends the archive to the address that the
 * cloud named.
 */
#include "connector/parts.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "connector/archive.h"

#define INPUT_BYTES (10ll << 30)
#define NAMES_BYTES 8192		/* of what was left out, in the result */
#define ENDING ".tar.gz"

struct backup {
	struct order *o; /* NULL: nobody waits any more; it frees itself when the pool is done */
	struct archive a;
	char *root, *path;
	char base[512];			/* where it goes */
	char rest[4096];
	struct err err;
	bool made, packing;
	struct call *call;
};

static void backup_free(struct backup *b)
{
	if (b->made)
		unlink(b->path);
	explicit_bzero(b->rest, sizeof(b->rest));
	sbuf_done(&b->a.names);
	free(b->root);
	free(b->path);
	free(b);
}

static void end(struct backup *b, const char *error)
{
	struct order *o = b->o;

	o->backup = NULL;
	backup_free(b);
	order_end(o, error);
}

/* ---- may it ---- */

/* "~/x" as the original reads it. */
static char *expand(const char *root)
{
	const char *home = getenv("HOME");

	if (!str_starts(root, "~/"))
		return mem_strdup(root);
	return path_join(!home || !*home || str_eq(home, "/root") ? "/usr/data" : home, root + 2);
}

static bool is_below(const char *real, const char *allowed)
{
	char base[PATH_MAX];
	size_t len;

	if (!realpath(allowed, base))
		return false;
	len = strlen(base);
	return str_starts(real, base) && (real[len] == '/' || real[len] == '\0');
}

/* The folder by its real path, when it lies in one that the operator allows. */
static char *allowed_root(const struct connector_config *k, const char *wanted, struct err *e)
{
	char *root = expand(*wanted || !k->n_backup_roots ? wanted : k->backup_roots[0]),
	     real[PATH_MAX];
	bool found = realpath(root, real) != NULL;

	free(root);
	for (int i = 0; found && i < k->n_backup_roots; i++)
		if (is_below(real, k->backup_roots[i]))
			return mem_strdup(real);
	if (!k->n_backup_roots)
		err_set(e, ERR_REFUSED, "no folder may be packed here: backup_roots is not set");
	else
		err_set(e, ERR_REFUSED,
			"params.printer_data_root is no folder that may be packed here");
	return NULL;
}

static bool check_url(const struct connector_config *k, const char *url, struct backup *b,
		      struct err *e)
{
	struct http_url u;
	const char *why;
	bool ok = !k->n_backup_hosts;

	if (!cloud_split_url(url, b->base, sizeof(b->base), b->rest, sizeof(b->rest)) ||
	    !http_url_parse(b->base, &u, &why))
		return err_set(e, ERR_REFUSED, "params.presigned_url is no address");
	if (!u.tls && !k->insecure_http)
		return err_set(e, ERR_REFUSED, "params.presigned_url must be https");
	for (int i = 0; i < k->n_backup_hosts; i++)
		ok |= str_glob(k->backup_hosts[i], u.host);
	return ok || err_set(e, ERR_REFUSED,
			     "archives may not be sent to the host of params.presigned_url");
}

/* ---- sending ---- */

static void set_left_out(const struct backup *b, struct json *result)
{
	struct json *list = json_new_array();
	char *text = mem_strdup(sbuf_str(&b->a.names)), *at = text, *line;

	while ((line = str_token(&at, "\n")))
		json_push_str(list, str_clean(line));
	json_set_take(result, "left_out", list);
	json_set_int(result, "left_out_count", b->a.left_out, -1);
	free(text);
}

static void set_result(struct backup *b)
{
	struct json *result = action_result(b->o);
	char at[24];

	protocol_time(loop_wall_s(), at);
	json_set_int(result, "size_bytes", b->a.bytes, -1);
	json_set_str(result, "sha256", b->a.sha256);
	json_set_str(result, "uploaded_at", at);
	json_set_int(result, "files", b->a.files, -1);
	if (b->a.left_out)
		set_left_out(b, result);
	b->o->result = result;
}

/* Neither the address nor what its server says goes into the text: both may hold the signature. */
static void sent(void *ctx, const struct http_reply *r)
{
	struct backup *b = ctx;
	char text[TEXT_CAP];
	struct err e;

	b->call = NULL;
	if (cloud_verdict(r, &e) == CLOUD_GOOD) {
		set_result(b);
		end(b, NULL);
		return;
	}
	if (r->fault)
		str_printf(text, sizeof(text), "upload of the archive: %s",
			   http_fault_text(r->fault));
	else
		str_printf(text, sizeof(text), "upload of the archive: http %ld", r->status);
	end(b, text);
}

static void upload(struct backup *b)
{
	struct transport *t = b->o->c->app->transport;
	struct endpoint to = { .base_url = b->base, .connect_ms = 10000 };
	struct http_req r;

	http_req_init(&r);
	r.elsewhere = true;
	r.method = HTTP_PUT;
	r.no_key = true;
	r.timeout_ms = 0;
	sbuf_adds(&r.path, b->rest);
	r.upload = MEM_NEW(struct http_upload);
	r.upload->local_path = mem_strdup(b->path);
	r.upload->raw_type = mem_strdup("application/gzip");
	b->call = t->ops->send(t, &to, &r, sent, b);
	http_req_done(&r);
}

/* ---- packing ---- */

static void pack(void *ctx)
{
	struct backup *b = ctx;

	b->made = archive_make(&b->a, &b->err);
}

static void packed(void *ctx)
{
	struct backup *b = ctx;
	char text[sizeof(b->err.text)];

	b->packing = false;
	if (!b->o) {
		backup_free(b);
	} else if (b->made) {
		upload(b);
	} else {
		str_copy(text, sizeof(text), b->err.text);
		end(b, text);
	}
}

void backup_start(struct order *o)
{
	const struct connector_config *k = &o->c->config;
	struct backup *b = MEM_NEW(struct backup);
	struct err e = { 0 };

	b->o = o;
	o->backup = b;
	sbuf_init(&b->a.names, NAMES_BYTES);
	b->root = allowed_root(k, o->args.root, &e);
	if (!b->root || !check_url(k, o->args.url, b, &e)) {
		end(b, e.text);
		return;
	}
	b->path = mem_printf("%s/%s" ENDING, ledger_dir(o->c->ledger), o->args.backup_id);
	unlink(b->path);		/* of a copy that was killed */
	b->a.root = b->root;
	b->a.path = b->path;
	b->a.parts = o->args.include;
	b->a.max_bytes = INPUT_BYTES;
	b->packing = true;
	loop_work(o->c->app->loop, pack, packed, b);
}

void backup_stop(struct backup *b)
{
	if (!b)
		return;
	b->a.stop = true;
	if (b->call) {
		struct transport *t = b->o->c->app->transport;

		t->ops->cancel(t, b->call);
	}
	b->o = NULL;
	if (!b->packing)
		backup_free(b);
}

void backup_sweep(const struct connector *c)
{
	DIR *d = opendir(ledger_dir(c->ledger));
	const struct dirent *f;

	while (d && (f = readdir(d))) {
		if (!str_ends(f->d_name, ENDING))
			continue;
		char *path = path_join(ledger_dir(c->ledger), f->d_name);

		unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
}
