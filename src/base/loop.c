/* The event loop: a thin, opaque layer over libuv, the only file that knows it. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <uv.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/sbuf.h>

#define AFTER_MAX 4

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;		/* runs after all callbacks, before the loop sleeps */
	struct {
		void (*fn)(void *ctx);
		void *ctx;
	} after[AFTER_MAX];
	bool stop;
	size_t works;			/* in the pool; loop_free() waits for them */
};

struct loop_timer {
	uv_timer_t uv;
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop_fd {
	uv_poll_t uv;
	void (*fn)(void *ctx, int ready);
	void *ctx;
	int want;
};

struct loop_signal {
	uv_signal_t uv;
	void (*fn)(void *ctx, int signo);
	void *ctx;
};

static void prepare_cb(uv_prepare_t *h)
{
	struct loop *l = h->data;

	for (int i = 0; i < AFTER_MAX; i++)
		if (l->after[i].fn)
			l->after[i].fn(l->after[i].ctx);
}

struct loop *loop_new(void)
{
	struct loop *l = MEM_NEW(struct loop);
	int rc = uv_loop_init(&l->uv);

	if (rc < 0)
		fatal("cannot start the event loop: %s", uv_strerror(rc));
	uv_prepare_init(&l->uv, &l->prepare);
	l->prepare.data = l;
	uv_prepare_start(&l->prepare, prepare_cb);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	memset(l->after, 0, sizeof(l->after));
	uv_close((uv_handle_t *)&l->prepare, NULL);
	while (l->works)
		uv_run(&l->uv, UV_RUN_ONCE);
	/* Handles that were freed close in the next turns. */
	for (int i = 0; i < 1000 && uv_run(&l->uv, UV_RUN_NOWAIT); i++)
		continue;
	uv_run(&l->uv, UV_RUN_NOWAIT);
	int rc = uv_loop_close(&l->uv);

