// The chat page: asks the API, shows answers with their sources, sends votes. Whatever comes from the API becomes
// text nodes (see markdown.js); nothing here writes HTML.

import { render } from "./markdown.js";

const WAIT_MS = 120_000;
const COUNT_FROM = 3_600;

const page = Object.fromEntries(
  ["new", "welcome", "suggestions", "conversation", "status", "composer", "question", "count"].map((id) => [id, document.getElementById(id)]),
);
const send = page.composer.querySelector(".send");
let thread = randomId();
let waiting = false;
let answers = 0;

// Asking

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = page.question.value.trim();
  if (!text || waiting) return;
  page.question.value = "";
  resize();
  ask(text);
});

page.question.addEventListener("input", resize);
page.question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  page.composer.requestSubmit();
});

page.new.addEventListener("click", () => {
  thread = randomId();
  page.conversation.replaceChildren();
  page.welcome.hidden = false;
  page.new.hidden = true;
  page.status.textContent = "";
  page.question.focus();
});

async function ask(text) {
  page.welcome.hidden = true;
  page.new.hidden = false;
  const asked = clone("question");
  asked.querySelector("p").textContent = text;
  page.conversation.append(asked);
  await answer(text);
}

async function answer(text) {
  const mine = thread;
  const dots = clone("waiting");
  page.conversation.append(dots);
  dots.scrollIntoView({ block: "nearest" });
  setWaiting(true);
  page.status.textContent = "Looking in the documents…";
  const reply = await call("/api/ask", { question: text, thread: mine });
  dots.remove();
  setWaiting(false);
  if (mine !== thread) return; // a new conversation was begun meanwhile
  if (reply.error) showFailure(text, reply);
  else showAnswer(reply);
}

function setWaiting(value) {
  waiting = value;
  page.conversation.setAttribute("aria-busy", String(value));
  resize();
}

function showFailure(text, { error, status }) {
  const failure = clone("failure");
  failure.querySelector("p").textContent = error;
  const button = failure.querySelector("button");
  const reword = status >= 400 && status < 500 && status !== 429;
  button.textContent = reword ? "Edit the question" : "Try again";
  button.addEventListener("click", () => {
    failure.remove();
    page.question.focus();
    if (!reword) {
      answer(text);
      return;
    }
    page.question.value = text;
    resize();
  });
  page.status.textContent = "";
  page.conversation.append(failure);
  failure.scrollIntoView({ block: "nearest" });
}

// Answers

function showAnswer(reply) {
  answers += 1;
  const article = clone("answer");
  const sources = reply.abstained ? reply.nearest : reply.citations;
  article.classList.toggle("abstained", reply.abstained);
  article.classList.toggle("unsure", reply.unsure);
  if (reply.abstained) note(article, "none", "Not found in the documents");
  else if (reply.unsure) note(article, "unsure", "Not sure – please check this against the sources");
  showSources(article, sources, reply.abstained ? "Closest documents" : "Sources");
  const text = article.querySelector(".text");
  text.append(render(reply.text, (number) => citation(article, reply.citations, number)));
  article.querySelector(".small").textContent = smallPrint(reply);
  article.querySelector(".copy").addEventListener("click", (event) => copy(event.currentTarget, reply));
  votes(article, reply.answer_id);
  page.conversation.append(article);
  page.status.textContent = spoken(text, sources.length, reply.abstained);
  article.previousElementSibling.scrollIntoView({ block: "start" });
}

function note(article, icon, text) {
  const line = article.querySelector(".note");
  line.hidden = false;
  line.querySelector("use").setAttribute("href", `#icon-${icon}`);
  line.querySelector("span").textContent = text;
}

function showSources(article, sources, heading) {
  if (sources.length === 0) return;
  const section = article.querySelector(".sources");
  section.hidden = false;
  section.querySelector("h3").textContent = heading;
  section.querySelector("ol").append(...sources.map(source));
}

function source({ number, title, location, quote, place }) {
  const item = clone("source");
  item.id = `source-${answers}-${number}`;
  item.querySelector(".number").textContent = number;
  item.querySelector(".title").textContent = title || "Untitled";
  item.querySelector(".place").textContent = place;
  fill(item.querySelector("blockquote"), quote);
  where(item.querySelector(".where"), location);
  return item;
}

/** Only what a page may open becomes a link; a file is named by its path, anything else not at all. */
function where(line, location) {
  const url = parsed(location);
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    const link = document.createElement("a");
    link.href = url.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = url.host + decoded(url.pathname === "/" ? "" : url.pathname);
    link.append(icon("out"));
    line.append(link);
  } else {
    fill(line, url?.protocol === "file:" ? decoded(url.pathname) : "");
  }
}

function citation(article, citations, number) {
  const cited = citations.find((each) => each.number === number);
  if (!cited) return null;
  const item = article.querySelector(`#source-${answers}-${number}`);
  const raised = document.createElement("sup");
  const button = raised.appendChild(document.createElement("button"));
  button.type = "button";
  button.className = "cite";
  button.textContent = number;
  button.title = [cited.title, cited.place].filter(Boolean).join(" · ");
  button.setAttribute("aria-label", `Source ${number}: ${button.title}`);
  button.addEventListener("click", () => reveal(item));
  return raised;
}

