// Shows a moment in the department's time zone as people say it; the full moment stays as a tooltip, and for the printer.
const LOOK_EVERY_MS = 30_000;
const ZONE = zoneOf(document.documentElement.dataset.timeZone);
const YEAR = format({ year: "numeric" });
const DAY = format({ day: "numeric", month: "short", year: "numeric" });
const DAY_OF_YEAR = format({ day: "numeric", month: "short" });
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
let today = DAY.format(new Date());

export function showLocalTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  element.title ||= element.textContent;
  const short = document.createElement("span");
  short.className = "moment__short";
  short.textContent = `${dayOf(moment)}, ${CLOCK.format(moment)}`;
  element.replaceChildren(short);
}

// At midnight “today” becomes yesterday, also in a tab that was hidden or a machine that slept meanwhile.
export function renewEachDay() {
  setInterval(renew, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", renew);
}

function renew() {
  if (DAY.format(new Date()) === today) return;
  today = DAY.format(new Date());
  for (const element of document.querySelectorAll("[data-behaviour=local-time]")) showLocalTime(element);
}

function dayOf(moment) {
  if (DAY.format(moment) === today) return "today";
  return YEAR.format(moment) === YEAR.format(new Date()) ? DAY_OF_YEAR.format(moment) : DAY.format(moment);
}

function format(parts) {
  return new Intl.DateTimeFormat(undefined, { ...parts, timeZone: ZONE });
}

// A short name of the server's zone means nothing to some browsers; these show their own.
function zoneOf(name) {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: name || undefined }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
