// Spend: what models were asked for and have cost, by day as bars, and by key, pipeline or model as a table.
import { useData } from "../store.js";
import { Figure, Loaded, Page, Table, number, words } from "../ui.js";
import { html, useSignal } from "../vendor.js";

const BY = { pipeline: "Pipelines", model: "Models", key: "Keys", day: "Days" };
const UNITS = { cost: "Cost", tokens: "Tokens", calls: "Calls" };
const TALL = 160;

/** Exact sums: costs are decimal text, so they are added as whole numbers of their smallest place. */
const SCALE = 30;
const exact = (text) => {
  const [, sign, whole, rest = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) || ["", "", "0"];
  return BigInt(`${sign}${whole}${rest.slice(0, SCALE).padEnd(SCALE, "0")}`);
};

/** A sum as people write it, rounded up in the last place, so that something never looks like nothing. */
function shownCost(sum) {
  const places = sum >= 10n ** BigInt(SCALE) ? 4 : 8;
  const digit = 10n ** BigInt(SCALE - places);
  const rounded = sum % digit === 0n ? sum / digit : sum / digit + 1n;
  const text = rounded.toString().padStart(places + 1, "0");
  const whole = text.slice(0, -places).replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = text.slice(-places).replace(/0+$/, "").padEnd(2, "0");
  return `${whole}.${rest}`;
}

function summed(rows) {
  const found = { calls: 0, failed: 0, unpriced: 0, estimated: 0, input: 0, output: 0, cost: 0n };
  for (const row of rows) {
    for (const name of ["calls", "failed", "unpriced", "estimated", "input", "output"]) found[name] += row[name];
    found.cost += exact(row.cost);
  }
  return found;
}

const grouped = (rows, by) => [...Map.groupBy(rows, (row) => row[by])];
const named = (rows, by, name) => name === "" ? "others" : by === "key" ? `${rows[0].user} (${name})` : by === "pipeline" ? words(name) : name;
const sizeOf = (sum, unit) => unit === "cost" ? Number(sum.cost / 10n ** BigInt(SCALE - 12)) : unit === "tokens" ? sum.input + sum.output : sum.calls;
const sizeText = (sum, unit, money) => unit === "cost" ? `${shownCost(sum.cost)}${money}` : number(unit === "tokens" ? sum.input + sum.output : sum.calls);

export default function Spend() {
  const days = useSignal(30);
  const by = useSignal("pipeline");
  const unit = useSignal("");
  const found = useData(`/v1/spend?days=${days.value}`, 10);
  const actions = html`<label>Period<select onChange=${(event) => (days.value = Number(event.target.value))}>
    ${[7, 30, 62].map((one) => html`<option value=${one} selected=${one === days.value}>${one} days</option>`)}</select></label>`;
  return html`<${Page} title="Spend" note="What models were asked for and have cost in your tenant. Days are those of UTC." actions=${actions}>
    <${Loaded} state=${found} empty=${{ when: (data) => !data.rows.length, title: "Nothing was spent yet", text: found.data?.models ? "Calls of models are counted here as soon as there are some. Ask an assistant to see it." : "None of the pipelines that are served has a model." }}>${(data) => {
      const all = summed(data.rows);
      const money = data.currencies.length === 1 ? ` ${data.currencies[0]}` : "";
      const shown = unit.value || (all.cost > 0n ? "cost" : "tokens");
      return html`<dl class="figures wide"><${Figure} label="Cost" value=${all.cost > 0n || !all.unpriced ? `${shownCost(all.cost)}${money}` : "not known"} /><${Figure} label="Calls" value=${number(all.calls)} />
          <${Figure} label="Tokens read" value=${number(all.input)} /><${Figure} label="Tokens written" value=${number(all.output)} />
          <${Figure} label="Failed calls" value=${number(all.failed)} tone=${all.failed ? "warn" : ""} /></dl>
        ${all.unpriced ? html`<div class="banner warn"><strong>▲ ${number(all.unpriced)} of ${number(all.calls)} calls have no known cost.</strong> <span>Their models have no price, or the provider stated no usage. State one under <code>price</code> of the model.</span></div>` : null}
        ${data.currencies.length > 1 ? html`<div class="banner warn">Models are priced in several currencies (${data.currencies.join(", ")}); sums of cost add them as if they were one.</div>` : null}
        <section class="card stack"><div class="row spread"><h2>By day</h2><div class="row" role="group" aria-label="Unit">${Object.entries(UNITS).map(([name, title]) => html`<button type="button" class="quiet" aria-pressed=${shown === name} onClick=${() => (unit.value = name)}>${title}</button>`)}</div></div>
          <${Bars} data=${data} unit=${shown} money=${money} /></section>
        <div class="row" role="group" aria-label="Group by">${Object.entries(BY).map(([name, title]) => html`<button type="button" class="quiet" aria-pressed=${by.value === name} onClick=${() => (by.value = name)}>${title}</button>`)}</div>
        <${Sums} rows=${data.rows} by=${by.value} money=${money} />`;
    }}<//><//>`;
}

