// One policy file: an editor with line errors and help, then tests, an explanation, a backtest and a proposal.
import { get, post } from "../api.js";
import { Prove } from "../prove.js";
import { session, toast, useData } from "../store.js";
import { Age, Ask, Badge, Loaded, Page, Table, Trouble, number, words } from "../ui.js";
import { html, useEffect, useRef, useSignal } from "../vendor.js";

const VERDICTS = { allow: "handled", deny: "denied", redact: "redacted", hold: "held" };
const WAIT_MS = 300;
const LONGEST_MS = 150_000;
/** Days of the log that a draft is tried on; 0 for the latest messages of the process. */
const WINDOWS = { 0: "the latest messages", 1: "the last day", 7: "the last 7 days", 30: "the last 30 days" };

export default function Policy({ id, query }) {
  const files = useData("/v1/policies/files");
  const name = query.get("file") || "";
  return html`<${Page} title="Policy file" note="Drafts change nothing. What you propose comes into force when another person approves it." actions=${html`<a href="#/policies">All policies</a>`}>
    <${Loaded} state=${files}>${(data) => {
      const file = data.files.find((one) => one.pipeline === id && one.file === name) || data.files.find((one) => one.pipeline === id);
      return file ? html`<${Editor} key=${file.sha256} file=${file} />` : html`<p class="card">This pipeline names no policy file; its policies are in the pipeline file itself.</p>`;
    }}<//><//>`;
}

function Editor({ file }) {
  const text = useSignal(file.text);
  const found = useSignal(/** @type {any} */ ({ problems: [], warnings: [] }));
  const result = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal("");
  const asking = useSignal(false);
  const line = useSignal(1);
  const days = useSignal(0);
  const schema = useData("/v1/policies/schema");
  const draft = (more = {}) => ({ pipeline: file.pipeline, file: file.file, text: text.value, ...more });
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => post("/v1/policies/check", draft(), { signal: stop.signal }).then((said) => (found.value = said), (error) => error.code === "left" || (problem.value = error)), WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text.value]);
  const run = async (what, path, more = {}, within_ms = 60_000) => {
    busy.value = what;
    problem.value = null;
    try {
      result.value = { what, said: await post(`/v1/policies/${path}`, draft(more), { within_ms }) };
    } catch (error) {
      problem.value = error;
      result.value = null;
    } finally {
      busy.value = "";
    }
  };
  const backtest = () => {
    const until = Math.floor(Date.now() / 1000);
    run("backtest", "backtest", days.value ? { since: until - days.value * 86_400, until } : {}, LONGEST_MS);
  };
  const propose = async (reason) => {
    asking.value = false;
    if (reason === null) return;
    try {
      await post("/v1/policies/proposals", draft({ base_sha256: file.sha256, reason }));
      toast("Proposed; another person decides");
      location.hash = "#/policies";
    } catch (error) {
      problem.value = error;
    }
  };
  const wrong = found.value.problems;
  const changed = text.value !== file.text;
  return html`${asking.value ? html`<${Ask} title="Propose this draft?" verb="Propose" note="Another person sees the changed lines and decides." done=${propose} />` : null}
    <section class="card stack"><div class="row"><h2 class="text">${file.file}</h2><${Badge} status=${wrong.length ? "failed" : "approved"} text=${wrong.length ? `${number(wrong.length)} problems` : "valid"} />${changed ? html`<${Badge} status="late" text="changed" />` : null}</div>
      <${Code} text=${text.value} set=${(next) => (text.value = next)} wrong=${wrong} line=${line} label=${`Text of ${file.file}`} />
      <${Help} schema=${schema.data} text=${text.value.split("\n")[line.value - 1] || ""} />
      <div role="status">${wrong.length ? html`<ul class="stack">${wrong.map((one) => html`<li class="row"><strong>${one.line ? `Line ${one.line}` : "File"}</strong> <span class="text">${one.problem}</span></li>`)}</ul>` : null}
        ${found.value.warnings.length ? html`<ul>${found.value.warnings.map((one) => html`<li class="text mute">${one}</li>`)}</ul>` : null}</div>
      <div class="row"><button type="button" class="quiet" disabled=${!!busy.value || wrong.length} onClick=${() => run("test", "test")}>Run its tests</button>
        <label class="with"><span class="sr">Backtest on</span><select onChange=${(event) => (days.value = Number(event.target.value))}>
          ${Object.entries(WINDOWS).map(([of, title]) => html`<option value=${of} selected=${Number(of) === days.value}>${title}</option>`)}</select></label>
        <button type="button" class="quiet" disabled=${!!busy.value || wrong.length} onClick=${backtest}>Backtest</button>
        <button type="button" class="quiet" disabled=${!!busy.value || wrong.length} onClick=${() => run("diff", "diff")}>Show changes</button>
        <button type="button" disabled=${!changed || !!wrong.length || !!busy.value} onClick=${() => (asking.value = true)}>Propose</button>
        ${changed ? html`<button type="button" class="quiet" onClick=${() => (text.value = file.text)}>Discard</button>` : null}<span class="mute" role="status">${busy.value ? "Working…" : ""}</span></div>
      <${Explain} file=${file} run=${(message) => run("explain", "explain", { message })} off=${!!busy.value || !!wrong.length} />
      <${Trouble} problem=${problem.value} /></section>
    ${result.value ? html`<section class="card stack" aria-label="Result">${RESULTS[result.value.what](result.value.said)}</section>` : null}`;
}

