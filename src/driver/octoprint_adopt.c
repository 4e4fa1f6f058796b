/* OctoPrint before it is a printer of the fleet: what it is, what one may do, and asking for a key.
 */
#include "octoprint.h"

#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define APP_NAME "printop"
#define TOKEN_LETTERS \
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_."

/* ---- getting to know it ---- */

enum { ASK_VERSION, ASK_USER, ASK_SETTINGS, ASK_GRANTS, ASK_N };

static const char *const questions[ASK_N] = {
	[ASK_VERSION] = "/api/version",
	[ASK_USER] = "/api/currentuser",
	[ASK_SETTINGS] = "/api/settings",
	[ASK_GRANTS] = "/plugin/appkeys/probe",
};

static bool is_refused(const struct http_reply *r)
{
	return !r->fault && (r->status == 401 || r->status == 403);
}

/* Moonraker's emulation of OctoPrint says so in this text. */
static bool hear_version(struct introduction *in, const struct http_reply *r, struct err *e)
{
	struct json *root;
	char text[80] = "";

	if (is_refused(r)) {
		in->known = true;
		str_copy(in->access, sizeof(in->access), "protected");
		return true;
	}
	root = driver_read(r, e);
	json_str(root, "text", text, sizeof(text));
	json_str(root, "server", in->version, sizeof(in->version));
	json_free(root);
	in->known = str_starts_nocase(text, "OctoPrint") && !strstr(text, "Moonraker");
	if (!in->known)
		return err_set(e, ERR_BAD_REPLY, "it is not OctoPrint");
	return true;
}

/*
 * Without a good key it answers 200 with a null name and what guests may do, which says nothing
 * good of a key that was sent. Before 1.3.10 and in emulations the path is not there: who may ask
 * for the version may do everything then.
 */
static void hear_user(struct introduction *in, const struct http_reply *r)
{
	struct json *root;

	if (r->fault)
		return;
	root = r->status == 200 ? json_parse(r->body, r->len, NULL) : NULL;
	if (root && in->with_key && json_is_null(json_get(root, "name")))
		str_copy(in->access, sizeof(in->access), "protected");
	else if (root && json_is_array(json_get(root, "permissions")))
		str_copy(in->access, sizeof(in->access), octoprint_read_access(root));
	else if (!in->access[0])
		str_copy(in->access, sizeof(in->access), "full");
	json_free(root);
}

/* Settings that can be read where nothing else can: rights of a guest that only looks. */
static void hear_settings(struct introduction *in, const struct http_reply *r)
{
	struct json *root = r->fault || r->status != 200 ? NULL : json_parse(r->body, r->len, NULL);

	if (!root)
		return;
	json_str(root, "appearance.name", in->name, sizeof(in->name));
	if (str_eq(in->access, "protected"))
		str_copy(in->access, sizeof(in->access), "read-only");
	json_free(root);
}

static void hear_answer(struct introduction *in, const struct http_reply *r)
{
	switch (in->step) {
	case ASK_USER:
		hear_user(in, r);
		break;
	case ASK_SETTINGS:
		hear_settings(in, r);
		break;
	case ASK_GRANTS:
		in->grants = !r->fault && r->status == 204;
		break;
	}
}

enum exchange_next octoprint_introduce(struct introduction *in, const struct http_reply *prev,
				       struct http_req *ret, struct err *e)
{
	if (!prev)
		in->step = ASK_VERSION;
	else if (in->step != ASK_VERSION)
		hear_answer(in, prev);
	else if (!hear_version(in, prev, e))
		return EXCHANGE_FAILED;
	in->step += prev != NULL;
	if (in->step >= ASK_N)
		return EXCHANGE_DONE;
	driver_get(ret, questions[in->step]);
	ret->no_key = in->step == ASK_GRANTS;
	return EXCHANGE_SEND;
}

/* ---- asking for a key: "press Allow" ---- */

enum { CLAIM_ASK, CLAIM_POLL };

static enum exchange_next ask(struct http_req *ret)
{
	struct json *body = json_new_object();

	json_set_str(body, "app", APP_NAME);
	driver_post_take(ret, "/plugin/appkeys/request", body, TIMEOUT_REPLY_MS);
	ret->changes = false;		/* a question changes no printer */
	ret->no_key = true;
	return EXCHANGE_SEND;
}

static enum exchange_next poll(const struct claim *c, struct http_req *ret)
{
	driver_get(ret, "/plugin/appkeys/request/");
	sbuf_adds(&ret->path, c->token.value);
	ret->no_key = true;
	return EXCHANGE_SEND;
}

static enum exchange_next hear_asked(struct claim *c, const struct http_reply *r, struct err *e)
{
	struct json *root;
	const char *token;
	bool good;

	if (r->status == 404) {
		err_set(e, ERR_UNSUPPORTED,
			"its application keys are switched off: make a key in OctoPrint's "
			"settings");
		return EXCHANGE_FAILED;
	}
	if (r->status == 429) {
		err_set(e, ERR_REFUSED,
			"OctoPrint was asked too often; it takes 3 questions a minute and 10 an "
			"hour");
		return EXCHANGE_FAILED;
	}
	root = driver_read(r, e);
	token = json_raw(root, "app_token");
	/* It becomes part of a path: nothing in it may lead elsewhere. */
	good = token && *token && *token != '.' && strlen(token) <= LIMIT_KEY_BYTES &&
	       !token[strspn(token, TOKEN_LETTERS)];
	if (good)
		secret_set(&c->token, token);
	json_free(root);
	if (!good) {
		if (e->code == ERR_NONE)
			err_set(e, ERR_BAD_REPLY,
				"OctoPrint's answer to the question was not understood");
		return EXCHANGE_FAILED;
	}
	c->step = CLAIM_POLL;
	return EXCHANGE_RETRY;
}

/* 1.11.8: 202 while nobody has decided, 200 with the key once, 404 when denied or too old. */
static enum exchange_next hear_decision(struct claim *c, const struct http_reply *r, struct err *e)
{
	struct json *root;
	const char *key;

	if (r->fault || r->status == 202 || r->status >= 500)
		return EXCHANGE_RETRY;
	if (r->status == 404) {
		err_set(e, ERR_AUTH, "it was denied there, or nobody answered in time");
		return EXCHANGE_FAILED;
	}
	root = driver_read(r, e);
	key = json_raw(root, "api_key");
	if (key && *key && strlen(key) <= LIMIT_KEY_BYTES)
		secret_set(&c->key, key);
	else if (e->code == ERR_NONE)
		err_set(e, ERR_BAD_REPLY, "OctoPrint sent no key");
	json_free(root);
	return secret_is_set(&c->key) ? EXCHANGE_DONE : EXCHANGE_FAILED;
}

enum exchange_next octoprint_claim(struct claim *c, const struct http_reply *prev,
				   struct http_req *ret, struct err *e)
{
	struct err fault;

	err_clear(e);
	if (c->user) {
		err_set(e, ERR_UNSUPPORTED,
			"OctoPrint gives no key for a password: press Allow, or give a key");
		return EXCHANGE_FAILED;
	}
	if (!prev)
		return c->step == CLAIM_ASK ? ask(ret) : poll(c, ret);
	if (c->step == CLAIM_POLL)
		return hear_decision(c, prev, e);
	if (!driver_is_fault(prev, &fault))
		return hear_asked(c, prev, e);
	err_set(e, fault.code, "%s", fault.text);
	return EXCHANGE_FAILED;
}
