// Making elements. Text becomes text nodes; nothing here writes HTML.

/** What the template of this name holds. */
export function clone(name) {
  return document.getElementById(`${name}-template`).content.firstElementChild.cloneNode(true);
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(svg.namespaceURI, "use")).setAttribute("href", `#icon-${name}`);
  return svg;
}

/** Puts the text in; an element without text is hidden. */
export function fill(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

/** A URL, or null. */
export function parsed(location) {
  try {
    return new URL(location);
  } catch {
    return null;
  }
}

export function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
