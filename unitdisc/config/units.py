"""Settings of what is made from the units."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from unitdisc.config.section import Section

ExportFormat = Literal["jsonl", "kaldi-text", "kaldi-ark", "fairseq", "parquet", "ctm", "textgrid", "pagexml", "npz"]
UnitsFrom = Literal["encoded", "segmented"]  # the units as they are, or as the segmentation leaves them


class Exports(Section):
    """The formats in which the units of every run are written, with repeats of a unit kept, collapsed, or each way."""

    formats: tuple[ExportFormat, ...] = ()
    repeats: Literal["keep", "collapse", "both"] = "keep"
    units: UnitsFrom = "encoded"


class Segmentation(Section):
    """Fewer, longer segments by a price on each: ``weight`` times the mean distance to a codeword, or ``weight``."""

    weight: float = Field(1.5, ge=0)  # chosen on dev of the sample corpora (docs/exports.md)
    relative: bool = True


class Pieces(Section):
    """Frequent sequences of collapsed units as pieces of a vocabulary; ``longest`` in units.

    ``words`` names, by corpus, a file of word times to score the pieces against (CTM, TextGrid, or labels.tsv) in place
    of the corpus's own.
    """

    algorithm: Literal["bpe", "unigram"] = "bpe"
    vocabulary: int = Field(1000, ge=2)
    longest: int = Field(16, ge=1, le=512)
    units: UnitsFrom = "encoded"
    words: dict[str, Path] = {}
