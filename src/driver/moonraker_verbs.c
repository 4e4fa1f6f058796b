/* Moonraker's verbs as sequences of requests: by JSON-RPC where it has it, by plain paths else. */
#include "moonraker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/* Which reply is awaited. */
enum place {
	AT_BEGIN,
	AT_METADATA,		/* start: is the file there */
	AT_DIRECTORY,		/* start: it was not scanned; is it there all the same */
	AT_RPC, AT_PLAIN,	/* the command itself */
	AT_ESTOP, AT_ESTOP_AGAIN,
	AT_UPLOAD,
	AT_STORED,		/* upload: the answer was lost; is the file there */
	AT_LIST, AT_SPACE,
	AT_DELETE
};

/* Those that run a macro answer when it is done, behind the G-code that runs already. */
static const struct {
	const char *method, *path;
	long timeout_ms;
} commands[VERB_N] = {
	[VERB_PAUSE] = { "printer.print.pause", "/printer/print/pause", TIMEOUT_COMMAND_MS },
	[VERB_RESUME] = { "printer.print.resume", "/printer/print/resume", TIMEOUT_COMMAND_MS },
	[VERB_CANCEL] = { "printer.print.cancel", "/printer/print/cancel", TIMEOUT_COMMAND_MS },
	[VERB_START] = { "printer.print.start", "/printer/print/start", TIMEOUT_COMMAND_MS },
	[VERB_RESTART] = { "printer.firmware_restart", "/printer/firmware_restart",
			   TIMEOUT_ANSWER_MS },
	[VERB_HOME] = { "printer.gcode.script", "/printer/gcode/script", TIMEOUT_COMMAND_MS },
};

static enum exchange_next await_reply(struct exchange *x, enum place place)
{
	x->step = place;
	return EXCHANGE_SEND;
}

static enum exchange_next failed(struct err *e, enum err_code code, const char *text)
{
	err_set(e, code, "%s", text);
	return EXCHANGE_FAILED;
}

static enum exchange_next accepted(struct exchange *x, const char *note)
{
	x->sent = true;
	str_copy(x->note, sizeof(x->note), note);
	return EXCHANGE_DONE;
}

/* ---- commands ---- */

static struct json *command_params(const struct exchange *x)
{
	struct json *params = json_new_object();
	char script[16] = "G28";

	for (size_t i = 0; x->args.axes[i]; i++)
		str_printf(script + 3 + 2 * i, 3, " %c", x->args.axes[i] - 'a' + 'A');
	if (x->verb == VERB_HOME)
		json_set_str(params, "script", script);
	if (x->verb == VERB_START)
		json_set_str(params, "filename", x->args.file);
	return params;
}

static enum exchange_next send_plain(struct exchange *x, struct http_req *ret)
{
	driver_post_take(ret, commands[x->verb].path, command_params(x),
			 commands[x->verb].timeout_ms);
	return await_reply(x, AT_PLAIN);
}

/*
 * By JSON-RPC an error arrives with its whole text; by a plain path one of several lines is lost,
 * and with tornado before 6.5.3 the connection is closed without an answer.
 */
static enum exchange_next send_command(const struct printer *p, struct exchange *x,
				       struct http_req *ret)
{
	struct json *call;

	if (p->state.no_jsonrpc)
		return send_plain(x, ret);
	call = json_new_object();
	json_set_str(call, "jsonrpc", "2.0");
	json_set_str(call, "method", commands[x->verb].method);
	json_set_take(call, "params", command_params(x));
	json_set_num(call, "id", 1);
	driver_post_take(ret, "/server/jsonrpc", call, commands[x->verb].timeout_ms);
	return await_reply(x, AT_RPC);
}

/* Moonraker 0.11.0: 404, or -32601, before Klippy has been there once; 503 after it went. */
static enum exchange_next explain(long code, const char *text, struct err *e)
{
	if (code == 401 || (code == -32602 && str_eq(text, "Unauthorized")))
		return failed(e, ERR_AUTH, "key refused");
	if (code == 404 || code == 503 || code == -32601)
		return failed(e, ERR_REFUSED, "Klippy is not connected");
	err_set(e, strstr(text, "Unable to open file") ? ERR_NOT_FOUND :
		   code >= 500 ? ERR_BAD_REPLY : ERR_REFUSED, "refused: %s", text);
	return EXCHANGE_FAILED;
}

