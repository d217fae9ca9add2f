// Putting the parts together: selectors, address bar, first drawing.

function fillSelectors() {
  for (const select of document.querySelectorAll("select.corpus")) {
    select.replaceChildren(...data.corpora.map((c, n) => el("option", { value: n, selected: n === state.corpus }, c.name)));
  }
  for (const select of document.querySelectorAll("select.run")) {
    const runs = corpusNow().runs;
    select.replaceChildren(...runs.map((r, n) => el("option", { value: n, selected: n === state.run }, runTitle(r))));
  }
  const out = corpusNow().left_out;
  part("left-out").textContent = out > 0 ? `${out} further runs are only in the table: the page has no room for them.` : "";
}

function start() {
  startTables();
  if (!data.corpora.length) return;
  for (const select of document.querySelectorAll("select.corpus")) {
    select.addEventListener("change", () => {
      const corpus = Number(select.value);
      show({ corpus, run: data.corpora[corpus].first, unit: null, label: "" });
    });
  }
  for (const select of document.querySelectorAll("select.run")) {
    select.addEventListener("change", () => show({ run: Number(select.value), unit: null }));
  }
  state.run = data.corpora[0].first;
  state.unit = commonest();
  listeners.push(silence, fillSelectors, drawShared);
  startHeatmap();
  startUnits();
  const update = () => {
    if (location.hash && !location.hash.includes("=")) return; // a section of the page
    readAddress();
    for (const listener of listeners) listener();
  };
  addEventListener("popstate", update);
  if (location.hash.includes("=")) readAddress();
  for (const listener of listeners) listener();
  if (location.hash.includes("=")) part("units").scrollIntoView();
}

const drawn = { corpus: null, run: null };

// The utterances change only with the run, not with every chosen unit.
function drawShared() {
  if (drawn.corpus === state.corpus && drawn.run === state.run) return;
  Object.assign(drawn, { corpus: state.corpus, run: state.run });
  drawUtterances();
}

start();
