/* What actions do in every view that has no idea of its own. */
#include <printop/str.h>
#include "frame.h"

static void do_back(struct tui *t)
{
	if (t->depth > 1)
		tui_back(t);
	else if (t->p->key == KEY_ESC || t->p->key == KEY_CODE_LEFT)
		tui_say(t, ROLE_NORMAL, "q or Q leaves printop");
	else
		tui_do(t, ACTION_QUIT);
}

static void quit_yes(void *ctx)
{
	tui_quit(ctx, 0);
}

static void do_quit(struct tui *t)
{
	size_t n = t->app->ops ? ops_uploads_running(t->app->ops) : 0;
	char line[80];
	const char *lines[] = { line };

	if (!n) {
		tui_quit(t, 0);
		return;
	}
	str_printf(line, sizeof(line), "%zu upload%s still running; leaving stops %s.", n,
		   n == 1 ? " is" : "s are", n == 1 ? "it" : "them");
	dialog_ask(t, ROLE_WARN, "leave printop", lines, 1, "Leave?", quit_yes, NULL, t);
}

static void do_help(struct tui *t)
{
	tui_open(t, &view_help);
}

static void do_fleet(struct tui *t)
{
	while (t->depth > 1)
		tui_back(t);
}

static void do_printer(struct tui *t)
{
	if (fleet_get(t->app->fleet, t->current))
		tui_open(t, &view_printer);
}

static void do_files(struct tui *t)
{
	if (fleet_get(t->app->fleet, t->current))
		view_files_open(t, t->current, NULL, 0);
}

static void do_log(struct tui *t)
{
	tui_open(t, &view_log);
}

static void do_transfers(struct tui *t)
{
	tui_open(t, &view_transfers);
}

static void do_services(struct tui *t)
{
	tui_open(t, &view_services);
}

static void do_command(struct tui *t)
{
	prompt_command(t, "");
}

static void do_set(struct tui *t)
{
	prompt_command(t, "set ");
}

static void do_alarm(struct tui *t)
{
	const struct event *ev = t->app->alerts ? alerts_latest_alarm(t->app->alerts) : NULL;

	if (!ev || !fleet_get(t->app->fleet, ev->printer_id)) {
		tui_say(t, ROLE_NORMAL, "no alarm");
		return;
	}
	tui_select(t, ev->printer_id);
	if (tui_top(t)->ops != &view_fleet)
		tui_open(t, &view_printer);
}

static void do_dismiss(struct tui *t)
{
	const struct event *ev = t->app->alerts ? alerts_latest_alarm(t->app->alerts) : NULL;

	if (ev)
		alerts_dismiss(t->app->alerts, ev->seq);
	else
		tui_say(t, ROLE_NORMAL, "no alarm");
}

static void do_refresh(struct tui *t)
{
	if (t->app->poller)
		poller_refresh(t->app->poller, 0);
	tui_say(t, ROLE_NORMAL, "polling all printers");
}

static void do_redraw(struct tui *t)
{
	t->p->redraw = true;
}

static void do_stop(struct tui *t)
{
	tui_say(t, ROLE_NORMAL, "nothing to stop here; 7 shows transfers");
}

static void do_add(struct tui *t)
{
	dialog_add(t, NULL, 0);
}

static void do_discover(struct tui *t)
{
	view_discover_open(t, NULL);
}

static void do_library(struct tui *t)
{
	view_library_open(t, NULL);
}

static void (*const everywhere[ACTION_N])(struct tui *t) = {
	[ACTION_BACK] = do_back,       [ACTION_QUIT] = do_quit,
	[ACTION_HELP] = do_help,       [ACTION_FLEET] = do_fleet,
	[ACTION_PRINTER] = do_printer, [ACTION_FILES] = do_files,
	[ACTION_LOG] = do_log,	       [ACTION_TRANSFERS] = do_transfers,
	[ACTION_COMMAND] = do_command, [ACTION_GOTO] = prompt_goto,
	[ACTION_ALARM] = do_alarm,     [ACTION_DISMISS] = do_dismiss,
	[ACTION_REFRESH] = do_refresh, [ACTION_REDRAW] = do_redraw,
	[ACTION_STOP_OP] = do_stop,    [ACTION_RELOAD] = tui_reload,
	[ACTION_SET] = do_set,	       [ACTION_THEME] = menu_theme,
	[ACTION_ADD] = do_add,	       [ACTION_DISCOVER] = do_discover,
	[ACTION_LIBRARY] = do_library,
	[ACTION_SERVICES] = do_services,
};

void frame_do(struct tui *t, enum action_id id)
{
	if (everywhere[id])
		everywhere[id](t);
}
