// What buttons and keys do: `data-action="name"` or `data-action="name:choice"`.
import { fitted, mirrored, oneToOne, turned, zoomed } from "./geometry.js";
import { isSame, presetWindow } from "./windows.js";

const STEP = 1.25;
const LENS = { largestRadius: 110, factor: 2.5 };

/** Each gets the active viewer, the choice and the light box. */
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
  undo: (viewer, _, box) => {
    if (viewer.draft || viewer.region) viewer.draft = viewer.region = null;
    else if (box.mode === "region") box.regions.undo();
    else removeMeasures(viewer, -1);
  },
  clear: (viewer) => removeMeasures(viewer, 0),
  unmark: (_, __, box) => {
    box.regions?.undo();
  },
  reset: (viewer) => {
    viewer.setUpright();
    chooseMode(viewer, "move");
  },
  screen: (_, __, box) => {
    if (document.fullscreenElement) document.exitFullscreen();
    else box.figure.requestFullscreen();
  },
  layout: (_, count, box) => box.show(Number(count)),
  link: (_, __, box) => box.link(),
  pane: (_, __, box) => box.goOn(),
};

/** The chosen tool works on the stage, so that is where the keys go; chosen again, it is put away. */
export function chooseMode(viewer, mode) {
  const { box } = viewer;
  box.mode = box.mode === mode ? "move" : mode;
  const { hover } = viewer;
  for (const each of box.viewers.values()) each.dropDrafts();
  viewer.hover = hover;
  if (box.mode === "magnify" && hover) viewer.lens = lensAt(viewer, hover);
  viewer.element.focus({ preventScroll: true });
}

/** From this place in the list on; -1 is the newest. */
function removeMeasures(viewer, place) {
  viewer.measures.splice(place);
  viewer.keepMeasures();
}

/** In CSS px of the stage. */
export function lensAt({ stage }, { x, y }) {
  return { x, y, radius: Math.min(LENS.largestRadius, stage.width / 5), factor: LENS.factor };
}

/** Buttons show what holds now; those that cannot work yet are off. This runs often, so only changes are written. */
export function reflect(box, viewer) {
  for (const control of box.figure.querySelectorAll("[data-action]")) {
    const [name, choice] = control.dataset.action.split(":");
    const isOn = IS_ON[name]?.(viewer, choice, box);
    if (isOn !== undefined && control.ariaPressed !== String(isOn)) control.ariaPressed = String(isOn);
    const isOff = NEEDS_PIXELS.has(control.dataset.action) && !viewer.renderer;
    if (control.disabled !== isOff) control.disabled = isOff;
  }
  for (const each of box.viewers.values()) each.element.dataset.mode = box.mode;
}

const PRESETS = ["stored", "bone", "soft", "full"].map((name) => `preset:${name}`);
const NEEDS_PIXELS = new Set(["mode:window", "mode:magnify", "squares", ...PRESETS]);

const IS_ON = {
  mode: (_, mode, box) => box.mode === mode,
  preset: (viewer, name) => {
    if (!viewer.pixels) return false;
    viewer.presets ??= {};
    viewer.presets[name] ??= presetWindow(name, viewer.image, viewer.pixels);
    return isSame(viewer.window, viewer.presets[name]);
  },
  mirror: (viewer) => viewer.view.isMirrored,
  invert: (viewer) => viewer.isInverted,
  squares: (viewer) => !viewer.isSmooth,
  layout: (_, count, box) => box.places === Number(count),
  link: (_, __, box) => box.isLinked,
};
