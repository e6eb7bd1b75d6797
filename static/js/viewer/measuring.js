// Setting and moving the points of lengths and angles, by pointer or by key.
import { matrixOf, toStage } from "./geometry.js";
import { measured, POINTS_OF } from "./measures.js";
import { announce } from "./readouts.js";

const REACH_PX = { mouse: 10, pen: 14, touch: 24 };

/** One more point of the draft; its last point always follows the pointer until it is set. */
export function placePoint(viewer, place) {
  const point = viewer.imagePoint(place);
  if (!viewer.draft) {
    viewer.draft = { kind: viewer.box.mode, points: [point, { ...point }] };
  } else if (viewer.draft.points.length < POINTS_OF[viewer.draft.kind]) {
    viewer.draft.points.splice(-1, 1, point, { ...point });
  } else {
    viewer.draft.points.splice(-1, 1, point);
    viewer.measures.push(viewer.draft);
    viewer.keepMeasures();
    tellMeasure(viewer, viewer.draft);
    viewer.draft = null;
  }
}

export function leadMeasure(viewer, place) {
  viewer.draft.points.splice(-1, 1, viewer.imagePoint(place));
}

export function tellMeasure(viewer, measure) {
  announce(viewer, `${measure.kind} ${measured(measure, viewer.image.spacing)}`);
}

/** The finished measure, and which of its points, under the pointer; changing the point moves it. */
export function grabPoint(viewer, place, pointerType) {
  const matrix = matrixOf(viewer.view, viewer.stage);
  const reach = REACH_PX[pointerType] ?? REACH_PX.mouse;
  const near = (point) => {
    const { x, y } = toStage(matrix, point);
    return Math.hypot(x - place.x, y - place.y) <= reach;
  };
  const measure = viewer.measures.find(({ points }) => points.some(near));
  return measure ? { measure, point: measure.points.find(near) } : null;
}
