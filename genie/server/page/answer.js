// An answer: how far its run is, what of it has come, and the whole of it as a page in a frame of its own.
import { follow, get, remove } from "./api.js";
import { announce, theme } from "./store.js";
import { Badge, Trouble, Value, because, number, words } from "./ui.js";
import { html, useEffect, useRef, useSignal } from "./vendor.js";

const OVER = new Set(["handled", "denied", "expired", "cancelled", "dead_lettered", "refused"]);
const MOST_STEPS = 200;
const TALLEST = 20_000;
export const isGoing = (run) => run.status === "running" || run.status === "held";

/**
 * Follow a run: its record, the text that has come of its answer, and what its agents do.
 * @param {any} run as the server has shown it
 */
export function useRun(run) {
  const state = useSignal({ record: run, text: "", steps: /** @type {any[]} */ ([]), accepted: 0, ended: 0, lost: false, problem: /** @type {any} */ (null) });
  const path = `/v1/runs/${encodeURIComponent(run.id)}`;
  const look = async () => {
    try {
      const record = await get(path);
      state.value = { ...state.value, record, problem: null };
    } catch (problem) {
      state.value = { ...state.value, problem };
    }
  };
  useEffect(() => {
    const gone = { text: "", steps: new Map(), accepted: 0, ended: 0, lost: false };
    let drawn = 0;
    const draw = () => {
      drawn = 0;
      state.value = { ...state.value, ...gone, steps: [...gone.steps.values()] };
    };
    const stream = follow(`${path}/events`, ({ event, data }) => {
      take(gone, event, data || {});
      if (["held", "released"].includes(event)) look();
      drawn = drawn || requestAnimationFrame(draw);
    }, (found, problem) => {
      if (found === "ended") look().then(() => announce(`The run is over: ${words(state.value.record.status)}`));
      if (found === "refused") state.value = { ...state.value, problem };
    });
    const timer = setInterval(() => isGoing(state.value.record) && look(), 1_500);
    return () => {
      stream.close();
      cancelAnimationFrame(drawn);
      clearInterval(timer);
    };
  }, [run.id]);
  const stop = () => remove(path).then(look, (problem) => (state.value = { ...state.value, problem }));
  return { ...state.value, stop };
}

function take(gone, event, data) {
  if (event === "part") {
    const piece = data.fields?.text;
    gone.text = typeof piece === "string" ? gone.text + piece : ""; // a part without text: the answer begins again
  } else if (event === "gap") {
    gone.text = "";
    gone.lost = true;
  } else if (event === "accepted") gone.accepted += 1;
  if (OVER.has(event)) gone.ended += 1;
  if (!data.recipient || !data.message_id) return;
  const key = `${data.message_id}→${data.recipient}`;
  const step = gone.steps.get(key);
  if (event === "started" && !step && gone.steps.size < MOST_STEPS) gone.steps.set(key, { key, agent: data.recipient, topic: data.topic, state: "running", note: "" });
  else if (step && event === "progress") step.note = data.reason || "";
  else if (OVER.has(event) || event === "held") gone.steps.set(key, { key, agent: data.recipient, topic: data.topic, state: event, note: event === "handled" ? "" : because(data.reason) });
}

/** What the agents of a run do, newest last. */
export function Steps({ steps, going }) {
  if (!steps.length) return null;
  return html`<details class="steps" open=${going}><summary>${number(steps.length)} ${steps.length === 1 ? "step" : "steps"}</summary>
    <ol>${steps.map((one) => html`<li key=${one.key}><${Badge} status=${one.state} text=${one.state === "running" ? "works" : words(one.state)} />
      <strong class="text">${words(one.agent)}</strong> <span class="mute text">${one.topic}${one.note ? ` · ${one.note}` : ""}</span></li>`)}</ol></details>`;
}

