// System: whether the process takes work, and what each pipeline has counted.
import { useData } from "../store.js";
import { Badge, Figure, Loaded, Page, Table, number, words } from "../ui.js";
import { html } from "../vendor.js";

export default function System() {
  const health = useData("/v1/health", 3);
  const statistics = useData("/v1/statistics", 3);
  return html`<${Page} title="System" note="The process that serves this page." actions=${html`<a href="/metrics">Metrics for Prometheus</a>`}>
    <${Loaded} state=${health}>${(data) => html`<dl class="figures"><${Figure} label="State" value=${html`<${Badge} status=${data.status} />`} />
      <${Figure} label="Pipelines" value=${number(Object.keys(data.pipelines).length)} />
      <${Figure} label="Runs in flight" value=${number(sum(data.pipelines, "runs"))} /><${Figure} label="Held for people" value=${number(sum(data.pipelines, "held"))} tone=${sum(data.pipelines, "held") ? "hold" : ""} />
      <${Figure} label="Calls that did not stop" value=${number(Object.values(data.pipelines).flatMap((one) => Object.values(one.abandoned || {})).reduce((all, one) => all + one, 0))} /></dl>
      ${Object.entries(data.pipelines).flatMap(([id, one]) => Object.entries(one.suspended || {}).map(([agent, why]) => html`<p class="banner warn text" key=${`${id}/${agent}`}>▲ <a href=${`#/agents/${encodeURIComponent(agent)}`}>${agent}</a> in ${id} gets nothing: ${String(why?.detail || why)}</p>`))}`}<//>
    <${Loaded} state=${statistics}>${(data) => Object.entries(data.pipelines).map(([id, one]) => html`<section class="stack" key=${id}><h2><a class="text" href=${`#/live/${encodeURIComponent(id)}`}>${id}</a></h2>
      <dl class="figures">${Object.entries(one.totals).map(([name, value]) => html`<${Figure} label=${words(name)} value=${number(value)} tone=${value && ["denied", "dead_lettered"].includes(name) ? "bad" : ""} />`)}</dl>
      ${one.budgets?.length ? html`<${Table} label=${`Budgets of ${id}`} heads=${["Budget", "Unit", "Limit", "Spent", "Reserved", "Least left", "Denied"]} rows=${one.budgets.map((budget) => ({ key: `${budget.budget}/${budget.unit}`, cells: [budget.budget, budget.unit, number(budget.limit), number(budget.spent), number(budget.reserved), number(budget.least_left), number(budget.denied)] }))} />` : null}
      ${Object.keys(one.rates || {}).length ? html`<${Table} label=${`Rates of ${id}`} heads=${["Rate", "Denied", "Waited", "Keys"]} rows=${Object.entries(one.rates).map(([name, rate]) => ({ key: name, cells: [name, number(rate.denied), number(rate.waited), number(rate.buckets)] }))} />` : null}</section>`)}<//><//>`;
}

const sum = (pipelines, name) => Object.values(pipelines).reduce((total, one) => total + (one[name] || 0), 0);
