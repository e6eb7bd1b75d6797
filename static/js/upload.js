// Drag and drop, a list of the chosen files, a check of sizes before sending, and a progress bar.
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
}

class Upload {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.dropzone = form.querySelector("[data-dropzone]");
    this.list = form.querySelector("[data-file-list]");
    this.button = form.querySelector("[data-send]");
    this.progress = form.querySelector("[data-progress]");
    this.maxFiles = Number(form.dataset.maxFiles);
    this.maxFileBytes = Number(form.dataset.maxFileBytes);
    this.files = [];
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
    const tooMany = this.files.length - this.maxFiles;
    this.slot(this.input.name, tooMany > 0 ? `At most ${this.maxFiles} files at once; remove ${tooMany}.` : "");
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

  send() {
    if (this.files.length > this.maxFiles || this.files.some((file) => file.size > this.maxFileBytes)) {
      return this.list.scrollIntoView({ block: "center" });
    }
    const content = new FormData(this.form);
    content.delete(this.input.name);
    for (const file of this.files) content.append(this.input.name, file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => this.tell(event.loaded, event.total));
    request.addEventListener("load", () => this.answer(request));
    request.addEventListener("error", () => this.fail("The portal could not be reached, so nothing was saved. Try again."));
    this.button.disabled = true;
    this.progress.hidden = false;
    this.tell(0, 1);
    request.send(content);
  }

  tell(loaded, total) {
    this.progress.querySelector("progress").value = (loaded / total) * 100;
    const percent = Math.floor((loaded / total) * 100);
    this.progress.querySelector("[role=status]").textContent = loaded < total ? `${percent} % sent` : "Sent; being saved";
  }

  answer(request) {
    if (request.status === 201) return window.location.assign(JSON.parse(request.responseText).location);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    if (page.querySelector("[data-error-summary]")) return this.showErrors(page);
    this.fail(page.querySelector("[data-error-page] .lead")?.textContent ?? "The portal could not take this. Try again.");
  }

  showErrors(page) {
    this.rest();
    for (const slot of page.querySelectorAll("[data-error-slot]")) {
      this.slot(slot.dataset.errorSlot, slot.textContent);
    }
    const summary = document.querySelector("[data-error-summary]");
    const fresh = document.importNode(page.querySelector("[data-error-summary]"), true);
    summary.replaceWith(fresh);
    reveal(fresh);
  }

  fail(message) {
    this.rest();
    const summary = document.querySelector("[data-error-summary]");
    summary.querySelector("ul").replaceChildren(element("li", "", message));
    summary.hidden = false;
    reveal(summary);
  }

  slot(name, words) {
    const slot = this.form.querySelector(`[data-error-slot="${name}"]`);
    if (!slot) return;
    slot.textContent = words;
    slot.hidden = !words;
  }

  rest() {
    this.button.disabled = false;
    this.progress.hidden = true;
  }
}

function reveal(summary) {
  summary.tabIndex = -1;
  summary.focus({ preventScroll: true });
  summary.scrollIntoView({ block: "center" });
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
