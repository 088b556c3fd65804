// One run: its state, what it waited for, its messages with verdicts, and what is missing.
import { follow, remove } from "../api.js";
import { announce, may, now, toast, useData } from "../store.js";
import { Age, Ask, Badge, Empty, Figure, Loaded, Page, Table, Trouble, because, number, span, words } from "../ui.js";
import { html, useEffect, useMemo, useSignal } from "../vendor.js";
import { Beside, Fields, Report, reportOf } from "../answer.js";
import { Replay } from "../replay.js";
import { deliveries, Timeline, Tree } from "../timeline.js";

const MOST = 5_000;
const PLAIN = new Set(["accepted", "started", "handled", "answered", "progress"]);
const VIEWS = { timeline: "Timeline", tree: "Causes", messages: "Messages" };

export default function Run({ id }) {
  const path = `/v1/runs/${encodeURIComponent(id)}`;
  const over = useSignal(false);
  const run = useData(path, over.value ? 0 : 2);
  const events = useMemo(() => /** @type {any[]} */ ([]), [id]);
  const turn = useSignal(0);
  const state = useSignal("connecting");
  const gap = useSignal(0);
  const asking = useSignal(false);
  const view = useSignal("timeline");
  const problem = useSignal(/** @type {any} */ (null));
  useEffect(() => {
    const stream = follow(`${path}/events`, ({ event, data }) => {
      if (event === "gap") gap.value += Math.max(1, (data?.to ?? 0) - (data?.from ?? 0) + 1);
      else if (event === "end") announce(`The run is over: ${words(data?.status || "")}`);
      else if (event !== "part" && data && events.length < MOST) events.push({ ...data, kind: data.kind || event });
    }, (found) => {
      state.value = found;
      if (found === "ended") run.reload();
    });
    const redraw = setInterval(() => {
      if (events.length !== turn.peek()) turn.value = events.length;
    }, 400);
    return () => {
      stream.close();
      clearInterval(redraw);
    };
  }, [id]);
  useEffect(() => {
    over.value = !!run.data && !["running", "held"].includes(run.data.status);
  }, [run.data?.status]);
  const still = run.data && !over.value && run.data.status === "held" ? Math.round(now.value - run.data.at) : 0;
  const found = useMemo(() => deliveries(events, still && events.length ? events[0].at + still : 0), [turn.value, still]);
  const cancel = async (reason) => {
    asking.value = false;
    if (reason === null) return;
    try {
      await remove(path);
      toast("The run is being cancelled");
      run.reload();
    } catch (error) {
      problem.value = error;
    }
  };
  const going = run.data && !over.value;
  const actions = html`<a href="#/runs">All runs</a>${going && may("ask") ? html`<button type="button" class="bad" onClick=${() => (asking.value = true)}>Cancel the run</button>` : null}`;
  return html`<${Page} title=${`Run ${id.slice(0, 14)}`} note=${run.data ? `${run.data.pipeline}, asked by ${run.data.user}` : ""} actions=${actions}>
    <${Trouble} problem=${problem.value} />
    ${asking.value ? html`<${Ask} title="Cancel this run?" verb="Cancel the run" tone="bad" reason=${false} note="What its agents work on now is stopped, and its mail is emptied. Other runs are not affected." done=${cancel} />` : null}
    <${Loaded} state=${run}>${(data) => html`
      <${Head} run=${data} found=${found} />
      ${data.status === "held" ? html`<div class="banner hold" role="status"><strong>◆ This run waits for a person.</strong> <a href="#/approvals">Open the approvals</a></div>` : null}
      ${gap.value ? html`<div class="banner warn">${number(gap.value)} earlier events are no longer kept by the server; what is drawn starts after them.</div>` : null}
      <div class="row" role="group" aria-label="View">${Object.entries(VIEWS).map(([name, title]) => html`<button type="button" class="quiet" aria-pressed=${view.value === name} onClick=${() => (view.value = name)}>${title}</button>`)}
        <${Badge} status=${state.value === "ended" ? "closed" : state.value === "live" ? "live" : "retrying"} text=${`stream ${state.value}`} /></div>
      ${found.length ? view.value === "timeline" ? html`<${Timeline} found=${found} />` : view.value === "tree" ? html`<${Tree} found=${found} />` : html`<${Messages} events=${events} />`
        : html`<${Empty} title="No events">None are kept for this run, or it has not started.<//>`}
      <div class="halves"><${Missing} run=${data} />${over.value && may("ask") ? html`<${Replay} run=${data} />` : null}</div>
      <section class="card stack"><h2>Answer</h2>${data.answer ? html`<${Beside} run=${{ notices: data.notices }} /><${Report} path=${reportOf(id)} name=${id} /><${Fields} answer=${data.answer} />`
        : html`<p class="mute">${data.withheld ? "There is one, and it was judged for the person who asked; you may not see it." : going ? "Not yet." : "None."}</p>`}</section>`}<//><//>`;
}

