// Strength of the heatmap, and the keys h and b. What was chosen outlives a refresh of the live part.
const chosen = { strength: null, heatmap: true, boxes: true };
const KEYS = { h: "heatmap", b: "boxes" };
let present = null;

export function watchOverlay(figure) {
  present = figure;
  for (const toggle of figure.querySelectorAll("[data-toggle]")) {
    toggle.checked = chosen[toggle.dataset.toggle];
    toggle.addEventListener("change", () => {
      chosen[toggle.dataset.toggle] = toggle.checked;
    });
  }
  const slider = figure.querySelector("[data-strength]");
  if (!slider) return;
  if (chosen.strength !== null) slider.value = chosen.strength;
  slider.addEventListener("input", () => applyStrength(figure, slider));
  applyStrength(figure, slider);
}

function applyStrength(figure, slider) {
  chosen.strength = slider.value;
  const heatmap = figure.querySelector('[data-part="heatmap"]');
  if (heatmap) heatmap.style.opacity = slider.value / 100;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  const toggle = KEYS[event.key] && present?.querySelector(`[data-toggle="${KEYS[event.key]}"]`);
  if (toggle) toggle.click();
});

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range])");
}
