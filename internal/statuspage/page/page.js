// The status page: asks /status every two seconds while it is looked at. Everything that it shows becomes a text node or
// the number of an attribute, never markup.
"use strict";

const every = 2000; // ms between two questions
const patience = 8000; // ms that an answer may take

const $ = (id) => document.getElementById(id);

// el makes an element. Its first argument may carry classes: "td.num.soft". Children are nodes or text; null is left out.
function el(what, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const c of children) if (c !== null && c !== undefined) node.append(c);
  return node;
}

function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
}

// ---- numbers as people read them

function bytes(n) {
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (Math.abs(n) < 1024) return (unit === "B" ? Math.round(n) : n < 10 ? n.toFixed(1) : Math.round(n)) + " " + unit;
    n /= 1024;
  }
  return n.toFixed(1) + " TiB";
}

function count(n) {
  if (n > 0 && n < 10) return String(Math.round(n * 10) / 10);
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

function span(s) {
  if (s < 0) s = 0;
  if (s < 0.0005) return "0 s";
  if (s < 1) return Math.round(s * 1000) + " ms";
  if (s < 10) return s.toFixed(1) + " s";
  if (s < 120) return Math.round(s) + " s";
  if (s < 7200) return Math.round(s / 60) + " min";
  if (s < 172800) return (s / 3600).toFixed(1) + " h";
  return (s / 86400).toFixed(1) + " days";
}

const many = (n, one, several) => (n === 1 ? "1 " + one : count(n) + " " + several);
const known = (v) => v !== undefined && v !== null;
const maybe = (v, how) => (known(v) ? how(v) : el("span.soft", "–"));
const ago = (now, t) => (t ? span((now - Date.parse(t)) / 1000) + " ago" : el("span.soft", "–"));
const since = (now, t) => (t ? span((now - Date.parse(t)) / 1000) : el("span.soft", "–"));
const clock = (t) => new Date(t).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const tail = (text, n) => (text.length > n ? "…" + text.slice(-n) : text);

function titled(node, title) {
  node.title = title;
  return node;
}

function meter(used, budget) {
  const part = budget > 0 ? Math.min(1, used / budget) : 0;
  const bar = el("i");
  bar.style.width = (100 * part).toFixed(1) + "%";
  return el(part > 0.95 ? "span.meter.full" : "span.meter", bar);
}

// ---- what is drawn only when it has changed, so that selections and positions stay

const drawn = new Map();
function changed(key, value) {
  const text = JSON.stringify(value);
  if (drawn.get(key) === text) return false;
  drawn.set(key, text);
  return true;
}

// table fills a table. Columns are [heading, classes]; rows are arrays of cells.
function table(id, columns, rows, empty) {
  const cell = (tag, classes, content) => el(tag + (classes ? "." + classes : ""), content);
  const body = el("tbody");
  for (const row of rows) body.append(el("tr", ...row.map((c, i) => cell("td", columns[i][1], c))));
  if (!rows.length) {
    const td = el("td.empty", empty);
    td.colSpan = columns.length;
    body.append(el("tr", td));
  }
  const head = rows.length ? [el("thead", el("tr", ...columns.map(([name, classes]) => cell("th", classes.replace("mono", "").replace("grow", "").split(".").filter(Boolean).join("."), name))))] : [];
  $(id).replaceChildren(...head, body);
}

// some shows the first rows of a long table until its button is pressed.
const opened = new Set();
function some(id, rows, n) {
  const button = $(id + "-all");
  button.hidden = rows.length <= n;
  button.textContent = opened.has(id) ? "Show fewer" : "Show all " + rows.length;
  return opened.has(id) ? rows : rows.slice(0, n);
}

// ---- charts

const high = 100; // of a chart, whose width is as many units as samples fit
const widths = [[60, "10 min ago"], [180, "30 min ago"], [360, "an hour ago"]];

function chart(title, draw) {
  const value = el("span"), top = el("span.top"), ends = el("div.ends", el("span", ""), el("span", "now"));
  const canvas = svg("svg", { preserveAspectRatio: "none", role: "img", "aria-label": title });
  const figure = el("figure", el("figcaption", el("b", title), value), el("div.plot", canvas, top), ends);
  $("charts").append(figure);
  const state = { value, top, canvas, ends, history: null, pointer: null };
  const read = (event) => {
    const box = canvas.getBoundingClientRect();
    state.pointer = event ? (event.clientX - box.left) / box.width : null;
    show(state);
  };
  canvas.addEventListener("pointermove", read);
  canvas.addEventListener("pointerleave", () => read(null));
  function show(s) {
    const h = s.history;
    if (!h) return;
    const n = h.read_records.length;
    const [wide, from] = widths.find(([samples]) => n <= samples) || widths[2];
    const first = wide - n;
    s.at = s.pointer === null ? null : Math.min(wide - 1, Math.max(0, Math.floor(s.pointer * wide)));
    s.wide = wide;
    canvas.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    s.ends.firstChild.textContent = from;
    canvas.replaceChildren(svg("line", { class: "grid", x1: 0, x2: wide, y1: high - 0.5, y2: high - 0.5 }), svg("line", { class: "grid", x1: 0, x2: wide, y1: high / 2, y2: high / 2 }));
    const i = s.at === null || s.at < first ? n - 1 : s.at - first;
    draw(s, h, i, first);
    if (s.at !== null && s.at >= first) {
      canvas.append(svg("line", { class: "cursor", x1: s.at + 0.5, x2: s.at + 0.5, y1: 0, y2: high }));
      s.ends.lastChild.textContent = clock(Date.parse(h.until) - (n - 1 - i) * h.every_seconds * 1000);
    } else {
      s.ends.lastChild.textContent = "now";
    }
  }
  return (history) => {
    state.history = history;
    if (!history) value.textContent = "a point every 10 s";
    show(state);
  };
}

// ceiling is a round number that is at least v, of the unit's kind.
function ceiling(v, least, binary) {
  if (v <= least) return least;
  if (binary) return Math.pow(2, Math.ceil(Math.log2(v)));
  const ten = Math.pow(10, Math.floor(Math.log10(v)));
  return [1, 2, 5, 10].map((f) => f * ten).find((f) => f >= v);
}

function curve(s, values, first, top, classes, area) {
  const point = (v, i) => `${first + i + 0.5} ${(high - (Math.min(v, top) / top) * (high - 2) - 0.5).toFixed(2)}`;
  const line = values.map(point).join("L");
  if (area) s.canvas.append(svg("path", { class: "area", d: `M${first + 0.5} ${high}L${line}L${first + values.length - 0.5} ${high}Z` }));
  s.canvas.append(svg("path", { class: classes, d: values.length > 1 ? "M" + line : `M${first} ${high}` }));
}

const charts = [
  chart("Throughput", (s, h, i, first) => {
    const top = ceiling(Math.max(...h.read_bytes), 1024, true);
    curve(s, h.read_bytes, first, top, "curve", true);
    s.top.textContent = bytes(top) + "/s";
    s.value.textContent = `${bytes(h.read_bytes[i])}/s read · ${count(h.read_records[i])} records/s`;
  }),
  chart("Behind the stream", (s, h, i, first) => {
    const top = ceiling(Math.max(...h.lag_seconds), 10, false);
    curve(s, h.lag_seconds, first, top, "curve", true);
    s.top.textContent = span(top);
    s.value.textContent = span(h.lag_seconds[i]) + " at most";
  }),
  chart("Commits", (s, h, i, first) => {
    const parts = [["a", h.commit_close_seconds], ["b", h.commit_intent_seconds], ["c", h.commit_complete_seconds]];
    const total = (j) => parts.reduce((sum, [, v]) => sum + v[j], 0);
    let most = 0;
    for (let j = 0; j < h.commit_close_seconds.length; j++) most = Math.max(most, total(j));
    const top = ceiling(most, 0.1, false), bar = Math.max(0.7, s.wide / 120);
    for (let j = 0; j < h.commit_close_seconds.length; j++) {
      let y = high;
      for (const [classes, v] of parts) {
        const tall = (v[j] / top) * (high - 2);
        if (tall > 0) s.canvas.append(svg("rect", { class: classes, x: first + j + 0.5 - bar / 2, width: bar, y: (y -= tall).toFixed(2), height: tall.toFixed(2) }));
      }
    }
    s.top.textContent = span(top);
    if (s.at !== null && total(i) > 0) s.value.textContent = `upload ${span(h.commit_close_seconds[i])} · intent ${span(h.commit_intent_seconds[i])} · complete ${span(h.commit_complete_seconds[i])}`;
    else s.value.replaceChildren(el("span.key", "upload"), el("span.key.two", "intent"), el("span.key.three", "complete"));
  }),
];

// ---- the page

const colours = { __proto__: null, well: "#197a48", watch: "#c98612", bad: "#c0392b", none: "#8a94a3" };
function lamp(level) {
  document.body.dataset.level = level;
  $("icon").href = "data:image/svg+xml," + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colours[level]}"/></svg>`);
}

