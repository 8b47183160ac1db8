// The page of one review: passages are picked, cited and judged; keys do what buttons do.
import { send, tell, undoLast } from "/static/admin.js";

const form = document.getElementById("resolve");
const correction = document.getElementById("correction");
let sending = false;
const LABELS = ["right", "wrong", "stale"];

/** What was resolved a moment ago is told like everything else that happened. */
function tellDone() {
  const done = document.querySelector("[data-done]");
  if (!done) return;
  const { done: address, review } = done.dataset;
  tell(done.querySelector("p").textContent.trim(), { undo: address });
  document.addEventListener("undone", (event) => { // back to what waits again
    if (event.detail.address === address) location.assign(`/item/${review}`);
  });
  history.replaceState(null, "", location.pathname); // told once, also when the page is loaded again
  done.remove();
}

const picks = (label) => [...document.querySelectorAll(`input[form=resolve][name=${label}]:checked`)];
const chosen = () => form.elements.resolution.value;
const choose = (value) => { form.elements.resolution.value = value; };

/** A passage is one of the three, or none; the same passage may stand on the page twice. */
function judged(box) {
  if (box.checked) {
    for (const other of document.querySelectorAll("input[form=resolve][type=checkbox]")) {
      if (other !== box && other.value === box.value && LABELS.includes(other.name)) other.checked = false;
    }
  }
  suggest();
  count();
}

/** The resolution that fits what was picked, until a person chose one. */
function suggest() {
  if (chosen() && form.dataset.suggested !== chosen()) return;
  const fits = picks("stale").length ? "stale_document" : picks("right").length ? "right_passage" : picks("wrong").length ? "wrong_passage" : "";
  if (fits) choose(fits);
  else for (const one of form.elements.resolution) one.checked = false;
  form.dataset.suggested = fits;
}

function count() {
  const said = LABELS.map((label) => [picks(label).length, label]).filter(([n]) => n).map(([n, label]) => `${n} ${label}`);
  document.getElementById("judged").textContent = said.length ? `Passages: ${said.join(", ")}.` : "";
}

function toggle(number, label) {
  const passage = document.querySelector(`[data-number="${number}"]`);
  const box = passage?.querySelector(`input[name=${label}]`);
  if (!box) return;
  box.checked = !box.checked;
  judged(box);
  passage.scrollIntoView({ block: "nearest" });
}

/** Number the passage, and put its mark where the cursor stands in the correction. */
function cite(passage) {
  const field = passage.querySelector(".as input");
  if (!field.value.trim()) {
    const taken = [...document.querySelectorAll(".as input")].flatMap((one) => one.value.split(",").map(Number));
    field.value = String(Math.max(0, ...taken) + 1);
  }
  const at = correction.selectionEnd;
  correction.setRangeText(` [${field.value.split(",")[0].trim()}]`, at, at, "end");
  correction.dispatchEvent(new Event("input", { bubbles: true }));
  choose("corrected_answer");
  correction.focus();
}

function decide(resolution) {
  choose(resolution);
  form.requestSubmit();
}

function correct() {
  choose("corrected_answer");
  correction.focus();
  correction.scrollIntoView({ block: "center" });
}

const KEYS = {
  a: () => decide("good_example"),
  r: () => decide("no_fault"),
  c: correct,
  p: () => document.getElementById("ask").requestSubmit(),
  u: undoLast,
  "/": () => document.getElementById("search-text").focus(),
};

function pressed(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  const writing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select");
  if (writing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const link = { j: "[data-next]", k: "[data-previous]" }[event.key];
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  if (link) document.querySelector(link)?.click();
  else if (digit && form) toggle(digit, event.shiftKey ? "wrong" : "right");
  else if (KEYS[event.key] && (form || "pu/".includes(event.key))) KEYS[event.key]();
  else return;
  event.preventDefault();
}

/** What was picked of the results stays when others are searched. */
function keepPicked(event) {
  if (event.target.id !== "results") return;
  for (const passage of event.target.querySelectorAll(".passage")) {
    const used = passage.querySelector("input:checked") || passage.querySelector(".as input")?.value;
    if (used) document.getElementById("picked").append(passage);
  }
}

/** What is on the page already, judged or cited, is not shown a second time among the results. */
function readied() {
  for (const button of document.querySelectorAll("[data-cite][hidden]")) button.hidden = !correction;
  for (const passage of document.querySelectorAll("#results .passage")) {
    const id = passage.dataset.passage;
    const twice = [...document.querySelectorAll("#picked .passage")].some((one) => one.dataset.passage === id);
    if (twice) passage.remove();
  }
}

/** Without leaving the page: what the server refuses is told, and nothing that was written is lost. */
async function resolve(event) {
  event.preventDefault();
  if (sending) return;
  sending = true;
  await send(form.action, { body: new FormData(form) }); // goes on to the next where it succeeds
  sending = false;
}

document.addEventListener("keydown", pressed);
document.addEventListener("htmx:afterSwap", readied);
if (form) {
  form.addEventListener("submit", resolve);
  document.addEventListener("htmx:beforeSwap", keepPicked);
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[form=resolve][type=checkbox]")) judged(event.target);
    if (event.target.name === "resolution") form.dataset.suggested = "";
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-cite]");
    if (button) cite(button.closest(".passage"));
  });
  correction.addEventListener("input", () => { if (!chosen()) choose("corrected_answer"); });
  if (location.hash === "#correction") correct();
}
tellDone();
readied();
