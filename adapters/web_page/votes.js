// The buttons below an answer, and the form that asks what was wrong with it.

import { call } from "./api.js";
import { clone } from "./dom.js";

/** Makes the buttons of an answer's article send votes. */
export function votes(article, answerId) {
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
