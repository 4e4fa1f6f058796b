/* The words of the help, by view, in Markdown. */
#include "help_text.h"

#include <stddef.h>
#include <printop/mem.h>
#include <printop/str.h>

static const struct { const char *name, *text; } views[] = {
	{ "fleet",
	  "## The fleet\n\n"
	  "One row a printer, those that need a person first. Where the numbers of a printer "
	  "mean nothing, its row "
	  "says why instead. The strip below the rows, or the pane at the right of a wide "
	  "screen, follows the "
	  "cursor.\n\n"
	  "The filter takes words that must all match: a part of a name, a file, a state or a "
	  "tag, or `tag:petg`, "
	  "`state:printing`, `group:x`, `model:x`; `!` in front turns a word round.\n\n" },
	{ "printer",
	  "## One printer\n\n"
	  "The line at the top names its server, how long that took to answer, and the place of "
	  "this printer in the "
	  "fleet. *left* says where the estimate comes from: the slicer, the file or the "
	  "filament. Panes that are "
	  "longer than their place scroll when they have the `>` in their title.\n\n"
	  "The letters at the right end of the graph are the first letters of the heaters; "
	  "dashes are targets.\n\n" },
	{ "files",
	  "## Files on a printer\n\n"
	  "- `Enter` opens a folder, or asks whether to print the file; `Backspace` or `Left` "
	  "goes up a folder\n"
	  "- `s` changes the order: newest, name, size, time to print; `r` turns it round\n"
	  "- the filter looks through all folders at once\n\n"
	  "*ok 3x* and *failed 1x* are the server's own counts of earlier prints, where it "
	  "keeps them. A file whose "
	  "real name cannot be sent back is shown with `?` and cannot be started.\n\n" },
	{ "log",
	  "## The log\n\n"
	  "What happened, newest first: events, and how actions ended. Older lines come from "
	  "the journal, with who "
	  "did it and from where.\n\n"
	  "- `p` shows only the printer that was current when the log was opened\n"
	  "- `a` shows only what somebody should look at\n"
	  "- `Enter` opens the printer of the line\n\n" },
	{ "transfers",
	  "## Transfers and commands\n\n"
	  "Uploads and commands that run come first, then what has ended, newest first. A "
	  "command is done when the "
	  "printer's own state shows it, not when its server said yes.\n\n"
	  "- `r` does the one under the cursor again, after the usual question\n"
	  "- Stopping an upload leaves nothing on the server. Stopping to wait for a command "
	  "does not take the "
	  "command back.\n\n" },
	{ "upload",
	  "## Upload\n\n"
	  "- `Enter` sends; with no file yet it opens the list of files, as `Ctrl-O` and `F2` do\n"
	  "- `Tab` completes the path, then goes on to the next field; arrows move as well\n"
	  "- `Space` ticks a printer, `*` all, `~` turns the ticks round\n"
	  "- `Ctrl-K` on a transfer stops it; `Esc` leaves, transfers go on\n\n"
	  "The last line is the same as a shell command.\n\n" },
};

static const char everywhere[] =
	"## Everywhere\n\n"
	"Lower case looks, capitals act. What acts asks first when work would be lost: `y` for "
	"one printer, the number "
	"of printers for several. `!` and `!` again within five seconds is the emergency stop. "
	"Ctrl-C, Esc and q never "
	"reach a printer.\n\n"
	"Colour is never the only sign: `!` needs you, `~` old values, `*` marked, `>` the "
	"cursor.\n\n"
	"## The command line\n\n"
	"The same verbs as on the shell; Tab completes, Up recalls.\n\n"
	"    :pause tag:petg state:printing\n"
	"    :upload lid.gcode -t tag:room-1\n"
	"    :set poll_active 1\n"
	"    :theme\n\n"
	"`man printop` has the rest.\n";

const char *help_of_view(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (str_eq(views[i].name, name))
			return views[i].text;
	return "";
}

const char *help_everywhere(void)
{
	return everywhere;
}
