// The network map of a page: picture, filters, details and table over one model, for pointer, keyboard and speech alike.

import { element } from "./dom.js";
import { nodeDetails, pathDetails, tieDetails } from "./details.js";
import { filterForm } from "./filters.js";
import { legend } from "./legend.js";
import { MapModel } from "./model.js";
import { Renderer } from "./renderer.js";
import { Stage } from "./stage.js";
import { MapTable } from "./table.js";
import * as words from "./words.js";

/**
 * @typedef {object} Options
 * @property {string|null} expand address that answers `?seed=ID` with a map document; null: nothing can be expanded
 * @property {number} hubLimit ask before expanding what has more ties than this
 * @property {boolean} [compact] legend and table are closed until they are asked for
 */

const MOST_FOUND = 12;

/** @param {string} text @param {string} action @param {() => void} onclick @param {Record<string, unknown>} [more] */
function button(text, action, onclick, more = {}) {
  return element("button.kith-button", { type: "button", text, "data-action": action, onclick, ...more });
}

export class KithMap {
  /**
   * @param {HTMLElement} root
   * @param {import("./model.js").MapDocument} document
   * @param {Options} options
   */
  constructor(root, document, options) {
    this.root = root;
    this.options = options;
    this.model = new MapModel(document);
    /** @type {number|null} where a path is to start */
    this.pathFrom = null;
    /** @type {HTMLElement|null} what had the focus before the details opened */
    this.cameFrom = null;
    const { model } = this;
    this.status = element("p.kith-map__status", { role: "status", "aria-live": "polite" });
    this.notice = element("p.kith-map__notice", { hidden: true });
    this.panel = element("aside.kith-map__details", { "aria-label": "Details and legend", tabindex: 0 });
    this.stage = new Stage(model, {
      open: (i) => this.openNode(i, true),
      openTie: (t) => this.openTie(t),
      clear: () => this.close(),
      label: `Network map: ${document.title}`,
    });
    this.renderer = this.stage.renderer;
    this.filters = filterForm(model, () => this.changed());
    this.filterPanel = element("div.kith-map__filters", { id: "kith-map-filters", hidden: true }, this.filters.form);
    this.table = new MapTable(model, { openNode: (i) => this.openNode(i, false, true), openTie: (t) => this.openTie(t) });
    this.tableSection = element("section.kith-map__table", { "aria-label": "Table", id: "kith-map-table" },
      element("h2.kith-map__h2", { text: "Table" }), this.table.root);
    this.body = element("div.kith-map__body", {}, this.filterPanel, this.stage.root, this.panel);
    this.results = element("ul.kith-search__results", { hidden: true });
    this.searchField = /** @type {HTMLInputElement} */ (element("input", {
      type: "search", id: "kith-map-search", autocomplete: "off", spellcheck: "false",
      oninput: () => this.find(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape") this.endSearch();
        if (event.key === "Enter") {
          event.preventDefault();
          this.results.querySelector("button")?.click();
        }
        if (event.key === "ArrowDown") {
          event.preventDefault();
          this.results.querySelector("button")?.focus();
        }
      },
    }));
    this.searchLabel = element("label", { for: "kith-map-search", text: "Find on this map" });
    this.filterButton = button("Filter", "filter", () => this.toggleFilter(), { "aria-expanded": "false", "aria-controls": "kith-map-filters" });
    this.root.replaceChildren(this.printHead(), this.bar(), this.notice, this.body, this.status, this.tableSection);
    globalThis.addEventListener("beforeprint", () => this.table.print(true));
    globalThis.addEventListener("afterprint", () => this.table.print(false));
    this.showLegend();
    if (options.compact) {
      this.panel.hidden = true;
      this.tableSection.hidden = true;
      this.root.querySelector('[data-action="table"]')?.setAttribute("aria-expanded", "false");
    }
    this.say(this.summary());
    // the picture comes first; the table follows when it stands
    this.stage.whenDrawn.then(() => {
      this.table.fill();
      this.root.dataset.ready = "true";
    });
  }

  printHead() {
    const { document: map } = this.model;
    const facts = [map.marking, `For: ${map.audience}`, `Purpose: ${map.purpose}`, map.as_at ? `As at ${words.day(map.as_at)}` : "Any time",
      map.known_at ? `As known on ${words.day(map.known_at)}` : null, `Made ${words.day(map.made_at)}`];
    return element("p.kith-map__printed", { text: facts.filter(Boolean).join(" · ") });
  }

  bar() {
    const { stage } = this;
    return element("div.kith-map__bar", { role: "group", "aria-label": "Map tools" },
      element("div.kith-search", {}, this.searchLabel, this.searchField, this.results),
      element("div.kith-map__tools", {},
        this.filterButton,
        button("Zoom in", "zoom-in", () => stage.zoom(1.3)),
        button("Zoom out", "zoom-out", () => stage.zoom(1 / 1.3)),
        button("Show all", "fit", () => stage.fit()),
        button("Legend", "legend", () => {
          this.close();
          this.panel.hidden = false;
        }),
        button("Table", "table", () => {
          this.tableSection.hidden = !this.tableSection.hidden;
          this.root.querySelector('[data-action="table"]')?.setAttribute("aria-expanded", String(!this.tableSection.hidden));
        }, { "aria-expanded": "true", "aria-controls": "kith-map-table" }),
        button("Print", "print", () => globalThis.print())));
  }