function Head({ run, found }) {
  const took = (run.ended_at || now.value) - run.at;
  const waited = found.reduce((sum, one) => sum + one.parts.filter((part) => part.kind === "waiting").reduce((all, part) => all + part.to - part.from, 0), 0);
  const worked = found.reduce((sum, one) => sum + one.parts.filter((part) => part.kind === "working").reduce((all, part) => all + part.to - part.from, 0), 0);
  return html`<dl class="figures"><${Figure} label="Status" value=${html`<${Badge} status=${run.status} />`} />
    <${Figure} label="Started" value=${html`<${Age} at=${run.at} />`} /><${Figure} label=${run.ended_at ? "Took" : "For"} value=${span(Math.max(0, took))} />
    <${Figure} label="Work" value=${span(worked)} /><${Figure} label="Held for" value=${span(waited)} tone=${waited ? "hold" : ""} />
    <${Figure} label="Handled" value=${number(run.messages?.handled)} /><${Figure} label="In flight" value=${number(run.messages?.in_flight)} />
    <${Figure} label="Denied" value=${number(run.messages?.denied)} tone=${run.messages?.denied ? "bad" : ""} /></dl>
    ${run.code ? html`<p class="banner warn">No answer came: <code>${run.code}</code> <span class="text">${run.detail || ""}</span></p>` : null}`;
}

function Missing({ run }) {
  return html`<section class="card stack"><h2>Missing parts</h2>${run.missing?.length
    ? html`<ul class="stack">${run.missing.map((one) => typeof one === "string" ? html`<li class="text">${one}</li>`
      : html`<li class="row"><${Badge} status=${one.outcome} /> <strong class="text">${one.agent}</strong> <span class="text">${one.topic}</span> ${one.code ? html`<code>${one.code}</code>` : null}</li>`)}</ul>`
    : html`<p class="mute">Nothing is missing.</p>`}</section>`;
}

function Messages({ events }) {
  const wanted = useSignal("");
  const judged = useSignal(false);
  const most = useSignal(200);
  const text = wanted.value.toLowerCase();
  const shown = events.filter((one) => (!judged.value || !PLAIN.has(one.kind)) && (!text || [one.kind, one.topic, one.sender, one.recipient, one.reason, one.code].some((part) => String(part ?? "").toLowerCase().includes(text))));
  const start = events[0]?.at || 0;
  return html`<div class="filters"><label>Find<input type="search" value=${wanted.value} maxlength="200" placeholder="agent, topic, verdict, reason" onInput=${(event) => (wanted.value = event.target.value)} /></label>
      <label class="check"><input type="checkbox" checked=${judged.value} onChange=${(event) => (judged.value = event.target.checked)} />Only what was judged or went wrong</label></div>
    <${Table} label="Messages" heads=${["At", "Verdict", "Topic", "From", "To", "Why", "Code"]} rows=${shown.slice(0, most.value).map((one, at) => ({
      key: String(at), cells: [html`<span class="mono keep">+${span(one.at - start)}</span>`, html`<${Badge} status=${one.kind} />`, html`<span class="text">${one.topic}</span>`, html`<span class="text">${one.sender}</span>`,
        html`<span class="text">${one.recipient || "–"}</span>`, html`<span class="text">${because(one.reason) || "–"}</span>`, one.code ? html`<code>${one.code}</code>` : "–"] }))} />
    ${shown.length > most.value ? html`<button type="button" class="quiet" onClick=${() => (most.value += 500)}>Show more of ${number(shown.length)}</button>` : null}`;
}
