/* The first-run page: how to add a printer, and the demo. */
#include <stdlib.h>
#include <printop/frontend.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/text.h>
#include "frame.h"

struct first_view {
	struct view v;
	char *path;		/* of the configuration to write */
};

static const char *const example[] = {
	"printers = (",
	"  { name = \"voron-01\"; url = \"http://10.0.4.21:7125\"; },",
	"  { name = \"mk4-01\";   url = \"http://octopi.local\";",
	"    key = \"the API key of OctoPrint\"; tags = [ \"pla\" ]; }",
	");",
};

static void first_open(struct view *v)
{
	struct first_view *f = (struct first_view *)v;
	char *dir;

	if (v->tui->app->config->path) {
		f->path = mem_strdup(v->tui->app->config->path);
		return;
	}
	dir = path_config_dir();
	f->path = path_join(dir, "printers.conf");
	free(dir);
}

static void first_close(struct view *v)
{
	free(((struct first_view *)v)->path);
}

struct pen {
	struct canvas *c;
	int x, y, w, end;
};

static void line(struct pen *p, enum role role, int indent, const char *text)
{
	if (p->y < p->end)
		canvas_text(p->c, p->x + indent, p->y, p->w - indent, role, text);
	p->y++;
}

static void key_line(struct pen *p, const char *key, const char *text)
{
	if (p->y < p->end) {
		canvas_text(p->c, p->x + 2, p->y, 8, ROLE_KEY, key);
		canvas_text(p->c, p->x + 10, p->y, p->w - 10, ROLE_NORMAL, text);
	}
	p->y++;
}

static void first_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	const struct first_view *f = (struct first_view *)v;
	struct pen p = { c, c->cols >= 60 ? 3 : 0, c->rows >= 16 ? 2 : 1, 0, c->rows };
	char path[1024];

	(void)m;
	p.w = c->cols - p.x;
	frame_title(v->tui, c, "printop", NULL);
	line(&p, ROLE_STRONG, 0, "No printers yet.");
	p.y++;
	key_line(&p, "a", "add a printer by its address; the rest is automatic (:add)");
	key_line(&p, "f", "find printers nearby (:discover)");
	p.y++;
	line(&p, ROLE_NORMAL, 0, "Or write this, with your own addresses, into");
	text_cut_left(path, sizeof(path), f->path, p.w - 2, c->ascii);
	line(&p, ROLE_KEY, 2, path);
	p.y++;
	for (size_t i = 0; i < ARRAY_LEN(example); i++)
		line(&p, ROLE_INPUT, 2, example[i]);
	p.y++;
	line(&p, ROLE_NORMAL, 0,
	     "chmod 600 keeps the key yours. printop check says what it finds there.");
	p.y++;
	key_line(&p, "r", "read the file (:reload does the same)");
	key_line(&p, "d", "look round in a farm of simulated printers first (printop --demo)");
	key_line(&p, "?", "help: all keys");
	key_line(&p, "Q", "quit");
}

static bool first_key(struct view *v, uint32_t key)
{
	if (key == 'a')
		dialog_add(v->tui, NULL, 0);
	else if (key == 'f')
		view_discover_open(v->tui, NULL);
	else if (key == 'd')
		tui_quit(v->tui, TUI_EXIT_DEMO);
	else if (key == 'r')
		tui_reload(v->tui);
	else
		return false;
	return true;
}

const struct view_ops view_first = {
	.name = "first",
	.scope = SCOPE_ANY,
	.size = sizeof(struct first_view),
	.open = first_open,
	.close = first_close,
	.draw = first_draw,
	.key = first_key,
};
