// Sentences for people: dates, periods, support, and what a screen reader says of a node.

import { PALETTE } from "./palette.js";

/** @typedef {import("./model.js").MapModel} MapModel */

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];

/** "3 January 2026". @param {string} iso */
export function day(iso) {
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  return `${date} ${MONTHS[month - 1]} ${year}`;
}

/** @param {string|null} start @param {string|null} end */
export function period(start, end) {
  if (start && end) return start === end ? `on ${day(start)}` : `from ${day(start)} to ${day(end)}`;
  if (start) return `since ${day(start)}`;
  if (end) return `until ${day(end)}`;
  return "dates not known";
}

/** "12,345"; the browser's own formatter takes longer to load than the map. @param {number} count */
export function number(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** "2 reports: police, health; 3x5x2 1 B". @param {MapModel} model @param {number} t */
export function support(model, t) {
  const { ties, document } = model;
  if (!ties.reports[t]) return "no report that may be seen";
  const labels = document.agency_labels ?? {};
  const agencies = ties.agencies[t].map((code) => labels[code] ?? code.replaceAll("_", " ")).join(", ");
  return [counted(ties.reports[t], "report"), agencies, ties.grades[t].join("; ")].filter(Boolean).join(" · ");
}

/** @param {MapModel} model @param {number} t */
export function standing(model, t) {
  return PALETTE.standings[model.ties.standing[t]]?.label ?? model.ties.standing[t];
}

/** @param {MapModel} model @param {number} t */
export function polarity(model, t) {
  return PALETTE.polarities[model.ties.polarity[t]]?.label ?? model.ties.polarity[t];
}

/** @param {MapModel} model @param {number} i */
export function kind(model, i) {
  return model.document.kind_labels[model.nodes.kind[i]] ?? model.nodes.kind[i];
}

/** Kind and detail without saying one thing twice: "Child, aged 15", "Event, Criminal exploitation". @param {MapModel} model @param {number} i */
export function about(model, i) {
  const { nodes } = model;
  const what = kind(model, i);
  const detail = nodes.detail[i];
  if (!detail) return what;
  const told = detail.startsWith(what) || (nodes.age_band[i] !== null && nodes.age_band[i] !== "unknown");
  return told ? detail : `${what}, ${detail}`;
}

/** One tie as told from one of its ends. @param {MapModel} model @param {number} t @param {number} i */
function told(model, t, i) {
  const { nodes, ties } = model;
  const supported = standing(model, t).toLowerCase();
  // "Parent of" said from the child's side would turn the claim round
  if (ties.directed?.[t] && ties.target[t] === i) return `${ties.sentence[t].replace(/\.$/, "")}, ${supported}`;
  return `${ties.label[t]}: ${nodes.label[model.otherEnd(t, i)]}, ${supported}`;
}

/** What is said when a node is reached: people and places before events. @param {MapModel} model @param {number} i @param {number} [most] ties told */
export function spoken(model, i, most = 4) {
  const { nodes } = model;
  const isEvent = (/** @type {number} */ t) => Number(nodes.kind[model.otherEnd(t, i)] === "event");
  const shown = model.tiesOf(i).sort((a, b) => isEvent(a) - isEvent(b));
  const parts = [nodes.label[i], about(model, i)];
  const sets = model.sets.filter((set) => set.members.includes(i)).map((set) => set.label);
  if (sets.length) parts.push(`in ${sets.join(" and ")}`);
  const hidden = nodes.degree[i] - shown.length;
  parts.push(`${counted(shown.length, "tie")} shown${hidden > 0 ? `, ${number(hidden)} more not shown` : ""}`);
  const claims = shown.slice(0, most).map((t) => told(model, t, i));
  if (shown.length > most) claims.push(`and ${number(shown.length - most)} more`);
  return `${parts.join(", ")}. ${claims.length ? `${claims.join("; ")}.` : ""}`.trim();
}
