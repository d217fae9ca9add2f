// What the page shows at the moment, kept in the address bar: #corpus=NAME&run=MODEL/SEED&unit=17&label=AA
// Each codebook counts as a run where a token has an index of each of several: run=MODEL/SEED/CODEBOOK

const data = JSON.parse(document.getElementById("data").textContent);
const state = { corpus: 0, run: 0, unit: null, label: "" };
const listeners = [];

const corpusNow = () => data.corpora[state.corpus];
const runNow = () => corpusNow().runs[state.run];
const runKey = (run) => `${run.name}/${run.seed}${run.codebook === null ? "" : `/${run.codebook}`}`;
const ofCodebook = (run, before) => (run.codebook === null ? "" : `${before}codebook ${run.codebook}`);
const runTitle = (run) => `${run.name}, seed ${run.seed}${ofCodebook(run, ", ")}`;

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const corpus = data.corpora.findIndex((c) => c.name === wanted.get("corpus"));
  if (corpus >= 0) state.corpus = corpus;
  const run = corpusNow().runs.findIndex((r) => runKey(r) === wanted.get("run"));
  state.run = run >= 0 ? run : corpus >= 0 ? corpusNow().first : Math.min(state.run, corpusNow().runs.length - 1);
  const unit = wanted.get("unit");
  state.unit = unit !== null && unitsOf(runNow()).has(Number(unit)) ? Number(unit) : commonest();
  state.label = wanted.get("label") ?? "";
}

// The unit to begin with: the most frequent one that is not mapped to silence or space.
function commonest() {
  const { labels, excluded } = corpusNow();
  const units = [...unitsOf(runNow()).values()].sort((a, b) => b.tokens - a.tokens);
  return (units.find((unit) => unit.mapped >= 0 && !excluded.includes(labels[unit.mapped])) ?? units[0]).unit;
}

function address() {
  const parts = new URLSearchParams({ corpus: corpusNow().name, run: runKey(runNow()) });
  parts.set("unit", state.unit);
  if (state.label) parts.set("label", state.label);
  return `#${parts}`;
}

// Change what is shown. `keep` replaces the last entry of the history, for steps that need no way back.
function show(changes, keep = false) {
  Object.assign(state, changes);
  if (state.unit === null) state.unit = commonest();
  try {
    if (keep) history.replaceState(null, "", address());
    else history.pushState(null, "", address());
  } catch {
    // A page inside another one may have no address; it works without one.
  }
  for (const listener of listeners) listener();
}

const unitTables = new WeakMap();

// The units of a run by number: {unit, tokens, duration, mapped, labels: [[label, tokens]], labelled, near}
function unitsOf(run) {
  if (!unitTables.has(run)) {
    const rows = run.units.map(([unit, tokens, duration, mapped, labels, labelled, near]) => [
      unit,
      { unit, tokens, duration, mapped, labels, labelled, near },
    ]);
    unitTables.set(run, new Map(rows));
  }
  return unitTables.get(run);
}
