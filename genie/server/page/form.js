// A form from a JSON Schema. What it cannot draw as fields it takes as JSON text.
import { html, useSignal } from "./vendor.js";
import { words } from "./ui.js";

const DEEPEST = 6;
const LARGEST = 900_000;
const LONG = /question|text|content|body|description|remark|message|prompt|note|reason|statement/i;

/** Follow `$ref`, and drop `null` from a choice of types. */
export function resolved(schema, root, depth = 0) {
  if (!schema || depth > 20) return {};
  if (schema.$ref) {
    const target = schema.$ref.replace(/^#\//, "").split("/").reduce((at, step) => at?.[step], root);
    return resolved({ ...target, ...Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "$ref")) }, root, depth + 1);
  }
  const choices = schema.anyOf || schema.oneOf;
  if (choices) {
    const some = choices.filter((one) => one.type !== "null");
    const plain = some.length > 1 && some.every((one) => ["string", "number", "integer"].includes(one.type)) ? [some.find((one) => one.type === "string") || some[0]] : some;
    if (plain.length === 1) return { ...schema, anyOf: undefined, oneOf: undefined, ...resolved(plain[0], root, depth + 1), title: schema.title, nullable: some.length < choices.length };
  }
  if (schema.allOf?.length === 1) return resolved({ ...schema, allOf: undefined, ...schema.allOf[0] }, root, depth + 1);
  return schema;
}

/** The value that an empty form has. */
export function blank(given, root, depth = 0) {
  const schema = resolved(given, root);
  if (given.default !== undefined) return given.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.nullable) return "";
  if (schema.type === "object" && schema.properties && depth < DEEPEST) {
    return Object.fromEntries(Object.entries(schema.properties).filter(([name]) => depth === 0 || schema.required?.includes(name)).map(([name, one]) => [name, blank(one, root, depth + 1)]));
  }
  if (schema.type === "object") return {};
  if (schema.type === "array") return [];
  if (schema.type === "boolean") return false;
  return schema.enum ? "" : "";
}

/** The value that is sent: fields that were left empty are left out, and numbers are numbers. */
export function cleaned(value, given, root) {
  const schema = resolved(given, root);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, schema.items || {}, root));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => {
      const part = resolved(schema.properties?.[name] || {}, root);
      if (one === "" && (!schema.required?.includes(name) || part.nullable || part.type !== "string")) return [];
      return [[name, cleaned(one, schema.properties?.[name] || {}, root)]];
    }));
  }
  if ((schema.type === "integer" || schema.type === "number") && typeof value === "string" && value !== "") return Number.isFinite(Number(value)) ? Number(value) : value;
  return value;
}

export function Form({ schema: given, root, value, set, errors, pointer = "/payload", depth = 0 }) {
  const schema = resolved(given, root);
  if (schema.type !== "object" || !schema.properties || depth >= DEEPEST) return html`<${Json} value=${value} set=${set} label=${schema.title || "JSON"} />`;
  return html`<div class="fields">${Object.entries(schema.properties).map(([name, one]) => html`<${Field} key=${name} name=${name} schema=${one} root=${root} required=${schema.required?.includes(name)} errors=${errors}
    pointer=${`${pointer}/${name}`} depth=${depth} value=${value?.[name] ?? ""} set=${(next, more) => set({ ...value, ...(more?.filename && "filename" in schema.properties ? { filename: more.filename } : {}), [name]: next })} />`)}</div>`;
}

/** Words that people write in capitals. */
const SHORT = /\b(?:bic|gst|gstin|iban|id|ifsc|kyc|pan|pep|upi|url|utr|vat|vpa)\b/g;

/** A title that somebody has written, or else the name of the field as words: what schemas make of names are no titles. */
function titleOf(name, given, schema) {
  const own = words(name).replace(SHORT, (one) => one.toUpperCase());
  const stated = given.title || (schema.type === "object" ? "" : schema.title) || "";
  return stated && stated.toLowerCase() !== own.toLowerCase() ? stated : own.charAt(0).toUpperCase() + own.slice(1);
}

