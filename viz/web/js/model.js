// What a map holds and which of it is shown. No drawing, no page: runs in a browser and in node alike.

import * as growth from "./growth.js";

/**
 * @typedef {object} NodeColumns
 * @property {string[]} id
 * @property {string[]} kind
 * @property {string[]} label
 * @property {number[]} x
 * @property {number[]} y
 * @property {number[]} hop
 * @property {number[]} degree
 * @property {number[]} group
 * @property {(string|null)[]} age_band
 * @property {string[]} detail
 * @property {(string|null)[]} url
 * @property {number[]} hub
 */
/**
 * @typedef {object} TieColumns
 * @property {string[]} id
 * @property {number[]} source
 * @property {number[]} target
 * @property {string[]} type
 * @property {string[]} label
 * @property {string[]} sentence
 * @property {string[]} polarity
 * @property {string[]} standing
 * @property {(string|null)[]} start
 * @property {(string|null)[]} end
 * @property {number[]} reports
 * @property {string[][]} agencies
 * @property {string[][]} grades
 * @property {(string|null)[]} qualifier
 * @property {(string|null)[]} url
 * @property {number[]} [directed]
 */
/** @typedef {{id: string, label: string, members: number[]}} PeerSet */
/**
 * @typedef {object} MapDocument
 * @property {string} id
 * @property {string} title
 * @property {string} kind
 * @property {string[]} seeds
 * @property {string} marking
 * @property {string} audience
 * @property {string} purpose
 * @property {string|null} as_at
 * @property {string|null} known_at
 * @property {string} made_at
 * @property {NodeColumns} nodes
 * @property {TieColumns} ties
 * @property {PeerSet[]} sets
 * @property {Record<string, string>} type_labels
 * @property {Record<string, string>} kind_labels
 * @property {Record<string, string>} [agency_labels]
 * @property {number[]} cut
 * @property {boolean} truncated
 * @property {Record<string, string>|null} hidden
 */
/**
 * @typedef {object} Filter
 * @property {string} from ISO day, "" for open
 * @property {string} to ISO day, inclusive, "" for open
 * @property {Set<string>} standings hidden ones
 * @property {Set<string>} types hidden ones
 * @property {Set<string>} polarities hidden ones
 * @property {Set<string>} kinds hidden ones
 * @property {Set<string>} grades hidden ones
 * @property {boolean} loose show nodes that no shown tie touches
 */

export const NO_REPORT = "no report that may be seen";
const STANDINGS = ["confirmed", "unconfirmed", "tentative"];
const POLARITIES = ["concern", "neutral", "protective"];
/** @returns {Filter} */
export function openFilter() {
  return {
    from: "", to: "", standings: new Set(), types: new Set(), polarities: new Set(), kinds: new Set(),
    grades: new Set(), loose: false,
  };
}

export class MapModel {
  /** row of each node id @type {Map<string, number>} */
  rowOf = new Map();

  /** rows of the nodes the map was asked about @type {Set<number>} */
  seeds = new Set();

  x = new Float64Array(0);

  y = new Float64Array(0);

  /** ties of node i are tieAt[start[i]] to tieAt[start[i + 1] - 1] */
  start = new Int32Array(0);

  tieAt = new Int32Array(0);

  /** standing and polarity of each tie as one number */
  style = new Uint8Array(0);

  bend = new Float32Array(0);

  nodeShown = new Uint8Array(0);

  tieShown = new Uint8Array(0);

  /** @type {number[]} */
  shownNodes = [];

  /** @type {number[]} */
  shownTies = [];

  /** @param {MapDocument} document */
  constructor(document) {
    this.document = document;
    this.nodes = document.nodes;
    this.ties = document.ties;
    this.sets = document.sets;
    if (!this.ties.directed) this.ties.directed = this.ties.id.map(() => 0);
    this.filter = openFilter();
    /** which expansion brought a node: id of node -> id of the node expanded @type {Map<string, string>} */
    this.broughtBy = new Map();
    this.index();
  }

  get size() {
    return this.nodes.id.length;
  }

