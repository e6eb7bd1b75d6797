// The original first: what the release and the readers marked is shown on demand. Within one case the choice lasts;
// the next case opens without again. Strength and parts last for the life of the tab.
import { recall, remember } from "./tab_memory.js";

const KEPT = "overlay";
const AT_FIRST = { caseId: "", overlay: false, heatmap: true, boxes: true, readers: true, strength: null };
const caseId = location.pathname.split("/")[2] ?? "";
const chosen = { ...AT_FIRST, ...recall(KEPT) };
if (chosen.caseId !== caseId) Object.assign(chosen, { caseId, overlay: false });

export function watchOverlay(controls) {
  const figure = controls.closest("figure");
  for (const toggle of controls.querySelectorAll("[data-toggle]")) {
    toggle.addEventListener("change", () => choose(controls, toggle));
  }
  const slider = controls.querySelector("[data-strength]");
  if (slider && chosen.strength !== null) slider.value = chosen.strength;
  slider?.addEventListener("input", () => {
    chosen.strength = slider.value;
    show(controls, figure);
  });
  show(controls, figure);
}

/** A part that is asked for while all is hidden is to be seen. */
function choose(controls, toggle) {
  const part = toggle.dataset.toggle;
  const wasHidden = part !== "overlay" && !chosen.overlay;
  chosen[part] = wasHidden || toggle.checked;
  if (wasHidden) chosen.overlay = true;
  show(controls, controls.closest("figure"));
}

function show(controls, figure) {
  for (const toggle of controls.querySelectorAll("[data-toggle]")) toggle.checked = chosen[toggle.dataset.toggle];
  if (chosen.strength !== null) figure.style.setProperty("--strength", chosen.strength / 100);
  for (const button of document.querySelectorAll("[data-behaviour=show-overlay]")) {
    button.setAttribute("aria-pressed", chosen.overlay);
  }
  remember(KEPT, chosen);
}

/** The button beside the verdict. */
export function showOverlayBy(button) {
  button.setAttribute("aria-pressed", chosen.overlay);
  button.addEventListener("click", () => {
    document.querySelector("[data-toggle=overlay]")?.click();
    if (chosen.overlay) document.querySelector(".viewer")?.scrollIntoView({ block: "nearest" });
  });
}
