// What happened to each delivery of a run, as bars on one axis and as a tree of causes.
import { Badge, because, number, span, toneOf, words } from "./ui.js";
import { html, useSignal } from "./vendor.js";

const ENDS = new Set(["handled", "denied", "expired", "cancelled", "dead_lettered", "refused"]);
const FIRST = 120;

/**
 * Fold events into deliveries: one for each message and recipient, with the parts of its time.
 * A message is accepted once, and then delivered to each of its recipients.
 * @param {any[]} events
 * @param {number} [until] what is in flight is drawn up to here
 */
export function deliveries(events, until = 0) {
  const found = new Map();
  const accepted = new Map();
  const last = Math.max(until, events.at(-1)?.at || 0);
  for (const event of events) {
    if (event.kind === "accepted" && !event.recipient) accepted.set(event.message_id, event.at);
    const key = `${event.message_id}→${event.recipient || ""}`;
    let one = found.get(key);
    if (!one) {
      const from = accepted.get(event.message_id) ?? event.at;
      one = { key, message: event.message_id, cause: event.cause || null, topic: event.topic, sender: event.sender, recipient: event.recipient, from, to: event.at, parts: [], marks: [], end: "", why: "", code: "", phase: "queued", since: from };
      found.set(key, one);
    }
    turn(one, event);
  }
  const delivered = new Set([...found.values()].filter((one) => one.recipient).map((one) => one.message));
  for (const [key, one] of found) {
    if (!one.recipient && !one.end && delivered.has(one.message)) found.delete(key);
    else if (!one.end && one.phase) close(one, last);
  }
  return [...found.values()];
}

function close(one, at) {
  if (one.phase && at > one.since) one.parts.push({ kind: one.phase, from: one.since, to: at });
  one.to = Math.max(one.to, at);
}

const PHASES = { started: "working", held: "waiting", released: "queued", retrying: "retry", timed: "waiting" };

function turn(one, event) {
  one.to = Math.max(one.to, event.at);
  if ((event.reason || event.code) && event.kind !== "released") { // its reason is the id of the hold
    one.why = event.reason || one.why;
    one.code = event.code || one.code;
  }
  if (PHASES[event.kind]) {
    close(one, event.at);
    one.phase = PHASES[event.kind];
    one.since = event.at;
  }
  if (ENDS.has(event.kind)) {
    close(one, event.at);
    one.end = event.kind;
    one.phase = "";
  }
  if (["redacted", "held", "released", "retrying", "late", "answered", "unrouted"].includes(event.kind)) {
    one.marks.push({ kind: event.kind, at: event.at });
    if (["answered", "unrouted", "late"].includes(event.kind) && !one.end) {
      one.end = event.kind;
      one.phase = "";
    }
  }
}

const SHORT = 0.04;

/**
 * Stretches in which every delivery waits for a person, a rate or a retry, or nothing happens, where they take more
 * than half of the axis: what was worked in seconds is not seen beside hours.
 * @param {any[]} found
 */
export function waits(found, start, end) {
  const busy = found.flatMap((one) => one.parts.length ? one.parts.filter((part) => part.kind === "working" || part.kind === "queued") : [one]).sort((one, other) => one.from - other.from);
  const gaps = [];
  let to = start;
  for (const part of [...busy, { from: end, to: end }]) {
    if (part.from - to > (end - start) * SHORT) gaps.push({ from: to, to: part.from });
    to = Math.max(to, part.to);
  }
  return gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0) > (end - start) / 2 ? gaps : [];
}

/** Return what places a time on an axis, from 0 to 1, on which each of some stretches has the same small width. */
function scale(gaps, start, end) {
  const left = end - start - gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const width = 1 - SHORT * gaps.length;
  return (at) => {
    let passed = at - start, whole = 0;
    for (const gap of gaps) {
      const within = Math.min(Math.max(at - gap.from, 0), gap.to - gap.from);
      passed -= within;
      whole += SHORT * (within / (gap.to - gap.from));
    }
    return whole + (left > 0 ? (passed / left) * width : 0);
  };
}

const NAMES = { queued: "queued", working: "handled by its agent", waiting: "waited for a person or a rate", retry: "waited for a retry" };

