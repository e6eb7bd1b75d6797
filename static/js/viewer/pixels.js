// The grey values of one image, as intake stored them.

/**
 * Uint8Array or Uint16Array, row by row. `told(share)` hears of the progress, 0 to 1; `signal` breaks it off.
 * Samples travel in little-endian order, which is that of every machine browsers run on.
 */
export async function fetchPixels(url, image, signal, told) {
  const answer = await fetch(url, { credentials: "same-origin", redirect: "error", signal });
  if (!answer.ok) throw new Error(`no grey values: ${answer.status}`);
  const bytes = new Uint8Array((image.width * image.height * image.bits) / 8);
  let count = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, count);
    count += value.length;
    told(count / bytes.length);
  }
  if (count !== bytes.length) throw new Error("not all grey values arrived");
  return image.bits === 16 ? new Uint16Array(bytes.buffer) : bytes;
}

/** The grey value under an image point; null beside the image. */
export function greyAt(pixels, image, point) {
  const [column, row] = [Math.floor(point.x), Math.floor(point.y)];
  const isInside = column >= 0 && row >= 0 && column < image.width && row < image.height;
  return isInside ? pixels[row * image.width + column] : null;
}
