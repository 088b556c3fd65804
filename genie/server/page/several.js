// One vote on several approvals of low and medium risk; what is of high risk is decided one by one.
import { post } from "./api.js";
import { session, toast, useData } from "./store.js";
import { Ask, Loaded, Trouble, Value, number, words } from "./ui.js";
import { html, useRef, useSignal } from "./vendor.js";

const MOST = 20;

/** Whether an approval may be chosen together with others. */
export const together = (one) => one.risk !== "high" && one.requester !== session.value?.user;

/**
 * The choice, and the buttons that vote for all of it.
 * @param {{held: any[], chosen: string[], choose: (ids: string[]) => void, done: () => void}} props
 */
export function Several({ held, chosen, choose, done }) {
  const approve = useSignal(/** @type {boolean | null} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const failed = useSignal(/** @type {any[]} */ ([]));
  const able = held.filter(together).slice(0, MOST);
  const picked = able.filter((one) => chosen.includes(one.id));
  if (able.length < 2 && !failed.value.length && !problem.value) return null;
  const cast = async (shown, reason) => {
    const verdict = approve.value;
    approve.value = null;
    if (reason === null) return;
    failed.value = [];
    problem.value = null;
    const ballots = picked.map((one) => ({ id: one.id, approve: verdict, reason, payload_sha256: shown[one.id], policies: one.needs.map((need) => need.policy) }));
    try {
      const { approvals } = await post("/v1/approvals/votes", { ballots });
      failed.value = approvals.filter((one) => one.code);
      toast(`${number(approvals.length - failed.value.length)} of ${number(approvals.length)} votes count`, failed.value.length ? "bad" : "good");
    } catch (error) {
      problem.value = error;
    }
    choose([]);
    done();
  };
  return html`<div class="stack several">
    <label class="check"><input type="checkbox" checked=${picked.length === able.length && able.length > 0} onChange=${(event) => choose(event.target.checked ? able.map((one) => one.id) : [])} />
      ${able.length === 1 ? "The one" : `All ${number(able.length)}`} below high risk</label>
    ${picked.length ? html`<div class="row"><button type="button" class="good" onClick=${() => (approve.value = true)}>Approve ${number(picked.length)}</button>
      <button type="button" class="bad" onClick=${() => (approve.value = false)}>Refuse ${number(picked.length)}</button></div>` : null}
    <${Trouble} problem=${problem.value} />
    ${failed.value.length ? html`<div class="trouble" role="alert"><strong>These votes do not count</strong><ul>${failed.value.map((one) => html`<li key=${one.id}><code>${one.code}</code> <span class="text">${one.detail || one.id}</span></li>`)}</ul></div>` : null}
    ${approve.value === null ? null : html`<${Together} held=${picked} approve=${approve.value} done=${cast} />`}</div>`;
}

/** Asks once for all, with what each would deliver: a vote is for exactly what is shown here. */
function Together({ held, approve, done }) {
  const shown = useRef(/** @type {Record<string, string>} */ ({}));
  const loaded = useSignal(0);
  const whole = loaded.value === held.length;
  const verb = `${approve ? "Approve" : "Refuse"} ${number(held.length)}`;
  return html`<${Ask} title=${`${verb} deliveries?`} verb=${whole ? verb : "Still reading…"} tone=${approve ? "good" : "bad"} ready=${whole}
    note=${approve ? "Each is judged again; other policies still apply. One reason stands for all of them." : "One refusal by a person who may decide ends each of them."}
    done=${(reason) => done(shown.current, reason)}>
    <ul class="stack chosen">${held.map((one) => html`<li key=${one.id}><${Chosen} held=${one} seen=${(digest) => {
      shown.current[one.id] = digest;
      loaded.value = Object.keys(shown.current).length;
    }} /></li>`)}</ul><//>`;
}

function Chosen({ held, seen }) {
  const state = useData(`/v1/approvals/${encodeURIComponent(held.id)}`);
  const told = useRef(false);
  if (state.data && !told.current) {
    told.current = true;
    queueMicrotask(() => seen(state.data.payload_sha256));
  }
  return html`<details><summary class="text">${held.topic} to ${words(held.recipient)}, for ${held.requester || "nobody named"}</summary>
    <${Loaded} state=${state}>${(data) => (data.payload ? html`<${Value} value=${data.payload} />` : html`<p class="banner warn text">▲ ${data.withheld || "You may not see it with your clearance."}</p>`)}<//></details>`;
}
