// Ask: a question made from the schema of its payload, then its progress and its answer.
import { follow, get, post, remove } from "../api.js";
import { announce, may, useData } from "../store.js";
import { Badge, Loaded, Page, Trouble, Value, number, words } from "../ui.js";
import { html, useEffect, useRef, useSignal } from "../vendor.js";
import { Form, blank, cleaned } from "../form.js";

export default function AskScreen({ id }) {
  const pipelines = useData("/v1/pipelines");
  return html`<${Page} title="Ask" note="The question is checked against its schema, then judged like every message.">
    <${Loaded} state=${pipelines} empty=${{ when: (data) => !data.pipelines.length, title: "No pipeline is served", text: "Nothing can be asked here." }}>${(data) => {
      const chosen = data.pipelines.find((one) => one.id === id) || data.pipelines[0];
      return html`<label>Pipeline<select onChange=${(event) => (location.hash = `#/ask/${encodeURIComponent(event.target.value)}`)}>
        ${data.pipelines.map((one) => html`<option value=${one.id} selected=${one.id === chosen.id}>${one.title || one.id}</option>`)}</select></label>
        <${Question} key=${chosen.id} pipeline=${chosen} />`;
    }}<//><//>`;
}

function Question({ pipeline }) {
  const schema = pipeline.question?.schema || pipeline.question || {};
  const value = useSignal(blank(schema, schema));
  const raw = useSignal(/** @type {string | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const run = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const send = async (event) => {
    event.preventDefault();
    problem.value = null;
    let payload;
    try {
      payload = raw.value === null ? cleaned(value.value, schema, schema) : JSON.parse(raw.value);
    } catch {
      problem.value = { message: "The text is not JSON", code: "malformed", detail: "Check commas and quotation marks." };
      return;
    }
    busy.value = true;
    try {
      run.value = await post("/v1/runs", { pipeline: pipeline.id, payload }, { headers: { "Idempotency-Key": crypto.randomUUID() } });
      announce("Asked");
    } catch (error) {
      problem.value = error;
    } finally {
      busy.value = false;
    }
  };
  const toggle = () => (raw.value = raw.value === null ? JSON.stringify(cleaned(value.value, schema, schema), null, 2) : null);
  return html`<form class="card stack" onSubmit=${send} novalidate=${raw.value !== null}>
      <div class="row"><h2>${titled(schema.title || "Question")}</h2><button type="button" class="quiet" aria-pressed=${raw.value !== null} onClick=${toggle}>as JSON</button></div>
      ${schema.description ? html`<p class="mute text">${schema.description}</p>` : null}
      <${Drop} take=${(text) => (raw.value = text)} />
      ${raw.value === null ? html`<${Form} schema=${schema} root=${schema} value=${value.value} set=${(next) => (value.value = next)} errors=${problem.value?.errors || []} />`
        : html`<label>The payload as JSON<textarea class="mono" rows="14" spellcheck="false" value=${raw.value} onInput=${(event) => (raw.value = event.target.value)}></textarea></label>`}
      <${Trouble} problem=${problem.value} />
      <div class="row"><button type="submit" disabled=${busy.value || !may("ask")}>${busy.value ? "Asking…" : "Ask"}</button>${may("ask") ? null : html`<span class="mute">Your key does not include the right to ask.</span>`}</div>
    </form>${run.value ? html`<${Progress} key=${run.value.id} run=${run.value} />` : null}`;
}

/** A file of JSON becomes the payload; nothing leaves the browser before Ask is pressed. */
function Drop({ take }) {
  const over = useSignal(false);
  const told = useSignal("");
  const read = async (file) => {
    over.value = false;
    if (!file) return;
    if (file.size > 1_000_000) {
      told.value = `${file.name} is larger than 1 MB, which the server does not take.`;
      return;
    }
    take(await file.text());
    told.value = `Read ${file.name}, ${number(file.size)} bytes.`;
  };
  return html`<details><summary>Use a file</summary><div class="drop ${over.value ? "over" : ""}" onDragOver=${(event) => { event.preventDefault(); over.value = true; }} onDragLeave=${() => (over.value = false)}
      onDrop=${(event) => { event.preventDefault(); read(event.dataTransfer.files[0]); }}>
    <label>Drop a JSON file here, or choose one<input type="file" accept=".json,application/json" onChange=${(event) => read(event.target.files[0])} /></label><span role="status">${told.value}</span></div></details>`;
}

function Progress({ run }) {
  const record = useSignal(run);
  const counts = useSignal({ accepted: 0, ended: 0, latest: "" });
  const problem = useSignal(/** @type {any} */ (null));
  const head = useRef(/** @type {any} */ (null));
  const path = `/v1/runs/${encodeURIComponent(run.id)}`;
  const look = async () => {
    try {
      record.value = await get(path);
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  };
  useEffect(() => {
    head.current?.scrollIntoView({ block: "nearest" });
    const stream = follow(`${path}/events`, ({ event, data }) => {
      const old = counts.value;
      if (event === "accepted") counts.value = { ...old, accepted: old.accepted + 1 };
      else if (["handled", "denied", "expired", "cancelled", "dead_lettered"].includes(event)) counts.value = { ...old, ended: old.ended + 1, latest: `${data.recipient || data.sender}: ${words(event)}` };
      else if (["held", "released", "answered"].includes(event)) look();
    }, (state) => {
      if (state === "ended") look().then(() => announce(`The run is over: ${words(record.value.status)}`));
    });
    const timer = setInterval(() => ["running", "held"].includes(record.value.status) && look(), 1_500);
    return () => {
      stream.close();
      clearInterval(timer);
    };
  }, [run.id]);
  const { status, answer, notices, missing } = record.value;
  const { accepted, ended, latest } = counts.value;
  const share = status === "complete" ? 100 : accepted ? Math.min(96, (ended / accepted) * 100) : 4;
  return html`<section class="card stack" ref=${head}><div class="row"><h2>Answer</h2><${Badge} status=${status} /><a href=${`#/run/${encodeURIComponent(run.id)}`}>How it came about</a>
      ${status === "running" || status === "held" ? html`<button type="button" class="quiet" onClick=${() => remove(path).then(look, (error) => (problem.value = error))}>Stop</button>` : null}</div>
    ${status === "running" ? html`<div class="progress" role="progressbar" aria-label="Messages that have ended" aria-valuenow=${Math.round(share)} aria-valuemin="0" aria-valuemax="100"><i style=${{ width: `${share}%` }}></i></div>
      <p class="mute text">${number(ended)} of ${number(accepted)} messages so far${latest ? `; ${latest}` : ""}</p>` : null}
    <${Trouble} problem=${problem.value} />
    ${status === "held" ? html`<div class="banner hold" role="status"><strong>◆ It waits for a person.</strong> <a href="#/approvals">Open the approvals</a></div>` : null}
    ${(notices || []).map((one) => html`<div class="banner info text">${one}</div>`)}
    ${missing?.length ? html`<div class="banner warn"><strong>▲ Some parts are missing:</strong> ${missing.map((one) => html`<span class="text">${typeof one === "string" ? one : `${one.agent} (${one.topic}, ${words(one.outcome)}${one.code ? `, ${one.code}` : ""})`}</span>`)}</div>` : null}
    ${status === "failed" ? html`<p class="banner warn">No answer came: <code>${record.value.code}</code> <span class="text">${record.value.detail || ""}</span></p>` : null}
    ${answer ? html`${typeof answer.headline === "string" ? html`<p class="sum text">${answer.headline}</p>` : null}<${Value} value=${answer} />` : null}</section>`;
}

/** FinanceQuestion -> Finance question. */
const titled = (name) => name.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
