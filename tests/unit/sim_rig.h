/* One simulated printer and its server without sockets: a request goes in, the reply is read as JSON. */
#ifndef SIM_RIG_H
#define SIM_RIG_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <sim/scene.h>

#define KEY "0123456789abcdef0123456789abcdef"

struct rig {
	struct sim_printer p;
	double at;
	enum sim_fault fault;
	const char *key;	/* that is sent */
	struct sim_reply r;
	struct json *json;	/* of the last reply, NULL when it was none */
	struct upload *upload;	/* for the next request only */
};

static inline void rig_open(struct rig *g, enum sim_dialect d, const char *scene, const char *file,
			    double progress)
{
	struct scene_args a = { file, progress, NAN };

	memset(g, 0, sizeof(*g));
	sim_printer_init(&g->p, "test", d, 4711, 1.7e9);
	if (d == SIM_OCTOPRINT) {
		str_copy(g->p.key, sizeof(g->p.key), KEY);
		g->key = KEY;
	}
	g->p.has_chamber = true;
	if (scene)
		scene_set(scene_find(scene), &g->p, 0, &a);
}

static inline void rig_forget(struct rig *g)
{
	json_free(g->json);
	g->json = NULL;
	sim_reply_done(&g->r);
}

static inline void rig_close(struct rig *g)
{
	rig_forget(g);
	sim_printer_done(&g->p);
}

/* target: path with an undecoded query (the tests use none that needs decoding). */
static inline unsigned rig_send(struct rig *g, const char *method, const char *target, const char *type,
				const char *body, const char *etag)
{
	char *copy = mem_strdup(target), *query = strchr(copy, '?'), *word;
	struct sim_request q = { .method = method, .path = copy, .key = g->key, .content_type = type,
		.host = "127.0.0.1:1", .body = body ? body : "", .len = body ? strlen(body) : 0,
		.if_none_match = etag, .upload = g->upload };

	if (query)
		*query++ = '\0';
	while (query && (word = str_token(&query, "&"))) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = '\0';
		q.params[q.n_params++] = (struct sim_param){ word, value ? value : "" };
	}
	rig_forget(g);
	sim_reply_init(&g->r);
	sim_answer(&g->p, g->fault, &q, g->at, &g->r);
	g->json = json_parse(sbuf_str(&g->r.body), g->r.body.len, NULL);
	free(copy);
	return g->r.status;
}

static inline unsigned rig_get(struct rig *g, const char *target)
{
	return rig_send(g, "GET", target, NULL, NULL, NULL);
}

static inline unsigned rig_post(struct rig *g, const char *target, const char *json)
{
	return rig_send(g, "POST", target, "application/json", json, NULL);
}

/* A multipart upload; fields is "name=value;name=value". */
static inline unsigned rig_upload(struct rig *g, const char *target, const char *fields, const char *name,
				  const char *data)
{
	static const char type[] = "multipart/form-data; boundary=----b";
	struct upload *u = MEM_NEW(struct upload);
	char *copy = mem_strdup(fields), *rest = copy, *word;
	struct sbuf b = SBUF_INIT(1u << 20);
	unsigned status;

	assert_true(upload_init(u, type, true));
	while ((word = str_token(&rest, ";"))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		sbuf_addf(&b, "------b\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", word,
			  value);
	}
	if (name)
		sbuf_addf(&b, "------b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
			  "Content-Type: application/octet-stream\r\n\r\n%s\r\n", name, data);
	sbuf_adds(&b, "------b--\r\n");
	upload_add(u, sbuf_str(&b), b.len);
	assert_true(upload_end(u));
	g->upload = u;
	status = rig_send(g, "POST", target, type, NULL, NULL);
	g->upload = NULL;
	free(u->file.path);
	free(u);
	free(copy);
	sbuf_done(&b);
	return status;
}

static inline const char *rig_text(const struct rig *g, const char *path)
{
	const char *text = json_raw(g->json, path);

	return text ? text : "(none)";
}

static inline double rig_num(const struct rig *g, const char *path)
{
	return json_num(g->json, path, NAN);
}

#define assert_near(a, b, by) do { \
	double a_ = (a), b_ = (b); \
	if (!(fabs(a_ - b_) <= (by))) \
		fail_msg("%s is %g, not %g", #a, a_, b_); \
} while (0)

#endif
