// Turns a UTC moment into the reader's local time; the full moment stays as a tooltip.
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function showLocalTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  element.title = element.textContent;
  element.textContent = `${dayOf(moment)}, ${CLOCK.format(moment)}`;
}

function dayOf(moment) {
  const now = new Date();
  if (DAY.format(moment) === DAY.format(now)) return "today";
  return moment.getFullYear() === now.getFullYear() ? DAY_OF_YEAR.format(moment) : DAY.format(moment);
}
