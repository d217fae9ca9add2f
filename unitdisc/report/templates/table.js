// The score table: choosing split and view, hiding the seeds, sorting.

const chosen = { split: null, view: "" };

function showTables() {
  for (const table of document.querySelectorAll(".table-of-scores")) {
    table.hidden = table.dataset.split !== chosen.split || table.dataset.view !== chosen.view;
  }
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.setAttribute("aria-pressed", String(chosen[button.dataset.choose] === button.dataset.value));
  }
}

function sortBy(header) {
  const column = header.cellIndex;
  const down = header.getAttribute("aria-sort") !== "descending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const table = header.closest("table");
  for (const body of table.tBodies) {
    const blocks = []; // a mean with the seeds under it moves as one
    for (const row of body.querySelectorAll("tr:not(.heading)")) {
      if (row.classList.contains("run")) blocks[blocks.length - 1].push(row);
      else blocks.push([row]);
    }
    blocks.sort(([a], [b]) => (down ? -1 : 1) * compare(a.cells[column], b.cells[column], down));
    body.append(...blocks.flat());
  }
}

// Numbers by size, texts by letter; what is empty comes last either way.
function compare(a, b, down) {
  const [x, y] = [a.dataset.value ?? a.textContent, b.dataset.value ?? b.textContent];
  if (x === "" || y === "") return (x === "" ? 1 : 0) - (y === "" ? 1 : 0) === 0 ? 0 : (x === "") === down ? -1 : 1;
  return a.dataset.value !== undefined ? Number(x) - Number(y) : x.localeCompare(y);
}

function startTables() {
  const first = document.querySelector(".table-of-scores");
  if (!first) return;
  chosen.split = first.dataset.split;
  chosen.view = first.dataset.view;
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => {
      chosen[button.dataset.choose] = button.dataset.value;
      showTables();
    });
  }
  document.getElementById("seeds")?.addEventListener("change", (event) => {
    document.getElementById("scores").classList.toggle("means-only", !event.target.checked);
  });
  for (const header of document.querySelectorAll(".table-of-scores th[scope=col]")) {
    header.querySelector("button").addEventListener("click", () => sortBy(header));
  }
  showTables();
}