/* A command whose answer is lost is not repeated: it may run, or still wait for its turn. */
static enum exchange_next hear_fault(struct exchange *x, const struct http_reply *prev,
				     struct err *e)
{
	if (!prev->fault && prev->status == 504)
		return accepted(x, "the proxy stopped waiting for it; it still runs");
	driver_is_fault(prev, e);
	if (prev->fault == HTTP_FAULT_EMPTY)
		return failed(e, ERR_REFUSED, "refused without a text: Klippy is not ready for it");
	if (driver_is_lost(prev))
		err_wrap(e, "it may have been carried out");
	return EXCHANGE_FAILED;
}

static enum exchange_next hear_plain(struct exchange *x, const struct http_reply *prev,
				     struct err *e)
{
	char text[TEXT_CAP];

	if (driver_is_fault(prev, e))
		return hear_fault(x, prev, e);
	if (prev->status >= 200 && prev->status < 300)
		return accepted(x, "");
	driver_error_text(prev, text, sizeof(text));
	return explain(prev->status, text, e);
}

static enum exchange_next hear_rpc(struct exchange *x, const struct http_reply *prev,
				   struct http_req *ret, struct err *e)
{
	char text[TEXT_CAP];
	struct json *root;
	long code = 0;

	/* Before 0.9 there is no such path: nothing has happened. */
	if (!prev->fault && (prev->status == 404 || prev->status == 405))
		return send_plain(x, ret);
	if (prev->fault || prev->status != 200)
		return hear_plain(x, prev, e);
	root = driver_read(prev, e);
	if (!root)
		return EXCHANGE_FAILED;
	if (!json_get(root, "result"))
		code = (long)json_int(root, "error.code", 500);
	if (!json_str(root, "error.message", text, sizeof(text)))
		str_copy(text, sizeof(text), "without a text");
	json_free(root);
	return code ? explain(code, text, e) : accepted(x, "");
}

static enum exchange_next step_command(const struct printer *p, struct exchange *x,
				       const struct http_reply *prev, struct http_req *ret,
				       struct err *e)
{
	if (!prev)
		return send_command(p, x, ret);
	return x->step == AT_RPC ? hear_rpc(x, prev, ret, e) : hear_plain(x, prev, e);
}

/* ---- emergency stop ---- */

/*
 * The one command that goes past all queues, and only by this path (M112 as G-code would wait). It
 * may be repeated; whether there is JSON-RPC is no question to lose time with.
 */
static enum exchange_next step_estop(struct exchange *x, const struct http_reply *prev,
				     struct http_req *ret, struct err *e)
{
	bool again = prev && x->step == AT_ESTOP &&
		     (driver_is_lost(prev) || prev->fault == HTTP_FAULT_EMPTY);

	if (!prev || again) {
		driver_post(ret, "/printer/emergency_stop", "{}", TIMEOUT_ESTOP_MS);
		return await_reply(x, again ? AT_ESTOP_AGAIN : AT_ESTOP);
	}
	return hear_plain(x, prev, e);
}

/* ---- start ---- */

static void get_metadata(const char *path, struct http_req *ret)
{
	driver_get(ret, "/server/files/metadata?filename=");
	str_url_encode(&ret->path, path, true);
}

/* A start of a missing file is refused, but not before the last job's result is wiped. */
static enum exchange_next begin_start(const struct printer *p, struct exchange *x,
				      struct http_req *ret, struct err *e)
{
	if ((!x->args.file || !*x->args.file) && p->state.job.file[0]) {
		free(x->args.file);
		x->args.file = mem_strdup(p->state.job.file);
	}
	if (!x->args.file || !*x->args.file)
		return failed(e, ERR_REFUSED, "no file is selected: name one");
	/* 0.11.0: a name that is not UTF-8 makes the request hang for ever. */
	if (!driver_path_is_safe(x->args.file))
		return failed(e, ERR_REFUSED, "this name cannot be sent back to the server");
	get_metadata(x->args.file, ret);
	return await_reply(x, AT_METADATA);
}

static enum exchange_next get_directory(struct exchange *x, struct http_req *ret)
{
	char *folder = mem_strdup(x->args.file);
	char *slash = strrchr(folder, '/');