  /** One line about what is shown. */
  summary() {
    const { model } = this;
    const nodes = model.shownNodes.length;
    const ties = model.shownTies.length;
    const part = (/** @type {number} */ shown, /** @type {number} */ all, /** @type {string} */ what) =>
      `${words.number(shown)}${shown < all ? ` of ${words.number(all)}` : ""} ${what}`;
    const hubs = model.nodes.hub.filter(Boolean).length;
    return [`${part(nodes, model.size, "people, places and events")}, ${part(ties, model.ties.id.length, "ties")} shown.`,
      hubs ? `${hubs} of them ${hubs === 1 ? "has" : "have"} more ties than are shown.` : "",
      model.document.truncated ? "The map was stopped at its largest size; narrow the search to see the rest." : ""]
      .filter(Boolean).join(" ");
  }

  /** @param {string} text */
  say(text) {
    this.status.textContent = text;
  }

  /** @param {string|null} text shown above the map until the next action */
  warn(text) {
    this.notice.textContent = text ?? "";
    this.notice.hidden = !text;
    if (text) this.say(text);
  }

  /** The filter or the content has changed. */
  changed() {
    this.renderer.emphasis = null;
    if (this.renderer.selected >= 0 && !this.model.nodeShown[this.renderer.selected]) this.close();
    if (this.renderer.selectedTie >= 0 && !this.model.tieShown[this.renderer.selectedTie]) this.close();
    this.stage.refresh();
    this.table.page = 0;
    this.table.fill();
    this.filterButton.textContent = this.model.isNarrowed() ? "Filter (on)" : "Filter";
    this.say(this.summary());
  }

  toggleFilter() {
    this.filterPanel.hidden = !this.filterPanel.hidden;
    if (!this.filters.form.hasChildNodes()) this.filters.build();
    this.body.classList.toggle("kith-map__body--filters", !this.filterPanel.hidden);
    this.filterButton.setAttribute("aria-expanded", String(!this.filterPanel.hidden));
    if (!this.filterPanel.hidden) /** @type {HTMLElement|null} */ (this.filterPanel.querySelector("input"))?.focus();
  }

