"""Kaldi text: one line per utterance, with its name and its units."""

from pathlib import Path

from unitdisc.files import writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, words


class KaldiText(Export):
    """One line per utterance: its name and its units."""

    read_by = "Kaldi, ESPnet"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}/text`` and ``{split}/utt2spk``, sorted by bytes as Kaldi requires."""
        names = sorted(part.sequences, key=lambda name: name.encode())
        units = {sequence.utterance: runs.units for sequence, runs in part.runs()}
        with writing(folder / part.split / "text") as text:
            text.writelines(f"{name} {words(units[name])}\n" for name in names)
        with writing(folder / part.split / "utt2spk") as speakers:
            speakers.writelines(f"{name} {part.utterances[name].speaker}\n" for name in names)
