// Mouse, pen and fingers on the stage. Left drags by the chosen tool, right windows, middle moves, two fingers zoom.
import { lensAt } from "./actions.js";
import { fitted, moved, oneToOne, zoomed } from "./geometry.js";
import { keepRegion, spanRegion } from "./marking.js";
import { grabPoint, leadMeasure, placePoint, tellMeasure } from "./measuring.js";
import { draggedWindow } from "./windows.js";

const DRAG_PX = 4;
const WHEEL_STEP = 0.0015;
const LINE_PX = 16;

export function watchPointers(element, viewer) {
  const gesture = { element, viewer, pointers: new Map(), drag: null };
  element.addEventListener("pointerdown", (event) => begin(gesture, event));
  element.addEventListener("pointermove", (event) => go(gesture, event));
  element.addEventListener("pointerup", (event) => end(gesture, event));
  element.addEventListener("pointercancel", (event) => end(gesture, event));
  element.addEventListener("pointerleave", () => leave(viewer));
  element.addEventListener("wheel", (event) => turnWheel(gesture, event), { passive: false });
  element.addEventListener("dblclick", (event) => jump(gesture, event));
  element.addEventListener("contextmenu", (event) => event.preventDefault());
}

function begin(gesture, event) {
  const { element, viewer, pointers } = gesture;
  const place = placeOf(gesture, event);
  element.setPointerCapture(event.pointerId);
  element.dataset.inUse = "";
  pointers.set(event.pointerId, place);
  viewer.cursor = null;
  gesture.drag = { kind: kindOf(gesture, event), from: place, hasMoved: false };
  viewer.region = null;
  if (gesture.drag.kind === "length" || gesture.drag.kind === "angle") beginMeasure(gesture, place, event);
  if (gesture.drag.kind === "magnify") viewer.lens = lensAt(viewer, place);
  viewer.redraw();
}

function kindOf({ viewer, pointers }, event) {
  if (pointers.size > 1) return "pinch";
  if (event.button === 2) return viewer.renderer ? "window" : "move";
  return event.button === 1 ? "move" : viewer.box.mode;
}

function beginMeasure({ viewer, drag }, place, event) {
  drag.grabbed = viewer.draft ? null : grabPoint(viewer, place, event.pointerType);
  if (!drag.grabbed) placePoint(viewer, place);
}

function go(gesture, event) {
  const { viewer, pointers, drag } = gesture;
  const place = placeOf(gesture, event);
  const before = pointers.get(event.pointerId);
  viewer.hover = place;
  if (viewer.box.mode === "magnify" && event.pointerType === "mouse") viewer.lens = lensAt(viewer, place);
  if (viewer.draft) leadMeasure(viewer, place);
  if (before && drag) {
    drag.hasMoved ||= Math.hypot(place.x - drag.from.x, place.y - drag.from.y) > DRAG_PX;
    DRAGS[drag.kind]?.(gesture, before, place, event);
    pointers.set(event.pointerId, place);
  }
  viewer.redraw();
}

const DRAGS = {
  move({ viewer }, before, place) {
    viewer.view = moved(viewer.view, viewer.stage, viewer.image, { x: place.x - before.x, y: place.y - before.y });
  },
  window({ viewer }, before, place) {
    const { stage, image } = viewer;
    const share = { x: (place.x - before.x) / stage.width, y: (place.y - before.y) / stage.height };
    viewer.window = draggedWindow(viewer.window, share, image.top);
  },
  magnify({ viewer }, before, place) {
    viewer.lens = lensAt(viewer, place);
  },
  length: dragPoint,
  angle: dragPoint,
  region({ viewer, drag }, before, place) {
    if (drag.hasMoved) spanRegion(viewer, drag.from, place);
  },
  pinch({ viewer, pointers }, before, place, event) {
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return;
    const [was, is] = [before, place].map((point) => ({
      x: (point.x + other.x) / 2,
      y: (point.y + other.y) / 2,
      apart: Math.hypot(point.x - other.x, point.y - other.y),
    }));
    viewer.view = moved(viewer.view, viewer.stage, viewer.image, { x: is.x - was.x, y: is.y - was.y });
    viewer.view = zoomed(viewer.view, viewer.stage, viewer.image, is.apart / Math.max(was.apart, 1), is);
  },
};

function dragPoint({ viewer, drag }, before, place) {
  if (drag.grabbed) Object.assign(drag.grabbed.point, viewer.imagePoint(place));
}

function end(gesture, event) {
  const { element, viewer, pointers } = gesture;
  if (!pointers.delete(event.pointerId)) return;
  finish(gesture, event);
  if (event.pointerType !== "mouse") leave(viewer);
  gesture.drag = null;
  if (!pointers.size) delete element.dataset.inUse;
  viewer.redraw();
}

/** A ruler may be drawn in one drag as well as set point by point. */
function finish(gesture, event) {
  const { viewer, drag } = gesture;
  const isDone = drag?.hasMoved && event.type === "pointerup";
  if (drag?.grabbed) changed(viewer, drag.grabbed.measure);
  else if (viewer.draft && isDone) placePoint(viewer, placeOf(gesture, event));
  else if (viewer.region && isDone) keepRegion(viewer);
  else viewer.region = null;
}

function changed(viewer, measure) {
  viewer.keepMeasures();
  tellMeasure(viewer, measure);
}

function leave(viewer) {
  viewer.hover = null;
  if (!viewer.cursor) viewer.lens = null;
  viewer.redraw();
}

function turnWheel(gesture, event) {
  const { viewer } = gesture;
  event.preventDefault();
  const way = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1) * (event.ctrlKey ? 4 : 1);
  const place = placeOf(gesture, event);
  viewer.view = zoomed(viewer.view, viewer.stage, viewer.image, Math.exp(-way * WHEEL_STEP), place);
  viewer.redraw();
}

/** Between the whole image and 1:1 where it was pointed at. */
function jump(gesture, event) {
  const { viewer } = gesture;
  if (viewer.box.mode !== "move") return;
  const place = placeOf(gesture, event);
  const { stage, image, view } = viewer;
  viewer.view = view.isFitted ? oneToOne(view, stage, image, place) : fitted(view, stage, image);
  viewer.redraw();
}

function placeOf({ element }, event) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left - element.clientLeft, y: event.clientY - box.top - element.clientTop };
}