/** How far a run is, while it goes on. */
export function Progress({ accepted, ended }) {
  const share = accepted ? Math.min(96, (ended / accepted) * 100) : 4;
  return html`<div class="progress" role="progressbar" aria-label="Messages that have ended" aria-valuenow=${Math.round(share)} aria-valuemin="0" aria-valuemax="100"><i style=${{ width: `${share}%` }}></i></div>
    <p class="mute">${number(ended)} of ${number(accepted)} messages so far</p>`;
}

/** What a reader must know beside an answer: that it waits, its notices, what is missing, and why there is none. */
export function Beside({ run }) {
  return html`${run.status === "held" ? html`<div class="banner hold" role="status"><strong>◆ It waits for a person.</strong> <a href="#/approvals">Open the approvals</a></div>` : null}
    ${(run.notices || []).map((one) => html`<div class="banner info text">${one}</div>`)}
    ${run.missing?.length ? html`<div class="banner warn"><strong>▲ Some parts are missing:</strong> ${run.missing.map((one) => html`<span class="text">${typeof one === "string" ? one : `${one.agent} (${one.topic}, ${words(one.outcome)}${one.code ? `, ${one.code}` : ""})`}</span>`)}</div>` : null}
    ${run.status === "failed" ? html`<p class="banner warn">No answer came: <code>${run.code}</code> <span class="text">${run.detail || ""}</span></p>` : null}`;
}

/**
 * The answer as the server's page, with its charts. The frame has an origin of its own, so that its scripts reach
 * nothing here; it says how high it is.
 */
export function Report({ path, name, title = "Report of the answer" }) {
  const frame = useRef(/** @type {HTMLIFrameElement | null} */ (null));
  const height = useSignal(420);
  const loaded = useSignal(false);
  const dark = theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const heard = (event) => {
      if (!frame.current || event.source !== frame.current.contentWindow) return;
      const told = Number(event.data?.height);
      if (told > 0) height.value = Math.min(TALLEST, Math.max(120, Math.ceil(told) + 8));
      loaded.value = true;
    };
    addEventListener("message", heard);
    return () => removeEventListener("message", heard);
  }, []);
  return html`<div class="report">${loaded.value ? null : html`<div class="skeleton" role="status" aria-label="Drawing the report"><i></i><i></i></div>`}
    <iframe ref=${frame} src=${`${path}#${dark ? "dark" : "light"}`} title=${title} sandbox="allow-scripts allow-popups" style=${{ height: `${height.value}px` }}></iframe>
    <p class="row"><a href=${path} target="_blank" rel="noopener">Open the report alone</a><a href=${path} download=${`report-${name}.html`}>Save it as a file</a></p></div>`;
}

/** @param {string} run */
export const reportOf = (run) => `/v1/runs/${encodeURIComponent(run)}/report`;

/** The fields of an answer, for whoever wants them all. */
export function Fields({ answer, open = false }) {
  return html`<details open=${open}><summary>All fields</summary><${Value} value=${answer} /></details>`;
}

export function Answer({ run, again }) {
  const { record, text, steps, accepted, ended, problem, stop } = useRun(run);
  const head = useRef(/** @type {any} */ (null));
  useEffect(() => head.current?.scrollIntoView({ block: "nearest" }), [run.id]);
  const going = isGoing(record);
  return html`<section class="card stack" ref=${head} aria-busy=${record.status === "running"}><div class="row spread"><div class="row"><h2>Answer</h2><${Badge} status=${record.status} /></div>
      <div class="row"><a href=${`#/run/${encodeURIComponent(run.id)}`}>How it came about</a>
      ${going ? html`<button type="button" class="quiet" onClick=${stop}>Stop</button>` : html`<button type="button" class="quiet" onClick=${again}>Ask again</button>`}</div></div>
    ${record.status === "running" ? html`<${Progress} accepted=${accepted} ended=${ended} />` : null}
    <${Trouble} problem=${problem} />
    <${Beside} run=${record} />
    ${going && text ? html`<p class="coming text" aria-live="off">${text}</p>` : null}
    <${Steps} steps=${steps} going=${going} />
    ${record.answer ? html`<${Report} path=${reportOf(run.id)} name=${run.id} /><${Fields} answer=${record.answer} />` : null}</section>`;
}
