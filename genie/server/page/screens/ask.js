// Ask: a conversation, or a question made from the schema of its payload and then its answer.
import { post } from "../api.js";
import { announce, may, useData } from "../store.js";
import { Loaded, Page, Trouble, number } from "../ui.js";
import { html, useSignal } from "../vendor.js";
import { Answer } from "../answer.js";
import { Chat, isChat } from "../chat.js";
import { Form, blank, cleaned } from "../form.js";

export default function AskScreen({ id }) {
  const pipelines = useData("/v1/pipelines");
  const known = pipelines.data?.pipelines || [];
  const pick = known.length > 1 ? html`<label class="pick">Pipeline<select onChange=${(event) => (location.hash = `#/ask/${encodeURIComponent(event.target.value)}`)}>
    ${known.map((one) => html`<option value=${one.id} selected=${one.id === (id || known[0].id)}>${one.title || one.id}</option>`)}</select></label>` : null;
  return html`<${Page} title="Ask" note="Questions and answers are judged by the policies of their pipeline." actions=${pick}>
    <${Loaded} state=${pipelines} empty=${{ when: (data) => !data.pipelines.length, title: "No pipeline is served", text: "Nothing can be asked here." }}>${(data) => {
      const chosen = data.pipelines.find((one) => one.id === id) || data.pipelines[0];
      return isChat(chosen) ? html`<${Chat} key=${chosen.id} pipeline=${chosen} />` : html`<${Question} key=${chosen.id} pipeline=${chosen} />`;
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
  if (run.value) return html`<${Answer} key=${run.value.id} run=${run.value} again=${() => (run.value = null)} />`;
  return html`<form class="card stack" onSubmit=${send} novalidate=${raw.value !== null}>
      <div class="row spread"><h2>${titled(schema.title || "Question")}</h2><button type="button" class="quiet" aria-pressed=${raw.value !== null} onClick=${toggle}>as JSON</button></div>
      ${schema.description ? html`<p class="mute text">${schema.description}</p>` : null}
      <${Drop} take=${(text) => (raw.value = text)} />
      ${raw.value === null ? html`<${Form} schema=${schema} root=${schema} value=${value.value} set=${(next) => (value.value = next)} errors=${problem.value?.errors || []} />`
        : html`<label>The payload as JSON<textarea class="mono" rows="14" spellcheck="false" value=${raw.value} onInput=${(event) => (raw.value = event.target.value)}></textarea></label>`}
      <${Trouble} problem=${problem.value} />
      <div class="row"><button type="submit" disabled=${busy.value || !may("ask")}>${busy.value ? "Asking…" : "Ask"}</button>${may("ask") ? null : html`<span class="mute">Your key does not include the right to ask.</span>`}</div>
    </form>`;
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

/** FinanceQuestion -> Finance question. */
const titled = (name) => name.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
