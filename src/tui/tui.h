/*
 * The full screen: views on a stack over the fleet, one dialog or prompt on top, keys by the action
 * table. A view is a const struct view_ops and its own state; it draws on a canvas and never sees
 * curses. Nothing here waits for the network.
 */
#ifndef TUI_TUI_H
#define TUI_TUI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/action.h>
#include <printop/alert.h>
#include <printop/app.h>
#include <printop/fleet.h>
#include <printop/keys.h>
#include <printop/op.h>
#include <printop/poller.h>
#include <printop/theme.h>
#include "canvas.h"
#include "layout.h"

struct tui;
struct view;

/* What drawing needs to know of the moment, so that golden tests can fix it. */
struct moment {
	int64_t now_ms;		/* loop clock */
	double wall_s;		/* wall clock */
};

struct view_ops {
	const char *name;			/* "fleet": title line and help */
	enum action_scope scope;		/* keys that work here */
	/* Of the view's own struct, whose first member is struct view. */
	size_t size;
	void (*open)(struct view *v);		/* may be NULL, as all below but draw */
	void (*close)(struct view *v);
	void (*draw)(struct view *v, struct canvas *c, const struct moment *m);
	/*
	 * True: done; false: the frame does what the action does everywhere (move lists, open, help
	 * ...).
	 */
	bool (*action)(struct view *v, enum action_id id);
	/*
	 * Every key, before the bindings: true when the view used it (fields of text, its own small
	 * keys).
	 */
	bool (*key)(struct view *v, uint32_t key);
	void (*paste)(struct view *v, const char *text);	/* cleaned, one line */
	void (*click)(struct view *v, int x, int y, bool doubled);
	/*
	 * Printers that actions apply to here; ids in ret, returns how many (may be more than max).
	 * NULL: in the fleet view the marked, else the current one; elsewhere none, for the user
	 * could not see which.
	 */
	size_t (*targets)(struct view *v, uint32_t *ret, size_t max);
	/* Whether this printer has a row here now, on the screen or above or below; NULL: as if. */
	bool (*shows)(struct view *v, uint32_t printer_id);
	/*
	 * Something shown may have changed: fields of a printer (id 0: anything). Returns whether
	 * to draw.
	 */
	bool (*changed)(struct view *v, uint32_t printer_id, field_mask mask);
	/* Rows of a list view, for the frame's own movement: cursor index and count. */
	struct list *(*list)(struct view *v);
	/* Milliseconds until the drawing changes by itself (clock, ages), -1: never. */
	int64_t (*next_tick_ms)(struct view *v, const struct moment *m);
};

struct view {
	const struct view_ops *ops;
	struct tui *tui;
};

/* A cursor in a list with scrolling; pure. */
struct list {
	size_t n, cursor, top;
	int rows;		/* height of the window on it, set by draw */
};
void list_set_count(struct list *l, size_t n);
void list_move(struct list *l, int by);
/* DOWN UP PAGE_DOWN ... ; false: not a movement. */
bool list_action(struct list *l, enum action_id id);

/* ---- the frame (tui.c) ---- */
struct tui {
	struct app *app;
	struct keymap *keymap;
	struct canvas *canvas;
	struct theme theme;
	struct moment moment;		/* of the drawing under way */
	struct view *stack[16];		/* room for each of the views once */
	int depth;
	uint32_t current;		/* printer under the cursor or on screen, 0 none */
	int64_t slid_ms;		/* when rows moved another printer under the cursor, 0 never */
	bool ascii;
	/* One line for the user ("config reloaded"), shown in the event lines' place for 5 s. */
	char status[TEXT_CAP];
	int64_t status_until_ms;
	enum role status_role;
	uint32_t last_group;		/* of operations, by the last tui_act() that sent any */
	struct tui_private *p;		/* the frame's own: dialog, prompt, history of commands */
};

/*
 * The frame needs no terminal: tui_run() joins it to one, tests drive it with keys and read its
 * canvas. a may lack a poller, ops and alerts. The first view (fleet, or first-run page without
 * printers) is open.
 */
