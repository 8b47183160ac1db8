// The queue by keyboard: the focus is on the question of a row, so that a screen reader reads it, and Tab works as ever.
// Without this script every button and link does the same by a form.

import { send, tell, undoLast } from "/static/admin.js";

const filters = document.getElementById("filters");
const list = () => document.getElementById("queue");
const rows = () => [...document.querySelectorAll("#rows > .entry")];
const current = () => document.activeElement?.closest?.("#rows > .entry") || null;
const link = (row) => row.querySelector("h2 a");
const pending = () => list().dataset.state === "pending";
let last = 0; // where the focus was, should its row be gone

function go(row) {
  if (!row) return;
  last = rows().indexOf(row);
  link(row).focus();
  row.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = rows();
  const at = current() ? all.indexOf(current()) + by : by > 0 ? 0 : all.length - 1;
  if (all.length) go(all[Math.max(0, Math.min(all.length - 1, at))]);
}

/** Show the queue as it is now; the focus stays on its review, or where that was. */
async function reload() {
  const focused = current()?.dataset.review;
  const had = Boolean(focused) || document.activeElement === document.body;
  const searched = filters.elements.text.value.trim();
  const response = searched
    ? await send("/queue", { body: new FormData(filters) })
    : await send(location.pathname + location.search, { method: "GET" });
  if (!response) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("queue");
  if (!fresh) return;
  const ticked = new Set([...list().querySelectorAll("[name=review]:checked")].map((box) => box.value));
  list().replaceWith(document.adoptNode(fresh));
  const waiting = page.getElementById("to-review");
  if (waiting) document.getElementById("to-review")?.replaceWith(document.adoptNode(waiting));
  for (const box of list().querySelectorAll("[name=review]")) box.checked = ticked.has(box.value);
  count();
  const all = rows();
  if (had) go(all.find((row) => row.dataset.review === focused) || all[Math.min(last, all.length - 1)]);
}

/** Do it with these reviews; rows that were decided leave, and the focus goes to the next. */
async function act(does, ids, all = false) {
  const body = new FormData(document.getElementById("bulk"));
  for (const name of ["do", "one", "review", "all"]) body.delete(name);
  body.append("do", does);
  if (all) body.append("all", "1");
  for (const id of ids) body.append("review", id);
  const leaving = all ? rows() : rows().filter((row) => ids.includes(row.dataset.review));
  const at = rows().indexOf(leaving[0]);
  const response = await send("/queue/decide", { body });
  if (response && (does === "approve" || does === "reject")) {
    for (const row of leaving) row.remove();
    const left = rows();
    last = Math.max(0, Math.min(at, left.length - 1));
    go(left[last]);
  }
  await reload(); // also where it failed: somebody else was faster
}

function count() {
  const told = document.getElementById("ticked");
  if (!told) return;
  const form = document.getElementById("bulk");
  const number = form.querySelectorAll("[name=review]:checked").length;
  const all = form.elements.all.checked;
  told.textContent = all ? "All that match are selected" : number ? `${number} selected` : "Select several to decide at once";
}

const tick = (row) => {
  const box = row?.querySelector("[name=review]");
  if (box) { box.checked = !box.checked; count(); }
};
const decide = (does) => {
  const row = current();
  if (!pending()) return;
  if (row) act(does, [row.dataset.review]);
  else tell("Go to a review first, with j or k.");
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => current() && link(current()).click(),
  x: () => tick(current()),
  a: () => decide("approve"),
  r: () => decide("reject"),
  e: () => decide("assign"),
  c: () => { if (current()) location.assign(`${link(current()).href}#correction`); },
  u: () => { if (!undoLast()) tell("There is nothing to undo."); },
  "/": () => filters.elements.text.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const does = keys[event.key];
  if (does) { event.preventDefault(); does(); }
});

document.addEventListener("focusin", () => { if (current()) last = rows().indexOf(current()); });
document.addEventListener("change", (event) => {
  if (event.target.closest("#bulk")) count();
  else if (event.target.closest("#filters select")) filters.requestSubmit();
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "bulk") return;
  event.preventDefault();
  const pressed = event.submitter;
  if (!pressed) return;
  if (pressed.name === "one") {
    const [does, id] = pressed.value.split(":");
    act(does, [id]);
    return;
  }
  const form = event.target;
  const ids = [...form.querySelectorAll("[name=review]:checked")].map((box) => box.value);
  if (!ids.length && !form.elements.all.checked) tell("Select at least one review.");
  else act(pressed.value, ids, form.elements.all.checked);
});
document.addEventListener("undone", reload);
