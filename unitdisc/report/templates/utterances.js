// Utterances: picture with sound, labels above, units and the labels they are mapped to below, mistakes marked.

const rowHeight = 18;

function box(x, width, text, style, cls, about) {
  const made = svg("g", { class: cls }, svg("title", {}, document.createTextNode(about)));
  made.append(svg("rect", { x, width: Math.max(width, 0.5), height: rowHeight - 2, style }));
  if (cls === "wrong") made.append(svg("line", { x1: x, x2: x + width, y1: rowHeight - 2, y2: rowHeight - 2 }));
  if (width > 6.2 * text.length + 2) made.append(svg("text", { x: x + width / 2, y: 12 }, document.createTextNode(text)));
  return made;
}

function rowOf(name, width, boxes) {
  const row = svg("svg", { class: "row", width, height: rowHeight, role: "img", "aria-label": name });
  row.append(...boxes);
  return row;
}

// Parts of an excerpt with one mapped label each, split where right turns to wrong.
function judged(excerpt, run, number) {
  const corpus = corpusNow();
  const parts = [];
  const [first, text] = run.pieces[number];
  const clip = (time) => Math.max(0, Math.min(time, excerpt.end) - excerpt.start);
  (text ? text.split(" ") : []).forEach((unit, index) => {
    const token = first + index;
    const mapped = corpus.labels[unitsOf(run).get(Number(unit))?.mapped] ?? null;
    const label = labelAt(excerpt, (token + 0.5) * run.shift);
    const verdict = label === null ? "unknown" : label === mapped ? "right" : "wrong";
    const counts = label !== null && !corpus.excluded.includes(label);
    const [start, end] = [clip(token * run.shift), clip((token + 1) * run.shift)];
    const last = parts[parts.length - 1];
    if (last && last.mapped === mapped && last.verdict === verdict && last.counts === counts) {
      last.end = end;
      last.tokens += 1;
    } else parts.push({ mapped, verdict, counts, start, end, tokens: 1, label });
  });
  return parts;
}

function labelBoxes(excerpt, pixels) {
  const corpus = corpusNow();
  const whole = excerpt.end - excerpt.start;
  const codes = new Map(corpus.labels.map((label, code) => [label, code]));
  return excerpt.labels.map(([start, end, label]) => {
    const from = Math.max(start - excerpt.start, 0);
    const to = Math.min(end - excerpt.start, whole);
    const style = { "--h": hue(codes.get(label)) };
    return box(from * pixels, (to - from) * pixels, label, style, "label", `${label}, ${length(corpus, end - start)}`);
  });
}

function unitBoxes(run, number, pixels) {
  return stretches(run, number).map(({ unit, start, end }) => {
    const made = box(start * pixels, (end - start) * pixels, String(unit), { "--h": hue(unit) }, "code", `unit ${unit}`);
    made.addEventListener("click", () => show({ unit, label: "" }));
    return made;
  });
}

function mappedBoxes(parts, pixels) {
  return parts.map(({ mapped, verdict, start, end, label }) => {
    const about = verdict === "wrong" ? `${mapped}, should be ${label}` : `${mapped ?? "no label"}`;
    return box(start * pixels, (end - start) * pixels, mapped ?? "", {}, verdict, about);
  });
}