	if (slash)
		*slash = '\0';
	driver_get(ret, "/server/files/directory?path=gcodes");
	if (slash) {
		sbuf_addc(&ret->path, '/');
		str_url_encode(&ret->path, folder, true);
	}
	ret->max_bytes = LIMIT_LIST_BYTES;
	free(folder);
	return await_reply(x, AT_DIRECTORY);
}

static bool is_listed(const struct json *root, const char *name)
{
	const struct json *f = json_first(json_at(root, "result.files"));

	while (f && !str_eq(json_raw(f, "filename"), name))
		f = json_next(f);
	return f != NULL;
}

/* Someone else may have started a job since; while one is paused, a start would throw it away. */
static enum exchange_next send_start(const struct printer *p, struct exchange *x,
				     struct http_req *ret, struct err *e)
{
	if (driver_in(p, STATUS_ACTIVE))
		return failed(e, ERR_REFUSED, "another job is under way");
	return send_command(p, x, ret);
}

static enum exchange_next hear_directory(const struct printer *p, struct exchange *x,
					 const struct http_reply *prev, struct http_req *ret,
					 struct err *e)
{
	struct json *root = prev->status == 200 ? driver_read(prev, e) : NULL;
	bool listed = is_listed(root, str_basename(x->args.file));

	json_free(root);
	if (!listed)
		return failed(e, ERR_NOT_FOUND, "no such file on the server");
	return send_start(p, x, ret, e);
}

static enum exchange_next step_start(const struct printer *p, struct exchange *x,
				     const struct http_reply *prev, struct http_req *ret,
				     struct err *e)
{
	if (!prev)
		return begin_start(p, x, ret, e);
	if (x->step != AT_METADATA && x->step != AT_DIRECTORY)
		return step_command(p, x, prev, ret, e);
	if (driver_is_fault(prev, e))
		return EXCHANGE_FAILED;
	if (x->step == AT_DIRECTORY)
		return hear_directory(p, x, prev, ret, e);
	if (prev->status == 404)
		return get_directory(x, ret);
	return prev->status < 300 ? send_start(p, x, ret, e) : hear_plain(x, prev, e);
}

/* ---- upload ---- */

static enum exchange_next send_upload(struct exchange *x, struct http_req *ret, struct err *e)
{
	char name[NAME_CAP];

	driver_upload_name(&x->args, name, sizeof(name));
	if (!x->args.local || !*name)
		return failed(e, ERR_USAGE, "no usable file name");
	driver_upload(ret, "/server/files/upload", &x->args);
	driver_upload_field(ret, "root", "gcodes");
	if (x->args.folder && *x->args.folder)
		driver_upload_field(ret, "path", x->args.folder);
	if (x->args.start)
		driver_upload_field(ret, "print", "true");
	/* Two uploads to one host in the same second are mixed up; the sum tells. */
	ret->upload->sha256 = true;
	str_printf(x->remote_path, sizeof(x->remote_path), "%s%s%s",
		   x->args.folder ? x->args.folder : "",
		   x->args.folder && *x->args.folder ? "/" : "", name);
	return await_reply(x, AT_UPLOAD);
}

/* Its errors have one-word messages: the status says what is meant. */
static enum exchange_next refused_upload(struct exchange *x, const struct http_reply *r,
					 struct err *e)
{
	char text[TEXT_CAP];

	driver_error_text(r, text, sizeof(text));
	if (r->status == 401)
		return failed(e, ERR_AUTH, "key refused");
	if (r->status == 403)
		return failed(e, ERR_REFUSED, "that file is being printed");
	if (r->status == 422)
		return failed(e, ERR_IO, "the file arrived damaged: send it again");
	if (r->status == 413 || (r->status == 400 && !r->len))
		return failed(e, ERR_TOO_BIG, "the file is larger than the server takes");
	/* 0.11.0: two uploads in the same second on one host collide. */
	if (r->status == 500 && strstr(text, "Unable to save file")) {
		x->step = AT_BEGIN;
		err_set(e, ERR_BAD_REPLY, "another upload came in between");
		return EXCHANGE_RETRY;
	}
	err_set(e, r->status >= 500 ? ERR_BAD_REPLY : ERR_REFUSED, "refused: %s", text);
	return EXCHANGE_FAILED;
}

