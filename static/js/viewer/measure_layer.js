// Draws the measures over the image, in stage pixels, so that lines and letters keep their size.
import { toStage } from "./geometry.js";
import { measured, POINTS_OF } from "./measures.js";

const SVG = "http://www.w3.org/2000/svg";
const HANDLE_PX = 5;
const LENS_EDGE_PX = 1;

export function drawMeasures(layer, viewer, matrix) {
  const drawn = viewer.measures.map((measure) => group(measure, viewer, matrix, false));
  if (viewer.draft) drawn.push(group(viewer.draft, viewer, matrix, true));
  if (viewer.lens) drawn.push(shape("circle", "viewer__lens", { cx: viewer.lens.x, cy: viewer.lens.y, r: viewer.lens.radius + LENS_EDGE_PX }));
  if (viewer.cursor) drawn.push(crosshair(viewer.cursor));
  if (drawn.length || layer.hasChildNodes()) layer.replaceChildren(...drawn);
}

function group(measure, viewer, matrix, isDraft) {
  const made = shape("g", `viewer__measure${isDraft ? " viewer__measure--draft" : ""}`, {});
  const places = measure.points.map((point) => toStage(matrix, point));
  const path = places.map(({ x, y }) => `${x},${y}`).join(" ");
  made.append(shape("polyline", "viewer__ruler-edge", { points: path }), shape("polyline", "viewer__ruler", { points: path }));
  for (const { x, y } of places) made.append(shape("circle", "viewer__handle", { cx: x, cy: y, r: HANDLE_PX }));
  if (places.length === POINTS_OF[measure.kind]) made.append(label(measured(measure, viewer.image.spacing), places, viewer.stage));
  return made;
}

/** Beside the last point, or left of it where the stage ends. */
function label(text, places, stage) {
  const { x, y } = places.length === 3 ? places[1] : places.at(-1);
  const isRight = x > stage.width - 180;
  const made = shape("text", "viewer__measured", { x: x + (isRight ? -12 : 12), y: Math.max(y - 8, 16), "text-anchor": isRight ? "end" : "start" });
  made.textContent = text;
  return made;
}

function crosshair({ x, y }) {
  return shape("path", "viewer__crosshair", { d: `M${x - 14} ${y}h10M${x + 4} ${y}h10M${x} ${y - 14}v10M${x} ${y + 4}v10` });
}

function shape(kind, className, attributes) {
  const made = document.createElementNS(SVG, kind);
  made.setAttribute("class", className);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
