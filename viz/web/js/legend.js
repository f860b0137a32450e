// The legend: what the shapes, strokes and markers mean, drawn with the same paths as the map.

import { element, svg } from "./dom.js";
import { PALETTE } from "./palette.js";
import { symbolKey } from "./renderer.js";

/** @param {string} key a row of PALETTE.symbols */
export function symbolPicture(key) {
  const symbol = PALETTE.symbols[key] ?? PALETTE.symbols.person_unknown;
  return svg("svg", { viewBox: "-1.3 -1.3 2.6 2.6", width: 22, height: 22, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: symbol.outline, fill: symbol.colour }),
    svg("path", { d: symbol.icon, fill: "#ffffff", "fill-rule": "evenodd" }));
}

/** @param {{colour?: string, dash?: number[], width?: number, marker?: string}} stroke */
export function linePicture({ colour = PALETTE.ink, dash = [], width = 2, marker = "" }) {
  const picture = svg("svg", { viewBox: "0 0 44 16", width: 44, height: 16, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: "M1 8H43", stroke: colour, "stroke-width": width, "stroke-dasharray": dash.join(" "), fill: "none" }));
  if (marker) {
    picture.append(svg("path", { d: marker, fill: colour, transform: "translate(22 8) scale(5)",
      stroke: PALETTE.background, "stroke-width": 0.5, "paint-order": "stroke" }));
  }
  return picture;
}

/** @param {import("./model.js").MapModel} model */
export function legend(model) {
  const used = new Set(model.nodes.kind.map((kind, i) => symbolKey(kind, model.nodes.age_band[i])));
  const row = (/** @type {Node} */ picture, /** @type {string} */ label, /** @type {string} */ meaning = "") =>
    element("li.kith-legend__row", {}, picture,
      element("span", {}, element("strong", { text: label }), meaning ? ` ${meaning}` : ""));
  const list = (/** @type {string} */ title, /** @type {HTMLElement[]} */ rows) =>
    element("div.kith-legend__part", {}, element("h3.kith-map__h3", { text: title }), element("ul.kith-legend__list", {}, ...rows));
  const rows = Object.entries(PALETTE.symbols).filter(([key]) => used.has(key))
    .map(([key, symbol]) => row(symbolPicture(key), symbol.label));
  if (model.nodes.hub.some(Boolean)) {
    rows.push(row(hubPicture(), "Many ties", "not all are shown"));
  }
  return element("div.kith-legend", {},
    list("Who and what", rows),
    list("How well supported", Object.values(PALETTE.standings).map((stroke) => row(linePicture({ dash: stroke.dash, width: stroke.width }), stroke.label, stroke.meaning))),
    list("What a tie means", Object.values(PALETTE.polarities).map((stroke) => row(linePicture({ colour: stroke.colour, marker: stroke.marker }), stroke.label, stroke.meaning))),
    model.ties.directed?.some(Boolean) && list("Which way", [row(arrowPicture(), "Arrow", "from the one who is said to act, or the parent, to the other")]),
    element("p.kith-map__hint", { text: "Every tie is a claim made in reports, not a fact. Zoom in to see dashes and markers on large maps." }));
}

function hubPicture() {
  const dots = [-4, 0, 4].map((dx) => svg("circle", { cx: 11 + dx, cy: 11, r: 1.4, fill: PALETTE.ink }));
  return svg("svg", { viewBox: "0 0 22 22", width: 22, height: 22, "aria-hidden": "true", focusable: "false" },
    svg("circle", { cx: 11, cy: 11, r: 8, fill: "#ffffff", stroke: PALETTE.ink, "stroke-width": 1.4 }), ...dots);
}

function arrowPicture() {
  const picture = linePicture({});
  picture.append(svg("path", { d: "M43 8L33 4V12Z", fill: PALETTE.ink }));
  return picture;
}
