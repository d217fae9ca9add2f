"""JSON lines from which unit vocoders and prosody-aware language models are trained: a recording and its units."""

import json
from pathlib import Path

from unitdisc.files import writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, whole_recording, words


class Vocoder(Export):
    """One object per recording: its path, its units, its duration."""

    modalities = ("speech",)
    read_by = "speech-resynthesis, unit HiFi-GAN of fairseq, pGSLM"
    keeps_repeats = True

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.jsonl``: audio, hubert (units separated by spaces), duration (seconds), name, frame_shift.

        A line is JSON, and a Python dictionary too. Utterances that are not a whole file, or have no units, are left
        out with a notice.
        """
        with writing(folder / f"{part.split}.jsonl") as file:
            for sequence in part.sequences.values():
                utterance = part.utterances[sequence.utterance]
                audio = whole_recording(utterance.source)
                if audio is None:
                    what = "utterances that are no whole file of audio, left out of vocoder"
                    part.notices.add(what, f"{sequence.utterance!r} is {utterance.source}")
                elif not len(sequence.units):
                    part.notices.add("utterances without units, left out of vocoder", repr(sequence.utterance))
                else:
                    row = {
                        "audio": audio,
                        "hubert": words(sequence.units),
                        "duration": utterance.duration,
                        "name": sequence.utterance,
                        "frame_shift": sequence.frame_shift,
                    }
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
