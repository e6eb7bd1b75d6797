// The viewer of one radiograph: the preview at once, all grey values when they have arrived. Without WebGL2 the
// preview stays, and can still be moved, turned and measured.
import { ACTIONS, reflect } from "./actions.js";
import { fitted, matrixOf, toImage } from "./geometry.js";
import { watchPointers } from "./gestures.js";
import { drawMeasures } from "./measure_layer.js";
import { fetchPixels } from "./pixels.js";
import { showReadouts } from "./readouts.js";
import { Renderer } from "./renderer.js";
import { watchStageKeys } from "./stage_keys.js";
import { watchToolbar } from "./toolbar.js";

const UPRIGHT = { scale: 1, x: 0, y: 0, quarter: 0, isMirrored: false, isFitted: true };
const PARTS = ["window", "zoom", "pointer", "hint", "status", "progress", "scene", "measures", "picture"];

/** The one viewer of the page. It outlives the markup it stands in, which a live refresh replaces. */
let present = null;

export function showImage(figure) {
  const url = figure.dataset.pixels;
  if (present?.url !== url) present = new Viewer(url, imageOf(figure.dataset));
  present.attach(figure);
}

/** Sizes in px, grey values of the array, spacing in mm per px. */
function imageOf(facts) {
  const [width, height, bits, low, high] = [facts.width, facts.height, facts.bits, facts.low, facts.high].map(Number);
  const spacing = facts.spacingX
    ? { x: Number(facts.spacingX), y: Number(facts.spacingY), isAtDetector: facts.spacingAt === "detector" }
    : null;
  return { width, height, bits, low, high, spacing, top: 2 ** bits - 1 };
}

class Viewer {
  constructor(url, image) {
    this.url = url;
    this.image = image;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "viewer__canvas";
    this.canvas.setAttribute("aria-hidden", "true");
    this.pixels = this.renderer = null;
    this.trouble = "";
    this.stage = { width: 0, height: 0, ratio: 1 };
    this.measures = [];
    this.draft = this.hover = this.cursor = this.lens = null;
    this.mode = "move";
    this.setUpright();
    this.sizes = new ResizeObserver((entries) => this.measureStage(entries.at(-1)));
    this.keepContext();
    this.load();
  }

  /** As the image was opened; measures stay. */
  setUpright() {
    this.view = { ...UPRIGHT };
    this.window = { low: this.image.low, high: this.image.high };
    this.isInverted = false;
    this.isSmooth = true;
  }

  /** Move into this markup: the first, or a fresh one in the place of that. */
  attach(figure) {
    this.figure = figure;
    this.element = figure.querySelector(".viewer__stage");
    this.parts = Object.fromEntries(PARTS.map((name) => [name, figure.querySelector(`[data-part="${name}"]`)]));
    this.parts.picture.after(this.canvas);
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    figure.addEventListener("click", (event) => this.act(event.target.closest("[data-action]")));
    watchPointers(this.element, this);
    watchStageKeys(this.element, this);
    watchToolbar(figure.querySelector("[role=toolbar]"));
    this.sizes.disconnect();
    observeSize(this.sizes, this.element);
    this.redraw();
  }

  act(control) {
    if (!control) return;
    const [name, choice] = control.dataset.action.split(":");
    ACTIONS[name](this, choice);
    this.redraw();
  }

  async load() {
    try {
      this.pixels = await fetchPixels(this.url, this.image, (share) => this.progress(share));
      this.renderer = new Renderer(this.canvas, this.image, this.pixels);
    } catch (error) {
      this.trouble = trouble(error);
    }
    this.progress(1);
    this.redraw();
  }

  progress(share) {
    this.share = share;
    if (!this.parts) return;
    this.parts.progress.value = share;
    this.parts.progress.hidden = share === 1;
  }

  /** The canvas gets exactly as many pixels as the screen gives it; a rounded size would blur 1:1. */
  measureStage(entry) {
    const ratio = window.devicePixelRatio;
    const exact = entry.devicePixelContentBoxSize?.[0]; // not in Safari
    const across = near(exact?.inlineSize, entry.contentRect.width * ratio);
    const down = near(exact?.blockSize, entry.contentRect.height * ratio);
    if (!across || !down) return;
    this.stage = { width: across / ratio, height: down / ratio, ratio };
    if (this.canvas.width !== across) this.canvas.width = across;
    if (this.canvas.height !== down) this.canvas.height = down;
    this.draw();
  }

  /** Once before the next picture of the screen, however often it is asked for. */
  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.stage.width) return;
    if (this.view.isFitted) this.view = fitted(this.view, this.stage, this.image);
    const matrix = matrixOf(this.view, this.stage);
    if (this.renderer) this.renderer.draw(this.stage, matrix, this, this.mode === "magnify" ? this.lens : null);
    this.place(matrix);
    drawMeasures(this.parts.measures, this, matrix);
    showReadouts(this, matrix);
    reflect(this);
  }

  /** The preview (until it is covered) and the marks stand where the image does. */
  place({ a, b, c, d, e, f }) {
    const { picture, scene, measures } = this.parts;
    const box = `0 0 ${this.stage.width} ${this.stage.height}`;
    for (const layer of [measures, scene?.ownerSVGElement]) if (layer) set(layer, "viewBox", box);
    if (scene) set(scene, "transform", `matrix(${[a, b, c, d, e, f].join(" ")})`);
    picture.classList.add("viewer__image--placed");
    picture.style.transform = `matrix(${[a, b, c, d, e, f].join(", ")})`;
    picture.style.filter = this.isInverted ? "invert(1)" : "";
    this.element.style.touchAction = this.view.isFitted && this.mode === "move" ? "pan-y" : "none";
    set(this.figure, "data-shows", this.renderer ? "all" : this.trouble ? "preview" : "loading");
  }

  /** The image point under a stage point. */
  imagePoint(place) {
    return toImage(matrixOf(this.view, this.stage), place);
  }

  /** A graphics card may drop its memory at any time; the preview stands in until it is back. */
  keepContext() {
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.canvas.hidden = true;
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.renderer.prepare(this.pixels);
      this.canvas.hidden = false;
      this.redraw();
    });
  }
}

/** An attribute that is written again costs a new layout, even with the same value. */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
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
