// Draws a map on one canvas: ties in one path a style, symbols and labels as small pictures made once a size.
// It draws when asked and never by itself.

import { PALETTE } from "./palette.js";
import { boxOf, Camera } from "./camera.js";
import { bubble, Grid, Room, segmentDistance, wrap } from "./geometry.js";

/** @typedef {import("./model.js").MapModel} MapModel */
/** @typedef {{image: ImageBitmap, width: number, height: number}} Sprite */

const STANDINGS = Object.values(PALETTE.standings);
const POLARITIES = Object.values(PALETTE.polarities);
const SYMBOL_KEYS = Object.keys(PALETTE.symbols);
const LINE_HEIGHT = 15;
// more ties in sight than this are drawn without dashes and markers, which could not be told apart anyway
const FINE_TIES = 3000;
// more than this and they are hair lines
const HAIR_TIES = 500;
const MOST_LABELS = 320;
// more than this and a moving view shows its last picture between full ones
const SLOW_TIES = 12000;
// the same on a machine that was seen to be slow
const SOME_TIES = 300;
// the layer of bubbles reaches this share of the stage beyond it, with this many dots a pixel
const LAYER_MARGIN = 0.3;
const LAYER_DETAIL = 0.75;
// below this scale only landmarks are named
const FAR = 0.33;
const LANDMARKS = new Set(["school", "group", "place", "operation"]);
// more symbols in sight than this and labels may cover some
const MOST_KEPT_CLEAR = 2500;
const MOST_SPRITES = 3000;

/** @param {string} kind @param {string|null} band */
export function symbolKey(kind, band) {
  return kind === "person" ? `person_${band ?? "unknown"}` : kind;
}