function reveal(item) {
  item.querySelector("details").open = true;
  item.querySelector("summary").focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  item.classList.remove("found");
  requestAnimationFrame(() => item.classList.add("found"));
}

function smallPrint({ release, timings_ms: timings }) {
  const total = timings.total;
  const time = total === undefined ? "" : total < 1000 ? `${Math.max(1, Math.round(total))} ms` : `${(total / 1000).toFixed(1)} s`;
  return [release && `release ${release}`, time].filter(Boolean).join(" · ");
}

function spoken(text, sources, abstained) {
  const words = text.cloneNode(true);
  for (const number of words.querySelectorAll("sup")) number.remove();
  if (abstained) return `Not found. ${words.textContent}`;
  return `Answer: ${words.textContent} ${sources === 1 ? "1 source" : `${sources} sources`}.`;
}

async function copy(button, reply) {
  const lines = reply.citations.map((each) => `[${each.number}] ${[each.title, each.place, each.location].filter(Boolean).join(" · ")}`);
  const done = await write([reply.text, lines.join("\n")].filter(Boolean).join("\n\n"));
  const use = button.querySelector("use");
  use.setAttribute("href", done ? "#icon-done" : "#icon-copy");
  button.closest(".actions").querySelector(".thanks").textContent = done ? "Copied." : "The browser did not allow copying.";
  setTimeout(() => use.setAttribute("href", "#icon-copy"), 2_000);
}

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = document.body.appendChild(document.createElement("textarea")); // without https there is only this way
  area.className = "unseen";
  area.value = text;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

// Votes

function votes(article, answerId) {
  const actions = article.querySelector(".actions");
  const buttons = [...actions.querySelectorAll("[data-value]")];
  const thanks = actions.querySelector(".thanks");
  let vote = 0; // as shown
  let recorded = 0; // as the server has it
  let sent = Promise.resolve();

  // one at a time and in order, so that the last click is what stays
  const record = (value, details = {}) => {
    press(value);
    sent = sent.then(() => call("/api/feedback", { answer_id: answerId, value, ...details })).then((reply) => {
      thanks.textContent = reply.error ?? reply.message;
      thanks.classList.toggle("failed", Boolean(reply.error));
      if (!reply.error) recorded = value;
      else if (vote === value) press(recorded);
      return !reply.error;
    });
    return sent;
  };
  const press = (value) => {
    vote = value;
    for (const button of buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.value) === value));
  };
  const closeForm = () => article.querySelector(".feedback")?.remove();

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const value = Number(button.dataset.value);
      closeForm();
      if (vote === value) {
        record(0);
      } else {
        record(value);
        if (value === -1) article.append(feedbackForm(record, button));
      }
    });
  }
}

function feedbackForm(record, opener) {
  const form = clone("feedback");
  const close = () => {
    form.remove();
    opener.focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { reason = "", comment, correction } = Object.fromEntries(new FormData(form));
    if (!reason && !comment.trim() && !correction.trim()) {
      form.querySelector("input").focus();
      return;
    }
    if (await record(-1, { reason, comment, correction })) close();
  });
  form.querySelector(".cancel").addEventListener("click", close);
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  requestAnimationFrame(() => {
    form.querySelector("input").focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  });
  return form;
}

// The page

async function suggest() {
  const { questions = [] } = await call("/api/suggestions");
  page.suggestions.append(...questions.map((text) => {
    const item = document.createElement("li");
    const button = item.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => {
      if (waiting) return;
      page.question.focus();
      ask(text);
    });
    return item;
  }));
}

function resize() {
  const box = page.question;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  send.disabled = waiting || !box.value.trim();
  page.count.hidden = box.value.length < COUNT_FROM;
  page.count.textContent = `${box.value.length.toLocaleString("en")} of ${box.maxLength.toLocaleString("en")}`;
}

/** The API's JSON, or {error, status}: a sentence to show and the HTTP status, 0 if there was no response. */
async function call(path, body) {
  const options = { signal: AbortSignal.timeout(WAIT_MS) };
  if (body) Object.assign(options, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  let response;
  try {
    response = await fetch(path, options);
  } catch (problem) {
    const late = problem.name === "TimeoutError";
    return { error: late ? "This took too long. Please try again." : "The server cannot be reached. Please try again in a moment.", status: 0 };
  }
  const reply = await response.json().catch(() => ({}));
  if (response.ok) return reply;
  return { error: reply.error ?? "Something went wrong. Please try again in a minute.", status: response.status };
}

function clone(name) {
  return document.getElementById(`${name}-template`).content.firstElementChild.cloneNode(true);
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(svg.namespaceURI, "use")).setAttribute("href", `#icon-${name}`);
  return svg;
}

function fill(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

function parsed(location) {
  try {
    return new URL(location);
  } catch {
    return null;
  }
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

suggest();
resize();
page.question.focus();
