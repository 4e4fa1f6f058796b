/* Faults of a simulated server: what they do to a request and its reply. */
#include <sim/scene.h>

#include <string.h>
#include <sim/mangle.h>

#define HUGE_BYTES (40u << 20)

static void page(struct sim_reply *r, unsigned status, const char *title)
{
	sbuf_clear(&r->headers);
	sim_reply_text(r, status, "text/html", "");
	sbuf_addf(&r->body, "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1>"
		  "</center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n", title,
		  title);
}

static void spa(struct sim_reply *r)
{
	sbuf_clear(&r->headers);
	sim_reply_text(r, 200, "text/html", "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
		       "<title>Web front end</title></head><body><div id=\"app\"></div></body></html>\n");
}

/* OctoPrint's stand-in while it starts: no status line for a GET, HTTP/1.0 for a POST. */
static void boot(struct sim_reply *r, const struct sim_request *q)
{
	r->wire = SIM_WIRE_RAW;
	sbuf_clear(&r->body);
	if (strcmp(q->method, "GET") != 0)
		sbuf_addf(&r->body, "HTTP/1.0 501 Unsupported method ('%s')\r\nServer: BaseHTTP/0.6 "
			  "Python/3.11.7\r\nConnection: close\r\nContent-Type: text/html;charset=utf-8\r\n"
			  "\r\n<!DOCTYPE HTML>\n<html lang=\"en\"><body><p>Error code: 501</p></body>"
			  "</html>\n", q->method);
	else
		sbuf_adds(&r->body, "Not found");
}

static void garbage(struct sim_reply *r)
{
	sbuf_clear(&r->body);
	for (unsigned i = 0, x = 2463534242u; i < 700; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		sbuf_addc(&r->body, (char)x);
	}
}

/* Whole and well-formed, only far too long. */
static void huge(struct sim_reply *r)
{
	sbuf_clear(&r->body);
	sbuf_adds(&r->body, "{\"result\": \"");
	sbuf_addn(&r->body, 'x', HUGE_BYTES);
	sbuf_adds(&r->body, "\"}");
}

static void truncate(struct sim_reply *r)
{
	if (r->body.len < 2)
		return;
	r->body.len /= 2;
	r->body.data[r->body.len] = '\0';
}

static void redirect(struct sim_reply *r, const struct sim_request *q)
{
	page(r, 302, "302 Found");
	sbuf_addf(&r->headers, "Location: http://192.0.2.1%s\n", q->path);
}

static void answer(struct sim_printer *p, const struct sim_request *q, double at, struct sim_reply *r)
{
	if (p->dialect == SIM_OCTOPRINT)
		sim_octoprint(p, q, at, r);
	else
		sim_moonraker(p, q, at, r);
}

static void answer_badly(enum sim_fault fault, const struct sim_request *q, struct sim_reply *r,
			 bool octoprint)
{
	switch (fault) {
	case FAULT_NONE:
	case FAULT_REFUSE:
	case FAULT_UNAUTHORIZED:
		break;
	case FAULT_HANG:
		r->wire = SIM_WIRE_HOLD;
		break;
	case FAULT_DRIP:
		r->wire = SIM_WIRE_DRIP;
		break;
	case FAULT_RESET:
		r->wire = SIM_WIRE_RESET;
		break;
	case FAULT_EMPTY:
		r->wire = SIM_WIRE_RAW;
		sbuf_clear(&r->body);
		break;
	case FAULT_HTTP401:
		page(r, 401, "401 Authorization Required");
		sbuf_adds(&r->headers, "WWW-Authenticate: Basic realm=\"printers\"\n");
		break;
	case FAULT_HTTP403:
		page(r, 403, "403 Forbidden");
		break;
	case FAULT_HTTP500:
		page(r, 500, "500 Internal Server Error");
		break;
	case FAULT_PROXY502:
		page(r, 502, "502 Bad Gateway");
		break;
	case FAULT_REDIRECT:
		redirect(r, q);
		break;
	case FAULT_SPA:
		spa(r);
		break;
	case FAULT_GARBAGE:
		garbage(r);
		break;
	case FAULT_TRUNCATED:
		truncate(r);
		break;
	case FAULT_HUGE:
		huge(r);
		break;
	case FAULT_TYPES:
		mangle(&r->body, MANGLE_TYPES);
		break;
	case FAULT_NAN:
		mangle(&r->body, MANGLE_NAN);
		break;
	case FAULT_CONTROL:
		mangle(&r->body, MANGLE_CONTROL);
		break;
	case FAULT_BOOT:
		if (octoprint)
			boot(r, q);
		break;
	}
}

/* Faults that stand in front of the server: it never sees the request. */
static bool in_front(enum sim_fault fault)
{
	return fault == FAULT_HANG || fault == FAULT_EMPTY || fault == FAULT_PROXY502 ||
		fault == FAULT_HTTP401 || fault == FAULT_HTTP403 || fault == FAULT_HTTP500 ||
		fault == FAULT_REDIRECT || fault == FAULT_SPA || fault == FAULT_REFUSE;
}

void sim_answer(struct sim_printer *p, enum sim_fault fault, const struct sim_request *q, double at,
		struct sim_reply *r)
{
	struct sim_request copy = *q;
	bool octoprint = p->dialect == SIM_OCTOPRINT;

	if (fault == FAULT_UNAUTHORIZED)
		copy.key = "not the key";
	if (!in_front(fault) && !(fault == FAULT_BOOT && octoprint))
		answer(p, &copy, at, r);
	if (r->wire == SIM_WIRE_HTTP)
		answer_badly(fault, q, r, octoprint);
}
