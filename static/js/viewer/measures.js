// Lengths and angles. A measure is { kind, points } with points in image pixels.
//
// spacing  null, or { x, y, isAtDetector }: mm from one pixel to the next

export const POINTS_OF = { length: 2, angle: 3 };

/** What stands beside a measure, as "34.2 mm" or "41°". */
export function measured({ kind, points }, spacing) {
  return kind === "angle" ? `${angle(points, spacing).toFixed(1)}°` : length(points, spacing);
}

function length([from, to], spacing) {
  const way = wayOf(from, to, spacing);
  const long = Math.hypot(way.x, way.y);
  if (!spacing) return `${long.toFixed(0)} px`;
  return `${long.toFixed(1)} mm${spacing.isAtDetector ? " at the detector" : ""}`;
}

/** At the second of three points, 0 to 180 degrees. */
function angle([from, corner, to], spacing) {
  const [one, other] = [wayOf(corner, from, spacing), wayOf(corner, to, spacing)];
  const cross = one.x * other.y - one.y * other.x;
  const dot = one.x * other.x + one.y * other.y;
  return (Math.abs(Math.atan2(cross, dot)) * 180) / Math.PI;
}

function wayOf(from, to, spacing) {
  return { x: (to.x - from.x) * (spacing?.x ?? 1), y: (to.y - from.y) * (spacing?.y ?? 1) };
}

/** What a reader must know before trusting a ruler. */
export function rulerNote(spacing) {
  if (!spacing) return "The file gives no pixel spacing, so lengths are in pixels.";
  if (spacing.isAtDetector) return "Millimetres at the detector: the bone itself is a little smaller.";
  return "Millimetres by the file's calibrated pixel spacing.";
}
