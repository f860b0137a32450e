// Small pictures of symbols and labels, made once a size and copied from then on.

import { PALETTE } from "./palette.js";
import { wrap } from "./geometry.js";

/** @typedef {{image: ImageBitmap, width: number, height: number}} Sprite */
/** @typedef {{key: string, lines: string[], font: string, size: number, colour: string, width: number, height: number}} Label */

// a line is this many times as high as its text
const LINE = 1.2;
const MOST_SPRITES = 3000;

export class Sprites {
  /** @param {CanvasRenderingContext2D} context measures text, and is copied to */
  constructor(context) {
    this.context = context;
    this.ratio = 1;
    /** @type {Map<string, Sprite>} */
    this.made = new Map();
    /** @type {Map<string, Path2D>} */
    this.paths = new Map();
    /** @type {Map<string, Label>} */
    this.measured = new Map();
    /** labels that have no picture yet @type {Map<string, Label>} */
    this.waiting = new Map();
  }

  /** @param {number} ratio device pixels a CSS pixel */
  reset(ratio) {
    this.ratio = ratio;
    this.made.clear();
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

  /** Copy a small picture to whole device pixels: several times faster than between them, and sharper. @param {Sprite} sprite @param {number} left @param {number} top */
  stamp(sprite, left, top) {
    const { ratio } = this;
    this.context.drawImage(sprite.image, Math.round(left * ratio) / ratio, Math.round(top * ratio) / ratio, sprite.width, sprite.height);
  }

  /** @param {string} key @param {number} width @param {number} height @param {(context: OffscreenCanvasRenderingContext2D) => void} paint */
  make(key, width, height, paint) {
    if (this.made.size > MOST_SPRITES) this.made.clear();
    const canvas = new OffscreenCanvas(Math.ceil(width * this.ratio), Math.ceil(height * this.ratio));
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.scale(this.ratio, this.ratio);
    paint(context);
    const size = { width: canvas.width / this.ratio, height: canvas.height / this.ratio };
    const sprite = { image: canvas.transferToImageBitmap(), ...size };
    this.made.set(key, sprite);
    return sprite;
  }

  /** @param {string} kind row of PALETTE.symbols @param {number} radius @param {boolean} hub @param {boolean} seed */
  symbol(kind, radius, hub, seed) {
    const key = `${kind} ${radius} ${hub} ${seed}`;
    const known = this.made.get(key);
    if (known) return known;
    const symbol = PALETTE.symbols[kind];
    const side = radius * 2.9 + 4;
    return this.make(key, side, side, (context) => {
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

  /**
   * How large a label would be. Most labels find no room, so they are measured long before they are painted.
   * @param {string} text @param {number} size pixels @param {boolean} strong @param {boolean} set name of a bubble
   */
  measure(text, size, strong, set = false) {
    const key = `${strong ? "b" : "n"}${set ? "s" : ""}${size} ${text}`;
    let label = this.measured.get(key);
    if (!label) {
      if (this.measured.size > 4 * MOST_SPRITES) this.measured.clear();
      const lines = set ? [text] : wrap(text, strong ? 22 : 16);
      const font = `${set ? "italic " : ""}${strong ? "bold " : ""}${size}px ${PALETTE.font}`;
      if (this.context.font !== font) this.context.font = font;
      const width = Math.max(...lines.map((line) => this.context.measureText(line).width)) + 8;
      const colour = set ? PALETTE.secondary : PALETTE.ink;
      label = { key, lines, font, size, colour, width, height: Math.ceil(lines.length * size * LINE) + 3 };
      this.measured.set(key, label);
    }
    return label;
  }

  /**
   * A label seen for the first time is painted in place, because a picture of it takes longer; the picture follows when
   * there is time, for when the view moves.
   * @param {Label} label @param {number} left @param {number} top
   */
  write(label, left, top) {
    const sprite = this.made.get(label.key);
    if (sprite) {
      this.stamp(sprite, left, top);
      return;
    }
    const { context, ratio } = this;
    context.save();
    context.translate(Math.round(left * ratio) / ratio, Math.round(top * ratio) / ratio);
    paintLabel(context, label);
    context.restore();
    if (!this.waiting.size) this.whenIdle();
    this.waiting.set(label.key, label);
  }

  whenIdle() {
    const later = globalThis.requestIdleCallback ?? ((/** @type {IdleRequestCallback} */ work) => setTimeout(() => work({ didTimeout: false, timeRemaining: () => 8 }), 60));
    later((deadline) => {
      for (const [key, label] of this.waiting) {
        if (deadline.timeRemaining() < 2) break;
        this.waiting.delete(key);
        if (!this.made.has(key)) this.make(key, label.width, label.height, (context) => paintLabel(context, label));
      }
      if (this.waiting.size) this.whenIdle();
    });
  }
}

/** @param {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D} context @param {Label} label */
function paintLabel(context, { lines, font, size, colour, width }) {
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = PALETTE.background;
  context.fillStyle = colour;
  lines.forEach((line, row) => context.strokeText(line, width / 2, row * size * LINE + 2));
  lines.forEach((line, row) => context.fillText(line, width / 2, row * size * LINE + 2));
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
