// Policies: what judges the messages of each pipeline, and how often each has spoken.
import { may, useData } from "../store.js";
import { Badge, Loaded, Page, Table, Value, number } from "../ui.js";
import { html } from "../vendor.js";

export default function Policies() {
  const policies = useData("/v1/policies", 10);
  const statistics = useData(may("operate") ? "/v1/statistics" : null, 5);
  return html`<${Page} title="Policies" note="Every message is judged by these before it is delivered. A policy in shadow judges and does not decide.">
    <${Loaded} state=${policies} empty=${{ when: (data) => !data.policies.length, title: "No policies", text: "No pipeline is open." }}>${(data) => data.policies.map((set) => {
      const verdicts = statistics.data?.pipelines?.[set.pipeline]?.verdicts || [];
      const said = (policy) => verdicts.filter((one) => one.policy.split(/[@/]/)[0] === policy.name);
      return html`<section class="stack" key=${set.pipeline}><div class="row"><h2 class="text">${set.pipeline}</h2><${Badge} status="info" text=${set.environment} /><span class="mute">set <code>${set.sha256.slice(0, 16)}</code></span></div>
        <${Table} label=${`Policies of ${set.pipeline}`} heads=${["Policy", "Version", "State", "Verdicts so far", "Settings"]} rows=${set.policies.map((one) => ({ key: one.name, cells: [
          html`<strong class="text">${one.name}</strong>`, one.version, html`<${Badge} status=${one.shadow ? "late" : "live"} text=${one.shadow ? "shadow" : "in force"} />`,
          html`<span class="row">${said(one).length ? said(one).map((verdict) => html`<${Badge} status=${{ deny: "denied", redact: "redacted", hold: "held", allow: "handled" }[verdict.verdict] || verdict.verdict} text=${`${verdict.verdict} ${number(verdict.count)}`} />`) : html`<span class="mute">none</span>`}</span>`,
          one.settings && Object.keys(one.settings).length ? html`<details><summary>Show</summary><${Value} value=${one.settings} /></details>` : html`<span class="mute">${one.settings ? "defaults" : "shown to auditors"}</span>`] }))} /></section>`;
    })}<//><//>`;
}
