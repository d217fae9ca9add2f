"""The score lines of DiscoPhon: for each language and split, the scores of a track and perhaps ABX of its units."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unitdisc.choices import Context, ItemKind, Speaker, Track
from unitdisc.errors import InputError
from unitdisc.formats.discophon import Dataset, evaluated, language_and_split, phonemes
from unitdisc.formats.labels import read_labels
from unitdisc.formats.unit_files import read_sequences
from unitdisc.records import UnitSequence
from unitdisc.scores.abx.score import abx
from unitdisc.scores.discovery.discophon import discover

most_speakers_of_x, most_in_any_context = 5, 500  # that DiscoPhon samples for ABX
abx_conditions: Mapping[ItemKind, tuple[tuple[str, Speaker, Context], ...]] = {
    "triphone": (("within_speaker", "within", "within"), ("across_speaker", "across", "within")),
    "phoneme": (
        ("within_speaker_within_context", "within", "within"),
        ("across_speaker_within_context", "across", "within"),
        ("within_speaker_any_context", "within", "any"),
        ("across_speaker_any_context", "across", "any"),
    ),
}


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A line of a submission: a metric of a language and a split."""

    language: str
    split: str
    metric: str
    score: float


def score_lines(
    dataset: Path,
    units: Path,
    *,
    track: Track = "many-to-one",
    kinds: Collection[ItemKind] = (),
    frame_shift: str | None = None,
    count: int | None = None,
) -> Iterator[ScoreLine]:
    """Yield the scores of a file of units, or of all those of dev and test in a folder, by name.

    ``kinds`` are the items on which ABX is scored too; ``count`` is the number of phonemes, for a language that is not
    one of the benchmark's. Raises InputError naming the file for what is missing or does not fit.
    """
    if not dataset.is_dir():
        raise InputError("no such folder", dataset, fix="give the folder of DiscoPhon's data: alignment, item")
    data = Dataset(dataset)
    for path in _files(units):
        language, split = language_and_split(path)
        total = count if count is not None else phonemes.get(language)
        if total is None:
            what = f"{language!r} is none of the languages of DiscoPhon ({', '.join(phonemes)})"
            raise InputError(what, path, fix="give the number of its phonemes with --phonemes")
        sequences = read_sequences(path, frame_shift)
        labels = read_labels(data.alignment(language, split), "discophon", known=sequences)
        try:
            scores = discover(sequences, labels, track=track, phonemes=total)
        except InputError as error:
            raise InputError(str(error), path) from None
        for metric, score in scores.items():
            yield ScoreLine(language, split, metric, score)
        for kind in kinds:
            yield from _abx(data.item(language, split, kind), kind, language, split, sequences)


def _files(units: Path) -> list[Path]:
    if units.is_file():
        return [units]
    if not units.is_dir():
        raise InputError("no such file or folder", units)
    files = [path for path in sorted(units.glob("units-*.jsonl")) if language_and_split(path)[1] in evaluated]
    if not files:
        what = f"holds no units-LANGUAGE-SPLIT.jsonl, where SPLIT is {' or '.join(evaluated)}"
        raise InputError(what, units, fix="unitdisc export --formats discophon writes them")
    return files


def _abx(
    item: Path, kind: ItemKind, language: str, split: str, sequences: Mapping[str, UnitSequence]
) -> Iterator[ScoreLine]:
    shift = next(iter(sequences.values())).frame_shift
    for name, speaker, context in abx_conditions[kind]:
        result = abx(
            item,
            {utterance: sequence.units for utterance, sequence in sequences.items()},
            frame_shift=shift,
            distance="identical",
            speaker=speaker,
            context=context,
            max_size_group=most_in_any_context if context == "any" else None,
            max_x_across=most_speakers_of_x,
        )
        yield ScoreLine(language, split, f"{kind}_abx_discrete_{name}", result.error)
