// Which grey values are shown black and white: { low, high }, in values of the array. `centre` and `width` are what
// readers call level and window.

/** Bone and soft tissue are shares of the stored window: plain radiographs have no absolute scale as CT has. */
const SHARES = { stored: [0, 1], bone: [0.3, 1], soft: [0, 0.6] };

export function presetWindow(name, image, pixels) {
  if (name === "full") return fullRange(pixels);
  const [low, high] = SHARES[name].map((share) => image.low + share * (image.high - image.low));
  return { low, high };
}

/** From the darkest to the brightest grey value there is. */
function fullRange(pixels) {
  let [low, high] = [65535, 0];
  for (const value of pixels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high: Math.max(high, low + 1) };
}

/** By a drag over `share` of the stage: right widens, up brightens. Never narrower than one grey value. */
export function draggedWindow({ low, high }, share, top) {
  const width = Math.min(Math.max((high - low) * Math.exp(2 * share.x), 1), 2 * top);
  const centre = Math.min(Math.max((low + high) / 2 + share.y * (high - low), 0), top);
  return { low: centre - width / 2, high: centre + width / 2 };
}

export function isSame(one, other) {
  return one.low === other.low && one.high === other.high;
}

/** As DICOM counts them: both ends belong to the window, so 0 to 255 is 256 wide (PS3.3, C.11.2.1.2). */
export function inWords({ low, high }) {
  return `W ${Math.round(high - low + 1)}  L ${Math.round((low + high + 1) / 2)}`;
}
