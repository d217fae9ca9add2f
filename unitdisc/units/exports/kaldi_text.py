"""Kaldi text: one line per utterance, with its name and its units."""

from pathlib import Path

from unitdisc.files import writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, in_kaldi_order, words
from unitdisc.units.runs import runs


class KaldiText(Export):
    """One line per utterance: its name and its units."""

    several = True
    read_by = "Kaldi, ESPnet"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}/text``, ``{split}/utt2spk`` and ``{split}/spk2utt``, sorted by bytes as Kaldi requires.

        A token of several codebooks is one word, 5:127.
        """
        names = in_kaldi_order(part.sequences)
        with writing(folder / part.split / "text") as text:
            for name in names:
                text.write(f"{name} {words(runs(part.sequences[name].units, part.repeats).units)}\n")
        speakers: dict[str, list[str]] = {}
        for name in names:
            speakers.setdefault(part.utterances[name].speaker, []).append(name)
        with writing(folder / part.split / "utt2spk") as utt2spk, writing(folder / part.split / "spk2utt") as spk2utt:
            utt2spk.writelines(f"{name} {part.utterances[name].speaker}\n" for name in names)
            spk2utt.writelines(f"{speaker} {' '.join(speakers[speaker])}\n" for speaker in in_kaldi_order(speakers))
