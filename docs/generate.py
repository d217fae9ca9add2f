"""Write the documents that are generated from the code: settings, their schema, and the tables of metrics and formats.

``python docs/generate.py`` rewrites what is out of date; a test checks that nothing is.
"""

from pathlib import Path

from unitdisc import metrics
from unitdisc.config.schema import schema_text, settings_page
from unitdisc.registry import exports

repository = Path(__file__).resolve().parents[1]


def between(text: str, name: str, table: str) -> str:
    """Return a document with the part between its two markers replaced."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}{table}{end}{after}"


def metric_table() -> str:
    """Return the index of all metrics."""
    rows = [
        "| metric | heading | meaning | better | range | variants | page |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for metric in metrics.every:
        variants = [
            suffix for suffix, has in ((metrics.heldout, metric.fitted), (metrics.excluded, metric.views)) if has
        ]
        low, high = (f"{bound:g}".replace("inf", "∞") for bound in (metric.low, metric.high))
        better = {"high": "higher", "low": "lower", "neither": "–"}[metric.better]
        names = " ".join(f"`{suffix}`" for suffix in variants)
        rows.append(
            f"| `{metric.name}` | {metric.heading} | {metric.meaning} | {better} | {low} to {high} | {names} "
            f"| [{metric.page}]({metric.page}) |"
        )
    return "\n".join(rows) + "\n"


def format_table() -> str:
    """Return the table of export formats."""
    rows = ["| format | what it is | of | read by |", "| --- | --- | --- | --- |"]
    for name in exports.own_kinds:
        each = exports.load(name)
        what = " ".join((each.__doc__ or "").split("\n")[0].split())
        rows.append(f"| `{name}` | {what} | {', '.join(each.modalities)} | {each.read_by} |")
    return "\n".join(rows) + "\n"


def documents() -> dict[Path, str]:
    """Return the text that each generated document should have."""
    docs = repository / "docs"
    return {
        repository / "config.schema.json": schema_text(),
        docs / "settings.md": settings_page(),
        docs / "metrics.md": between(
            (docs / "metrics.md").read_text(encoding="utf-8"), "index of metrics", metric_table()
        ),
        docs / "exports.md": between(
            (docs / "exports.md").read_text(encoding="utf-8"), "table of formats", format_table()
        ),
    }


if __name__ == "__main__":
    for path, text in documents().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(repository))  # noqa: T201
