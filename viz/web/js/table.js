// The table: the same nodes and ties as the picture, sorted by any column, with everything the picture can do.

import { element } from "./dom.js";
import * as words from "./words.js";

const PAGE = 100;
// a printed table has all rows, up to this
const MOST_PRINTED = 3000;

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: number) => string|number} value sorted by and shown
 * @property {((row: number) => Node)} [cell] shown instead
 */

export class MapTable {
  /**
   * @param {import("./model.js").MapModel} model
   * @param {{openNode: (i: number) => void, openTie: (t: number) => void}} actions
   */
  constructor(model, actions) {
    this.model = model;
    this.actions = actions;
    this.view = "nodes";
    this.page = 0;
    this.perPage = PAGE;
    /** @type {Record<string, {column: number, down: boolean}>} */
    this.order = { nodes: { column: -1, down: false }, ties: { column: -1, down: false } };
    this.root = element("div.kith-table", {});
  }

  /** @param {import("./model.js").MapModel} model */
  setModel(model) {
    this.model = model;
    this.page = 0;
    this.fill();
  }

  /** @returns {Column[]} */
  columns() {
    const { model, actions } = this;
    const { nodes, ties } = model;
    const nodeButton = (/** @type {number} */ i) => element("button.kith-link", { type: "button", text: nodes.label[i],
      "data-node": nodes.id[i], onclick: () => actions.openNode(i) });
    if (this.view === "nodes") {
      return [
        { title: "Name", value: (i) => nodes.label[i], cell: nodeButton },
        { title: "Kind", value: (i) => words.kind(model, i) },
        { title: "About", value: (i) => nodes.detail[i] },
        { title: "Ties shown", value: (i) => model.tiesOf(i).length },
        { title: "Ties in all", value: (i) => nodes.degree[i] },
        { title: "Steps away", value: (i) => nodes.hop[i] },
      ];
    }
    return [
      { title: "From", value: (t) => nodes.label[ties.source[t]], cell: (t) => nodeButton(ties.source[t]) },
      { title: "Tie", value: (t) => ties.label[t], cell: (t) => element("button.kith-link", { type: "button",
        text: ties.label[t], "data-tie": ties.id[t], "aria-label": `${ties.sentence[t]} Open the details.`,
        onclick: () => actions.openTie(t) }) },
      { title: "To", value: (t) => nodes.label[ties.target[t]], cell: (t) => nodeButton(ties.target[t]) },
      { title: "Standing", value: (t) => words.standing(model, t) },
      { title: "Means", value: (t) => words.polarity(model, t) },
      { title: "From day", value: (t) => ties.start[t] ?? "" },
      { title: "To day", value: (t) => ties.end[t] ?? "" },
      { title: "Support", value: (t) => words.support(model, t) },
    ];
  }

  rows() {
    const rows = this.view === "nodes" ? [...this.model.shownNodes] : [...this.model.shownTies];
    const { column, down } = this.order[this.view];
    if (column < 0) return rows;
    const { value } = this.columns()[column];
    const keys = new Map(rows.map((row) => [row, value(row)]));
    const compare = (/** @type {string|number} */ a, /** @type {string|number} */ b) =>
      typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en-GB", { numeric: true });
    rows.sort((a, b) => compare(/** @type {any} */ (keys.get(a)), /** @type {any} */ (keys.get(b))) * (down ? -1 : 1) || a - b);
    return rows;
  }

  /** Before and after printing. @param {boolean} on */
  print(on) {
    this.perPage = on ? MOST_PRINTED : PAGE;
    this.page = 0;
    this.fill();
  }

  fill() {
    const columns = this.columns();
    const rows = this.rows();
    const order = this.order[this.view];
    const shown = rows.slice(this.page * this.perPage, (this.page + 1) * this.perPage);
    const head = columns.map((column, at) => {
      const sorted = order.column === at;
      return element("th", { scope: "col", "aria-sort": sorted ? (order.down ? "descending" : "ascending") : "none" },
        element("button.kith-table__sort", { type: "button", "data-column": at,
          onclick: () => {
            this.order[this.view] = { column: at, down: sorted && !order.down };
            this.page = 0;
            this.fill();
            /** @type {HTMLElement|null} */ (this.root.querySelector(`[data-column="${at}"]`))?.focus();
          } }, column.title, element("span", { "aria-hidden": "true", text: sorted ? (order.down ? " ▼" : " ▲") : " ↕" })));
    });
    const body = shown.map((row) => element("tr", {}, ...columns.map((column) =>
      element("td", {}, column.cell ? column.cell(row) : String(column.value(row))))));
    const tab = (/** @type {string} */ view, /** @type {string} */ text) => element("button.kith-button", { type: "button",
      text, "aria-pressed": String(this.view === view), "data-view": view,
      onclick: () => {
        this.view = view;
        this.page = 0;
        this.fill();
        /** @type {HTMLElement|null} */ (this.root.querySelector(`[data-view="${view}"]`))?.focus();
      } });
    const last = Math.max(0, Math.ceil(rows.length / this.perPage) - 1);
    const what = this.view === "nodes" ? words.counted(rows.length, "person, place or event", "people, places and events")
      : words.counted(rows.length, "tie");
    const range = rows.length > this.perPage ? `, ${this.page * this.perPage + 1} to ${Math.min(rows.length, (this.page + 1) * this.perPage)} listed` : "";
    this.root.replaceChildren(
      element("div.kith-table__tabs", { role: "group", "aria-label": "What the table lists" },
        tab("nodes", `People, places and events (${words.number(this.model.shownNodes.length)})`),
        tab("ties", `Ties (${words.number(this.model.shownTies.length)})`)),
      element("div.kith-table__scroll", { tabindex: 0, role: "region", "aria-label": "Table of the map" },
        element("table", {}, element("caption", { text: `${what}${range}. The same as in the picture.` }),
          element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body))),
      last > 0 && element("div.kith-table__pages", { role: "group", "aria-label": "Pages of the table" },
        this.pager("Previous", this.page > 0, -1), element("span", { text: `Page ${this.page + 1} of ${last + 1}` }),
        this.pager("Next", this.page < last, 1)) || "");
  }

  /** @param {string} text @param {boolean} possible @param {number} step */
  pager(text, possible, step) {
    return element("button.kith-button", { type: "button", text, disabled: !possible,
      onclick: () => {
        this.page += step;
        this.fill();
      } });
  }
}
