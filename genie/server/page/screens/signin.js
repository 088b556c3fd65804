// Sign in at an identity provider, with a passkey or an API key, or register a passkey with an invitation. No secret is kept by the page.
import { get } from "../api.js";
import { able, register, signInWithPasskey } from "../passkeys.js";
import { route, signIn, signInElsewhere } from "../store.js";
import { Trouble } from "../ui.js";
import { html, useEffect, useSignal } from "../vendor.js";

const BACK = {
  rate_limited: "Too many sign-ins were tried. Wait a moment.",
  overflow: "The identity provider cannot be reached now. Try again in a moment.",
  unauthenticated: "The identity provider did not sign you in, or you have no access here. Try again, or ask whoever manages access.",
};

export default function SignIn() {
  const came = route.value.query.get("problem"); // the code that the way back from an identity provider ended with
  const problem = useSignal(/** @type {any} */ (came ? { code: came, message: "You are not signed in", detail: BACK[came] || BACK.unauthenticated } : null));
  const busy = useSignal(false);
  const ways = useSignal(/** @type {string[]} */ ([]));
  const issuers = useSignal(/** @type {{id: string, title: string}[]} */ ([]));
  const invited = useSignal(false);
  useEffect(() => {
    document.title = "Sign in · Genie";
    get("/v1/sign-in").then((found) => {
      issuers.value = found.issuers;
      ways.value = found.ways;
    }, () => (ways.value = ["key"]));
  }, []);
  const go = async (way, refused) => {
    busy.value = true;
    problem.value = null;
    try {
      await way();
    } catch (error) {
      problem.value = error.code === "unauthenticated" ? { code: error.code, ...refused } : error;
    } finally {
      busy.value = false;
    }
  };
  const send = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const text = (name) => String(given.get(name) || "").trim();
    if (invited.value) {
      go(() => register(text("key"), text("name") || "passkey"), { message: "This invitation is not accepted", detail: "It is unknown, used or over." });
    } else {
      go(() => signIn(text("key")), { message: "This key is not accepted", detail: "It is unknown, revoked or expired." });
    }
  };
  const usePasskey = () => go(signInWithPasskey, { message: "This passkey is not accepted", detail: "It is not registered here, or its person has no access any more." });
  const passkeys = ways.value.includes("passkey") && able();
  const first = !passkeys && !issuers.value.length; // nothing better than a key
  return html`<main class="signin"><form onSubmit=${send} class="card">
    <p class="brand"><span class="mark" aria-hidden="true"></span>Genie</p>
    <h1>${invited.value ? "Register a passkey" : "Sign in"}</h1>
    ${passkeys && !invited.value ? html`<button type="button" disabled=${busy.value} onClick=${usePasskey}>Sign in with a passkey</button>` : null}
    ${invited.value ? null : issuers.value.map((one) => html`<button type="button" key=${one.id} disabled=${busy.value} onClick=${() => go(() => signInElsewhere(one.id), {})}>Sign in with <span class="text">${one.title}</span></button>`)}
    <p class="mute">${invited.value ? html`Use the invitation that you got. Your device then asks you to unlock it.` : html`${first ? "Use" : "Or use"} an API key of this server. <code>genie keys create</code> makes one.`}</p>
    <label>${invited.value ? "Invitation" : "API key"}<input name="key" type="password" required autocomplete=${invited.value ? "off" : "current-password"} spellcheck="false" maxlength="8192"
      placeholder="gk_…" aria-invalid=${problem.value ? "true" : undefined} /></label>
    ${invited.value ? html`<label>Name of this device<input name="name" maxlength="100" placeholder="my laptop" /></label>` : null}
    <${Trouble} problem=${problem.value} />
    <button type="submit" class=${first || invited.value ? "" : "quiet"} disabled=${busy.value}>${busy.value ? "One moment…" : invited.value ? "Register" : "Sign in"}</button>
    ${passkeys ? html`<button type="button" class="quiet" onClick=${() => (invited.value = !invited.value)}>${invited.value ? "I have a passkey or a key" : "I have an invitation"}</button>` : null}
  </form></main>`;
}
