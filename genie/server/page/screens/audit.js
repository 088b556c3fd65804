// Audit: the records of the trail, and whether its chain is intact.
import { get } from "../api.js";
import { useData } from "../store.js";
import { Age, Badge, Loaded, Page, Table, Trouble, Value, number } from "../ui.js";
import { html, useSignal } from "../vendor.js";

export default function Audit({ query }) {
  const pipelines = useData("/v1/pipelines");
  const pipeline = useSignal(query.get("pipeline") || "");
  const run = useSignal(query.get("run") || "");
  const kind = useSignal("");
  const after = useSignal(/** @type {string[]} */ ([]));
  const parts = { limit: "100", after: after.value.at(-1), run: run.value.trim(), kind: kind.value.trim(), pipeline: pipeline.value || (pipelines.data?.pipelines.length > 1 ? pipelines.data.pipelines[0].id : "") };
  const search = new URLSearchParams(Object.entries(parts).filter(([, value]) => value)).toString();
  const records = useData(pipelines.data ? `/v1/audit?${search}` : null);
  const type = (target) => (event) => {
    after.value = [];
    target.value = event.target.value;
  };
  return html`<${Page} title="Audit" note="What was judged, decided and done, as a chain of hashes: a changed or missing record is found." actions=${html`<${Verify} pipeline=${parts.pipeline} />`}>
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      ${pipelines.data?.pipelines.length > 1 ? html`<label>Pipeline<select onChange=${type(pipeline)}>${pipelines.data.pipelines.map((one) => html`<option value=${one.id} selected=${one.id === parts.pipeline}>${one.title || one.id}</option>`)}</select></label>` : null}
      <label>Run<input type="search" value=${run.value} maxlength="100" onChange=${type(run)} /></label>
      <label>Kind<input type="search" value=${kind.value} maxlength="60" placeholder="denied, approved, killed" onChange=${type(kind)} /></label></form>
    ${records.problem?.code === "not_found" ? html`<div class="empty"><div class="empty-mark" aria-hidden="true"></div><h2>No audit trail</h2><p>This pipeline keeps none. Add <code>audit:</code> to its file.</p></div>`
      : html`<${Loaded} state=${records} empty=${{ when: (data) => !data.records.length, title: "No records", text: "Nothing in the trail fits." }}>${(data) => html`
      <${Table} label="Audit records" heads=${["Row", "When", "What", "Subject", "By", "Why", "Run", "Detail"]} rows=${data.records.map((one) => ({ key: String(one.seq), cells: [
        number(one.seq), html`<${Age} at=${Number(one.at) > 1e12 ? Number(one.at) / 1e6 : Number(one.at)} />`, html`<${Badge} status=${one.kind} />`, html`<span class="text">${one.subject || "–"}</span>`, html`<span class="text">${one.by || "–"}</span>`, html`<span class="text">${one.reason || "–"}</span>`,
        one.run ? html`<a href=${`#/run/${encodeURIComponent(one.run)}`}><code>${one.run.slice(0, 12)}</code></a>` : "–",
        one.detail && Object.keys(one.detail).length ? html`<details><summary>Show</summary><${Value} value=${one.detail} /></details>` : "–"] }))} />
      <div class="row">${after.value.length ? html`<button type="button" class="quiet" onClick=${() => (after.value = after.value.slice(0, -1))}>Earlier</button>` : null}
        ${data.next ? html`<button type="button" class="quiet" onClick=${() => (after.value = [...after.value, data.next])}>Later</button>` : null}</div>`}<//>`}<//>`;
}

function Verify({ pipeline }) {
  const said = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const check = async () => {
    busy.value = true;
    try {
      said.value = await get(`/v1/audit/verify${pipeline ? `?pipeline=${encodeURIComponent(pipeline)}` : ""}`, { within_ms: 60_000 });
      problem.value = null;
    } catch (error) {
      problem.value = error;
    } finally {
      busy.value = false;
    }
  };
  return html`<div class="stack"><button type="button" onClick=${check} disabled=${busy.value}>${busy.value ? "Checking…" : "Verify the chain"}</button>
    <div role="status">${said.value ? said.value.intact ? html`<${Badge} status="approved" text=${`intact: ${number(said.value.records)} records, up to row ${number(said.value.last_seq)}`} />`
      : html`<div class="trouble"><strong>The chain is broken.</strong><ul>${said.value.breaks.map((one) => html`<li>row ${number(one.seq)}: <span class="text">${one.problem}</span></li>`)}</ul></div>` : null}</div>
    <${Trouble} problem=${problem.value?.code === "not_found" ? null : problem.value} /></div>`;
}