function strip(excerpt, number, run, sounds) {
  const corpus = corpusNow();
  const whole = excerpt.end - excerpt.start;
  const pixels = scale(corpus, whole);
  const width = whole * pixels;
  const parts = judged(excerpt, run, number);
  if (corpus.grid) return { drawn: imageStrip(excerpt, run, parts, number, corpus.grid), parts };
  const head = el("div", { class: "head", hidden: true });
  const picture = pictureOf(excerpt, 0, whole, pixels);
  const stack = el("div", { class: "stack", style: { width: `${width}px` } });
  if (corpus.labels.length) stack.append(rowOf("labels", width, labelBoxes(excerpt, pixels)));
  stack.append(picture);
  const rebuilt = rebuiltOf(excerpt, number);
  const below = rebuilt?.picture ? pictureOf(rebuilt, 0, whole, pixels) : null;
  if (below) {
    below.querySelector("img").alt = `${excerpt.utterance} rebuilt from its units`;
    stack.append(below);
  }
  stack.append(rowOf("units", width, unitBoxes(run, number, pixels)));
  if (corpus.labels.length) stack.append(rowOf("mapped labels", width, mappedBoxes(parts, pixels)));
  stack.append(head);
  const follow = (time) => {
    head.hidden = false;
    head.style.left = `${Math.min(time, whole) * pixels}px`;
  };
  const start = async ({ button, of }, from) => {
    await playOn(button, of, from, whole, follow);
    head.hidden = true;
  };
  for (const sound of sounds) {
    sound.button.addEventListener("click", () => start(sound, 0));
    const own = sound.of === excerpt ? picture : sound.of === rebuilt ? below : null;
    own?.classList.add("playable");
    own?.addEventListener("click", (event) => {
      const from = (event.clientX - own.getBoundingClientRect().left) / pixels;
      silence();
      setTimeout(() => start(sound, from), 0);
    });
  }
  const pictures = below ? ["original", "rebuilt"] : [""];
  const names = corpus.labels.length ? ["labels", ...pictures, "units", "mapped"] : [...pictures, "units"];
  const name = (text) => el("span", pictures.includes(text) ? { class: "gap" } : {}, text);
  const legend = el("div", { class: "names" }, ...names.map(name));
  const scroll = el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": excerpt.utterance }, stack);
  return { drawn: el("div", { class: `strip ${corpus.modality}` }, legend, scroll), parts };
}

function drawUtterances() {
  const corpus = corpusNow();
  const run = runNow();
  const made = [];
  for (const why of ["best", "worst", "random"]) {
    corpus.excerpts.forEach((excerpt, number) => {
      if (excerpt.why !== why) return;
      const sounds = soundsOf(excerpt, number);
      const buttons = sounds.map(({ button }) => button);
      const round = buttons.length === 1 && excerpt.sound ? buttons[0] : null;
      const players = buttons.length && !round ? el("div", { class: "players", role: "group", "aria-label": `sounds of ${excerpt.utterance}` }, ...buttons) : null;
      const { drawn, parts } = strip(excerpt, number, run, sounds);
      const counted = parts.filter((each) => each.counts);
      const sum = (list) => list.reduce((total, each) => total + each.tokens, 0);
      const share = counted.length ? sum(counted.filter((each) => each.verdict === "right")) / sum(counted) : null;
      const cut = excerpt.end - excerpt.start < excerpt.duration - 1e-3;
      const facts = [
        `${excerpt.speaker}, ${excerpt.split}`,
        cut ? `${position(corpus, excerpt.start)} to ${position(corpus, excerpt.end)}` : null,
        corpus.grid && excerpt.labels.length ? excerpt.labels[0][2] : null,
        share === null ? null : `${percent(share)} right`,
      ].filter(Boolean);
      made.push(
        el(
          "article",
          {},
          el("h4", {}, round, el("span", { class: `why ${why}` }, why), ` ${excerpt.utterance} `, el("small", {}, facts.join(" · "))),
          players,
          drawn,
        ),
      );
    });
  }
  drawRebuiltCaption();
  part("utterance-list").replaceChildren(...made);
  part("lines-caption").hidden = Boolean(corpus.grid);
  part("images-caption").hidden = !corpus.grid;
  const chosenBy = corpus.runs[corpus.first];
  part("chosen-by").textContent = corpus.labels.length
    ? `Best and worst are those of ${runTitle(chosenBy)}; the share is of ${corpus.grid ? "patches" : "tokens outside silence or space"}.`
    : "Without labels there is no best or worst: these are random.";
}
