"""Pages of the sample with their files, where tests want them."""

from pathlib import Path

from PIL import Image

from unitdisc.corpora.samples.drawn_pages import DrawnPage
from unitdisc.corpora.samples.page_texts import page_xml


def write_page(folder: Path, stem: str, page: DrawnPage, *, ending: str = ".png", xml: str | None = None) -> None:
    """Write the image of a page and its file beside it, PAGE 2019 unless given."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(page.image).save(folder / f"{stem}{ending}")
    (folder / f"{stem}.xml").write_text(page_xml(page, f"{stem}{ending}") if xml is None else xml, encoding="utf-8")
