/*
 * Moonraker before it is a printer of the fleet: what it is, what one may do, and logging in for
 * its key.
 */
#include "moonraker.h"

#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define TOKEN_BYTES 4096

/* ---- getting to know it ---- */

enum { ASK_ACCESS, ASK_SERVER, ASK_MAINSAIL, ASK_FLUIDD, ASK_HOST, ASK_N };

static const char *const questions[ASK_N] = {
	[ASK_ACCESS] = "/access/info",
	[ASK_SERVER] = "/server/info",
	[ASK_MAINSAIL] = "/server/database/item?namespace=mainsail&key=general.printername",
	[ASK_FLUIDD] = "/server/database/item?namespace=fluidd&key=uiSettings.general.instanceName",
	[ASK_HOST] = "/printer/info",
};

/* NULL for what is no good answer; the caller frees. */
static struct json *document(const struct http_reply *r)
{
	return r->fault || r->status != 200 ? NULL : json_parse(r->body, r->len, NULL);
}

static bool is_error_object(const struct http_reply *r)
{
	struct json *root = r->fault ? NULL : json_parse(r->body, r->len, NULL);
	bool is = json_is_object(json_get(root, "error"));

	json_free(root);
	return is;
}

/* Old versions have no such path; 0.11.0 answers it without a key, but not with a wrong one. */
static void hear_access(struct introduction *in, const struct http_reply *r)
{
	struct json *root = document(r);

	json_str(root, "result.default_source", in->source, sizeof(in->source));
	in->logs_in = in->source[0] != '\0';
	json_free(root);
}

static bool hear_server(struct introduction *in, const struct http_reply *r, struct err *e)
{
	struct json *root = document(r);

	if (root && json_str(root, "result.moonraker_version", in->version, sizeof(in->version)))
		str_copy(in->access, sizeof(in->access), "full");
	else if (r->status == 401 && is_error_object(r))
		str_copy(in->access, sizeof(in->access), "protected");
	else if (!json_raw(root, "result.klippy_state"))
		return json_free(root), err_set(e, ERR_BAD_REPLY, "it is not Moonraker");
	in->known = true;
	json_free(root);
	return true;
}

static void hear_name(struct introduction *in, const struct http_reply *r, const char *path)
{
	struct json *root = document(r);

	json_str(root, path, in->name, sizeof(in->name));
	json_free(root);
}

static bool hear_answer(struct introduction *in, const struct http_reply *r, struct err *e)
{
	switch (in->step) {
	case ASK_ACCESS:
		hear_access(in, r);
		break;
	case ASK_SERVER:
		return hear_server(in, r, e);
	case ASK_MAINSAIL:
	case ASK_FLUIDD:
		hear_name(in, r, "result.value");
		break;
	case ASK_HOST:
		hear_name(in, r, "result.hostname");
		break;
	}
	return true;
}

enum exchange_next moonraker_introduce(struct introduction *in, const struct http_reply *prev,
				       struct http_req *ret, struct err *e)
{
	if (!prev)
		in->step = ASK_ACCESS;
	else if (!hear_answer(in, prev, e))
		return EXCHANGE_FAILED;
	else
		in->step++;
	/* Names are for those who may look. */
	if (in->step >= ASK_N || in->name[0] || str_eq(in->access, "protected"))
		return EXCHANGE_DONE;
	driver_get(ret, questions[in->step]);
	return EXCHANGE_SEND;
}

/* ---- a user logs in to read the key ---- */

enum { CLAIM_LOGIN, CLAIM_READ };

static enum exchange_next login(struct claim *c, struct http_req *ret)
{
	struct json *body = json_new_object();

	json_set_str(body, "username", c->user);
	json_set_str(body, "password", secret_is_set(&c->password) ? c->password.value : "");
	if (c->source[0])
		json_set_str(body, "source", c->source);
	driver_post_take(ret, "/access/login", body, TIMEOUT_REPLY_MS);
	ret->changes = false;		/* nothing of the printer */
	ret->no_key = true;
	secret_done(&c->password);
	return EXCHANGE_SEND;
}

/* The session is left to end by itself: a logout would end the user's other ones, too (0.11.0). */
static enum exchange_next read_key(struct claim *c, struct http_req *ret)
{
	driver_get(ret, "/access/api_key");
	sbuf_addf(&ret->headers, "Authorization: Bearer %s\n", c->token.value);
	ret->no_key = true;
	return EXCHANGE_SEND;
}

static bool is_header_text(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* 0.11.0: 400 "Invalid Password" and "Unregistered User", 401 after too many tries. */
static enum exchange_next hear_login(struct claim *c, const struct http_reply *r,
				     struct http_req *ret, struct err *e)
{
	struct json *root;
	const char *token;
	bool good;

	if (r->status == 400 || r->status == 401) {
		driver_refuse(r, ERR_AUTH, "the login was refused", e);
		return EXCHANGE_FAILED;
	}
	root = driver_read(r, e);
	token = json_raw(root, "result.token");
	good = token && *token && is_header_text(token) && strlen(token) <= TOKEN_BYTES;
	if (good)
		secret_set(&c->token, token);
	json_free(root);
	if (good) {
		c->step = CLAIM_READ;
		return read_key(c, ret);
	}
	if (e->code == ERR_NONE)
		err_set(e, ERR_BAD_REPLY, "Moonraker's answer to the login was not understood");
	return EXCHANGE_FAILED;
}

static enum exchange_next hear_key(struct claim *c, const struct http_reply *r, struct err *e)
{
	struct json *root;
	const char *key;

	if (r->status == 401) {
		err_set(e, ERR_UNSUPPORTED,
			"its API key is switched off (enable_api_key), and printop needs one: "
			"or let it trust this computer (trusted_clients)");
		return EXCHANGE_FAILED;
	}
	root = driver_read(r, e);
	key = json_raw(root, "result");
	if (key && *key && strlen(key) <= LIMIT_KEY_BYTES)
		secret_set(&c->key, key);
	else if (e->code == ERR_NONE)
		err_set(e, ERR_BAD_REPLY, "Moonraker sent no key");
	json_free(root);
	return secret_is_set(&c->key) ? EXCHANGE_DONE : EXCHANGE_FAILED;
}

enum exchange_next moonraker_claim(struct claim *c, const struct http_reply *prev,
				   struct http_req *ret, struct err *e)
{
	struct err fault;

	err_clear(e);
	if (!c->user) {
		err_set(e, ERR_UNSUPPORTED,
			"Moonraker asks nobody: log in, give a key, or let it trust this computer");
		return EXCHANGE_FAILED;
	}
	if (!prev)
		return login(c, ret);
	if (driver_is_fault(prev, &fault)) {
		err_set(e, fault.code, "%s", fault.text);
		return EXCHANGE_FAILED;
	}
	return c->step == CLAIM_LOGIN ? hear_login(c, prev, ret, e) : hear_key(c, prev, e);
}
