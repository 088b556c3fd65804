// Parts that every screen uses. Text from agents only ever becomes a text node.
import { now } from "./store.js";
import { html, useEffect, useRef } from "./vendor.js";

const TONES = {
  handled: "good", complete: "good", approved: "good", live: "good", ready: "good", running: "info", started: "info",
  accepted: "info", answered: "good", released: "good", redacted: "warn", retrying: "warn", late: "warn", held: "hold",
  pending: "hold", paused: "warn", timed: "warn", open: "bad", acknowledged: "warn", closed: "good", denied: "bad",
  refused: "bad", failed: "bad", dead_lettered: "bad", expired: "bad", cancelled: "mute", killed: "bad", killed_run: "bad",
  unrouted: "mute", low: "info", medium: "warn", high: "bad", critical: "bad", quarantined: "bad", suspended: "warn",
  stalled: "warn", partial: "warn", draining: "warn",
};
const SHAPES = { good: "✓", bad: "✕", warn: "▲", hold: "◆", info: "●", mute: "○" };

/** @param {string} status */
export const toneOf = (status) => TONES[status] || "mute";

/** @param {unknown} value */
export const words = (value) => String(value ?? "").replaceAll("_", " ");

/** A head with a capital, unless it is a symbol such as p50. @param {any} text */
const headed = (text) => (typeof text === "string" ? text.replace(/^[a-z](?=[a-z ])/, (first) => first.toUpperCase()) : text);

export function Badge({ status, text = undefined }) {
  const tone = toneOf(status);
  return html`<span class="badge ${tone}"><span aria-hidden="true">${SHAPES[tone]}</span> ${text ?? words(status)}</span>`;
}

/** Why something was judged as it was, without the id of a hold before it. */
export const because = (text) => String(text ?? "").replace(/^hold-[\w-]{1,80}(?:: |$)/, "");

/** @param {number} seconds */
export function span(seconds) {
  const s = Math.abs(seconds);
  if (!s) return "0 s";
  if (s < 0.001) return `${Math.round(s * 1e6)} µs`;
  if (s < 1) return `${(s * 1000).toPrecision(3).replace(/\.0+$/, "")} ms`;
  if (s < 59.5) return `${s < 10 && !Number.isInteger(s) ? s.toFixed(1) : Math.round(s)} s`;
  if (s < 3599.5) return `${Math.floor(Math.round(s) / 60)} min ${Math.round(s) % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function Age({ at }) {
  if (!Number.isFinite(at)) return html`<span class="mute">unknown</span>`;
  const moment = new Date(at * 1000);
  const gone = now.value - at;
  const about = span(Math.round(gone)).split(" ", 2).join(" "); // the title has the moment
  const text = gone < 5 && gone > -5 ? "just now" : gone > 0 ? `${about} ago` : `in ${about}`;
  return html`<time datetime=${moment.toISOString()} title=${moment.toLocaleString()}>${text}</time>`;
}

export function Countdown({ until }) {
  if (!Number.isFinite(until) || until <= 0) return html`<span class="mute">no term</span>`;
  const left = until - now.value;
  const tone = left <= 0 ? "bad" : left < 300 ? "warn" : "info";
  const text = left <= 0 ? "expired" : `${span(Math.max(1, Math.round(left)))} left`;
  return html`<time class="badge ${tone}" datetime=${new Date(until * 1000).toISOString()}>
    <span aria-hidden="true">◷</span> ${text}</time>`;
}

export const number = (value) => (typeof value === "number" ? value.toLocaleString("en") : value == null ? "–" : String(value));

export function Empty({ title, children = undefined }) {
  return html`<div class="empty"><div class="empty-mark" aria-hidden="true"></div><h2>${title}</h2><p>${children}</p></div>`;
}

const HELP = {
  offline: "The connection is down. This page keeps trying.", slow: "The server is busy; try again in a moment.",
  forbidden: "Your key does not include the right for this. Ask whoever manages the keys.",
  not_found: "There is nothing under this address, or it belongs to somebody else.",
  rate_limited: "Too many requests were sent. Wait a moment.", draining: "The server is closing; it takes no new work.",
  denied: "A policy denied the message.", failed: "No answer can come any more.",
};

export function Trouble({ problem, again = undefined }) {
  if (!problem) return null;
  return html`<div class="trouble" role="alert">
    <strong>${problem.message}</strong> <code>${problem.code}</code>
    <p>${problem.detail || HELP[problem.code] || ""}</p>
    ${problem.errors?.length ? html`<ul>${problem.errors.map((one) => html`<li><code>${one.pointer}</code> ${one.problem}</li>`)}</ul>` : null}
    ${again ? html`<button type="button" class="quiet" onClick=${again}>Try again</button>` : null}
  </div>`;
}

/** Shows the state of some data: loading, slow, failed (with the last data below it), empty, or what it holds. */
export function Loaded({ state, empty = undefined, children }) {
  const { data, problem, loading, slow, reload } = state;
  if (loading && !data) {
    return html`<div class="skeleton" role="status" aria-label="Loading"><i></i><i></i><i></i>
      ${slow ? html`<p>The server is slow to answer; still waiting…</p>` : null}</div>`;
  }
  const trouble = problem ? html`<${Trouble} problem=${problem} again=${reload} />` : null;
  if (!data) return trouble;
  const shown = empty && empty.when(data) ? html`<${Empty} title=${empty.title}>${empty.text}<//>` : children(data);
  return html`${trouble}${shown}`;
}

/**
 * A table; a row's `key` keeps the focus over live updates.
 * @param {{label: string, heads: any[], rows: {key: string, cells: any[]}[], role?: string}} props
 */
