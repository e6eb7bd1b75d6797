// The marks, boxes and measures under the lens, as much larger as the grey values there.
import { underLens } from "./geometry.js";
import { crosshair, drawings } from "./measure_layer.js";
import { asTransform, shape } from "./svg.js";

const EDGE_PX = 2;

export function drawLens(viewer, matrix) {
  const { glass, marks, measures } = viewer.parts;
  const { lens, stage } = viewer;
  if (!lens && !glass.hasChildNodes()) return;
  for (const layer of [marks, measures]) layer.style.clipPath = lens ? around(lens, stage) : "";
  if (!lens) return glass.replaceChildren();
  glass.style.clipPath = `circle(${lens.radius + EDGE_PX}px at ${lens.x}px ${lens.y}px)`;
  fill(viewer, underLens(matrix, lens));
}

function fill(viewer, matrix) {
  const { glass } = viewer.parts;
  const { lens, cursor } = viewer;
  if (!glass.hasChildNodes()) glass.append(sceneCopy(viewer.parts.scene), shape("g", ""));
  const [copy, rest] = glass.children;
  copy.setAttribute("transform", asTransform(matrix));
  const edge = shape("circle", "viewer__lens", { cx: lens.x, cy: lens.y, r: lens.radius + EDGE_PX / 2 });
  rest.replaceChildren(...drawings(viewer, matrix), edge, ...(cursor ? [crosshair(cursor)] : []));
}

/** Made once for each use of the lens: a picture that is made anew flickers. */
function sceneCopy(scene) {
  const copy = scene.cloneNode(true);
  for (const part of [copy, ...copy.querySelectorAll("[data-part]")]) part.removeAttribute("data-part");
  return copy;
}

/** All of the stage but the lens. */
function around({ x, y, radius }, { width, height }) {
  const ring = `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
  return `path(evenodd, "M0 0H${width}V${height}H0Z${ring}")`;
}
