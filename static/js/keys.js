// Keys press the control that names them: `data-keys="+ ="`. They can be kept to the viewer alone, for people whose
// speech input types letters by accident (WCAG 2.1.4).
const SETTING = "greenstick.keys";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]") || !isHeard(event.target)) return;
  const control = document.querySelector(`[data-keys~="${CSS.escape(event.key)}"]`);
  if (!control || control.disabled) return;
  event.preventDefault();
  control.click();
});

export function isHeard(target) {
  return localStorage.getItem(SETTING) !== "viewer" || target.closest?.(".viewer");
}

export function isTyping(target) {
  return target.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=range])");
}

/** The sheet of keys: opened by every `data-opens` that names it. */
export function watchSheet(dialog) {
  document.addEventListener("click", (event) => {
    if (event.target.closest(`[data-opens="${dialog.id}"]`)) dialog.showModal();
  });
  const setting = dialog.querySelector("[data-setting=keys]");
  setting.checked = localStorage.getItem(SETTING) !== "viewer";
  setting.addEventListener("change", () => localStorage.setItem(SETTING, setting.checked ? "page" : "viewer"));
}