/** A plain text area with line numbers; lines with a problem are marked in words and colour. */
function Code({ text, set, wrong, line, label }) {
  const area = useRef(/** @type {any} */ (null));
  const numbers = useRef(/** @type {any} */ (null));
  const marked = new Set(wrong.map((one) => one.line));
  const count = text.split("\n").length;
  const at = () => (line.value = area.current.value.slice(0, area.current.selectionStart).split("\n").length);
  const key = (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.altKey || event.ctrlKey) return;
    if (!event.target.dataset.typed) return; // Tab leaves the field until something was typed in it
    event.preventDefault();
    event.target.setRangeText("  ", event.target.selectionStart, event.target.selectionEnd, "end");
    set(event.target.value);
  };
  return html`<div class="code"><pre aria-hidden="true" ref=${numbers}>${Array.from({ length: count }, (_, place) => html`<span class=${marked.has(place + 1) ? "bad" : ""}>${marked.has(place + 1) ? "▲" : ""}${place + 1}</span>`)}</pre>
    <textarea ref=${area} class="mono" rows="22" spellcheck="false" autocomplete="off" wrap="off" aria-label=${label} aria-invalid=${wrong.length > 0} maxlength="200000" value=${text}
      onInput=${(event) => { event.target.dataset.typed = "1"; set(event.target.value); at(); }} onClick=${at} onKeyUp=${at} onKeyDown=${key} onBlur=${(event) => delete event.target.dataset.typed}
      onScroll=${() => (numbers.current.scrollTop = area.current.scrollTop)}></textarea></div>`;
}

