// Approvals: what waits for a person, what exactly would be delivered, and the votes so far.
import { Report } from "../answer.js";
import { post } from "../api.js";
import { Form, cleaned } from "../form.js";
import { Prove } from "../prove.js";
import { Several, together } from "../several.js";
import { announce, now, session, toast, useData } from "../store.js";
import { Age, Ask, Badge, Changes, Countdown, Loaded, Page, Trouble, Value, money, number, words } from "../ui.js";
import { html, useEffect, useRef, useSignal } from "../vendor.js";

const MONEY = /^(amount|sum|total|price)$/i;

export default function Approvals() {
  const list = useData("/v1/approvals", 3);
  const at = useSignal("");
  const several = useSignal(/** @type {string[]} */ ([]));
  const asking = useSignal(/** @type {any} */ (null));
  const problem = useSignal(/** @type {any} */ (null));
  const proving = useSignal(/** @type {any} */ (null));
  const known = useRef(-1);
  const held = (list.data?.approvals || []).filter((one) => one.state === "pending");
  const chosen = held.find((one) => one.id === at.value) || held[0];
  useEffect(() => {
    if (!list.data) return;
    if (known.current >= 0 && held.length > known.current) announce(`${held.length} approvals wait`);
    known.current = held.length;
  }, [held.length, !!list.data]);
  useEffect(() => {
    const key = (event) => {
      if (asking.peek() || document.querySelector("dialog[open]") || !held.length || event.metaKey || event.ctrlKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      const place = held.findIndex((one) => one.id === chosen?.id);
      if (event.key === "j" || event.key === "k") {
        const next = held[(place + (event.key === "j" ? 1 : held.length - 1)) % held.length];
        at.value = next.id;
        document.getElementById(`hold-${next.id}`)?.focus();
      } else if (event.key === "a" || event.key === "r") {
        document.querySelector(`[data-vote="${event.key}"]`)?.click();
      }
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [held.map((one) => one.id).join(), chosen?.id]);

  const vote = (reason) => {
    const { one, approve, edit } = asking.value;
    asking.value = null;
    if (reason !== null) cast(one, approve, reason, edit?.payload);
  };
  const cast = async (one, approve, reason, edit) => {
    problem.value = null;
    try {
      const said = await post(`/v1/approvals/${encodeURIComponent(one.id)}/votes`, { approve, reason, payload_sha256: one.payload_sha256, policies: one.needs.map((need) => need.policy), ...(edit ? { edit } : {}) });
      toast(edit && said.state === "pending" ? "Your edit stands; others decide on it" : said.state === "pending" ? "Your vote counts; more are needed" : `It is ${said.state}`);
      list.reload();
    } catch (error) {
      if (error.code === "step_up") proving.value = () => cast(one, approve, reason, edit);
      else problem.value = error;
      list.reload();
    }
  };
  const proved = (good) => {
    const again = proving.value;
    proving.value = null;
    if (good) again();
  };
  return html`<${Page} title="Approvals" note=${html`Held until a person decides. A vote is for exactly what is shown. Keys: <kbd>j</kbd> <kbd>k</kbd> move, <kbd>a</kbd> approve, <kbd>r</kbd> refuse.`}>
    <${Trouble} problem=${problem.value} />
    ${proving.value ? html`<${Prove} done=${proved} />` : null}
    ${asking.value ? html`<${Ask} title=${asking.value.edit ? "Deliver this instead?" : asking.value.approve ? "Approve this delivery?" : "Refuse this delivery?"} verb=${asking.value.edit ? "Edit" : asking.value.approve ? "Approve" : "Refuse"} tone=${asking.value.approve ? "good" : "bad"}
      note=${asking.value.edit ? "It is judged again, and another person than you decides on it. Votes so far are void." : asking.value.approve ? "With enough votes it is judged again; other policies still apply." : "One refusal by a person who may decide ends it."} done=${vote}>${asking.value.edit ? html`<${Changes} changes=${asking.value.edit.changes} />` : null}<//>` : null}
    <${Loaded} state=${list} empty=${{ when: () => !held.length, title: "Nothing waits for you", text: "When a policy holds a message for a person, it appears here within seconds." }}>${() => html`
      <div class="columns"><div>${html`<${Detail} key=${chosen.id} held=${chosen} ask=${(one, approve, edit) => (asking.value = { one, approve, edit })} />`}</div>
      <nav aria-label="What waits" class="stack"><${Several} held=${held} chosen=${several.value} choose=${(ids) => (several.value = ids)} done=${list.reload} />
      <ul class="stack">${held.map((one) => html`<li key=${one.id} class="waiting">${together(one) ? html`<label class="check"><input type="checkbox" checked=${several.value.includes(one.id)} onChange=${(event) => (several.value = event.target.checked ? [...several.value, one.id] : several.value.filter((id) => id !== one.id))} aria-label=${`Choose ${one.topic} to ${words(one.recipient)}, for ${one.requester || "nobody named"}`} /></label>` : null}<button type="button" class="quiet queue" id=${`hold-${one.id}`} aria-pressed=${chosen.id === one.id} onClick=${() => (at.value = one.id)}>
        <span class="text">${words(one.recipient)}</span>${one.payload ? sums(one.payload).slice(0, 1).map(([, sum]) => html`<strong class="text">${sum}</strong>`) : null}<small class="mute text">${one.topic}</small><small class="mute text">for ${one.requester || "nobody named"}</small><span class="row">${one.risk === "high" ? html`<${Badge} status="high" text="high risk" />` : null}<${Countdown} until=${one.expires} /></span></button></li>`)}</ul></nav></div>`}<//><//>`;
}

/** The values of fields whose name speaks of money, so that a sum is read before the rest. */
function sums(payload) {
  const found = [];
  const walk = (value, name, depth) => {
    if (depth > 5 || found.length > 5 || value === null || value === undefined) return;
    if (typeof value === "object" && "minor" in value && "currency" in value) found.push([name, money(value)]);
    else if (typeof value === "object" && "amount" in value && typeof value.currency === "string") found.push([name, `${value.amount} ${value.currency}`]);
    else if (typeof value === "object") Object.entries(value).forEach(([key, one]) => walk(one, key, depth + 1));
    else if (MONEY.test(name) && /^-?[\d.,]+$/.test(String(value))) found.push([name, String(value)]);
  };
  walk(payload, "", 0);
  return found;
}

/** What one policy still asks for: how many votes, of whom. */
function wanted(need, lacking) {
  const whom = need.approvers.length ? need.approvers.join(", ") : "anybody who may decide";
  const left = lacking.find((one) => one.startsWith(`${need.policy}: `));
  return left ? `${number(need.quorum)} of ${whom}${Number.parseInt(left.slice(need.policy.length + 2), 10) < need.quorum ? `; ${left.slice(need.policy.length + 2)}` : ""}` : `${number(need.quorum)} of ${whom}: given`;
}

function Detail({ held, ask }) {
  const shown = useData(`/v1/approvals/${encodeURIComponent(held.id)}`, 5);
  const own = held.requester && session.value?.user === held.requester;
  const over = held.expires > 0 && held.expires <= now.value;
  const one = shown.data ? { ...held, ...shown.data } : held;
  const stale = shown.data && shown.data.payload_sha256 !== held.payload_sha256;
  const blocked = own || over || !shown.data || stale;
  return html`<article class="card hold-card stack" aria-labelledby=${`title-${held.id}`}>
    <div class="row"><h2 id=${`title-${held.id}`} class="text">${one.topic} to ${words(one.recipient)}</h2><${Badge} status=${one.state} /><${Countdown} until=${one.expires} /></div>
    <p class="text"><strong>Why it is held:</strong> ${one.reason || "a policy asks for a person"}</p>
    ${one.payload ? sums(one.payload).map(([name, sum]) => html`<p class="sum"><span class="mute">${words(name)}</span> <strong class="text">${sum}</strong></p>`) : null}
    <dl class="values"><div><dt>asked by</dt><dd class="text">${one.requester || "nobody named"}</dd></div><div><dt>sent by</dt><dd class="text">${one.sender}</dd></div>
      <div><dt>classified</dt><dd>${one.label}</dd></div><div><dt>risk</dt><dd>${one.risk}</dd></div><div><dt>waits since</dt><dd><${Age} at=${one.opened} /></dd></div>
      <div><dt>run</dt><dd><a href=${`#/run/${encodeURIComponent(one.run_id)}`}><code>${String(one.run_id).slice(0, 14)}</code></a> in ${one.pipeline || ""}</dd></div>
      <div><dt>needs</dt><dd>${(one.needs || []).map((need) => html`<div class="text">${wanted(need, one.lacking || [])}</div>`)}</dd></div></dl>
    <h3>What would be delivered</h3>
    <${Loaded} state=${shown}>${(data) => html`${data.payload ? html`<${Report} key=${data.payload_sha256} path=${`/v1/approvals/${encodeURIComponent(held.id)}/report`} name=${held.id} title="What would be delivered" />
        <details><summary>All fields</summary><${Value} value=${data.payload} /></details>` : html`<p class="banner warn text">▲ ${data.withheld || "You may not see it with your clearance."}</p>`}
      ${data.masked?.length ? html`<p class="mute">Masked for you: <span class="text">${data.masked.map((path) => path.join(".")).join(", ")}</span></p>` : null}`}<//>
    ${one.edits?.length ? html`<h3>Edits</h3><ul>${one.edits.map((edit) => html`<li class="text">${edit.by}, <${Age} at=${edit.at} />: <code>${edit.before.slice(0, 10)}</code> became <code>${edit.after.slice(0, 10)}</code></li>`)}</ul>
      ${one.changes?.length ? html`<${Changes} changes=${one.changes} />` : html`<p class="mute">What was changed is masked for you, or an earlier process edited it.</p>`}` : null}
    ${one.votes?.length ? html`<h3>Votes</h3><ul class="stack">${one.votes.map((vote) => html`<li class="row"><${Badge} status=${vote.approve ? "approved" : "denied"} /> <strong class="text">${vote.by}</strong> <span class="text">${vote.reason}</span> <${Age} at=${vote.at} /></li>`)}</ul>` : null}
    ${own ? html`<p class="banner info">You asked for this run, and senders cannot decide on their own messages.</p>` : over ? html`<p class="banner warn">It has expired, so it cannot be decided any more.</p>` : stale ? html`<p class="banner warn">It was edited just now; look again.</p>` : null}
    ${blocked || !shown.data.payload ? null : html`<${Editor} key=${shown.data.payload_sha256} payload=${shown.data.payload} schema=${shown.data.schema} done=${(edit) => ask(one, true, edit)} />`}
    <div class="row votes"><button type="button" class="good" data-vote="a" disabled=${blocked} onClick=${() => ask(one, true)}>Approve <kbd>a</kbd></button>
      <button type="button" class="bad" data-vote="r" disabled=${blocked} onClick=${() => ask(one, false)}>Refuse <kbd>r</kbd></button></div></article>`;
}

/** What to deliver instead: fields that were not touched keep their exact value. */
function Editor({ payload, schema, done }) {
  const value = useSignal(payload);
  const problem = useSignal("");
  const review = () => {
    const sent = cleaned(value.value, schema, schema);
    const edited = Object.fromEntries(Object.keys(payload).map((name) => [name, value.value[name] === payload[name] ? payload[name] : sent[name] ?? null]));
    const changes = changed(payload, edited);
    problem.value = changes.length ? "" : "Nothing was changed.";
    if (changes.length) done({ payload: edited, changes });
  };
  return html`<details class="editor"><summary>Deliver something else instead</summary>
    <${Form} schema=${schema} root=${schema} value=${value.value} set=${(next) => (value.value = next)} errors=${[]} />
    <div class="row"><button type="button" class="quiet" onClick=${review}>Review the change</button><span role="status" class="mute">${problem.value}</span></div></details>`;
}

/** What differs between two trees, by place; a sum of money is one value. */
function changed(before, after, path = []) {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const tree = (one) => one !== null && typeof one === "object" && !("minor" in one && "currency" in one);
  if (tree(before) && tree(after) && (!Array.isArray(before) || before.length === after.length)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => changed(before[name], after[name], [...path, name]));
  }
  return [{ path, before, after }];
}
