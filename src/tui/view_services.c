/* The services view: what runs here for other programs, and how each part is. */
#include <printop/service.h>
#include <printop/str.h>
#include <printop/text.h>
#include "frame.h"

struct services_view {
	struct view v;
};

static const struct {
	enum role role;
	const char *word;
} healths[] = {
	[SERVICE_OFF] = { ROLE_OFF, "OFF" },
	[SERVICE_GOOD] = { ROLE_GOOD, "RUNS" },
	[SERVICE_TROUBLE] = { ROLE_ERROR, "FAILS" },
};

/* One service: its name and state, then what it says, over as many lines as that needs. */
static int draw_service(struct canvas *c, int y, int end, const struct service_line *line)
{
	const char *text = line->text;
	int w = c->cols - 4;

	canvas_text(c, 1, y, 7, healths[line->health].role, healths[line->health].word);
	canvas_text(c, 9, y, 12, ROLE_STRONG, line->name);
	canvas_text(c, 22, y, c->cols - 23, ROLE_DIM, line->title);
	while (*text && ++y < end) {
		int used;
		size_t n = text_fit(text, w, &used);
		char part[TEXT_CAP];

		str_printf(part, sizeof(part), "%.*s", (int)n, text);
		canvas_text(c, 3, y, w, line->health == SERVICE_TROUBLE ? ROLE_ERROR : ROLE_NORMAL, part);
		text += n ? n : 1;
	}
	return y + 1;
}

static void services_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	const struct services *s = v->tui->app->services;
	int y = 2, end = c->rows - 1;
	struct area foot = { 0, c->rows - 1, c->cols, 1 };

	(void)m;
	frame_title(v->tui, c, "printop services", NULL);
	if (!services_count(s) && y < end)
		canvas_text(c, 1, y, c->cols - 2, ROLE_DIM, "none can run here");
	for (size_t i = 0; i < services_count(s) && y < end; i++) {
		struct service_line line;

		services_at(s, i, &line);
		y = draw_service(c, y, end, &line) + (c->rows >= 20);
	}
	if (y < end)
		canvas_text(c, 1, y, c->cols - 2, ROLE_DIM,
			    "printers.conf says which run (man printers.conf); printop serve runs them without a screen");
	frame_footer(v->tui, c, foot, SCOPE_ANY);
}

static int64_t services_tick(struct view *v, const struct moment *m)
{
	(void)v;
	(void)m;
	return 5000;	/* ages and counts */
}

const struct view_ops view_services = {
	.name = "services",
	.scope = SCOPE_ANY,
	.size = sizeof(struct services_view),
	.draw = services_draw,
	.next_tick_ms = services_tick,
};
