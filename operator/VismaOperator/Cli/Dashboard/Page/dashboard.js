import { drawAxis, drawLine, html, icon, span, stateIcons, svg, wordsOf } from "./timeline.js";

// Shows what the server sends. It asks for one view, by the words, states and order that are chosen, and gets it anew when it changes.

const byId = (id) => document.getElementById(id);
const fields = ["q", "kind", "namespace", "sort"];
const page = 100;
const rows = new Map();
const open = new Set();
const chosen = new Set();
let count = page;
let stream = null;
let view = null;
let clockAhead = 0;
let heard = 0;
let isFresh = true; // the first view of a query: nothing in it has changed

const now = () => Date.now() + clockAhead;

function query() {
  const parameters = new URLSearchParams();
  for (const field of fields) if (byId(field).value) parameters.set(field, byId(field).value);
  for (const state of chosen) parameters.append("state", state);
  return parameters;
}

function listen() {
  stream?.close();
  isFresh = true;
  heard = 0;
  const parameters = query();
  const address = parameters.toString();
  history.replaceState(null, "", address ? `?${address}` : location.pathname);
  if (count !== page) parameters.set("count", count);
  stream = new EventSource(`events?${parameters}`);
  stream.addEventListener("view", (event) => { hear(); show(JSON.parse(event.data)); });
  stream.addEventListener("now", (event) => { hear(); clockAhead = Date.parse(event.data) - Date.now(); });
  stream.addEventListener("end", () => { stream.close(); heard = 0; tellLive("The dashboard was stopped in its terminal."); });
  stream.onerror = () => tellLive("The dashboard does not answer. Is it still running in its terminal?");
}

