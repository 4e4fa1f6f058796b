/* Asks every printer of a configuration once: how long until all but the named dead ones have answered. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <printop/app.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>
#include <printop/transport.h>

struct sweep {
	struct loop *loop;
	char *heard;			/* by id */
	char **dead;
	size_t n_dead, left;
};

static bool is_dead(const struct sweep *s, const struct printer *p)
{
	for (size_t i = 0; i < s->n_dead; i++)
		if (str_eq(s->dead[i], p->config.name))
			return true;
	return false;
}

static void changed(void *ctx, struct fleet *f, const struct fleet_change *changes, size_t n)
{
	struct sweep *s = ctx;

	for (size_t i = 0; i < n; i++) {
		const struct printer *p = fleet_get(f, changes[i].id);

		if (!p || p->state.fresh.ok_ms < 0 || s->heard[p->id] || is_dead(s, p))
			continue;
		s->heard[p->id] = 1;
		if (--s->left == 0)
			loop_stop(s->loop);
	}
}

int main(int argc, char **argv)
{
	struct loop *l = loop_new();
	struct sweep s = { .loop = l, .dead = argv + 2, .n_dead = argc > 2 ? (size_t)argc - 2 : 0 };
	struct rlimit files;
	struct app *a;
	int64_t start;

	if (argc < 2) {
		fprintf(stderr, "usage: sweep_bench CONF [DEAD...]\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	a = app_new(l, config_load(argv[1]), transport_curl_new(l, false), false, false);
	s.left = fleet_count(a->fleet) - s.n_dead;
	s.heard = mem_zalloc(fleet_count(a->fleet) + 1, 1);
	fleet_observe(a->fleet, changed, &s);
	start = loop_now_ms(l);
	poller_start(a->poller);
	loop_run(l);
	printf("%lld ms\n", (long long)(loop_now_ms(l) - start));
	fleet_unobserve(a->fleet, changed, &s);
	app_free(a);
	loop_free(l);
	free(s.heard);
	return 0;
}
