/* What several views draw: the title line, the event lines, states and temperatures. */
#include "frame.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <printop/str.h>

#define WIDE_COLS 110

enum role status_role(enum printer_status s)
{
	enum role r = ROLE_NORMAL;

	role_from_name(printer_status_info(s)->role, &r);
	return r;
}

int percent_of(double ratio)
{
	return isnan(ratio) ? 0 : (int)floor(ratio * 100 + 1e-6);
}

void draw_temp(struct canvas *c, int x, int y, int w, const struct heater *h, enum role role)
{
	char text[STR_SMALL];

	if (!h || isnan(h->actual_c)) {
		canvas_text_right(c, x, y, w < 4 ? w : w - 2, ROLE_DIM, "--");
		return;
	}
	if (isnan(h->target_c))
		str_printf(text, sizeof(text), "%3.0f/-  ", h->actual_c);
	else
		str_printf(text, sizeof(text), "%3.0f/%-3.0f", h->actual_c, h->target_c);
	if (role == ROLE_NORMAL && h->target_c > 0 && fabs(h->actual_c - h->target_c) > 4)
		role = ROLE_HEAT;
	canvas_text_right(c, x, y, w, role, text);
}

void frame_title(struct tui *t, struct canvas *c, const char *view_title, const char *right)
{
	char clock[STR_SMALL] = "";
	time_t now = (time_t)t->moment.wall_s;
	struct tm tm;
	int room = c->cols;

	if (localtime_r(&now, &tm) && c->cols >= 30)
		strftime(clock, sizeof(clock), c->cols >= WIDE_COLS ? "%a %H:%M" : "%H:%M", &tm);
	room -= canvas_text_right(c, 0, 0, room, ROLE_DIM, clock);
	if (right && *right && canvas_width(c, right) + 12 < room)
		room -= 2 + canvas_text_right(c, 0, 0, room - 2, ROLE_NORMAL, right);
	if (t->app->read_only && room > 50)
		room -= 2 + canvas_text_right(c, 0, 0, room - 2, ROLE_WARN, "read-only");
	canvas_text(c, 0, 0, room < c->cols ? room - 1 : room, ROLE_TITLE, view_title);
}

enum role event_role(enum event_kind k)
{
	switch (k) {
	case EVENT_FINISHED:
		return ROLE_GOOD;
	case EVENT_FAILED:
	case EVENT_REFUSED:
		return ROLE_BAD;
	case EVENT_PAUSED:
		return ROLE_PAUSE;
	case EVENT_OFFLINE:
		return ROLE_WARN;
	case EVENT_STARTED:
	case EVENT_CANCELLED:
	case EVENT_RESUMED:
	case EVENT_ONLINE:
	case EVENT_ACTION:
	case EVENT_NOTE:
	case EVENT_KIND_N:
		return ROLE_NORMAL;
	}
	return ROLE_NORMAL;
}

/* "(` jumps, . hides)" for the latest alarm, with the keys that are really bound. */
static void alarm_hint(const struct tui *t, char *buf, size_t size)
{
	char jump[STR_SMALL], hide[STR_SMALL];
	uint32_t jump_key = keymap_key_of(t->keymap, SCOPE_ANY, ACTION_ALARM);
	uint32_t hide_key = keymap_key_of(t->keymap, SCOPE_ANY, ACTION_DISMISS);

	*buf = '\0';
	if (jump_key != KEY_NONE && hide_key != KEY_NONE)
		str_printf(buf, size, "(%s jumps, %s hides)",
			   key_label(jump_key, jump, sizeof(jump)),
			   key_label(hide_key, hide, sizeof(hide)));
}

static void draw_event(struct tui *t, struct canvas *c, struct area a, const struct event *ev,
		       bool latest_alarm)
{
	char clock[STR_SMALL] = "", hint[64];
	time_t at = (time_t)ev->at;
	struct tm tm;
	int name_w = a.w >= WIDE_COLS ? 12 : a.w >= 60 ? 10 : 0, x = a.x, end = a.x + a.w;

	if (localtime_r(&at, &tm))
		strftime(clock, sizeof(clock), a.w >= WIDE_COLS ? "%H:%M:%S" : "%H:%M", &tm);
	x += canvas_text(c, x, a.y, end - x, ROLE_DIM, clock) + 1;
	if (ev->printer[0]) {
		int used = canvas_text(c, x, a.y, end - x, ROLE_STRONG, ev->printer);

		x += (used > name_w ? used : name_w) + 1;
	}
	if (latest_alarm && a.w >= 60) {
		alarm_hint(t, hint, sizeof(hint));
		if (canvas_width(c, ev->text) + canvas_width(c, hint) + 2 <= end - x)
			canvas_text_right(c, x, a.y, end - x, ROLE_DIM, hint);
	}
	canvas_text(c, x, a.y, end - x, event_role(ev->kind), ev->text);
}

void frame_events(struct tui *t, struct canvas *c, struct area a)
{
	const struct alerts *al = t->app->alerts;
	const struct event *alarm = al ? alerts_latest_alarm(al) : NULL;
	int end = a.y + a.h, y = a.y + 1;

	if (a.h < 1)
		return;
	canvas_hline(c, a.x, a.y, a.w, a.h >= 5 ? "EVENTS" : NULL, NULL);
	if (y < end && t->status[0] && t->moment.now_ms < t->status_until_ms) {
		canvas_text(c, a.x, y++, a.w, t->status_role, t->status);
		t->p->status_shown = true;
	}
	for (size_t i = al ? alerts_count(al) : 0; i > 0 && y < end; i--) {
		const struct event *ev = alerts_at(al, i - 1);

		if (ev->dismissed)
			continue;
		draw_event(t, c, (struct area){ a.x, y++, a.w, 1 }, ev,
			   alarm && ev->seq == alarm->seq);
	}
}
