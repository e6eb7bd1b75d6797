// Drawing a mark of the reader: by a drag, or by keys with a box that starts in the middle of the stage.
import { boxOnImage, boxOnStage, matrixOf, middle, spanned } from "./geometry.js";
import { announce } from "./readouts.js";
import { onPixels } from "./regions.js";

const FIRST_SHARE = 0.2;
const STEP_PX = 10;
const SMALLEST_PX = 8;

/** `from` and `to` are stage points. */
export function spanRegion(viewer, from, to) {
  viewer.region = spanned(viewer.imagePoint(from), viewer.imagePoint(to));
}

export function startRegion(viewer) {
  const { stage } = viewer;
  const side = Math.min(stage.width, stage.height) * FIRST_SHARE;
  const { x, y } = middle(stage);
  const box = { x: x - side / 2, y: y - side / 2, width: side, height: side };
  viewer.region = held(boxOnImage(matrixOf(viewer.view, stage), box), viewer.image);
  announce(viewer, "A box in the middle: arrows move it, with Shift they size it, Enter keeps it");
}

/** One step on the stage, whatever way the image is turned. */
export function changeRegion(viewer, { x, y }, isSize) {
  if (!viewer.region) return startRegion(viewer);
  const matrix = matrixOf(viewer.view, viewer.stage);
  const box = boxOnStage(matrix, viewer.region);
  if (isSize) {
    box.width = Math.max(box.width + x * STEP_PX, SMALLEST_PX);
    box.height = Math.max(box.height + y * STEP_PX, SMALLEST_PX);
  } else {
    box.x += x * STEP_PX;
    box.y += y * STEP_PX;
  }
  viewer.region = held(boxOnImage(matrix, box), viewer.image);
}

/** Moved back where it would leave the image; no larger than the image. */
function held(box, image) {
  const [width, height] = [Math.min(box.width, image.width), Math.min(box.height, image.height)];
  const x = Math.min(Math.max(box.x, 0), image.width - width);
  const y = Math.min(Math.max(box.y, 0), image.height - height);
  return { x, y, width, height };
}

export function keepRegion(viewer) {
  const region = { image: viewer.number, ...onPixels(viewer.region, viewer.image) };
  viewer.region = null;
  const { regions } = viewer.box;
  const isKept = regions.add(region);
  announce(viewer, isKept ? `Mark ${regions.list.length} kept, on image ${viewer.number}` : "A review has at most 20 marks");
}
