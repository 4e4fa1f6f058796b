/* Printers and jobs as one plain page, for looking only. */
#include "gateway/cura_pages.h"

#include <stdlib.h>
#include <printop/sbuf.h>
#include <printop/str.h>

#define PAGE_MAX (4u << 20)

static void add_escaped(struct sbuf *b, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			sbuf_adds(b, "&lt;");
			break;
		case '>':
			sbuf_adds(b, "&gt;");
			break;
		case '&':
			sbuf_adds(b, "&amp;");
			break;
		case '"':
			sbuf_adds(b, "&quot;");
			break;
		default:
			sbuf_addc(b, *s);
		}
	}
}

static void add_cell(struct sbuf *b, const char *s)
{
	sbuf_adds(b, "<td>");
	add_escaped(b, s);
	sbuf_adds(b, "</td>");
}

static void add_printers(struct sbuf *b, const struct fleet *f)
{
	char text[STR_SMALL];

	sbuf_adds(b, "<h2>Printers</h2><table><tr><th>Name</th><th>State</th><th>File</th><th>Left</th><th></th></tr>");
	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer *p = fleet_at(f, i);
		bool active = STATUS_BIT(p->state.status) & STATUS_ACTIVE;

		sbuf_adds(b, "<tr>");
		add_cell(b, p->config.name);
		add_cell(b, printer_status_info(p->state.status)->name);
		add_cell(b, active ? p->state.job.file : "");
		add_cell(b, active ? str_duration(text, sizeof(text), p->state.job.left_s) : "");
		add_cell(b, p->state.reason);
		sbuf_adds(b, "</tr>");
	}
	sbuf_adds(b, "</table>");
}

static void add_jobs(struct sbuf *b, const struct cura *c)
{
	struct cura_job *jobs;
	size_t n = cura_jobs(c, &jobs);
	char text[STR_SMALL];

	sbuf_adds(b, "<h2>Jobs</h2><table><tr><th>Name</th><th>State</th><th>Printer</th><th>Sent by</th><th>Time</th><th></th></tr>");
	for (size_t i = 0; i < n; i++) {
		sbuf_adds(b, "<tr>");
		add_cell(b, jobs[i].name);
		add_cell(b, cura_status_name(jobs[i].status));
		add_cell(b, jobs[i].printer ? jobs[i].printer->config.name : "");
		add_cell(b, jobs[i].owner);
		add_cell(b, jobs[i].total_s ? str_duration(text, sizeof(text), (double)jobs[i].total_s) : "");
		add_cell(b, jobs[i].why);
		sbuf_adds(b, "</tr>");
	}
	sbuf_adds(b, "</table>");
	free(jobs);
}

char *cura_page(const struct cura *c, const struct cura_words *w)
{
	struct sbuf b = SBUF_INIT(PAGE_MAX);

	sbuf_adds(&b, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\"><title>");
	add_escaped(&b, w->name);
	sbuf_adds(&b, "</title><style>body{font:15px sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}</style><h1>");
	add_escaped(&b, w->name);
	sbuf_adds(&b, "</h1>");
	add_printers(&b, c->app->fleet);
	add_jobs(&b, c);
	return sbuf_take(&b);
}