struct tui *tui_new(struct app *a, int cols, int rows, bool ascii);
void tui_free(struct tui *t);
void tui_key(struct tui *t, uint32_t key);
void tui_paste(struct tui *t, const char *text);
void tui_render(struct tui *t, const struct moment *m);	/* onto t->canvas */
/* Milliseconds until the drawing changes by itself, -1: never. */
int64_t tui_next_tick_ms(struct tui *t, const struct moment *m);

void tui_dirty(struct tui *t);				/* draw at the end of this turn */
void tui_say(struct tui *t, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* On top; an open one of the same ops comes to the top. */
void tui_open(struct tui *t, const struct view_ops *ops);
void tui_back(struct tui *t);				/* closes the top view; the fleet stays */
void tui_do(struct tui *t, enum action_id id);		/* as if its key was pressed */
void tui_run_line(struct tui *t, const char *line);	/* as typed after ":" */
struct view *tui_top(struct tui *t);			/* never NULL */
int64_t tui_now_ms(const struct tui *t);
const struct settings *tui_settings(const struct tui *t);
/* Makes a printer the current one: the fleet view's cursor goes there. */
void tui_select(struct tui *t, uint32_t id);
/* Marked printers, else the current one; what an action key applies to. */
size_t tui_targets(struct tui *t, uint32_t *ret, size_t max);
/*
 * Asks what screens demand (y, number, ! !), submits, shows the result window. Says why when
 * nothing can be sent.
 */
void tui_act(struct tui *t, enum verb verb, const struct verb_args *args, const uint32_t *ids,
	     size_t n);

/*
 * Shared by views. Title line: view_title as it is, right before the clock at the right end.
 * Events: the first row of a is a separator line, the latest event below it, and tui_say() takes
 * that place for 5 s. Footer: the keys that work in scope (one or two lines), verbs that no target
 * allows dim.
 */
void frame_title(struct tui *t, struct canvas *c, const char *view_title, const char *right);
void frame_events(struct tui *t, struct canvas *c, struct area a);
void frame_footer(struct tui *t, struct canvas *c, struct area a, enum action_scope scope);

/*
 * ---- dialogs (dialog.c, result.c, menu.c): at most one, drawn over the view, gets all keys ----
 */
struct dialog;
struct dialog_ops {
	void (*draw)(struct dialog *d, struct canvas *c, const struct moment *m);
	/* True: stays open; false: the frame closes it. Ctrl-C and Esc arrive as KEY_ESC. */
	bool (*key)(struct dialog *d, uint32_t key);
	/* May be NULL; false closes. */
	bool (*tick)(struct dialog *d, const struct moment *m);
	int64_t (*next_tick_ms)(struct dialog *d, const struct moment *m);	/* may be NULL */
	void (*close)(struct dialog *d);				/* frees d */
	/* Cleaned, one line; NULL: pasted text is not for it. */
	void (*paste)(struct dialog *d, const char *text);
};
struct dialog {
	const struct dialog_ops *ops;
	struct tui *tui;
	bool seen;		/* it has been drawn */
	int64_t deaf_ms;	/* when a key was dropped last, 0 never */
};
void tui_dialog_take(struct tui *t, struct dialog *d);	/* replaces the one that is open */
struct dialog *tui_dialog(struct tui *t);

/*
 * y = yes, anything else no. lines: what is asked about; question: "Cancel it?". done may be NULL.
 */
void dialog_ask(struct tui *t, enum role role, const char *title, const char *const *lines,
		size_t n_lines, const char *question, void (*yes)(void *ctx),
		void (*done)(void *ctx), void *ctx);	/* done always, frees ctx */
/* Typing the number and Enter = yes. */
void dialog_ask_number(struct tui *t, const char *title, const char *const *lines, size_t n_lines,
		       size_t number, void (*yes)(void *ctx), void (*done)(void *ctx), void *ctx);
/* The second ! within 5 s = yes; shows the time running out. */
void dialog_estop(struct tui *t, const char *const *lines, size_t n_lines, void (*yes)(void *ctx),
		  void (*done)(void *ctx), void *ctx);
/*
 * The window of a group of operations: a line per printer, r retries the failed, Ctrl-K stops
 * waiting, Enter closes.
 */
void dialog_result(struct tui *t, uint32_t group, enum verb verb);
/*
 * A list to choose from (sort, theme, goto); moved is called with each highlighted choice
 * (preview), chosen with -1 on Esc.
 */
void dialog_menu(struct tui *t, const char *title, const char *const *items, size_t n,
		 size_t current, void (*moved)(void *ctx, int i), void (*chosen)(void *ctx, int i),
		 void *ctx);

/*
 * Adding printers, one after the other; no address: asks for it. Shows what is there, gets access,
 * writes printers.d and reads the configuration again.
 */
void dialog_add(struct tui *t, const char *const *addresses, size_t n);
void dialog_remove(struct tui *t, const char *name);	/* after a question */
void tui_rename(struct tui *t, const char *name, const char *to);

/* ---- prompt (prompt.c): the ":", "/" and "'" line at the bottom ---- */
struct edit {			/* a line editor, pure: readline's usual control keys */
	char text[1024];
	size_t len, pos;
};
void edit_set(struct edit *e, const char *text);
bool edit_key(struct edit *e, uint32_t key);		/* false: not an editing key */
bool edit_insert(struct edit *e, const char *text);
/* Draws label and text, keeps the cursor in sight, sets the canvas' cursor. */
void edit_draw(const struct edit *e, struct canvas *c, int x, int y, int w, enum role role,
	       const char *label);

enum prompt_kind { PROMPT_COMMAND, PROMPT_FILTER, PROMPT_GOTO, PROMPT_TEXT };
/* changed: after every key (live filter), may be NULL; done: text, or NULL on Esc. */
void prompt_open(struct tui *t, enum prompt_kind kind, const char *label, const char *initial,
		 void (*changed)(void *ctx, const char *text),
		 void (*done)(void *ctx, const char *text), void *ctx);

/* ---- drawing of printers shared by views (widgets.c, graph.c) ---- */
enum role status_role(enum printer_status s);
enum role event_role(enum event_kind k);
int percent_of(double ratio);		/* 0.879 is 87: only what is done counts */
/* "245/245", "31/0", "--": now/target of a heater in w columns, right-aligned. */
void draw_temp(struct canvas *c, int x, int y, int w, const struct heater *h, enum role role);
/*
 * The temperature graph of the last span_s seconds: scale at the left, targets as a dashed line,
 * times below when tall enough. heaters: shown names, at most 4; kind by the setting (braille,
 * block, ascii).
 */
enum graph_kind { GRAPH_BRAILLE, GRAPH_BLOCK, GRAPH_ASCII };
void draw_graph(struct canvas *c, struct area a, const struct printer *p, int span_s,
		enum graph_kind kind, const struct moment *m);
enum graph_kind tui_graph_kind(const struct tui *t);
enum role graph_role(int heater_index);

/* ---- the views ---- */
extern const struct view_ops view_first, view_fleet, view_printer, view_files, view_log,
	view_transfers, view_help, view_upload, view_services, view_discover, view_library;
/* Opens the upload dialog view for these printers (ticked). */
void view_upload_open(struct tui *t, const uint32_t *ids, size_t n);
/* The same with a file chosen, for the marked printers or the current one. */
void view_upload_open_file(struct tui *t, const char *path);
/* Opens the list of servers nearby; range NULL: those that announce themselves. Asks before it looks through a range. */
void view_discover_open(struct tui *t, const char *range);
/* Opens the library; words NULL: all of it. */
void view_library_open(struct tui *t, const char *words);
/*
 * Opens the files view of a printer; choosing a file starts it on these printers after the
 * question.
 */
void view_files_open(struct tui *t, uint32_t printer_id, const uint32_t *start_on, size_t n);

#endif
