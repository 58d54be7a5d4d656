#include "relay/status/status_page.hpp"

#include <array>

#include <sodium.h>

#include "messages/base/base64.hpp"

namespace liveconnect::relay {

namespace {

constexpr const char* style = R"css(
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #5b6776; --line: #dde2e8;
  --a: #1769aa; --b: #b4540a; --good: #1c7c43; --warn: #a4520a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #11161c; --card: #1a2129; --ink: #e6ebf1; --soft: #98a5b3; --line: #2c3641;
    --a: #6db7f2; --b: #f0a35e; --good: #5fce8d; --warn: #f0a35e; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--back); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: .95rem; margin: 0 0 .5rem; font-weight: 600; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
#state { font-weight: 600; color: var(--good); }
#state.draining { color: var(--warn); }
#state.silent { color: var(--bad); }
.grid { display: grid; gap: .75rem; margin-top: .75rem; }
.tiles .soft { font-size: .85rem; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; min-width: 0; }
.number { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.windows { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .75rem; }
button { font: inherit; padding: .4rem .8rem; min-height: 2.5rem; border: 1px solid var(--line); border-radius: .5rem;
  background: var(--card); color: inherit; cursor: pointer; }
button[aria-pressed=true] { border-color: var(--a); color: var(--a); font-weight: 600; }
svg { display: block; width: 100%; height: 7rem; overflow: visible; }
.axis { stroke: var(--line); vector-effect: non-scaling-stroke; }
.half { stroke-dasharray: 2 4; }
.under { fill: var(--a); opacity: .12; }
.trace { fill: none; stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.trace.a { stroke: var(--a); } .trace.b { stroke: var(--b); stroke-dasharray: 6 4; }
.key.a { color: var(--a); } .key.b { color: var(--b); }
.scale.above { margin-bottom: .15rem; }
.scale { display: flex; justify-content: space-between; font-size: .8rem; color: var(--soft); font-variant-numeric: tabular-nums; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem 0; border-bottom: 1px solid var(--line); }
td:last-child, th:last-child { text-align: right; padding-left: .75rem; vertical-align: top; white-space: nowrap; }
th { font-size: .85rem; font-weight: 600; color: var(--soft); }
td .soft { display: block; font-size: .85rem; line-height: 1.3; }
tr:last-child td { border-bottom: 0; }
.most { font-size: .85rem; color: var(--soft); }
)css";

constexpr const char* body = R"html(
<header>
<h1>LiveConnect relay</h1>
<span id="state" role="status">...</span>
<span class="soft" id="about"></span>
</header>
<main>
<div class="grid tiles">
<div class="card"><span class="number" id="waiting">0</span><span class="soft">rooms waiting</span></div>
<div class="card"><span class="number" id="paired">0</span><span class="soft">rooms paired</span></div>
<div class="card"><span class="number"><span id="connections">0</span> <span class="most" id="connections-max"></span></span><span class="soft">connections</span></div>
<div class="card"><span class="number" id="messages">0</span><span class="soft">messages a second</span></div>
<div class="card"><span class="number" id="bytes">0 B</span><span class="soft">bytes a second</span></div>
<div class="card"><span class="number" id="pairs">0</span><span class="soft">pairs so far</span></div>
</div>
<div class="windows" role="group" aria-label="Time shown">
<button type="button" data-step="1" data-points="10" aria-pressed="false">10 s</button>
<button type="button" data-step="1" data-points="60" aria-pressed="true">1 min</button>
<button type="button" data-step="10" data-points="60" aria-pressed="false">10 min</button>
<button type="button" data-step="60" data-points="60" aria-pressed="false">60 min</button>
</div>
<div class="grid charts">
<div class="card"><h2>Messages a second</h2><div id="chart-messages"></div></div>
<div class="card"><h2>Bytes a second</h2><div id="chart-bytes"></div></div>
<div class="card"><h2>Rooms: <span class="key a">waiting</span>, <span class="key b">paired</span></h2><div id="chart-rooms"></div></div>
<div class="card"><h2>Connections</h2><div id="chart-connections"></div></div>
<div class="card"><h2><span class="key a">Joins</span> and <span class="key b">refusals</span> a second</h2><div id="chart-joins"></div></div>
<div class="card"><h2>Made to wait</h2>
<table><tbody id="waits"></tbody></table></div>
</div>
<div class="grid">
<div class="card"><h2>Refused or ended, since the start</h2>
<table><thead><tr><th scope="col">Reason</th><th scope="col">Times</th></tr></thead><tbody id="refusals"></tbody></table></div>
</div>
<noscript><p>This page needs JavaScript. The same numbers are in <a href="/status.json">/status.json</a> and <a href="/metrics">/metrics</a>.</p></noscript>
</main>
)html";

constexpr const char* script = R"js(
"use strict";
const at = id => document.getElementById(id);
const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
const number = x => (x < 100 ? fine : whole).format(x);
const size = x => {
  let unit = 0;
  while (x >= 1000 && unit < 4) { x /= 1000; ++unit; }
  return fine.format(x) + " " + ["B", "kB", "MB", "GB", "TB"][unit];
};
const span = s => s < 120 ? s + " s" : s < 7200 ? Math.round(s / 60) + " min" : s < 172800 ? Math.round(s / 3600) + " h" : Math.round(s / 86400) + " days";
const svg = (name, attributes) => {
  const x = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) x.setAttribute(key, value);
  return x;
};
const reasons = {
  crowded: "a third client for a room of two",
  wrong_tag: "a tag other than the room's",
  from: "a message that names its own sender",
  join: "a first message that is not Join_Room",
  joined: "a second Join_Room",
  bad_frame: "a message that cannot be read",
  too_long: "a message over the size limit",
  slow: "a message that was not complete in time",
  silent: "nothing heard from it in time",
  lonely: "no one else came",
  stalled: "does not take what is sent to it",
  address: "too many connections from one address",
  full: "the limit of connections or rooms is reached",
  draining: "no new rooms while the relay drains",
  kicked: "ended by the operator",
  hasty: "too many new connections from one address",
  guesses: "too many wrong tags from one address",
  memory: "the largest queue when memory was short",
  bytes: "a room that reached its limit of bytes",
  expired: "a room that reached its limit of time"};
let step = 1, points = 60, last = null, heard = 0;

function draw(id, lines, show) {
  const top = Math.max(1, ...lines.flat());
  const newest = lines.map(x => show(x.length ? x[x.length - 1] : 0)).join(" and ");
  const picture = svg("svg", {viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img",
    "aria-label": "the newest value is " + newest + ", the highest " + show(top)});
  for (const [kind, y] of [["axis half", 1], ["axis half", 20.5], ["axis", 40]])
    picture.append(svg("line", {class: kind, x1: 0, x2: 100, y1: y, y2: y}));
  lines.forEach((line, i) => {
    const path = line.map((y, k) => (100 - (line.length - 1 - k) * 100 / (points - 1)).toFixed(2) + "," + (40 - 39 * y / top).toFixed(2));
    if (path.length === 1) path.unshift("0," + path[0].split(",")[1]);
    if (lines.length === 1 && path.length)
      picture.append(svg("polygon", {class: "under", points: path[0].split(",")[0] + ",40 " + path.join(" ") + " 100,40"}));
    picture.append(svg("polyline", {class: "trace " + "ab"[i], points: path.join(" ")}));
  });
  const scale = (kind, texts) => {
    const row = document.createElement("div");
    row.className = kind;
    for (const text of texts) {
      const x = document.createElement("span");
      x.textContent = text;
      row.append(x);
    }
    return row;
  };
  at(id).replaceChildren(scale("scale above", [show(top), "now " + newest]), picture,
    scale("scale", [span(step * points) + " ago", "now"]));
}

function table(id, rows) {
  at(id).replaceChildren(...rows.map(([name, meaning, value]) => {
    const row = document.createElement("tr");
    row.dataset.reason = name;
    const first = document.createElement("td");
    first.textContent = name;
    if (meaning) {
      const more = document.createElement("span");
      more.className = "soft";
      more.textContent = meaning;
      first.append(more);
    }
    const second = document.createElement("td");
    second.textContent = value;
    row.append(first, second);
    return row;
  }));
}

function show(x) {
  at("state").textContent = x.state;
  at("state").className = x.state;
  at("about").textContent = x.version + ", up for " + span(x.uptime_seconds);
  at("waiting").textContent = number(x.now.rooms_waiting);
  at("paired").textContent = number(x.now.rooms_paired);
  at("connections").textContent = number(x.now.connections);
  at("connections-max").textContent = "of " + whole.format(x.limits.connections_max);
  document.title = (x.state === "serving" ? "" : x.state + ": ") + "LiveConnect relay";
  at("messages").textContent = number(x.now.messages_per_second);
  at("bytes").textContent = size(x.now.bytes_per_second);
  at("pairs").textContent = number(x.totals.pairs);
  const series = x.history.find(s => s.step_seconds === step);
  const cut = list => list.slice(-points);
  draw("chart-messages", [cut(series.messages_per_second)], number);
  draw("chart-bytes", [cut(series.bytes_per_second)], size);
  draw("chart-rooms", [cut(series.rooms_waiting), cut(series.rooms_paired)], number);
  draw("chart-connections", [cut(series.connections)], number);
  draw("chart-joins", [cut(series.joins_per_second), cut(series.refusals_per_second)], number);
  const rows = Object.entries(x.refusals).filter(r => r[1] > 0).sort((a, b) => b[1] - a[1]);
  table("refusals", rows.length ? rows.map(([word, count]) => [word, reasons[word], whole.format(count)]) : [["none", "", "0"]]);
  table("waits", [
    ["senders, for slow receivers", "", whole.format(x.totals.held_back)],
    ["senders, of rooms over their rate", "", whole.format(x.totals.throttled)],
    ["new connections, for lack of descriptors", "", whole.format(x.totals.accept_rests)],
    ["bytes in queues now", "", size(x.now.queued_bytes)]]);
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/status.json", {cache: "no-store", signal: AbortSignal.timeout(3000)});
    if (!answer.ok) throw new Error();
    last = await answer.json();
    heard = Date.now();
    show(last);
  } catch {
    at("state").textContent = heard ? "no answer for " + span(Math.round((Date.now() - heard) / 1000)) : "no answer";
    at("state").className = "silent";
  }
}

for (const x of document.querySelectorAll("button"))
  x.addEventListener("click", () => {
    step = Number(x.dataset.step);
    points = Number(x.dataset.points);
    for (const y of document.querySelectorAll("button")) y.setAttribute("aria-pressed", String(x === y));
    if (last) show(last);
  });
document.addEventListener("visibilitychange", refresh);
(async () => {
  for (;;) {
    await refresh();
    await new Promise(done => setTimeout(done, 1000));
  }
})();
)js";

std::string source_of(const std::string& text) {
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
  return "'sha256-" + base64_encode(hash) + "'";
}

} // namespace

const std::string& status_page() {
  static const std::string page =
      std::string("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<title>LiveConnect relay</title>\n<link rel=\"icon\" href=\"data:,\">\n"
                  "<style>") +
      style + "</style>\n</head>\n<body>" + body + "<script>" + script +
      "</script>\n</body>\n</html>\n";
  return page;
}

const std::string& status_page_policy() {
  static const std::string policy =
      "default-src 'none'; script-src " + source_of(script) + "; style-src " + source_of(style) +
      "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'";
  return policy;
}

} // namespace liveconnect::relay
