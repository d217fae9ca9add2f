// The unit browser: labels, the list of units, and what one unit is.

const rowsAtOnce = 300;
const mostExamples = 12;
const exampleScale = (corpus) => (hasTime(corpus) ? 320 : 3); // pixels per second or column
const around = (corpus) => (hasTime(corpus) ? 0.12 : 14); // seconds or columns of context beside an example
const inLines = "the frame is the unit, the letters above the speaker its label";
const inImages = "the frames are the patches of the unit, the bold letters the label of the image";
const listed = { query: "", order: "tokens", rows: rowsAtOnce };
const part = (id) => document.getElementById(id);

const orders = {
  tokens: (a, b) => b.tokens - a.tokens,
  unit: (a, b) => a.unit - b.unit,
  duration: (a, b) => b.duration - a.duration,
  purity: (a, b) => purity(b) - purity(a),
  label: (a, b) => (mappedName(a) ?? "\uffff").localeCompare(mappedName(b) ?? "\uffff") || b.tokens - a.tokens,
};

const purity = (unit) => (unit.labels.length ? unit.labels[0][1] / unit.labelled : 0);
const mappedName = (unit) => (unit.mapped >= 0 ? corpusNow().labels[unit.mapped] : null);
const topLabel = (unit) => (unit.labels.length ? corpusNow().labels[unit.labels[0][0]] : null);

function visibleUnits() {
  const query = listed.query.trim().toLowerCase();
  const names = corpusNow().labels;
  return [...unitsOf(runNow()).values()]
    .filter((unit) => !state.label || unit.labels.some(([l, n]) => names[l] === state.label && n >= 0.1 * unit.labelled))
    .filter((unit) => !query || String(unit.unit) === query || unit.labels.some(([l]) => names[l].toLowerCase() === query))
    .sort((a, b) => orders[listed.order](a, b) || a.unit - b.unit);
}

function bar(unit) {
  const names = corpusNow().labels;
  const pieces = unit.labels.map(([label, count]) =>
    el(
      "span",
      { style: { "--h": hue(label), flex: `${count} 0 0` }, title: `${names[label]} ${percent(count / unit.labelled)}` },
      count / unit.labelled > 0.18 ? names[label] : "",
    ),
  );
  const rest = unit.labelled - unit.labels.reduce((sum, [, count]) => sum + count, 0);
  if (rest > 0) pieces.push(el("span", { class: "rest", style: { flex: `${rest} 0 0` }, title: "other labels" }));
  return el("span", { class: "bar" }, ...pieces);
}

function unitRow(unit) {
  return el(
    "div",
    {
      class: "unit",
      role: "option",
      id: `unit-${unit.unit}`,
      "data-unit": unit.unit,
      tabindex: -1,
      "aria-selected": String(unit.unit === state.unit),
      onclick: () => show({ unit: unit.unit }),
    },
    el("span", { class: "number" }, String(unit.unit)),
    unit.labelled ? bar(unit) : el("span", { class: "bar" }),
    el("span", { class: "count" }, unit.tokens.toLocaleString("en")),
    el("span", { class: "length" }, corpusNow().grid ? "" : length(corpusNow(), unit.duration)),
  );
}

function drawList() {
  const units = visibleUnits();
  const run = runNow();
  const unused = run.codewords - unitsOf(run).size;
  part("unit-count").textContent =
    `${units.length} of ${unitsOf(run).size} units` + (unused > 0 ? `; ${unused} ${unused > 1 ? "codewords are" : "codeword is"} never used` : "");
  const shown = units.slice(0, listed.rows).map(unitRow);
  const more = units.length - shown.length;
  const button = el("button", { type: "button", onclick: () => ((listed.rows += 1000), drawList()) }, `show ${more} more`);
  part("unit-list").replaceChildren(...shown, ...(more > 0 ? [button] : []));
  const current = part("unit-list").querySelector("[aria-selected=true]") ?? part("unit-list").querySelector(".unit");
  if (current) current.tabIndex = 0;
  if (current) keepInView(current);
}

// Scroll the list alone: scrollIntoView would move the page too.
function keepInView(row) {
  const list = part("unit-list");
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + row.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTop = top + row.offsetHeight - list.clientHeight;
  }
}

function drawLabels() {
  const totals = new Map();
  for (const unit of unitsOf(runNow()).values()) {
    if (topLabel(unit) !== null) totals.set(topLabel(unit), (totals.get(topLabel(unit)) ?? 0) + 1);
  }
  if (state.label && corpusNow().labels.includes(state.label) && !totals.has(state.label)) totals.set(state.label, 0);
  const chip = (label) =>
    el(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(state.label === label),
        style: { "--h": hue(corpusNow().labels.indexOf(label)) },
        title: `${totals.get(label)} units are mostly ${label}`,
        onclick: () => show({ label: state.label === label ? "" : label }),
      },
      label,
    );
  part("label-chips").replaceChildren(...[...totals.keys()].sort((a, b) => a.localeCompare(b)).map(chip));
}

// Stretches of a unit on the page, one speaker after another so that the first ones differ.
function examplesOf(number) {
  const queues = new Map();
  corpusNow().excerpts.forEach((excerpt, index) => {
    for (const stretch of stretches(runNow(), index)) {
      if (stretch.unit !== number) continue;
      if (!queues.has(excerpt.speaker)) queues.set(excerpt.speaker, []);
      queues.get(excerpt.speaker).push({ excerpt, ...stretch });
    }
  });
  if (corpusNow().grid) for (const [speaker, queue] of queues) queues.set(speaker, joined(queue));
  const examples = [];
  for (let turn = 0; examples.length < mostExamples; turn += 1) {
    const round = [...queues.values()].filter((queue) => queue.length > turn).map((queue) => queue[turn]);
    if (!round.length) break;
    examples.push(...round);
  }
  return examples.slice(0, mostExamples);
}

