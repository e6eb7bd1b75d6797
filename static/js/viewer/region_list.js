// The reader's marks in words, each with a button that removes it.

/** Redraws the list; the focus goes to the neighbour of what was removed, and never gets lost. */
export function showRegions(section, regions) {
  section.hidden = !regions?.list.length && !regions?.before.length;
  if (!regions) return;
  const list = section.querySelector("ol");
  const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
  list.replaceChildren(...regions.list.map((region, place) => item(region, place, regions)));
  if (focused < 0) return;
  const buttons = list.querySelectorAll("button");
  (buttons[Math.min(focused, buttons.length - 1)] ?? section.querySelector("button")).focus();
}

function item({ image, x, y, width, height }, place, regions) {
  const made = document.createElement("li");
  const words = document.createElement("span");
  words.textContent = `Image ${image}: ${width} × ${height} px at ${x}, ${y} `;
  made.append(words, removal(place, regions));
  return made;
}

function removal(place, regions) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet";
  button.textContent = "Remove";
  button.setAttribute("aria-label", `Remove mark ${place + 1}`);
  button.addEventListener("click", () => regions.remove(place));
  return button;
}
