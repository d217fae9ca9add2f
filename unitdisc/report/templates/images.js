// Images: shown whole, with their patches marked, which are numbered row by row.

const imageHeight = 84;

// An image with the patches from `start` to `end` marked; `grid` are its rows and columns of patches.
function imageOf(excerpt, start, end, grid) {
  const [rows, columns] = grid;
  const side = imageHeight / rows;
  const size = { width: columns * side, height: imageHeight };
  const marks = [];
  for (let patch = Math.round(start); patch < Math.round(end); patch += 1) {
    const place = { x: (patch % columns) * side, y: Math.floor(patch / columns) * side };
    marks.push(svg("rect", { class: "patch", ...place, width: side, height: side }));
  }
  return el(
    "div",
    { class: "image", style: { width: `${size.width}px` } },
    excerpt.picture ? el("img", { src: excerpt.picture, alt: "" }) : el("span", { class: "nothing" }, "no picture"),
    svg("svg", { ...size, "aria-hidden": "true" }, ...marks),
  );
}
