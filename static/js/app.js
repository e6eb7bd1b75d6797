// Gives each element that asks for a behaviour its own; the page works without any of them.
import { showLocalTime } from "./local_time.js";
import { watchOverlay } from "./overlay.js";
import { refresh } from "./refresh.js";
import { showCurrent } from "./strip.js";
import { improveUpload } from "./upload.js";

const BEHAVIOURS = {
  "local-time": showLocalTime,
  overlay: watchOverlay,
  refresh: (element) => refresh(element, start),
  strip: showCurrent,
  upload: improveUpload,
};

function start(root) {
  for (const element of root.querySelectorAll("[data-behaviour]")) {
    BEHAVIOURS[element.dataset.behaviour]?.(element);
  }
}

document.documentElement.dataset.script = "on";
start(document);