	assert(rc == 0);	/* a handle was not freed */
	(void)rc;
	free(l);
}

void loop_run(struct loop *l)
{
	l->stop = false;
	while (!l->stop)
		uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	l->stop = true;
	uv_stop(&l->uv);
}

int64_t loop_now_ms(const struct loop *l)
{
	return (int64_t)uv_now(&l->uv);
}

double loop_wall_s(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

void loop_after_turn(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	for (int i = 0; i < AFTER_MAX; i++) {
		if (!l->after[i].fn) {
			l->after[i].fn = fn;
			l->after[i].ctx = ctx;
			return;
		}
	}
	fatal("too many functions after a turn");
}

void loop_after_turn_remove(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	for (int i = 0; i < AFTER_MAX; i++)
		if (l->after[i].fn == fn && l->after[i].ctx == ctx)
			l->after[i].fn = NULL;
}

static void free_handle(uv_handle_t *h)
{
	free(h->data);
}

/* ---- timers ---- */

static void timer_cb(uv_timer_t *h)
{
	struct loop_timer *t = h->data;

	t->fn(t->ctx);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_timer *t = MEM_NEW(struct loop_timer);

	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->fn = fn;
	t->ctx = ctx;
	return t;
}

void loop_timer_start(struct loop_timer *t, int64_t in_ms)
{
	uv_timer_start(&t->uv, timer_cb, in_ms > 0 ? (uint64_t)in_ms : 0, 0);
}

void loop_timer_stop(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

bool loop_timer_active(const struct loop_timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv) != 0;
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	uv_timer_stop(&t->uv);
	uv_close((uv_handle_t *)&t->uv, free_handle);
}

/* ---- file descriptors ---- */

static void poll_cb(uv_poll_t *h, int status, int events)
{
	struct loop_fd *f = h->data;
	int ready = 0;

	if (status < 0)
		ready = LOOP_ERROR;
	if (events & (UV_READABLE | UV_DISCONNECT))
		ready |= LOOP_READ;
	if (events & UV_WRITABLE)
		ready |= LOOP_WRITE;
	/* After an error libuv has stopped the handle: what was wanted must be asked for again. */
	if (status < 0)
		f->want = 0;
	f->fn(f->ctx, ready);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, void (*fn)(void *ctx, int ready), void *ctx)
{
	struct loop_fd *f = MEM_NEW(struct loop_fd);

	if (uv_poll_init(&l->uv, &f->uv, fd) < 0) {	/* a regular file, a broken fd */
		free(f);
		return NULL;
	}
	f->uv.data = f;
	f->fn = fn;
	f->ctx = ctx;
	return f;
}

void loop_fd_want(struct loop_fd *f, int bits)
{
	int events = 0;

	if (bits == f->want)		/* libuv would take it out of epoll and put it back */
		return;
	f->want = bits;
	if (bits & LOOP_READ)
		events |= UV_READABLE;
	if (bits & LOOP_WRITE)
		events |= UV_WRITABLE;
	if (events)
		uv_poll_start(&f->uv, events, poll_cb);
	else
		uv_poll_stop(&f->uv);
}

void loop_fd_free(struct loop_fd *f)
{
	if (!f)
		return;
	uv_poll_stop(&f->uv);
	uv_close((uv_handle_t *)&f->uv, free_handle);
}

/* ---- signals ---- */

static void signal_cb(uv_signal_t *h, int signo)
{
	struct loop_signal *s = h->data;

	s->fn(s->ctx, signo);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*fn)(void *ctx, int signo),
				    void *ctx)
{
	struct loop_signal *s = MEM_NEW(struct loop_signal);

	uv_signal_init(&l->uv, &s->uv);
	s->uv.data = s;
	s->fn = fn;
	s->ctx = ctx;
	uv_signal_start(&s->uv, signal_cb, signo);
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return;
	uv_signal_stop(&s->uv);
	uv_close((uv_handle_t *)&s->uv, free_handle);
}

/* ---- child programs ---- */

#define KILL_AFTER_MS 1000	/* from SIGTERM to SIGKILL */
#define DRAIN_MS 300		/* output that a grandchild holds open is not waited for longer */

struct loop_child {
	uv_process_t process;
	uv_pipe_t in, out;
	uv_write_t write;
	uv_timer_t timer;
	char *input;
	struct sbuf output;
	char chunk[4096];
	void (*done)(void *ctx, int status, bool timed_out, const char *output, size_t len);
	void *ctx;
	int status;
	int open_handles;
	bool exited, eof, timed_out, reported, has_out;
};

static void child_closed(uv_handle_t *h)
{
	struct loop_child *c = h->data;

	if (--c->open_handles > 0)
		return;
	free(c->input);
	sbuf_done(&c->output);
	free(c);
}

static void child_close_handle(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, child_closed);
}

static void child_close(struct loop_child *c)
{
	c->reported = true;
	child_close_handle((uv_handle_t *)&c->process);
	child_close_handle((uv_handle_t *)&c->in);
	child_close_handle((uv_handle_t *)&c->out);
	child_close_handle((uv_handle_t *)&c->timer);
}

static void child_report(struct loop_child *c)
{
	if (c->reported)
		return;
	c->done(c->ctx, c->status, c->timed_out, sbuf_str(&c->output), c->output.len);
	child_close(c);
}

static void child_signal(struct loop_child *c, int signo)
{
	if (!c->exited)
		kill(-c->process.pid, signo);	/* its whole group: it was started with setsid() */
}

static void child_timer_cb(uv_timer_t *h)
{
	struct loop_child *c = h->data;

	if (c->exited) {
		child_report(c);
	} else if (!c->timed_out) {
		c->timed_out = true;
		child_signal(c, SIGTERM);
		uv_timer_start(&c->timer, child_timer_cb, KILL_AFTER_MS, 0);
	} else {
		child_signal(c, SIGKILL);
	}
}

static void child_exit_cb(uv_process_t *p, int64_t status, int signo)
{
	struct loop_child *c = p->data;

	c->exited = true;
	c->status = signo ? 128 + signo : (int)status;
	if (c->timed_out)
		kill(-p->pid, SIGKILL);		/* what it left behind in its group */
	if (c->eof || !c->has_out)
		child_report(c);
	else
		uv_timer_start(&c->timer, child_timer_cb, DRAIN_MS, 0);
}

