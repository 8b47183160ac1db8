// Runs on other sites: a round button that opens the chat page in a frame. A classic script, which knows its own tag.
//
//   data-label     what the button is called, for those who hear it
//   data-position  "left" or "right", the corner it stands in
//   data-accent    a CSS colour, of the button
//   data-open      opens it at once
//
// Nothing of the site is read or sent. Styles are set through the DOM, which a strict policy of the site allows.

(() => {
  const texts = /* texts */ {};
  const tag = document.currentScript;
  if (!tag || window.answerloop) return;
  const origin = new URL(tag.src).origin;
  const options = tag.dataset;
  const side = options.position === "left" ? "left" : "right";
  const SPEAKS_WITHIN_MS = 15_000;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const button = root.appendChild(document.createElement("button"));
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  let frame = null;

  function style(element, rules) {
    for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value);
  }

  function drawn(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("width", "26");
    svg.setAttribute("height", "26");
    svg.setAttribute("aria-hidden", "true");
    const line = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    for (const [name, value] of [["d", path], ["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "2"], ["stroke-linecap", "round"], ["stroke-linejoin", "round"]]) {
      line.setAttribute(name, value);
    }
    return svg;
  }

  const ASK = "M12 20.5c5 0 9-3.6 9-8s-4-8-9-8-9 3.6-9 8c0 1.9.8 3.7 2 5L4 21l4.3-1.2c1.1.5 2.4.7 3.7.7z";
  const SHUT = "M6 6l12 12M18 6 6 18";

  style(host, { position: "fixed", bottom: "20px", [side]: "20px", "z-index": "2147483000" });
  style(button, {
    display: "grid", "place-items": "center", width: "56px", height: "56px", padding: "0", border: "0", "border-radius": "50%",
    background: options.accent && CSS.supports("color", options.accent) ? options.accent : "#0b6b63", color: "#fff", cursor: "pointer",
    "box-shadow": "0 2px 6px rgb(0 0 0 / 20%), 0 8px 28px rgb(0 0 0 / 18%)",
  });

  function made() {
    const made = document.createElement("iframe");
    made.title = texts.name;
    made.src = `${origin}/?embedded`;
    made.allow = "clipboard-write";
    style(made, {
      position: "fixed", bottom: "88px", [side]: "20px", width: "min(420px, calc(100vw - 40px))", height: "min(680px, calc(100dvh - 108px))",
      border: "0", "border-radius": "16px", "box-shadow": "0 2px 8px rgb(0 0 0 / 15%), 0 16px 48px rgb(0 0 0 / 22%)", "color-scheme": "light dark",
    });
    if (matchMedia("(max-width: 480px)").matches) {
      style(made, { inset: "0", width: "100vw", height: "100dvh", "border-radius": "0" });
    }
    root.append(made);
    const silent = setTimeout(() => {
      console.warn(`answerloop: ${origin} does not let ${location.origin} show its page; name it in web.embed_origins.`);
    }, SPEAKS_WITHIN_MS);
    addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== made.contentWindow) return;
      clearTimeout(silent);
      if (event.data?.answerloop === "close") shown(false);
    });
    return made;
  }

  function shown(value) {
    if (value) frame ??= made();
    if (frame) frame.style.setProperty("display", value ? "block" : "none");
    button.replaceChildren(drawn(value ? SHUT : ASK));
    button.setAttribute("aria-expanded", String(value));
    button.setAttribute("aria-label", value ? texts.close : options.label || texts.open);
    button.title = button.getAttribute("aria-label");
    (value ? frame : button).focus();
    if (value) frame.contentWindow.postMessage({ answerloop: "shown" }, "*"); // it may still be about to load
  }

  button.addEventListener("click", () => shown(button.getAttribute("aria-expanded") !== "true"));
  host.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shown(false);
  });

  function begin() {
    document.body.append(host);
    button.replaceChildren(drawn(ASK));
    button.setAttribute("aria-label", options.label || texts.open);
    button.title = button.getAttribute("aria-label");
    if ("open" in options) shown(true);
  }

  window.answerloop = { open: () => shown(true), close: () => shown(false) };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin, { once: true });
})();