const states = { __proto__: null, alive: "well", reading: "well", leaving: "", waiting: "", unknown: "", silent: "bad", unowned: "watch" };
const tag = (state) => el("span.tag" + (states[state] ? "." + states[state] : ""), state);

function figure(name, value, note, level, below) {
  return el("div", el("dt", name), el("dd" + (level ? "." + level : ""), value, note ? el("small", note) : null, below || null));
}

// figures are of the whole application, as far as its workers tell.
function figures(s) {
  const living = s.workers.filter((w) => w.state !== "silent");
  const all = (name) => living.map((w) => w[name]).filter(known);
  const sum = (name) => all(name).reduce((total, v) => total + v, 0);
  const oldest = Math.max(0, ...all("oldest_seconds"));
  const fullest = all("memory").reduce((most, m) => (!most || m.used_bytes / m.budget_bytes > most.used_bytes / most.budget_bytes ? m : most), null);
  const lag = s.shards.lag_seconds, dead = s.workers.length - living.length;
  const list = [
    figure("Behind the stream", span(lag), "at most", lag > 60 ? "watch" : ""),
    figure("Oldest not yet in S3", oldest ? span(oldest) : "none", oldest ? "old" : ""),
    figure("Read", bytes(sum("bytes_per_second")) + "/s", count(sum("records_per_second")) + " records/s"),
    figure("Shards", `${s.shards.read} of ${s.shards.total}`, s.shards.unowned ? s.shards.unowned + " unowned" : "read", s.shards.unowned ? "watch" : ""),
    figure("Workers", String(living.length), dead ? dead + " silent" : "alive", dead ? "watch" : ""),
    figure("Open paths", count(sum("open_paths"))),
    fullest ? figure("Memory", bytes(fullest.used_bytes), "of " + bytes(fullest.budget_bytes) + (living.length > 1 ? ", fullest" : ""), "", meter(fullest.used_bytes, fullest.budget_bytes)) : null,
  ];
  $("figures").replaceChildren(...list.filter(Boolean));
}

