// Agents: the inventory with risk, tier and figures, and the switches of an operator.
import { post } from "../api.js";
import { Prove } from "../prove.js";
import { may, toast, useData } from "../store.js";
import { Ask, Badge, Figure, Loaded, Page, Table, Trouble, number, span, words } from "../ui.js";
import { html, useSignal } from "../vendor.js";

const ACTS = {
  pause: { title: "Pause", verb: "Pause", tone: "", note: "Nothing more is delivered to it. Its fallback takes over, or deliveries are denied at once. Resume ends it." },
  resume: { title: "Resume", verb: "Resume", tone: "good", note: "Deliveries go to it again." },
  kill: { title: "Kill", verb: "Kill", tone: "bad", note: "Nothing more is delivered to it, and what it handles now is cancelled. Only Revive lifts this." },
  revive: { title: "Revive", verb: "Revive", tone: "good", note: "Lifts the kill. What was cancelled stays cancelled." },
};

export default function Agents({ id }) {
  const agents = useData("/v1/agents?limit=500", 3);
  const wanted = useSignal("");
  const asking = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const proving = useSignal(/** @type {(() => void) | null} */ (null));
  const act = (reason) => {
    const { name, one } = asking.value;
    asking.value = null;
    if (reason !== null) send(name, one, reason);
  };
  const proved = (good) => {
    const again = proving.value;
    proving.value = null;
    if (good) again();
  };
  const send = async (name, one, reason) => {
    try {
      await post(`/v1/agents/${encodeURIComponent(one.id)}/${name}?pipeline=${encodeURIComponent(one.pipeline)}`, { reason });
      toast(`${one.name || one.id}: ${ACTS[name].verb.toLowerCase()} is done`);
      problem.value = null;
    } catch (error) {
      if (error.code === "step_up") proving.value = () => send(name, one, reason);
      else problem.value = error;
    }
    agents.reload();
  };
  const ask = (name, one) => (asking.value = { name, one });
  const text = wanted.value.toLowerCase();
  return html`<${Page} title="Agents" note="Everything that may receive a message, with what its card says and what it did.">
    ${asking.value ? html`<${Ask} ...${ACTS[asking.value.name]} title=${`${ACTS[asking.value.name].title} ${asking.value.one.name || asking.value.one.id}?`} done=${act} />` : null}
    ${proving.value ? html`<${Prove} done=${proved} what="This stops an agent for everybody it works for, so it needs a fresh sign-in." not="Leave it running" and="Sign in and kill" />` : null}
    <${Trouble} problem=${problem.value} />
    <${Loaded} state=${agents} empty=${{ when: (data) => !data.agents.length, title: "No agents", text: "No agent works for your tenant." }}>${(data) => {
      const one = id && data.agents.find((agent) => agent.id === id);
      const shown = data.agents.filter((agent) => !text || [agent.id, agent.name, agent.pipeline, agent.risk, agent.tier, agent.description].some((part) => String(part ?? "").toLowerCase().includes(text)));
      return html`${one ? html`<${Card} one=${one} ask=${ask} />` : id ? html`<p class="banner warn">No agent has this id.</p>` : null}
        <div class="filters"><label>Find<input type="search" value=${wanted.value} maxlength="200" placeholder="name, risk, tier, pipeline" onInput=${(event) => (wanted.value = event.target.value)} /></label></div>
        <${Table} label="Agents" heads=${["Agent", "Pipeline", "State", "Risk", "Handled", "Denied", "Failed", "p50", "Act"]} rows=${shown.map((agent) => ({ key: `${agent.pipeline}/${agent.id}`, cells: cells(agent, ask) }))} />`;
    }}<//><//>`;
}

const stateOf = (one) => (one.suspended ? html`<${Badge} status=${one.suspended.code || "suspended"} />` : html`<${Badge} status="live" text="delivering" />`);

function Buttons({ one, ask }) {
  if (!may("operate")) return html`<span class="mute">–</span>`;
  const code = one.suspended?.code;
  const names = !one.suspended ? ["pause", "kill"] : code === "killed" ? ["revive"] : ["resume", "kill"];
  return html`<span class="row">${names.map((name) => html`<button type="button" class=${name === "kill" ? "bad" : "quiet"} aria-label=${`${ACTS[name].verb} ${one.name || one.id}`} onClick=${() => ask(name, one)}>${ACTS[name].verb}</button>`)}</span>`;
}

function cells(one, ask) {
  const p50 = one.figures?.p50_ms;
  return [html`<a class="text" href=${`#/agents/${encodeURIComponent(one.id)}`}>${one.name || one.id}</a>`, html`<span class="text">${words(one.pipeline)}</span>`, stateOf(one),
    html`<span class="keep"><${Badge} status=${one.risk} /> <small class="mute">${words(one.tier)}</small></span>`, number(one.figures?.handled), number(one.figures?.denied), number(one.figures?.failed),
    p50 == null ? "–" : html`<span class="keep">${span(p50 / 1000)}</span>`, html`<${Buttons} one=${one} ask=${ask} />`];
}

function Card({ one, ask }) {
  return html`<article class="card stack"><div class="row"><h2 class="text">${one.name || one.id}</h2><code>${one.id}@${one.version}</code>${stateOf(one)}<${Buttons} one=${one} ask=${ask} /><a href="#/agents">Close</a></div>
    ${one.description ? html`<p class="text">${one.description}</p>` : null}
    ${one.suspended?.detail ? html`<p class="banner warn text">▲ ${one.suspended.detail}</p>` : null}
    ${one.figures ? html`<dl class="figures">${["queued", "running", "held", "handled", "denied", "failed", "retried", "redacted", "dead_lettered"].map((name) => html`<${Figure} label=${words(name)} value=${number(one.figures[name])} />`)}</dl>` : null}
    <dl class="values">${[["receives", one.consumes?.join(", ")], ["sends", one.sends?.join(", ")], ["capabilities", one.capabilities?.join(", ")], ["rules it follows", one.rules?.join(", ")], ["sends data outside", one.egress ? "yes" : "no"],
      ["clearance", one.clearance], ["region", one.region], ["fallback", one.fallback], ["runs in", `${one.executor}, ${one.concurrency} at once`], ["cost", one.figures?.cost], ["tokens", one.figures?.tokens]]
      .filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => html`<div><dt>${name}</dt><dd class="text">${String(value)}</dd></div>`)}</dl></article>`;
}
