// Ties: one path a style, dashes and markers while they can be told apart.

import { segmentDistance } from "./geometry.js";
import { PALETTE } from "./palette.js";

/** @typedef {import("./renderer.js").Renderer} Renderer */
/** @typedef {ReturnType<Renderer["lit"]>} Lit */

const STANDINGS = Object.values(PALETTE.standings);
const POLARITIES = Object.values(PALETTE.polarities);
const NEUTRAL = Object.keys(PALETTE.polarities).indexOf("neutral");
// more ties in sight than this are drawn without dashes and markers, which could not be told apart anyway
const FINE_TIES = 3000;
// more than this and they are hair lines
const HAIR_TIES = 500;

export class TieLayer {
  /** @param {Renderer} renderer */
  constructor(renderer) {
    this.renderer = renderer;
    /** ties by style @type {number[][]} */
    this.buckets = [];
    /** how many were drawn last */
    this.inSight = 0;
  }

  /** What is shown has changed. */
  refresh() {
    const { model } = this.renderer;
    this.buckets = Array.from({ length: STANDINGS.length * POLARITIES.length }, () => []);
    for (const t of model.shownTies) this.buckets[model.style[t]].push(t);
  }

  draw() {
    const { renderer } = this;
    const { camera, model, screenX, screenY } = renderer;
    /** @type {number[][]} */
    const inSight = [];
    let count = 0;
    const { source, target } = model.ties;
    const { width, height } = camera;
    for (const bucket of this.buckets) {
      const seen = [];
      for (const t of bucket) {
        const ax = screenX[source[t]];
        const bx = screenX[target[t]];
        if ((ax < 0 && bx < 0) || (ax > width && bx > width)) continue;
        const ay = screenY[source[t]];
        const by = screenY[target[t]];
        if ((ay < 0 && by < 0) || (ay > height && by > height)) continue;
        seen.push(t);
      }
      inSight.push(seen);
      count += seen.length;
    }
    this.inSight = count;
    const fine = count <= FINE_TIES && camera.scale > 0.12;
    const calm = fine ? Math.min(1, 0.45 + camera.scale) : 0.4;
    const lit = renderer.lit();
    // where ties are many, the neutral ones step back and worries and strengths stay to be seen
    const faint = calm * Math.max(0.5, 1 - count / 2400);
    const telling = inSight.reduce((sum, seen, style) => sum + (style % 3 === NEUTRAL ? 0 : seen.length), 0);
    const inOrder = inSight.map((seen, style) => ({ seen, style })).filter(({ seen }) => seen.length)
      .sort((a, b) => Number(b.style % 3 === NEUTRAL) - Number(a.style % 3 === NEUTRAL));
    for (const { seen, style } of inOrder) {
      const dimmed = lit ? seen.filter((t) => !lit.ties.has(t)) : seen;
      const neutral = style % 3 === NEUTRAL;
      this.stroke(dimmed, style, fine, lit ? 0.16 : neutral ? faint : calm, 0, neutral ? count : telling);
    }
    if (lit) {
      for (const { seen, style } of inOrder) this.stroke(seen.filter((t) => lit.ties.has(t)), style, true, 1, 0.9, count);
    }
    if (fine && camera.scale > 0.4) this.drawMarkers(inSight, lit);
  }

