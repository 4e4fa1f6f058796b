/* Ways to die with the terminal restored: fatal() and the signals of a crash. */
#include <printop/mem.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_HANDLERS 4

static const struct {
	int number;
	const char *text;
} crashes[] = {
	{ SIGSEGV, "printop: crashed (segmentation fault)\n" },
	{ SIGBUS, "printop: crashed (bus error)\n" },
	{ SIGFPE, "printop: crashed (arithmetic error)\n" },
	{ SIGILL, "printop: crashed (illegal instruction)\n" },
	{ SIGABRT, "printop: aborted\n" },
};

static void (*handlers[MAX_HANDLERS])(void);
static volatile sig_atomic_t n_handlers, cleaned, explained;
static struct sigaction before[ARRAY_LEN(crashes)];

static void clean_up(void)
{
	if (cleaned)
		return;
	cleaned = 1;
	for (int i = n_handlers - 1; i >= 0; i--)
		handlers[i]();
}

static void explain(const char *text, size_t len)
{
	ssize_t ignored = write(STDERR_FILENO, text, len);

	(void)ignored;
	explained = 1;
}

/*
 * Gives the signal back to whoever had it before (the default action, or a sanitizer). A signal of
 * the kernel comes again by itself when the faulting instruction is run again, so that a core dump
 * shows the true place; one that was sent must be raised again.
 */
static void on_crash(int number, siginfo_t *info, void *context)
{
	(void)context;
	clean_up();
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
		if (crashes[i].number != number)
			continue;
		if (!explained)
			explain(crashes[i].text, strlen(crashes[i].text));
		sigaction(number, &before[i], NULL);
	}
	if (info->si_code <= 0)
		raise(number);
}

void fatal_init(void)
{
	static char stack[64 * 1024];
	stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = on_crash };

	/* A stack of its own, for the signal of a stack overflow. */
	sigaltstack(&alternative, NULL);
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i].number, &action, &before[i]);
}

void fatal_on_exit(void (*handler)(void))
{
	if (n_handlers >= MAX_HANDLERS)
		fatal("too many clean-up handlers");
	handlers[n_handlers] = handler;
	n_handlers++;
}

void fatal(const char *fmt, ...)
{
	char text[512] = "printop: ";
	const size_t start = strlen(text);
	size_t len;
	va_list args;
	int n;

	clean_up();
	va_start(args, fmt);
	n = vsnprintf(text + start, sizeof(text) - start - 1, fmt, args);
	va_end(args);
	len = n < 0 ? start : strlen(text);
	text[len++] = '\n';
	explain(text, len);
	abort();
}
