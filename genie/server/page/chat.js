// A conversation with an assistant: several turns, words as they come, the tools it called and where its numbers are from.
import { post } from "./api.js";
import { announce, may } from "./store.js";
import { Badge, Trouble, Value, number, words } from "./ui.js";
import { html, signal, useEffect, useRef, useSignal } from "./vendor.js";
import { Beside, Progress, Steps, isGoing, useRun } from "./answer.js";
import { Linked, Prose } from "./prose.js";

const MOST_TURNS = 100;
const MOST_SAID = 200_000;
const LARGEST_FILE = 500_000;
/** Topic of a question -> how it is made of what somebody writes, of the turns before, and of files. */
const FORMS = {
  "assistant.question": (text, earlier, files) => ({ text: [text, ...files.map((one) => `${one.name}:\n${one.text}`)].join("\n\n"), earlier }),
  "loop.task": (text, earlier, files) => ({
    goal: text,
    documents: [...files, ...(earlier.length ? [{ name: "conversation so far", text: earlier.map((one) => `Question: ${one.question}\nAnswer: ${one.answer}`).join("\n\n") }] : [])],
  }),
};
/** Conversations of this tab, by pipeline; nothing of them is stored. */
const talks = new Map();

export const isChat = (pipeline) => Object.hasOwn(FORMS, pipeline.question?.topic);

function talkOf(id) {
  if (!talks.has(id)) talks.set(id, signal(/** @type {any[]} */ ([])));
  return talks.get(id);
}

/** The turns before that were answered, the oldest left out where they are too long. */
function earlierOf(turns) {
  const found = [];
  let room = MOST_SAID;
  for (const one of [...turns].reverse()) {
    if (!one.answered) continue;
    room -= one.question.length + one.answered.length;
    if (room < 0) break;
    found.unshift({ question: one.question, answer: one.answered });
  }
  return found;
}

export function Chat({ pipeline }) {
  const turns = talkOf(pipeline.id);
  const files = useSignal(/** @type {{name: string, text: string}[]} */ ([]));
  const problem = useSignal(/** @type {any} */ (null));
  const box = useRef(/** @type {any} */ (null));
  const going = turns.value.some((one) => one.going);
  const change = (id, more) => (turns.value = turns.value.map((one) => (one.run.id === id ? { ...one, ...more } : one)));
  const send = async (event) => {
    event.preventDefault();
    const text = box.current.value.trim();
    if (!text || going) return;
    problem.value = null;
    try {
      const payload = FORMS[pipeline.question.topic](text, earlierOf(turns.value), files.value);
      const run = await post("/v1/runs", { pipeline: pipeline.id, payload }, { headers: { "Idempotency-Key": crypto.randomUUID() } });
      turns.value = [...turns.value.slice(1 - MOST_TURNS), { run, question: text, files: files.value.map((one) => one.name), answered: "", going: true }];
      box.current.value = "";
      files.value = [];
      announce("Asked");
    } catch (error) {
      problem.value = error;
    }
  };
  const keys = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  const attach = async (list) => {
    for (const file of [...list].slice(0, 8)) {
      if (file.size > LARGEST_FILE) problem.value = { message: `${file.name} is too large`, code: "too_large", detail: "A file has at most 500 kB." };
      else files.value = [...files.value, { name: file.name.slice(0, 200), text: await file.text() }].slice(0, 8);
    }
  };
  return html`<section class="chat" aria-label=${`Conversation with ${pipeline.title || pipeline.id}`}
      onDragOver=${(event) => event.preventDefault()} onDrop=${(event) => { event.preventDefault(); attach(event.dataTransfer.files); }}>
    <div class="turns" role="log" aria-live="off">${turns.value.length ? turns.value.map((one) => html`<${Turn} key=${one.run.id} turn=${one} change=${change} />`)
      : html`<div class="hello"><div class="mark large" aria-hidden="true"></div><h2>${pipeline.title || words(pipeline.id)}</h2>
          <p class="mute">Every question and every answer is judged by the policies of this pipeline. What you write later refers to what was said before.</p></div>`}</div>
    <form class="composer" onSubmit=${send}><${Trouble} problem=${problem.value} />
      ${files.value.length ? html`<ul class="row">${files.value.map((one, at) => html`<li key=${at} class="badge info"><span class="text">${one.name}</span>
        <button type="button" class="bare" aria-label=${`Remove ${one.name}`} onClick=${() => (files.value = files.value.filter((_, place) => place !== at))}>✕</button></li>`)}</ul>` : null}
      <textarea ref=${box} rows="2" maxlength="100000" aria-label="Your question" placeholder="Ask something. Enter sends, Shift and Enter makes a new line." onKeyDown=${keys} disabled=${!may("ask")}></textarea>
      <div class="row spread"><div class="row"><label class="button quiet file">Add a file<input type="file" multiple accept=".txt,.csv,.json,.md,.yaml,text/*" onChange=${(event) => { attach(event.target.files); event.target.value = ""; }} /></label>
        ${turns.value.length ? html`<button type="button" class="quiet" aria-label="New conversation" disabled=${going} onClick=${() => (turns.value = [])}>New</button>` : null}</div>
        ${may("ask") ? null : html`<span class="mute">Your key does not include the right to ask.</span>`}
        <button type="submit" disabled=${going || !may("ask")}>Send</button></div></form></section>`;
}

