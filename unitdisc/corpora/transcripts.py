"""Transcripts among the files of a folder: LibriSpeech's ``.trans.txt``, and ``.gt.txt`` beside the image of a line."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import read_text
from unitdisc.formats.text import each_line, fields_of, transcript
from unitdisc.notices import Notices

of_chapter, of_line = ".trans.txt", ".gt.txt"
unread = "files of transcripts that cannot be read, left out"


def transcript_files(files: Iterable[Path]) -> list[Path]:
    """Return those of the files that hold transcripts."""
    return [path for path in files if path.name.lower().endswith((of_chapter, of_line))]


def transcripts(files: Iterable[Path], names: Mapping[str, Path], notices: Notices) -> dict[str, str]:
    """Return the transcripts of utterances, given their files by ``names``, which lie in the folder of a transcript."""
    utterance_of = {(path.parent, path.stem): name for name, path in names.items()}
    found = dict[str, str]()
    for path in transcript_files(files):
        try:
            listed = [(path.name[: -len(of_line)], read_text(path))] if _is_of_line(path) else [*rows(path)]
        except InputError as error:
            notices.add(unread, str(error))
            continue
        for stem, text in listed:
            if (path.parent, stem) in utterance_of:
                found[utterance_of[path.parent, stem]] = transcript(text)
    return found


def rows(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the transcript of each line of a file; raises InputError for one that is no text."""
    for line in each_line(path):
        name, text, *_ = [*fields_of(line, most=2), "", ""]
        if text:
            yield name, transcript(text)


def _is_of_line(path: Path) -> bool:
    return path.name.lower().endswith(of_line)
