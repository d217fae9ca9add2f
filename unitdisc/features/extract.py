"""The feature step: from the sources of a split to its archive, shard by shard, several at a time."""

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
from numpy.typing import NDArray

from unitdisc.config import HandwritingFeatures, PrecomputedFeatures, SpeechFeatures
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.matrices import read_matrix
from unitdisc.progress import track
from unitdisc.tables import Utterance

Settings = SpeechFeatures | HandwritingFeatures | PrecomputedFeatures

log = logging.getLogger(__name__)


def extract(
    utterances: Sequence[Utterance], ark: Path, settings: Settings, *, allow_pipes: Sequence[str] = (), jobs: int = 1
) -> None:
    """Compute the features of ``utterances`` into ``ark`` and its index, in ``jobs`` processes.

    Shards that a run before this one finished are kept, if settings and utterances are the same. Raises InputError
    for a split without utterances, or for the first recording or image that cannot be read.
    """
    if not utterances:
        raise InputError("the split has no utterances", ark, fix="see splits in the corpus's configuration")
    digest = _digest(settings, allow_pipes, utterances)
    folder = ark.parent / f".{ark.stem}.{digest}"
    parts = [utterances[start : start + settings.shard] for start in range(0, len(utterances), settings.shard)]
    shards = [folder / f"{number:06d}.{_digest(*map(_about, part))}.ark" for number, part in enumerate(parts)]
    todo = [(part, shard) for part, shard in zip(parts, shards, strict=True) if not shard.with_suffix(".scp").exists()]
    log.info("%s: %d utterances in %d shards, %d to compute", ark.stem, len(utterances), len(shards), len(todo))
    work = partial(_write_shard, settings=settings, allow_pipes=tuple(allow_pipes))
    if jobs > 1 and len(todo) > 1:
        # Spawned, not forked: torch and librosa hold threads that a fork would leave behind locked.
        with ProcessPoolExecutor(min(jobs, len(todo)), mp_context=get_context("spawn")) as pool:
            list(track(pool.map(work, *zip(*todo, strict=True)), ark.stem, total=len(todo)))
    else:
        for part, shard in track(todo, ark.stem):
            work(part, shard)
    archive.join(ark, shards)
    shutil.rmtree(folder)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _about(utterance: Utterance) -> tuple[int, int] | None:
    """Return size and time of the file that a source lies in, so that a shard of what it was before is not kept."""
    source = utterance.source
    # A file, or a part of one: seconds of a recording, a member of a zip, a matrix of an archive.
    for name in (source, source.rpartition("#")[0], source.rpartition(":")[0]):
        if os.path.isfile(name):  # noqa: PTH113  (once an utterance: fast)
            about = os.stat(name)  # noqa: PTH116
            return about.st_size, about.st_mtime_ns
    return None


def read_features(
    sources: Sequence[str], settings: Settings, allow_pipes: Sequence[str] = ()
) -> Iterator[NDArray[np.float32]]:
    """Yield the features (T, D) of each source; raises InputError naming the one that gives none."""
    match settings:
        case SpeechFeatures():
            from unitdisc.corpora import audio
            from unitdisc.features.speech import speech_features

            for source in sources:
                samples, rate = audio.read(source, allow_pipes)
                yield speech_features(samples, rate, settings)
        case HandwritingFeatures():
            from unitdisc.corpora.zips import Sources
            from unitdisc.features.handwriting import read_line

            with Sources() as archives:  # a zip is opened once for all of its lines
                for source in sources:
                    yield read_line(source, archives)
        case PrecomputedFeatures():
            for source in sources:
                yield np.asarray(read_matrix(source), dtype=np.float32)


def _write_shard(
    utterances: Sequence[Utterance], shard: Path, *, settings: Settings, allow_pipes: tuple[str, ...]
) -> None:
    import torch

    torch.set_num_threads(1)  # the processes share the cores already
    archive.write(shard, _checked(utterances, settings, allow_pipes))


def _checked(
    utterances: Sequence[Utterance], settings: Settings, allow_pipes: tuple[str, ...]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    read = read_features([utterance.source for utterance in utterances], settings, allow_pipes)
    for utterance in utterances:
        try:
            features = next(read)
        except InputError as error:
            # What reads a source names it; what computes features of samples knows none.
            where = None if utterance.source.partition("#")[0] in str(error) else utterance.source
            raise InputError(str(error), where) from None
        if features.ndim != 2 or not features.size:
            raise InputError("gives no frames", utterance.source)
        if not np.isfinite(features).all():
            raise InputError("gives features that are not finite numbers", utterance.source)
        yield utterance.utterance, features
