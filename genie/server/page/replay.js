// A run beside its replay: the same, or the first place in which it differs, with both sides.
import { post } from "./api.js";
import { announce } from "./store.js";
import { Figure, Trouble, Value, number, span, words } from "./ui.js";
import { html, useEffect, useRef, useSignal } from "./vendor.js";

const LONGEST_MS = 90_000;
const SAYS = {
  payload: "A message has other content", label: "A message has another label", missing: "A message was not sent again",
  extra: "A message was sent that the record does not have", outcome: "A delivery ended otherwise", verdict: "A policy judges otherwise",
};

/** @param {{run: any}} props */
export function Replay({ run }) {
  const state = useSignal({ busy: false, found: /** @type {any} */ (null), problem: /** @type {any} */ (null) });
  const stop = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => () => stop.current?.abort(), []);
  const begin = async () => {
    stop.current = new AbortController();
    state.value = { busy: true, found: null, problem: null };
    try {
      const found = await post(`/v1/runs/${encodeURIComponent(run.id)}/replay`, undefined, { within_ms: LONGEST_MS, signal: stop.current.signal });
      state.value = { busy: false, found, problem: null };
      announce(found.same ? "The replay is the same" : "The replay differs");
    } catch (problem) {
      state.value = { busy: false, found: null, problem: problem.code === "left" ? null : problem };
    }
  };
  const { busy, found, problem } = state.value;
  return html`<section class="card stack"><div class="row spread"><div><h2>Replay</h2><p class="mute">Runs it again from the log, and compares every message. Nothing leaves the process.</p></div>
      ${busy ? html`<button type="button" class="quiet" onClick=${() => stop.current?.abort()}>Stop</button>` : html`<button type="button" class="quiet" onClick=${begin}>${found ? "Replay again" : "Replay"}</button>`}</div>
    ${busy ? html`<div class="progress wait" role="progressbar" aria-label="The run is replayed"><i></i></div>` : null}
    <${Trouble} problem=${problem} />
    ${found ? html`<${Compared} found=${found} />` : null}</section>`;
}

function Compared({ found }) {
  const differences = Object.entries(found.counts);
  const total = differences.reduce((sum, [, count]) => sum + count, 0);
  const ran = Object.values(found.ran).reduce((sum, one) => sum + one, 0);
  const read = Object.values(found.read).reduce((sum, one) => sum + one, 0);
  return html`<div class="banner ${found.same ? "good" : "bad"}" role="status"><strong>${found.same ? "✓ The same" : "✕ It differs"}</strong>
      <span>${number(found.messages)} messages were compared${found.same ? ", and each is as it was." : `; ${number(total)} ${total === 1 ? "difference" : "differences"}: ${differences.map(([code, count]) => `${number(count)} × ${words(code)}`).join(", ")}.`}</span></div>
    <dl class="figures"><${Figure} label="Messages" value=${number(found.messages)} /><${Figure} label="Recorded time" value=${span(found.recorded_s)} />
      <${Figure} label="Handled again" value=${number(ran)} /><${Figure} label="Read from the record" value=${number(read)} /></dl>
    ${found.first ? html`<${First} first=${found.first} />` : null}
    ${found.notes?.length ? html`<p class="mute">Notes: ${found.notes.map(words).join(", ")}</p>` : null}`;
}

function First({ first }) {
  const before = parsed(first.before), after = parsed(first.after);
  return html`<h3>First difference, ${span(first.at)} after the start</h3>
    <p><strong>${SAYS[first.code] || words(first.code)}</strong>: <code>${first.topic}</code> of <strong class="text">${words(first.agent)}</strong>${first.path ? html`, first in <code>${first.path}</code>` : null}</p>
    <div class="sides"><${Side} title="Recorded" value=${before} other=${after} /><${Side} title="Replayed" value=${after} other=${before} /></div>`;
}

function parsed(text) {
  if (text === null || text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text; // withheld, cut, or a word such as an outcome
  }
}

/** One side; the fields that differ are marked. */
function Side({ title, value, other }) {
  const fields = value && typeof value === "object" && !Array.isArray(value);
  const differs = (name) => JSON.stringify(value[name]) !== JSON.stringify(other?.[name]);
  return html`<section aria-label=${title}><h4>${title}</h4>${value === null ? html`<p class="mute">No such message.</p>`
    : fields ? html`<dl class="values">${Object.entries(value).map(([name, one]) => html`<div class=${differs(name) ? "changed" : ""}><dt>${words(name)}${differs(name) ? html`<span class="sr"> differs</span>` : null}</dt><dd><${Value} value=${one} depth=${1} /></dd></div>`)}</dl>`
      : html`<${Value} value=${value} />`}</section>`;
}
