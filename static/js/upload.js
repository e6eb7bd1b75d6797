// Drag and drop, a list of the chosen files, a check of numbers and sizes before sending, and a progress bar. What was
// chosen and typed stays on the page until a case was made of it.
import { enterMovesOn } from "./enter.js";
import { freshToken, sendForm } from "./sending.js";

export function improveUpload(form) {
  const upload = new Upload(form);
  upload.input.addEventListener("change", () => upload.add([...upload.input.files]));
  for (const kind of ["dragenter", "dragover"]) {
    upload.dropzone.addEventListener(kind, (event) => upload.hover(event, true));
  }
  upload.dropzone.addEventListener("dragleave", (event) => upload.hover(event, false));
  upload.dropzone.addEventListener("drop", (event) => {
    upload.hover(event, false);
    upload.add([...event.dataTransfer.files]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    upload.send();
  });
  window.addEventListener("beforeunload", (event) => {
    if (upload.isUnsent()) event.preventDefault();
  });
  enterMovesOn(form);
}

class Upload {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.dropzone = form.querySelector("[data-dropzone]");
    this.list = form.querySelector("[data-file-list]");
    this.total = form.querySelector("[data-file-total]");
    this.button = form.querySelector("[data-send]");
    this.progress = form.querySelector("[data-progress]");
    this.maxFiles = Number(form.dataset.maxFiles);
    this.maxFileBytes = Number(form.dataset.maxFileBytes);
    this.maxTotalBytes = Number(form.dataset.maxTotalBytes);
    this.files = [];
    this.isSaved = false;
  }

  hover(event, isOver) {
    event.preventDefault();
    this.dropzone.classList.toggle("dropzone--over", isOver);
  }

  add(files) {
    const isKnown = (file) => this.files.some((known) => known.name === file.name && known.size === file.size && known.lastModified === file.lastModified);
    this.files.push(...files.filter((file) => !isKnown(file)));
    this.input.value = "";
    this.draw();
  }

  remove(file) {
    this.files = this.files.filter((known) => known !== file);
    this.draw();
    this.input.focus();
  }

  draw() {
    this.list.replaceChildren(...this.files.map((file) => this.line(file)));
    this.list.hidden = this.files.length === 0;
    this.total.textContent = `${this.files.length} files, ${inMebibytes(this.totalBytes())} together`;
    this.total.hidden = this.files.length < 2;
    this.slot(this.input.name, this.problemsOfAll().join(" "));
  }

  totalBytes() {
    return this.files.reduce((sum, file) => sum + file.size, 0);
  }

  problems() {
    const tooLarge = this.files.filter((file) => file.size > this.maxFileBytes);
    return [...this.problemsOfAll(), ...tooLarge.map((file) => `${file.name} is larger than ${inMebibytes(this.maxFileBytes)}. Remove it.`)];
  }

  problemsOfAll() {
    const tooMany = this.files.length - this.maxFiles;
    const found = [];
    if (tooMany > 0) found.push(`At most ${this.maxFiles} files at once; remove ${tooMany}.`);
    if (this.totalBytes() > this.maxTotalBytes) {
      found.push(`These files are ${inMebibytes(this.totalBytes())} together; at most ${inMebibytes(this.maxTotalBytes)} can be sent at once. Remove some.`);
    }
    return found;
  }

  /** Whether leaving the page would lose a chosen file, or something that was typed. */
  isUnsent() {
    return !this.isSaved && (this.files.length > 0 || [...this.form.elements].some(isChanged));
  }

  line(file) {
    const line = element("li", "file-list__item");
    const remove = element("button", "button button--quiet", "Remove");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => this.remove(file));
    line.append(element("span", "breakable", file.name), element("span", "file-list__size", inMebibytes(file.size)), remove);
    if (file.size > this.maxFileBytes) {
      line.append(element("span", "file-list__wrong", `Larger than ${inMebibytes(this.maxFileBytes)}. Remove it.`));
    }
    return line;
  }

  async send() {
    if (this.button.disabled) return;
    const problems = this.problems();
    if (problems.length > 0) return this.fail(...problems.map((words) => link(`#${this.input.id}`, words)));
    this.summary().hidden = true;
    this.button.disabled = true;
    this.progress.hidden = false;
    this.tell(0, 1);
    this.answer(await this.attempt());
  }

  async attempt() {
    const fresh = await freshToken(this.form.dataset.page);
    if (!fresh.token) return fresh;
    this.form.elements.csrf_token.value = fresh.token;
    return sendForm(this.form.action, this.content(), (loaded, total) => this.tell(loaded, total));
  }

  content() {
    const content = new FormData(this.form);
    content.delete(this.input.name);
    for (const file of this.files) content.append(this.input.name, file, file.name);
    return content;
  }

  tell(loaded, total) {
    this.progress.querySelector("progress").value = (loaded / total) * 100;
    const percent = Math.floor((loaded / total) * 100);
    this.progress.querySelector("[role=status]").textContent = loaded < total ? `${percent} % sent` : "Sent; being saved";
  }

  answer({ location, page, isSignedOut, problem }) {
    if (location) {
      this.isSaved = true;
      return window.location.assign(location);
    }
    if (page) return this.showErrors(page);
    this.fail(isSignedOut ? this.wayBackIn() : problem);
  }

  wayBackIn() {
    const signIn = link(this.form.dataset.signIn, "sign in in a new tab");
    signIn.target = "_blank";
    const words = document.createDocumentFragment();
    words.append("Your session has ended. Your files and words are still here: ", signIn, ", come back, and send it again.");
    return words;
  }

  showErrors(page) {
    this.rest();
    for (const slot of page.querySelectorAll("[data-error-slot]")) {
      this.slot(slot.dataset.errorSlot, slot.textContent);
    }
    const fresh = document.importNode(page.querySelector("[data-error-summary]"), true);
    this.summary().replaceWith(fresh);
    reveal(fresh);
  }

  fail(...problems) {
    this.rest();
    const lines = problems.map((problem) => {
      const line = element("li");
      line.append(problem);
      return line;
    });
    const summary = this.summary();
    summary.querySelector("ul").replaceChildren(...lines);
    summary.hidden = false;
    reveal(summary);
  }

  summary() {
    return document.querySelector("[data-error-summary]");
  }

  slot(name, words) {
    const slot = this.form.querySelector(`[data-error-slot="${name}"]`);
    if (!slot) return;
    slot.textContent = words;
    slot.hidden = !words;
    tie(slot, slot.closest(".field, .choice") ?? this.dropzone);
  }

  rest() {
    this.button.disabled = false;
    this.progress.hidden = true;
  }
}

/** The field says that it is wrong and why, or neither, as the server's own page has it (components/field.html). */
function tie(slot, frame) {
  frame.classList.toggle("field--wrong", !slot.hidden);
  const field = frame.matches("fieldset") ? frame : frame.querySelector(".control, input");
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== slot.id);
  const about = slot.hidden ? others : [...others, slot.id];
  setOrRemove(field, "aria-describedby", about.join(" "));
  if (field !== frame) setOrRemove(field, "aria-invalid", slot.hidden ? "" : "true");
}

function setOrRemove(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}

function isChanged(field) {
  if (!field.matches("input:not([type=hidden]), textarea")) return false;
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

function reveal(summary) {
  summary.tabIndex = -1;
  summary.focus({ preventScroll: true });
  summary.scrollIntoView({ block: "center" });
}

function link(address, words) {
  const made = element("a", "", words);
  made.href = address;
  return made;
}

function element(kind, className, words = "") {
  const made = document.createElement(kind);
  if (className) made.className = className;
  made.textContent = words;
  return made;
}

function inMebibytes(bytes) {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
