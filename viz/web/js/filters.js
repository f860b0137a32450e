// The filter form: dates, standing, polarity, kinds, types of tie, grades. Changes are applied at once.

import { element, freshId } from "./dom.js";
import { openFilter } from "./model.js";
import { PALETTE } from "./palette.js";
import * as words from "./words.js";

/**
 * @param {import("./model.js").MapModel} model
 * @param {() => void} changed
 */
export function filterForm(model, changed) {
  const form = element("form.kith-filters", { onsubmit: (/** @type {Event} */ event) => event.preventDefault() });
  const apply = () => {
    model.apply();
    changed();
  };

  /** @param {string} label @param {"from"|"to"} name */
  const dateField = (label, name) => {
    const id = freshId("date");
    return element("div.kith-filters__date", {},
      element("label", { for: id, text: label }),
      element("input", { id, type: "date", value: model.filter[name], "data-filter": name,
        onchange: (/** @type {Event} */ event) => {
          model.filter[name] = /** @type {HTMLInputElement} */ (event.target).value;
          apply();
        } }));
  };

  /**
   * @param {string} title @param {"standings"|"types"|"polarities"|"kinds"|"grades"} name
   * @param {[string, string, number][]} options value, label, count
   * @param {boolean} folded
   */
  const boxes = (title, name, options, folded) => {
    const list = options.map(([value, label, count]) => {
      const id = freshId("box");
      return element("div.kith-filters__box", {},
        element("input", { id, type: "checkbox", checked: !model.filter[name].has(value), "data-filter": name, "data-value": value,
          onchange: (/** @type {Event} */ event) => {
            if (/** @type {HTMLInputElement} */ (event.target).checked) model.filter[name].delete(value);
            else model.filter[name].add(value);
            apply();
          } }),
        element("label", { for: id }, `${label} `, element("span.kith-filters__count", { text: `(${words.number(count)})` })));
    });
    const group = element("fieldset.kith-filters__group", {}, element("legend", { text: title }), ...list);
    if (!folded) return group;
    return element("details.kith-filters__fold", {}, element("summary", { text: title }), group);
  };

  /** @param {"type"|"standing"|"polarity"|"grades"} column @param {(value: string) => string} label @returns {[string, string, number][]} */
  const options = (column, label) => [...model.tally(column)].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
    .map(([value, count]) => [value, label(value), count]);

  const build = () => {
    const kinds = new Map();
    for (const kind of model.nodes.kind) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const inOrder = (/** @type {Record<string, {label: string}>} */ table, /** @type {Map<string, number>} */ tally) =>
      Object.entries(table).map(([value, { label }]) => /** @type {[string, string, number]} */ ([value, label, tally.get(value) ?? 0]));
    const loose = freshId("box");
    form.replaceChildren(
      element("h2.kith-map__h2", { text: "Filter" }),
      element("fieldset.kith-filters__group", {}, element("legend", { text: "When it was so" }),
        element("div.kith-filters__dates", {}, dateField("From", "from"), dateField("To", "to")),
        element("p.kith-map__hint", { text: "Ties without dates stay." })),
      boxes("How well supported", "standings", inOrder(PALETTE.standings, model.tally("standing")), false),
      boxes("What a tie means", "polarities", inOrder(PALETTE.polarities, model.tally("polarity")), false),
      boxes("Kinds", "kinds", [...kinds].map(([kind, count]) => [kind, model.document.kind_labels[kind] ?? kind, count]), false),
      boxes("Types of tie", "types", options("type", (value) => model.document.type_labels[value] ?? value), true),
      boxes("Grades of reports", "grades", options("grades", (value) => value), true),
      element("div.kith-filters__box", {},
        element("input", { id: loose, type: "checkbox", checked: model.filter.loose, "data-filter": "loose",
          onchange: (/** @type {Event} */ event) => {
            model.filter.loose = /** @type {HTMLInputElement} */ (event.target).checked;
            apply();
          } }),
        element("label", { for: loose, text: "Keep those with no tie left" })),
      element("button.kith-button", { type: "button", text: "Show everything", "data-action": "clear-filter",
        onclick: () => {
          model.filter = openFilter();
          build();
          apply();
        } }));
  };
  return { form, build };
}
