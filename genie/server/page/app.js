// The frame of the page: navigation, connection, theme, and the screen that the address names.
import { announcement, now, online, resume, route, session, signOut, theme, toasts } from "./store.js";
import { Trouble } from "./ui.js";
import { html, render, useEffect, useSignal } from "./vendor.js";

const SCREENS = {
  live: { title: "Live", icon: "M4 7h6M14 7h6M10 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M12 9v6M10 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0", load: () => import("./screens/live.js") },
  runs: { title: "Runs", icon: "M4 6h9M4 12h16M4 18h12", load: () => import("./screens/runs.js") },
  ask: { title: "Ask", icon: "M4 5h16v11H9l-5 4z", load: () => import("./screens/ask.js") },
  approvals: { title: "Approvals", icon: "M5 12l5 5L20 7", load: () => import("./screens/approvals.js") },
  letters: { title: "Dead letters", icon: "M3 6h18v12H3zM3 7l9 7 9-7", load: () => import("./screens/letters.js") },
  agents: { title: "Agents", icon: "M12 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8M4 20c1-4 4-6 8-6s7 2 8 6", load: () => import("./screens/agents.js") },
  policies: { title: "Policies", icon: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z", load: () => import("./screens/policies.js") },
  audit: { title: "Audit", icon: "M10 4a6 6 0 1 0 0 12 6 6 0 1 0 0-12M15 15l5 5", load: () => import("./screens/audit.js") },
  spend: { title: "Spend", icon: "M4 8c0-2 4-3 8-3s8 1 8 3-4 3-8 3-8-1-8-3M4 8v8c0 2 4 3 8 3s8-1 8-3V8M4 12c0 2 4 3 8 3s8-1 8-3", load: () => import("./screens/spend.js") },
  system: { title: "System", icon: "M4 19V9M10 19V5M16 19v-7M20 19H3", load: () => import("./screens/system.js") },
};
const OTHERS = {
  run: { title: "Run", load: () => import("./screens/run.js"), under: "runs" },
  policy: { title: "Policy file", load: () => import("./screens/policy.js"), under: "policies" },
};
const THEMES = ["system", "light", "dark"];

function Icon({ path }) {
  return html`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor"
    stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"><path d=${path} /></svg>`;
}

function Screen() {
  const name = route.value.screen;
  const screen = SCREENS[name] || OTHERS[name];
  const loaded = useSignal({ name: "", view: /** @type {any} */ (null), problem: /** @type {any} */ (null) });
  useEffect(() => {
    if (!screen) return undefined;
    let left = false; // a screen that is slow to load must not replace the one that was opened after it
    screen.load().then(
      (module) => left || (loaded.value = { name, view: module.default, problem: null }),
      () => left || (loaded.value = { name, view: null, problem: { message: "This screen could not be loaded", code: "offline", detail: "Reload the page when the server is back." } }),
    );
    return () => {
      left = true;
    };
  }, [name]);
  if (!screen) return html`<section class="page"><h1>Nothing here</h1><p>No screen has this address. <a href="#/live">Go to Live</a>.</p></section>`;
  if (loaded.value.problem) return html`<${Trouble} problem=${loaded.value.problem} again=${() => location.reload()} />`;
  if (loaded.value.name !== name) return html`<div class="skeleton" role="status" aria-label="Loading"><i></i><i></i></div>`;
  return html`<${loaded.value.view} key=${`${name}/${route.value.id}`} id=${route.value.id} query=${route.value.query} />`;
}

function Frame() {
  const at = OTHERS[route.value.screen]?.under || route.value.screen;
  const who = session.value;
  useEffect(() => document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }), [at]);
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  return html`<div class="frame">
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to the content</a>
    <nav aria-label="Screens" class="side">
      <a class="brand" href="#/live"><span class="mark" aria-hidden="true"></span>Genie</a>
      <ul>${Object.entries(SCREENS).map(([name, one]) => html`<li key=${name}>
        <a href=${`#/${name}`} aria-current=${at === name ? "page" : undefined}><${Icon} path=${one.icon} /><span>${one.title}</span></a></li>`)}</ul>
      <div class="who"><div><strong class="text">${who.user || "signed in"}</strong><small class="text">${who.tenant || "no tenant"}</small></div>
        <div class="row"><button type="button" class="quiet" onClick=${() => (theme.value = next)}
            aria-label=${`Theme: ${theme.value}. Change to ${next}`}>${{ system: "◐", light: "☀", dark: "☾" }[theme.value]}</button>
          <button type="button" class="quiet" onClick=${signOut}>Sign out</button></div></div>
    </nav>
    <main id="main" tabindex="-1">
      ${online.value ? null : html`<div class="offline" role="status">No connection to the server. What you see is from before; this page keeps trying.</div>`}
      <${Screen} />
    </main>
    <${Toasts} />
  </div>`;
}

function Toasts() {
  return html`<div class="toasts" aria-hidden="true">${toasts.value.map((one) => html`<div key=${one.id} class="toast ${one.tone}">${one.text}</div>`)}</div>`;
}

function App() {
  const signin = useSignal(/** @type {any} */ (null));
  useEffect(() => {
    if (session.value === false && !signin.value) import("./screens/signin.js").then((module) => (signin.value = module.default));
  }, [session.value]);
  let shown = html`<p class="boot" role="status">Loading Genie…${online.value ? "" : " The server cannot be reached; still trying."}</p>`;
  if (session.value) shown = html`<${Frame} />`;
  else if (session.value === false && signin.value) shown = html`<${signin.value} />`;
  return html`${shown}<div class="sr" aria-live="polite">${announcement.value}</div>`;
}

document.addEventListener("visibilitychange", () => (now.value = Date.now() / 1000));
const root = document.getElementById("app");
root.textContent = "";
render(html`<${App} />`, root);
resume();
