// The API as the page calls it. Nothing here throws: what fails becomes {error, status}, a sentence to show and the HTTP
// status, 0 if there was no response.

import { say } from "./texts.js";

const WAIT_MS = 120_000;

/** The API's JSON. */
export async function call(path, body) {
  const options = body ? post(body) : {};
  try {
    return await result(await fetch(path, { ...options, signal: AbortSignal.timeout(WAIT_MS) }));
  } catch (problem) {
    return failure(problem.name === "TimeoutError" ? say("script-late") : say("script-unreachable"));
  }
}

/** The answer. said: is given the text so far while it is written; signal: takes the question back when aborted. */
export async function ask(body, said, signal) {
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  let late = setTimeout(stop, WAIT_MS);
  signal.addEventListener("abort", stop);
  let begun = false;
  try {
    const options = post(body, "text/event-stream, application/json;q=0.5");
    const response = await fetch("/api/ask", { ...options, signal: waiting.signal });
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return await result(response);
    begun = true;
    let reply = failure(say("script-broken"));
    for await (const { name, data } of events(response)) {
      if (name !== "text") {
        reply = data;
        continue;
      }
      clearTimeout(late); // it is being written: that may take its time
      late = setTimeout(stop, WAIT_MS);
      said(data.text);
    }
    return reply;
  } catch (problem) {
    if (problem.name === "AbortError") return failure(say("script-late"));
    return failure(begun ? say("script-broken") : say("script-unreachable"));
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
  }
}

/** The events of a response as they come: {name, data}. Comments are left out. */
async function* events(response) {
  let rest = "";
  for await (const part of parts(response)) {
    const blocks = (rest + part).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
      if (fields.event) yield { name: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

async function* parts(response) {
  const reader = response.body?.getReader();
  if (!reader) {
    yield await response.text(); // a browser that cannot read on the way
    return;
  }
  const decoder = new TextDecoder();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    yield decoder.decode(step.value, { stream: true });
  }
}

function post(body, accept = "application/json") {
  return { method: "POST", headers: { "content-type": "application/json", accept }, body: JSON.stringify(body) };
}

async function result(response) {
  const reply = await response.json().catch(() => ({}));
  if (response.ok) return reply;
  return { error: reply.error ?? say("script-failed"), status: response.status };
}

function failure(error) {
  return { error, status: 0 };
}
