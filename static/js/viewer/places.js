// Which images stand side by side, and what of that is kept for the life of the tab.
import { recall, remember } from "../tab_memory.js";

const KEPT = "places";
const MOST = 4;

/** { count, isLinked, numbers }: how many places, whether they go together, and which images stood in them. */
export function recallPlaces(caseId) {
  const kept = recall(KEPT) ?? {};
  const numbers = kept.caseId === caseId ? (kept.numbers ?? []) : [];
  return { count: kept.count ?? 1, isLinked: kept.isLinked ?? true, numbers };
}

export function rememberPlaces(caseId, { count, isLinked, numbers }) {
  remember(KEPT, { caseId, count, isLinked, numbers });
}

/** One, two or four, as many as there are images for. */
export function possible(count, all) {
  if (count >= MOST && all.length >= MOST) return MOST;
  return Math.min(count, 2, all.length);
}

/**
 * The image of the page first, each image once. `wanted` are the images that stood there; where the page has gone to
 * one of them, it changes places with the one it came from. What is free is filled with the images that follow.
 */
export function placesFor(count, shown, wanted, all) {
  const places = [shown];
  const others = wanted.slice(1).map((number) => (number === shown ? wanted[0] : number));
  const following = [...all.filter((number) => number > shown), ...all.filter((number) => number < shown)];
  for (const number of [...others, ...following]) {
    if (places.length < count && all.includes(number) && !places.includes(number)) places.push(number);
  }
  return places;
}