/** What the schema says of the key on the line of the cursor. */
function Help({ schema, text }) {
  const key = /^\s*(?:-\s*)?\{?\s*([\w.]+)\s*:/.exec(text)?.[1];
  if (!schema) return null;
  const found = key ? described(schema, key) : null;
  return html`<p class="mute" aria-live="polite">${found ? html`<code>${key}</code> <span class="text">${found}</span>` : `Keys: ${Object.keys(schema.properties || {}).join(", ")}`}</p>`;
}

function described(schema, key) {
  const places = [schema, ...Object.values(schema.$defs || {})];
  for (const place of places) {
    const one = place?.properties?.[key];
    if (one?.description) return one.description;
  }
  return null;
}

function Explain({ file, run, off }) {
  const messages = useData("/v1/policies/messages");
  const chosen = useSignal("");
  const own = (messages.data?.messages || []).filter((one) => one.pipeline === file.pipeline);
  if (!own.length) return html`<p class="mute">Nothing was asked here yet, so there is no message to explain or to backtest on.</p>`;
  return html`<div class="filters"><label>A real message<select onChange=${(event) => (chosen.value = event.target.value)}>${own.slice(0, 100).map((one) => html`<option value=${one.id}>${`${one.topic}: ${one.sender} to ${one.recipients.join(", ")}`}</option>`)}</select></label>
    <button type="button" class="quiet" disabled=${off} onClick=${() => run(chosen.value || own[0].id)}>Explain</button></div>`;
}

const skipped = (said) => Object.entries(said.skipped || {}).filter(([, count]) => count);

const RESULTS = {
  test: (said) => html`<div class="row"><h2>Tests</h2><${Badge} status=${said.failed ? "failed" : "approved"} text=${`${number(said.passed)} pass, ${number(said.failed)} fail`} /></div>
    ${said.examples.length ? html`<${Table} label="Tests" heads=${["Rule", "Where", "Expected", "Found", "Result"]} rows=${said.examples.map((one, at) => ({ key: String(at), cells: [html`<span class="text">${one.rule}</span>`, html`<span class="text">${one.where.split("/").at(-1)}</span>`, one.expected, one.found.join(", "), html`<${Badge} status=${one.passed ? "approved" : "failed"} text=${one.passed ? "passes" : "fails"} />`] }))} />` : html`<p class="mute">No rule has examples.</p>`}
    ${said.without_examples.length ? html`<p class="mute text">Without examples: ${said.without_examples.join(", ")}</p>` : null}`,
  backtest: (said) => html`<div class="row"><h2>Backtest</h2><span class="mute">on ${said.source === "log" ? `${number(said.messages)} messages of the log since ${new Date(said.since * 1000).toLocaleDateString("en", { day: "numeric", month: "long" })}` : `the latest ${number(said.messages)} messages`}, ${number(said.deliveries)} deliveries</span></div>
    ${said.complete === false ? html`<div class="banner warn">▲ A limit was reached: the window has more messages than were judged.</div>` : null}
    ${skipped(said).length ? html`<p class="mute">Not judged: ${skipped(said).map(([why, count]) => `${number(count)} × ${words(why)}`).join(", ")}</p>` : null}
    <${Bar} said=${said} />
    ${said.changes.length ? html`<${Table} label="What would change" heads=${["Policy", "Now", "With the draft", "Deliveries", "For example"]} rows=${said.changes.map((one, at) => ({ key: String(at), cells: [html`<span class="text">${one.policy}</span>`, html`<${Badge} status=${VERDICTS[one.before] || "late"} text=${one.before} />`, html`<${Badge} status=${VERDICTS[one.after] || "late"} text=${one.after} />`, number(one.deliveries), html`<span class="text">${one.samples[0]}</span>`] }))} />` : html`<p>No verdict would change.</p>`}`,
  diff: (said) => html`<h2>Changes</h2><p class="text">${["added", "removed", "changed"].map((kind) => `${kind}: ${said[kind].join(", ") || "none"}`).join("; ")}</p><${Lines} lines=${said.lines} />`,
  explain: (said) => html`<h2>Explanation</h2>${said.explanations.map((one) => html`<div class="stack"><div class="row"><strong class="text">${one.topic} → ${one.recipient}</strong><${Badge} status=${VERDICTS[one.verdict] || one.verdict} text=${one.verdict} /></div>
    <${Table} label=${`Opinions on ${one.topic} to ${one.recipient}`} heads=${["Policy", "Verdict", "Reason", "Because of"]} rows=${one.policies.map((of, at) => ({ key: String(at), cells: [html`<span class="text">${of.policy}</span>`, html`<${Badge} status=${VERDICTS[of.verdict] || "late"} text=${of.verdict} />`, html`<span class="text">${of.reason || "–"}</span>`, html`<span class="text">${of.inputs.map((input) => `${input.subject} = ${input.value}: ${input.result}`).join("; ") || "–"}</span>`] }))} /></div>`)}`,
};

/** How many deliveries keep their verdict, and how many get which other one; the table says the same in numbers. */
function Bar({ said }) {
  const all = said.deliveries || 1;
  const parts = said.verdicts.map((one) => ({ ...one, same: one.before === one.after })).sort((a, b) => Number(b.same) - Number(a.same) || b.deliveries - a.deliveries);
  const title = (one) => (one.same ? `${one.before}, unchanged` : `${one.before} becomes ${one.after}`);
  const tone = (one) => (one.same ? "same" : { deny: "bad", hold: "hold", redact: "warn", allow: "good" }[one.after] || "info");
  return html`<div class="change-bar" role="img" aria-label=${parts.map((one) => `${title(one)}: ${one.deliveries} deliveries`).join("; ")}>${parts.map((one) => html`<i class=${tone(one)} style=${{ width: `${Math.max(1, (one.deliveries / all) * 100)}%` }}></i>`)}</div>
    <ul class="legend">${parts.map((one) => html`<li><i class=${tone(one)} aria-hidden="true"></i>${title(one)}: <strong>${number(one.deliveries)}</strong></li>`)}</ul>`;
}

function Lines({ lines }) {
  if (!lines.length) return html`<p class="mute">No line differs.</p>`;
  return html`<pre class="lines" tabindex="0" aria-label="Changed lines">${lines.map((one) => html`<span class=${one.startsWith("+") ? "good" : one.startsWith("-") ? "bad" : "mute"}>${one}</span>`)}</pre>`;
}

/** Where a proposal stands: proposed, then decided by another person, then in force. */
export function Way({ made }) {
  const decided = made.state !== "proposed";
  const good = made.state === "in force";
  const steps = [
    { title: "Proposed", by: made.by, done: true },
    { title: decided && !good ? "Rejected" : "Approved", by: made.decided_by || "another person", done: decided, bad: decided && !good },
    ...(decided && !good ? [] : [{ title: "In force", by: "", done: good }]),
  ];
  return html`<ol class="way" aria-label="Where the proposal stands">${steps.map((one) => html`<li class=${one.bad ? "bad" : one.done ? "good" : "open"}><span aria-hidden="true">${one.bad ? "✕" : one.done ? "✓" : "○"}</span>
    <strong>${one.title}</strong>${one.by ? html` <span class="text">${one.done ? "by" : "needs"} ${one.by}</span>` : null}${one.done ? null : html`<span class="sr"> not yet</span>`}</li>`)}</ol>`;
}

/** One proposal, with its changed lines and the two decisions. */
export function Decide({ made, done }) {
  const shown = useSignal(/** @type {any} */ (null));
  const asking = useSignal("");
  const problem = useSignal(/** @type {any} */ (null));
  const path = `/v1/policies/proposals/${encodeURIComponent(made.id)}`;
  const own = session.value?.user === made.by;
  const proving = useSignal(/** @type {(() => void) | null} */ (null));
  const decide = (reason) => {
    const verb = asking.value;
    asking.value = "";
    if (reason !== null) send(verb, reason);
  };
  const proved = (good) => {
    const again = proving.value;
    proving.value = null;
    if (good) again();
  };
  const send = async (verb, reason) => {
    try {
      const said = await post(`${path}/${verb}`, { reason });
      toast(said.state === "in force" ? "It is in force" : "It was rejected");
      done();
    } catch (error) {
      if (error.code === "step_up") proving.value = () => send(verb, reason);
      else problem.value = error;
    }
  };
  return html`<section class="card stack hold-card">${proving.value ? html`<${Prove} done=${proved} what="Policies come into force for every pipeline that names the file, so this needs a fresh sign-in." not="Leave it proposed" and="Sign in and approve" />` : null}
    ${asking.value ? html`<${Ask} title=${asking.value === "approve" ? "Put this into force?" : "Reject this proposal?"} verb=${asking.value === "approve" ? "Put into force" : "Reject"} tone=${asking.value === "approve" ? "good" : "bad"} note=${asking.value === "approve" ? "The file is written, and every pipeline that names it reads its policies again." : ""} done=${decide} />` : null}
    <div class="row"><h3 class="text">${made.file}</h3><${Badge} status="held" text="proposed" /><${Age} at=${made.at} /></div><${Way} made=${made} /><p class="text">${made.reason}</p>
    ${shown.value ? html`<${Lines} lines=${shown.value.lines} />` : html`<button type="button" class="quiet" onClick=${() => get(path).then((said) => (shown.value = said), (error) => (problem.value = error))}>Show the changed lines</button>`}
    <div class="row"><button type="button" disabled=${own || !shown.value} onClick=${() => (asking.value = "approve")}>Approve</button><button type="button" class="bad" onClick=${() => (asking.value = "reject")}>${own ? "Withdraw" : "Reject"}</button>
      ${own ? html`<span class="mute">Another person approves what you proposed.</span>` : shown.value ? null : html`<span class="mute">Look at the lines first.</span>`}</div>
    <${Trouble} problem=${problem.value} /></section>`;
}