function workers(s, now) {
  const rows = s.workers.map((w) => [
    titled(el("span.mono", w.id), w.program || ""),
    el("span", w.this ? el("span.tag", "this one") : null, w.this ? " " : null, tag(w.state)),
    String(w.shards), maybe(w.lag_seconds, span), maybe(w.bytes_per_second, (v) => bytes(v) + "/s"), maybe(w.records_per_second, count),
    w.memory ? el("span", meter(w.memory.used_bytes, w.memory.budget_bytes), " " + bytes(w.memory.used_bytes)) : maybe(null),
    maybe(w.open_paths, count), maybe(w.oldest_seconds, span),
    w.last_commit ? `${ago(now, w.last_commit.visible)}, ${span(w.last_commit.seconds)}` : maybe(null),
    w.troubles && w.troubles.length ? titled(el("span.tag.watch", many(w.troubles.length, "trouble", "troubles")), w.troubles.map((t) => `${t.doing}: ${t.why}`).join("\n")) : "",
    ago(now, w.heard),
  ]);
  table("workers", [["Worker", "mono.grow"], ["State", ""], ["Shards", "num"], ["Behind", "num"], ["Read", "num.mid"], ["Records/s", "num.wide"], ["Memory", "wide"], ["Paths", "num.wide"], ["Oldest", "num.mid"], ["Last commit", "wide"], ["", "mid"], ["Heard", "num.mid"]], rows, "No worker has a row in the lease table.");
  $("workers-note").textContent = "of the application; what they do is as of their last heartbeat";
}

