// Requests to the API of the same origin, and server-sent events with resume.

export class Problem extends Error {
  /** @param {{code: string, status?: number, title?: string, detail?: string, errors?: {pointer: string, problem: string}[], run?: string}} facts */
  constructor(facts) {
    super(facts.title || facts.code);
    this.code = facts.code;
    this.status = facts.status || 0;
    this.detail = facts.detail || "";
    this.errors = facts.errors || [];
    this.facts = facts;
  }
}

/** Called when the server no longer accepts who we are. */
export const hooks = { signedOut: () => {}, reachable: (_ok) => {} };

let secret = "";
/** The secret of the session, which no other site can read; requests that change something carry it. */
export const trust = (found) => (secret = found?.csrf || "");

function headersOf(more) {
  return { Accept: "application/json", ...(secret ? { "X-CSRF-Token": secret } : {}), ...more };
}

/**
 * Send one request; a problem of the server is thrown as a Problem, and so is a network without an answer.
 * @param {string} method
 * @param {string} path
 * @param {{body?: unknown, headers?: Record<string, string>, within_ms?: number, signal?: AbortSignal, text?: boolean}} [more]
 */
export async function call(method, path, more = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort("slow"), more.within_ms || 20_000);
  more.signal?.addEventListener("abort", () => stop.abort("left"));
  const headers = headersOf(more.headers);
  const init = { method, headers, signal: stop.signal, credentials: "same-origin", cache: "no-store" };
  if (more.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(more.body);
  }
  let response;
  try {
    response = await fetch(path, init);
    hooks.reachable(true);
    const text = await response.text();
    if (response.ok) return more.text ? text : text ? JSON.parse(text) : null;
    throw problemOf(response, text, path);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (more.signal?.aborted) throw new Problem({ code: "left", title: "The request was given up" });
    if (stop.signal.aborted) throw new Problem({ code: "slow", title: "The server took too long to answer" });
    if (response) throw new Problem({ code: "unreadable", status: response.status, title: "The answer cannot be read" });
    hooks.reachable(false);
    throw new Problem({ code: "offline", title: "The server cannot be reached" });
  } finally {
    clearTimeout(timer);
  }
}

function problemOf(response, text, path) {
  let facts = {};
  try {
    facts = JSON.parse(text) || {};
  } catch {
    facts = {};
  }
  const code = typeof facts.code === "string" ? facts.code : `http_${response.status}`;
  if (response.status === 401 && path !== "/v1/session") hooks.signedOut();
  return new Problem({ ...facts, code, status: response.status, title: facts.title || `The server answered ${response.status}` });
}

export const get = (path, more) => call("GET", path, more);
export const post = (path, body, more) => call("POST", path, { ...more, body });
export const remove = (path) => call("DELETE", path);

const LONGEST_LINE = 1_000_000;
const PAUSES_MS = [300, 1_000, 2_000, 5_000, 10_000, 15_000];

/**
 * Follow a stream of events until it ends or `close` is called; a broken connection is resumed after the last event.
 * @param {string} path
 * @param {(event: {id: string, event: string, data: any}) => void} onEvent
 * @param {(state: "live" | "reconnecting" | "ended" | "refused", problem?: Problem) => void} onState
 */
export function follow(path, onEvent, onState) {
  const stop = new AbortController();
  let last = "";
  let failures = 0;

  async function once() {
    const headers = headersOf({ Accept: "text/event-stream" });
    if (last) headers["Last-Event-ID"] = last;
    const response = await fetch(path, { headers, signal: stop.signal, credentials: "same-origin", cache: "no-store" });
    if (response.status === 204) return "ended";
    if (!response.ok || !response.body) {
      const problem = problemOf(response, await response.text(), path);
      if (response.status < 500 && response.status !== 429) throw problem;
      throw new TypeError(problem.code);
    }
    hooks.reachable(true);
    onState("live");
    failures = 0;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return "";
      rest += value;
      if (rest.length > LONGEST_LINE) rest = "";
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() || "";
      for (const block of blocks) {
        const found = parsed(block);
        if (!found) continue;
        if (found.id) last = found.id;
        onEvent(found);
        if (found.event === "end") {
          if (found.data.status === "unauthenticated") hooks.signedOut();
          return "ended";
        }
      }
    }
  }

  async function run() {
    while (!stop.signal.aborted) {
      try {
        if ((await once()) === "ended") return onState("ended");
      } catch (error) {
        if (stop.signal.aborted) return undefined;
        if (error instanceof Problem) return onState("refused", error);
      }
      if (stop.signal.aborted) return undefined;
      onState("reconnecting");
      const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)];
      failures += 1;
      await new Promise((wake) => {
        setTimeout(wake, pause);
        addEventListener("online", wake, { once: true });
        stop.signal.addEventListener("abort", wake, { once: true });
      });
    }
    return undefined;
  }
  run();
  return { close: () => stop.abort() };
}

function parsed(block) {
  const found = { id: "", event: "message", data: null };
  const lines = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("id:")) found.id = line.slice(3).trim();
    else if (line.startsWith("event:")) found.event = line.slice(6).trim();
    else if (line.startsWith("data:")) lines.push(line.slice(5).trimStart());
  }
  if (!lines.length) return null;
  try {
    found.data = JSON.parse(lines.join("\n"));
  } catch {
    return null;
  }
  return found;
}
