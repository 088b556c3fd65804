// A dialog that asks who is there: what is of high risk needs a sign-in that is minutes old.
import { get } from "./api.js";
import { able, signInWithPasskey } from "./passkeys.js";
import { signIn, signInElsewhere } from "./store.js";
import { Trouble } from "./ui.js";
import { html, useEffect, useRef, useSignal } from "./vendor.js";

/** @param {{done: (proved: boolean) => void, what?: string, not?: string, and?: string}} props */
export function Prove({ done, what = "This decision is of high risk, so it needs a fresh sign-in. Your vote is sent when you have signed in.", not = "Do not vote", and = "Sign in and vote" }) {
  const dialog = useRef(/** @type {any} */ (null));
  const ways = useSignal(/** @type {string[]} */ ([]));
  const issuers = useSignal(/** @type {{id: string, title: string}[]} */ ([]));
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  useEffect(() => {
    dialog.current.showModal();
    get("/v1/sign-in").then((found) => {
      issuers.value = found.issuers;
      ways.value = found.ways;
    }, (error) => (problem.value = error));
  }, []);
  const prove = async (way) => {
    busy.value = true;
    problem.value = null;
    try {
      await way();
      done(true);
    } catch (error) {
      problem.value = error;
    } finally {
      busy.value = false;
    }
  };
  const send = (event) => {
    event.preventDefault();
    const key = String(new FormData(event.target).get("key") || "").trim();
    prove(() => signIn(key));
  };
  const passkey = ways.value.includes("passkey") && able();
  const key = ways.value.length && !passkey && !issuers.value.length;
  const elsewhere = (issuer) => signInElsewhere(issuer, true).catch((error) => (problem.value = error));
  return html`<dialog ref=${dialog} onCancel=${() => done(false)} aria-labelledby="prove-title"><form onSubmit=${send}>
    <h2 id="prove-title">Show that it is you</h2>
    <p>${what}</p>
    <${Trouble} problem=${problem.value} />
    ${passkey ? html`<button type="button" autofocus disabled=${busy.value} onClick=${() => prove(signInWithPasskey)}>Use your passkey</button>` : null}
    ${issuers.value.map((one) => html`<button type="button" key=${one.id} disabled=${busy.value} onClick=${() => elsewhere(one.id)}>Sign in again with <span class="text">${one.title}</span></button>`)}
    ${issuers.value.length ? html`<p class="mute">You come back to this screen; then do it again.</p>` : null}
    ${key ? html`<label>API key or token<input name="key" type="password" required autocomplete="current-password" spellcheck="false" maxlength="8192" /></label>` : null}
    <div class="row end"><button type="button" class="quiet" onClick=${() => done(false)}>${not}</button>
      ${key ? html`<button type="submit" disabled=${busy.value}>${and}</button>` : null}</div>
  </form></dialog>`;
}
