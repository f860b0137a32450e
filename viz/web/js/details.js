// The details panel: what is claimed about one node or one tie, by whom, how well supported, and where to read it.

import { element, ownUrl } from "./dom.js";
import { linePicture, symbolPicture } from "./legend.js";
import { PALETTE } from "./palette.js";
import { symbolKey } from "./renderer.js";
import * as words from "./words.js";

/** @typedef {import("./model.js").MapModel} MapModel */
/**
 * @typedef {object} Actions
 * @property {(i: number) => void} openNode
 * @property {(t: number) => void} openTie
 * @property {(i: number) => void} expand
 * @property {(i: number) => void} collapse
 * @property {(i: number) => void} startPath
 * @property {() => void} close
 * @property {boolean} canExpand
 */

const MOST_TIES = 60;

/** @param {string} title @param {() => void} close */
function head(title, close, /** @type {Node|null} */ picture = null) {
  return element("div.kith-details__head", {},
    picture, element("h2.kith-map__h2", { text: title, tabindex: -1, "data-details-title": true }),
    element("button.kith-button.kith-button--quiet", { type: "button", text: "Close", "data-action": "close-details", onclick: close }));
}

/** @param {string|null} url @param {string} text */
function link(url, text) {
  const own = ownUrl(url);
  return own ? element("a.kith-map__link", { href: own, text }) : null;
}

/** @param {MapModel} model @param {number} t */
function tieLine(model, t) {
  const stroke = PALETTE.standings[model.ties.standing[t]];
  const polarity = PALETTE.polarities[model.ties.polarity[t]];
  return linePicture({ colour: polarity?.colour, marker: polarity?.marker, dash: stroke?.dash, width: stroke?.width });
}

/** @param {MapModel} model @param {number} i @param {Actions} actions */
export function nodeDetails(model, i, actions) {
  const { nodes } = model;
  const shown = model.tiesOf(i);
  const missing = nodes.degree[i] - shown.length;
  const sets = model.sets.filter((set) => set.members.includes(i)).map((set) => set.label);
  const button = (/** @type {string} */ text, /** @type {string} */ action, /** @type {() => void} */ onclick) =>
    element("button.kith-button", { type: "button", text, "data-action": action, onclick });
  const strength = { confirmed: 0, unconfirmed: 1, tentative: 2 };
  const order = [...shown].sort((a, b) =>
    (/** @type {any} */ (strength)[model.ties.standing[a]] ?? 3) - (/** @type {any} */ (strength)[model.ties.standing[b]] ?? 3)
    || (model.ties.start[b] ?? "").localeCompare(model.ties.start[a] ?? ""));
  return [
    head(nodes.label[i], actions.close, symbolPicture(symbolKey(nodes.kind[i], nodes.age_band[i]))),
    element("p.kith-details__about", { text: words.about(model, i) }),
    sets.length > 0 && element("p.kith-details__about", { text: `Spends time in: ${sets.join(", ")}` }),
    element("div.kith-details__actions", {},
      link(nodes.url[i], "Open the record"),
      actions.canExpand && missing > 0 && button("Show what else it is tied to", "expand", () => actions.expand(i)),
      model.canCollapse(i) && button("Take back what was added", "collapse", () => actions.collapse(i)),
      button("Path to …", "path", () => actions.startPath(i))),
    element("h3.kith-map__h3", { text: `${words.counted(shown.length, "tie")} shown${missing > 0 ? `, ${words.number(missing)} more not shown` : ""}` }),
    element("ul.kith-details__ties", {}, ...order.slice(0, MOST_TIES).map((t) => tieItem(model, t, i, actions))),
    order.length > MOST_TIES && element("p.kith-map__hint", { text: `The first ${MOST_TIES}; the table lists all.` }),
  ].filter(Boolean);
}

/** @param {MapModel} model @param {number} t @param {number} i @param {Actions} actions */
function tieItem(model, t, i, actions) {
  const { ties, nodes } = model;
  const other = model.otherEnd(t, i);
  return element("li.kith-details__tie", {},
    element("div.kith-details__claim", {}, tieLine(model, t), element("span", { text: ties.sentence[t] })),
    element("p.kith-details__support", { text: `${words.standing(model, t)} · ${words.period(ties.start[t], ties.end[t])} · ${words.support(model, t)}` }),
    element("div.kith-details__links", {},
      element("button.kith-link", { type: "button", text: nodes.label[other], "aria-label": `Go to ${nodes.label[other]}`,
        onclick: () => actions.openNode(other) }),
      element("button.kith-link", { type: "button", text: "This tie", "aria-label": `About this tie: ${ties.sentence[t]}`,
        onclick: () => actions.openTie(t) }),
      link(ties.url[t], "Evidence")));
}

/** @param {MapModel} model @param {number} t @param {Actions} actions */
export function tieDetails(model, t, actions) {
  const { ties, nodes } = model;
  const standing = PALETTE.standings[ties.standing[t]];
  const polarity = PALETTE.polarities[ties.polarity[t]];
  const rows = [
    ["Type", ties.label[t]],
    ["Standing", `${standing?.label ?? ties.standing[t]}: ${standing?.meaning ?? ""}`],
    ["Means", `${polarity?.label ?? ties.polarity[t]}: ${polarity?.meaning ?? ""}`],
    ["When", words.period(ties.start[t], ties.end[t])],
    ["Support", words.support(model, t)],
  ];
  const end = (/** @type {number} */ i) => element("button.kith-link", { type: "button", text: nodes.label[i], onclick: () => actions.openNode(i) });
  return [
    head("Tie", actions.close, tieLine(model, t)),
    element("p.kith-details__sentence", { text: ties.sentence[t] }),
    element("p.kith-map__hint", { text: "This is a claim made in reports, not a fact." }),
    element("dl.kith-details__list", {}, ...rows.flatMap(([term, text]) => [element("dt", { text: term }), element("dd", { text })])),
    element("div.kith-details__actions", {}, link(ties.url[t], "Read the evidence"), end(ties.source[t]), end(ties.target[t])),
  ].filter(Boolean);
}

/** @param {MapModel} model @param {{nodes: number[], ties: number[]}} path @param {Actions} actions */
export function pathDetails(model, path, actions) {
  const { nodes, ties } = model;
  return [
    head("Path", actions.close),
    element("p.kith-details__about", { text: `${nodes.label[path.nodes[0]]} to ${nodes.label[path.nodes[path.nodes.length - 1]]}: ${words.counted(path.ties.length, "step")}. The shortest among the ties shown; it does not mean that anything passed along it.` }),
    element("ol.kith-details__ties", {}, ...path.ties.map((t) => element("li.kith-details__tie", {},
      element("div.kith-details__claim", {}, tieLine(model, t), element("span", { text: ties.sentence[t] })),
      element("p.kith-details__support", { text: `${words.standing(model, t)} · ${words.period(ties.start[t], ties.end[t])} · ${words.support(model, t)}` }),
      element("div.kith-details__links", {}, link(ties.url[t], "Evidence"))))),
  ];
}