  find() {
    const found = this.model.search(this.searchField.value);
    const items = found.slice(0, MOST_FOUND).map((i) => element("li", {},
      element("button.kith-search__result", { type: "button", "data-node": this.model.nodes.id[i],
        onclick: () => this.chosen(i),
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          const item = /** @type {HTMLElement} */ (event.currentTarget).parentElement;
          const next = event.key === "ArrowDown" ? item?.nextElementSibling : event.key === "ArrowUp" ? item?.previousElementSibling : null;
          if (next) {
            event.preventDefault();
            next.querySelector("button")?.focus();
          }
          if (event.key === "Escape") this.endSearch();
        } },
      element("strong", { text: this.model.nodes.label[i] }), ` ${this.model.nodes.detail[i]}`)));
    this.results.replaceChildren(...items);
    this.results.hidden = !items.length;
    if (this.searchField.value.trim()) this.say(found.length ? `${words.counted(found.length, "match", "matches")}.` : "Nothing on this map matches.");
  }

  endSearch() {
    this.searchField.value = "";
    this.results.hidden = true;
    this.pathFrom = null;
    this.searchLabel.textContent = "Find on this map";
    this.searchField.focus();
  }

  /** A search result was chosen. @param {number} i */
  chosen(i) {
    const from = this.pathFrom;
    this.endSearch();
    if (from === null) {
      this.stage.focusNode(i, true);
      this.openNode(i, false);
    } else this.showPath(from, i);
  }

  actions() {
    return {
      openNode: (/** @type {number} */ i) => this.openNode(i, false, true),
      openTie: (/** @type {number} */ t) => this.openTie(t),
      expand: (/** @type {number} */ i) => void this.expand(i),
      collapse: (/** @type {number} */ i) => this.collapse(i),
      startPath: (/** @type {number} */ i) => this.startPath(i),
      close: () => this.close(),
      canExpand: Boolean(this.options.expand),
    };
  }

  showLegend() {
    this.panel.replaceChildren(element("h2.kith-map__h2", { text: "Legend" }), legend(this.model));
  }

  /** @param {(Node|string|false|null)[]} content */
  openPanel(content) {
    if (!this.panel.contains(document.activeElement)) this.cameFrom = /** @type {HTMLElement|null} */ (document.activeElement);
    this.panel.hidden = false;
    this.panel.replaceChildren(.../** @type {Node[]} */ (content));
    this.panel.scrollTop = 0;
    this.panel.onkeydown = (event) => {
      if (event.key === "Escape") this.close();
    };
    /** @type {HTMLElement|null} */ (this.panel.querySelector("[data-details-title]"))?.focus({ preventScroll: true });
  }

  /** @param {number} i @param {boolean} fromPicture @param {boolean} reveal bring it into sight */
  openNode(i, fromPicture, reveal = !fromPicture) {
    this.warn(null);
    this.renderer.emphasis = null;
    this.renderer.selected = i;
    this.renderer.selectedTie = -1;
    this.stage.current = i;
    if (reveal) this.renderer.camera.reveal(this.model.x[i], this.model.y[i]);
    this.openPanel(nodeDetails(this.model, i, this.actions()));
    this.renderer.request();
  }

  /** @param {number} t */
  openTie(t) {
    this.warn(null);
    this.renderer.emphasis = null;
    this.renderer.selected = -1;
    this.renderer.selectedTie = t;
    this.openPanel(tieDetails(this.model, t, this.actions()));
    this.renderer.request();
  }

  /** Back to the picture: legend in the panel, nothing dimmed, focus where it was. */
  close() {
    const inPanel = this.panel.contains(document.activeElement);
    this.renderer.selected = -1;
    this.renderer.selectedTie = -1;
    this.renderer.emphasis = null;
    this.showLegend();
    this.panel.hidden = Boolean(this.options.compact);
    this.renderer.request();
    if (inPanel) {
      if (this.cameFrom && this.cameFrom !== document.body && this.cameFrom.isConnected) this.cameFrom.focus();
      else this.stage.focusNode(this.stage.current);
    }
  }

  /** @param {number} i */
  startPath(i) {
    this.pathFrom = i;
    this.searchLabel.textContent = `Path from ${this.model.nodes.label[i]} to`;
    this.searchField.value = "";
    this.searchField.focus();
    this.say("Type the name of the other end.");
  }

  /** @param {number} from @param {number} to */
  showPath(from, to) {
    const path = this.model.path(from, to);
    if (!path) {
      this.warn("No path among the ties shown.");
      return;
    }
    this.renderer.selected = -1;
    this.renderer.emphasis = { nodes: new Set(path.nodes), ties: new Set(path.ties) };
    this.openPanel(pathDetails(this.model, path, this.actions()));
    this.stage.fitTo(path.nodes);
    this.say(`Path of ${words.counted(path.ties.length, "step")}.`);
  }

  /** Fetch and show what else a node is tied to. @param {number} i */
  async expand(i) {
    const { model, options } = this;
    if (!options.expand) return;
    const id = model.nodes.id[i];
    if (model.nodes.degree[i] > options.hubLimit && !(await this.ask(
      `${model.nodes.label[i]} has ${words.counted(model.nodes.degree[i], "tie")}. Only the most recent will be added. Add them?`))) return;
    const address = new URL(options.expand, document.baseURI);
    address.searchParams.set("seed", id);
    address.searchParams.set("hops", "1");
    try {
      const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) {
        this.warn(answer.status === 503 ? "The records cannot be reached now. Nothing was changed; try again in a moment."
          : "Kith cannot show more here.");
        return;
      }
      /** @type {import("./model.js").MapDocument} */
      const more = await answer.json();
      const row = model.rowOf.get(id);
      if (row === undefined) return;
      const added = model.merge(more, row);
      this.reindexed(row);
      this.say(`${words.counted(added.nodes, "person, place or event", "people, places and events")} and ${words.counted(added.ties, "tie")} added beside ${model.nodes.label[row]}.`);
    } catch {
      this.warn("The connection failed. Nothing was changed; try again in a moment.");
    }
  }

  /** @param {number} i */
  collapse(i) {
    const id = this.model.nodes.id[i];
    const gone = this.model.collapse(i);
    this.reindexed(this.model.rowOf.get(id) ?? this.model.first());
    this.say(`${words.counted(gone, "person, place or event", "people, places and events")} taken back.`);
  }

  /** Rows have new numbers. @param {number} row whose details are open */
  reindexed(row) {
    this.renderer.selected = row;
    this.renderer.selectedTie = -1;
    this.renderer.hover = -1;
    this.stage.current = row;
    this.stage.refresh();
    if (this.filters.form.hasChildNodes()) this.filters.build();
    this.table.setModel(this.model);
    this.openPanel(nodeDetails(this.model, row, this.actions()));
  }

  /** A yes or no question. @param {string} question @returns {Promise<boolean>} */
  ask(question) {
    return new Promise((resolve) => {
      const dialog = /** @type {HTMLDialogElement} */ (element("dialog.kith-dialog", { "aria-label": "Question" },
        element("p", { text: question }),
        element("div.kith-details__actions", {},
          element("button.kith-button.kith-button--main", { type: "button", text: "Add them", "data-action": "confirm", onclick: () => dialog.close("yes") }),
          element("button.kith-button", { type: "button", text: "No", "data-action": "refuse", onclick: () => dialog.close("no") }))));
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(dialog.returnValue === "yes");
      });
      this.root.append(dialog);
      dialog.showModal();
    });
  }
}
