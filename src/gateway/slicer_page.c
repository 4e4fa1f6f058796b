/*
 * The page at a base, shown by the slicers' "Device" and "Physical Printer" tabs. They add the key to fetch() only, so
 * the page itself tells nothing and asks for all by fetch().
 */
#include "gateway/slicer.h"

#include <string.h>

static const char page[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>printop</title><style>\n"
	"body{font:15px sans-serif;margin:1.5em;max-width:60em;color:#222;background:#fff}\n"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid #ccc}\n"
	"@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}}\n"
	"</style></head><body><h1 id=\"name\">printop</h1><p id=\"state\">...</p>\n"
	"<table><thead><tr><th>File</th><th>State</th><th>Printer</th><th>From</th><th></th></tr></thead>"
	"<tbody id=\"jobs\"></tbody></table>\n"
	"<script>\n"
	"const base=location.pathname.replace(/\\/+$/,'');\n"
	"const key=new URLSearchParams(location.hash.slice(1)).get('key');\n"
	"const ask=p=>fetch(base+p,key?{headers:{'X-Api-Key':key}}:{}).then(async r=>{if(!r.ok)throw await r.text();return r.json()});\n"
	"const put=(id,t)=>{document.getElementById(id).textContent=t};\n"
	"async function show(){try{\n"
	" put('name',(await ask('/api/settings')).appearance.name);\n"
	" const j=await ask('/api/job'),p=j.progress.completion;\n"
	" put('state',j.job.file.name?j.state+': '+j.job.file.name+(p==null?'':', '+p.toFixed(0)+' %'):'Ready for files');\n"
	" const rows=(await ask('/printop/jobs')).result.map(q=>{const r=document.createElement('tr');\n"
	"  for(const t of [q.name,q.state,q.printer||q.target||'any',q.owner,q.reason]){const c=document.createElement('td');\n"
	"   c.textContent=t||'';r.append(c)}return r});\n"
	" document.getElementById('jobs').replaceChildren(...rows);\n"
	"}catch(e){put('state',typeof e=='string'?e:'The gateway does not answer')}setTimeout(show,3000)}\n"
	"show();\n"
	"</script></body></html>\n";

void slicer_page(struct slicer_request *q)
{
	httpd_reply(q->r, 200, "text/html; charset=utf-8",
		    "Cache-Control: no-store\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
		    "script-src 'unsafe-inline'; connect-src 'self'\nX-Content-Type-Options: nosniff\n",
		    page, sizeof(page) - 1);
}
