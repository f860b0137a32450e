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
  const members = new Set(rows);
  const left = Math.min(...rows.map((i) => x[i])) - CLEAR;
  const right = Math.max(...rows.map((i) => x[i])) + CLEAR;
  const top = Math.min(...rows.map((i) => y[i])) - CLEAR;
  const bottom = Math.max(...rows.map((i) => y[i])) + CLEAR;
  const others = all.filter((i) => !members.has(i) && x[i] > left && x[i] < right && y[i] > top && y[i] < bottom);
  const near = (/** @type {number} */ a, /** @type {number} */ b) => Math.hypot(x[a] - x[b], y[a] - y[b]) <= REACH;
  const joined = new Set();
  const key = (/** @type {number} */ a, /** @type {number} */ b) => `${Math.min(a, b)},${Math.max(a, b)}`;
  for (let p = 0; p < rows.length; p += 1) {
    for (let q = p + 1; q < rows.length; q += 1) {
      const [a, b] = [rows[p], rows[q]];
      if (!near(a, b)) continue;
      if (others.some((i) => segmentDistance(x[i], y[i], x[a], y[a], x[b], y[b]) < CLEAR)) continue;
      joined.add(key(a, b));
    }
  }
  /** @type {[number, number, number][]} */
  const triangles = [];
  for (let p = 0; p < rows.length; p += 1) {
    for (let q = p + 1; q < rows.length; q += 1) {
      if (!joined.has(key(rows[p], rows[q]))) continue;
      for (let r = q + 1; r < rows.length; r += 1) {
        const [a, b, c] = [rows[p], rows[q], rows[r]];
        if (!joined.has(key(a, c)) || !joined.has(key(b, c))) continue;
        if (others.some((i) => inside(x, y, i, a, b, c))) continue;
        // all one way round: overlapping areas of opposite turn would cancel out
        triangles.push((x[b] - x[a]) * (y[c] - y[a]) > (y[b] - y[a]) * (x[c] - x[a]) ? [a, b, c] : [a, c, b]);
      }
    }
  }
  // a stroke with triangles on both sides would show nowhere
  /** @type {Map<string, number>} */
  const sides = new Map();
  for (const [a, b, c] of triangles) {
    for (const [one, other, r] of [[a, b, c], [a, c, b], [b, c, a]]) {
      const [p, q] = [Math.min(one, other), Math.max(one, other)];
      const left = (x[q] - x[p]) * (y[r] - y[p]) - (y[q] - y[p]) * (x[r] - x[p]) > 0 ? 1 : 2;
      sides.set(key(p, q), (sides.get(key(p, q)) ?? 0) | left);
    }
  }
  const pairs = [...joined].filter((pair) => sides.get(pair) !== 3)
    .map((pair) => /** @type {[number, number]} */ (pair.split(",").map(Number)));
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
 * A label in at most two lines of about the given length; the rest is cut with an ellipsis.
 * @param {string} text @param {number} length
 * @returns {string[]}
 */
export function wrap(text, length = 16) {
  if (text.length <= length) return [text];
  const words = text.split(/\s+/);
  let first = words[0];
  let next = 1;
  while (next < words.length && `${first} ${words[next]}`.length <= length) {
    first = `${first} ${words[next]}`;
    next += 1;
  }
  const cut = (/** @type {string} */ line) => (line.length > length + 4 ? `${Array.from(line).slice(0, length + 3).join("")}…` : line);
  const second = words.slice(next).join(" ");
  return second ? [cut(first), cut(second)] : [cut(first)];
}
