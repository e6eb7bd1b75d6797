// What is kept for the life of this tab: choices and places on images, never words about a patient.
const PREFIX = "greenstick.";

export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name));
  } catch {
    return null; // storage may be switched off, or hold something foreign
  }
}

export function remember(name, value) {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // full or switched off: the page works without
  }
}
