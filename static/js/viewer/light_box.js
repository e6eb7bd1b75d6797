// The light box: up to four radiographs of the case side by side, one of them active. Tools and keys act on that one;
// zoom and place of the others go along while they are linked. The first place always holds the image of the page.
import { tellStrip } from "../strip.js";
import { ACTIONS, reflect } from "./actions.js";
import { placesFor, possible, recallPlaces, rememberPlaces } from "./places.js";
import { showRegions } from "./region_list.js";
import { Regions } from "./regions.js";
import { watchToolbar } from "./toolbar.js";
import { Viewer } from "./viewer.js";

const NARROW = "(max-width: 48rem)";

/** The one light box of the page. It outlives the markup it stands in, which a live refresh replaces. */
let present = null;

export function showImages(figure) {
  present ??= new LightBox(figure.dataset);
  present.attach(figure);
}

class LightBox {
  constructor({ case: caseId, reader }) {
    this.caseId = caseId;
    this.reader = reader;
    this.viewers = new Map();
    this.mode = "move";
    this.active = 0;
    Object.assign(this, recallPlaces(caseId));
    const field = document.querySelector("[data-regions-field]");
    this.regions = field ? new Regions(field, () => this.showRegions()) : null;
    this.narrow = window.matchMedia(NARROW);
    this.narrow.addEventListener("change", () => this.arrange());
    document.addEventListener("choose-image", (event) => {
      if (this.choose(event.detail.number)) event.preventDefault();
    });
  }

  attach(figure) {
    this.figure = figure;
    this.panes = figure.querySelector("[data-part=panes]");
    this.shown = Number(this.panes.firstElementChild.dataset.image);
    this.templates = new Map([...figure.querySelectorAll("template")].map((made) => [Number(made.dataset.image), made]));
    this.fresh = new Set(this.viewers.keys());
    if (!this.regions) figure.querySelector("[data-action='mode:region']")?.remove();
    figure.addEventListener("click", (event) => this.act(event.target.closest("[data-action]")));
    watchToolbar(figure.querySelector("[role=toolbar]"));
    const isLost = document.activeElement === document.body && this.active > 0 && this.active !== this.shown;
    this.arrange();
    this.showRegions();
    if (isLost) this.viewers.get(this.active)?.element.focus({ preventScroll: true });
  }

  /** Images in their places: those that left are closed, those that came are opened. */
  arrange() {
    const all = [this.shown, ...this.templates.keys()].sort((one, other) => one - other);
    this.places = this.narrow.matches ? 1 : possible(this.count, all);
    const numbers = placesFor(this.places, this.shown, this.numbers, all);
    for (const [number, viewer] of this.viewers) if (!numbers.includes(number)) this.close(viewer);
    numbers.forEach((number, place) => this.hang(number, place));
    while (this.panes.children.length > numbers.length) this.panes.lastElementChild.remove();
    this.panes.dataset.count = numbers.length;
    this.numbers = numbers;
    if (!numbers.includes(this.active)) this.active = this.shown;
    if (!this.narrow.matches) rememberPlaces(this.caseId, this);
    this.tell();
  }

  hang(number, place) {
    const pane = this.paneOf(number);
    const there = this.panes.children[place];
    if (there !== pane) this.panes.insertBefore(pane, there ?? null);
    if (this.viewers.has(number) && !this.fresh.has(number)) return;
    if (!this.viewers.has(number)) this.viewers.set(number, new Viewer(pane.dataset, this));
    this.fresh.delete(number);
    this.viewers.get(number).attach(pane);
  }

  /** The pane in this markup, made from its template where it is not there yet. */
  paneOf(number) {
    const known = [...this.panes.children].find((pane) => Number(pane.dataset.image) === number);
    return known ?? this.templates.get(number).content.firstElementChild.cloneNode(true);
  }

  close(viewer) {
    viewer.close();
    this.viewers.delete(viewer.number);
    this.fresh.delete(viewer.number);
    viewer.pane.remove();
  }

  act(control) {
    if (!control) return;
    const [name, choice] = control.dataset.action.split(":");
    ACTIONS[name](this.viewers.get(this.active), choice, this);
    this.redraw();
  }

  redraw() {
    for (const viewer of this.viewers.values()) viewer.redraw();
  }

  show(count) {
    this.count = count;
    this.arrange();
  }

  link() {
    this.isLinked = !this.isLinked;
    rememberPlaces(this.caseId, this);
    if (this.isLinked) this.lead();
  }

  activate(number) {
    if (number === this.active) return;
    this.active = number;
    this.tell();
  }

  /** The place after the active one, by key; the focus goes along. */
  goOn() {
    const next = this.numbers[(this.numbers.indexOf(this.active) + 1) % this.numbers.length];
    this.viewers.get(next).element.focus({ preventScroll: true });
  }

  /** Whether the image came into the active place; the first place follows the page's address instead. */
  choose(number) {
    const place = this.numbers.indexOf(this.active);
    if (place < 1 || !(this.templates.has(number) || number === this.shown)) return false;
    const from = this.numbers.indexOf(number);
    if (from === 0) this.viewers.get(number).element.focus({ preventScroll: true });
    else this.change(place, number, from);
    return true;
  }

  change(place, number, from) {
    const numbers = [...this.numbers];
    if (from > 0) numbers[from] = numbers[place];
    numbers[place] = number;
    Object.assign(this, { numbers, active: number });
    this.arrange();
    this.redraw();
  }

  /** Called for each picture that was drawn. */
  drawn(viewer) {
    if (!viewer.isActive) return;
    reflect(this, viewer);
    const { scale, x, y } = viewer.view;
    const told = [viewer.number, scale, x, y].join();
    if (told === this.told) return;
    this.told = told;
    if (this.isLinked) this.lead();
  }

  /** The others stand as the active one does. */
  lead() {
    const leader = this.viewers.get(this.active);
    for (const viewer of this.viewers.values()) if (viewer !== leader) viewer.follow(leader);
  }

  /** A viewer that just got its size. */
  join(viewer) {
    const leader = this.viewers.get(this.active);
    if (this.isLinked && leader && leader !== viewer) viewer.follow(leader);
  }

  /** What says which place is active. */
  tell() {
    for (const pane of this.panes.children) {
      pane.toggleAttribute("data-active", Number(pane.dataset.image) === this.active);
    }
    tellStrip(this.numbers, this.active);
    this.redraw();
  }

  regionsOf({ number }) {
    return this.regions?.list.filter(({ image }) => image === number) ?? [];
  }

  showRegions() {
    const section = this.figure.querySelector("[data-part=regions]");
    if (section) showRegions(section, this.regions);
    this.redraw();
  }
}
