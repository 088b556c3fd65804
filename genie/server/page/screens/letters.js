// Dead letters and incidents: what went wrong, how often, and what can be done about it.
import { post } from "../api.js";
import { may, now, toast, useData } from "../store.js";
import { Age, Ask, Badge, Loaded, Page, Table, Trouble, number, span } from "../ui.js";
import { html, useSignal } from "../vendor.js";

const ACTS = {
  redrive: { title: "Redrive this letter?", verb: "Redrive", note: "Its payload is published to its agent again, in a new run, and judged as any message.", path: "dead-letters", done: "Published again" },
  drop: { title: "Drop this letter?", verb: "Drop", tone: "bad", note: "It is forgotten; the audit keeps that you did it.", path: "dead-letters", done: "Dropped" },
  acknowledge: { title: "Acknowledge this incident?", verb: "Acknowledge", note: "Others see that somebody has seen it. Its count goes on.", path: "incidents", done: "Acknowledged" },
  close: { title: "Close this incident?", verb: "Close", note: "Another occurrence opens another one.", path: "incidents", done: "Closed" },
};

export default function Letters() {
  const letters = useData("/v1/dead-letters", 4);
  const incidents = useData("/v1/incidents", 4);
  const asking = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const act = async (reason) => {
    const { name, one } = asking.value;
    asking.value = null;
    if (reason === null) return;
    try {
      await post(`/v1/${ACTS[name].path}/${encodeURIComponent(one.id)}/${name}?pipeline=${encodeURIComponent(one.pipeline || "")}`, { reason });
      toast(ACTS[name].done);
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
    letters.reload();
    incidents.reload();
  };
  const button = (name, one) => html`<button type="button" class=${name === "drop" ? "bad" : "quiet"} disabled=${!may("operate")} onClick=${() => (asking.value = { name, one })}>${ACTS[name].verb}</button>`;
  const run = (id) => (id ? html`<a href=${`#/run/${encodeURIComponent(id)}`}><code>${String(id).slice(0, 12)}</code></a>` : "–");
  return html`<${Page} title="Dead letters and incidents" note="Deliveries that ended without being handled, and failures that repeat.">
    ${asking.value ? html`<${Ask} ...${ACTS[asking.value.name]} done=${act} />` : null}
    <${Trouble} problem=${problem.value} />
    <section class="stack"><h2>Incidents</h2><${Loaded} state=${incidents} empty=${{ when: (data) => !data.incidents.length, title: "No incidents", text: "Repeated denials and failures appear here as one line with a count." }}>${(data) => html`
      <${Table} label="Incidents" heads=${["Severity", "What", "Agent", "Count", "State", "Since", "Last", "Run", "Act"]} rows=${[...data.incidents].reverse().map((one) => ({ key: `${one.pipeline}-${one.id}`, cells: [
        html`<${Badge} status=${one.severity} />`, html`<span class="text"><${Badge} status=${one.kind} /> <code>${one.code}</code></span>`, html`<span class="text">${one.agent}</span>`, number(one.count),
        html`<span class="text"><${Badge} status=${one.state} /> ${one.by ? `by ${one.by}` : ""}</span>`, html`<${Age} at=${one.first_at} />`, html`<${Age} at=${one.last_at} />`, run(one.run_id),
        one.state === "closed" ? "–" : html`<span class="row">${one.state === "open" ? button("acknowledge", one) : null}${button("close", one)}</span>`] }))} />`}<//></section>
    <section class="stack"><h2>Dead letters</h2><${Loaded} state=${letters} empty=${{ when: (data) => !data.dead_letters.length, title: "No dead letters", text: "Every delivery so far was handled, denied by a policy, or ended by a person." }}>${(data) => html`
      <${Groups} letters=${data.dead_letters} />
      <${Table} label="Dead letters" heads=${["Agent", "Topic", "Why", "Code", "Age", "Run", "Act"]} rows=${[...data.dead_letters].reverse().map((one) => ({ key: one.id, cells: [
        html`<strong class="text">${one.agent}</strong>`, html`<span class="text">${one.topic}</span>`, html`<span class="text">${one.reason}</span>`, html`<code>${one.code}</code>`,
        Number.isFinite(one.age_s) ? span(Math.max(1, Math.round(one.age_s + (now.value - letters.at)))) : "–", run(one.run_id), html`<span class="row">${button("redrive", one)}${button("drop", one)}</span>`] }))} />`}<//></section><//>`;
}

/** How many letters each reason has, the most first. */
function Groups({ letters }) {
  const counts = new Map();
  for (const one of letters) counts.set(`${one.agent}: ${one.code || one.reason}`, (counts.get(`${one.agent}: ${one.code || one.reason}`) || 0) + 1);
  return html`<ul class="row" aria-label="By agent and code">${[...counts].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([name, count]) => html`<li class="badge bad text">${number(count)} × ${name}</li>`)}</ul>`;
}