  index() {
    const count = this.size;
    const ties = this.ties;
    this.rowOf = new Map(this.nodes.id.map((id, row) => [id, row]));
    this.x = Float64Array.from(this.nodes.x);
    this.y = Float64Array.from(this.nodes.y);
    this.start = new Int32Array(count + 1);
    for (let t = 0; t < ties.id.length; t += 1) {
      this.start[ties.source[t] + 1] += 1;
      this.start[ties.target[t] + 1] += 1;
    }
    for (let i = 0; i < count; i += 1) this.start[i + 1] += this.start[i];
    const fill = this.start.slice(0, count);
    this.tieAt = new Int32Array(ties.id.length * 2);
    for (let t = 0; t < ties.id.length; t += 1) {
      this.tieAt[fill[ties.source[t]]] = t;
      fill[ties.source[t]] += 1;
      this.tieAt[fill[ties.target[t]]] = t;
      fill[ties.target[t]] += 1;
    }
    this.seeds = new Set(this.document.seeds.map((id) => this.rowOf.get(id) ?? -1).filter((row) => row >= 0));
    this.style = Uint8Array.from(ties.id, (_, t) =>
      Math.max(0, STANDINGS.indexOf(ties.standing[t])) * 3 + Math.max(0, POLARITIES.indexOf(ties.polarity[t])));
    this.bend = this.bends();
    this.apply();
  }

  /** Parallel ties fan out: how far each is bent, in steps; opposite directions count as one pair. */
  bends() {
    const { source, target } = this.ties;
    const bend = new Float32Array(source.length);
    /** @type {Map<number, number[]>} */
    const pairs = new Map();
    for (let t = 0; t < source.length; t += 1) {
      const key = Math.min(source[t], target[t]) * this.size + Math.max(source[t], target[t]);
      const found = pairs.get(key);
      if (found) found.push(t);
      else pairs.set(key, [t]);
    }
    for (const members of pairs.values()) {
      if (members.length < 2) continue;
      members.forEach((t, rank) => {
        const step = rank - (members.length - 1) / 2;
        bend[t] = source[t] < target[t] ? step : -step;
      });
    }
    return bend;
  }

  /** Work out what is shown under the filter. */
  apply() {
    const { filter, ties, nodes } = this;
    const count = this.size;
    this.nodeShown = new Uint8Array(count);
    this.tieShown = new Uint8Array(ties.id.length);
    const touched = new Uint8Array(count);
    for (let t = 0; t < ties.id.length; t += 1) {
      if (!this.tiePasses(t)) continue;
      this.tieShown[t] = 1;
      touched[ties.source[t]] = 1;
      touched[ties.target[t]] = 1;
    }
    const narrowed = this.isNarrowed();
    for (let i = 0; i < count; i += 1) {
      if (filter.kinds.has(nodes.kind[i])) continue;
      if (narrowed && !filter.loose && !touched[i] && !this.seeds.has(i)) continue;
      this.nodeShown[i] = 1;
    }
    this.shownNodes = Array.from(this.nodeShown.keys()).filter((i) => this.nodeShown[i]);
    this.shownTies = Array.from(this.tieShown.keys()).filter((t) => this.tieShown[t]);
  }

  /** Whether any tie may be hidden by the filter. */
  isNarrowed() {
    const f = this.filter;
    return Boolean(f.from || f.to || f.standings.size || f.types.size || f.polarities.size || f.grades.size
      || f.kinds.size);
  }

  /** @param {number} t */
  tiePasses(t) {
    const { filter, ties, nodes } = this;
    if (filter.standings.has(ties.standing[t]) || filter.types.has(ties.type[t])) return false;
    if (filter.polarities.has(ties.polarity[t])) return false;
    if (filter.kinds.has(nodes.kind[ties.source[t]]) || filter.kinds.has(nodes.kind[ties.target[t]])) return false;
    const start = ties.start[t];
    const end = ties.end[t];
    if (filter.from && end !== null && end < filter.from) return false;
    if (filter.to && start !== null && start > filter.to) return false;
    if (filter.grades.size) {
      const grades = ties.grades[t].length ? ties.grades[t] : [NO_REPORT];
      if (grades.every((grade) => filter.grades.has(grade))) return false;
    }
    return true;
  }

