/* A job as JSON and back: one table of its texts and numbers. */
#include "app/queue_parts.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>

static const char *const states[QUEUE_STATE_N] = {
	[QUEUE_WAITING] = "waiting", [QUEUE_SENDING] = "sending", [QUEUE_SENT] = "sent", [QUEUE_STARTING] = "starting",
	[QUEUE_PRINTING] = "printing", [QUEUE_DONE] = "done", [QUEUE_CANCELLED] = "cancelled", [QUEUE_FAILED] = "failed",
	[QUEUE_HELD] = "held",
};

static const struct {
	const char *name;
	size_t offset, size;
} texts[] = {
#define TEXT(m) { #m, offsetof(struct queue_job, m), sizeof(((struct queue_job *)0)->m) }
	TEXT(id), TEXT(name), TEXT(folder), TEXT(owner), TEXT(client), TEXT(target), TEXT(printer), TEXT(remote_path),
	TEXT(reason), TEXT(sha256), TEXT(material_guid),
#undef TEXT
};

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
#define NUMBER(m) { #m, offsetof(struct queue_job, m) }
	NUMBER(created_at), NUMBER(changed_at), NUMBER(started_at), NUMBER(ended_at), NUMBER(time_s), NUMBER(filament_mm),
#undef NUMBER
};

void queue_job_init(struct queue_job *j)
{
	memset(j, 0, sizeof(*j));
	j->bytes = -1;
	j->created_at = j->changed_at = j->started_at = j->ended_at = j->time_s = j->filament_mm = NAN;
}

const char *queue_state_name(enum queue_state s)
{
	return states[s];
}

bool queue_job_ended(const struct queue_job *j)
{
	return j->state == QUEUE_DONE || j->state == QUEUE_CANCELLED || j->state == QUEUE_FAILED ||
	       (j->state == QUEUE_SENT && !j->start);
}

static bool state_from_name(const char *name, enum queue_state *ret)
{
	for (unsigned i = 0; i < QUEUE_STATE_N; i++) {
		if (str_eq(states[i], name)) {
			*ret = (enum queue_state)i;
			return true;
		}
	}
	return false;
}

struct json *queue_job_json(const struct queue_job *j)
{
	struct json *o = json_new_object();

	json_set_str(o, "state", states[j->state]);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = (const char *)j + texts[i].offset;

		json_set_str(o, texts[i].name, *text ? text : NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		double v;

		memcpy(&v, (const char *)j + numbers[i].offset, sizeof(v));
		json_set_num(o, numbers[i].name, v);
	}
	json_set_int(o, "bytes", j->bytes, -1);
	json_set_int(o, "tries", j->tries, -1);
	json_set_bool(o, "start", j->start);
	json_set_bool(o, "force", j->force);
	json_set_bool(o, "griffin", j->griffin);
	return o;
}

bool queue_job_read(const struct json *o, struct queue_job *ret)
{
	char state[16];

	memset(ret, 0, sizeof(*ret));
	json_str(o, "state", state, sizeof(state));
	if (!state_from_name(state, &ret->state))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_str(o, texts[i].name, (char *)ret + texts[i].offset, texts[i].size);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		double v = json_num(o, numbers[i].name, NAN);

		memcpy((char *)ret + numbers[i].offset, &v, sizeof(v));
	}
	ret->bytes = json_int(o, "bytes", -1);
	ret->tries = (int)json_int(o, "tries", 0);
	ret->start = json_bool(o, "start", false);
	ret->force = json_bool(o, "force", false);
	ret->griffin = json_bool(o, "griffin", false);
	return ret->name[0] != '\0';
}
