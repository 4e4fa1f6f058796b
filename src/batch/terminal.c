/* Asking the person at the terminal: a line, a password that is not shown. */
#include "batch/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

bool terminal_has_person(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool terminal_ask(const char *question, char *answer, size_t size)
{
	fflush(stdout);
	fputs(question, stderr);
	fflush(stderr);
	if (!fgets(answer, (int)size, stdin))
		return false;
	answer[strcspn(answer, "\r\n")] = '\0';
	return true;
}

static size_t read_line(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		ssize_t n = read(fd, buf + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || buf[len] == '\n')
			break;
		len++;
	}
	buf[len] = '\0';
	return len;
}

/* Signals wait meanwhile: whatever happens, the terminal shows again what is typed. */
bool terminal_ask_secret(const char *question, char *answer, size_t size)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios shown, hidden;
	sigset_t all, before;

	answer[0] = '\0';
	if (fd < 0)
		return false;
	if (tcgetattr(fd, &shown) != 0) {
		close(fd);
		return false;
	}
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	tcsetattr(fd, TCSAFLUSH, &hidden);
	dprintf(fd, "%s", question);
	read_line(fd, answer, size);
	tcsetattr(fd, TCSAFLUSH, &shown);
	dprintf(fd, "\n");
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(fd);
	if (!strchr(answer, 3))		/* Ctrl-C, as a byte */
		return true;
	explicit_bzero(answer, size);
	return false;
}
