// Lines of a list that can be chosen and walked through: ticks, their count, and the keys j, k and x. It touches the
// part around the list, which stays when the list itself refreshes.
import { isHeard, isTyping } from "./keys.js";

export function watchRows(element) {
  element.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) tickAll(element, event.target.checked);
    if (event.target.matches("[data-tick], [data-tick-all]")) count(element);
  });
  element.addEventListener("refreshed", () => count(element));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") || !(isHeard(event.target) || element.contains(event.target))) return;
    if (press(element, event.key)) event.preventDefault();
  });
  count(element);
}

function press(element, key) {
  if (key === "j" || key === "k") return walk(element, key === "j" ? 1 : -1);
  return key === "x" && tick(element);
}

function walk(element, step) {
  const rows = [...element.querySelectorAll("[data-row]")];
  const here = rows.indexOf(current(element));
  const there = rows[here < 0 ? 0 : here + step];
  there?.querySelector("a")?.focus();
  return there !== undefined;
}

function tick(element) {
  const box = current(element)?.querySelector("[data-tick]");
  box?.click();
  return box !== undefined;
}

function current(element) {
  const row = document.activeElement?.closest?.("[data-row]");
  return row && element.contains(row) ? row : undefined;
}

function tickAll(element, isTicked) {
  for (const box of element.querySelectorAll("[data-tick]")) box.checked = isTicked;
}

// “All” stays ticked only while all are: else the form would be sent for lines that came in since.
function count(element) {
  const boxes = [...element.querySelectorAll("[data-tick]")];
  const ticked = boxes.filter((box) => box.checked).length;
  const all = element.querySelector("[data-tick-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const words = ticked === 0 ? "Ticked cases" : `${ticked} ticked`;
  const line = element.querySelector("[data-ticked]");
  if (line.textContent !== words) line.textContent = words;
}