function Turn({ turn, change }) {
  const { record, text, steps, accepted, ended, lost, problem, stop } = useRun(turn.run);
  const place = useRef(/** @type {any} */ (null));
  const going = isGoing(record);
  const stopped = record.code === "cancelled";
  const said = record.answer ? String(record.answer.text ?? "") : "";
  useEffect(() => change(turn.run.id, { going, answered: said }), [going, said]);
  useEffect(() => place.current?.scrollIntoView({ block: "end" }), [turn.run.id, going, text.length >> 7]);
  return html`<article class="turn"><div class="asked"><p class="text">${turn.question}</p>${turn.files.length ? html`<p class="hint text">${turn.files.join(", ")}</p>` : null}</div>
    <div class="said stack" aria-busy=${going}>
      <${Steps} steps=${steps} going=${going} />
      ${(going || stopped) && text ? html`<div class="coming" data-testid="coming"><${Prose} text=${text} /></div>` : null}
      ${record.status === "running" && !text ? html`<${Progress} accepted=${accepted} ended=${ended} />` : null}
      ${going && lost ? html`<p class="mute">Some of what was said before is no longer kept; the whole answer follows.</p>` : null}
      <${Trouble} problem=${problem} />${stopped ? html`<p class="banner info">${text ? "Stopped. This is what had come; it is not a whole answer." : "Stopped before an answer came."}</p>` : html`<${Beside} run=${record} />`}
      ${record.answer ? html`<${Said} answer=${record.answer} />` : null}
      <p class="row hint">${going ? html`<button type="button" class="quiet" onClick=${stop}>Stop</button>` : null}<a href=${`#/run/${encodeURIComponent(turn.run.id)}`}>How it came about</a></p>
      <div ref=${place}></div></div></article>`;
}

/** An answer of an assistant: its words, its tools and its sources. */
function Said({ answer }) {
  const calls = Array.isArray(answer.calls) ? answer.calls : [];
  const links = Array.isArray(answer.links) ? answer.links : [];
  const tools = new Map(calls.map((one) => [one.id, one.tool]));
  const stopped = answer.stop && answer.stop !== "answered";
  return html`${stopped ? html`<div class="banner warn"><strong>▲ There is no checked answer: ${words(answer.stop)}</strong>${answer.detail ? html`<code>${answer.detail}</code>` : null}</div>` : null}
    ${links.length ? html`<${Linked} text=${String(answer.text ?? "")} links=${links} tools=${tools} />` : html`<${Prose} text=${String(answer.text ?? "")} />`}
    ${answer.note ? html`<p class="banner info text">${answer.note}</p>` : null}
    ${links.length ? html`<details open><summary>Where the numbers come from</summary><ol class="sources">${links.map((one) => html`<li><strong class="text">${one.text}</strong>${" "}
      <span class="text">${one.call === "goal" ? "your question" : words(tools.get(one.call) || one.call)}</span> ${one.path ? html`<code>${one.path}</code>` : null}</li>`)}</ol></details>` : null}
    ${calls.length ? html`<details><summary>${number(calls.length)} ${calls.length === 1 ? "call of a tool" : "calls of tools"}</summary><ul class="stack">${calls.map((one) => html`<li class="tool"><div class="row">
      <strong class="text">${words(one.tool)}</strong><${Badge} status=${one.code ? "failed" : "handled"} text=${one.code ? words(one.code) : "answered"} /></div><${Arguments} text=${one.arguments} /></li>`)}</ul></details>` : null}
    <p class="hint">${spent(answer)}</p>`;
}

function Arguments({ text }) {
  try {
    return html`<${Value} value=${JSON.parse(text)} />`;
  } catch {
    return html`<code class="text">${String(text)}</code>`; // as the model wrote it: no JSON
  }
}

function spent({ model, usage, cost, steps }) {
  const parts = [model ? `Model ${model}` : "", steps ? `${number(steps)} model ${steps === 1 ? "call" : "calls"}` : ""];
  if (usage) parts.push(`${number(usage.input)} tokens read, ${number(usage.output)} written`);
  parts.push(cost === null || cost === undefined ? "no price is known" : `cost ${cost}`);
  return parts.filter(Boolean).join(" · ");
}
