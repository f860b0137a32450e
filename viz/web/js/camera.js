// Where one looks from: a scale and an offset between map units and pixels. No drawing.

const LEAST = 0.01;
const MOST = 5;

export class Camera {
  constructor() {
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.width = 1;
    this.height = 1;
  }

  /** @param {number} x */
  screenX(x) {
    return x * this.scale + this.left;
  }

  /** @param {number} y */
  screenY(y) {
    return y * this.scale + this.top;
  }

  /** @param {number} px */
  worldX(px) {
    return (px - this.left) / this.scale;
  }

  /** @param {number} py */
  worldY(py) {
    return (py - this.top) / this.scale;
  }

  /** @param {number} dx pixels @param {number} dy */
  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
  }

  /** Zoom so that the point under (px, py) stays there. @param {number} factor @param {number} px @param {number} py */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    this.left = px - ((px - this.left) * scale) / this.scale;
    this.top = py - ((py - this.top) * scale) / this.scale;
    this.scale = scale;
  }

  /** The stage has another size: what was in the middle stays there. @param {number} width @param {number} height */
  resize(width, height) {
    this.left += (width - this.width) / 2;
    this.top += (height - this.height) / 2;
    this.width = width;
    this.height = height;
  }

  /** @param {{left: number, top: number, right: number, bottom: number}} box in map units @param {number} most scale */
  fit(box, most = 2) {
    const pad = Math.min(46, this.width / 8);
    const wide = Math.max(1, box.right - box.left);
    const high = Math.max(1, box.bottom - box.top);
    const scale = Math.min((this.width - 2 * pad) / wide, (this.height - 2 * pad) / high, most);
    this.scale = Math.max(LEAST, scale);
    this.left = this.width / 2 - ((box.left + box.right) / 2) * this.scale;
    this.top = this.height / 2 - ((box.top + box.bottom) / 2) * this.scale;
  }

  /** Pan just enough that a point is in sight. @param {number} x @param {number} y */
  reveal(x, y) {
    const margin = Math.min(80, this.width / 4, this.height / 4);
    const px = this.screenX(x);
    const py = this.screenY(y);
    if (px < margin) this.left += margin - px;
    if (px > this.width - margin) this.left -= px - (this.width - margin);
    if (py < margin) this.top += margin - py;
    if (py > this.height - margin) this.top -= py - (this.height - margin);
  }
}

/** The box around some nodes. @param {Float64Array} x @param {Float64Array} y @param {Iterable<number>} rows */
export function boxOf(x, y, rows) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const i of rows) {
    box.left = Math.min(box.left, x[i]);
    box.right = Math.max(box.right, x[i]);
    box.top = Math.min(box.top, y[i]);
    box.bottom = Math.max(box.bottom, y[i]);
  }
  return box.left <= box.right ? box : { left: -1, top: -1, right: 1, bottom: 1 };
}
