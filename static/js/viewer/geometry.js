// Where the image stands on the stage. Image points are in image pixels (0, 0 is the outer corner of the first pixel),
// stage points in CSS pixels. Nothing here touches the page.
//
// view   { scale, x, y, quarter, isMirrored, isFitted }
//        scale: CSS px per image px; x, y: the image point in the middle of the stage; quarter: clockwise turns, 0 to 3
// stage  { width, height, ratio } in CSS px; ratio: device px per CSS px
// image  { width, height } in image px
const LARGEST_SCALE = 40;
const SMALLEST_SHARE = 0.25;

/** The whole image, as large as the stage allows; turns are kept. */
export function fitted(view, stage, image) {
  return { ...view, scale: fitScale(view, stage, image), x: image.width / 2, y: image.height / 2, isFitted: true };
}

function fitScale(view, stage, image) {
  const [width, height] = view.quarter % 2 ? [image.height, image.width] : [image.width, image.height];
  return Math.min(stage.width / width, stage.height / height);
}

/** As SVG and CSS write it: stage x = a·x + c·y + e, stage y = b·x + d·y + f. */
export function matrixOf(view, stage) {
  const cos = [1, 0, -1, 0][view.quarter];
  const sin = [0, 1, 0, -1][view.quarter];
  const side = view.isMirrored ? -1 : 1;
  const [a, b, c, d] = [side * cos, side * sin, -sin, cos].map((part) => part * view.scale);
  const e = stage.width / 2 - a * view.x - c * view.y;
  const f = stage.height / 2 - b * view.x - d * view.y;
  return { a, b, c, d, e: onGrid(e, stage), f: onGrid(f, stage) };
}

/** At 1:1 each image pixel must fall on exactly one device pixel. */
function onGrid(place, stage) {
  return Math.round(place * stage.ratio) / stage.ratio;
}

export function toStage(matrix, point) {
  return {
    x: matrix.a * point.x + matrix.c * point.y + matrix.e,
    y: matrix.b * point.x + matrix.d * point.y + matrix.f,
  };
}

export function toImage(matrix, place) {
  const size = matrix.a * matrix.d - matrix.b * matrix.c;
  const [x, y] = [place.x - matrix.e, place.y - matrix.f];
  return { x: (matrix.d * x - matrix.c * y) / size, y: (matrix.a * y - matrix.b * x) / size };
}

/** `factor` times larger, with what lies under `place` staying there. */
export function zoomed(view, stage, image, factor, place = middle(stage)) {
  const smallest = Math.min(fitScale(view, stage, image) * SMALLEST_SHARE, 1 / stage.ratio);
  const scale = Math.min(Math.max(view.scale * factor, smallest), LARGEST_SCALE);
  const fixed = toImage(matrixOf(view, stage), place);
  const share = view.scale / scale;
  const x = fixed.x + (view.x - fixed.x) * share;
  const y = fixed.y + (view.y - fixed.y) * share;
  return { ...view, scale, ...inside({ x, y }, image), isFitted: false };
}

/** One image pixel on one device pixel. */
export function oneToOne(view, stage, image, place = middle(stage)) {
  return zoomed(view, stage, image, 1 / stage.ratio / view.scale, place);
}

/** Moved by a way on the stage. */
export function moved(view, stage, image, way) {
  const matrix = { ...matrixOf(view, stage), e: 0, f: 0 };
  const by = toImage(matrix, way);
  return { ...view, ...inside({ x: view.x - by.x, y: view.y - by.y }, image), isFitted: false };
}

/** The middle of the stage stays on the image, so that it cannot be lost. */
function inside(point, image) {
  return { x: Math.min(Math.max(point.x, 0), image.width), y: Math.min(Math.max(point.y, 0), image.height) };
}

export function turned(view, quarters) {
  return { ...view, quarter: (view.quarter + quarters + 4) % 4 };
}

/** Left and right change places on the stage, also when the image is turned. */
export function mirrored(view) {
  return { ...view, isMirrored: !view.isMirrored, quarter: (4 - view.quarter) % 4 };
}

export function middle(stage) {
  return { x: stage.width / 2, y: stage.height / 2 };
}

/** The view of an image that goes along with another's: the same share of it in the middle, as much over fitted. */
export function followed(view, stage, image, led) {
  if (led.view.isFitted) return fitted(view, stage, image);
  const factor = led.view.scale / fitScale(led.view, led.stage, led.image);
  const scale = Math.min(factor * fitScale(view, stage, image), LARGEST_SCALE);
  const x = (led.view.x / led.image.width) * image.width;
  const y = (led.view.y / led.image.height) * image.height;
  return { ...view, scale, x, y, isFitted: false };
}

/** What the lens shows: the same place in its middle, everything around it larger. */
export function underLens(matrix, { x, y, factor }) {
  const [a, b, c, d] = [matrix.a, matrix.b, matrix.c, matrix.d].map((part) => part * factor);
  return { a, b, c, d, e: x + (matrix.e - x) * factor, f: y + (matrix.f - y) * factor };
}

/** A box { x, y, width, height } of the image as it lies on the stage: upright at every turn. */
export function boxOnStage(matrix, box) {
  return spanned(toStage(matrix, box), toStage(matrix, { x: box.x + box.width, y: box.y + box.height }));
}

export function boxOnImage(matrix, box) {
  return spanned(toImage(matrix, box), toImage(matrix, { x: box.x + box.width, y: box.y + box.height }));
}

/** The box between two corners. */
export function spanned(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return { x, y, width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) };
}