function example({ excerpt, start, end, patches }, number) {
  const corpus = corpusNow();
  const pixels = exampleScale(corpus);
  const from = Math.max(start - around(corpus), 0);
  const long = hasTime(corpus) ? 1.2 : 120; // a very long stretch shows its beginning alone
  const to = Math.min(end + around(corpus), from + long, excerpt.end - excerpt.start);
  const label = labelAt(excerpt, excerpt.start + (start + end) / 2);
  const about = `${excerpt.utterance}, ${patches ? `${patches.length} of its patches` : position(corpus, excerpt.start + start)}`;
  const caption = el("span", { class: "where" }, el("b", {}, label ?? "–"), ` ${excerpt.speaker}`);
  if (corpus.grid) return el("div", { class: "example", title: about }, imageOf(excerpt, patches, corpus.grid), caption);
  const box = { left: `${(start - from) * pixels}px`, width: `${(Math.min(end, to) - start) * pixels}px` };
  const cut = pictureOf(excerpt, from, to, pixels);
  cut.append(el("span", { class: "span", style: box }));
  if (!excerpt.sound) return el("div", { class: "example", title: about }, cut, caption);
  const button = el(
    "button",
    { type: "button", class: "example", title: about, "aria-label": `play example ${number + 1}: ${label ?? ""} ${about}` },
    cut,
    caption,
  );
  button.addEventListener("click", () => playOn(button, excerpt, start - 0.08, Math.min(end, to) + 0.08));
  return button;
}

async function playAll(button) {
  const examples = [...part("unit").querySelectorAll("button.example")];
  button.disabled = true;
  for (const each of examples) {
    if (!each.isConnected) return;
    await new Promise((resolve) => {
      each.classList.add("playing");
      setTimeout(resolve, 150);
    });
    each.classList.remove("playing");
    each.click();
    while (each.classList.contains("playing")) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  button.disabled = false;
}

function drawUnit() {
  const corpus = corpusNow();
  const unit = unitsOf(runNow()).get(state.unit);
  const total = [...unitsOf(runNow()).values()].reduce((sum, each) => sum + each.tokens, 0);
  const mapped = mappedName(unit);
  const facts = [
    `${unit.tokens.toLocaleString("en")} tokens (${percent(unit.tokens / total)} of all)`,
    corpus.grid ? null : `${length(corpus, unit.duration)} on average`,
    mapped === null ? null : `mapped to ${mapped}`,
  ].filter(Boolean);
  const examples = examplesOf(unit.unit);
  const alone = unitAlone(unit.unit);
  const all = el("button", { type: "button", class: "small", onclick: () => playAll(all) }, "▶ play all");
  part("unit").replaceChildren(
    el("h4", {}, `Unit ${unit.unit}${ofCodebook(runNow(), " of ")}`),
    el("p", {}, facts.join(" · ")),
    ...(unit.labelled ? [bar(unit), legend(unit)] : []),
    ...(unit.near.length ? [el("p", { class: "near" }, "Nearest codewords: ", ...unit.near.map(neighbour))] : []),
    el(
      "p",
      { class: "hint" },
      examples.length ? `${tilesHint(alone)}; ${corpus.grid ? inImages : inLines}. ` : "No example is on this page.",
      examples.some((each) => each.excerpt.sound) ? all : null,
    ),
    el("div", { class: "examples" }, alone, ...examples.map(example)),
  );
}

function legend(unit) {
  const names = corpusNow().labels;
  const entry = ([label, count]) =>
    el(
      "button",
      { type: "button", class: "chip", style: { "--h": hue(label) }, onclick: () => show({ label: names[label] }) },
      `${names[label]} ${percent(count / unit.labelled)}`,
    );
  return el("p", { class: "legend" }, ...unit.labels.map(entry));
}

function neighbour(number) {
  const unit = unitsOf(runNow()).get(number);
  if (!unit) return el("span", { class: "chip", title: "never used" }, `${number} (unused)`);
  const name = topLabel(unit);
  const button = el("button", { type: "button", class: "chip", onclick: () => show({ unit: number }) }, String(number));
  if (name !== null) {
    button.style.setProperty("--h", hue(unit.labels[0][0]));
    button.append(` ${name}`);
  }
  return button;
}

function moveInList(event) {
  const rows = [...part("unit-list").querySelectorAll(".unit")];
  const now = rows.findIndex((row) => row === document.activeElement);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length };
  if (event.key === "Enter") part("unit").querySelector("button.example")?.click();
  else if (event.key === " ") part("unit").querySelector("button.decoded, button.example")?.click();
  else if (!(event.key in steps) || now < 0) return;
  event.preventDefault();
  if (!(event.key in steps)) return;
  const next = rows[Math.max(0, Math.min(rows.length - 1, now + steps[event.key]))];
  show({ unit: Number(next.dataset.unit) }, true);
  part(next.id).focus();
}

function startUnits() {
  part("unit-list").addEventListener("keydown", moveInList);
  part("unit-search").addEventListener("input", (event) => {
    listed.query = event.target.value;
    listed.rows = rowsAtOnce;
    drawList();
  });
  part("unit-order").addEventListener("change", (event) => {
    listed.order = event.target.value;
    drawList();
  });
  listeners.push(drawLabels, drawList, drawUnit);
}
