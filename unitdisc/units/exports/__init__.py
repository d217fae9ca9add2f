"""Unit sequences in the formats of other programs, one small module a format."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from unitdisc.config import ExportFormat
from unitdisc.units.exports import ctm, fairseq, jsonl, kaldi_ark, kaldi_text, npz, pagexml, parquet, textgrid
from unitdisc.units.exports.material import Labels, Part

__all__ = ["Labels", "Part", "suits", "writers"]

Modality = Literal["speech", "handwriting"]

writers: dict[ExportFormat, Callable[[Path, Part], None]] = {
    "jsonl": jsonl.write,
    "kaldi-text": kaldi_text.write,
    "kaldi-ark": kaldi_ark.write,
    "fairseq": fairseq.write,
    "parquet": parquet.write,
    "ctm": ctm.write,
    "textgrid": textgrid.write,
    "pagexml": pagexml.write,
    "npz": npz.write,
}


def suits(format: ExportFormat, modality: Modality) -> bool:  # noqa: A002 (the option's name)
    """Say whether a format makes sense: times in seconds are of speech, boxes on an image of handwriting."""
    match format:
        case "ctm" | "textgrid":
            return modality == "speech"
        case "pagexml":
            return modality == "handwriting"
    return True
