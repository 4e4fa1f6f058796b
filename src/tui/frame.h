/*
 * What the files of the frame share (tui.c, run.c, act.c, command.c, prompt.c, dialogs); views do
 * not include it.
 */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "tui.h"

struct prompt;
struct recall;

struct tui_private {
	struct dialog *dialog;
	struct prompt *prompt;
	struct recall *recall;		/* command lines typed before */
	uint32_t key;			/* the one that is being handled */
	bool dirty;
	bool status_shown;		/* by the view's event lines, in the drawing under way */
	/* What run.c has to do with the terminal after this turn of the loop. */
	bool quit, suspend, redraw, bell, settings_changed;
	int exit_status;
	char notice[TEXT_CAP];		/* a desktop message, "" none */
};

void tui_mouse(struct tui *t, int x, int y, bool doubled);
void tui_wheel(struct tui *t, int by);
void tui_reload(struct tui *t);
/* After :set, a reload, a theme: keys, theme, terminal. */
void tui_settings_applied(struct tui *t);
void tui_quit(struct tui *t, int exit_status);
bool tui_set_theme(struct tui *t, const char *name, struct err *e);
/* "printop: 4 printing, 1 needs you" for the window title. */
void tui_title(const struct tui *t, char *buf, size_t size);

/* everywhere.c: what an action does where the view has no idea of its own; nothing for some. */
void frame_do(struct tui *t, enum action_id id);

/* act.c: the verb of an action key, on tui_targets(). */
void act_key(struct tui *t, enum action_id id);
void act_op_changed(void *ctx, const struct op *op);
enum action_id act_of_verb(enum verb verb);
bool dialog_shows_group(struct tui *t, uint32_t group);	/* result.c */

/* command.c */
enum { COMMAND_IDS = LIMIT_PRINTERS };
/* What Enter would do, or what is wrong. */
void command_preview(struct tui *t, const char *line, char *buf, size_t size);
/* complete.c: words that fit before the cursor. Sorted, the caller frees with complete_done(). */
struct completion {
	char **words;
	size_t n;
	size_t start;		/* byte of the line where the word begins */
};
void command_complete(struct tui *t, const char *line, size_t pos, struct completion *ret);
void complete_add(struct completion *c, const char *prefix, const char *word, const char *tail);
void complete_done(struct completion *c);

/* prompt.c */
void prompt_key(struct tui *t, uint32_t key);
void prompt_paste(struct tui *t, const char *text);
void prompt_draw(struct tui *t, struct canvas *c);
void prompt_cancel(struct tui *t);	/* as Esc does; nothing when none is open */
/* Menus and questions that actions open. */
void menu_theme(struct tui *t);
void prompt_goto(struct tui *t);
void prompt_command(struct tui *t, const char *initial);

/* recall.c: the history of command lines, in the state folder, mode 0600. */
struct recall *recall_load(void);
void recall_free(struct recall *r);		/* writes it when it changed */
void recall_add(struct recall *r, const char *line);
size_t recall_count(const struct recall *r);
const char *recall_at(const struct recall *r, size_t i);	/* oldest first */

#endif
