/* Helpers over requests and replies of the simulated servers. */
#include <sim/sim_http.h>

#include <string.h>
#include <printop/str.h>

void sim_reply_init(struct sim_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->status = 200;
	r->type = "application/json";
	sbuf_init(&r->headers, 4096);
	sbuf_init(&r->body, SIM_REPLY_BYTES);
}

void sim_reply_done(struct sim_reply *r)
{
	sbuf_done(&r->headers);
	sbuf_done(&r->body);
}

void sim_reply_text(struct sim_reply *r, unsigned status, const char *type, const char *text)
{
	r->status = status;
	r->type = type;
	sbuf_clear(&r->body);
	sbuf_adds(&r->body, text);
}

void sim_reply_etag(struct sim_reply *r, const struct sim_request *q)
{
	uint64_t hash = 14695981039346656037u;
	char tag[24];

	for (size_t i = 0; i < r->body.len; i++)
		hash = (hash ^ (unsigned char)r->body.data[i]) * 1099511628211u;
	str_printf(tag, sizeof(tag), "\"%016llx\"", (unsigned long long)hash);
	if (sim_is(q->if_none_match, tag)) {
		r->status = 304;
		r->type = "";
		sbuf_clear(&r->body);
		return;
	}
	sbuf_addf(&r->headers, "Etag: %s\n", tag);
}

const char *sim_param(const struct sim_request *q, const char *name)
{
	for (size_t i = 0; i < q->n_params; i++)
		if (strcmp(q->params[i].name, name) == 0)
			return q->params[i].value;
	return NULL;
}

bool sim_is(const char *text, const char *wanted)
{
	return text && strcmp(text, wanted) == 0;
}
