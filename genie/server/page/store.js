// What the whole page shares: who is signed in, where we are, whether the server answers, and the time.
import { get, hooks, post, Problem, remove, trust } from "./api.js";
import { effect, signal, useEffect, useSignal } from "./vendor.js";

/** null: not asked yet; false: nobody is signed in. */
export const session = signal(/** @type {any} */ (null));
export const route = signal(parseRoute());
export const online = signal(true);
export const now = signal(Date.now() / 1000);
export const theme = signal(stored("genie-theme") || "system");
/** Read out by a screen reader; at most one in two seconds. */
export const announcement = signal("");
/** @type {import("./vendor/signals-core.js").Signal<{id: number, text: string, tone: string}[]>} */
export const toasts = signal([]);

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage is switched off in this browser
  }
}

effect(() => {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
  try {
    localStorage.setItem("genie-theme", theme.value);
  } catch {
    // storage is switched off in this browser; the theme lasts as long as the tab
  }
});

function parseRoute() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen, ...rest] = path.split("/").map(decoded);
  return { screen: screen || "live", id: rest[0] || "", query: new URLSearchParams(query || "") };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

addEventListener("hashchange", () => (route.value = parseRoute()));
setInterval(() => (now.value = Date.now() / 1000), 1_000);
hooks.reachable = (ok) => (online.value = ok);
hooks.signedOut = () => (session.value = false);

let announced = 0;
let pending = 0;
/** @param {string} text */
export function announce(text) {
  clearTimeout(pending);
  pending = setTimeout(() => {
    announced = Date.now();
    announcement.value = text;
  }, Math.max(0, announced + 2_000 - Date.now()));
}

let toastNumber = 0;
/** @param {string} text @param {string} [tone] */
export function toast(text, tone = "good") {
  const id = ++toastNumber;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone }];
  announce(text);
  setTimeout(() => (toasts.value = toasts.value.filter((one) => one.id !== id)), 6_000);
}

/** Ask the server who we are; a session cookie may have survived a reload. */
export async function resume() {
  try {
    enter(await get("/v1/session"));
  } catch (error) {
    if (error instanceof Problem && error.code === "offline") setTimeout(resume, 3_000);
    else session.value = false;
  }
}

/** Take over who is signed in. */
export function enter(found) {
  trust(found);
  session.value = found;
}

/** @param {string} key */
export async function signIn(key) {
  enter(await post("/v1/session", { key }));
}

/**
 * Leave for an identity provider; the browser comes back to the place where the page is now.
 * @param {string} issuer @param {boolean} [fresh] the person must show again that they are there
 */
export async function signInElsewhere(issuer, fresh = false) {
  const to = /^#\/[\w%.&=?/-]{0,300}$/.test(location.hash) && !location.hash.includes("problem=") ? location.hash : "#/live";
  location.assign((await post("/v1/session/issuer", { issuer, to, fresh })).location);
}

export async function signOut() {
  const elsewhere = session.value && session.value.sign_out;
  try {
    await remove("/v1/session");
    if (elsewhere) location.assign(elsewhere);
  } catch (error) {
    toast(error.message, "bad");
  } finally {
    trust(null);
    session.value = false;
  }
}

/** Say whether who is signed in may do something; a server that lists no rights decides by itself. */
export function may(right) {
  const rights = session.value && session.value.rights;
  return !rights || rights.includes(right);
}

/**
 * Data of one path, fetched now and again each `every_s` while the page can be seen.
 * `data` keeps its last value when a later request fails, so that a screen does not go empty.
 * @param {string | null} path
 * @param {number} [every_s]
 */
export function useData(path, every_s = 0) {
  const state = useSignal(/** @type {{data: any, problem: any, loading: boolean, slow: boolean, at: number}} */ (
    { data: null, problem: null, loading: true, slow: false, at: 0 }
  ));
  const again = useSignal(0);
  const turn = again.value;
  useEffect(() => {
    if (!path) return undefined;
    const stop = new AbortController();
    let timer = 0;
    const load = async () => {
      const late = setTimeout(() => (state.value = { ...state.value, slow: true }), 2_500);
      try {
        const data = await get(path, { signal: stop.signal });
        state.value = { data, problem: null, loading: false, slow: false, at: Date.now() / 1000 };
      } catch (problem) {
        if (stop.signal.aborted) return;
        state.value = { ...state.value, problem, loading: false, slow: false };
      } finally {
        clearTimeout(late);
      }
      if (every_s && !stop.signal.aborted) timer = setTimeout(tick, every_s * 1_000);
    };
    const tick = () => (document.hidden ? (timer = setTimeout(tick, 1_000)) : load());
    load();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, every_s, turn]);
  return { ...state.value, reload: () => (again.value += 1) };
}
