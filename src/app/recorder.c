/*
 * Which of several running copies records events and runs hooks: the one that holds a lock in the state folder. It is
 * taken anew at every event, so that when the holder ends another copy goes on without anybody noticing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <printop/err.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include "app/internal.h"

/* One lock for each configuration: copies with other printers record on their own. */
static char *lock_path(const struct app *a)
{
	const char *conf = a->config->path ? a->config->path : "none";
	char *real = realpath(conf, NULL), *dir = path_state_dir(), *name, *path;
	unsigned long h = 5381;

	for (const char *p = real ? real : conf; *p; p++)
		h = h * 33 + (unsigned char)*p;
	name = mem_printf("recorder-%08lx.lock", h & 0xffffffffu);
	path = path_join(dir, name);
	free(name);
	free(dir);
	free(real);
	return path;
}

bool recorder_is_us(struct app *a)
{
	struct err e = { 0 };
	char *path, *dir;

	if (a->recorder_fd >= 0)
		return true;
	path = lock_path(a);
	dir = path_dirname(path);
	if (path_make_dirs(dir, &e))
		a->recorder_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (a->recorder_fd < 0)
		log_warn("%s cannot be opened: events are not recorded", path);
	free(dir);
	free(path);
	if (a->recorder_fd < 0)
		return false;
	if (flock(a->recorder_fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	close(a->recorder_fd);
	a->recorder_fd = -1;
	return false;
}

void recorder_release(struct app *a)
{
	if (a->recorder_fd >= 0)
		close(a->recorder_fd);
	a->recorder_fd = -1;
}
