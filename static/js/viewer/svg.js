// Shapes for the layers over the image.
import { boxOnStage } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";

export function shape(kind, className, attributes = {}) {
  const made = document.createElementNS(SVG, kind);
  made.setAttribute("class", className);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A box of the image, drawn on the stage. */
export function boxShape(className, matrix, box) {
  return shape("rect", className, boxOnStage(matrix, box));
}

/** An attribute that is written again costs a new layout, even with the same value. */
export function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function asTransform({ a, b, c, d, e, f }) {
  return `matrix(${[a, b, c, d, e, f].join(" ")})`;
}
