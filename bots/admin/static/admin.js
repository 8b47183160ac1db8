// What every page shares: what happened is told at the lower edge, dialogs open, "?" shows the keys of the page.
// A response tells by its header: HX-Trigger: {"told": "sentence"} or {"told": {"text": "sentence", "undo": "/undo/17"}}.

const SHOWN_MS = 7000;
const told = document.getElementById("told");
const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["x-csrf-token"] || "";

/** Show a sentence; with undo (an address), a button that takes back what happened. */
export function tell(text, { undo = "", bad = false } = {}) {
  const toast = document.createElement("div");
  toast.className = bad ? "toast bad" : "toast";
  const sentence = document.createElement("p");
  sentence.textContent = text;
  toast.append(sentence);
  if (undo) toast.append(button("Undo", "", () => takeBack(undo, toast)));
  toast.append(button("×", "close", () => toast.remove(), "Dismiss"));
  while (told.children.length > 2) told.firstElementChild.remove();
  told.append(toast);
  leaveAfter(toast, undo || bad ? 2 * SHOWN_MS : SHOWN_MS);
  return toast;
}

/** Send a request from our own page; null where it failed, which has been told. */
export async function send(address, { method = "POST", body = null } = {}) {
  const headers = { "x-csrf-token": csrf(), "hx-request": "true" };
  let response;
  try {
    response = await fetch(address, { method, body, headers });
  } catch {
    tell("The server cannot be reached. Try again in a moment.", { bad: true });
    return null;
  }
  announced(response.headers.get("hx-trigger"));
  const elsewhere = response.headers.get("hx-redirect") || (response.redirected && response.url);
  if (response.ok && !elsewhere) return response;
  if (elsewhere) location.assign(elsewhere);
  else tell(sentenceOf(await response.text()), { bad: true });
  return null;
}

/** Take back the latest thing that a toast offers to take back; false where there is none. */
export function undoLast() {
  const offered = [...told.querySelectorAll(".toast [data-undo]")].at(-1);
  offered?.click();
  return Boolean(offered);
}

function button(text, kind, act, label = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = text;
  if (label) made.setAttribute("aria-label", label);
  if (text === "Undo") made.dataset.undo = "";
  made.addEventListener("click", act);
  return made;
}

async function takeBack(address, toast) {
  toast.remove();
  const response = await send(address);
  if (response) document.dispatchEvent(new CustomEvent("undone", { detail: { address } }));
  if (response && !document.querySelector("[data-follows-undo]")) location.reload();
}

/** It stays while the pointer or the focus is on it. */
function leaveAfter(toast, milliseconds) {
  let timer = setTimeout(() => toast.remove(), milliseconds);
  const stay = () => clearTimeout(timer);
  const leave = () => { timer = setTimeout(() => toast.remove(), SHOWN_MS / 2); };
  toast.addEventListener("pointerenter", stay);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("pointerleave", leave);
  toast.addEventListener("focusout", leave);
}

/** For what our own fetch() brings; htmx reads the header of its own requests itself. */
function announced(header) {
  if (!header?.startsWith("{")) return;
  const said = JSON.parse(header).told;
  if (said) tell(said.text ?? said, said);
}

/** The sentence of a page of error.html. */
function sentenceOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const sentence = page.querySelector("[data-sentence]")?.textContent.trim();
  return sentence || "This did not work. Reload the page and try again.";
}

document.addEventListener("told", (event) => {
  const said = event.detail?.value ?? event.detail;
  tell(said.text ?? String(said), said);
});
document.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.xhr.getResponseHeader("hx-redirect")) tell(sentenceOf(event.detail.xhr.responseText), { bad: true });
});
for (const kind of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(kind, () => tell("The server cannot be reached. Try again in a moment.", { bad: true }));
}

/** What scrolls sideways is reached by the keyboard, and has a name. */
function reachable() {
  for (const region of document.querySelectorAll(".scroll, .prose table, pre")) {
    if (region.scrollWidth <= region.clientWidth || region.hasAttribute("tabindex")) continue;
    region.tabIndex = 0;
    const name = region.querySelector("caption")?.textContent.trim() || region.querySelector("table")?.ariaLabel;
    if (!name || region.hasAttribute("role")) continue;
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", name);
  }
}
reachable();
addEventListener("resize", reachable);
document.addEventListener("htmx:afterSettle", reachable);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement) event.target.close(); // its backdrop
  for (const open of document.querySelectorAll("details.confirm[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector("details.confirm[open], details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  }
  const writing = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  if (event.key === "?" && !writing && !document.querySelector("dialog[open]")) document.getElementById("keys")?.showModal();
});