static enum exchange_next check_size(struct exchange *x, struct err *e)
{
	/* A .ufp is unpacked: what is stored is another file. */
	if (x->remote_bytes < 0 || x->args.local_bytes < 0 ||
	    x->remote_bytes == x->args.local_bytes || str_ends(x->args.local, ".ufp"))
		return EXCHANGE_DONE;
	err_set(e, ERR_BAD_REPLY, "the file there has %lld bytes instead of %lld",
		(long long)x->remote_bytes, (long long)x->args.local_bytes);
	return EXCHANGE_FAILED;
}

/* Before February 2023 the path has its root in front. */
static void take_path(struct exchange *x, const struct json *root)
{
	char path[NAME_CAP];

	if (!json_str(root, "item.path", path, sizeof(path)) || !*path)
		return;
	if (str_starts(path, "gcodes/") && str_eq(path + 7, x->remote_path))
		return;
	str_copy(x->remote_path, sizeof(x->remote_path), path);
}

/* The answer is not wrapped in "result". */
static enum exchange_next hear_upload(struct exchange *x, const struct http_reply *prev,
				      struct http_req *ret, struct err *e)
{
	struct json *root;

	/* The proxy has sent it all and then did not wait for the file to be scanned. */
	if (!prev->fault && prev->status == 504) {
		get_metadata(x->remote_path, ret);
		return await_reply(x, AT_STORED);
	}
	if (driver_is_fault(prev, e))
		return EXCHANGE_FAILED;
	if (prev->status >= 400)
		return refused_upload(x, prev, e);
	root = driver_read(prev, e);
	if (!root)
		return EXCHANGE_FAILED;
	x->sent = true;
	x->started = x->args.start && json_bool(root, "print_started", false);
	x->start_refused = x->args.start && !x->started;
	x->remote_bytes = json_int(root, "item.size", -1);
	take_path(x, root);
	json_free(root);
	if (x->start_refused)
		str_copy(x->note, sizeof(x->note),
			 "the printer was not ready for it");
	return check_size(x, e);
}

static enum exchange_next hear_stored(struct exchange *x, const struct http_reply *prev,
				      struct err *e)
{
	struct err unread;
	struct json *root = NULL;

	if (!driver_is_fault(prev, &unread))
		root = driver_read(prev, &unread);
	x->remote_bytes = json_int(root, "result.size", -1);
	json_free(root);
	if (x->remote_bytes < 0)
		return failed(e, ERR_TIMEOUT, "the proxy stopped waiting; no file there (yet)");
	x->sent = true;
	str_copy(x->note, sizeof(x->note), x->args.start ?
		 "stored; the proxy stopped waiting, so whether it starts is not known" :
		 "stored; the proxy stopped waiting for the answer");
	return check_size(x, e);
}

static enum exchange_next step_upload(struct exchange *x, const struct http_reply *prev,
				      struct http_req *ret, struct err *e)
{
	if (!prev)
		return send_upload(x, ret, e);
	return x->step == AT_STORED ? hear_stored(x, prev, e) : hear_upload(x, prev, ret, e);
}

/* ---- files ---- */

/* The scanner's own pictures. */
static bool is_hidden(const char *path)
{
	return str_starts(path, ".thumbs/") || strstr(path, "/.thumbs/");
}

static void add_file(const struct json *entry, struct file_list *l)
{
	const char *raw = json_raw(entry, "path");
	char path[NAME_CAP];
	struct remote_file *f;

	if (!raw || is_hidden(raw))
		return;
	f = file_list_add(l);
	if (!f)
		return;
	json_str(entry, "path", path, sizeof(path));
	f->path = mem_strdup(path);
	f->unsafe_name = !str_eq(raw, path) || !driver_path_is_safe(path);
	f->size_bytes = json_int(entry, "size", -1);
	f->modified_at = driver_read_time(entry, "modified");
}

/* The first len bytes of path are a folder: is it one of the file before, too? */
static bool has_folder(const char *before, const char *path, size_t len)
{
	return before && strncmp(before, path, len + 1) == 0;
}

/* The list names files only; sorted, a folder is new where the file before it is in another. */
static void add_folders(struct file_list *l)
{
	const size_t n = l->n;

	for (size_t i = 0; i < n; i++) {
		const char *before = i ? l->files[i - 1].path : NULL, *path = l->files[i].path;

		for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
			struct remote_file *f;

			if (has_folder(before, path, (size_t)(s - path)))
				continue;
			f = file_list_add(l);
			if (!f)
				return;
			f->path = mem_strndup(path, (size_t)(s - path));
			f->is_folder = true;
		}
	}
}

