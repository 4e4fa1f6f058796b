/*
 * Runs a fuzz target on files, without a fuzzer: replay [-m N] FILE-OR-FOLDER... With -m each file
 * is also tried N times with small seeded changes, so that every build has met a little of what a
 * fuzzer finds. Says how many inputs it tried.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/path.h>
#include "fuzz.h"

#define INPUT_BYTES (1u << 20)

static struct {
	char input[512]; /* what is being tried, for the handler */
	unsigned long n;
	int mutations;
	uint32_t random;
} replay;

static void say_input(void)
{
	ssize_t ignored = write(STDERR_FILENO, replay.input, strlen(replay.input));

	(void)ignored;
}

static uint32_t next_random(void)
{
	replay.random = replay.random * 1664525u + 1013904223u;
	return replay.random >> 8;
}

/* A copy of exactly these bytes, so that a checker sees the first one read beyond them. */
static void try_input(const char *data, size_t len)
{
	uint8_t *copy = mem_alloc(len ? len : 1);

	if (len)
		memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	replay.n++;
}

/* Cut, a byte changed, or a piece doubled. */
static size_t mutate(char *to, const char *from, size_t len)
{
	size_t at = len ? next_random() % len : 0, piece;

	memcpy(to, from, len);
	switch (len ? next_random() % 3 : 3) {
	case 0:
		return at;
	case 1:
		to[at] = (char)next_random();
		return len;
	case 2:
		piece = next_random() % 64;
		piece = piece < len - at ? piece : len - at;
		memmove(to + at + piece, to + at, len - at);
		return len + piece;
	}
	return len;
}

static void try_file(const char *path)
{
	struct err e = {0};
	char *data, *changed;
	size_t len;

	str_printf(replay.input, sizeof(replay.input), "input: %s\n", path);
	if (!path_read(path, INPUT_BYTES, &data, &len, &e))
		fatal("%s", e.text);
	try_input(data, len);
	changed = mem_alloc(len + 64);
	for (int i = 0; i < replay.mutations; i++) {
		replay.random = (uint32_t)len * 31 + (uint32_t)i;
		str_printf(replay.input, sizeof(replay.input), "input: change %d of %s\n", i, path);
		try_input(changed, mutate(changed, data, len));
	}
	free(changed);
	free(data);
}

static void try_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir) {
		try_file(path);
		return;
	}
	while ((entry = readdir(dir))) {
		char *below = path_join(path, entry->d_name);

		if (entry->d_name[0] != '.')
			try_path(below);
		free(below);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	int i = 1;
	int64_t n;

	fatal_init();
	fatal_on_exit(say_input);
	if (argc > 2 && str_eq(argv[1], "-m") && str_to_int64(argv[2], &n)) {
		replay.mutations = (int)n;
		i = 3;
	}
	for (; i < argc; i++)
		try_path(argv[i]);
	printf("%lu\n", replay.n);
	return replay.n ? 0 : 1;
}