export function Timeline({ found }) {
  const most = useSignal(FIRST);
  const start = Math.min(...found.map((one) => one.from));
  const end = Math.max(...found.map((one) => one.to), start + 0.000001);
  const whole = useSignal(false);
  const gaps = waits(found, start, end);
  const place = scale(whole.value ? [] : gaps, start, end);
  const percent = (at) => `${(place(at) * 100).toFixed(3)}%`;
  const waited = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  return html`<section class="card stack"><div class="legend"><span><i></i>queued</span><span><i class="info"></i>worked</span><span><i class="hold"></i>waited for a person</span>
      <span><i class="warn"></i>waited for a retry</span><span><i class="bad"></i>ended without being handled</span></div>
    ${gaps.length ? html`<div class="row"><button type="button" class="quiet" aria-pressed=${!whole.value} onClick=${() => (whole.value = !whole.value)}>Shorten waits</button><span class="mute">${whole.value ? "Drawn to scale." : `${span(waited)} of waiting ${gaps.length > 1 ? "are drawn as short breaks" : "is drawn as a short break"}.`}</span></div>` : null}
    <div class="axis" aria-hidden="true"><span></span><div><span>0</span>${gaps.length && !whole.value ? null : html`<span>${span((end - start) / 2)}</span>`}<span>${span(end - start)}</span></div></div>
    <ul class="gantt">${found.slice(0, most.value).map((one) => html`<li class="bar-row" key=${one.key}>
      <span class="bar-name" title=${`${one.topic}: ${one.sender} to ${one.recipient || "whoever asked"}`}><b>${words(one.recipient || one.sender)}</b> <span class="mute">${one.topic}</span></span>
      <div class="track" role="img" aria-label=${spoken(one, start)}>
        ${one.parts.map((part) => html`<i class=${part.kind} title=${`${NAMES[part.kind]}, ${span(part.to - part.from)}`} style=${{ left: percent(part.from), width: `${((place(part.to) - place(part.from)) * 100).toFixed(3)}%` }}></i>`)}
        ${whole.value ? null : gaps.map((gap) => html`<i class="gap" style=${{ left: percent(gap.from), width: `${SHORT * 100}%` }}></i>`)}
        ${toneOf(one.end) === "bad" ? html`<i class="end-bad" title=${words(one.end)} style=${{ left: `min(${percent(one.to)}, calc(100% - 5px))`, width: "5px" }}></i>` : !one.parts.length ? html`<i class="working" style=${{ left: `min(${percent(one.from)}, calc(100% - 3px))` }}></i>` : null}
      </div></li>`)}</ul>
    ${found.length > most.value ? html`<button type="button" class="quiet" onClick=${() => (most.value += 500)}>Show more of ${number(found.length)}</button>` : null}</section>`;
}

function spoken(one, start) {
  const parts = one.parts.map((part) => `${NAMES[part.kind]} ${span(part.to - part.from)}`).join(", ");
  return `${one.topic} to ${one.recipient || "whoever asked"}, after ${span(one.from - start)}: ${parts || "at once"}; ${words(one.end || "in flight")}${one.why ? `, ${because(one.why)}` : ""}`;
}

/**
 * Children of each delivery. Where an event does not name its cause, it is the latest delivery that its sender had
 * begun by then.
 */
export function causes(found) {
  const children = new Map();
  const roots = [];
  for (const one of found) {
    let parent = one.cause ? found.find((other) => other.message === one.cause && other.recipient === one.sender) : undefined;
    if (!parent) {
      for (const other of found) {
        if (other !== one && other.recipient === one.sender && other.from <= one.from && (!parent || other.from > parent.from)) parent = other;
      }
    }
    if (!parent || parent.from > one.from || leadsTo(children, one, parent)) roots.push(one);
    else children.set(parent.key, [...(children.get(parent.key) || []), one]);
  }
  return { roots, children };
}

function leadsTo(children, from, to) {
  const left = [from];
  while (left.length) {
    const one = left.pop();
    if (one === to) return true;
    left.push(...(children.get(one.key) || []));
  }
  return false;
}

export function Tree({ found }) {
  const { roots, children } = causes(found.slice(0, 1_000));
  const twig = (one, depth) => html`<li key=${one.key}><div class="twig"><${Badge} status=${one.end || "running"} /> <strong class="text">${one.topic}</strong>
      <span class="mute text">${words(one.sender)} → ${words(one.recipient || "whoever asked")}</span> ${one.marks.filter((mark) => mark.kind !== one.end).map((mark) => html`<${Badge} status=${mark.kind} />`)}
      ${one.why || one.code ? html`<span class="because"><span class="text">${because(one.why) || one.code}</span></span>` : null}</div>
    ${depth < 40 && children.get(one.key) ? html`<ul>${children.get(one.key).map((child) => twig(child, depth + 1))}</ul>` : null}</li>`;
  return html`<section class="card tree"><ul>${roots.map((one) => twig(one, 0))}</ul>
    ${found.length > 1_000 ? html`<p class="mute">The first 1,000 deliveries are shown.</p>` : null}</section>`;
}