static bool read_files(const struct http_reply *r, struct file_list *l, struct err *e)
{
	struct json *root = driver_read(r, e);
	const struct json *files = json_get(root, "result");

	if (!root)
		return false;
	if (!json_is_array(files)) {
		json_free(root);
		return err_set(e, ERR_BAD_REPLY, "the list has no files");
	}
	for (const struct json *v = json_first(files); v && !l->cut; v = json_next(v))
		add_file(v, l);
	str_copy(l->etag, sizeof(l->etag), r->etag);
	file_list_sort(l);
	add_folders(l);
	file_list_sort(l);
	json_free(root);
	return true;
}

static enum exchange_next hear_list(struct exchange *x, const struct http_reply *prev,
				    struct http_req *ret, struct err *e)
{
	if (driver_is_fault(prev, e))
		return EXCHANGE_FAILED;
	if (prev->status == 401)
		return explain(401, "", e);
	if (!driver_list_unchanged(x, prev) && !read_files(prev, &x->files, e))
		return EXCHANGE_FAILED;
	driver_get(ret, "/server/files/directory?path=gcodes");
	ret->max_bytes = LIMIT_LIST_BYTES;
	return await_reply(x, AT_SPACE);
}

static enum exchange_next hear_space(struct exchange *x, const struct http_reply *prev)
{
	struct err unread;
	struct json *root = NULL;

	if (!driver_is_fault(prev, &unread))
		root = driver_read(prev, &unread);
	x->files.free_bytes = json_num(root, "result.disk_usage.free", NAN);
	json_free(root);
	return EXCHANGE_DONE;
}

static enum exchange_next step_files(struct exchange *x, const struct http_reply *prev,
				     struct http_req *ret, struct err *e)
{
	if (prev)
		return x->step == AT_SPACE ? hear_space(x, prev) : hear_list(x, prev, ret, e);
	driver_get(ret, "/server/files/list?root=gcodes");
	driver_ask_if_changed(x, ret);
	ret->timeout_ms = TIMEOUT_LIST_MS;
	ret->max_bytes = LIMIT_LIST_BYTES;
	return await_reply(x, AT_LIST);
}

/* ---- delete ---- */

static enum exchange_next hear_delete(struct exchange *x, const struct http_reply *prev,
				      struct err *e)
{
	if (!driver_is_fault(prev, e) && prev->status == 403)
		return failed(e, ERR_REFUSED, "that file is being printed");
	/* 0.11.0: a missing file is a 400 whose message is only "Bad Request". */
	if (!prev->fault && (prev->status == 400 || prev->status == 404))
		return failed(e, ERR_NOT_FOUND, "no such file on the server");
	return hear_plain(x, prev, e);
}

static enum exchange_next step_delete(const struct printer *p, struct exchange *x,
				      const struct http_reply *prev, struct http_req *ret,
				      struct err *e)
{
	if (prev)
		return hear_delete(x, prev, e);
	if (!driver_may_delete(p, x, e))
		return EXCHANGE_FAILED;
	driver_delete(ret, "/server/files/gcodes/", x->args.file);
	return await_reply(x, AT_DELETE);
}

/* ---- all ---- */

enum exchange_next moonraker_step(const struct printer *p, struct exchange *x,
				  const struct http_reply *prev, struct http_req *ret, struct err *e)
{
	struct err unread;

	e = e ? e : &unread;
	err_clear(e);
	switch (x->verb) {
	case VERB_UPLOAD:
		return step_upload(x, prev, ret, e);
	case VERB_FILES:
		return step_files(x, prev, ret, e);
	case VERB_ESTOP:
		return step_estop(x, prev, ret, e);
	case VERB_START:
		return step_start(p, x, prev, ret, e);
	case VERB_PAUSE:
	case VERB_RESUME:
	case VERB_CANCEL:
	case VERB_RESTART:
	case VERB_HOME:
		return step_command(p, x, prev, ret, e);
	case VERB_DELETE:
		return step_delete(p, x, prev, ret, e);
	case VERB_CONNECT:
	case VERB_DISCONNECT:
	case VERB_N:
		break;
	}
	return failed(e, ERR_UNSUPPORTED, "Moonraker cannot do that");
}
