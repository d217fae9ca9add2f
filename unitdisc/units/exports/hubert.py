"""Manifests of recordings with their units as labels, as HuBERT's training and GSLM read them."""

import os
from collections.abc import Mapping
from pathlib import Path

from unitdisc.files import writing
from unitdisc.formats import audio
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, named_line, whole_recording, words


class Hubert(Export):
    """Manifests of recordings, with their units as labels and the dictionary of these."""

    modalities = ("speech",)
    read_by = "HuBERT in fairseq, GSLM, textlesslib"
    keeps_repeats = True

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.tsv`` and, line by line as there, ``{split}.km`` and ``{split}.named.txt``; ``dict.km.txt``.

        The manifest has the root of all recordings, then ``path<TAB>samples`` of each, with the samples that its file
        has. Utterances that are not a whole file, or whose path has a tab or a line break, are left out with a notice.
        """
        sources = {name: self._source(part, name) for name in part.sequences}
        paths = {name: Path.cwd() / source for name, source in sources.items() if source is not None}
        root = _root(paths)
        tsv, km, named = (folder / f"{part.split}.{ending}" for ending in ("tsv", "km", "named.txt"))
        with writing(tsv) as manifest, writing(km) as labels, writing(named) as names:
            manifest.write(f"{root}\n")
            for name, path in paths.items():
                duration, rate = audio.probe(str(path))
                manifest.write(f"{path.relative_to(root)}\t{round(duration * rate)}\n")
                labels.write(f"{words(part.sequences[name].units)}\n")
                names.write(named_line(name, part.sequences[name].units))
        with writing(folder / "dict.km.txt") as dictionary:
            dictionary.writelines(f"{unit} 1\n" for unit in range(len(part.codebook)))

    def _source(self, part: ExportSplit, name: str) -> str | None:
        """Return the file of an utterance, or None, with a notice, for one that the manifest cannot have."""
        source = part.utterances[name].source
        found = whole_recording(source)
        if found is None:
            what = "utterances that are no whole file of audio, left out of hubert"
            part.notices.add(what, f"{name!r} is {source}")
        elif {"\t", "\n", "\r"} & set(found):
            part.notices.add("paths with a tab or a line break, left out of hubert", repr(found))
            return None
        return found


def _root(paths: Mapping[str, Path]) -> Path:
    """Return the folder that all recordings are below."""
    return Path(os.path.commonpath([path.parent for path in paths.values()])) if paths else Path("/")
