// Images: shown whole, with the patches of a unit marked, or beside the units of all patches; patches go row by row.

const imageHeight = 84;
const gridHeight = 160; // of an image beside its units, at least 10 pixels a patch

// An image with `patches` marked; `grid` are its rows and columns of patches.
function imageOf(excerpt, patches, grid, height = imageHeight) {
  const [rows, columns] = grid;
  const side = height / rows;
  const size = { width: columns * side, height };
  const marks = patches.map((patch) => {
    const place = { x: (patch % columns) * side, y: Math.floor(patch / columns) * side };
    return svg("rect", { class: "patch", ...place, width: side, height: side });
  });
  const style = { width: `${size.width}px`, height: `${height}px` };
  return el(
    "div",
    { class: "image", style },
    excerpt.picture ? el("img", { src: excerpt.picture, alt: "", style }) : el("span", { class: "nothing" }, "no picture"),
    svg("svg", { ...size, "aria-hidden": "true" }, ...marks),
  );
}

// The patches from `start` to `end`.
function patchesOf({ start, end }) {
  const [first, last] = [Math.round(start), Math.round(end)];
  return Array.from({ length: Math.max(last - first, 0) }, (_, n) => first + n);
}

// Stretches of a unit in an image as one example: the image with all their patches.
function joined(stretches) {
  const images = new Map();
  for (const each of stretches) {
    if (!images.has(each.excerpt)) images.set(each.excerpt, { ...each, patches: [] });
    images.get(each.excerpt).patches.push(...patchesOf(each));
  }
  return [...images.values()];
}

// The units of an image in its grid: mistakes are underlined, a click opens a unit.
function unitGrid(excerpt, run, parts, number, [rows, columns]) {
  const side = Math.max(gridHeight / rows, 10);
  const size = { width: columns * side, height: rows * side };
  const verdicts = parts.flatMap((part) => patchesOf(part).map(() => part));
  const cells = stretches(run, number).flatMap((each) => patchesOf(each).map((patch) => [each.unit, patch]));
  const drawn = cells.map(([unit, patch]) => {
    const [x, y] = [(patch % columns) * side, Math.floor(patch / columns) * side];
    const { verdict, mapped, label } = verdicts[patch] ?? {};
    const wrong = verdict === "wrong";
    const about = `unit ${unit}${wrong ? `: ${mapped}, should be ${label}` : mapped ? `: ${mapped}` : ""}`;
    const made = svg("g", { class: "cell", style: { "--h": hue(unit) } }, svg("title", {}, document.createTextNode(about)));
    made.append(svg("rect", { x, y, width: side, height: side }));
    if (wrong) made.append(svg("line", { x1: x + 3, x2: x + side - 3, y1: y + side - 3, y2: y + side - 3 }));
    if (6 * String(unit).length + 2 <= side) {
      made.append(svg("text", { x: x + side / 2, y: y + side / 2 + 3.5 }, document.createTextNode(String(unit))));
    }
    made.addEventListener("click", () => show({ unit, label: "" }));
    return made;
  });
  return svg("svg", { class: "cells", ...size, role: "img", "aria-label": `units of ${excerpt.utterance}` }, ...drawn);
}

// An image beside what it was rebuilt as, if it was, and its units.
function imageStrip(excerpt, run, parts, number, grid) {
  const height = Math.max(gridHeight, 10 * grid[0]);
  const rebuilt = rebuiltOf(excerpt, number);
  const between = rebuilt ? imageOf(rebuilt, [], grid, height) : null;
  if (between) between.querySelector("img").alt = `${excerpt.utterance} rebuilt from its units`;
  return el("div", { class: "beside" }, imageOf(excerpt, [], grid, height), between, unitGrid(excerpt, run, parts, number, grid));
}