function batches(s, now) {
  const rows = s.batches.map((b) => [
    b.id ? titled(el("span.mono", tail(b.id, 12)), b.id) : maybe(null), el("span", el("span.tag" + (b.stage === "filling" ? "" : b.stage === "dropping" ? ".bad" : ".well"), b.stage)), b.cause || maybe(null),
    since(now, b.opened), maybe(b.records, count), maybe(b.bytes, bytes), maybe(b.objects, count), maybe(b.shards, count), b.owner === s.worker ? "this one" : el("span.mono", b.owner || ""),
  ]);
  table("batches", [["Batch", "mono"], ["Stage", ""], ["Cut because", "mid"], ["Age", "num"], ["Lines", "num.mid"], ["Bytes", "num"], ["Objects", "num.mid"], ["Shards", "num.wide"], ["Worker", "wide"]], rows, "None: no record waits.");
  $("batches-note").textContent = "not visible yet; those of other workers as of their last heartbeat";
}

function shards(s, now) {
  const rows = s.shards.shown.map((h) => [
    el("span.mono", h.id.replace(/^shardId-0{6}/, "…")), tag(h.state), h.owner === s.worker ? "this one" : h.owner ? el("span.mono", h.owner) : maybe(null),
    maybe(h.lag_seconds, span), ago(now, h.visible_until),
    titled(el("span.mono", tail(h.checkpoint || "–", 14)), "checkpoint " + (h.checkpoint || "none") + (h.position ? "\nread up to " + h.position : "")),
    maybe(h.records_per_second, count), maybe(h.bytes_per_second, (v) => bytes(v) + "/s"),
  ]);
  table("shards", [["Shard", "mono"], ["State", ""], ["Worker", "mid"], ["Behind", "num"], ["In S3 up to", "num"], ["Checkpoint", "mono.wide"], ["Records/s", "num.wide"], ["Read", "num.mid"]], some("shards", rows, 12), "The stream shows no shard yet.");
  const note = [`${s.shards.read} of ${s.shards.total} read`];
  if (s.shards.waiting) note.push(s.shards.waiting + " wait for their parents");
  if (s.shards.finished) note.push(s.shards.finished + " finished");
  if (s.shards.more) note.push(s.shards.more + " not shown");
  $("shards-note").textContent = note.join(" · ");
}

function commits(s, now) {
  const list = s.commits || [];
  const rows = list.map((c) => [
    titled(el("span", ago(now, c.visible)), c.visible), c.cause, titled(el("span", span(c.seconds)), `upload ${span(c.close_seconds)}, intent ${span(c.intent_seconds)}, complete ${span(c.complete_seconds)}`),
    span(c.open_seconds), count(c.records), bytes(c.bytes), bytes(c.stored_bytes), count(c.objects), titled(el("span.mono", tail(c.batch || "", 12)), c.batch || ""),
  ]);
  table("commits", [["Visible", ""], ["Cut because", ""], ["Took", "num"], ["Filled for", "num.mid"], ["Lines", "num.mid"], ["Bytes", "num.mid"], ["Stored", "num"], ["Objects", "num.wide"], ["Batch", "mono.wide"]], some("commits", rows, 8), "None yet.");
  $("commits-note").textContent = "of this worker";
}

