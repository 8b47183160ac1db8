// The keyboard of the page where two answers are judged: a key presses the button or the link that names it.

const ARROWS = { ArrowLeft: "1", ArrowRight: "2", ArrowDown: "0" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (document.querySelector("dialog[open]") || event.target.closest("input, textarea, select, summary")) return;
  const wanted = document.querySelector(`#judging [data-key="${CSS.escape(ARROWS[event.key] ?? event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  wanted.click();
});
