// A map grows when something is expanded and shrinks when that is taken back. Nothing that is there moves.

/** @typedef {import("./model.js").MapModel} MapModel */
/** @typedef {import("./model.js").MapDocument} MapDocument */

const NODE_COLUMNS = /** @type {(keyof import("./model.js").NodeColumns)[]} */ ([
  "id", "kind", "label", "x", "y", "hop", "degree", "group", "age_band", "detail", "url", "hub",
]);
const TIE_COLUMNS = /** @type {(keyof import("./model.js").TieColumns)[]} */ ([
  "id", "source", "target", "type", "label", "sentence", "polarity", "standing", "start", "end", "reports", "agencies",
  "grades", "qualifier", "url", "directed",
]);

/**
 * Add what another document brings around a node. Nothing that is here moves; new nodes land beside what they touch.
 * @param {MapModel} model @param {MapDocument} other @param {number} around
 * @returns {{nodes: number, ties: number}} how many were added
 */
export function merge(model, other, around) {
  const from = model.nodes.id[around];
  const knownTies = new Set(model.ties.id);
  /** @type {number[]} */
  const rows = [];
  const before = model.size;
  other.nodes.id.forEach((id, row) => {
    const here = model.rowOf.get(id);
    if (here !== undefined) {
      rows[row] = here;
      return;
    }
    rows[row] = model.nodes.id.length;
    for (const column of NODE_COLUMNS) /** @type {unknown[]} */ (model.nodes[column]).push(other.nodes[column][row]);
    model.broughtBy.set(id, from);
  });
  let added = 0;
  other.ties.id.forEach((id, t) => {
    if (knownTies.has(id)) return;
    for (const column of TIE_COLUMNS) {
      const values = /** @type {unknown[]} */ (model.ties[column]);
      if (column === "source" || column === "target") values.push(rows[other.ties[column][t]]);
      else values.push(other.ties[column]?.[t] ?? (column === "directed" ? 0 : null));
    }
    added += 1;
  });
  for (const set of other.sets) {
    const here = model.sets.find((mine) => mine.id === set.id);
    const members = set.members.map((row) => rows[row]);
    if (here) here.members = [...new Set([...here.members, ...members])];
    else model.sets.push({ ...set, members });
  }
  Object.assign(model.document.type_labels, other.type_labels);
  model.nodes.hub[around] = other.cut.some((row) => rows[row] === around) ? 1 : 0;
  landNew(model, before);
  model.index();
  return { nodes: model.size - before, ties: added };
}

/** Place nodes from row `before` on in free spots beside what they touch. @param {MapModel} model @param {number} before */
function landNew(model, before) {
  const { x, y } = model.nodes;
  const cells = new Set();
  const across = 70;
  const down = 52;
  const key = (/** @type {number} */ px, /** @type {number} */ py) => `${Math.round(px / across)},${Math.round(py / down)}`;
  for (let i = 0; i < before; i += 1) cells.add(key(x[i], y[i]));
  /** @type {Map<number, number[]>} */
  const touches = new Map();
  model.ties.source.forEach((a, t) => {
    const b = model.ties.target[t];
    touches.set(a, [...(touches.get(a) ?? []), b]);
    touches.set(b, [...(touches.get(b) ?? []), a]);
  });
  for (let i = before; i < x.length; i += 1) {
    const placed = (touches.get(i) ?? []).filter((j) => j < i);
    const wantX = placed.length ? placed.reduce((sum, j) => sum + x[j], 0) / placed.length : 0;
    const wantY = placed.length ? placed.reduce((sum, j) => sum + y[j], 0) / placed.length : 0;
    for (let turn = 0; ; turn += 1) {
      const angle = turn * 2.399963229728653;
      const px = Math.round((wantX + across * 0.6 * Math.sqrt(turn) * Math.cos(angle)) / across) * across;
      const py = Math.round((wantY + down * 0.6 * Math.sqrt(turn) * Math.sin(angle)) / down) * down;
      if (cells.has(key(px, py))) continue;
      cells.add(key(px, py));
      x[i] = px;
      y[i] = py;
      break;
    }
  }
}

/** Whether an expansion of this node can be taken back. @param {MapModel} model @param {number} i */
export function canCollapse(model, i) {
  const id = model.nodes.id[i];
  for (const by of model.broughtBy.values()) if (by === id) return true;
  return false;
}

/** Take away what expanding a node brought, and what was expanded from that. @param {MapModel} model @param {number} i */
export function collapse(model, i) {
  const gone = new Set();
  const open = [model.nodes.id[i]];
  while (open.length) {
    const by = open.pop();
    for (const [id, from] of model.broughtBy) {
      if (from === by && !gone.has(id)) {
        gone.add(id);
        open.push(id);
      }
    }
  }
  remove(model, gone);
  return gone.size;
}

/** @param {MapModel} model @param {Set<string>} gone ids of nodes */
function remove(model, gone) {
  /** @type {number[]} */
  const rows = [];
  let next = 0;
  model.nodes.id.forEach((id, row) => {
    rows[row] = gone.has(id) ? -1 : next;
    if (!gone.has(id)) next += 1;
  });
  const stays = (/** @type {unknown} */ _, /** @type {number} */ row) => rows[row] >= 0;
  const tieStays = model.ties.id.map((_, t) => rows[model.ties.source[t]] >= 0 && rows[model.ties.target[t]] >= 0);
  for (const column of TIE_COLUMNS) {
    const kept = /** @type {unknown[]} */ (model.ties[column]).filter((_, t) => tieStays[t]);
    const moved = column === "source" || column === "target" ? kept.map((row) => rows[/** @type {number} */ (row)]) : kept;
    /** @type {any} */ (model.ties)[column] = moved;
  }
  for (const column of NODE_COLUMNS) {
    /** @type {any} */ (model.nodes)[column] = /** @type {unknown[]} */ (model.nodes[column]).filter(stays);
  }
  for (const set of model.sets) set.members = set.members.map((row) => rows[row]).filter((row) => row >= 0);
  model.sets = model.sets.filter((set) => set.members.length);
  for (const id of gone) model.broughtBy.delete(id);
  model.index();
}
