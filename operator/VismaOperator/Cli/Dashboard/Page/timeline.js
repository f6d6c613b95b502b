// The picture of an object's times, and times in words. Nothing is made from markup: text is text, whatever it says.

const minute = 60e3;
const hour = 60 * minute;
const day = 24 * hour;
const soonBefore = 30 * day;

export function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function html(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export const stateIcons = {
  Stalled: "M5 1h6l4 4v6l-4 4H5l-4-4V5zM4.7 8h6.6",
  NotReady: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM5.5 5.5l5 5M10.5 5.5l-5 5",
  Expired: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM8 4v4.3l2.8 1.7",
  Failing: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM8 4.5v4M8 11.4v.1",
  Warning: "M8 1.5L15 14H1zM8 6v4M8 12v.1",
  Suspended: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM6.3 5.5v5M9.7 5.5v5",
  Ready: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM4.8 8.2l2.2 2.2 4.2-4.6",
  Deleted: "M3 8h10",
};
const markShapes = {
  renewal: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z",
  attempt: "M4 3l9 5-9 5z",
  token: "M8 2v12",
  consent: "M8 2l6 6-6 6-6-6z",
  secret: "M3 3h10v10H3z",
};

export function icon(path, kind = "") {
  return svg("svg", { class: `icon ${kind}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: path }));
}

// As the operator's status says it.
export function span(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const steps = [[120, 1, "s"], [600, 60, "m", 1, "s"], [10800, 60, "m"], [28800, 3600, "h", 60, "m"], [172800, 3600, "h"],
    [691200, 86400, "d", 3600, "h"], [Infinity, 86400, "d"]];
  const [, major, majorUnit, minor, minorUnit] = steps.find(([below]) => seconds < below);
  const rest = minor ? Math.floor((seconds % major) / minor) : 0;
  return Math.floor(seconds / major) + majorUnit + (rest > 0 ? rest + minorUnit : "");
}

function distance(instant, now) {
  return instant > now ? `in ${span(instant - now)}` : `${span(now - instant)} ago`;
}

// Near times get more room than far ones, on both sides of now: an hour and a year are both to be seen.
const scale = (milliseconds) => Math.sign(milliseconds) * Math.log1p(Math.abs(milliseconds) / (10 * minute));
const left = scale(-2 * hour);
const right = scale(500 * day);
const place = (milliseconds) => (Math.min(Math.max(scale(milliseconds), left), right) - left) / (right - left) * 100;
const ticks = [[-hour, "1h ago"], [0, "now"], [hour, "1h"], [day, "1d"], [7 * day, "1w"], [30 * day, "1mo"], [365 * day, "1y"]];

export function drawAxis(target) {
  target.replaceChildren(...ticks.map(([at, label]) => svg("text", { x: `${place(at)}%`, y: 12 }, label)));
}

function timesOf(item, now) {
  const at = (text) => (text ? Date.parse(text) : null);
  const isOver = (instant) => (instant <= now ? "over" : "");
  const isSoon = (instant) => (instant <= now ? "over" : instant - now < soonBefore ? "soon" : "");
  const works = ["Ready", "Warning", "Suspended"].includes(item.state);
  const all = [
    { kind: item.next === "Attempt" ? "attempt" : "renewal", at: at(item.nextTime),
      word: item.next === "Attempt" ? "attempt" : "renewal", past: "was due", mood: isOver(at(item.nextTime) + 5 * minute) },
    { kind: "token", at: at(item.expires), word: "expires", past: "expired",
      mood: isOver(at(item.expires)) || (works ? "" : "soon") },
    { kind: "consent", at: at(item.consentEnds), word: "consent ends", past: "consent ended", mood: isSoon(at(item.consentEnds)) },
    { kind: "secret", at: at(item.secretEnds), word: "secret ends", past: "secret ended",
      mood: isSoon(at(item.secretEnds)) },
  ];
  return all.filter((one) => one.at !== null);
}

export function drawLine(item, now) {
  const line = svg("svg", { class: "line", "aria-hidden": "true" });
  for (const [at] of ticks) line.append(rule(at === 0 ? "now" : "grid", [at, at], [0, 32]));
  const times = timesOf(item, now);
  const find = (kind) => times.find((one) => one.kind === kind);
  const token = find("token");
  if (token) {
    const from = place(item.issued ? Date.parse(item.issued) - now : 0);
    const to = place(token.at - now);
    const here = Math.min(place(0), to);
    line.append(bar(from, here, "spent"), bar(here, to, ""));
  }
  let y = 12;
  for (const end of [find("consent"), find("secret")].filter(Boolean)) {
    y += 7;
    line.append(rule(`thread ${end.mood}`, [0, end.at - now], [y, y]), mark(end, y, now));
  }
  for (const one of times) if (["renewal", "attempt"].includes(one.kind)) line.append(mark(one, 8, now));
  return line;
}

function rule(kind, [from, to], [top, bottom]) {
  return svg("line", { class: kind, x1: `${place(from)}%`, x2: `${place(to)}%`, y1: top, y2: bottom });
}

function bar(from, to, kind) {
  return svg("rect", { class: `bar ${kind}`, x: `${from}%`, width: `${Math.max(to - from, 0)}%`, y: 4, height: 8, rx: 2 });
}

function mark(one, y, now) {
  return svg("svg", { x: `${place(one.at - now)}%`, y: y - 5, width: 1, height: 1, overflow: "visible" },
    svg("path", { class: `mark ${one.mood}`, transform: "translate(-5 0) scale(.625)", d: markShapes[one.kind] }));
}

export function wordsOf(item, now) {
  const none = item.expires || item.kind === "OAuthClient" ? [] : [html("li", {}, "no token")];
  return html("ul", { className: "times" }, ...none, ...timesOf(item, now).map((one) => {
    const words = one.at > now ? `${one.word} ${distance(one.at, now)}`
      : one.past === "was due" ? `${one.word} was due ${distance(one.at, now)}` : `${one.past} ${distance(one.at, now)}`;
    return html("li", { className: one.mood, title: new Date(one.at).toISOString() }, icon(markShapes[one.kind]), words);
  }));
}
