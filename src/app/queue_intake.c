/* Files on their way into the queue: a job exists when its folder has its name, not before. */
#include "app/queue_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <printop/gcode.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/spool.h>
#include <printop/str.h>

struct queue_intake {
	struct queue *q;
	char id[40];
	char *dir;
	struct spool *spool;
};

/* Ended jobs are kept for looking; a new file is worth more. */
static void make_room(struct queue *q, int64_t bytes)
{
	while (!spool_has_room(q->dir, bytes) && q->n && queue_job_ended(&q->entries[q->n - 1]->job))
		queue_forget(q, q->entries[q->n - 1]);
}

struct queue_intake *queue_intake_new(struct queue *q, int64_t expect_bytes, struct err *e)
{
	struct queue_intake *in;
	char *path;

	if (!queue_is_owner(q)) {
		err_set(e, ERR_REFUSED, "another copy of printop runs the queue");
		return NULL;
	}
	if (q->n >= QUEUE_JOBS_MAX) {
		err_set(e, ERR_TOO_BIG, "the queue is full: %d jobs", QUEUE_JOBS_MAX);
		return NULL;
	}
	make_room(q, expect_bytes > 0 ? expect_bytes : 0);
	in = MEM_NEW(struct queue_intake);
	in->q = q;
	queue_new_id(in->id);
	in->dir = queue_store_intake_dir(q, in->id);
	path = mem_printf("%s/file", in->dir);
	if (mkdir(in->dir, 0700))
		err_set(e, ERR_IO, "%s: %s", in->dir, strerror(errno));
	else
		in->spool = spool_new(path, (int64_t)settings_num(&q->app->config->settings, SETTING_GATEWAY_MAX_UPLOAD) << 20,
				      expect_bytes, e);
	free(path);
	if (in->spool)
		return in;
	queue_intake_abort(in);
	return NULL;
}

bool queue_intake_add(struct queue_intake *in, const void *data, size_t len, struct err *e)
{
	return spool_add(in->spool, data, len, e);
}

int queue_intake_fd(const struct queue_intake *in)
{
	return spool_fd(in->spool);
}

void queue_intake_sum(const struct queue_intake *in, struct queue_job *job)
{
	job->bytes = spool_bytes(in->spool);
	spool_sum(in->spool, job->sha256);
}

void queue_intake_abort(struct queue_intake *in)
{
	if (!in)
		return;
	spool_abort(in->spool);
	queue_store_remove_dir(in->dir);
	free(in->dir);
	free(in);
}

static void look_into(struct queue_entry *n, const char *path)
{
	struct gcode_facts f;
	struct err e = { 0 };

	if (!gcode_read(path, &f, &e))
		return;
	if (isnan(n->job.time_s))
		n->job.time_s = f.time_s;
	if (isnan(n->job.filament_mm))
		n->job.filament_mm = f.filament_mm;
	n->job.griffin = f.griffin;
}

static struct queue_entry *make_entry(const struct queue_intake *in, const struct queue_job *want)
{
	struct queue_entry *n = MEM_NEW(struct queue_entry);
	struct queue_job *j = &n->job;
	char *path = mem_printf("%s/file", in->dir);

	*j = *want;
	str_copy(j->id, sizeof(j->id), in->id);
	queue_intake_sum(in, j);
	if (j->state != QUEUE_HELD)
		j->state = QUEUE_WAITING;
	j->created_at = j->changed_at = loop_wall_s();
	j->started_at = j->ended_at = NAN;
	j->tries = 0;
	j->printer[0] = j->remote_path[0] = '\0';
	n->rank = queue_rank_last(in->q) + 1;
	look_into(n, path);
	free(path);
	return n;
}

const struct queue_job *queue_intake_commit(struct queue_intake *in, const struct queue_job *want, struct err *e)
{
	struct queue *q = in->q;
	struct queue_entry *n;
	bool good;

	if (!spool_bytes(in->spool)) {
		err_set(e, ERR_USAGE, "the file is empty");
		queue_intake_abort(in);
		return NULL;
	}
	n = make_entry(in, want);
	good = spool_finish(in->spool, e);
	in->spool = NULL;
	good = good && queue_store_admit(q, n, e);
	if (!good) {
		free(n);
		queue_intake_abort(in);
		return NULL;
	}
	free(in->dir);
	free(in);
	queue_insert_take(q, n);
	queue_journal(q, n, n->job.state == QUEUE_HELD ? "held" : n->job.start ? "queued" : "to be stored");
	log_info("queue: %s from %s (%s) for %s", n->job.name, n->job.owner, n->job.client,
		 n->job.target[0] ? n->job.target : "any printer");
	queue_touched(q);
	queue_dispatch(q);
	return &n->job;
}
