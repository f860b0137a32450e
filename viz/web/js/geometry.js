// Small geometry: finding what is under a point, bubbles around peer groups, room for labels.

/** Nodes in square cells, to find what is near a point without looking at all. */
export class Grid {
  /** @param {Float64Array} x @param {Float64Array} y @param {number[]} rows @param {number} cell units */
  constructor(x, y, rows, cell = 90) {
    this.x = x;
    this.y = y;
    this.cell = cell;
    /** @type {Map<string, number[]>} */
    this.cells = new Map();
    for (const i of rows) {
      const key = this.key(x[i], y[i]);
      const members = this.cells.get(key);
      if (members) members.push(i);
      else this.cells.set(key, [i]);
    }
  }

  /** @param {number} px @param {number} py */
  key(px, py) {
    return `${Math.floor(px / this.cell)},${Math.floor(py / this.cell)}`;
  }

  /** The node nearest to a point within a reach, or -1. @param {number} px @param {number} py @param {number} reach */
  nearest(px, py, reach) {
    let best = -1;
    let least = reach * reach;
    for (let cx = Math.floor((px - reach) / this.cell); cx <= Math.floor((px + reach) / this.cell); cx += 1) {
      for (let cy = Math.floor((py - reach) / this.cell); cy <= Math.floor((py + reach) / this.cell); cy += 1) {
        for (const i of this.cells.get(`${cx},${cy}`) ?? []) {
          const square = (this.x[i] - px) ** 2 + (this.y[i] - py) ** 2;
          if (square <= least) {
            least = square;
            best = i;
          }
        }
      }
    }
    return best;
  }
}

/** Distance of a point from a segment. */
export function segmentDistance(
  /** @type {number} */ px, /** @type {number} */ py, /** @type {number} */ ax, /** @type {number} */ ay,
  /** @type {number} */ bx, /** @type {number} */ by,
) {
  const dx = bx - ax;
  const dy = by - ay;
  const square = dx * dx + dy * dy;
  const along = square ? Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / square)) : 0;
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}

/** Members farther apart than this are not joined; a group in two places is drawn as two bubbles. */
const REACH = 210;
/** A corridor or a triangle keeps this far from those who are not members. */
const CLEAR = 34;

/**
 * The shape of a peer group: strokes between members and filled triangles, none of which covers anybody else.
 * A member whom others stand around is drawn as a spot of its own.
 * @param {Float64Array} x @param {Float64Array} y @param {number[]} rows members @param {number[]} all rows that are shown
 * @returns {{pairs: [number, number][], triangles: [number, number, number][]}}
 */
export function bubble(x, y, rows, all) {
  const count = rows.length;
  const members = new Set(rows);
  const left = Math.min(...rows.map((i) => x[i])) - CLEAR;
  const right = Math.max(...rows.map((i) => x[i])) + CLEAR;
  const top = Math.min(...rows.map((i) => y[i])) - CLEAR;
  const bottom = Math.max(...rows.map((i) => y[i])) + CLEAR;
  /** @type {number[]} */
  const others = [];
  for (const i of all) if (x[i] > left && x[i] < right && y[i] > top && y[i] < bottom && !members.has(i)) others.push(i);
  /** Whether anybody else stands in the way. @param {number} a @param {number} b */
  const blocked = (a, b) => {
    const [west, east] = [Math.min(x[a], x[b]) - CLEAR, Math.max(x[a], x[b]) + CLEAR];
    const [north, south] = [Math.min(y[a], y[b]) - CLEAR, Math.max(y[a], y[b]) + CLEAR];
    for (const i of others) {
      if (x[i] < west || x[i] > east || y[i] < north || y[i] > south) continue;
      if (segmentDistance(x[i], y[i], x[a], y[a], x[b], y[b]) < CLEAR) return true;
    }
    return false;
  };
  /** Whether nobody else stands within three members. @param {number} a @param {number} b @param {number} c */
  const empty = (a, b, c) => {
    const [west, east] = [Math.min(x[a], x[b], x[c]), Math.max(x[a], x[b], x[c])];
    const [north, south] = [Math.min(y[a], y[b], y[c]), Math.max(y[a], y[b], y[c])];
    for (const i of others) {
      if (x[i] < west || x[i] > east || y[i] < north || y[i] > south) continue;
      if (inside(x, y, i, a, b, c)) return false;
    }
    return true;
  };
  // for each two members, by place in the list: whether they are joined, and on which sides of that line triangles are
  const joined = new Uint8Array(count * count);
  const sides = new Uint8Array(count * count);
  for (let p = 0; p < count; p += 1) {
    for (let q = p + 1; q < count; q += 1) {
      const [a, b] = [rows[p], rows[q]];
      if (Math.hypot(x[a] - x[b], y[a] - y[b]) <= REACH && !blocked(a, b)) joined[p * count + q] = 1;
    }
  }
  const turnsLeft = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c) =>
    (x[b] - x[a]) * (y[c] - y[a]) > (y[b] - y[a]) * (x[c] - x[a]);
  /** @type {[number, number, number][]} */
  const triangles = [];
  for (let p = 0; p < count; p += 1) {
    for (let q = p + 1; q < count; q += 1) {
      if (!joined[p * count + q]) continue;
      for (let r = q + 1; r < count; r += 1) {
        if (!joined[p * count + r] || !joined[q * count + r]) continue;
        const [a, b, c] = [rows[p], rows[q], rows[r]];
        if (!empty(a, b, c)) continue;
        // all one way round: overlapping areas of opposite turn would cancel out
        triangles.push(turnsLeft(a, b, c) ? [a, b, c] : [a, c, b]);
        sides[p * count + q] |= turnsLeft(a, b, c) ? 1 : 2;
        sides[p * count + r] |= turnsLeft(a, c, b) ? 1 : 2;
        sides[q * count + r] |= turnsLeft(b, c, a) ? 1 : 2;
      }
    }
  }
  /** @type {[number, number][]} */
  const pairs = [];
  for (let p = 0; p < count; p += 1) {
    for (let q = p + 1; q < count; q += 1) {
      // a stroke with triangles on both sides would show nowhere
      if (joined[p * count + q] && sides[p * count + q] !== 3) pairs.push([rows[p], rows[q]]);
    }
  }
  return { pairs, triangles };
}

