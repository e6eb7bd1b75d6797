// Draws measures and the reader's own marks over the image, in stage pixels, so that lines and letters keep their size.
import { toStage } from "./geometry.js";
import { measured, POINTS_OF } from "./measures.js";
import { boxShape, shape } from "./svg.js";

const HANDLE_PX = 5;
const LABEL_PX = 180;

export function drawMeasures(layer, viewer, matrix) {
  const drawn = drawings(viewer, matrix);
  if (viewer.cursor && !viewer.lens) drawn.push(crosshair(viewer.cursor));
  if (drawn.length || layer.hasChildNodes()) layer.replaceChildren(...drawn);
}

/** All that was drawn on this image, as `matrix` places it. */
export function drawings(viewer, matrix) {
  const drawn = viewer.measures.map((measure) => group(measure, viewer, matrix, false));
  if (viewer.draft) drawn.push(group(viewer.draft, viewer, matrix, true));
  for (const region of viewer.box.regionsOf(viewer)) drawn.push(boxShape("viewer__region", matrix, region));
  if (viewer.region) drawn.push(boxShape("viewer__region viewer__region--draft", matrix, viewer.region));
  return drawn;
}

function group(measure, viewer, matrix, isDraft) {
  const made = shape("g", `viewer__measure${isDraft ? " viewer__measure--draft" : ""}`);
  const places = measure.points.map((point) => toStage(matrix, point));
  const path = places.map(({ x, y }) => `${x},${y}`).join(" ");
  for (const part of ["viewer__ruler-edge", "viewer__ruler"]) made.append(shape("polyline", part, { points: path }));
  for (const { x, y } of places) made.append(shape("circle", "viewer__handle", { cx: x, cy: y, r: HANDLE_PX }));
  const isWhole = places.length === POINTS_OF[measure.kind];
  if (isWhole) made.append(label(measured(measure, viewer.image.spacing), places, viewer.stage));
  return made;
}

/** Beside the last point, or left of it where the stage ends. */
function label(text, places, stage) {
  const { x, y } = places.length === 3 ? places[1] : places.at(-1);
  const [aside, anchor] = x > stage.width - LABEL_PX ? [-12, "end"] : [12, "start"];
  const made = shape("text", "viewer__measured", { x: x + aside, y: Math.max(y - 8, 16), "text-anchor": anchor });
  made.textContent = text;
  return made;
}

export function crosshair({ x, y }) {
  const [across, down] = [`M${x - 14} ${y}h10M${x + 4} ${y}h10`, `M${x} ${y - 14}v10M${x} ${y + 4}v10`];
  return shape("path", "viewer__crosshair", { d: across + down });
}