function paths(s) {
  const p = s.paths || { open: 0, shown: [] };
  const rows = p.shown.map((x) => [el("span.mono", x.path), x.output, count(x.records), bytes(x.bytes), bytes(x.memory_bytes)]);
  table("paths", [["Path", "mono.grow"], ["Output", "mid"], ["Lines", "num"], ["Bytes", "num"], ["In memory", "num.mid"]], some("paths", rows, 10), "None: no batch is filling.");
  $("paths-note").textContent = p.open > p.shown.length ? `the largest ${p.shown.length} of ${count(p.open)}` : p.open ? String(p.open) : "";
}

function hour(s) {
  const h = s.hour || {};
  const rows = [];
  const row = (what, n, level) => rows.push([level ? el("span.tag." + level, what) : what, count(n)]);
  row("Kinesis records read", h.read_records || 0);
  row("lines made visible", h.delivered_records || 0);
  row("commits", h.commits || 0);
  for (const code of Object.keys(h.rejected || {}).sort()) row("error records, " + code, h.rejected[code], "watch");
  for (const what of Object.keys(h.retries || {}).sort()) row("repeated: " + what, h.retries[what]);
  if (h.batches_dropped) row("batches dropped; their records were read again", h.batches_dropped, "watch");
  if (h.batches_undone) row("batches undone", h.batches_undone, "watch");
  if (h.retention_gaps) row("times in which records may have been lost", h.retention_gaps, "bad");
  table("hour", [["Of this worker", "grow"], ["", "num"]], rows, "");
  $("hour-note").textContent = h.seconds < 3590 ? "since the start, " + span(h.seconds || 0) + " ago" : "";
}

function show(s) {
  const now = Date.parse(s.time);
  $("main").hidden = false;
  lamp(s.verdict.level in colours ? s.verdict.level : "none");
  const signs = { well: "✓", watch: "!", bad: "✗" };
  document.title = `${signs[s.verdict.level] || "?"} ${s.application} · Standpipe`;
  if ($("headline").textContent !== s.verdict.headline) $("headline").textContent = s.verdict.headline;
  $("who").textContent = [s.application, "stream " + s.stream, "worker " + s.worker, s.program, s.started ? "up " + span((now - Date.parse(s.started)) / 1000) : ""].filter(Boolean).join(" · ");
  if (changed("findings", s.verdict.findings)) {
    $("findings").replaceChildren(...s.verdict.findings.map((f) => el("li" + (f.level in states || f.level in colours ? "." + f.level : ""), f.text)));
  }
  figures(s);
  if (changed("history", s.history)) for (const c of charts) c(s.history);
  workers(s, now);
  batches(s, now);
  shards(s, now);
  commits(s, now);
  paths(s);
  if (changed("hour", s.hour)) hour(s);
  $("asked").textContent = "as of " + clock(now);
}

let last = null, failedSince = null, timer = null, asking = false;

async function ask() {
  clearTimeout(timer);
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("status", { cache: "no-store", signal: AbortSignal.timeout(patience) });
    if (!answer.ok) throw new Error("it answers " + answer.status);
    last = await answer.json();
    failedSince = null;
    $("stale").hidden = true;
    document.body.classList.remove("stale");
    show(last);
  } catch (error) {
    failedSince = failedSince || Date.now();
    $("stale").hidden = false;
    $("stale").textContent = `The worker has not answered for ${span((Date.now() - failedSince) / 1000)}. ${last ? "What stands below is as of " + clock(last.time) + "." : ""}`;
    document.body.classList.add("stale");
    lamp("none");
    $("headline").textContent = "The worker does not answer";
    document.title = "? Standpipe does not answer";
  } finally {
    asking = false;
    if (!document.hidden) timer = setTimeout(ask, every);
  }
}

for (const id of ["shards", "commits", "paths"]) {
  $(id + "-all").addEventListener("click", () => {
    if (opened.has(id)) opened.delete(id);
    else opened.add(id);
    if (last) show(last);
  });
}
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
for (const c of charts) c(null);
ask();