/** Whether node i is in the triangle of three others. @param {Float64Array} x @param {Float64Array} y */
function inside(x, y, /** @type {number} */ i, /** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c) {
  const side = (/** @type {number} */ p, /** @type {number} */ q) => (x[q] - x[p]) * (y[i] - y[p]) - (y[q] - y[p]) * (x[i] - x[p]);
  const [u, v, w] = [side(a, b), side(b, c), side(c, a)];
  return (u >= 0 && v >= 0 && w >= 0) || (u <= 0 && v <= 0 && w <= 0);
}

/** Room on the screen: boxes are taken once; cells keep the question cheap. */
export class Room {
  constructor(cell = 64) {
    this.cell = cell;
    /** @type {Map<number, number[]>} */
    this.cells = new Map();
    /** @type {number[]} left, top, right, bottom of each box */
    this.boxes = [];
  }

  /** @param {number} left @param {number} top @param {number} right @param {number} bottom */
  isFree(left, top, right, bottom) {
    for (let cx = Math.floor(left / this.cell); cx <= Math.floor(right / this.cell); cx += 1) {
      for (let cy = Math.floor(top / this.cell); cy <= Math.floor(bottom / this.cell); cy += 1) {
        const members = this.cells.get(cx * 4096 + cy);
        if (!members) continue;
        for (const at of members) {
          const b = this.boxes;
          if (left < b[at + 2] && right > b[at] && top < b[at + 3] && bottom > b[at + 1]) return false;
        }
      }
    }
    return true;
  }

  /** @param {number} left @param {number} top @param {number} right @param {number} bottom */
  take(left, top, right, bottom) {
    const at = this.boxes.length;
    this.boxes.push(left, top, right, bottom);
    for (let cx = Math.floor(left / this.cell); cx <= Math.floor(right / this.cell); cx += 1) {
      for (let cy = Math.floor(top / this.cell); cy <= Math.floor(bottom / this.cell); cy += 1) {
        const key = cx * 4096 + cy;
        const members = this.cells.get(key);
        if (members) members.push(at);
        else this.cells.set(key, [at]);
      }
    }
  }
}

/**
 * A label in at most two lines, parted at a comma or as even as its words allow; what is far too long is cut with an ellipsis.
 * @param {string} text @param {number} length a line may have before the label is parted
 * @returns {string[]}
 */
export function wrap(text, length = 16) {
  if (text.length <= length) return [text];
  const most = length + 6;
  const cut = (/** @type {string} */ line) => (line.length > most ? `${Array.from(line).slice(0, most - 1).join("")}…` : line);
  const words = text.split(/\s+/);
  // a comma is the best place to part, where both sides are short enough
  const comma = words.findIndex((word) => word.endsWith(",")) + 1;
  const parted = [words.slice(0, comma).join(" "), words.slice(comma).join(" ")];
  if (parted.every((line) => line && line.length <= length + 2)) return parted;
  let best = [text];
  for (let at = 1; at < words.length; at += 1) {
    const lines = [words.slice(0, at).join(" "), words.slice(at).join(" ")];
    if (best.length === 1 || Math.max(lines[0].length, lines[1].length) <= Math.max(best[0].length, best[1].length)) best = lines;
  }
  return best.map(cut);
}
