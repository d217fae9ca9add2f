"""JSON lines: one object per utterance, as DiscoPhon and fastabx read them."""

import json
from pathlib import Path

from unitdisc.files import writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit


class JsonLines(Export):
    """One object per utterance."""

    several = True
    read_by = "DiscoPhon, fastabx, pandas"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.jsonl``: file, units, durations (tokens), frame_shift (seconds or columns), speaker, audio.

        Handwriting and images have ``image`` in place of ``audio``: the source of the utterance, as the corpus names
        it. Tokens of several codebooks are lists of their indices; images have ``grid`` too, rows and columns. A corpus
        with transcripts has ``text``, empty where there is none.
        """
        with writing(folder / f"{part.split}.jsonl") as file:
            for sequence, runs in part.runs():
                utterance = part.utterances[sequence.utterance]
                row = {
                    "file": sequence.utterance,
                    "units": runs.units.tolist(),
                    "durations": runs.lengths.tolist(),
                    "frame_shift": sequence.frame_shift,
                    "speaker": utterance.speaker,
                    part.modality.source: utterance.source,
                }
                row |= {"text": utterance.text} if part.transcribed else {}
                row |= {} if sequence.grid is None else {"grid": sequence.grid}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