export class Renderer {
  /** @param {HTMLCanvasElement} canvas @param {MapModel} model */
  constructor(canvas, model) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.camera = new Camera();
    this.ratio = 1;
    /** node under focus, node or tie whose details are open, node under the pointer; -1 for none */
    this.focus = -1;
    this.selected = -1;
    this.selectedTie = -1;
    this.hover = -1;
    /** @type {{nodes: Set<number>, ties: Set<number>}|null} everything else is dimmed */
    this.emphasis = null;
    /** @type {Map<string, Sprite>} */
    this.sprites = new Map();
    /** @type {Map<string, Path2D>} */
    this.paths = new Map();
    this.waiting = 0;
    this.drawCost = 0;
    this.stale = true;
    this.tiesInSight = 0;
    /** @type {{image: OffscreenCanvas, scale: number, left: number, top: number, at: number}|null} */
    this.kept = null;
    /** soft shapes behind groups, drawn once for many frames @type {{image: OffscreenCanvas, width: number, height: number, scale: number, left: number, top: number}|null} */
    this.layer = null;
    /** the view is being panned or zoomed */
    this.moving = false;
    /** frames come too late here: moving views show kept pictures */
    this.slow = false;
    this.lastFrame = 0;
    this.late = 0;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.rest = undefined;
    this.model = model;
    this.screenX = new Float32Array(0);
    this.screenY = new Float32Array(0);
    /** symbol of each node @type {string[]} */
    this.keys = [];
    /** ties by style @type {number[][]} */
    this.buckets = [];
    /** nodes in the order in which they get a label @type {number[]} */
    this.labelOrder = [];
    this.grid = new Grid(model.x, model.y, []);
    /** @type {{label: string, rows: number[], headed: boolean, pairs: [number, number][], triangles: [number, number, number][]}[]} */
    this.bubbles = [];
    this.refresh();
  }

  /** What is shown has changed. */
  refresh() {
    const { model } = this;
    this.screenX = new Float32Array(model.size);
    this.screenY = new Float32Array(model.size);
    this.keys = model.nodes.kind.map((kind, i) => {
      const key = symbolKey(kind, model.nodes.age_band[i]);
      return PALETTE.symbols[key] ? key : "person_unknown";
    });
    this.buckets = Array.from({ length: STANDINGS.length * POLARITIES.length }, () => []);
    for (const t of model.shownTies) this.buckets[model.style[t]].push(t);
    this.grid = new Grid(model.x, model.y, model.shownNodes);
    const degree = model.nodes.degree;
    const rank = (/** @type {number} */ i) => (model.seeds.has(i) ? 0 : LANDMARKS.has(model.nodes.kind[i]) ? 1 : 2);
    this.labelOrder = [...model.shownNodes].sort((a, b) => rank(a) - rank(b) || degree[b] - degree[a] || a - b);
    this.bubbles = model.sets.map((set) => {
      const head = model.rowOf.get(set.id);
      const rows = [...new Set(head === undefined ? set.members : [head, ...set.members])]
        .filter((i) => model.nodeShown[i]);
      const shape = rows.length ? bubble(model.x, model.y, rows, model.shownNodes) : { pairs: [], triangles: [] };
      return { label: set.label, rows, headed: head !== undefined && Boolean(model.nodeShown[head]), ...shape };
    });
    this.layer = null;
    this.kept = null;
    this.request();
  }

  /** @param {number} width @param {number} height CSS pixels */
  resize(width, height) {
    this.ratio = Math.min(3, globalThis.devicePixelRatio || 1);
    this.canvas.width = Math.max(1, Math.round(width * this.ratio));
    this.canvas.height = Math.max(1, Math.round(height * this.ratio));
    this.camera.resize(width, height);
    this.sprites.clear();
    this.layer = null;
    this.kept = null;
    this.request();
  }

  fit() {
    this.camera.fit(boxOf(this.model.x, this.model.y, this.model.shownNodes));
    this.request();
  }

  /** Draw at the next frame. @param {boolean} moving the view is being panned or zoomed */
  request(moving = false) {
    if (!moving) this.stale = true;
    if (this.waiting) return;
    this.waiting = requestAnimationFrame((now) => {
      this.waiting = 0;
      this.moving = moving && !this.stale;
      if (this.moving) {
        this.watch(now);
        clearTimeout(this.rest);
        this.rest = setTimeout(() => this.request(), 120);
        if (this.redrawKept()) return;
      }
      this.draw();
    });
  }

  /** Notice a machine that cannot draw every frame anew. @param {number} now */
  watch(now) {
    const gap = now - this.lastFrame;
    this.lastFrame = now;
    if (gap > 120) return;
    this.late = gap > 25 ? this.late + 1 : Math.max(0, this.late - 1);
    if (this.late > 6) this.slow = true;
  }

  /**
   * While a very large map moves, its last picture is moved along and drawn anew five times a second, and at rest.
   * @returns {boolean} false when it must be drawn anew now
   */
  redrawKept() {
    const { kept, context, camera } = this;
    if (!kept || performance.now() - kept.at > 200) return false;
    const zoom = camera.scale / kept.scale;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.globalAlpha = 1;
    context.fillStyle = PALETTE.background;
    context.fillRect(0, 0, camera.width, camera.height);
    context.drawImage(kept.image, camera.left - kept.left * zoom, camera.top - kept.top * zoom, camera.width * zoom, camera.height * zoom);
    return true;
  }

  /** Keep the picture just drawn, if it is a slow one. */
  keep() {
    const { camera, canvas } = this;
    this.stale = false;
    if (this.tiesInSight < (this.slow ? SOME_TIES : SLOW_TIES)) {
      this.kept = null;
      return;
    }
    const image = this.kept?.image.width === canvas.width && this.kept.image.height === canvas.height
      ? this.kept.image : new OffscreenCanvas(canvas.width, canvas.height);
    /** @type {OffscreenCanvasRenderingContext2D} */ (image.getContext("2d")).drawImage(canvas, 0, 0);
    this.kept = { image, scale: camera.scale, left: camera.left, top: camera.top, at: performance.now() };
  }

  /** Radius of a node's symbol, pixels. @param {number} i */
  radius(i) {
    const base = PALETTE.radius * Math.min(2.2, this.camera.scale ** 0.7);
    const large = this.model.seeds.has(i) ? PALETTE.seedFactor : 1;
    return Math.max(1.2, base * large);
  }

  draw() {
    const began = performance.now();
    const { context, camera, model } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    for (const i of model.shownNodes) {
      this.screenX[i] = model.x[i] * camera.scale + camera.left;
      this.screenY[i] = model.y[i] * camera.scale + camera.top;
    }
    this.drawBackground();
    this.drawTies();
    this.drawNodes();
    this.drawLabels();
    this.keep();
    this.drawCost = performance.now() - began;
  }

  /**
   * Background and bubbles. Wide round strokes are slow, so they are drawn on a layer larger than the stage that moves
   * along with the view; it is drawn anew when the view leaves it or rests at another scale.
   */
  drawBackground() {
    const { context, camera } = this;
    context.globalAlpha = 1;
    context.fillStyle = PALETTE.background;
    context.fillRect(0, 0, camera.width, camera.height);
    if (camera.scale < 0.08 || !this.bubbles.some((bubble) => bubble.rows.length > 1)) return;
    let layer = this.layer;
    if (!layer || !this.covers(layer)) {
      layer = this.paintLayer();
      this.layer = layer;
    }
    const zoom = camera.scale / layer.scale;
    context.drawImage(layer.image, camera.left - layer.left * zoom, camera.top - layer.top * zoom, layer.width * zoom, layer.height * zoom);
  }

  /** @param {NonNullable<Renderer["layer"]>} layer */
  covers(layer) {
    const { camera } = this;
    const zoom = camera.scale / layer.scale;
    if (zoom > 1.7 || (!this.moving && zoom !== 1)) return false;
    const left = camera.left - layer.left * zoom;
    const top = camera.top - layer.top * zoom;
    return left <= 0 && top <= 0 && left + layer.width * zoom >= camera.width && top + layer.height * zoom >= camera.height;
  }

  paintLayer() {
    const { camera } = this;
    const width = camera.width * (1 + 2 * LAYER_MARGIN);
    const height = camera.height * (1 + 2 * LAYER_MARGIN);
    const image = new OffscreenCanvas(Math.ceil(width * LAYER_DETAIL), Math.ceil(height * LAYER_DETAIL));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (image.getContext("2d", { alpha: false }));
    context.fillStyle = PALETTE.background;
    context.fillRect(0, 0, image.width, image.height);
    // offset of the layer's corner, as a camera's
    const left = camera.left + camera.width * LAYER_MARGIN;
    const top = camera.top + camera.height * LAYER_MARGIN;
    context.scale(LAYER_DETAIL, LAYER_DETAIL);
    context.translate(left, top);
    context.scale(camera.scale, camera.scale);
    this.paintBubbles(context);
    return { image, width, height, scale: camera.scale, left, top };
  }

  /** @param {OffscreenCanvasRenderingContext2D} context in map units */
  paintBubbles(context) {
    const { x, y } = this.model;
    context.lineCap = "round";
    context.lineJoin = "round";
    // darkening makes strokes and fills of one group one flat shape, and shows where two groups overlap
    context.globalCompositeOperation = "darken";
    this.bubbles.forEach((bubble, number) => {
      if (bubble.rows.length < 2) return;
      const [edge, fill] = PALETTE.sets[number % PALETTE.sets.length];
      const strokes = new Path2D();
      for (const i of bubble.rows) {
        strokes.moveTo(x[i], y[i]);
        strokes.lineTo(x[i], y[i]);
      }
      for (const [a, b] of bubble.pairs) {
        strokes.moveTo(x[a], y[a]);
        strokes.lineTo(x[b], y[b]);
      }
      const areas = new Path2D();
      for (const corners of bubble.triangles) {
        corners.forEach((i, at) => (at ? areas.lineTo(x[i], y[i]) : areas.moveTo(x[i], y[i])));
        areas.closePath();
      }
      context.strokeStyle = edge;
      context.lineWidth = 66;
      context.stroke(strokes);
      context.strokeStyle = fill;
      context.fillStyle = fill;
      context.lineWidth = 58;
      context.stroke(strokes);
      context.fill(areas);
    });
  }

  drawTies() {
    const { camera, model } = this;
    /** @type {number[][]} */
    const inSight = [];
    let count = 0;
    const { source, target } = model.ties;
    const { width, height } = camera;
    for (const bucket of this.buckets) {
      const seen = [];
      for (const t of bucket) {
        const ax = this.screenX[source[t]];
        const bx = this.screenX[target[t]];
        if ((ax < 0 && bx < 0) || (ax > width && bx > width)) continue;
        const ay = this.screenY[source[t]];
        const by = this.screenY[target[t]];
        if ((ay < 0 && by < 0) || (ay > height && by > height)) continue;
        seen.push(t);
      }
      inSight.push(seen);
      count += seen.length;
    }
    this.tiesInSight = count;
    const fine = count <= FINE_TIES && camera.scale > 0.12;
    const calm = fine ? Math.min(1, 0.45 + camera.scale) : 0.4;
    const lit = this.lit();
    inSight.forEach((seen, style) => {
      if (!seen.length) return;
      const dimmed = lit ? seen.filter((t) => !lit.ties.has(t)) : seen;
      this.strokeTies(dimmed, style, fine, lit ? 0.16 : calm, 0, count);
    });
    if (lit) {
      inSight.forEach((seen, style) => this.strokeTies(seen.filter((t) => lit.ties.has(t)), style, true, 1, 0.9, count));
    }
    if (fine && camera.scale > 0.4) this.drawMarkers(inSight, lit);
  }

  /** @param {number[]} ties @param {number} style @param {boolean} fine @param {number} alpha @param {number} extra width @param {number} inSight */
  strokeTies(ties, style, fine, alpha, extra, inSight) {
    if (!ties.length) return;
    const { context, model, camera } = this;
    const standing = STANDINGS[Math.floor(style / 3)];
    const { source, target } = model.ties;
    const bent = fine && camera.scale > 0.3;
    context.globalAlpha = alpha;
    context.strokeStyle = POLARITIES[style % 3].colour;
    // hair lines are drawn many times faster than wide ones, and wide ones faster in short paths
    const wide = (standing.width + extra) * Math.min(1.3, Math.max(0.6, camera.scale));
    const hair = extra === 0 && inSight > HAIR_TIES;
    context.lineWidth = hair ? Math.min(wide, (fine ? 1 : 0.7) / this.ratio) : wide;
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
      const ax = this.screenX[source[t]];
      const ay = this.screenY[source[t]];
      const bx = this.screenX[target[t]];
      const by = this.screenY[target[t]];
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
    const off = this.model.bend[t] * 34 * this.camera.scale;
    return [(ax + bx) / 2 - ((by - ay) / length) * off, (ay + by) / 2 + ((bx - ax) / length) * off];
  }

  /** Polarity markers at the middle and arrow heads at the target. @param {number[][]} inSight @param {ReturnType<Renderer["lit"]>} lit */
  drawMarkers(inSight, lit) {
    const { context, model, camera } = this;
    const { source, target, directed } = model.ties;
    const size = 5 * Math.min(1.3, Math.max(0.8, camera.scale));
    inSight.forEach((seen, style) => {
      const polarity = POLARITIES[style % 3];
      const marker = polarity.marker ? this.path(polarity.marker) : null;
      context.fillStyle = polarity.colour;
      for (const t of seen) {
        const ax = this.screenX[source[t]];
        const ay = this.screenY[source[t]];
        const bx = this.screenX[target[t]];
        const by = this.screenY[target[t]];
        const length = Math.hypot(bx - ax, by - ay);
        if (length < 50) continue;
        const [cx, cy] = this.bendPoint(t, ax, ay, bx, by);
        context.globalAlpha = lit && !lit.ties.has(t) ? 0.16 : 1;
        if (directed?.[t]) {
          const angle = Math.atan2(by - cy, bx - cx);
          const reach = this.radius(target[t]) * 1.12;
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

  drawNodes() {
    const { context, camera, model } = this;
    const lit = this.lit();
    const margin = 40;
    const plain = this.radius(-1);
    if (plain < 2.4) {
      this.drawDots(plain, lit);
    } else {
      for (const i of model.shownNodes) {
        const x = this.screenX[i];
        const y = this.screenY[i];
        if (x < -margin || y < -margin || x > camera.width + margin || y > camera.height + margin) continue;
        context.globalAlpha = lit && !lit.nodes.has(i) ? 0.28 : 1;
        this.drawSymbol(i, x, y);
      }
      context.globalAlpha = 1;
    }
    for (const i of model.seeds) {
      if (model.nodeShown[i] && (!lit || lit.nodes.has(i))) this.drawSymbol(i, this.screenX[i], this.screenY[i]);
    }
    if (this.hover >= 0 && this.hover !== this.focus) this.drawRing(this.hover, PALETTE.secondary, 1.5, 3);
    if (this.selected >= 0) this.drawRing(this.selected, PALETTE.ink, 2.5, 4);
    if (this.focus >= 0) {
      this.drawRing(this.focus, PALETTE.highlight, 5, 5);
      this.drawRing(this.focus, PALETTE.focus, 2, 8);
    }
  }

  /** Far out every node is a dot: squares, in paths short enough to fill quickly. @param {number} radius @param {ReturnType<Renderer["lit"]>} lit */
  drawDots(radius, lit) {
    const { context, camera, model } = this;
    const { ratio } = this;
    const side = Math.max(1, Math.round(radius * 2 * ratio)) / ratio;
    for (const key of SYMBOL_KEYS) {
      context.fillStyle = PALETTE.symbols[key].colour;
      context.globalAlpha = lit ? 0.3 : 1;
      context.beginPath();
      let length = 0;
      for (const i of model.shownNodes) {
        if (this.keys[i] !== key) continue;
        const x = this.screenX[i];
        const y = this.screenY[i];
        if (x < 0 || y < 0 || x > camera.width || y > camera.height) continue;
        context.rect(Math.round((x - radius) * ratio) / ratio, Math.round((y - radius) * ratio) / ratio, side, side);
        length += 1;
        if (length % 50 === 0) {
          context.fill();
          context.beginPath();
        }
      }
      context.fill();
    }
    context.globalAlpha = 1;
    if (lit) for (const i of lit.nodes) if (model.nodeShown[i]) this.drawSymbol(i, this.screenX[i], this.screenY[i], 4);
  }

  /** @param {number} i @param {number} x @param {number} y @param {number} least radius */
  drawSymbol(i, x, y, least = 0) {
    const radius = Math.round(Math.max(least, this.radius(i)) * 2) / 2;
    const sprite = this.symbol(this.keys[i], radius, Boolean(this.model.nodes.hub[i]), this.model.seeds.has(i));
    this.stamp(sprite, x - sprite.width / 2, y - sprite.height / 2);
  }

  /** Copy a small picture to whole device pixels: several times faster than between them, and sharper. @param {Sprite} sprite @param {number} left @param {number} top */
  stamp(sprite, left, top) {
    const { ratio } = this;
    this.context.drawImage(sprite.image, Math.round(left * ratio) / ratio, Math.round(top * ratio) / ratio, sprite.width, sprite.height);
  }

  /** @param {number} i @param {string} colour @param {number} width @param {number} gap */
  drawRing(i, colour, width, gap) {
    const { context } = this;
    if (!this.model.nodeShown[i]) return;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(this.screenX[i], this.screenY[i], Math.max(6, this.radius(i)) + gap, 0, Math.PI * 2);
    context.stroke();
  }

  /** @param {number} i @param {number} margin pixels */
  isInSight(i, margin) {
    const x = this.screenX[i];
    const y = this.screenY[i];
    return x >= -margin && y >= -margin && x <= this.camera.width + margin && y <= this.camera.height + margin;
  }

  drawLabels() {
    const { camera, model } = this;
    const lit = this.lit();
    const room = new Room();
    const symbols = new Room();
    const plain = this.radius(-1);
    let count = 0;
    const far = camera.scale < FAR;
    let inSight = 0;
    for (const i of model.shownNodes) if (this.isInSight(i, 0)) inSight += 1;
    // names of people keep clear of symbols; from far off only landmarks are named, or names would hide what they name
    if (inSight <= MOST_KEPT_CLEAR && !far) {
      const r = plain * 0.8;
      for (const i of model.shownNodes) {
        if (this.isInSight(i, 0)) symbols.take(this.screenX[i] - r, this.screenY[i] - r, this.screenX[i] + r, this.screenY[i] + r);
      }
    }
    const forced = [this.focus, this.selected, this.hover].filter((i) => i >= 0 && model.nodeShown[i]);
    const order = lit ? [...lit.nodes].filter((i) => model.nodeShown[i]) : [];
    const first = new Set([...forced, ...order]);
    this.drawBubbleLabels(room);
    const limit = far ? 60 : MOST_LABELS;
    const place = (/** @type {number} */ i) => {
      if (count >= limit) return;
      const x = this.screenX[i];
      const y = this.screenY[i];
      if (!this.isInSight(i, 60)) return;
      if (far && !first.has(i) && !LANDMARKS.has(model.nodes.kind[i]) && !model.seeds.has(i)) return;
      const strong = model.seeds.has(i) || first.has(i);
      const sprite = this.label(model.nodes.label[i], strong);
      const top = y + this.radius(i) + 3;
      const left = x - sprite.width / 2;
      const gap = far ? 8 : 0;
      const right = left + sprite.width;
      const bottom = top + sprite.height;
      if (!forced.includes(i)) {
        if (!room.isFree(left - gap, top - gap, right + gap, bottom + gap)) return;
        if (!strong && !LANDMARKS.has(model.nodes.kind[i]) && !symbols.isFree(left, top, right, bottom)) return;
      }
      room.take(left, top, right, bottom);
      this.context.globalAlpha = lit && !lit.nodes.has(i) ? 0.35 : 1;
      this.stamp(sprite, left, top);
      count += 1;
    };
    for (const i of first) place(i);
    for (const i of this.labelOrder) {
      if (count >= limit) break;
      if (!first.has(i)) place(i);
    }
    this.context.globalAlpha = 1;
  }

  /** @param {Room} room */
  drawBubbleLabels(room) {
    if (this.camera.scale < 0.2) return;
    for (const bubble of this.bubbles) {
      if (bubble.rows.length < 2 || bubble.headed) continue;
      const head = bubble.rows.reduce((best, i) => (this.screenY[i] < this.screenY[best] ? i : best), bubble.rows[0]);
      const sprite = this.label(bubble.label, false, true);
      const left = this.screenX[head] - sprite.width / 2;
      const top = this.screenY[head] - 33 * this.camera.scale - sprite.height + 4;
      if (!room.isFree(left, top, left + sprite.width, top + sprite.height)) continue;
      room.take(left, top, left + sprite.width, top + sprite.height);
      this.stamp(sprite, left, top);
    }
  }

  /** What stands out now, or null: a chosen path, else the open node or tie with what it touches. */
  lit() {
    if (this.emphasis) return this.emphasis;
    const { model } = this;
    if (this.selected >= 0 && model.nodeShown[this.selected]) {
      const ties = new Set(model.tiesOf(this.selected));
      const nodes = new Set([this.selected]);
      for (const t of ties) nodes.add(model.otherEnd(t, this.selected));
      return { nodes, ties };
    }
    if (this.selectedTie >= 0 && model.tieShown[this.selectedTie]) {
      const { source, target } = model.ties;
      return { nodes: new Set([source[this.selectedTie], target[this.selectedTie]]), ties: new Set([this.selectedTie]) };
    }
    return null;
  }

  /** @param {string} text */
  path(text) {
    let path = this.paths.get(text);
    if (!path) {
      path = new Path2D(text);
      this.paths.set(text, path);
    }
    return path;
  }

  /** @param {string} key @param {number} width @param {number} height @param {(context: OffscreenCanvasRenderingContext2D) => void} paint */
  sprite(key, width, height, paint) {
    let sprite = this.sprites.get(key);
    if (sprite) return sprite;
    if (this.sprites.size > MOST_SPRITES) this.sprites.clear();
    const canvas = new OffscreenCanvas(Math.ceil(width * this.ratio), Math.ceil(height * this.ratio));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(this.ratio, this.ratio);
    paint(context);
    const size = { width: canvas.width / this.ratio, height: canvas.height / this.ratio };
    sprite = { image: canvas.transferToImageBitmap(), ...size };
    this.sprites.set(key, sprite);
    return sprite;
  }

  /** @param {string} key @param {number} radius @param {boolean} hub @param {boolean} seed */
  symbol(key, radius, hub, seed) {
    const symbol = PALETTE.symbols[key];
    const side = radius * 2.9 + 4;
    return this.sprite(`${key} ${radius} ${hub} ${seed}`, side, side, (context) => {
      context.translate(side / 2, side / 2);
      context.scale(radius, radius);
      const outline = this.path(symbol.outline);
      context.lineJoin = "round";
      context.lineWidth = 0.3;
      context.strokeStyle = PALETTE.background;
      context.stroke(outline);
      context.fillStyle = symbol.colour;
      context.fill(outline);
      if (seed) {
        context.lineWidth = 0.14;
        context.strokeStyle = PALETTE.ink;
        context.stroke(outline);
      }
      if (radius >= 6) {
        context.fillStyle = "#ffffff";
        context.fill(this.path(symbol.icon), "evenodd");
      }
      if (hub && radius >= 6) drawHubBadge(context);
    });
  }

  /** @param {string} text @param {boolean} strong @param {boolean} set */
  label(text, strong, set = false) {
    const key = `${strong ? "b" : "n"}${set ? "s" : ""} ${text}`;
    const known = this.sprites.get(key);
    if (known) return known;
    const lines = set ? [text] : wrap(text, strong ? 22 : 16);
    const font = `${set ? "italic " : ""}${strong ? "bold " : ""}${strong ? 13.5 : 12.5}px ${PALETTE.font}`;
    this.context.font = font;
    const width = Math.max(...lines.map((line) => this.context.measureText(line).width)) + 8;
    return this.sprite(key, width, lines.length * LINE_HEIGHT + 3, (context) => {
      context.font = font;
      context.textAlign = "center";
      context.textBaseline = "top";
      context.lineJoin = "round";
      context.lineWidth = 4;
      context.strokeStyle = PALETTE.background;
      context.fillStyle = set ? PALETTE.secondary : PALETTE.ink;
      lines.forEach((line, row) => context.strokeText(line, width / 2, row * LINE_HEIGHT + 2));
      lines.forEach((line, row) => context.fillText(line, width / 2, row * LINE_HEIGHT + 2));
    });
  }

  /** The shown node at a point of the stage, or -1. @param {number} px @param {number} py */
  nodeAt(px, py) {
    const reach = Math.max(10, this.radius(-1) * 1.35) / this.camera.scale;
    return this.grid.nearest(this.camera.worldX(px), this.camera.worldY(py), reach);
  }

  /** The shown tie at a point, or -1. @param {number} px @param {number} py */
  tieAt(px, py) {
    const { source, target } = this.model.ties;
    let best = -1;
    let least = 6;
    for (const t of this.model.shownTies) {
      const ax = this.screenX[source[t]];
      const ay = this.screenY[source[t]];
      const bx = this.screenX[target[t]];
      const by = this.screenY[target[t]];
      let distance;
      if (this.model.bend[t]) {
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

/** A small white disc with three dots: more ties than are shown. @param {OffscreenCanvasRenderingContext2D} context */
function drawHubBadge(context) {
  context.fillStyle = "#ffffff";
  context.strokeStyle = PALETTE.ink;
  context.lineWidth = 0.1;
  context.beginPath();
  context.arc(0.9, -0.9, 0.46, 0, Math.PI * 2);
  context.fill();
  context.stroke();
  context.fillStyle = PALETTE.ink;
  context.beginPath();
  for (const dx of [-0.22, 0, 0.22]) {
    context.moveTo(0.9 + dx + 0.08, -0.9);
    context.arc(0.9 + dx, -0.9, 0.08, 0, Math.PI * 2);
  }
  context.fill();
}
