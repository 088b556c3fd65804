// System: whether the process takes work, and what each pipeline has counted.
import { get, post } from "../api.js";
import { Prove } from "../prove.js";
import { may, toast, useData } from "../store.js";
import { Ask, Badge, Figure, Loaded, Page, Table, Trouble, number, span, words } from "../ui.js";
import { html, useSignal } from "../vendor.js";

export default function System() {
  const health = useData("/v1/health", 3);
  const statistics = useData("/v1/statistics", 3);
  return html`<${Page} title="System" note="The process that serves this page.">
    <${Loaded} state=${health}>${(data) => html`<dl class="figures"><${Figure} label="State" value=${html`<${Badge} status=${data.status} />`} />
      <${Figure} label="Pipelines" value=${number(Object.keys(data.pipelines).length)} />
      <${Figure} label="Runs in flight" value=${number(sum(data.pipelines, "runs"))} /><${Figure} label="Held for people" value=${number(sum(data.pipelines, "held"))} tone=${sum(data.pipelines, "held") ? "hold" : ""} />
      <${Figure} label="Memory" value=${data.process?.memory_bytes ? `${number(Math.round(data.process.memory_bytes / 1_000_000))} MB` : "–"} /><${Figure} label="Tasks" value=${number(data.process?.tasks)} />
      <${Figure} label="Streams" value=${number(data.streams?.open)} /><${Figure} label="CPU used" value=${data.process ? span(Math.round(data.process.cpu_s)) : "–"} />
      <${Figure} label="Calls that did not stop" value=${number(Object.values(data.pipelines).flatMap((one) => Object.values(one.abandoned || {})).reduce((all, one) => all + one, 0))} /></dl>
      ${Object.entries(data.pipelines).flatMap(([id, one]) => Object.entries(one.suspended || {}).map(([agent, why]) => html`<p class="banner warn text" key=${`${id}/${agent}`}>▲ <a href=${`#/agents/${encodeURIComponent(agent)}`}>${agent}</a> in ${id} gets nothing: ${String(why?.detail || why)}</p>`))}`}<//>
    <${Loaded} state=${statistics}>${(data) => {
      const pipelines = Object.entries(data.pipelines);
      const names = Object.keys(pipelines[0]?.[1].totals || {});
      const limits = pipelines.flatMap(([id, one]) => (one.budgets || []).map((budget) => ({ key: `${id}/${budget.budget}/${budget.unit}`, cells: [html`<span class="text">${words(id)}</span>`, html`<span class="text">${words(budget.budget)}</span>`, budget.unit, number(budget.limit), number(budget.spent), number(budget.reserved), number(budget.least_left), number(budget.denied)] })));
      const rates = pipelines.flatMap(([id, one]) => Object.entries(one.rates || {}).map(([name, rate]) => ({ key: `${id}/${name}`, cells: [html`<span class="text">${words(id)}</span>`, html`<span class="text">${words(name)}</span>`, number(rate.denied), number(rate.waited), number(rate.buckets)] })));
      return html`<h2>Messages</h2><${Table} label="Messages by pipeline" heads=${["Pipeline", ...names.map(words), "Export"]} rows=${pipelines.map(([id, one]) => ({ key: id, cells: [html`<a class="text" href=${`#/live/${encodeURIComponent(id)}`}>${words(id)}</a>`,
          ...names.map((name) => (one.totals[name] && ["denied", "dead_lettered"].includes(name) ? html`<strong class="bad-text">${number(one.totals[name])}</strong>` : number(one.totals[name]))), html`<a href=${`/metrics?pipeline=${encodeURIComponent(id)}`} aria-label=${`Metrics of ${words(id)}`}>metrics</a>`] }))} />
        ${limits.length ? html`<h2>Budgets</h2><${Table} label="Budgets" heads=${["Pipeline", "Budget", "Unit", "Limit", "Spent", "Reserved", "Least left", "Denied"]} rows=${limits} />` : null}
        ${rates.length ? html`<h2>Rates</h2><${Table} label="Rates" heads=${["Pipeline", "Rate", "Denied", "Waited", "Keys"]} rows=${rates} />` : null}`;
    }}<//>
    <${Loaded} state=${health}>${(data) => (data.process ? html`<${Profile} />${may("operate") ? html`<${Drain} status=${data.status} again=${health.reload} />` : null}` : null)}<//><//>`;
}

/** Ends the process in an orderly way: confirmed with a reason, by somebody who has just signed in. */
function Drain({ status, again }) {
  const asking = useSignal(false);
  const proving = useSignal(/** @type {string | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const draining = status === "draining";
  const drain = async (reason) => {
    asking.value = false;
    if (reason === null) return;
    problem.value = null;
    try {
      const said = await post("/v1/drain", { reason });
      toast(`The process drains, ${span(said.within_s)} at most`);
      again();
    } catch (error) {
      if (error.code === "step_up") proving.value = reason;
      else problem.value = error;
    }
  };
  const proved = (good) => {
    const reason = proving.value;
    proving.value = null;
    if (good) drain(reason);
  };
  return html`<section class="stack"><div class="row spread"><h2>Drain</h2><button type="button" class="bad" disabled=${draining} onClick=${() => (asking.value = true)}>${draining ? "Draining…" : "Drain and end the process"}</button></div>
    <${Trouble} problem=${problem.value} />
    <p class="mute">New runs are refused, runs in flight have a limit of time, then the process ends. Whatever started it must start it again.</p>
    ${asking.value ? html`<${Ask} title="Drain and end this process?" verb="Drain" tone="bad" note="All pipelines and tenants of this process are concerned. It cannot be taken back." done=${drain} />` : null}
    ${proving.value === null ? null : html`<${Prove} done=${proved} what="This ends the process for everybody, so it needs a fresh sign-in." not="Do not drain" and="Sign in and drain" />`}</section>`;
}

/** Where a loop stands that has nothing to do. */
const IDLE = "asyncio.runners.Runner.run";

/** Where the loop spends its time: looks at its stack for some seconds. */
function Profile() {
  const found = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  const take = async () => {
    busy.value = true;
    problem.value = null;
    try {
      found.value = await get("/v1/profile?seconds=3");
    } catch (error) {
      problem.value = error;
    } finally {
      busy.value = false;
    }
  };
  const share = (count) => (found.value.looks ? (100 * count) / found.value.looks : 0);
  return html`<section class="stack"><div class="row spread"><h2>Profile</h2><button type="button" class="quiet" onClick=${take} disabled=${busy.value}>${busy.value ? "Looking for 3 seconds…" : "Look where the time goes"}</button></div>
    <${Trouble} problem=${problem.value} />
    ${found.value ? html`<p class="mute">Idle in ${share(found.value.functions.find((one) => one.function === IDLE)?.own || 0).toFixed(1)} % of ${number(found.value.looks)} looks.</p><${Table} label="Profile" heads=${["Function", "Own time", "With what it calls"]} rows=${found.value.functions.filter((one) => one.function !== IDLE && (one.own || one.whole < found.value.looks)).map((one) => ({ key: one.function, cells: [html`<code>${one.function}</code>`,
      html`<span class="share"><span>${share(one.own).toFixed(1)} %</span><i aria-hidden="true" style=${{ width: `${share(one.own)}%` }}></i></span>`, `${share(one.whole).toFixed(1)} %`] }))} />`
      : html`<p class="mute">Shows in which functions the loop of this process is, and what called them. No values are read.</p>`}</section>`;
}

const sum = (pipelines, name) => Object.values(pipelines).reduce((total, one) => total + (one[name] || 0), 0);
