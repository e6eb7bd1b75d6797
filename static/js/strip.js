// Brings the image that is shown into view among its neighbours.
export function showCurrent(list) {
  const current = list.querySelector("[aria-current]");
  if (current) list.scrollLeft = Math.max(0, current.parentElement.offsetLeft - list.offsetLeft - 16);
}