  /** @param {number[]} ties @param {number} style @param {boolean} fine @param {number} alpha @param {number} extra width @param {number} inSight how many are drawn like these */
  stroke(ties, style, fine, alpha, extra, inSight) {
    if (!ties.length) return;
    const { context, model, camera, screenX, screenY, ratio } = this.renderer;
    const standing = STANDINGS[Math.floor(style / 3)];
    const { source, target } = model.ties;
    const bent = fine && camera.scale > 0.3;
    context.globalAlpha = alpha;
    context.strokeStyle = POLARITIES[style % 3].colour;
    // hair lines are drawn many times faster than wide ones, and wide ones faster in short paths
    const wide = (standing.width + extra) * Math.min(1.3, Math.max(0.6, camera.scale));
    const hair = extra === 0 && inSight > HAIR_TIES;
    context.lineWidth = hair ? Math.min(wide, (fine ? 1 : 0.7) / ratio) : wide;
    context.setLineDash(fine ? standing.dash : []);
    context.beginPath();
    let length = 0;
    for (const t of ties) {
      if (!hair && length >= 24) {
        context.stroke();
        context.beginPath();
        length = 0;
      }
      length += 1;
      const ax = screenX[source[t]];
      const ay = screenY[source[t]];
      const bx = screenX[target[t]];
      const by = screenY[target[t]];
      context.moveTo(ax, ay);
      if (bent && model.bend[t]) {
        const [cx, cy] = this.bendPoint(t, ax, ay, bx, by);
        context.quadraticCurveTo(cx, cy, bx, by);
      } else context.lineTo(bx, by);
    }
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** @param {number} t @param {number} ax @param {number} ay @param {number} bx @param {number} by */
  bendPoint(t, ax, ay, bx, by) {
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const off = this.renderer.model.bend[t] * 34 * this.renderer.camera.scale;
    return [(ax + bx) / 2 - ((by - ay) / length) * off, (ay + by) / 2 + ((bx - ax) / length) * off];
  }

  /** Polarity markers at the middle and arrow heads at the target. @param {number[][]} inSight @param {Lit} lit */
  drawMarkers(inSight, lit) {
    const { context, model, camera, screenX, screenY, sprites } = this.renderer;
    const { source, target, directed } = model.ties;
    const size = 5 * Math.min(1.3, Math.max(0.8, camera.scale));
    inSight.forEach((seen, style) => {
      const polarity = POLARITIES[style % 3];
      const marker = polarity.marker ? sprites.path(polarity.marker) : null;
      context.fillStyle = polarity.colour;
      for (const t of seen) {
        const ax = screenX[source[t]];
        const ay = screenY[source[t]];
        const bx = screenX[target[t]];
        const by = screenY[target[t]];
        const length = Math.hypot(bx - ax, by - ay);
        if (length < 50) continue;
        const [cx, cy] = this.bendPoint(t, ax, ay, bx, by);
        context.globalAlpha = lit && !lit.ties.has(t) ? 0.16 : 1;
        if (directed?.[t]) {
          const angle = Math.atan2(by - cy, bx - cx);
          const reach = this.renderer.radius(target[t]) * 1.12;
          const tipX = bx - Math.cos(angle) * reach;
          const tipY = by - Math.sin(angle) * reach;
          context.beginPath();
          context.moveTo(tipX, tipY);
          context.lineTo(tipX - Math.cos(angle - 0.42) * size * 1.9, tipY - Math.sin(angle - 0.42) * size * 1.9);
          context.lineTo(tipX - Math.cos(angle + 0.42) * size * 1.9, tipY - Math.sin(angle + 0.42) * size * 1.9);
          context.fill();
        }
        if (marker) {
          const mx = (ax + bx + 2 * cx) / 4;
          const my = (ay + by + 2 * cy) / 4;
          context.save();
          context.translate(mx, my);
          context.scale(size, size);
          context.lineWidth = 0.9;
          context.strokeStyle = PALETTE.background;
          context.stroke(marker);
          context.fill(marker);
          context.restore();
        }
      }
    });
    context.globalAlpha = 1;
  }

  /** The shown tie at a point, or -1. @param {number} px @param {number} py */
  at(px, py) {
    const { model, screenX, screenY } = this.renderer;
    const { source, target } = model.ties;
    let best = -1;
    let least = 6;
    for (const t of model.shownTies) {
      const ax = screenX[source[t]];
      const ay = screenY[source[t]];
      const bx = screenX[target[t]];
      const by = screenY[target[t]];
      let distance;
      if (model.bend[t]) {
        const [cx, cy] = this.bendPoint(t, ax, ay, bx, by);
        const mx = (ax + bx + 2 * cx) / 4;
        const my = (ay + by + 2 * cy) / 4;
        distance = Math.min(segmentDistance(px, py, ax, ay, mx, my), segmentDistance(px, py, mx, my, bx, by));
      } else distance = segmentDistance(px, py, ax, ay, bx, by);
      if (distance < least) {
        least = distance;
        best = t;
      }
    }
    return best;
  }
}
