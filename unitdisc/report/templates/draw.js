// Elements and small drawings. All text from the results goes in as text, never as markup.

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) made.style.setProperty(key, text);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) made.style.setProperty(key, text);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Neighbouring numbers get hues far apart.
const hue = (number) => String(Math.round((number * 137.508) % 360));
const percent = (share) => `${(100 * share).toFixed(share >= 0.0995 ? 0 : 1)} %`;
const hasTime = (corpus) => corpus.time === "second";
const length = (corpus, value) =>
  hasTime(corpus) ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} col.`;
const position = (corpus, value) =>
  hasTime(corpus) ? `${value.toFixed(2)} s` : `${corpus.time} ${Math.round(value)}`;

// Pixels per second or column: enough to fill the page, within a readable range.
function scale(corpus, whole) {
  const [least, most] = hasTime(corpus) ? [300, 600] : [2.6, 5];
  const room = document.querySelector("main").clientWidth - 120;
  return Math.max(least, Math.min(most, room / whole));
}

// Stretches of equal units in an excerpt: [{unit, start, end}], in seconds or columns from the start of the excerpt.
const stretchTables = new WeakMap();
function stretches(run, number) {
  if (!stretchTables.has(run)) stretchTables.set(run, []);
  const table = stretchTables.get(run);
  if (!table[number]) {
    const [first, text] = run.pieces[number];
    const excerpt = corpusNow().excerpts[number];
    const runs = [];
    (text ? text.split(" ") : []).forEach((unit, token) => {
      const start = Math.max((first + token) * run.shift - excerpt.start, 0);
      const end = Math.min((first + token + 1) * run.shift, excerpt.end) - excerpt.start;
      const last = runs[runs.length - 1];
      if (last && last.unit === Number(unit)) last.end = end;
      else runs.push({ unit: Number(unit), start, end });
    });
    table[number] = runs;
  }
  return table[number];
}

// The label that covers a time of an excerpt, or null; `time` counts from the start of the utterance.
function labelAt(excerpt, time) {
  const covering = excerpt.labels.find(([start, end]) => start <= time && time < end);
  return covering ? covering[2] : null;
}

// A picture of an excerpt, or of the part of it from `start` to `end`, `pixels` per second or column.
function pictureOf(excerpt, start, end, pixels) {
  const whole = excerpt.end - excerpt.start;
  const style = { width: `${whole * pixels}px`, "margin-left": `${-start * pixels}px` };
  const image = excerpt.picture
    ? el("img", { src: excerpt.picture, alt: "", style })
    : el("span", { class: "nothing" }, "no picture");
  return el("div", { class: "picture", style: { width: `${(end - start) * pixels}px` } }, image);
}
