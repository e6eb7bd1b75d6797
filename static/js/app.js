// Gives each element that asks for a behaviour its own; the page works without any of them.
import { askAgain } from "./agreement.js";
import { forgetDraftsOnSignOut, keepDraft, tidyDrafts } from "./draft.js";
import { enterMovesOn } from "./enter.js";
import { watchSheet } from "./keys.js";
import { renewEachDay, showLocalTime } from "./local_time.js";
import { showOverlayBy, watchOverlay } from "./overlay.js";
import { refresh } from "./refresh.js";
import { watchRows } from "./rows.js";
import { bringCurrent, showCurrent } from "./strip.js";
import { improveUpload } from "./upload.js";

const BEHAVIOURS = {
  agreement: askAgain,
  draft: keepDraft,
  enter: enterMovesOn,
  "local-time": showLocalTime,
  menu: bringCurrent,
  overlay: watchOverlay,
  refresh: (element) => refresh(element, start),
  rows: watchRows,
  sheet: watchSheet,
  "show-overlay": showOverlayBy,
  "sign-out": forgetDraftsOnSignOut,
  strip: showCurrent,
  upload: improveUpload,
  viewer: (figure) => import("./viewer/light_box.js").then(({ showImages }) => showImages(figure)),
};

function start(root) {
  for (const element of root.querySelectorAll("[data-behaviour]")) {
    BEHAVIOURS[element.dataset.behaviour]?.(element);
  }
}

tidyDrafts();
document.documentElement.dataset.script = "on";
start(document);
renewEachDay();