export function Table({ label, heads, rows, role = "region" }) {
  return html`<div class="scroll" tabindex="0" role=${role} aria-label=${label}><table>
    <thead><tr>${heads.map((head) => html`<th scope="col">${headed(head)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.key}>${row.cells.map((cell, at) => html`<td data-head=${headed(heads[at])}>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** Places and what stood and stands there, as an edit changed it. */
export function Changes({ changes }) {
  return html`<${Table} label="Changes" role="group" heads=${["Field", "Before", "After"]} rows=${changes.map(({ path, before, after }) => ({ key: path.join("."), cells: [html`<span class="text">${path.map(words).join(" / ")}</span>`,
    html`<del class="text"><${Value} value=${before} /></del>`, html`<ins class="text"><${Value} value=${after} /></ins>`] }))} />`;
}

/** A modal question with a reason, which the audit keeps. */
export function Ask({ title, verb, tone = "", note = "", reason = true, ready = true, done, children = undefined }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const send = (event) => {
    event.preventDefault();
    done(new FormData(event.target).get("reason") ?? "");
  };
  return html`<dialog ref=${dialog} onCancel=${() => done(null)} aria-labelledby="ask-title">
    <form onSubmit=${send}>
      <h2 id="ask-title">${title}</h2>
      ${note ? html`<p>${note}</p>` : null}${children}
      ${reason ? html`<label>Reason<textarea name="reason" required maxlength="1000" rows="3"></textarea></label>` : null}
      <div class="row end"><button type="button" class="quiet" onClick=${() => done(null)}>Keep as it is</button>
        <button type="submit" class=${tone} disabled=${!ready}>${verb}</button></div>
    </form></dialog>`;
}

export function Page({ title, note = "", actions = undefined, children }) {
  useEffect(() => {
    document.title = `${title} · Genie`;
  }, [title]);
  return html`<section class="page"><header class="page-head"><div><h1 tabindex="-1">${title}</h1>
    ${note ? html`<p class="mute">${note}</p>` : null}</div><div class="row">${actions}</div></header>${children}</section>`;
}

export function Figure({ label, value, tone = "" }) {
  return html`<div class="figure ${tone}"><dt>${headed(label)}</dt><dd>${value}</dd></div>`;
}

/** An amount in minor units as people write it; digits are moved as text, so that no digit is lost. */
export function money({ minor, currency }) {
  let places = 2;
  try {
    places = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  } catch {
    return `${minor} minor units of ${currency}`;
  }
  const [sign, digits] = String(minor).startsWith("-") ? ["-", String(minor).slice(1)] : ["", String(minor)];
  const all = digits.padStart(places + 1, "0");
  const whole = all.slice(0, all.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${sign}${whole}${places ? `.${all.slice(-places)}` : ""} ${currency}`;
}

const isMoney = (value) => Object.keys(value).length === 2 && /^-?\d{1,40}$/.test(String(value.minor)) && /^[A-Z]{3}$/.test(String(value.currency));

/** Names that all objects of a list have, where it can be read as a table. */
function columnsOf(list) {
  if (list.length < 2 || !list.every((one) => one && typeof one === "object" && !Array.isArray(one))) return null;
  const names = Object.keys(list[0]);
  const flat = (one) => one === null || typeof one !== "object" || isMoney(one);
  const same = names.length > 1 && names.length <= 6 && list.every((one) => Object.keys(one).join() === names.join() && Object.values(one).every(flat));
  return same ? names : null;
}

/** A value as readable text: objects as nested lists, never as markup. */
export function Value({ value, depth = 0 }) {
  if (value === null || value === undefined) return html`<span class="mute">none</span>`;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "object") return html`<span class="text">${String(value)}</span>`;
  const entries = Object.entries(value);
  if (!entries.length) return html`<span class="mute">empty</span>`;
  if (depth > 6) return html`<code class="text">${JSON.stringify(value).slice(0, 500)}</code>`;
  if (entries.length === 2 && typeof value.currency === "string" && /^-?\d[\d.,]*$/.test(String(value.amount))) return html`<span class="text">${`${value.amount} ${value.currency}`}</span>`;
  if (isMoney(value)) return html`<span class="text">${money(value)}</span>`;
  if (Array.isArray(value)) {
    const flat = value.every((one) => one === null || typeof one !== "object");
    if (flat && value.some((one) => /\s\S+\s/.test(String(one)))) return html`<ul class="sentences">${value.slice(0, 200).map((one) => html`<li class="text">${String(one)}</li>`)}</ul>`;
    if (flat) return html`<span class="text">${value.slice(0, 200).map(String).join(", ")}</span>`;
    const columns = columnsOf(value.slice(0, 200));
    if (columns) {
      return html`<${Table} role="group" label="Values" heads=${columns.map(words)} rows=${value.slice(0, 200).map((one, at) => ({ key: String(at), cells: columns.map((name) => html`<${Value} value=${one[name]} depth=${depth + 1} />`) }))} />
        ${value.length > 200 ? html`<p class="mute">${number(value.length - 200)} more</p>` : null}`;
    }
    return html`<ol class="values">${value.slice(0, 200).map((one) => html`<li><${Value} value=${one} depth=${depth + 1} /></li>`)}</ol>
      ${value.length > 200 ? html`<p class="mute">${number(value.length - 200)} more</p>` : null}`;
  }
  return html`<dl class="values">${entries.slice(0, 200).map(([name, one]) => html`<div><dt>${words(name)}</dt>
    <dd><${Value} value=${one} depth=${depth + 1} /></dd></div>`)}</dl>`;
}
