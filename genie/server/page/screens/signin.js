// Sign in with an API key; the key is exchanged for a session cookie and is not kept by the page.
import { signIn } from "../store.js";
import { Trouble } from "../ui.js";
import { html, useEffect, useSignal } from "../vendor.js";

export default function SignIn() {
  const problem = useSignal(/** @type {any} */ (null));
  const busy = useSignal(false);
  useEffect(() => {
    document.title = "Sign in · Genie";
  }, []);
  const send = async (event) => {
    event.preventDefault();
    const key = String(new FormData(event.target).get("key") || "").trim();
    busy.value = true;
    problem.value = null;
    try {
      await signIn(key);
    } catch (error) {
      problem.value = error.code === "unauthenticated"
        ? { message: "This key is not accepted", code: error.code, detail: "It is unknown, revoked or expired." }
        : error;
    } finally {
      busy.value = false;
    }
  };
  return html`<main class="signin"><form onSubmit=${send} class="card">
    <p class="brand"><span class="mark" aria-hidden="true"></span>Genie</p>
    <h1>Sign in</h1>
    <p class="mute">Use an API key of this server. <code>genie keys add</code> creates one.</p>
    <label>API key<input name="key" type="password" required autocomplete="current-password" spellcheck="false" maxlength="400"
      placeholder="gk_…" aria-invalid=${problem.value ? "true" : undefined} /></label>
    <${Trouble} problem=${problem.value} />
    <button type="submit" disabled=${busy.value}>${busy.value ? "Signing in…" : "Sign in"}</button>
  </form></main>`;
}
