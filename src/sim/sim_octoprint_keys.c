/*
 * OctoPrint 1.11.8's application keys: a question that a person answers at its web page, and its
 * polling.
 */
#include <sim/octo.h>

#include <stdlib.h>
#include <printop/str.h>

#define FORGOTTEN_S 5		/* a question that nobody asked after */
#define TOO_OLD_S 600

void octo_keys_probe(struct octo *o)
{
	octo_done(o);
}

void octo_keys_request(struct octo *o)
{
	struct sim_question *q = &o->p->question;
	char text[160];

	if (!json_raw(o->json, "app")) {
		octo_error(o, 400, "No app name provided");
		return;
	}
	q->number++;
	q->asked = q->polled = o->at;
	o->r->status = 201;
	jw_object(&o->w, NULL);
	str_printf(text, sizeof(text), "QUESTION%u", q->number);
	jw_str(&o->w, "app_token", text);
	str_printf(text, sizeof(text), "http://%s/plugin/appkeys/auth/QUESTION%u",
		   o->q->host ? o->q->host : "", q->number);
	jw_str(&o->w, "auth_dialog", text);
	jw_end_object(&o->w);
	sbuf_addf(&o->r->headers, "Location: http://%s/plugin/appkeys/request/QUESTION%u\n",
		  o->q->host ? o->q->host : "", q->number);
}

/* The key is given out once; then the question is gone. */
void octo_keys_poll(struct octo *o)
{
	struct sim_question *q = &o->p->question;
	char token[40];
	bool open;

	str_printf(token, sizeof(token), "QUESTION%u", q->number);
	open = str_eq(o->tail, token) && q->polled >= 0 && o->at - q->polled <= FORGOTTEN_S &&
	       o->at - q->asked <= TOO_OLD_S;
	if (!open || o->p->decision == SIM_DENY) {
		q->polled = -1;
		octo_not_found(o);
		return;
	}
	q->polled = o->at;
	jw_object(&o->w, NULL);
	if (o->p->decision == SIM_ALLOW) {
		q->polled = -1;
		jw_str(&o->w, "api_key", o->p->key);
	} else {
		o->r->status = 202;
		jw_str(&o->w, "message", "Awaiting decision");
	}
	jw_end_object(&o->w);
}
