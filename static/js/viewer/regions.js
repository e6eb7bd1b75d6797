// The places a reader marks for the review: { image, x, y, width, height } in pixels of the decoded image, `image` being
// its number on the page. They live in a hidden field of the review form, so that they are sent with it.
const MOST = 20;

export class Regions {
  /** `changed()` hears of each change, also of those that come from the form. */
  constructor(field, changed) {
    this.field = field;
    this.before = [];
    this.list = parsed(field.value);
    this.changed = changed;
    field.addEventListener("input", () => this.read());
  }

  /** False when there are as many as a review may have. */
  add(region) {
    if (this.list.length >= MOST) return false;
    this.write([...this.list, region]);
    return true;
  }

  remove(place) {
    this.write(this.list.filter((_, at) => at !== place));
  }

  /** Takes the last change back; false when there was none. */
  undo() {
    const before = this.before.pop();
    if (!before) return false;
    this.put(before);
    return true;
  }

  write(list) {
    this.before.push(this.list);
    this.put(list);
  }

  put(list) {
    this.list = list;
    this.field.value = list.length ? JSON.stringify(list) : "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.changed();
  }

  /** What someone else put into the field, as a draft that was restored. */
  read() {
    const list = parsed(this.field.value);
    if (JSON.stringify(list) === JSON.stringify(this.list)) return;
    this.list = list;
    this.changed();
  }
}

function parsed(text) {
  try {
    const list = JSON.parse(text || "[]");
    return Array.isArray(list) ? list.filter(isRegion) : [];
  } catch {
    return [];
  }
}

function isRegion(region) {
  return ["image", "x", "y", "width", "height"].every((name) => Number.isFinite(region?.[name]));
}

/** On whole pixels, inside the image, at least one pixel large. */
export function onPixels({ x, y, width, height }, image) {
  const [left, right] = span(x, width, image.width);
  const [top, bottom] = span(y, height, image.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function span(from, length, end) {
  const first = Math.min(Math.max(Math.round(from), 0), end - 1);
  return [first, Math.min(Math.max(Math.round(from + length), first + 1), end)];
}
