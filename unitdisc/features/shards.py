"""Features of splits, computed shard by shard in several processes; finished shards survive an interruption."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.choices import OnBadUtterance
from unitdisc.config import FeatureSettings
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.extractor import Extractor
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.pages.source import page_source
from unitdisc.notices import Notices
from unitdisc.progress import track
from unitdisc.records import Utterance
from unitdisc.workers import workers
from unitdisc.workspace import discard, working_folder

log = logging.getLogger(__name__)


Shard = tuple[Sequence[Utterance], Path]


@dataclass(frozen=True, slots=True)
class _Work:
    """The shards of an archive."""

    ark: Path
    utterances: Sequence[Utterance]
    shards: Sequence[Shard]

    def todo(self) -> list[Shard]:
        """Return the shards that are not finished."""
        found = [(part, shard) for part, shard in self.shards if not archive.is_whole(shard)]
        count = f"{len(self.utterances)} utterances in {len(self.shards)} shards"
        log.info("%s: %s, %d to compute", self.ark.stem, count, len(found))
        return found

    def join(self) -> None:
        """Make the archive of the shards, all finished."""
        archive.join(self.ark, (shard for _, shard in self.shards), rows=archive.digest_of(self.utterances))
        for old in self.ark.parent.glob(f".{self.ark.stem}.{'[0-9a-f]' * 16}"):  # the work of an earlier version
            discard(old)


def extract(
    wanted: Mapping[Path, Sequence[Utterance]],
    extractor: Extractor,
    *,
    jobs: int = 1,
    on_bad: OnBadUtterance = "stop",
    of_part: bool = False,
) -> None:
    """Compute the features of utterances into an archive and its index, or into several, in ``jobs`` processes.

    Shards that an interrupted run finished are kept until all archives are made, if settings and utterances are the
    same. Raises InputError for an archive without utterances, or for the first source that cannot be read, unless
    ``on_bad`` says to skip such sources; then where no source of an archive can be read. A part of a split may be
    without utterances, and without one that can be read.
    """
    for ark, utterances in wanted.items():
        if not utterances and not of_part:
            raise InputError("the split has no utterances", ark, fix="see splits in the corpus's configuration")
    with ExitStack() as folders:
        works = [folders.enter_context(_work(*each, extractor, on_bad)) for each in wanted.items()]
        todo = [shard for work in works for shard in work.todo()]
        _compute(partial(_write_shard, extractor, on_bad), todo, ", ".join(ark.stem for ark in wanted), jobs=jobs)
        if not of_part:
            for work in works:
                check_readable(work.ark, [shard for _, shard in work.shards], len(work.utterances))
        for work in works:
            work.join()


@contextmanager
def _work(ark: Path, utterances: Sequence[Utterance], extractor: Extractor, on_bad: OnBadUtterance) -> Iterator[_Work]:
    """Yield the shards of an archive, in a folder that is deleted when the block has ended well."""
    size = extractor.settings.shard
    digest = _digest(extractor.settings, extractor.facts(), extractor.allow_pipes, on_bad, utterances)
    parts = [utterances[start : start + size] for start in range(0, len(utterances), size)]
    with working_folder(ark, digest, finished="*.scp") as folder:
        shards = [folder / f"{number:06d}.{_digest(*map(stamp, part))}.ark" for number, part in enumerate(parts)]
        yield _Work(ark, utterances, list(zip(parts, shards, strict=True)))


def check_readable(ark: Path, shards: Sequence[Path], utterances: int) -> None:
    """Raise InputError where none of the ``utterances`` of ``ark``, which is made of ``shards``, could be read."""
    if not any(shard.with_suffix(".scp").stat().st_size for shard in shards):
        what = f"none of the {utterances} utterances can be read"
        raise InputError(what, ark, fix="see the notices of the log")


def _compute(
    work: Callable[[Sequence[Utterance], Path], None],
    todo: Sequence[Shard],
    what: str,
    *,
    jobs: int,
) -> None:
    """Compute the shards, in ``jobs`` processes."""
    if jobs > 1 and len(todo) > 1:
        with workers(min(jobs, len(todo))) as pool:
            list(track(pool.map(work, *zip(*todo, strict=True)), what, total=len(todo)))
    else:
        for part, shard in track(todo, what):
            work(part, shard)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def stamp(utterance: Utterance) -> tuple[int, ...] | None:
    """Return size and time of the file that contains a source, so that a shard of an earlier version is not reused.

    Those of both files of a line of a page.
    """
    source = utterance.source
    with OpenSources() as archives:
        of_page = page_source(source, archives)
    if of_page is not None:
        stamps = [_stamp_of(name) for name in (of_page.image, of_page.file)]
        return tuple(number for of in stamps if of is not None for number in of)
    return _stamp_of(source)


def _stamp_of(source: str) -> tuple[int, int] | None:
    # A file, or a part of one: seconds of a recording, a member of a zip, a matrix of an archive.
    for name in (source, source.rpartition("#")[0], source.rpartition(":")[0]):
        if os.path.isfile(name):  # noqa: PTH113  (once per utterance: fast)
            status = os.stat(name)  # noqa: PTH116
            return status.st_size, status.st_mtime_ns
    return None


def _write_shard(extractor: Extractor, on_bad: OnBadUtterance, utterances: Sequence[Utterance], shard: Path) -> None:
    unreadable: dict[str, str] = {}
    archive.write(shard, readable(extractor, utterances, unreadable if on_bad == "skip" else None))
    notices = Notices()
    for error in unreadable.values():
        notices.add("utterances that cannot be read, left out", error)
    notices.say()


def readable(
    extractor: Extractor, utterances: Sequence[Utterance], unreadable: dict[str, str] | None = None
) -> Iterator[tuple[str, Matrix]]:
    """Yield the features of each utterance; ``unreadable`` gets the errors of those that cannot be read, by name.

    Without it, the first of these errors is raised.
    """
    todo = list(utterances)
    while todo:
        matrices = extractor.read([utterance.source for utterance in todo])
        while todo:
            utterance = todo.pop(0)
            try:
                features = _features(matrices, utterance)
                _check_length(features, utterance, extractor.settings)
                yield utterance.utterance, features
            except InputError as error:
                if unreadable is None:
                    raise
                unreadable[utterance.utterance] = str(error)
                break  # an iterator that failed is at its end


def _check_length(features: Matrix, utterance: Utterance, settings: FeatureSettings) -> None:
    """Raise InputError for a recording that is longer or shorter than the corpus says: another file lies there now."""
    found, known = len(features) * settings.shift, utterance.duration
    # Extractors lose or add some frames at the ends; a file that was replaced is another one by more than that.
    if settings.needs == "recordings" and known > 0 and abs(found - known) > 0.1 + 0.1 * known + 10 * settings.shift:
        what = f"gives features of {found:.2f} s, and utterances.tsv says {known:.2f} s"
        raise InputError(what, utterance.source, fix="read the corpus again: unitdisc corpus --help")


def _features(matrices: Iterator[Matrix], utterance: Utterance) -> Matrix:
    try:
        features = next(matrices)
    except InputError as error:
        # Readers name the source in their errors; the computation of features does not know it.
        source = None if utterance.source.partition("#")[0] in str(error) else utterance.source
        raise InputError(str(error), source) from None
    if features.ndim != 2 or not features.size:
        raise InputError("gives no frames", utterance.source)
    if not np.isfinite(features).all():
        raise InputError("gives features that are not finite numbers", utterance.source)
    return features
