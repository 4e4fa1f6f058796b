/*
 * Joins the frame to a terminal and the loop: keys in, frames out, signals, suspend, bell and
 * window title.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/frontend.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/setting.h>
#include <printop/str.h>
#include "decode.h"
#include "frame.h"
#include "term.h"

#define FRAME_MS 40		/* at most one drawing in so long, but a key is answered at once */
#define CTRL_C_EXIT 130

struct run {
	struct app *app;
	struct tui *tui;
	struct terminal *term;
	struct loop_fd *fd;
	struct loop_timer *frame, *tick, *esc;
	struct loop_signal *signals[6];
	int64_t drawn_ms;		/* of the last drawing */
	bool keyed;			/* a key was pressed in this turn */
	bool mouse;
	char title[128];		/* what the window's title says */
};

/* ---- drawing ---- */

static struct moment moment_now(const struct run *r)
{
	return (struct moment){ .now_ms = loop_now_ms(r->app->loop), .wall_s = loop_wall_s() };
}

static void show_title(struct run *r)
{
	char title[sizeof(r->title)];

	if (!settings_bool(tui_settings(r->tui), SETTING_TITLE))
		return;
	tui_title(r->tui, title, sizeof(title));
	if (str_eq(title, r->title))
		return;
	str_copy(r->title, sizeof(r->title), title);
	term_title(r->term, title);
}

static void draw(struct run *r)
{
	struct moment m = moment_now(r);
	int64_t next;

	loop_timer_stop(r->frame);
	tui_render(r->tui, &m);
	term_draw(r->term, r->tui->canvas);
	show_title(r);
	r->drawn_ms = m.now_ms;
	next = tui_next_tick_ms(r->tui, &m);
	if (next >= 0)
		loop_timer_start(r->tick, next);
}

static void draw_soon(struct run *r)
{
	int64_t since = loop_now_ms(r->app->loop) - r->drawn_ms;

	if (since >= FRAME_MS)
		draw(r);
	else if (!loop_timer_active(r->frame))
		loop_timer_start(r->frame, FRAME_MS - since);
}

static void on_timer(void *ctx)
{
	tui_dirty(((struct run *)ctx)->tui);
}

/* ---- what the frame asks of the terminal ---- */

/* The loop stands still meanwhile, and with it all polls: what is on the screen may be hours old. */
static void suspend(struct run *r)
{
	if (!term_suspend(r->term))
		tui_say(r->tui, ROLE_WARN, "there is no shell to go back to");
	if (r->app->poller)
		poller_refresh(r->app->poller, 0);
}

static void fit_canvas(struct run *r)
{
	int cols, rows;

	term_resized(r->term);
	term_size(r->term, &cols, &rows);
	canvas_resize(r->tui->canvas, cols, rows);
	tui_dirty(r->tui);
}

static void apply_settings(struct run *r)
{
	bool mouse = settings_bool(tui_settings(r->tui), SETTING_MOUSE);

	term_set_theme(r->term, &r->tui->theme);
	if (mouse != r->mouse)
		term_set_mouse(r->term, mouse);
	r->mouse = mouse;
}

static void notify(struct run *r)
{
	const char *how = settings_str(tui_settings(r->tui), SETTING_NOTIFY);
	int osc = str_eq(how, "osc9") ? 9 : str_eq(how, "osc777") ? 777 : 0;

	term_notify(r->term, osc, "printop", r->tui->p->notice);
	r->tui->p->notice[0] = '\0';
}

