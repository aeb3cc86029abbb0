// The landing page: asks for the figures of `all` every two seconds and writes them into the page. Text only, never markup.
"use strict";

const WINDOWS = ["1h", "24h", "30d"];
const REFRESH_MS = 2000;
const TIMEOUT_MS = 8000;

const ROWS = [
  ["First response, mean", "support_first_response_mean_seconds", {}, duration],
  ["First response, 90 %", "support_first_response_quantile_seconds", { q: "0.9" }, duration],
  ["Response, mean", "support_response_mean_seconds", {}, duration],
  ["Resolution rate", "support_resolution_ratio", {}, percent],
  ["Resolution time, median", "support_resolution_time_quantile_seconds", { q: "0.5" }, duration],
  ["Handle time, mean", "support_handle_time_mean_seconds", {}, duration],
  ["Net promoter score", "support_nps_score", {}, score],
  ["CSAT", "support_csat_ratio", {}, percent],
  ["Customer effort, 1 to 7", "support_effort_mean_score", {}, decimal],
  ["Tickets", "support_tickets", {}, whole],
  ["Tickets per hour", "support_tickets_per_hour", {}, decimal],
  ["Tickets per customer", "support_tickets_per_customer", {}, decimal],
  ["Customer retention", "support_customer_retention_ratio", {}, percent],
  ["Abandonment", "support_abandonment_ratio", {}, percent],
  ["Reopened", "support_reopen_ratio", {}, percent],
];

function number(value, digits) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
function whole(value) { return number(value, 0); }
function decimal(value) { return number(value, 2); }
function score(value) { return (value > 0 ? "+" : "") + number(value, 1); }
function percent(value) { return number(100 * value, 1) + "\u00a0%"; }
function duration(exactly) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  if (exactly < 1) return number(exactly, 2) + "\u00a0s";
  const coarse = exactly < 3600 ? 1 : 60; // rounded to what is shown: a minute less a bit is a minute
  const seconds = Math.round(exactly / coarse) * coarse;
  const first = units.findIndex(([, size]) => seconds >= size);
  const [unit, size] = units[first];
  const lead = Math.floor(seconds / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((seconds - lead * size) / next[1]) : 0;
  return rest ? `${lead}\u00a0${unit} ${rest}\u00a0${next[0]}` : `${lead}\u00a0${unit}`;
}

function make(tag, text, parent, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

function find(figures, name, window, labels) {
  return figures.find((figure) => figure.name === name && figure.window === window
    && Object.entries(labels).every(([label, value]) => figure[label] === value));
}

function drawTable(figures) {
  const body = document.getElementById("body");
  body.replaceChildren();
  for (const [title, name, labels, format] of ROWS) {
    const row = make("tr", "", body);
    make("th", title, row, { scope: "row" });
    for (const window of WINDOWS) {
      const figure = find(figures, name, window, labels);
      const cell = make("td", figure ? format(figure.value) : "\u2013", row);
      make("small", figure ? `n ${whole(figure.n)}` : "no value", cell);
    }
  }
}

function drawLive(live, nowMs) {
  const tiles = document.getElementById("live");
  tiles.replaceChildren();
  const value = (name) => live.find((figure) => figure.name === name)?.value;
  const oldest = value("support_oldest_unanswered_timestamp_seconds");
  for (const [title, text] of [
    ["Open tickets", value("support_open_tickets") ?? null],
    ["Unanswered", value("support_unanswered_tickets") ?? null],
    ["Oldest unanswered, waiting", oldest === undefined ? null : duration(Math.max(0, nowMs / 1000 - oldest))],
  ]) {
    const tile = make("div", "", tiles, { class: "tile" });
    make("p", title, tile);
    make("strong", text === null ? "\u2013" : typeof text === "number" ? whole(text) : text, tile);
  }
}

function drawState(label, fresh, reasons) {
  const state = document.getElementById("state");
  state.textContent = label;
  state.classList.toggle("fresh", fresh);
  document.body.classList.toggle("stale", !fresh);
  const list = document.getElementById("reasons");
  list.replaceChildren();
  for (const reason of reasons) make("li", reason, list);
  list.hidden = reasons.length === 0;
}

async function refresh() {
  try {
    const response = await fetch("/api/kpis?by=all&period=current", { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
    if (!response.ok) throw new Error(`the exporter answered ${response.status}`);
    const answer = await response.json();
    if (answer.as_of !== null) {
      drawTable(answer.figures);
      drawLive(answer.live, Date.parse(answer.as_of));
      document.getElementById("as-of").textContent = `as of ${new Date(answer.as_of).toLocaleString("en-GB")}, `
        + `latest event ${answer.watermark ? new Date(answer.watermark).toLocaleString("en-GB") : "none yet"}`;
    }
    drawState(answer.complete ? "live" : answer.ready ? "incomplete" : "starting", answer.complete, answer.reasons);
  } catch (error) {
    drawState("no connection", false, [`These figures are old: ${error.message}.`]);
  } finally {
    setTimeout(refresh, REFRESH_MS);
  }
}

const head = make("tr", "", document.getElementById("head"));
make("th", "KPI", head, { scope: "col" });
for (const window of WINDOWS) make("th", window, head, { scope: "col" });
drawTable([]);
refresh();
