/*
 * The queue on disk: a folder a job. Whatever is half done has a name that begins with a dot and is swept away by the
 * next owner; one rename makes a job exist, one rename ends it.
 */
#include "app/queue_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define JOB_FILE_MAX (64u << 10)
#define LOCK_TRIES 20			/* another process may hold it for a moment to change a job */
#define LOCK_WAIT_MS 10

void queue_new_id(char id[40])
{
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		fatal("the system gives no random numbers");
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	str_printf(id, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4],
		   r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

char *queue_store_path(const struct queue *q, const char *id, const char *name)
{
	return mem_printf("%s/%s/%s", q->dir, id, name);
}

char *queue_store_intake_dir(const struct queue *q, const char *id)
{
	return mem_printf("%s/.in-%s", q->dir, id);
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* A job's folder holds files only. */
void queue_store_remove_dir(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (!str_eq(ent->d_name, ".") && !str_eq(ent->d_name, ".."))
			unlinkat(dirfd(d), ent->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

void queue_store_drop(struct queue *q, const char *id)
{
	char *dir = path_join(q->dir, id), *gone = mem_printf("%s/.rm-%s", q->dir, id);

	if (rename(dir, gone) == 0) {
		sync_dir(q->dir);
		queue_store_remove_dir(gone);
	}
	free(dir);
	free(gone);
}

bool queue_store_rename(struct queue *q, struct queue_entry *n)
{
	char id[40], *from = path_join(q->dir, n->job.id), *to;
	bool good;

	queue_new_id(id);
	to = path_join(q->dir, id);
	good = rename(from, to) == 0;
	if (good) {
		sync_dir(q->dir);
		str_copy(n->job.id, sizeof(n->job.id), id);
	}
	free(from);
	free(to);
	return good;
}

/* ---- a job's file ---- */

static bool write_job(const char *dir, const struct queue_entry *n, struct err *e)
{
	struct json *o = queue_job_json(&n->job);
	char *path = path_join(dir, "job.json"), *text;
	bool good;

	json_set_num(o, "rank", n->rank);
	json_set_str(o, "before_file", n->before_file);
	json_set_str(o, "before", printer_status_info(n->before)->name);
	text = json_print(o, true);
	good = path_write(path, text, strlen(text), 0600, e);
	free(text);
	free(path);
	json_free(o);
	return good;
}

bool queue_store_save(struct queue *q, const struct queue_entry *n, struct err *e)
{
	char *dir = path_join(q->dir, n->job.id);
	bool good = write_job(dir, n, e);

	free(dir);
	return good;
}

bool queue_store_admit(struct queue *q, const struct queue_entry *n, struct err *e)
{
	char *from = queue_store_intake_dir(q, n->job.id), *to = path_join(q->dir, n->job.id);
	bool good = write_job(from, n, e);

	if (good) {
		sync_dir(from);
		good = rename(from, to) == 0 || err_set(e, ERR_IO, "the job could not be kept: %s", strerror(errno));
		sync_dir(q->dir);
	}
	free(from);
	free(to);
	return good;
}

/* ---- reading it all ---- */

static struct queue_entry *read_job(const char *path, const char *id)
{
	struct queue_entry *n = NULL;
	struct err e = { 0 };
	struct json *o = NULL;
	char *text, word[32];
	size_t len;

	if (path_read(path, JOB_FILE_MAX, &text, &len, &e)) {
		o = json_parse(text, len, &e);
		free(text);
	}
	if (o) {
		n = MEM_NEW(struct queue_entry);
		if (queue_job_read(o, &n->job)) {
			str_copy(n->job.id, sizeof(n->job.id), id);
			n->rank = json_num(o, "rank", n->job.created_at);
			json_str(o, "before_file", n->before_file, sizeof(n->before_file));
			json_str(o, "before", word, sizeof(word));
			printer_status_from_name(word, &n->before);
		} else {
			free(n);
			n = NULL;
		}
	}
	if (!n)
		log_error("%s cannot be read: the job is left where it is%s%s", path, e.text[0] ? ": " : "", e.text);
	json_free(o);
	return n;
}

/* What the last owner left half done. Only the owner may: others may be in the middle of it. */
static bool sweep(const struct queue *q, const char *name)
{
	char *path;

	if (name[0] != '.' && strlen(name) == 36)
		return false;
	if (q->lock_fd >= 0 && (str_starts(name, ".in-") || str_starts(name, ".rm-"))) {
		path = path_join(q->dir, name);
		queue_store_remove_dir(path);
		free(path);
	}
	return true;
}

void queue_store_load(struct queue *q)
{
	DIR *d = opendir(q->dir);
	const struct dirent *ent;

	while (d && (ent = readdir(d)) && q->n < QUEUE_JOBS_MAX) {
		struct queue_entry *n;
		char *path;

		if (sweep(q, ent->d_name))
			continue;
		path = queue_store_path(q, ent->d_name, "job.json");
		n = read_job(path, ent->d_name);
		free(path);
		if (n)
			queue_insert_take(q, n);
	}
	if (d)
		closedir(d);
}

/* ---- the owner ---- */

bool queue_store_open(struct queue *q, struct err *e)
{
	static const struct timespec pause = { .tv_nsec = LOCK_WAIT_MS * 1000000 };
	char *state = path_state_dir(), *path;
	bool good;

	/* The demo's printers are not the real ones: neither are its jobs. */
	q->dir = path_join(state, q->app->demo ? "queue-demo" : "queue");
	free(state);
	good = path_make_dirs(q->dir, e);
	path = path_join(q->dir, ".lock");
	q->lock_fd = good ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	if (good && q->lock_fd < 0)
		good = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	free(path);
	for (int i = 0; good && flock(q->lock_fd, LOCK_EX | LOCK_NB); i++) {
		if (i < LOCK_TRIES && !nanosleep(&pause, NULL))
			continue;
		close(q->lock_fd);
		q->lock_fd = -1;
		break;
	}
	return good;
}

void queue_store_close(struct queue *q)
{
	if (q->lock_fd >= 0)
		close(q->lock_fd);
	free(q->dir);
}
