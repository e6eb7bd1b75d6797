// Strength of the heatmap, and what is switched on. What was chosen outlives a refresh of the live part.
const chosen = { strength: null, heatmap: true, boxes: true, original: false };

export function watchOverlay(controls) {
  const figure = controls.closest("figure");
  for (const toggle of controls.querySelectorAll("[data-toggle]")) {
    toggle.checked = chosen[toggle.dataset.toggle];
    toggle.addEventListener("change", () => {
      chosen[toggle.dataset.toggle] = toggle.checked;
    });
  }
  const slider = controls.querySelector("[data-strength]");
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
