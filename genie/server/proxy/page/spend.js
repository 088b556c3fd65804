// What keys, conversations and models have spent; the key itself is kept by the server's session alone.
const EVERY_MS = 5000;
const KINDS = [["key", "Keys"], ["conversation", "Conversations"], ["model", "Models"]];
const COLUMNS = [
  ["Name", (one) => one.user ? `${one.name} (${one.user})` : one.name, ""], ["Period", (one) => one.period || "all time", ""],
  ["Cost", (one) => one.cost, "number"], ["Reserved", (one) => one.reserved_cost, "number"],
  ["Limit", (one) => one.limit_cost ?? "", "number"], ["Tokens", (one) => one.tokens.toLocaleString(), "number"],
  ["Token limit", (one) => one.limit_tokens?.toLocaleString() ?? "", "number"], ["Calls", (one) => one.calls, "number"],
  ["Refused", (one) => one.refused, "number"], ["Estimated", (one) => one.estimated, "number"],
];
const at = (id) => document.getElementById(id);
let csrf = "";
let timer = 0;

function made(tag, text, name) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (name) node.className = name;
  return node;
}

function used(one) {
  const cell = made("td");
  const [spent, most] = one.limit_cost ? [Number(one.cost), Number(one.limit_cost)] : [one.tokens, one.limit_tokens];
  if (!most) return cell;
  const meter = made("meter");
  Object.assign(meter, { min: 0, max: most, value: spent, high: most * 0.8, title: `${Math.round((spent / most) * 100)} % used` });
  meter.setAttribute("aria-label", `${Math.round((spent / most) * 100)} % used`);
  cell.append(meter);
  return cell;
}

function table(accounts) {
  const node = made("table");
  const head = made("tr");
  for (const [title, , name] of COLUMNS) head.append(made("th", title, name));
  head.append(made("th", "Used"));
  node.append(made("thead"), made("tbody"));
  node.tHead.append(head);
  for (const one of accounts) {
    const row = made("tr");
    for (const [, value, name] of COLUMNS) row.append(made("td", String(value(one)), name));
    row.append(used(one));
    node.tBodies[0].append(row);
  }
  const scroll = made("div", undefined, "scroll");
  scroll.append(node);
  return scroll;
}

async function show() {
  clearTimeout(timer);
  const answer = await fetch("/v1/spend").catch(() => null);
  if (answer === null) {
    at("state").textContent = "The proxy does not answer. Trying again.";
  } else if (answer.status === 401) {
    signedOut("Sign in with an API key to see what was spent.");
    return;
  } else if (!answer.ok) {
    signedOut("This key may not see what was spent.");
    return;
  } else {
    const { accounts } = await answer.json();
    at("accounts").replaceChildren(...KINDS.flatMap(([kind, title]) => {
      const found = accounts.filter((one) => one.kind === kind);
      return found.length ? [made("h2", title), table(found)] : [];
    }));
    at("state").textContent = accounts.length ? `Updated ${new Date().toLocaleTimeString()}` : "Nothing was spent yet.";
    at("enter").hidden = true;
    at("leave").hidden = !csrf;
  }
  timer = setTimeout(show, EVERY_MS);
}

function signedOut(text) {
  at("accounts").replaceChildren();
  at("state").textContent = text;
  at("enter").hidden = false;
  at("leave").hidden = true;
}

at("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ key: at("key").value });
  at("key").value = "";
  const answer = await fetch("/v1/session", { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) {
    signedOut("The key is not valid.");
    return;
  }
  csrf = (await answer.json()).csrf;
  await show();
});
at("leave").addEventListener("click", async () => {
  await fetch("/v1/session", { method: "DELETE", headers: { "x-csrf-token": csrf } });
  csrf = "";
  clearTimeout(timer);
  signedOut("Signed out.");
});
const session = await fetch("/v1/session");
if (session.ok) csrf = (await session.json()).csrf ?? "";
await show();
