/* The queue from other processes: a socket in its folder, one line of JSON there and one back. */
#include "app/queue_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define NAME "control"
#define CALLERS 16
#define REQUEST_MAX 4096
#define ANSWER_MAX (32u << 20)
#define CALL_LIMIT_S 5

/* ---- what can be asked ---- */

static struct json *jobs_of(const struct queue *q)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < queue_count(q); i++)
		json_push_take(list, queue_job_json(queue_at(q, i)));
	return list;
}

static bool act(struct queue *q, const struct json *request, struct err *e)
{
	char what[16], id[40], text[256];
	int64_t to = json_int(request, "to", 0);

	json_str(request, "do", what, sizeof(what));
	json_str(request, "id", id, sizeof(id));
	if (str_eq(what, "list"))
		return true;
	if (str_eq(what, "move"))
		return queue_move(q, id, to > 0 ? (size_t)to : 0, e);
	if (str_eq(what, "remove"))
		return queue_remove(q, id, e);
	if (str_eq(what, "release"))
		return queue_release(q, id, json_bool(request, "force", false), e);
	json_str(request, "reason", text, sizeof(text));
	if (str_eq(what, "hold"))
		return queue_hold(q, id, text, e);
	json_str(request, "printer", text, sizeof(text));
	if (str_eq(what, "assign"))
		return queue_assign(q, id, text, e);
	return err_set(e, ERR_USAGE, "the queue cannot do \"%s\"", what);
}

struct json *queue_answer(struct queue *q, const struct json *request)
{
	struct json *o = json_new_object();
	struct err e = { 0 };
	bool good = act(q, request, &e);

	json_set_bool(o, "ok", good);
	if (good) {
		json_set_take(o, "jobs", jobs_of(q));
	} else {
		json_set_str(o, "code", err_name(e.code));
		json_set_str(o, "text", e.text);
	}
	return o;
}

/* ---- the owner's side ---- */

struct caller {
	struct queue_control *c;
	int fd;				/* -1: free */
	struct loop_fd *watch;
	struct sbuf in, out;
	size_t sent;
};

struct queue_control {
	struct queue *q;
	int fd;
	struct loop_fd *watch;
	struct caller callers[CALLERS];
};

static void hang_up(struct caller *k)
{
	loop_fd_free(k->watch);
	k->watch = NULL;
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	sbuf_done(&k->in);
	sbuf_done(&k->out);
}

static void send_rest(struct caller *k)
{
	ssize_t n = send(k->fd, sbuf_str(&k->out) + k->sent, k->out.len - k->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		k->sent += (size_t)n;
	if ((n < 0 && errno != EAGAIN) || k->sent >= k->out.len)
		hang_up(k);
}

static void answer(struct caller *k)
{
	struct json *request = json_parse(sbuf_str(&k->in), k->in.len, NULL), *reply = queue_answer(k->c->q, request);
	char *text = json_print(reply, false);

	sbuf_adds(&k->out, text);
	sbuf_addc(&k->out, '\n');
	free(text);
	json_free(reply);
	json_free(request);
	loop_fd_want(k->watch, LOOP_WRITE);
}

static void caller_ready(void *ctx, int ready)
{
	struct caller *k = ctx;
	char buf[1024];
	ssize_t n;

	if (k->out.len) {
		send_rest(k);
		return;
	}
	n = recv(k->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n > 0 && sbuf_add(&k->in, buf, (size_t)n)) {
		if (memchr(buf, '\n', (size_t)n))
			answer(k);
	} else if (n >= 0 || errno != EAGAIN || (ready & LOOP_ERROR)) {
		hang_up(k);
	}
}

static void knocked(void *ctx, int ready)
{
	struct queue_control *c = ctx;
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	for (int i = 0; fd >= 0 && i < CALLERS; i++) {
		struct caller *k = &c->callers[i];

		if (k->fd >= 0)
			continue;
		*k = (struct caller){ .c = c, .fd = fd };
		sbuf_init(&k->in, REQUEST_MAX);
		sbuf_init(&k->out, ANSWER_MAX);
		k->watch = loop_fd_new(c->q->app->loop, fd, caller_ready, k);
		if (k->watch)
			loop_fd_want(k->watch, LOOP_READ);
		else
			hang_up(k);
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* A socket's path has room for 107 bytes; the folder's may be longer, so it is reached by its descriptor. */
static bool socket_address(const char *dir, int *dir_fd, struct sockaddr_un *ret)
{
	*dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	return *dir_fd >= 0 && str_printf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", *dir_fd, NAME);
}

struct queue_control *queue_control_new(struct queue *q)
{
	struct queue_control *c = MEM_NEW(struct queue_control);
	struct sockaddr_un a;
	int dir = -1;
	bool good;

	c->q = q;
	for (int i = 0; i < CALLERS; i++)
		c->callers[i].fd = -1;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	good = c->fd >= 0 && socket_address(q->dir, &dir, &a);
	if (good) {
		unlinkat(dir, NAME, 0);		/* of an owner that was killed */
		good = bind(c->fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(c->fd, CALLERS) == 0;
	}
	if (dir >= 0)
		close(dir);
	if (good)
		c->watch = loop_fd_new(q->app->loop, c->fd, knocked, c);
	if (c->watch)
		loop_fd_want(c->watch, LOOP_READ);
	else
		log_warn("queue: no socket for `printop queue`: %s", strerror(errno));
	return c;
}

void queue_control_free(struct queue_control *c)
{
	char *path;

	if (!c)
		return;
	path = path_join(c->q->dir, NAME);
	unlink(path);
	free(path);
	for (int i = 0; i < CALLERS; i++)
		if (c->callers[i].fd >= 0)
			hang_up(&c->callers[i]);
	loop_fd_free(c->watch);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

/* ---- the caller's side ---- */

static int dial(const char *dir)
{
	struct timeval limit = { .tv_sec = CALL_LIMIT_S };
	struct sockaddr_un a;
	int dir_fd, fd = -1;

	if (socket_address(dir, &dir_fd, &a)) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a))) {
			close(fd);
			fd = -1;
		}
	}
	if (dir_fd >= 0)
		close(dir_fd);
	return fd;
}

static struct json *talk(int fd, const char *request, struct err *e)
{
	struct sbuf b = SBUF_INIT(ANSWER_MAX);
	struct json *reply = NULL;
	char buf[4096];
	ssize_t n = send(fd, request, strlen(request), MSG_NOSIGNAL);

	while (n > 0 && (n = recv(fd, buf, sizeof(buf), 0)) > 0)
		sbuf_add(&b, buf, (size_t)n);
	if (n < 0)
		err_set(e, ERR_TIMEOUT, "the copy of printop that runs the queue does not answer");
	else
		reply = json_parse(sbuf_str(&b), b.len, e);
	sbuf_done(&b);
	return reply;
}

struct json *queue_call(const struct app *a, const struct json *request, struct err *e)
{
	char *state = path_state_dir(), *dir = path_join(state, a->demo ? "queue-demo" : "queue"), *text, *line;
	struct json *reply = NULL;
	int fd = dial(dir);

	if (fd < 0) {
		err_set(e, ERR_NOT_FOUND, "no running copy of printop has the queue");
	} else {
		text = json_print(request, false);
		line = mem_printf("%s\n", text);
		reply = talk(fd, line, e);
		free(line);
		free(text);
		close(fd);
	}
	free(dir);
	free(state);
	return reply;
}