static bool take(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

static void after_turn(void *ctx)
{
	struct run *r = ctx;
	struct tui_private *p = r->tui->p;

	if (p->quit) {
		loop_stop(r->app->loop);
		return;
	}
	if (take(&p->suspend)) {
		suspend(r);
		fit_canvas(r);
	}
	if (take(&p->redraw)) {
		term_redraw(r->term);
		tui_dirty(r->tui);
	}
	if (take(&p->settings_changed))
		apply_settings(r);
	if (take(&p->bell))
		term_bell(r->term);
	if (p->notice[0])
		notify(r);
	if (take(&r->keyed) && p->dirty)
		draw(r);
	else if (p->dirty)
		draw_soon(r);
}

/* ---- keys and signals ---- */

static void give_mouse(struct run *r)
{
	struct term_mouse m = term_mouse(r->term);

	if (m.wheel)
		tui_wheel(r->tui, m.wheel);
	else if (m.press && m.button == 1)
		tui_mouse(r->tui, m.x, m.y, m.doubled);
}

static void read_keys(void *ctx)
{
	struct run *r = ctx;
	uint32_t key;

	while ((key = term_key(r->term)) != KEY_NONE && !r->tui->p->quit) {
		r->keyed = true;
		if (key == KEY_CODE_MOUSE)
			give_mouse(r);
		else if (key == KEY_CODE_PASTE)
			tui_paste(r->tui, term_pasted(r->term));
		else
			tui_key(r->tui, key);
	}
	if (term_gone(r->term))
		tui_quit(r->tui, 128 + SIGHUP);
	if (term_key_waits(r->term))
		loop_timer_start(r->esc, DECODE_ESC_MS + 1);
}

static void on_readable(void *ctx, int ready)
{
	(void)ready;
	read_keys(ctx);
}

static void on_signal(void *ctx, int signo)
{
	struct run *r = ctx;

	switch (signo) {
	case SIGWINCH:
		fit_canvas(r);
		break;
	case SIGTSTP:
		r->tui->p->suspend = true;
		break;
	case SIGHUP:		/* the terminal went, or somebody wants the configuration read */
		read_keys(r);
		if (!r->tui->p->quit)
			tui_reload(r->tui);
		break;
	case SIGINT:
		tui_quit(r->tui, CTRL_C_EXIT);
		break;
	case SIGTERM:
		tui_quit(r->tui, 128 + SIGTERM);
		break;
	}
}

/* ---- life ---- */

static struct term_options options_of(const struct settings *s)
{
	const char *color = settings_str(s, SETTING_COLOR),
		   *charset = settings_str(s, SETTING_CHARSET);
	struct term_options o = { .mouse = settings_bool(s, SETTING_MOUSE) };

	if (str_eq(color, "never"))
		o.color = TERM_COLOR_NEVER;
	else if (str_eq(color, "always"))
		o.color = TERM_COLOR_ALWAYS;
	if (str_eq(charset, "ascii"))
		o.charset = TERM_CHARSET_ASCII;
	else if (str_eq(charset, "utf8"))
		o.charset = TERM_CHARSET_UTF8;
	return o;
}

static void start(struct run *r)
{
	static const int signals[] = { SIGWINCH, SIGTSTP, SIGHUP, SIGINT, SIGTERM };
	struct loop *l = r->app->loop;
	int cols, rows;

	term_size(r->term, &cols, &rows);
	r->tui = tui_new(r->app, cols, rows, term_ascii(r->term));
	r->frame = loop_timer_new(l, on_timer, r);
	r->tick = loop_timer_new(l, on_timer, r);
	r->esc = loop_timer_new(l, read_keys, r);
	r->fd = loop_fd_new(l, term_fd(r->term), on_readable, r);
	loop_fd_want(r->fd, LOOP_READ);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		r->signals[i] = loop_signal_new(l, signals[i], on_signal, r);
	loop_after_turn(l, after_turn, r);
	apply_settings(r);
	r->drawn_ms = loop_now_ms(l) - FRAME_MS;
	draw(r);
}

static void stop(struct run *r)
{
	loop_after_turn_remove(r->app->loop, after_turn, r);
	for (size_t i = 0; i < ARRAY_LEN(r->signals); i++)
		loop_signal_free(r->signals[i]);
	loop_fd_free(r->fd);
	loop_timer_free(r->frame);
	loop_timer_free(r->tick);
	loop_timer_free(r->esc);
	tui_free(r->tui);
	term_close(r->term);
}

int tui_run(struct app *a)
{
	struct term_options o = options_of(&a->config->settings);
	struct run r = { .app = a };
	struct err e;
	int status;

	r.term = term_open(&o, &e);
	if (!r.term) {
		fprintf(stderr, "printop: %s\n", e.text);
		return err_exit_status(e.code);
	}
	r.mouse = o.mouse;
	log_to_stderr(false);
	start(&r);
	if (a->poller)
		poller_start(a->poller);
	loop_run(a->loop);
	status = r.tui->p->exit_status;
	stop(&r);
	log_to_stderr(true);
	return status;
}
