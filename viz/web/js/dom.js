// Elements without markup: text is always text, handlers are always functions.

/**
 * @param {string} tag "button.kith-button" gives the class too
 * @param {Record<string, unknown>} [properties] attributes; `text` and functions (`onclick`) are properties
 * @param {(Node|string|null|undefined|false)[]} children
 * @returns {HTMLElement}
 */
export function element(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") made.textContent = String(value);
    else if (typeof value === "function") made.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else if (key === "checked" || key === "value") /** @type {any} */ (made)[key] = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string|number>} attributes @param {Node[]} children */
export function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** An address of this site, or null: a document cannot make a link that leaves it or runs. @param {string|null} url */
export function ownUrl(url) {
  if (!url) return null;
  try {
    const parsed = new URL(url, document.baseURI);
    return parsed.origin === location.origin && /^https?:$/.test(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

let last = 0;

/** An id not yet used on the page. @param {string} stem */
export function freshId(stem) {
  last += 1;
  return `kith-${stem}-${last}`;
}
