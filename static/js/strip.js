// Brings the image that is shown into view among its neighbours. A click asks the viewer first: it may show the image
// in one of its places instead of leaving the page.
export function showCurrent(list) {
  bringCurrent(list);
  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-number]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const detail = { number: numberOf(link) };
    const asked = new CustomEvent("choose-image", { bubbles: true, cancelable: true, detail });
    if (!list.dispatchEvent(asked)) event.preventDefault();
  });
}

/** Also of the main menu: both are scrolled sideways where there is little room. */
export function bringCurrent(list) {
  const current = list.querySelector("[aria-current]");
  if (current) list.scrollLeft += current.getBoundingClientRect().left - list.getBoundingClientRect().left - 16;
}

/** `[` and `]` go on from the image in the active place; the strip says which images are to be seen. */
export function tellStrip(numbers, active) {
  const links = [...document.querySelectorAll("[data-behaviour=strip] [data-number]")];
  const keys = neighbours(links.map(numberOf), numbers, active);
  for (const link of links) {
    const number = numberOf(link);
    if (keys.has(number)) link.dataset.keys = keys.get(number);
    else delete link.dataset.keys;
    link.toggleAttribute("data-shown", numbers.length > 1 && numbers.includes(number));
    link.toggleAttribute("data-active", numbers.length > 1 && number === active);
  }
}

/** From another place than the first, the image that stands in the first is passed over. */
function neighbours(all, numbers, active) {
  const others = active === numbers[0] ? all : all.filter((number) => number !== numbers[0]);
  const before = others.filter((number) => number < active).at(-1);
  const after = others.find((number) => number > active);
  return new Map([[before, "["], [after, "]"]]);
}

function numberOf(link) {
  return Number(link.dataset.number);
}