function hear() {
  heard = Date.now();
  tellLive(null);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const troubleOf = () => lost ?? view?.trouble ?? null;

// A banner for each thing that is wrong with the view itself.
let lost = null;
function tellLive(cause) {
  lost = cause;
  const trouble = troubleOf();
  if (view) setText(byId("headline"), headline());
  byId("live").dataset.live = trouble ? "no" : view ? "yes" : "wait";
  setText(byId("live-text"), trouble ? "Not live" : view ? "Live" : "Connecting");
  const since = lost ? null : view?.troubleSince;
  const banners = trouble
    ? [[`Not live${since ? ` since ${clock(since)}` : ""}: what is shown is of an earlier time.`, trouble, ""]] : [];
  for (const note of view?.notes ?? []) banners.push(["Not everything is shown.", note, "note"]);
  const text = JSON.stringify(banners);
  if (byId("trouble").dataset.text === text) return;
  byId("trouble").dataset.text = text;
  byId("trouble").replaceChildren(...banners.map(([title, words, kind]) =>
    html("p", { className: `banner ${kind}` }, html("strong", {}, title), html("bdi", {}, words))));
}

const clock = (text) => new Date(text).toLocaleTimeString("en-GB");
const number = (count) => count.toLocaleString("en");
const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

function show(next) {
  view = next;
  setText(byId("source"), view.source);
  document.title = view.broken ? `(${view.broken}) Visma connections` : "Visma connections";
  tellLive(lost);
  showHealth();
  showNamespaces();
  showRows();
  byId("reset").hidden = query().size === 0;
  setText(byId("matches"), view.total === 0 ? "" : view.matches > view.items.length
    ? `The first ${number(view.items.length)} of ${number(view.matches)} shown` : `${number(view.matches)} of ${number(view.total)} shown`);
  const left = view.matches - view.items.length;
  byId("more").hidden = left <= 0 || count >= 1000;
  setText(byId("more"), `Show ${Math.min(page, left)} more`);
}

function headline() {
  const isLive = troubleOf() === null; // what was true then need not be true now
  const warned = !view.warnings ? "" : isLive ? `, ${plural(view.warnings, "needs", "need")} somebody in time`
    : `, ${number(view.warnings)} needed somebody in time`;
  return view.total === 0 ? `There ${isLive ? "is" : "was"} no connection and no client here`
    : view.broken ? `${number(view.broken)} of ${number(view.total)} ${isLive ? "" : "were "}broken${warned}`
    : view.warnings ? `Nothing ${isLive ? "is" : "was"} broken${warned}` : `All ${number(view.total)} ${isLive ? "are" : "were"} well`;
}

function showHealth() {
  const states = Object.entries(view.states);
  const sum = states.reduce((total, [, count]) => total + count, 0) || 1;
  let from = 0;
  byId("health").replaceChildren(...states.filter(([, count]) => count > 0).map(([state, count]) => {
    const width = count / sum * 100;
    const part = svg("rect", { class: state, x: `${from}%`, width: `${width}%`, height: "100%" });
    from += width;
    return part;
  }));
  if (!byId("states").children.length) byId("states").append(...states.map(([state]) => stateButton(state)));
  for (const [state, count] of states) {
    const button = byId("states").querySelector(`[data-state="${state}"]`);
    setText(button.querySelector("b"), number(count));
    button.classList.toggle("none", count === 0);
    button.setAttribute("aria-pressed", chosen.has(state));
  }
}

function stateButton(state) {
  const button = html("button", { type: "button", className: state }, icon(stateIcons[state]), html("b", {}), state);
  button.dataset.state = state;
  button.addEventListener("click", () => {
    if (!chosen.delete(state)) chosen.add(state);
    button.setAttribute("aria-pressed", chosen.has(state));
    ask();
  });
  return button;
}

function showNamespaces() {
  const select = byId("namespace");
  const wanted = select.value;
  byId("namespace-label").hidden = view.namespaces.length < 2 && !wanted;
  if (select.dataset.text === view.namespaces.join(" ")) return;
  select.dataset.text = view.namespaces.join(" ");
  const names = wanted && !view.namespaces.includes(wanted) ? [wanted, ...view.namespaces] : view.namespaces;
  select.replaceChildren(new Option("All", ""), ...names.map((name) => new Option(name, name)));
  select.value = wanted;
}

const keyOf = (item) => `${item.kind} ${item.namespace}/${item.name}`;

function showRows() {
  const body = byId("rows");
  const focused = document.activeElement?.closest?.("tr[data-key]")?.dataset.key;
  const keys = new Set(view.items.map(keyOf));
  for (const [key, row] of rows) if (!keys.has(key)) { row.main.remove(); row.detail?.remove(); rows.delete(key); }
  body.querySelector(".empty")?.remove();
  let last = null;
  const put = (element) => {
    const after = last ? last.nextSibling : body.firstChild;
    if (after !== element) body.insertBefore(element, after);
    last = element;
  };
  for (const item of view.items) {
    const row = rowOf(item);
    put(row.main);
    if (row.detail) put(row.detail);
  }
  if (!view.items.length) {
    const words = view.total ? "Nothing fits what was asked for." : "Nothing here yet.";
    body.append(html("tr", { className: "empty" }, html("td", { colSpan: 4 }, words)));
  }
  if (focused && document.activeElement === document.body) rows.get(focused)?.button.focus();
  isFresh = false;
}

function rowOf(item) {
  const key = keyOf(item);
  const text = JSON.stringify(item);
  const known = rows.get(key);
  if (known?.text === text) return known;
  const row = known ?? newRow(item, key);
  const isBroken = ["Stalled", "NotReady", "Expired", "Failing"].includes(item.state);
  Object.assign(row, { text, item });
  row.main.className = `${item.state} ${isBroken ? "broken" : ""} ${item.toDo ? "" : "fine"} ${open.has(key) ? "open" : ""}`;
  row.state.replaceChildren(html("span", { className: "state" }, icon(stateIcons[item.state]), item.state), row.since);
  row.known.replaceChildren(...(item.displayName ? [html("bdi", { className: "known" }, item.displayName)] : []));
  const label = (text) => (item.toDo ? [html("b", {}, text)] : []);
  row.why.replaceChildren(
    html("p", { className: "message" },
      ...label("Why: "), html("bdi", { className: "reason" }, item.reason), " ", html("bdi", {}, item.message)),
    ...(item.toDo ? [html("p", { className: "todo" }, ...label("To do: "), html("bdi", {}, item.toDo))] : []));
  if (!isFresh) { row.main.classList.remove("changed"); void row.main.offsetWidth; row.main.classList.add("changed"); }
  drawTimes(row);
  if (open.has(key)) describe(row, key);
  return row;
}

function newRow(item, key) {
  const place = html("span", { className: "place" }, `${item.namespace}/`);
  const button = html("button", { type: "button", className: "name" }, place, item.name);
  const row = {
    button,
    main: html("tr", {}),
    state: html("td", {}),
    since: html("span", { className: "since" }),
    known: html("span", {}),
    why: html("td", {}),
    times: html("td", {}),
    detail: null,
  };
  const kind = item.kind === "OAuthClient" ? [html("span", { className: "kind" }, "client")] : [];
  row.main.dataset.key = key;
  row.main.append(row.state, html("td", {}, button, ...kind, row.known), row.why, row.times);
  row.main.addEventListener("animationend", () => row.main.classList.remove("changed"));
  button.setAttribute("aria-expanded", open.has(key));
  button.addEventListener("click", () => toggle(row, key));
  rows.set(key, row);
  return row;
}

function drawTimes(row) {
  const at = now();
  setText(row.since, row.item.since ? `for ${span(at - Date.parse(row.item.since))}` : "");
  row.times.replaceChildren(drawLine(row.item, at), wordsOf(row.item, at));
}

function toggle(row, key) {
  const opens = !open.has(key);
  if (opens) open.add(key); else open.delete(key);
  row.button.setAttribute("aria-expanded", opens);
  row.main.classList.toggle("open", opens);
  if (opens) {
    describe(row, key);
  } else {
    row.detail?.remove();
    row.detail = null;
  }
}

async function describe(row, key) {
  const { kind, namespace, name } = row.item;
  const answer = await fetch(`object?${new URLSearchParams({ kind, namespace, name })}`).catch(() => null);
  if (!open.has(key) || !answer?.ok || rows.get(key) !== row) return;
  const { parts } = await answer.json();
  if (!row.detail) {
    row.detail = html("tr", { className: "detail" }, html("td", { colSpan: 4 }));
    row.main.after(row.detail);
  }
  row.detail.firstChild.replaceChildren(html("dl", {}, ...parts.flatMap((part) =>
    [html("dt", {}, part.label), html("dd", {}, html("bdi", {}, part.text))])));
}

function ask() {
  count = page;
  listen();
}

function move(by) {
  const names = [...document.querySelectorAll("button.name")];
  const at = names.indexOf(document.activeElement);
  names[at < 0 ? 0 : Math.min(Math.max(at + by, 0), names.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input, select");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !isTyping) {
    byId("q").focus();
  } else if (event.key === "ArrowDown" && (!isTyping || event.target.id === "q")) {
    move(1);
  } else if (event.key === "ArrowUp" && !isTyping) {
    move(-1);
  } else if (event.key === "Escape" && !isTyping) {
    const key = event.target.closest("tr[data-key]")?.dataset.key;
    if (!key || !open.has(key)) return;
    toggle(rows.get(key), key);
  } else {
    return;
  }
  event.preventDefault();
});

let typing = 0;
byId("q").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(ask, 200); });
for (const field of fields.slice(1)) byId(field).addEventListener("change", ask);
byId("tools").addEventListener("submit", (event) => event.preventDefault());
byId("tools").addEventListener("reset", () => { chosen.clear(); setTimeout(ask); });
byId("more").addEventListener("click", () => { count += page; listen(); });

// A hidden page needs nothing, and browsers allow six streams to a server.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stream?.close(); else listen();
});
setInterval(() => {
  if (document.hidden) return;
  rows.forEach((row, key) => {
    drawTimes(row);
    if (open.has(key)) describe(row, key);
  });
  if (heard && Date.now() - heard > 20e3) tellLive("The dashboard does not answer. Is it still running in its terminal?");
}, 5000);

const asked = new URLSearchParams(location.search);
if (asked.get("namespace")) byId("namespace").append(new Option(asked.get("namespace"), asked.get("namespace")));
for (const field of fields) byId(field).value = asked.get(field) ?? "";
for (const state of asked.getAll("state")) chosen.add(state);
drawAxis(byId("axis"));
listen();