function Field({ name, schema: given, root, required, value, set, errors, pointer, depth }) {
  const schema = resolved(given, root);
  const error = errors.find((one) => one.pointer === pointer);
  const title = titleOf(name, given, schema);
  const id = `field${pointer.replaceAll("/", "-")}`;
  const about = schema.type === "object" ? schema.description?.split(/(?<=\.)\s/)[0] : schema.description; // of its class: the first sentence
  const hint = html`${about ? html`<span class="hint">${about}</span>` : null}${error ? html`<span class="badge bad" id=${`${id}-error`}>✕ ${error.problem}</span>` : null}`;
  const invalid = { "aria-invalid": error ? "true" : undefined, "aria-describedby": error ? `${id}-error` : undefined };
  const label = html`<span>${title}${required && schema.type !== "boolean" ? html` <span class="mute">(needed)</span>` : null}</span>`;
  if (schema.const !== undefined) return null;
  if (schema.type === "object" && schema.properties && depth < DEEPEST - 1) {
    if (schema.nullable && value === "") return html`<div><button type="button" class="quiet" onClick=${() => set(blank({ ...schema, nullable: false }, root, depth + 1))}>Add ${title.toLowerCase()}</button></div>`;
    return html`<fieldset><legend>${title}</legend>${hint}<${Form} schema=${{ ...schema, nullable: false }} root=${root} value=${value || {}} set=${set} errors=${errors} pointer=${pointer} depth=${depth + 1} /></fieldset>`;
  }
  if (schema.type === "array" && schema.items && !Array.isArray(schema.items)) return html`<${List} ...${{ schema, root, value: Array.isArray(value) ? value : [], set, errors, pointer, depth, title, hint }} />`;
  if (schema.type === "array" || schema.type === "object" || schema.anyOf || schema.oneOf || (!schema.type && !schema.enum)) return html`<${Json} value=${value} set=${set} label=${title} />`;
  if (schema.type === "boolean") return html`<label class="row"><input type="checkbox" checked=${value === true} onChange=${(event) => set(event.target.checked)} />${label}${hint}</label>`;
  if (schema.enum) return html`<label>${label}<select required=${required} ...${invalid} onChange=${(event) => set(event.target.value)}><option value="" selected=${value === ""}>choose…</option>
    ${schema.enum.map((one) => html`<option value=${one} selected=${one === value}>${words(one)}</option>`)}</select>${hint}</label>`;
  if (schema.format === "binary") return html`<${File} ...${{ label, hint, value, set, required }} />`;
  const numeric = schema.type === "integer" || schema.type === "number";
  const kind = numeric ? "number" : { date: "date", email: "email" }[schema.format] || "text";
  const on = { required, value: value ?? "", onInput: (event) => set(event.target.value), ...invalid };
  if (kind === "text" && !schema.format && !schema.pattern && (LONG.test(name) || schema.maxLength > 400)) return html`<label>${label}<textarea rows=${schema.maxLength > 400 || !schema.maxLength ? 3 : 2} maxlength=${schema.maxLength} ...${on}></textarea>${hint}</label>`;
  return html`<label>${label}<input type=${kind} step=${schema.type === "number" ? "any" : undefined} min=${schema.minimum} max=${schema.maximum} maxlength=${schema.maxLength}
    placeholder=${schema.format === "date-time" ? "2026-01-31T12:00:00Z" : schema.examples?.[0] ?? ""} ...${on} />${hint}</label>`;
}

function List({ schema, root, value, set, errors, pointer, depth, title, hint }) {
  const add = () => set([...value, blank(schema.items, root, depth + 1)]);
  return html`<fieldset><legend>${title}</legend>${hint}${value.map((one, at) => html`<div class="row" key=${at}><div class="stack grow">
      <${Field} name=${`${at + 1}`} schema=${{ ...resolved(schema.items, root), title: `${at + 1}` }} root=${root} required=${true} value=${one} errors=${errors} pointer=${`${pointer}/${at}`} depth=${depth + 1}
        set=${(next) => set(value.map((old, place) => (place === at ? next : old)))} /></div>
      <button type="button" class="quiet" aria-label=${`Remove ${at + 1} of ${title}`} onClick=${() => set(value.filter((_, place) => place !== at))}>✕</button></div>`)}
    <div><button type="button" class="quiet" onClick=${add} disabled=${value.length >= (schema.maxItems ?? 500)}>Add</button></div></fieldset>`;
}

function Json({ value, set, label }) {
  const wrong = useSignal(false);
  const text = useSignal(value === "" || value === undefined ? "" : JSON.stringify(value, null, 1));
  const change = (event) => {
    text.value = event.target.value;
    try {
      set(text.value.trim() ? JSON.parse(text.value) : "");
      wrong.value = false;
    } catch {
      wrong.value = true;
    }
  };
  return html`<label>${label} <span class="hint">as JSON</span><textarea class="mono" rows="4" spellcheck="false" aria-invalid=${wrong.value ? "true" : undefined} value=${text.value} onInput=${change}></textarea>
    ${wrong.value ? html`<span class="badge bad">✕ is not JSON</span>` : null}</label>`;
}

/** A file as the value of a field; it is read here and sent with the question. */
function File({ label, hint, value, set, required }) {
  const told = useSignal("");
  const over = useSignal(false);
  const take = async (file) => {
    over.value = false;
    if (!file) return;
    if (file.size > LARGEST) {
      told.value = `${file.name} is too large; a question has at most 1 MB.`;
      return;
    }
    set(await file.text(), { filename: file.name });
    told.value = `${file.name}, ${file.size.toLocaleString("en")} bytes`;
  };
  return html`<label class="drop ${over.value ? "over" : ""}" onDragOver=${(event) => { event.preventDefault(); over.value = true; }} onDragLeave=${() => (over.value = false)}
      onDrop=${(event) => { event.preventDefault(); take(event.dataTransfer.files[0]); }}>${label}
    <input type="file" required=${required && !value} onChange=${(event) => take(event.target.files[0])} /><span class="hint" role="status">${told.value || "Drop a text file here, or choose one."}</span>${hint}</label>`;
}
