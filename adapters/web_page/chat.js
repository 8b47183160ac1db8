// The chat page: asks the API, shows answers with their sources, sends votes. Whatever comes from the API becomes
// text nodes (see markdown.js); nothing here writes HTML.

import { ask, call } from "./api.js";
import { clone, decoded, fill, icon, parsed } from "./dom.js";
import { render } from "./markdown.js";
import { say, written } from "./texts.js";
import { votes } from "./votes.js";

const COUNT_FROM = 3_600;

const page = Object.fromEntries(
  ["new", "welcome", "suggestions", "conversation", "status", "composer", "question", "count"].map((id) => [id, document.getElementById(id)]),
);
const send = page.composer.querySelector(".send");
let thread = randomId();
let waiting = false;
let asking = null; // an AbortController while an answer is awaited
let answers = 0;

// Asking

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = page.question.value.trim();
  if (!text || waiting) return;
  page.question.value = "";
  resize();
  askAnew(text);
});

page.question.addEventListener("input", resize);
page.question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  page.composer.requestSubmit();
});

page.new.addEventListener("click", () => {
  asking?.abort();
  setWaiting(false);
  thread = randomId();
  page.conversation.replaceChildren();
  page.welcome.hidden = false;
  page.new.hidden = true;
  page.status.textContent = "";
  page.question.focus();
});

async function askAnew(text) {
  page.welcome.hidden = true;
  page.new.hidden = false;
  const asked = clone("question");
  asked.querySelector("p").textContent = text;
  page.conversation.append(asked);
  await answer(text);
}

async function answer(text) {
  const mine = new AbortController();
  const dots = clone("waiting");
  page.conversation.append(dots);
  dots.scrollIntoView({ block: "nearest" });
  setWaiting(true);
  asking = mine;
  page.status.textContent = say("looking");
  const draft = drafted(dots);
  const reply = await ask({ question: text, thread }, draft.show, mine.signal);
  draft.end();
  if (mine.signal.aborted) return; // a new conversation was begun meanwhile
  setWaiting(false);
  if (reply.error) {
    draft.article.remove();
    showFailure(text, reply);
  } else {
    showAnswer(reply, draft.article);
  }
}

/** The answer while it is written, in place of the dots. Keeps the question in view until the reader scrolls. */
function drafted(dots) {
  const article = clone("answer");
  article.classList.add("writing");
  const scrolled = new AbortController();
  article.querySelector(".below").hidden = true;
  for (const kind of ["wheel", "touchmove", "keydown"]) {
    addEventListener(kind, () => scrolled.abort(), { passive: true, signal: scrolled.signal });
  }
  const show = (text) => {
    if (dots.isConnected) dots.replaceWith(article);
    article.querySelector(".text").replaceChildren(render(text, pendingCitation));
    if (!scrolled.signal.aborted) article.previousElementSibling?.scrollIntoView({ block: "start" });
  };
  const end = () => {
    dots.remove();
    scrolled.abort();
  };
  return { article, show, end };
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
  button.textContent = reword ? say("script-edit") : say("script-again");
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

/** draft: the article that showed the text while it was written, if it did. */
function showAnswer(reply, draft) {
  answers += 1;
  const article = clone("answer");
  const sources = reply.abstained ? reply.nearest : reply.citations;
  article.classList.toggle("abstained", reply.abstained);
  article.classList.toggle("unsure", reply.unsure);
  if (reply.abstained) note(article, "none", say("script-not-found"));
  else if (reply.unsure) note(article, "unsure", say("not-sure"));
  showSources(article, sources, reply.abstained ? say("closest-documents") : say("sources"));
  fill(article.querySelector(".taken"), reply.standalone && say("taken-as", { question: reply.standalone }));
  const text = article.querySelector(".text");
  text.append(render(reply.text, (number) => citation(article, reply.citations, number)));
  notices(article, reply.notices);
  article.querySelector(".small").textContent = smallPrint(reply);
  article.querySelector(".copy").addEventListener("click", (event) => copy(event.currentTarget, reply));
  votes(article, reply.answer_id);
  page.status.textContent = spoken(text, sources.length, reply.abstained);
  if (draft.isConnected) {
    draft.replaceWith(article); // the reader is in the middle of it: nothing moves
  } else {
    page.conversation.append(article);
    article.previousElementSibling.scrollIntoView({ block: "start" });
  }
}

function note(article, icon, text) {
  const line = article.querySelector(".note");
  line.hidden = false;
  line.querySelector("use").setAttribute("href", `#icon-${icon}`);
  line.querySelector("span").textContent = text;
}

function notices(article, sentences) {
  const box = article.querySelector(".notices");
  box.hidden = sentences.length === 0;
  box.append(...sentences.map((sentence) => {
    const line = document.createElement("p");
    line.textContent = sentence;
    return line;
  }));
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
  item.querySelector(".title").textContent = title || say("script-untitled");
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
  button.setAttribute("aria-label", say("script-source", { number, title: button.title }));
  button.addEventListener("click", () => reveal(item));
  return raised;
}

/** A citation in a text that is still being written: its source is not known yet. */
function pendingCitation(number) {
  const raised = document.createElement("sup");
  const mark = raised.appendChild(document.createElement("span"));
  mark.className = "cite pending";
  mark.textContent = number;
  return raised;
}

function reveal(item) {
  item.querySelector("details").open = true;
  item.querySelector("summary").focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  item.classList.remove("found");
  requestAnimationFrame(() => item.classList.add("found"));
}

function smallPrint({ generator, release, timings_ms: timings }) {
  const by = /^(openai|local):/.test(generator) && say("written-by", { generator });
  return [by, release && say("script-release", { release }), duration(timings.total)].filter(Boolean).join(" · ");
}

function duration(ms) {
  if (ms === undefined) return "";
  if (ms < 1000) return say("script-milliseconds", { number: written(Math.max(1, Math.round(ms))) });
  return say("script-seconds", { number: written(ms / 1000, 1) });
}

function spoken(text, sources, abstained) {
  const words = text.cloneNode(true);
  for (const number of words.querySelectorAll("sup")) number.remove();
  if (abstained) return say("script-spoken-not-found", { text: words.textContent });
  return say("script-spoken", { text: words.textContent, number: sources });
}

async function copy(button, reply) {
  const lines = reply.citations.map((each) => `[${each.number}] ${[each.title, each.place, each.location].filter(Boolean).join(" · ")}`);
  const done = await write([reply.text, lines.join("\n")].filter(Boolean).join("\n\n"));
  const use = button.querySelector("use");
  use.setAttribute("href", done ? "#icon-done" : "#icon-copy");
  button.closest(".actions").querySelector(".thanks").textContent = done ? say("script-copied") : say("script-not-copied");
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
      askAnew(text);
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
  page.count.textContent = say("script-count", { length: written(box.value.length), most: written(box.maxLength) });
}

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Within a page of another site (embed.js), the bar has a button that closes the frame.

function embed() {
  const close = document.getElementById("close");
  const tell = (what) => parent.postMessage({ answerloop: what }, "*"); // no secret: that it is there, or is to be closed
  document.body.classList.add("embedded");
  close.hidden = false;
  close.addEventListener("click", () => tell("close"));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell("close");
  });
  addEventListener("message", (event) => {
    if (event.source === parent && event.data?.answerloop === "shown") page.question.focus();
  });
  tell("ready");
}

if (parent !== window) embed();
suggest();
resize();
page.question.focus();
