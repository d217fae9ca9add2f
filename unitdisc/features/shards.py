"""Features of a split, computed shard by shard in several processes; finished shards survive an interruption."""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.choices import OnBadUtterance
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.extractor import Extractor
from unitdisc.notices import Notices
from unitdisc.progress import track
from unitdisc.records import Utterance

log = logging.getLogger(__name__)


def extract(
    utterances: Sequence[Utterance],
    ark: Path,
    extractor: Extractor,
    *,
    jobs: int = 1,
    on_bad: OnBadUtterance = "stop",
) -> None:
    """Compute the features of ``utterances`` into ``ark`` and its index, in ``jobs`` processes.

    Shards that an interrupted run finished are kept if settings and utterances are the same. Raises InputError for a
    split without utterances, or for the first source that cannot be read, unless ``on_bad`` says to skip such sources;
    then where no source can be read.
    """
    if not utterances:
        raise InputError("the split has no utterances", ark, fix="see splits in the corpus's configuration")
    size = extractor.settings.shard
    digest = _digest(extractor.settings, extractor.facts(), extractor.allow_pipes, on_bad, utterances)
    folder = ark.parent / f".{ark.stem}.{digest}"
    parts = [utterances[start : start + size] for start in range(0, len(utterances), size)]
    shards = [folder / f"{number:06d}.{_digest(*map(stamp, part))}.ark" for number, part in enumerate(parts)]
    todo = [(part, shard) for part, shard in zip(parts, shards, strict=True) if not shard.with_suffix(".scp").exists()]
    log.info("%s: %d utterances in %d shards, %d to compute", ark.stem, len(utterances), len(shards), len(todo))
    work = partial(_write_shard, extractor, on_bad)
    if jobs > 1 and len(todo) > 1:
        # Spawned, not forked: torch and librosa hold threads that a fork would leave behind locked.
        with ProcessPoolExecutor(min(jobs, len(todo)), mp_context=get_context("spawn")) as pool:
            list(track(pool.map(work, *zip(*todo, strict=True)), ark.stem, total=len(todo)))
    else:
        for part, shard in track(todo, ark.stem):
            work(part, shard)
    if not any(shard.with_suffix(".scp").stat().st_size for shard in shards):
        raise InputError(f"none of the {len(utterances)} utterances can be read", ark, fix="see the notices of the log")
    archive.join(ark, shards)
    shutil.rmtree(folder)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def stamp(utterance: Utterance) -> tuple[int, int] | None:
    """Return size and time of the file that contains a source, so that a shard of an earlier version is not reused."""
    source = utterance.source
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
                yield utterance.utterance, _features(matrices, utterance)
            except InputError as error:
                if unreadable is None:
                    raise
                unreadable[utterance.utterance] = str(error)
                break  # an iterator that failed is at its end


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
