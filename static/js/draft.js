// Keeps a half-written review until it is saved: an ended session, a wrong key or the way back lose nothing. It lies in
// the storage of this tab, by person and case, and goes with saving, with signing out, and with the tab.
const PREFIX = "greenstick.draft.";
const NOT_WRITTEN = ["csrf_token", "submission", "findings"];

export function keepDraft(form) {
  const draft = new Draft(form);
  draft.restore();
  for (const kind of ["input", "change"]) form.addEventListener(kind, () => draft.keep());
  form.addEventListener("submit", () => draft.warn(false));
  window.addEventListener("click", (event) => draft.follow(event));
  draft.note.querySelector("[data-part=discard]").addEventListener("click", () => draft.discard());
}

/** On every page: what was saved meanwhile goes, and what someone else wrote in this tab. */
export function tidyDrafts() {
  const person = document.querySelector("[data-behaviour=sign-out]")?.dataset.person;
  if (!person) return; // the page to sign in: whoever comes back finds the draft
  for (const { dataset } of document.querySelectorAll("[data-saved-review]")) forget(`${PREFIX}${person}.${dataset.savedReview}`);
  forgetAll((key) => !key.startsWith(`${PREFIX}${person}.`));
}

export function forgetDraftsOnSignOut(form) {
  form.addEventListener("submit", () => forgetAll(() => true));
}

class Draft {
  constructor(form) {
    this.form = form;
    this.key = PREFIX + form.dataset.draft;
    this.regions = form.querySelector("[data-regions-field]");
    this.findings = form.querySelector("[name=findings]");
    this.note = form.querySelector("[data-part=draft]");
    this.caseAddress = new URL(form.action).pathname.replace(/\/reviews$/, "");
    this.isFoundThere = false;
    this.hold = (event) => { if (!this.isFoundThere) event.preventDefault(); };
  }

  /** Where a review was saved since, the draft has become that review. */
  restore() {
    const kept = recall(this.key);
    if (kept && kept.reviews !== this.form.dataset.reviews) forget(this.key);
    else if (kept) this.showAgain(this.stillTrue(kept));
    this.warn(this.isWritten());
  }

  /** What was kept, but no answer about a reading that has changed since. */
  stillTrue(kept) {
    const written = JSON.parse(kept.text);
    if (kept.findings !== this.findings.value) delete written.agrees;
    return written;
  }

  showAgain(written) {
    if (JSON.stringify(written) !== this.text()) this.show(written);
  }

  show(written) {
    this.fill(written);
    this.form.closest("details").open = true;
    this.note.hidden = false;
  }

  fill(written) {
    for (const field of this.fields()) {
      if (field.matches("[type=radio], [type=checkbox]")) field.checked = (written[field.name] ?? []).includes(field.value);
      else field.value = written[field.name]?.[0] ?? "";
    }
    this.regions.dispatchEvent(new Event("input", { bubbles: true }));
  }

  keep() {
    const isWritten = this.isWritten();
    if (isWritten) remember(this.key, { reviews: this.form.dataset.reviews, findings: this.findings.value, text: this.text() });
    else forget(this.key);
    this.warn(isWritten);
  }

  discard() {
    this.fill(this.served());
    this.note.hidden = true;
    this.form.querySelector("input:not([type=hidden])").focus();
  }

  /** Before the page is left by a link, a key or the browser's buttons. */
  warn(isOn) {
    if (isOn) window.addEventListener("beforeunload", this.hold);
    else window.removeEventListener("beforeunload", this.hold);
  }

  /** Another image of the case shows the draft again, if it was kept. */
  follow(event) {
    const link = event.target.closest("a[href]");
    const isFollowed = link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    this.isFoundThere = Boolean(isFollowed) && new URL(link.href).pathname === this.caseAddress && this.isKept();
  }

  isKept() {
    this.keep();
    return recall(this.key)?.text === this.text();
  }

  isWritten() {
    return "isRefused" in this.form.dataset || this.text() !== JSON.stringify(this.served());
  }

  text() {
    return JSON.stringify(this.written((field) => field.checked, (field) => field.value));
  }

  /** As the portal sent the form, whatever the browser filled in since. */
  served() {
    return this.written((field) => field.defaultChecked, (field) => field.dataset.served ?? field.defaultValue);
  }

  written(isChecked, valueOf) {
    const found = {};
    for (const field of this.fields()) {
      if (field.matches("[type=radio], [type=checkbox]") && !isChecked(field)) continue;
      const value = field.matches("[type=radio], [type=checkbox]") ? field.value : valueOf(field);
      if (value) (found[field.name] ??= []).push(value);
    }
    return found;
  }

  fields() {
    return [...this.form.elements].filter((field) => field.name && !field.matches("button") && !NOT_WRITTEN.includes(field.name));
  }
}

function recall(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null; // storage may be switched off
  }
}

function remember(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // full or switched off: the page still warns before it is left
  }
}

function forget(key) {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // nothing was kept either
  }
}

function forgetAll(which) {
  try {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
    keys.filter(which).forEach(forget);
  } catch {
    // nothing was kept either
  }
}
