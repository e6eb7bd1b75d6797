// What the corners of the stage say, and what a screen reader is told.
import { toImage } from "./geometry.js";
import { rulerNote } from "./measures.js";
import { greyAt } from "./pixels.js";
import { inWords } from "./windows.js";

const SPEAK_AFTER_MS = 700;
const HINTS = {
  window: "Window: drag right for wider, up for brighter",
  length: "Length: set two points",
  angle: "Angle: set three points, the corner second",
  magnify: "Magnifier: move over the image",
  region: "Mark: drag a box for your review; Enter starts one by keys",
};

export function showReadouts(viewer, matrix) {
  const { parts, view, stage, pixels, image } = viewer;
  parts.window.textContent = pixels ? `${inWords(viewer.window)} · ` : "";
  parts.zoom.textContent = `${Math.round(view.scale * stage.ratio * 100)} %${turns(view)}`;
  parts.pointer.textContent = pixels && viewer.hover ? underPointer(toImage(matrix, viewer.hover), pixels, image) : "";
  parts.hint.textContent = viewer.trouble || (viewer.isActive ? hint(viewer) : "");
  speak(parts, pixels ? `${inWords(viewer.window)}, ${parts.zoom.textContent}` : parts.zoom.textContent);
}

function turns({ quarter, isMirrored }) {
  return `${quarter ? ` · ${quarter * 90}°` : ""}${isMirrored ? " · mirrored" : ""}`;
}

function underPointer(point, pixels, image) {
  const grey = greyAt(pixels, image, point);
  return grey === null ? "" : `${Math.floor(point.x)}, ${Math.floor(point.y)}: ${grey}`;
}

function hint({ box: { mode }, image }) {
  const words = HINTS[mode] ?? "";
  return mode === "length" ? `${words}. ${rulerNote(image.spacing)}` : words;
}

/** Once it has come to rest: a drag would else say a hundred numbers. */
function speak(parts, words) {
  if (words === parts.words) return;
  const isFirst = parts.words === undefined;
  parts.words = words;
  clearTimeout(parts.timer);
  if (!isFirst) parts.timer = setTimeout(() => (parts.status.textContent = words), SPEAK_AFTER_MS);
}

/** At once, for what was just finished; a readout that still waits to be spoken would talk over it. */
export function announce(viewer, words) {
  clearTimeout(viewer.parts.timer);
  viewer.parts.status.textContent = words;
}
