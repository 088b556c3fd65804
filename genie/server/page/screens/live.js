// Live: the pipelines as graphs, with what happens on them now.
import { follow } from "../api.js";
import { announce, may, useData } from "../store.js";
import { Badge, Empty, Figure, Loaded, Page, Table, Trouble, number, span, words, because } from "../ui.js";
import { html, useEffect, useMemo, useRef, useSignal } from "../vendor.js";
import { Drawing } from "../graph.js";

const RECENT = 30;
/** Whole seconds that the rate of events is taken over. */
const RATE_S = 5;

/** Counts the events of each agent since the page was opened, and keeps the latest of them. */
function tally() {
  return { agents: new Map(), edges: new Map(), rate: [], seen: 0, recent: [] };
}

function count(found, event) {
  found.seen += 1;
  const second = Math.floor(performance.now() / 1_000);
  if (found.rate.at(-1)?.second === second) found.rate.at(-1).count += 1;
  else found.rate = [...found.rate.slice(-RATE_S), { second, count: 1 }];
  const agent = event.recipient || event.sender;
  const one = found.agents.get(agent) || { counts: {}, recent: [], last: "" };
  one.counts[event.kind] = (one.counts[event.kind] || 0) + 1;
  if (!["accepted", "started", "progress"].includes(event.kind)) one.last = event.kind;
  one.recent = [event, ...one.recent].slice(0, RECENT);
  if (found.agents.size < 2_000 || found.agents.has(agent)) found.agents.set(agent, one);
  if (event.recipient && event.kind === "started") {
    const edge = `${event.sender.startsWith("caller") ? "(caller)" : event.sender}→${event.recipient}`;
    if (found.edges.size < 5_000 || found.edges.has(edge)) found.edges.set(edge, (found.edges.get(edge) || 0) + 1);
  }
  if (!["accepted", "started"].includes(event.kind)) found.recent = [event, ...found.recent].slice(0, RECENT);
}

export default function Live({ id }) {
  const pipelines = useData("/v1/pipelines");
  return html`<${Loaded} state=${pipelines} empty=${{ when: (data) => !data.pipelines.length, title: "No pipeline is served", text: "Start the server with the pipelines that you want to see: genie serve PIPELINE…" }}>
    ${(data) => {
      const chosen = data.pipelines.find((one) => one.id === id) || data.pipelines[0];
      return html`<${Board} key=${chosen.id} pipelines=${data.pipelines} chosen=${chosen} />`;
    }}<//>`;
}

function Board({ pipelines, chosen }) {
  const topology = useData(`/v1/pipelines/${encodeURIComponent(chosen.id)}/topology`);
  const statistics = useData(may("operate") ? "/v1/statistics" : null, 2);
  const state = useSignal("connecting");
  const refusal = useSignal(/** @type {any} */ (null));
  const frozen = useSignal(false);
  const picked = useSignal("");
  const turn = useSignal(0);
  const counted = useMemo(tally, [chosen.id]);
  const dots = useRef(/** @type {any} */ (null));
  useEffect(() => {
    let lost = false;
    const stream = follow(`/v1/events?pipeline=${encodeURIComponent(chosen.id)}`, ({ event, data }) => {
      if (event === "gap" || event === "end" || !data || frozen.peek() || (data.pipeline && data.pipeline !== chosen.id)) return;
      const found = { ...data, kind: data.kind || event };
      count(counted, found);
      dots.current?.(found);
    }, (now, problem) => {
      state.value = now;
      refusal.value = problem || null;
      if (now === "reconnecting") lost = true;
      if (now === "live" && lost) announce("Connected again");
    });
    const redraw = setInterval(() => (turn.value += 1), 700);
    return () => {
      stream.close();
      clearInterval(redraw);
    };
  }, [chosen.id]);

  const second = Math.floor(performance.now() / 1_000);
  const rate = counted.rate.filter((one) => one.second < second && one.second >= second - RATE_S).reduce((sum, one) => sum + one.count, 0) / RATE_S;
  const figures = figuresOf(statistics.data, chosen.id);
  const actions = html`
    ${pipelines.length > 1 ? html`<label><span class="sr">Pipeline</span><select onChange=${(event) => (location.hash = `#/live/${encodeURIComponent(event.target.value)}`)}>
      ${pipelines.map((one) => html`<option value=${one.id} selected=${one.id === chosen.id}>${one.title || one.id}</option>`)}</select></label>` : null}
    <button type="button" class="quiet" aria-pressed=${frozen.value} onClick=${() => (frozen.value = !frozen.value)}>${frozen.value ? "Frozen" : "Freeze"}</button>`;
  return html`<${Page} title=${chosen.title || chosen.id} note="What the bus does now: who sends to whom, what waits, and what is stopped." actions=${actions}>
    <dl class="figures">
      <${Figure} label="Stream" value=${html`<${Badge} status=${state.value === "live" ? "live" : state.value === "refused" ? "refused" : "retrying"} text=${state.value} />`} />
      <${Figure} label="Events/s" value=${rate.toFixed(rate < 10 ? 1 : 0)} />
      <${Figure} label="Runs" value=${number(figures.runs)} />
      <${Figure} label="Queued" value=${number(figures.queued)} />
      <${Figure} label="Held" value=${number(figures.held)} tone=${figures.held ? "hold" : ""} />
      <${Figure} label="Denied" value=${number(figures.denied)} tone=${figures.denied ? "bad" : ""} />
      <${Figure} label="Dead letters" value=${number(figures.letters)} tone=${figures.letters ? "bad" : ""} />
    </dl>
    ${refusal.value ? html`<${Trouble} problem=${refusal.value} />` : null}
    <${Loaded} state=${topology} empty=${{ when: (data) => !data.nodes.length, title: "No agents", text: "This pipeline has no agents yet." }}>${(data) => html`
      <${Drawing} topology=${data} agents=${figures.agents} counted=${counted} picked=${picked.value} pick=${(one) => (picked.value = one === picked.value ? "" : one)} send=${dots} />
      <div class="legend" aria-hidden="true"><span><i class="info"></i>message</span><span><i class="good"></i>handled</span><span><i class="warn"></i>redacted or retried</span>
        <span><i class="hold"></i>held</span><span><i class="bad"></i>denied or failed</span></div>
      ${picked.value ? html`<${Node} id=${picked.value} topology=${data} figures=${figures.agents[picked.value]} counted=${counted.agents.get(picked.value)} />` : null}
      <details><summary>The same as a table</summary>
        <${Table} label="Agents" heads=${["Agent", "Sends to", "State", "Queued", "Running", "Handled", "Denied", "p50"]} rows=${data.nodes.map((node) => row(node, data, figures.agents[node.id]))} /></details>`}<//>
    <section class="stack"><h2>Latest</h2>${counted.recent.length
      ? html`<${Table} label="Latest events" heads=${["What", "Topic", "From", "To", "Why", "Run"]} rows=${counted.recent.slice(0, 10).map((one, at) => ({ key: `${counted.seen}-${at}`, cells: cellsOf(one) }))} />`
      : html`<${Empty} title="Quiet">Nothing has happened since this page was opened. <a href="#/ask">Ask something</a>.<//>`}</section>
  <//>`;
}

