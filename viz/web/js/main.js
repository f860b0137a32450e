// Starts every map of the page: `<div data-kith-map data-source="…" data-expand="…" data-hub-limit="200">`.

import { element } from "./dom.js";
import { KithMap } from "./kith_map.js";

/** @param {HTMLElement} root */
async function start(root) {
  const source = root.dataset.source;
  if (!source) return;
  try {
    const answer = await fetch(source, { credentials: "include", mode: "cors" });
    if (!answer.ok) throw new Error(String(answer.status));
    const map = new KithMap(root, await answer.json(), {
      expand: root.dataset.expand || null,
      hubLimit: Number(root.dataset.hubLimit) || 200,
      compact: "compact" in root.dataset,
    });
    root.dispatchEvent(new CustomEvent("kith-map-ready", { detail: map }));
  } catch (error) {
    const down = error instanceof Error && error.message === "503";
    root.replaceChildren(element("p.kith-map__notice", { role: "alert",
      text: down ? "The records cannot be reached now. Try again in a moment." : "The map could not be opened. Reload the page to try again." }));
    root.dataset.ready = "failed";
  }
}

for (const root of document.querySelectorAll("[data-kith-map]")) void start(/** @type {HTMLElement} */ (root));
