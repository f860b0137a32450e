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

/**
 * The shortest tree through some nodes: thick strokes along it make a bubble that covers members and nobody else.
 * @param {Float64Array} x @param {Float64Array} y @param {number[]} rows
 * @returns {[number, number][]} pairs of nodes
 */
export function tree(x, y, rows) {
  /** @type {[number, number][]} */
  const pairs = [];
  const open = rows.slice(1);
  const near = open.map(() => rows[0]);
  const far = open.map((i) => (x[i] - x[rows[0]]) ** 2 + (y[i] - y[rows[0]]) ** 2);
  while (open.length) {
    let best = 0;
    for (let k = 1; k < open.length; k += 1) if (far[k] < far[best]) best = k;
    const taken = open[best];
    pairs.push([near[best], taken]);
    open.splice(best, 1);
    near.splice(best, 1);
    far.splice(best, 1);
    for (let k = 0; k < open.length; k += 1) {
      const square = (x[open[k]] - x[taken]) ** 2 + (y[open[k]] - y[taken]) ** 2;
      if (square < far[k]) {
        far[k] = square;
        near[k] = taken;
      }
    }
  }
  return pairs;
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
