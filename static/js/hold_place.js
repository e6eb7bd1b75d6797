// Keeps what someone looks at where it is while lines come and go above it.

/** Call before the change; what it returns is called after it. Lines are found again by their id. */
export function holdPlace(element) {
  const row = rowInSight(element);
  if (!row) return () => {};
  const { id } = row;
  const before = row.getBoundingClientRect().top;
  return () => {
    const after = document.getElementById(id)?.getBoundingClientRect().top;
    if (after !== undefined) window.scrollBy(0, after - before);
  };
}

/** The line in use, else the first one in sight; none at the top of the page, where new lines are to be seen. */
function rowInSight(element) {
  const used = document.activeElement?.closest?.("[data-row]");
  if (used && element.contains(used)) return used;
  if (window.scrollY === 0) return null;
  return [...element.querySelectorAll("[data-row]")].find((row) => row.getBoundingClientRect().top >= 0);
}
