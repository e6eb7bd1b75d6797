// Keys that work while the stage has the focus. Those with a button are in ../keys.js.
import { chooseMode, lensAt } from "./actions.js";
import { middle, moved } from "./geometry.js";
import { changeRegion, keepRegion, startRegion } from "./marking.js";
import { leadMeasure, placePoint } from "./measuring.js";
import { draggedWindow } from "./windows.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MOVE_PX = 40;
const CURSOR_PX = 10;
const WINDOW_SHARE = 0.04;

export function watchStageKeys(element, viewer) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !press(viewer, event)) return;
    event.preventDefault();
    viewer.redraw();
  });
}

/** Whether the key meant something here. */
function press(viewer, event) {
  const way = ARROWS[event.key];
  if (way) return go(viewer, way, event.shiftKey);
  if (event.key === "Enter" || event.key === " ") return setPoint(viewer);
  return event.key === "Escape" && stop(viewer);
}

function go(viewer, [x, y], isFine) {
  const { mode } = viewer.box;
  if (mode === "move") {
    const step = isFine ? 1 : MOVE_PX;
    viewer.view = moved(viewer.view, viewer.stage, viewer.image, { x: x * step, y: y * step });
  } else if (mode === "region") {
    changeRegion(viewer, { x, y }, isFine);
  } else if (mode === "window") {
    const share = isFine ? WINDOW_SHARE / 4 : WINDOW_SHARE;
    viewer.window = draggedWindow(viewer.window, { x: x * share, y: y * share }, viewer.image.top);
  } else {
    goCursor(viewer, x, y, isFine ? 1 : CURSOR_PX);
  }
  return true;
}

function goCursor(viewer, x, y, step) {
  const { width, height } = viewer.stage;
  const from = viewer.cursor ?? viewer.hover ?? middle(viewer.stage);
  viewer.cursor = { x: clamp(from.x + x * step, width), y: clamp(from.y + y * step, height) };
  viewer.hover = viewer.cursor;
  if (viewer.draft) leadMeasure(viewer, viewer.cursor);
  if (viewer.box.mode === "magnify") viewer.lens = lensAt(viewer, viewer.cursor);
}

function clamp(value, top) {
  return Math.min(Math.max(value, 0), top);
}

function setPoint(viewer) {
  const { mode } = viewer.box;
  if (mode === "region") return setRegion(viewer);
  if (mode !== "length" && mode !== "angle") return false;
  viewer.cursor ??= middle(viewer.stage);
  placePoint(viewer, viewer.cursor);
  return true;
}

function setRegion(viewer) {
  if (viewer.region) keepRegion(viewer);
  else startRegion(viewer);
  return true;
}

/** First what is being drawn, then the tool. */
function stop(viewer) {
  const isDrawing = viewer.draft || viewer.region;
  if (!isDrawing && viewer.box.mode === "move") return false;
  if (isDrawing) viewer.draft = viewer.region = null;
  else chooseMode(viewer, "move");
  return true;
}
