// Markdown, as far as answers need it, into DOM nodes. Text becomes text nodes and nothing else: no markup from an
// answer is ever parsed as HTML, and it cannot make a link. Only citations, which the server lists, can be clicked.

import { say } from "./texts.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/;
const RULE = /^ {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const ITEM = /^(\s*)(?:[-*+•]|(\d{1,9})[.)])\s+(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE = /\\([!-/:-@[-`{-~])|(`+)([^`]+)\2(?!`)|\*\*(?=\S)([^*]+(?:\*(?!\*)[^*]+)*)(?<=\S)\*\*|(?<!\*)\*(?=[^\s*])([^*]+)(?<=[^\s*])\*(?!\*)|\[(\d{1,3})\]/;

/** The answer's text as a fragment. cite(number) gives the node for [number], or null to leave it as text. */
export function render(text, cite) {
  const fragment = document.createDocumentFragment();
  blocks(text.replace(/\r\n?/g, "\n").split("\n"), fragment, cite, 0);
  return fragment;
}

function blocks(lines, parent, cite, depth) {
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) at += 1;
    else at = (code(lines, at, parent) || heading(lines, at, parent, cite) || rule(lines, at, parent)
      || table(lines, at, parent, cite) || (depth < 4 && (quote(lines, at, parent, cite, depth)
      || list(lines, at, parent, cite, depth))) || paragraph(lines, at, parent, cite));
  }
}

// Each of these takes the block that begins at a line, if it is of its kind, and returns the line behind it, else 0.

function code(lines, at, parent) {
  const open = FENCE.exec(lines[at]);
  if (!open || (open[1][0] === "`" && open[2].includes("`"))) return 0;
  let end = at + 1;
  while (end < lines.length && !closes(lines[end], open[1])) end += 1;
  const pre = child(parent, "pre");
  pre.tabIndex = 0; // it scrolls sideways; a keyboard must be able to
  child(pre, "code").textContent = lines.slice(at + 1, end).join("\n");
  return Math.min(end + 1, lines.length);
}

function closes(line, fence) {
  const text = line.trim();
  return text.length >= fence.length && text === fence[0].repeat(text.length);
}

function heading(lines, at, parent, cite) {
  const match = HEADING.exec(lines[at]);
  if (!match) return 0;
  const line = child(parent, "p");
  line.className = "heading";
  inline(match[1], line, cite);
  return at + 1;
}

function rule(lines, at, parent) {
  if (!RULE.test(lines[at])) return 0;
  child(parent, "hr");
  return at + 1;
}

function quote(lines, at, parent, cite, depth) {
  let end = at;
  const inner = [];
  for (let match; end < lines.length && (match = QUOTE.exec(lines[end])); end += 1) inner.push(match[1]);
  if (end === at) return 0;
  blocks(inner, child(parent, "blockquote"), cite, depth + 1);
  return end;
}

function list(lines, at, parent, cite, depth) {
  const first = ITEM.exec(lines[at]);
  if (!first) return 0;
  const ordered = first[2] !== undefined;
  const box = child(parent, ordered ? "ol" : "ul");
  if (ordered && first[2] !== "1") box.start = Number(first[2]);
  let end = at;
  while (end < lines.length) {
    const match = ITEM.exec(lines[end]);
    if (!match || (match[2] !== undefined) !== ordered || match[1].length > first[1].length + 1) break;
    const indent = match[1].length;
    const inner = [];
    end += 1;
    while (end < lines.length && belongs(lines, end, indent)) inner.push(lines[end++].slice(indent).replace(/^ {1,3}/, ""));
    const item = child(box, "li");
    inline(match[3], item, cite);
    blocks(inner, item, cite, depth + 1);
    while (end < lines.length && !lines[end].trim() && ITEM.test(lines[end + 1] ?? "")) end += 1;
  }
  return end;
}

function belongs(lines, at, indent) {
  const line = lines[at].trim() ? lines[at] : (lines[at + 1] ?? "");
  return line.trim() !== "" && line.length - line.trimStart().length > indent + 1;
}

function table(lines, at, parent, cite) {
  if (!lines[at].includes("|") || !DIVIDER.test(lines[at + 1] ?? "") || !lines[at + 1].includes("-")) return 0;
  const header = cells(lines[at]);
  if (cells(lines[at + 1]).length !== header.length) return 0;
  const box = child(parent, "div");
  box.className = "table";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", say("script-table"));
  const grid = child(box, "table");
  row(child(child(grid, "thead"), "tr"), "th", header, header.length, cite);
  const body = child(grid, "tbody");
  let end = at + 2;
  for (; end < lines.length && lines[end].includes("|"); end += 1) {
    row(child(body, "tr"), "td", cells(lines[end]), header.length, cite);
  }
  return end;
}

function cells(line) {
  return line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function row(parent, tag, texts, width, cite) {
  for (let column = 0; column < width; column += 1) inline(texts[column] ?? "", child(parent, tag), cite);
  // what stands behind the last column, such as the citation of the row, must not be lost
  if (texts.length > width) inline(` ${texts.slice(width).join(" ")}`, parent.lastChild, cite);
}

function paragraph(lines, at, parent, cite) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !begins(lines, end)) end += 1;
  const box = child(parent, "p");
  lines.slice(at, end).forEach((line, index, all) => {
    inline(line.trim(), box, cite);
    if (index < all.length - 1) box.append(/ {2}$/.test(line) ? document.createElement("br") : " ");
  });
  return end;
}

function begins(lines, at) {
  return [FENCE, HEADING, QUOTE, ITEM, RULE].some((kind) => kind.test(lines[at]))
    || (lines[at].includes("|") && DIVIDER.test(lines[at + 1] ?? "") && lines[at + 1].includes("|"));
}

function inline(text, parent, cite, depth = 0) {
  let rest = text;
  for (let match; (match = INLINE.exec(rest)); rest = rest.slice(match.index + match[0].length)) {
    const before = rest.slice(0, match.index);
    const [whole, escaped, , codeText, bold, emphasis, number] = match;
    const cited = number === undefined ? null : cite(Number(number));
    if (cited) {
      keepTogether(before, cited, parent);
      continue;
    }
    parent.append(before);
    if (escaped !== undefined) parent.append(escaped);
    else if (codeText !== undefined) child(parent, "code").textContent = codeText.trim() || codeText;
    else if (number !== undefined || depth > 3) parent.append(whole);
    else inline(bold ?? emphasis, child(parent, bold !== undefined ? "strong" : "em"), cite, depth + 1);
  }
  parent.append(rest);
}

/** The text with a citation behind it, which stays on the line of its last word. */
function keepTogether(text, cited, parent) {
  const word = /\S{0,24} ?$/.exec(text)[0];
  parent.append(text.slice(0, text.length - word.length));
  const together = child(parent, "span");
  together.className = "together";
  together.append(word.replace(/ $/, "\u202f"), cited);
}

function child(parent, tag) {
  return parent.appendChild(document.createElement(tag));
}
