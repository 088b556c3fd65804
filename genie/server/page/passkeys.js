// Passkeys: bytes of the browser's authenticator as the API writes them, to register one and to sign in.
import { post, Problem } from "./api.js";
import { enter } from "./store.js";

const REFUSED = { code: "passkey", title: "The passkey was not used", detail: "It was cancelled, or this device has none for this page." };

/** Whether this browser can use passkeys here: over https, or on localhost. */
export const able = () => typeof PublicKeyCredential === "function" && Boolean(navigator.credentials);

function bytes(text) {
  const whole = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(whole, (one) => one.charCodeAt(0));
}

function text(buffer) {
  const whole = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(whole).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function asked(make) {
  let made;
  try {
    made = await make();
  } catch {
    throw new Problem(REFUSED);
  }
  if (!made) throw new Problem(REFUSED);
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  return { id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} };
}

/** Sign in; also the fresh proof of who is there. */
export async function signInWithPasskey() {
  const options = await post("/v1/session/passkey/challenge", {});
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: [] };
  enter(await post("/v1/session/passkey", { credential: await asked(() => navigator.credentials.get({ publicKey })) }));
}

/** @param {string} invitation @param {string} name */
export async function register(invitation, name) {
  const options = await post("/v1/passkeys/registration", { invitation });
  const publicKey = {
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: [],
  };
  const credential = await asked(() => navigator.credentials.create({ publicKey }));
  enter(await post("/v1/passkeys", { invitation, name, credential }));
}