static void child_alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct loop_child *c = h->data;

	(void)suggested;
	*buf = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static void child_read_cb(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct loop_child *c = s->data;

	if (n > 0) {
		size_t room = c->output.max - c->output.len;

		sbuf_add(&c->output, buf->base, (size_t)n < room ? (size_t)n : room);
	} else if (n < 0) {
		c->eof = true;
		uv_read_stop(s);
		if (c->exited)
			child_report(c);
	}
}

static void child_written_cb(uv_write_t *w, int status)
{
	struct loop_child *c = w->data;

	(void)status;			/* a program that does not read its input is its own affair */
	child_close_handle((uv_handle_t *)&c->in);
}

static void child_init_handles(struct loop *l, struct loop_child *c)
{
	uv_pipe_init(&l->uv, &c->in, 0);
	uv_pipe_init(&l->uv, &c->out, 0);
	uv_timer_init(&l->uv, &c->timer);
	c->in.data = c->out.data = c->timer.data = c->process.data = c->write.data = c;
	c->open_handles = 4;
}

static int child_spawn(struct loop *l, struct loop_child *c, const struct loop_spawn *spawn)
{
	uv_stdio_container_t io[3] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE },
				       { .flags = UV_IGNORE } };
	uv_process_options_t o = { 0 };

	if (spawn->input) {
		io[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
		io[0].data.stream = (uv_stream_t *)&c->in;
	}
	if (c->has_out) {
		io[1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
		io[1].data.stream = (uv_stream_t *)&c->out;
	}
	o.file = spawn->argv[0];
	o.args = (char **)(uintptr_t)spawn->argv;
	o.stdio = io;
	o.stdio_count = 3;
	o.flags = UV_PROCESS_DETACHED;
	o.exit_cb = child_exit_cb;
	return uv_spawn(&l->uv, &c->process, &o);
}

struct loop_child *loop_child_new(struct loop *l, const struct loop_spawn *spawn)
{
	struct loop_child *c = MEM_NEW(struct loop_child);

	c->done = spawn->done;
	c->ctx = spawn->ctx;
	c->has_out = spawn->max_output > 0;
	sbuf_init(&c->output, spawn->max_output);
	child_init_handles(l, c);
	int rc = child_spawn(l, c, spawn);

	if (rc < 0) {
		child_close(c);
		errno = -rc;
		return NULL;
	}
	if (spawn->input) {
		c->input = mem_alloc(spawn->input_len + 1);
		memcpy(c->input, spawn->input, spawn->input_len);
		uv_buf_t b = uv_buf_init(c->input, (unsigned)spawn->input_len);

		uv_write(&c->write, (uv_stream_t *)&c->in, &b, 1, child_written_cb);
	}
	if (c->has_out)
		uv_read_start((uv_stream_t *)&c->out, child_alloc_cb, child_read_cb);
	if (spawn->timeout_ms > 0)
		uv_timer_start(&c->timer, child_timer_cb, (uint64_t)spawn->timeout_ms, 0);
	return c;
}

void loop_child_kill(struct loop_child *c)
{
	if (c && !c->exited)
		uv_timer_start(&c->timer, child_timer_cb, 0, 0);
}

void loop_child_leave(struct loop_child *c)
{
	if (c)
		child_close(c);
}

/* ---- worker pool ---- */

struct work {
	uv_work_t uv;
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
	struct loop *loop;
};

static void work_cb(uv_work_t *w)
{
	struct work *work = w->data;

	work->work(work->ctx);
}

static void work_done_cb(uv_work_t *w, int status)
{
	struct work *work = w->data;

	(void)status;
	work->loop->works--;
	work->done(work->ctx);
	free(work);
}

void loop_work(struct loop *l, void (*fn)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct work *w = MEM_NEW(struct work);

	w->uv.data = w;
	w->loop = l;
	l->works++;
	w->work = fn;
	w->done = done;
	w->ctx = ctx;
	uv_queue_work(&l->uv, &w->uv, work_cb, work_done_cb);
}