function Bars({ data, unit, money }) {
  const sums = new Map(grouped(data.rows, "day").map(([day, rows]) => [day, summed(rows)]));
  const last = Date.parse(`${data.today}T00:00:00Z`) || Date.now();
  const days = Array.from({ length: data.days }, (_, at) => new Date(last - (data.days - 1 - at) * 86_400_000).toISOString().slice(0, 10));
  const largest = Math.max(1, ...[...sums.values()].map((sum) => sizeOf(sum, unit)));
  const top = [...sums.values()].find((sum) => sizeOf(sum, unit) === largest);
  const label = (day) => new Date(`${day}T00:00:00Z`).toLocaleDateString("en", { day: "numeric", month: "short", timeZone: "UTC" });
  return html`<div class="day-bars"><span class="mute">${top ? sizeText(top, unit, money) : ""}</span>
    <ol style=${{ height: `${TALL}px` }}>${days.map((day) => {
      const sum = sums.get(day);
      const size = sum ? sizeOf(sum, unit) : 0;
      const text = `${label(day)}: ${sum ? `${sizeText(sum, unit, money)}${unit === "cost" ? "" : ` ${unit}`}` : "nothing"}`;
      return html`<li key=${day} title=${text}><span class="sr">${text}</span><i aria-hidden="true" style=${{ height: size ? `${Math.max(2, (size / largest) * 100)}%` : "0" }}></i></li>`;
    })}</ol><div class="row spread mute" aria-hidden="true"><span>${label(days[0])}</span><span>${label(days[days.length >> 1])}</span><span>${label(days.at(-1))}</span></div></div>`;
}

function Sums({ rows, by, money }) {
  const found = grouped(rows, by).map(([name, of]) => ({ name, of, sum: summed(of) }));
  if (by === "day") found.sort((one, other) => (one.name < other.name ? 1 : -1));
  else found.sort(({ sum: one }, { sum: other }) => (one.cost === other.cost ? other.input - one.input : one.cost < other.cost ? 1 : -1));
  const largest = found.reduce((most, { sum }) => (sum.cost > most ? sum.cost : most), 1n);
  return html`<${Table} label=${`Spend by ${by}`} heads=${[BY[by].replace(/s$/, ""), "Cost", "Calls", "Failed", "Tokens read", "Tokens written", "Without a price"]} rows=${found.map(({ name, of, sum }) => ({
    key: name, cells: [html`<strong class="text">${named(of, by, name)}</strong>`,
      html`<span class="share"><span>${sum.cost > 0n || !sum.unpriced ? `${shownCost(sum.cost)}${money}` : "not known"}</span>${sum.cost > 0n ? html`<i aria-hidden="true" style=${{ width: `${Number((sum.cost * 1_000n) / largest) / 10}%` }}></i>` : null}</span>`,
      number(sum.calls), number(sum.failed), number(sum.input), number(sum.output), number(sum.unpriced)] }))} />`;
}
