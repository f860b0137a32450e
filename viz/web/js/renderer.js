// Draws a map on one canvas: ties in one path a style, symbols and labels as small pictures made once a size.
// It draws when asked and never by itself.

import { BubbleLayer } from "./bubble_layer.js";
import { boxOf, Camera } from "./camera.js";
import { Grid } from "./geometry.js";
import { LabelLayer } from "./label_layer.js";
import { PALETTE } from "./palette.js";
import { Sprites } from "./sprites.js";
import { TieLayer } from "./tie_layer.js";

/** @typedef {import("./model.js").MapModel} MapModel */

const SYMBOL_KEYS = Object.keys(PALETTE.symbols);
// more than this and a moving view shows its last picture between full ones
const SLOW_TIES = 12000;
// the same on a machine that was seen to be slow
const SOME_TIES = 300;
// symbols of a smaller radius are dots, sooner where there are many
const SMALL = 2.4;
const SMALL_OF_MANY = 4;
const MANY_NODES = 2500;

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
    this.sprites = new Sprites(this.context);
    this.waiting = 0;
    this.drawCost = 0;
    this.stale = true;
    /** @type {{image: OffscreenCanvas, scale: number, left: number, top: number, at: number}|null} */
    this.kept = null;
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
    this.grid = new Grid(model.x, model.y, []);
    this.bubbles = new BubbleLayer(model, this.camera);
    this.ties = new TieLayer(this);
    this.labels = new LabelLayer(this);
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
    this.grid = new Grid(model.x, model.y, model.shownNodes);
    this.bubbles.refresh();
    this.ties.refresh();
    this.labels.refresh();
    this.kept = null;
    this.request();
  }

  /** @param {number} width @param {number} height CSS pixels */
  resize(width, height) {
    this.ratio = Math.min(3, globalThis.devicePixelRatio || 1);
    this.canvas.width = Math.max(1, Math.round(width * this.ratio));
    this.canvas.height = Math.max(1, Math.round(height * this.ratio));
    this.camera.resize(width, height);
    this.sprites.reset(this.ratio);
    this.bubbles.forget();
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

  /** While the view moves, keep the picture just drawn if it is a slow one. */
  keep() {
    const { camera, canvas } = this;
    this.stale = false;
    if (!this.moving || this.ties.inSight < (this.slow ? SOME_TIES : SLOW_TIES)) {
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
    const large = this.model.seeds.has(i) ? PALETTE.seedFactor : this.model.nodes.kind[i] === "event" ? PALETTE.eventFactor : 1;
    return Math.max(1.2, base * large);
  }

  draw() {
    const { context, camera, model } = this;
    cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    // the stage has no size yet
    if (camera.width <= 1) return;
    const began = performance.now();
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    for (const i of model.shownNodes) {
      this.screenX[i] = model.x[i] * camera.scale + camera.left;
      this.screenY[i] = model.y[i] * camera.scale + camera.top;
    }
    context.globalAlpha = 1;
    context.fillStyle = PALETTE.background;
    context.fillRect(0, 0, camera.width, camera.height);
    this.bubbles.draw(context, this.moving);
    this.ties.draw();
    this.drawNodes();
    this.labels.draw();
    this.keep();
    this.drawCost = performance.now() - began;
  }

  drawNodes() {
    const { context, camera, model } = this;
    const lit = this.lit();
    const margin = 40;
    const plain = this.radius(-1);
    if (plain < (model.shownNodes.length > MANY_NODES ? SMALL_OF_MANY : SMALL)) {
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
    const sprite = this.sprites.symbol(this.keys[i], radius, Boolean(this.model.nodes.hub[i]), this.model.seeds.has(i));
    this.sprites.stamp(sprite, x - sprite.width / 2, y - sprite.height / 2);
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

  /** The shown node at a point of the stage, or -1. @param {number} px @param {number} py */
  nodeAt(px, py) {
    const reach = Math.max(10, this.radius(-1) * 1.35) / this.camera.scale;
    return this.grid.nearest(this.camera.worldX(px), this.camera.worldY(py), reach);
  }
  /** The shown tie at a point, or -1. @param {number} px @param {number} py */
  tieAt(px, py) {
    return this.ties.at(px, py);
  }
}