  /** Values of a tie column with how many ties have each. @param {"type"|"standing"|"polarity"|"grades"} column */
  tally(column) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    const add = (/** @type {string} */ value) => counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const value of this.ties[column]) {
      if (Array.isArray(value)) (value.length ? value : [NO_REPORT]).forEach(add);
      else add(value);
    }
    return counts;
  }

  /** Ties of a node that are shown. @param {number} i */
  tiesOf(i) {
    /** @type {number[]} */
    const found = [];
    for (let at = this.start[i]; at < this.start[i + 1]; at += 1) {
      const t = this.tieAt[at];
      if (this.tieShown[t] && found[found.length - 1] !== t) found.push(t);
    }
    return found;
  }

  /** The other end of a tie. @param {number} t @param {number} i */
  otherEnd(t, i) {
    return this.ties.source[t] === i ? this.ties.target[t] : this.ties.source[t];
  }

  /** Shown nodes whose name or id holds every word; names that begin with the text first. @param {string} text */
  search(text) {
    const fold = (/** @type {string} */ value) =>
      value.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
    const words = fold(text).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const whole = fold(text.trim());
    const found = this.shownNodes.filter((i) => {
      const name = fold(this.nodes.label[i]);
      const id = this.nodes.id[i].toLowerCase();
      return words.every((word) => name.includes(word) || id === word || id.endsWith(`:${word}`));
    });
    const rank = (/** @type {number} */ i) => (fold(this.nodes.label[i]).startsWith(whole) ? 0 : 1);
    return found.sort((a, b) => rank(a) - rank(b) || this.nodes.label[a].localeCompare(this.nodes.label[b]));
  }

  /**
   * Shortest path over shown ties, or null.
   * @param {number} from @param {number} to
   * @returns {{nodes: number[], ties: number[]}|null}
   */
  path(from, to) {
    const by = new Int32Array(this.size).fill(-1);
    const reached = new Uint8Array(this.size);
    reached[from] = 1;
    let front = [from];
    while (front.length && !reached[to]) {
      const next = [];
      for (const i of front) {
        for (const t of this.tiesOf(i)) {
          const j = this.otherEnd(t, i);
          if (reached[j] || !this.nodeShown[j]) continue;
          reached[j] = 1;
          by[j] = t;
          next.push(j);
        }
      }
      front = next;
    }
    if (!reached[to]) return null;
    const nodes = [to];
    const ties = [];
    for (let i = to; i !== from; i = nodes[nodes.length - 1]) {
      ties.push(by[i]);
      nodes.push(this.otherEnd(by[i], i));
    }
    return { nodes: nodes.reverse(), ties: ties.reverse() };
  }

  /**
   * The nearest shown node in a direction: within 60 degrees of it, straight ahead preferred.
   * @param {number} i @param {number} dx @param {number} dy
   */
  towards(i, dx, dy) {
    let best = -1;
    let least = Infinity;
    for (const j of this.shownNodes) {
      if (j === i) continue;
      const px = this.x[j] - this.x[i];
      const py = this.y[j] - this.y[i];
      const along = px * dx + py * dy;
      const aside = Math.abs(px * dy - py * dx);
      if (along <= 0 || aside > along * 1.74) continue;
      const cost = along + 1.6 * aside;
      if (cost < least) {
        least = cost;
        best = j;
      }
    }
    return best;
  }

  /** The shown node to begin with: first seed, else the one with most ties. */
  first() {
    for (const i of this.seeds) if (this.nodeShown[i]) return i;
    let best = -1;
    for (const i of this.shownNodes) {
      if (best < 0 || this.nodes.degree[i] > this.nodes.degree[best]) best = i;
    }
    return best;
  }

  /**
   * Add what another document brings around a node.
   * @param {MapDocument} other @param {number} around
   * @returns {{nodes: number, ties: number}} how many were added
   */
  merge(other, around) {
    return growth.merge(this, other, around);
  }

  /** Whether an expansion of this node can be taken back. @param {number} i */
  canCollapse(i) {
    return growth.canCollapse(this, i);
  }

  /** Take away what expanding a node brought, and what was expanded from that. @param {number} i */
  collapse(i) {
    return growth.collapse(this, i);
  }
}
