// What buttons and keys do: `data-action="name"` or `data-action="name:choice"`.
import { fitted, mirrored, oneToOne, turned, zoomed } from "./geometry.js";
import { isSame, presetWindow } from "./windows.js";

const STEP = 1.25;
const LENS = { largestRadius: 110, factor: 2.5 };

export const ACTIONS = {
  mode: chooseMode,
  preset: (viewer, name) => {
    if (viewer.pixels) viewer.window = presetWindow(name, viewer.image, viewer.pixels);
  },
  zoom: (viewer, way) => {
    viewer.view = zoomed(viewer.view, viewer.stage, viewer.image, way === "in" ? STEP : 1 / STEP);
  },
  fit: (viewer) => {
    viewer.view = fitted(viewer.view, viewer.stage, viewer.image);
  },
  original: (viewer) => {
    viewer.view = oneToOne(viewer.view, viewer.stage, viewer.image);
  },
  turn: (viewer, way) => {
    viewer.view = turned(viewer.view, way === "right" ? 1 : -1);
  },
  mirror: (viewer) => {
    viewer.view = mirrored(viewer.view);
  },
  invert: (viewer) => {
    viewer.isInverted = !viewer.isInverted;
  },
  squares: (viewer) => {
    viewer.isSmooth = !viewer.isSmooth;
  },
  undo: (viewer) => {
    if (viewer.draft) viewer.draft = null;
    else viewer.measures.pop();
  },
  reset: (viewer) => {
    viewer.setUpright();
    chooseMode(viewer, "move");
  },
  screen: (viewer) => {
    if (document.fullscreenElement) document.exitFullscreen();
    else viewer.figure.requestFullscreen();
  },
};

/** The chosen tool works on the stage, so that is where the keys go. */
export function chooseMode(viewer, mode) {
  viewer.mode = viewer.mode === mode ? "move" : mode;
  viewer.draft = viewer.cursor = viewer.lens = null;
  if (viewer.mode === "magnify" && viewer.hover) viewer.lens = lensAt(viewer, viewer.hover);
  viewer.element.focus({ preventScroll: true });
}

/** In CSS px of the stage. */
export function lensAt({ stage }, { x, y }) {
  return { x, y, radius: Math.min(LENS.largestRadius, stage.width / 5), factor: LENS.factor };
}

/** Buttons show what holds now; those that cannot work yet are off. This runs often, so only changes are written. */
export function reflect(viewer) {
  for (const control of viewer.figure.querySelectorAll("[data-action]")) {
    const [name, choice] = control.dataset.action.split(":");
    const isOn = IS_ON[name]?.(viewer, choice);
    if (isOn !== undefined && control.ariaPressed !== String(isOn)) control.ariaPressed = String(isOn);
    const isOff = NEEDS_PIXELS.has(control.dataset.action) && !viewer.renderer;
    if (control.disabled !== isOff) control.disabled = isOff;
  }
  viewer.element.dataset.mode = viewer.mode;
}

const PRESETS = ["stored", "bone", "soft", "full"].map((name) => `preset:${name}`);
const NEEDS_PIXELS = new Set(["mode:window", "mode:magnify", "squares", ...PRESETS]);

const IS_ON = {
  mode: (viewer, mode) => viewer.mode === mode,
  preset: (viewer, name) => {
    if (!viewer.pixels) return false;
    viewer.presets ??= {};
    viewer.presets[name] ??= presetWindow(name, viewer.image, viewer.pixels);
    return isSame(viewer.window, viewer.presets[name]);
  },
  mirror: (viewer) => viewer.view.isMirrored,
  invert: (viewer) => viewer.isInverted,
  squares: (viewer) => !viewer.isSmooth,
};
