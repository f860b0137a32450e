// Labels: who gets one, and where there is room for it.

import { Room } from "./geometry.js";

/** @typedef {import("./renderer.js").Renderer} Renderer */

const MOST_LABELS = 320;
// below this scale only landmarks are named
const FAR = 0.33;
const LANDMARKS = new Set(["school", "group", "place", "operation"]);
// more symbols in sight than this and labels may cover some
const MOST_KEPT_CLEAR = 2500;

export class LabelLayer {
  /** @param {Renderer} renderer */
  constructor(renderer) {
    this.renderer = renderer;
    /** nodes in the order in which they get a label @type {number[]} */
    this.order = [];
  }

  /** What is shown has changed. */
  refresh() {
    const { model } = this.renderer;
    const degree = model.nodes.degree;
    const rank = (/** @type {number} */ i) => (model.seeds.has(i) ? 0 : LANDMARKS.has(model.nodes.kind[i]) ? 1 : 2);
    this.order = [...model.shownNodes].sort((a, b) => rank(a) - rank(b) || degree[b] - degree[a] || a - b);
  }

  draw() {
    const { camera, context, model, screenX, screenY, sprites } = this.renderer;
    const lit = this.renderer.lit();
    const room = new Room();
    const symbols = new Room();
    const plain = this.renderer.radius(-1);
    let count = 0;
    const far = camera.scale < FAR;
    let inSight = 0;
    for (const i of model.shownNodes) if (this.renderer.isInSight(i, 0)) inSight += 1;
    // names of people keep clear of symbols; from far off only landmarks are named, or names would hide what they name
    if (inSight <= MOST_KEPT_CLEAR && !far) {
      const r = plain * 0.8;
      for (const i of model.shownNodes) {
        if (this.renderer.isInSight(i, 0)) symbols.take(screenX[i] - r, screenY[i] - r, screenX[i] + r, screenY[i] + r);
      }
    }
    const forced = [this.renderer.focus, this.renderer.selected, this.renderer.hover].filter((i) => i >= 0 && model.nodeShown[i]);
    const order = lit ? [...lit.nodes].filter((i) => model.nodeShown[i]) : [];
    const first = new Set([...forced, ...order]);
    this.drawBubbleNames(room);
    const limit = far ? 60 : MOST_LABELS;
    const place = (/** @type {number} */ i) => {
      if (count >= limit) return;
      const x = screenX[i];
      const y = screenY[i];
      if (!this.renderer.isInSight(i, 60)) return;
      if (far && !first.has(i) && !LANDMARKS.has(model.nodes.kind[i]) && !model.seeds.has(i)) return;
      const strong = model.seeds.has(i) || first.has(i);
      const sprite = sprites.label(model.nodes.label[i], strong);
      const top = y + this.renderer.radius(i) + 3;
      const left = x - sprite.width / 2;
      const gap = far ? 8 : 0;
      const right = left + sprite.width;
      const bottom = top + sprite.height;
      if (!forced.includes(i)) {
        if (!room.isFree(left - gap, top - gap, right + gap, bottom + gap)) return;
        if (!strong && !LANDMARKS.has(model.nodes.kind[i]) && !symbols.isFree(left, top, right, bottom)) return;
      }
      room.take(left, top, right, bottom);
      context.globalAlpha = lit && !lit.nodes.has(i) ? 0.35 : 1;
      sprites.stamp(sprite, left, top);
      count += 1;
    };
    for (const i of first) place(i);
    for (const i of this.order) {
      if (count >= limit) break;
      if (!first.has(i)) place(i);
    }
    context.globalAlpha = 1;
  }

  /** @param {Room} room */
  drawBubbleNames(room) {
    const { bubbles, camera, screenX, screenY, sprites } = this.renderer;
    if (camera.scale < 0.2) return;
    for (const bubble of bubbles.bubbles) {
      if (bubble.rows.length < 2 || bubble.headed) continue;
      const head = bubble.rows.reduce((best, i) => (screenY[i] < screenY[best] ? i : best), bubble.rows[0]);
      const sprite = sprites.label(bubble.label, false, true);
      const left = screenX[head] - sprite.width / 2;
      const top = screenY[head] - 33 * camera.scale - sprite.height + 4;
      if (!room.isFree(left, top, left + sprite.width, top + sprite.height)) continue;
      room.take(left, top, left + sprite.width, top + sprite.height);
      sprites.stamp(sprite, left, top);
    }
  }
}
