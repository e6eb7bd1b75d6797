// One attempt to send a form with its files. Who is signed in is asked first, so that nothing large is sent in vain; and
// silence ends the attempt, however long the whole may take. Each function tells one outcome: the address of what was made,
// a page with errors, a problem in words, or that the session has ended.
const SILENCE_MS = 60_000; // saving the largest form takes the portal a few seconds
const UNKNOWN = "No answer came from the portal, so it is not known whether this was saved. Send it again without changing anything: it will not be doubled.";

/** The token of a page made now: one of before a sign-in is no longer taken. */
export async function freshToken(address) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(SILENCE_MS) });
    const page = parsed(await answer.text());
    const token = page.querySelector("[data-behaviour=upload] [name=csrf_token]")?.value;
    if (token) return { token };
    return answer.ok ? { isSignedOut: true } : { problem: problemOf(page) };
  } catch {
    return { problem: "The portal could not be reached, so nothing was sent. Send it again." };
  }
}

export function sendForm(address, content, tell) {
  return new Promise((give) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), SILENCE_MS);
    };
    request.upload.addEventListener("progress", (event) => tell(event.loaded, event.total));
    request.upload.addEventListener("progress", heard);
    for (const kind of ["error", "abort"]) request.addEventListener(kind, () => give({ problem: UNKNOWN }));
    request.addEventListener("load", () => give(outcomeOf(request)));
    request.addEventListener("loadend", () => clearTimeout(timer));
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.send(content);
    heard();
  });
}

function outcomeOf(request) {
  if (request.status === 201) return { location: JSON.parse(request.responseText).location };
  if (request.status === 401) return { isSignedOut: true };
  const page = parsed(request.responseText);
  if (page.querySelector("[data-error-summary]")) return { page };
  return { problem: problemOf(page, request.status >= 500 ? UNKNOWN : undefined) };
}

function problemOf(page, otherwise = "The portal could not take this. Try again.") {
  return page.querySelector("[data-error-page] .lead")?.textContent ?? otherwise;
}

function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html");
}
