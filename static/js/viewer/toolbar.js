// A toolbar is one stop of the Tab key; arrows go from button to button (ARIA practices, "toolbar").
const WAYS = { ArrowRight: 1, ArrowLeft: -1 };

export function watchToolbar(toolbar) {
  const buttons = () => [...toolbar.querySelectorAll("button:not([disabled]):not([hidden])")];
  const choose = (chosen) => {
    for (const button of toolbar.querySelectorAll("button")) button.tabIndex = button === chosen ? 0 : -1;
  };
  choose(buttons()[0]);
  toolbar.addEventListener("focusin", (event) => choose(event.target));
  toolbar.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(event.target);
    const next = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + (WAYS[event.key] ?? NaN);
    if (at < 0 || Number.isNaN(next)) return;
    event.preventDefault();
    all[(next + all.length) % all.length].focus();
  });
}
