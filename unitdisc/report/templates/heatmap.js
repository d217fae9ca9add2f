// The heat map of the run that is shown: reading a cell under the pointer, choosing its unit.

const heat = { pixels: null, source: null };

function drawHeatmap() {
  const map = runNow().heatmap;
  part("heatmap").hidden = !map.image;
  if (!map.image || heat.source === map.image) return;
  heat.source = map.image;
  heat.pixels = null;
  part("heat-image").src = map.image;
  part("heat-labels").replaceChildren(...map.labels.map((label) => el("span", {}, label)));
  part("heat-image").style.height = `${14 * map.labels.length}px`;
  part("heat-cell").textContent = map.left_out ? `${map.left_out} rarer labels are left out.` : "\u00a0";
}

function cellAt(event) {
  const map = runNow().heatmap;
  const box = part("heat-image").getBoundingClientRect();
  const within = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
  const column = within((event.clientX - box.left) / box.width, map.units.length);
  const row = within((event.clientY - box.top) / box.height, map.labels.length);
  if (!heat.pixels) {
    const canvas = el("canvas", { width: map.units.length, height: map.labels.length });
    const context = canvas.getContext("2d");
    context.drawImage(part("heat-image"), 0, 0, map.units.length, map.labels.length);
    heat.pixels = context.getImageData(0, 0, map.units.length, map.labels.length).data;
  }
  const opacity = heat.pixels[4 * (row * map.units.length + column) + 3] / 255;
  return { unit: map.units[column], label: map.labels[row], share: opacity * opacity };
}

function startHeatmap() {
  part("heat-image").addEventListener("pointermove", (event) => {
    const { unit, label, share } = cellAt(event);
    part("heat-cell").textContent = `unit ${unit}: ${label} ${percent(share)}`;
  });
  part("heat-image").addEventListener("click", (event) => {
    show({ unit: cellAt(event).unit, label: "" });
    part("unit").scrollIntoView({ block: "nearest" });
  });
  listeners.push(drawHeatmap);
}
