/* API keys out of files, the environment and programs. No message ever holds the key. */
#include "config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define OUTPUT_BYTES 4096
#define WAIT_STEP_MS 5

extern char **environ;

bool key_accept(char *text, struct secret *ret, struct err *e)
{
	char *key = str_trim(text);
	size_t len = strlen(key);

	if (len == 0)
		return err_set(e, ERR_CONFIG, "the key is empty");
	if (len > LIMIT_KEY_BYTES)
		return err_set(e, ERR_CONFIG, "the key is longer than %d bytes", LIMIT_KEY_BYTES);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)key[i] < ' ' || key[i] == 0x7f)
			return err_set(e, ERR_CONFIG, "the key has control characters in it");
	secret_set(ret, key);
	return true;
}

/* Like key_accept(), for text of ours that must not stay in memory. */
static bool accept_and_wipe(char *text, size_t len, struct secret *ret, struct err *e)
{
	bool ok = key_accept(text, ret, e);

	explicit_bzero(text, len);
	return ok;
}

bool key_from_file(const char *path, struct secret *ret, struct err *e)
{
	char *text;
	size_t len;
	bool ok;

	if (!path_read(path, OUTPUT_BYTES, &text, &len, e))
		return false;
	if (strlen(text) != len)
		ok = err_set(e, ERR_CONFIG, "%s: the key has control characters in it", path);
	else
		ok = accept_and_wipe(text, len, ret, e) || err_wrap(e, "%s", path);
	free(text);
	return ok;
}

bool key_from_env(const char *name, struct secret *ret, struct err *e)
{
	const char *value = getenv(name);
	char *copy;
	bool ok;

	if (!value)
		return err_set(e, ERR_CONFIG, "the environment variable %s is not set", name);
	copy = mem_strdup(value);
	ok = accept_and_wipe(copy, strlen(copy), ret, e) || err_wrap(e, "%s", name);
	free(copy);
	return ok;
}

/* ---- a program ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A process group of its own, so that a time-out ends its children, too; our signal set-up is not its. */
static int spawn(char *const *argv, int out_fd, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int why;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	why = posix_spawnp(pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return why;
}

/* Reads until the end, the cap or the deadline; false at the deadline. */
static bool read_until(int fd, char *buf, size_t size, size_t *len, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		int64_t left = deadline - now_ms();
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, buf + *len, size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		*len += (size_t)n;
		if (*len == size)
			return true;
	}
}

/* The exit status, 128 + signal, or -1 when it did not end in time (it is killed then). */
static int wait_until(pid_t pid, int64_t deadline)
{
	const struct timespec step = { 0, WAIT_STEP_MS * 1000000L };
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (got < 0 && errno != EINTR)
			return 0;	/* somebody else reaped it; its output decides */
		if (now_ms() >= deadline)
			break;
		nanosleep(&step, NULL);
	}
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

static bool first_line(char *output, const char *program, struct secret *ret, struct err *e)
{
	char *text = output + strspn(output, "\r\n");

	text[strcspn(text, "\r\n")] = '\0';
	return key_accept(text, ret, e) || err_wrap(e, "%s", program);
}

bool key_from_command(char *const *argv, double limit_s, struct secret *ret, struct err *e)
{
	int64_t deadline = now_ms() + (int64_t)(limit_s * 1000.0);
	char output[OUTPUT_BYTES + 1] = "";
	size_t len = 0;
	int fds[2], why, status;
	bool ok = false;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, ERR_IO, "%s: %s", argv[0], strerror(errno));
	why = spawn(argv, fds[1], &pid);
	close(fds[1]);
	if (why) {
		close(fds[0]);
		return err_set(e, ERR_CONFIG, "%s: %s", argv[0], strerror(why));
	}
	if (!read_until(fds[0], output, OUTPUT_BYTES, &len, deadline))
		deadline = 0;
	close(fds[0]);
	status = wait_until(pid, deadline);
	if (status < 0)
		err_set(e, ERR_TIMEOUT, "%s printed no key within %g s", argv[0], limit_s);
	else if (len == OUTPUT_BYTES)	/* its status is but SIGPIPE's */
		err_set(e, ERR_CONFIG, "%s printed more than a key", argv[0]);
	else if (status > 0)
		err_set(e, ERR_CONFIG, "%s ended with status %d", argv[0], status);
	else
		ok = first_line(output, argv[0], ret, e);
	explicit_bzero(output, sizeof(output));
	return ok;
}
