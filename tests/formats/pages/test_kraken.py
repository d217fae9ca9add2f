"""Page files with units as kraken reads them: every line, its baseline and its text."""

import pytest

from tests.helpers.dialects import page_files
from tests.helpers.page_units import units, with_units

xml = pytest.importorskip("kraken.lib.xml", reason="kraken is not installed: pip install kraken")
# kraken takes no line of ALTO whose baseline is a number, with or without units.
with_baselines = [name for name in page_files if not name.startswith(("ALTO 2", "ALTO 3"))]


@pytest.mark.parametrize("name", with_baselines)
def test_kraken_finds_every_line_with_its_baseline_and_text(tmp_path, name):
    page = page_files[name]
    (tmp_path / "page.xml").write_bytes(with_units(page))
    lines = xml.XMLPage(tmp_path / "page.xml").get_sorted_lines()
    assert [line.id for line in lines] == list(page.ids)
    assert all(len(line.baseline) >= 2 for line in lines)
    for line, text, own in zip(lines, page.texts, units, strict=True):
        shown = text.removesuffix(" -") or " ".join(map(str, own))
        assert line.text.strip() in (shown, "")  # an empty text that was there stays the first one
        assert not text or line.text.strip() == shown


@pytest.mark.parametrize("name", with_baselines)
def test_what_kraken_knew_of_a_page_it_still_knows(tmp_path, name):
    page = page_files[name]
    found = []
    for content in (page.text.encode(), with_units(page)):
        (tmp_path / "page.xml").write_bytes(content)
        read = xml.XMLPage(tmp_path / "page.xml")
        found.append({line.id: (line.baseline, line.boundary) for line in read.get_sorted_lines()})
        regions = read.regions
    assert found[0].items() <= found[1].items()
    assert list(regions)
