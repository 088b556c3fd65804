// Policies: what judges the messages of each pipeline, and how often each has spoken.
import { may, useData } from "../store.js";
import { Age, Badge, Loaded, Page, Table, Value, number } from "../ui.js";
import { html } from "../vendor.js";
import { Decide } from "./policy.js";

export default function Policies() {
  const policies = useData("/v1/policies", 10);
  const statistics = useData(may("operate") ? "/v1/statistics" : null, 5);
  const files = useData(may("govern") ? "/v1/policies/files" : null, 10);
  const proposals = useData(may("govern") ? "/v1/policies/proposals" : null, 5);
  const waiting = (proposals.data?.proposals || []).filter((one) => one.state === "proposed");
  return html`<${Page} title="Policies" note="Every message is judged by these before it is delivered. A policy in shadow judges and does not decide.">
    ${waiting.length ? html`<section class="stack"><h2>Proposed</h2>${waiting.map((one) => html`<${Decide} key=${one.id} made=${one} done=${() => { proposals.reload(); policies.reload(); }} />`)}</section>` : null}
    <${Loaded} state=${policies} empty=${{ when: (data) => !data.policies.length, title: "No policies", text: "No pipeline is open." }}>${(data) => data.policies.map((set) => {
      const verdicts = statistics.data?.pipelines?.[set.pipeline]?.verdicts || [];
      const said = (policy) => verdicts.filter((one) => one.policy.split(/[@/]/)[0] === policy.name);
      return html`<section class="stack" key=${set.pipeline}><div class="row"><h2 class="text">${set.pipeline}</h2><${Badge} status="info" text=${set.environment} /><span class="mute">set <code>${set.sha256.slice(0, 16)}</code></span>
        ${(files.data?.files || []).filter((one) => one.pipeline === set.pipeline).map((one) => html`<a href=${`#/policy/${encodeURIComponent(set.pipeline)}?file=${encodeURIComponent(one.file)}`}>Edit <code>${one.file.split("/").at(-1)}</code></a>`)}</div>
        <${Table} label=${`Policies of ${set.pipeline}`} heads=${["Policy", "Version", "State", "Verdicts so far", "Settings"]} rows=${set.policies.map((one) => ({ key: one.name, cells: [
          html`<strong class="text">${one.name}</strong>`, one.version, html`<${Badge} status=${one.shadow ? "late" : "live"} text=${one.shadow ? "shadow" : "in force"} />`,
          html`<span class="row">${said(one).length ? said(one).map((verdict) => html`<${Badge} status=${{ deny: "denied", redact: "redacted", hold: "held", allow: "handled" }[verdict.verdict] || verdict.verdict} text=${`${verdict.verdict} ${number(verdict.count)}`} />`) : html`<span class="mute">none</span>`}</span>`,
          one.settings && Object.keys(one.settings).length ? html`<details><summary>Show</summary><${Value} value=${one.settings} /></details>` : html`<span class="mute">${one.settings ? "defaults" : "shown to auditors"}</span>`] }))} /></section>`;
    })}<//>
    ${proposals.data?.proposals.length > waiting.length ? html`<section class="stack"><h2>Decided</h2><${Table} label="Decided proposals" heads=${["File", "State", "Proposed by", "Decided by", "Why", "When"]} rows=${proposals.data.proposals.filter((one) => one.state !== "proposed").map((one) => ({ key: one.id, cells: [
      html`<span class="text">${one.file}</span>`, html`<${Badge} status=${one.state === "in force" ? "live" : "denied"} text=${one.state} />`, html`<span class="text">${one.by}</span>`, html`<span class="text">${one.decided_by || "–"}</span>`, html`<span class="text">${one.decided_because || "–"}</span>`, html`<${Age} at=${one.at} />`] }))} /></section>` : null}<//>`;
}
