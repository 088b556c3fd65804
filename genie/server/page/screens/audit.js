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
  return html`<${Page} title="Audit" note="What was judged, decided and done, as a chain of hashes: a changed or missing record is found." actions=${html`<${Verify} pipeline=${parts.pipeline} /><${Compute} pipeline=${parts.pipeline} />`}>
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      ${pipelines.data?.pipelines.length > 1 ? html`<label>Pipeline<select onChange=${type(pipeline)}>${pipelines.data.pipelines.map((one) => html`<option value=${one.id} selected=${one.id === parts.pipeline}>${one.title || one.id}</option>`)}</select></label>` : null}
      <label>Run<input type="search" value=${run.value} maxlength="100" onChange=${type(run)} /></label>
      <label>Kind<input type="search" value=${kind.value} maxlength="60" placeholder="denied, approved, killed" onChange=${type(kind)} /></label></form>
    ${records.problem?.code === "not_found" ? html`<div class="empty"><div class="empty-mark" aria-hidden="true"></div><h2>No audit trail</h2><p>This pipeline keeps none. Add <code>audit:</code> to its file.</p></div>`
      : html`<${Loaded} state=${pipelines.data ? records : pipelines} empty=${{ when: (data) => !data.records.length, title: "No records", text: "Nothing in the trail fits." }}>${(data) => html`
      <${Table} label="Audit records" heads=${["Row", "When", "What", "Subject", "By", "Why", "Run", "Detail"]} rows=${data.records.map((one) => ({ key: String(one.seq), cells: [
        number(one.seq), html`<${Age} at=${Number(one.at) > 1e12 ? Number(one.at) / 1e6 : Number(one.at)} />`, html`<${Badge} status=${one.kind} />`, html`<span class="text">${String(one.subject || "–").replaceAll(" -> ", " → ")}</span>`, html`<span class="text">${one.by || "–"}</span>`, html`<span class="text">${one.reason || "–"}</span>`,
        one.run ? html`<a href=${`#/run/${encodeURIComponent(one.run)}`}><code>${one.run.slice(0, 12)}</code></a>` : "–",
        one.detail && Object.keys(one.detail).length ? html`<details><summary>Show</summary><${Value} value=${one.detail} /></details>` : "–"] }))} />
      <div class="row">${after.value.length ? html`<button type="button" class="quiet" onClick=${() => (after.value = after.value.slice(0, -1))}>Earlier</button>` : null}
        ${data.next ? html`<button type="button" class="quiet" onClick=${() => (after.value = [...after.value, data.next])}>Later</button>` : null}</div>`}<//>`}<//>`;
}

const START = "0".repeat(64);
const HEAD = '{"chain":"';
const MIDDLE = '","record":';

/** Compute the chain of a trail here, by WebCrypto: each value is SHA-256 over the value before and the record's bytes. */
async function computed(pipeline, told) {
  const encoder = new TextEncoder();
  let [before, after, count, latest] = ["", "0", 0, ""];
  for (;;) {
    const page = await get(`/v1/audit/chain?limit=2000&after=${after}${pipeline ? `&pipeline=${encodeURIComponent(pipeline)}` : ""}`, { within_ms: 60_000 });
    for (const line of page.lines) {
      const chain = line.slice(HEAD.length, HEAD.length + 64);
      const body = line.slice(HEAD.length + 64 + MIDDLE.length, -1);
      count += 1;
      if (!line.startsWith(HEAD) || line.slice(HEAD.length + 64, HEAD.length + 64 + MIDDLE.length) !== MIDDLE || !line.endsWith("}")) return { intact: false, count, problem: "the line is not a record" };
      if (!before) before = JSON.parse(body).detail?.previous || START;
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(before + body)));
      before = [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
      if (before !== chain) return { intact: false, count, problem: "its hash does not fit the record and the line before" };
      latest = chain;
    }
    told(count);
    if (!page.next) return { intact: true, count, latest };
    after = page.next;
  }
}

/** The same check without trust in the server's word; a head that was noted elsewhere can be compared. */
function Compute({ pipeline }) {
  const said = useSignal(/** @type {any} */ (null));
  const seen = useSignal(-1);
  const problem = useSignal(/** @type {any} */ (null));
  const check = async () => {
    [seen.value, said.value, problem.value] = [0, null, null];
    try {
      said.value = await computed(pipeline, (count) => (seen.value = count));
    } catch (error) {
      problem.value = error;
    }
    seen.value = -1;
  };
  if (!globalThis.crypto?.subtle) return null; // a browser offers it on https and on this machine alone
  return html`<div class="stack"><button type="button" class="quiet" onClick=${check} disabled=${seen.value >= 0}>${seen.value >= 0 ? `Computing, ${number(seen.value)} records` : "Verify in this browser"}</button>
    <div role="status">${said.value ? said.value.intact ? html`<${Badge} status="approved" text=${`computed here: ${number(said.value.count)} records fit`} /> <small class="mute text">head <code>${said.value.latest.slice(0, 16)}</code></small>`
      : html`<div class="trouble"><strong>The chain is broken at line ${number(said.value.count)}.</strong><p>${said.value.problem}</p></div>` : null}</div>
    <${Trouble} problem=${problem.value?.code === "not_found" ? null : problem.value} /></div>`;
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
