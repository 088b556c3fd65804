// Words of a model as paragraphs, lists, code and emphasis: text nodes alone, no images, and no links that lead out.
import { html } from "./vendor.js";

const MOST_LINES = 2_000;
const INLINE = /(`[^`\n]{1,500}`|\*\*[^*\n]{1,500}\*\*|\*[^*\n]{1,500}\*|!?\[[^\]\n]{0,300}\]\([^)\s]{1,600}\))/;

function inline(text) {
  return text.split(INLINE).map((part, at) => {
    if (at % 2 === 0) return part;
    if (part.startsWith("`")) return html`<code>${part.slice(1, -1)}</code>`;
    if (part.startsWith("**")) return html`<strong>${part.slice(2, -2)}</strong>`;
    if (part.startsWith("*")) return html`<em>${part.slice(1, -1)}</em>`;
    const [, label, to] = /\[([^\]]*)\]\(([^)]*)\)/.exec(part);
    return html`<span>${label} <span class="mute">(${to})</span></span>`; // its address is shown, and nothing is fetched
  });
}

/** Lines in groups of one kind: code between fences, a list, a heading, or a paragraph. */
function blocks(text) {
  const found = /** @type {{kind: string, lines: string[]}[]} */ ([]);
  let code = false;
  for (const line of text.split("\n").slice(0, MOST_LINES)) {
    const last = found.at(-1);
    if (/^\s*```/.test(line)) {
      code = !code;
      if (code) found.push({ kind: "code", lines: [] });
    } else if (code) last.lines.push(line);
    else if (!line.trim()) found.push({ kind: "gap", lines: [] });
    else {
      const kind = /^\s*[-*•] /.test(line) ? "list" : /^\s*\d{1,4}[.)] /.test(line) ? "steps" : /^#{1,6} /.test(line) ? "head" : "text";
      if (last && last.kind === kind && kind !== "head") last.lines.push(line);
      else found.push({ kind, lines: [line] });
    }
  }
  return found;
}

const bare = (line) => line.replace(/^\s*(?:[-*•]|\d{1,4}[.)]) /, "");

export function Prose({ text }) {
  return html`<div class="prose">${blocks(text).map(({ kind, lines }) => {
    if (kind === "code") return html`<pre>${lines.join("\n")}</pre>`;
    if (kind === "list") return html`<ul>${lines.map((line) => html`<li class="text">${inline(bare(line))}</li>`)}</ul>`;
    if (kind === "steps") return html`<ol>${lines.map((line) => html`<li class="text">${inline(bare(line))}</li>`)}</ol>`;
    if (kind === "head") return html`<p class="text"><strong>${inline(lines[0].replace(/^#+ /, ""))}</strong></p>`;
    return kind === "text" ? html`<p class="text">${inline(lines.join("\n"))}</p>` : null;
  })}</div>`;
}

/** Text in which each number carries the place that it comes from. */
export function Linked({ text, links, tools }) {
  const parts = [];
  let at = 0;
  for (const [place, link] of [...links].sort((one, other) => one.start - other.start).entries()) {
    if (link.start < at || text.slice(link.start, link.start + link.text.length) !== link.text) continue;
    const from = link.call === "goal" ? "your question" : `${tools.get(link.call) || link.call}: ${link.path}`;
    parts.push(text.slice(at, link.start), html`<mark key=${place} title=${from}>${link.text}<sup>${place + 1}</sup></mark>`);
    at = link.start + link.text.length;
  }
  return html`<p class="text">${parts}${text.slice(at)}</p>`;
}
