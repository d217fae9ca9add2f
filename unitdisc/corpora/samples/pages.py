"""A generated corpus of pages, drawn handwriting with PAGE and ALTO beside it; a seed always gives the same pages."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from unitdisc.config import AnyFeatures, CorpusSettings
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.pages import PagesCorpus, PagesSettings
from unitdisc.corpora.reader import SampleCorpus
from unitdisc.corpora.samples.drawn_pages import DrawnPage, draw_page
from unitdisc.corpora.samples.page_texts import alto_xml, page_xml
from unitdisc.files import replacing, writing
from unitdisc.records import Label, Utterance

waves = 12.0  # pixels by which lines of the curved page go up and down


class SamplePagesSettings(CorpusSettings):
    """Two pages by each writer, straight with PAGE and curved with ALTO; the last two writers are dev and test."""

    provides: ClassVar[tuple[Sources, ...]] = ("images",)

    kind: Literal["sample-pages"] = "sample-pages"
    writers: int = Field(4, ge=3, le=1000, description="Number of writers.")
    lines: int = Field(8, ge=1, le=100, description="Number of text lines on a page.")
    seed: int = Field(0, ge=0, description="Seed of all random choices.")
    exclude: tuple[str, ...] = Field(("_",), description=excluded)
    features: AnyFeatures = Field({"kind": "handwriting"}, validate_default=True, description="handwriting.")


class SamplePages(SampleCorpus):
    """The embedded sample of pages: what `kind: pages` reads, laid out as eScriptorium exports it."""

    Settings = SamplePagesSettings
    settings: SamplePagesSettings

    def make(self) -> None:
        """Draw the pages; see ``draw``."""
        plan = self.settings
        draw(self.source, writers=plan.writers, lines=plan.lines, seed=plan.seed)

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the pages as a corpus of pages; they have transcripts and no labels."""
        *train, dev, test = map(_folder, range(self.settings.writers))
        splits = {"train": tuple(train), "dev": dev, "test": test}
        settings = PagesSettings.model_validate(
            {"root": self.source, "splits": splits, "features": self.settings.features}
        )
        return PagesCorpus(settings, self.source).read()


def draw(folder: Path, *, writers: int = 4, lines: int = 8, seed: int = 0) -> None:
    """Write two pages by each writer below ``folder``, such as ``scribe01/0001.png`` and ``scribe01/0001.xml``.

    Page 0001 is straight, as large as the lines are drawn, and has PAGE; page 0002 is curved and twice as large, and
    has ALTO. The same arguments give the same bytes. Raises InputError if the package Hershey-Fonts is not installed.
    """
    for writer in range(writers):
        own = seed * writers + writer
        straight = draw_page(lines=lines, seed=own)
        curved = draw_page(lines=lines, seed=own, page=1, size=2, curve=waves)
        _write(folder / _folder(writer) / "0001", straight, page_xml(straight, "0001.png"))
        _write(folder / _folder(writer) / "0002", curved, alto_xml(curved, "0002.png"))


def _folder(writer: int) -> str:
    return f"scribe{writer + 1:02d}"


def _write(path: Path, page: DrawnPage, text: str) -> None:
    from PIL import Image

    with replacing(path.with_suffix(".png")) as temporary:
        Image.fromarray(page.image).save(temporary, "PNG")
    with writing(path.with_suffix(".xml")) as file:
        file.write(text)
