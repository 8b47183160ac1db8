// What the page says itself, in the reader's language: the server puts the texts that scripts ask for into the page.

const texts = JSON.parse(document.getElementById("texts").content.textContent);
const language = document.documentElement.lang;

/** The text of this id; {name} in it becomes values.name. */
export function say(id, values = {}) {
  return (texts[id] ?? id).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A number as the reader writes it. */
export function written(number, digits = 0) {
  return number.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
