// Keeps a live part fresh from the fragment that the page itself was rendered from. What follows the part in the
// fragment takes the place of what has its id on the page.
import { holdPlace } from "./hold_place.js";

const PACES_MS = { quick: [1000, 8000], steady: [4000, 15000], slow: [10000, 60000] };
const SLOWER = 1.4;
const LOST_AFTER = 3;

export function refresh(element, start) {
  const state = { element, start, wait: 0, failures: 0, timer: 0, text: null, spoken: null, isSignedOut: false };
  state.wait = paceOf(element)[0];
  document.addEventListener("visibilitychange", () => {
    clearTimeout(state.timer);
    if (!document.hidden) look(state);
  });
  plan(state);
}

function paceOf(element) {
  return PACES_MS[element.dataset.pace] ?? PACES_MS.slow;
}

function plan(state) {
  clearTimeout(state.timer);
  if (document.hidden || state.element.dataset.isDone === "true") return;
  state.timer = setTimeout(() => look(state), state.wait);
}

/** Once all is done, only whether one is still signed in. */
async function look(state) {
  if (state.isSignedOut) return;
  const isDone = state.element.dataset.isDone === "true";
  const began = performance.now();
  try {
    const answer = await fetch(state.element.dataset.url, { credentials: "same-origin", redirect: "error" });
    if (answer.status === 401) return clear(state);
    if (isDone) return;
    if (!answer.ok) throw new Error(String(answer.status));
    show(state, await answer.text(), performance.now() - began);
  } catch {
    if (isDone) return;
    state.failures += 1;
    state.wait = Math.min(state.wait * 2, 30000);
    if (state.failures >= LOST_AFTER) say(state, "No contact with the portal. What you see may be old; trying again.");
  }
  plan(state);
}

/** Nobody is signed in: what is about patients goes from the screen. What one has written stays. */
function clear(state) {
  state.isSignedOut = true;
  say(state, "");
  for (const part of document.querySelectorAll("[data-private]")) part.replaceChildren();
  const again = document.createElement("a");
  again.href = state.element.dataset.page ?? state.element.dataset.url.replace(/\/live(?=\?|$)/, "");
  again.textContent = "Sign in again";
  const line = document.createElement("p");
  line.className = "nothing nothing--large";
  line.setAttribute("role", "alert");
  line.append("You were signed out. ", again);
  state.element.replaceChildren(line);
}

function show(state, text, took) {
  const [fastest, slowest] = paceOf(state.element);
  state.failures = 0;
  say(state, "");
  const isNew = text !== state.text;
  state.wait = isNew ? fastest : Math.min(state.wait * SLOWER, slowest);
  state.wait = Math.max(state.wait, took * 10);
  if (isNew && !isBeingUsed(state.element)) swap(state, text);
}

// What someone types in, drags or has on the full screen is not pulled from under their hands; the next look brings it.
function isBeingUsed(element) {
  const active = document.activeElement;
  const isTypedIn = element.contains(active) && active.matches("input[type=text], textarea, select");
  return isTypedIn || element.querySelector("[data-in-use], :fullscreen") !== null;
}

function swap(state, text) {
  const { element } = state;
  const [fresh, ...others] = new DOMParser().parseFromString(text, "text/html").body.children;
  if (!fresh || fresh.dataset.behaviour !== "refresh") throw new Error("not the fragment");
  state.text = text;
  const returnToPlace = holdPlace(element);
  element.dataset.isDone = fresh.dataset.isDone;
  element.dataset.pace = fresh.dataset.pace;
  renew(element, fresh, state.start);
  for (const other of others) renew(document.getElementById(other.id), other, state.start);
  returnToPlace();
  element.dispatchEvent(new CustomEvent("refreshed", { bubbles: true }));
  announce(state);
}

function renew(element, fresh, start) {
  const focused = element.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  keepPictures(element, fresh);
  keepTicks(element, fresh);
  keepOpen(element, fresh);
  element.replaceChildren(...fresh.childNodes);
  start(element);
  if (focused) element.querySelector(focused)?.focus({ preventScroll: true });
}

// A picture that stays is moved, not made again, so that it does not flicker.
function keepPictures(element, fresh) {
  for (const picture of fresh.querySelectorAll("img")) {
    const known = [...element.querySelectorAll("img")].find((old) => old.getAttribute("src") === picture.getAttribute("src") && old.className === picture.className);
    if (known) picture.replaceWith(known);
  }
}

function keepTicks(element, fresh) {
  for (const box of element.querySelectorAll("[data-tick]:checked")) {
    const again = fresh.querySelector(`#${CSS.escape(box.id)}`);
    if (again) again.checked = true;
  }
}

function keepOpen(element, fresh) {
  for (const part of element.querySelectorAll("details[id][open]")) {
    const again = fresh.querySelector(`#${CSS.escape(part.id)}`);
    if (again) again.open = true;
  }
}

function keyOf(focused) {
  if (focused.id) return `#${CSS.escape(focused.id)}`;
  if (focused.matches("details[id] > summary")) return `#${CSS.escape(focused.parentElement.id)} > summary`;
  if (focused.dataset.toggle) return `[data-toggle="${focused.dataset.toggle}"]`;
  if (focused.matches("[data-strength]")) return "[data-strength]";
  return focused.href ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : null;
}

function announce(state) {
  const words = state.element.querySelector("[data-announce]")?.textContent ?? "";
  if (words === state.spoken) return;
  state.spoken = words;
  lineFor("announcement", "visually-hidden").textContent = words;
}

function say(state, words) {
  const line = lineFor("contact", "contact");
  if (line.textContent !== words) line.textContent = words;
  line.hidden = !words;
}

function lineFor(name, className) {
  const known = document.querySelector(`[data-line="${name}"]`);
  if (known) return known;
  const line = document.createElement("p");
  line.dataset.line = name;
  line.className = className;
  line.setAttribute("role", "status");
  line.hidden = name === "contact";
  document.body.append(line);
  return line;
}
