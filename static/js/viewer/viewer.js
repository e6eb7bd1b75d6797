// One radiograph in its place: the preview at once, all grey values when they have arrived. Without WebGL2 the
// preview stays, and can still be moved, turned and measured.
import { recall, remember } from "../tab_memory.js";
import { fitted, followed, matrixOf, toImage } from "./geometry.js";
import { watchPointers } from "./gestures.js";
import { drawLens } from "./lens_layer.js";
import { drawMeasures } from "./measure_layer.js";
import { fetchPixels } from "./pixels.js";
import { showReadouts } from "./readouts.js";
import { Renderer } from "./renderer.js";
import { watchStageKeys } from "./stage_keys.js";
import { asTransform, set } from "./svg.js";

const UPRIGHT = { scale: 1, x: 0, y: 0, quarter: 0, isMirrored: false, isFitted: true };
const PARTS = ["window", "zoom", "pointer", "hint", "status", "progress", "scene", "marks", "measures", "glass", "picture"];

export class Viewer {
  /** `facts` of the image, as its markup tells them; `box` is the light box it hangs in. */
  constructor(facts, box) {
    this.box = box;
    this.number = Number(facts.image);
    this.image = imageOf(facts);
    this.kept = `measures.${box.reader}.${facts.id}`;
    this.measures = recall(this.kept) ?? [];
    this.canvas = document.createElement("canvas");
    this.canvas.className = "viewer__canvas";
    this.canvas.setAttribute("aria-hidden", "true");
    this.pixels = this.renderer = null;
    this.trouble = "";
    this.stage = { width: 0, height: 0, ratio: 1 };
    this.dropDrafts();
    this.setUpright();
    this.sizes = new ResizeObserver((entries) => this.measureStage(entries.at(-1)));
    this.leaving = new AbortController();
    this.keepContext();
    this.load(facts.pixels);
  }

  /** As the image was opened; measures stay. */
  setUpright() {
    this.view = { ...UPRIGHT };
    this.window = { low: this.image.low, high: this.image.high };
    this.isInverted = false;
    this.isSmooth = true;
  }

  dropDrafts() {
    this.draft = this.region = this.hover = this.cursor = this.lens = null;
  }

  /** Move into this markup: the first, or a fresh one in the place of that. */
  attach(pane) {
    this.pane = pane;
    this.element = pane.querySelector(".viewer__stage");
    this.parts = Object.fromEntries(PARTS.map((name) => [name, pane.querySelector(`[data-part="${name}"]`)]));
    this.parts.picture.after(this.canvas);
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    for (const kind of ["pointerdown", "focusin"]) pane.addEventListener(kind, () => this.box.activate(this.number), true);
    watchPointers(this.element, this);
    watchStageKeys(this.element, this);
    this.sizes.disconnect();
    observeSize(this.sizes, this.element);
    this.redraw();
  }

  async load(url) {
    try {
      this.pixels = await fetchPixels(url, this.image, this.leaving.signal, (share) => this.progress(share));
      this.renderer = new Renderer(this.canvas, this.image, this.pixels);
    } catch (error) {
      if (this.leaving.signal.aborted) return;
      this.trouble = trouble(error);
    }
    this.progress(1);
    this.redraw();
  }

  progress(share) {
    if (!this.parts) return;
    this.parts.progress.value = share;
    this.parts.progress.hidden = share === 1;
  }

  /** Gives back all that is large; the image may be opened anew later. */
  close() {
    this.leaving.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
    this.renderer?.close();
    this.renderer = this.pixels = null;
  }

  /** The canvas gets exactly as many pixels as the screen gives it; a rounded size would blur 1:1. */
  measureStage(entry) {
    const ratio = window.devicePixelRatio;
    const exact = entry.devicePixelContentBoxSize?.[0]; // not in Safari
    const across = near(exact?.inlineSize, entry.contentRect.width * ratio);
    const down = near(exact?.blockSize, entry.contentRect.height * ratio);
    if (!across || !down) return;
    const isFirst = !this.stage.width;
    this.stage = { width: across / ratio, height: down / ratio, ratio };
    if (this.canvas.width !== across) this.canvas.width = across;
    if (this.canvas.height !== down) this.canvas.height = down;
    if (isFirst) this.box.join(this);
    this.draw();
  }

  /** Once before the next picture of the screen, however often it is asked for. */
  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.stage.width || this.leaving.signal.aborted) return;
    if (this.view.isFitted) this.view = fitted(this.view, this.stage, this.image);
    const matrix = matrixOf(this.view, this.stage);
    this.renderer?.draw(this.stage, matrix, this, this.lens);
    this.place(matrix);
    drawMeasures(this.parts.measures, this, matrix);
    drawLens(this, matrix);
    showReadouts(this, matrix);
    this.box.drawn(this);
  }

  /** The preview (until it is covered) and the marks stand where the image does. */
  place(matrix) {
    const { picture, scene, marks, measures, glass } = this.parts;
    const box = `0 0 ${this.stage.width} ${this.stage.height}`;
    for (const layer of [marks, measures, glass]) set(layer, "viewBox", box);
    set(scene, "transform", asTransform(matrix));
    picture.classList.add("viewer__image--placed");
    picture.style.transform = `matrix(${Object.values(matrix).join(", ")})`;
    picture.style.filter = this.isInverted ? "invert(1)" : "";
    this.element.style.touchAction = this.view.isFitted && this.box.mode === "move" ? "pan-y" : "none";
    set(this.pane, "data-shows", this.renderer ? "all" : this.trouble ? "preview" : "loading");
  }

  /** Stand as another image does that is looked at together with this one. */
  follow(leader) {
    if (!this.stage.width || !leader.stage.width) return;
    this.view = followed(this.view, this.stage, this.image, leader);
    this.draw();
  }

  get isActive() {
    return this.box.active === this.number;
  }

  /** The image point under a stage point. */
  imagePoint(place) {
    return toImage(matrixOf(this.view, this.stage), place);
  }

  /** Measures last as long as the tab; they are not sent anywhere. */
  keepMeasures() {
    remember(this.kept, this.measures);
  }

  /** A graphics card may drop its memory at any time; the preview stands in until it is back. */
  keepContext() {
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.canvas.hidden = true;
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      if (!this.renderer) return;
      this.renderer.prepare(this.pixels);
      this.canvas.hidden = false;
      this.redraw();
    });
  }
}

/** Sizes in px, grey values of the array, spacing in mm per px. */
function imageOf(facts) {
  const [width, height, bits, low, high] = [facts.width, facts.height, facts.bits, facts.low, facts.high].map(Number);
  const spacing = facts.spacingX
    ? { x: Number(facts.spacingX), y: Number(facts.spacingY), isAtDetector: facts.spacingAt === "detector" }
    : null;
  return { width, height, bits, low, high, spacing, top: 2 ** bits - 1 };
}

/** What the browser says, unless that cannot be: Chromium forgets the density where it only pretends one. */
function near(exact, reckoned) {
  return Math.abs(exact - reckoned) <= 1 ? exact : Math.round(reckoned);
}

function observeSize(observer, element) {
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element);
  }
}

function trouble(error) {
  console.warn(`The viewer shows the preview: ${error.message}`);
  return /WebGL2|graphics/.test(error.message)
    ? "Preview only: this browser cannot draw all grey values, so the window is fixed."
    : "Preview only: the grey values did not arrive. Reload the page to try again.";
}
