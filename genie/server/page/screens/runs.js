// Runs: what was asked, by whom, and how it stands.
import { useData } from "../store.js";
import { Age, Badge, Loaded, Page, Table, number, span } from "../ui.js";
import { html, useSignal } from "../vendor.js";

const STATES = ["", "running", "held", "complete", "failed", "ended"];

export default function Runs({ query }) {
  const status = useSignal(query.get("status") || "");
  const words = useSignal(query.get("q") || "");
  const before = useSignal(/** @type {string[]} */ ([]));
  const after = before.value.at(-1);
  const runs = useData(`/v1/runs${after ? `?after=${encodeURIComponent(after)}` : ""}`, after ? 0 : 2);
  const wanted = words.value.trim().toLowerCase();
  const fits = (run) => (!status.value || run.status === status.value)
    && (!wanted || [run.id, run.pipeline, run.user, run.tenant, run.code].some((one) => String(one ?? "").toLowerCase().includes(wanted)));
  const none = html`Nothing has been asked yet that you may see. <a href="#/ask">Ask something</a>.`;
  return html`<${Page} title="Runs" note="Newest first; the list follows what happens." actions=${html`<a class="button" href="#/ask">Ask</a>`}>
    <form class="filters" onSubmit=${(event) => event.preventDefault()} role="search">
      <label>Find<input type="search" value=${words.value} maxlength="200" placeholder="id, pipeline, person, code" onInput=${(event) => (words.value = event.target.value)} /></label>
      <label>Status<select onChange=${(event) => (status.value = event.target.value)}>${STATES.map((one) => html`<option value=${one} selected=${one === status.value}>${one || "any"}</option>`)}</select></label>
    </form>
    <${Loaded} state=${runs} empty=${{ when: (data) => !data.runs.length && !after, title: "No runs yet", text: none }}>${(data) => {
      const shown = data.runs.filter(fits);
      return html`<p class="mute" role="status">${shown.length === data.runs.length ? `${number(shown.length)} runs` : `${number(shown.length)} of ${number(data.runs.length)} runs fit`}</p>
        <${Table} label="Runs" heads=${["Run", "Status", "Pipeline", "Asked by", "Started", "Took", "Handled", "In flight", "Missing"]} rows=${shown.map((run) => ({ key: run.id, cells: cells(run) }))} />
        <div class="row">${after ? html`<button type="button" class="quiet" onClick=${() => (before.value = before.value.slice(0, -1))}>Newer</button>` : null}
          ${data.next ? html`<button type="button" class="quiet" onClick=${() => (before.value = [...before.value, data.next])}>Older</button>` : null}</div>`;
    }}<//><//>`;
}

function cells(run) {
  return [html`<a href=${`#/run/${encodeURIComponent(run.id)}`}><code>${run.id.slice(0, 14)}</code></a>`,
    html`<${Badge} status=${run.status} />`, html`<span class="text">${run.pipeline}</span>`, html`<span class="text">${run.user}${run.tenant ? ` · ${run.tenant}` : ""}</span>`,
    html`<${Age} at=${run.at} />`, run.ended_at ? span(run.ended_at - run.at) : "–", number(run.messages?.handled), number(run.messages?.in_flight),
    run.missing?.length ? html`<${Badge} status="partial" text=${`${run.missing.length} missing`} />` : "none"];
}