function cellsOf(event) {
  const run = event.run || event.run_id;
  return [html`<${Badge} status=${event.kind} />`, html`<span class="text">${event.topic}</span>`, html`<span class="text">${event.sender}</span>`,
    html`<span class="text">${event.recipient || "–"}</span>`, html`<span class="text why">${because(event.reason) || event.code || "–"}</span>`,
    run ? html`<a href=${`#/run/${encodeURIComponent(run)}`}><code>${String(run).slice(0, 12)}</code></a>` : "–"];
}

function row(node, topology, figures) {
  const targets = topology.edges.filter((edge) => edge.source === node.id).map((edge) => edge.target);
  return { key: node.id, cells: [html`<span class="text">${node.title}</span>`, html`<span class="text">${targets.join(", ") || "–"}</span>`,
    html`<${Badge} status=${figures?.suspended ? "paused" : "live"} text=${figures?.suspended || (node.kind === "agent" ? "delivering" : node.kind)} />`,
    number(figures?.queued), number(figures?.running), number(figures?.handled), number(figures?.denied), figures?.p50_ms == null ? "–" : span(figures.p50_ms / 1000)] };
}

function Node({ id, topology, figures, counted }) {
  const node = topology.nodes.find((one) => one.id === id);
  const into = topology.edges.filter((edge) => edge.target === id);
  const out = topology.edges.filter((edge) => edge.source === id);
  return html`<section class="card stack" aria-live="off"><div class="row"><h2 class="text">${node.title}</h2><code>${id}</code>
      ${node.kind === "agent" ? html`<a href=${`#/agents/${encodeURIComponent(id)}`}>Its card, pause and kill</a>` : null}</div>
    <dl class="figures">${["queued", "running", "held", "retrying", "handled", "denied", "failed", "redacted"].map((name) => html`<${Figure} label=${name} value=${number(figures?.[name])} />`)}</dl>
    <dl class="values"><div><dt>receives</dt><dd class="text">${[...new Set(into.flatMap((edge) => edge.topics))].join(", ") || "nothing"}</dd></div>
      <div><dt>sends</dt><dd class="text">${[...new Set(out.flatMap((edge) => edge.topics))].join(", ") || "nothing"}</dd></div></dl>
    <h3>Seen here</h3>${counted?.recent.length ? html`<${Table} label="Recent messages" heads=${["What", "Topic", "From", "To", "Why", "Run"]} rows=${counted.recent.slice(0, 8).map((one, at) => ({ key: `${one.message_id}-${at}`, cells: cellsOf(one) }))} />`
      : html`<p class="mute">Nothing since this page was opened.</p>`}</section>`;
}

/** Read the statistics of one pipeline, however many the server serves. */
export function figuresOf(data, pipeline) {
  const all = data?.pipelines;
  const own = (Array.isArray(all) ? all.find((one) => one.id === pipeline || one.pipeline === pipeline) : all?.[pipeline]) || data || {};
  const one = own.statistics || own;
  const agents = one.agents || {};
  const sum = (name) => Object.values(agents).reduce((total, agent) => total + (agent[name] || 0), 0);
  return { agents, runs: one.runs, queued: data ? sum("queued") : undefined, held: one.held ?? sum("held"), denied: one.totals?.denied, letters: one.dead_letters, totals: one.totals, raw: one, words };
}
