"""Compare the scores of DiscoPhon with those of its package: tiny random cases, and Mboshi dressed as one language.

The package keeps the score of each cell of ABX in single precision, which costs it up to 1e-8. To see that there is no
other difference, it is run with these scores in double precision, too; the random cases have only that.

The package needs Python 3.12: UNITDISC_DISCOPHON names the python of a virtual environment that has it, made with
``pip install "discophon[abx]==0.2.0"``. The units of Mboshi are those of k-means on its features, made here.

Run: python -m benchmarks.discophon_agreement [--store]
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path

from tests.helpers.discophon import case_scores, dress, random_case, without_gaps
from unitdisc.formats.discophon import phonemes, units_name
from unitdisc.formats.labels import read_labels
from unitdisc.formats.unit_files import read_speakers
from unitdisc.scores.discophon import score_lines

here = Path(__file__).resolve().parent
mboshi = here.parents[1] / "shared" / "data" / "mboshi"
stored = here.parent / "tests" / "scores" / "discophon_cases.json"
language = "ukr"  # its 35 phonemes are no fewer than Mboshi's 32 and UNK


def peer(*arguments: str | Path, precision: str = "double") -> list[dict[str, float]]:
    """Run the package, with cells of ABX in single or double precision, and return the lines that it prints."""
    command = [os.environ["UNITDISC_DISCOPHON"], "-P", here / "discophon_peer.py", precision, *arguments]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def cases(seeds: Iterable[int], file: Path) -> list[dict[str, object]]:
    """Write random cases, the first two with items of ABX, and return them with the scores of the package."""
    made = [random_case(seed, abx=number < 2) for number, seed in enumerate(seeds)]
    file.write_text(json.dumps({"discophon": "0.2.0", "cases": made}), encoding="utf-8")
    return [{**case, "scores": scores} for case, scores in zip(made, peer("cases", file), strict=True)]


def report(name: str, pairs: Iterable[tuple[str, float, float]]) -> None:
    """Print the largest difference of each metric."""
    largest: dict[str, float] = {}
    for metric, ours, theirs in pairs:
        largest[metric] = max(largest.get(metric, 0.0), abs(ours - theirs))
    print(name)
    for metric, difference in largest.items():
        print(f"  {metric:52} {difference:.1e}")


def compare_mboshi(folder: Path) -> None:
    """Compare both tracks and ABX on dev and test of Mboshi."""
    for track, count in (("many-to-one", 256), ("one-to-one", phonemes[language] + 1)):
        units = folder / track
        units.mkdir()
        for split in ("dev", "test"):
            durations = dict(line.split() for line in (mboshi / split / "utt2dur").read_text().splitlines())
            ends = {name: float(duration) for name, duration in durations.items()}
            spans = without_gaps(read_labels(mboshi / split / "phones.ctm"), ends)
            dress(folder / "data", language, split, spans, read_speakers(mboshi / split / "utt2spk"))
            rows = kmeans_units(split, count)
            lines = (json.dumps({"file": name, "units": own, "frame_shift": 0.02}) for name, own in rows.items())
            (units / units_name(language, split)).write_text("\n".join(lines) + "\n")
        kinds = ("triphone", "phoneme") if track == "many-to-one" else ()
        start = time.perf_counter()
        ours = [astuple(line) for line in score_lines(folder / "data", units, track=track, kinds=kinds)]
        spent = time.perf_counter() - start
        print(f"mboshi as {language}, {track}: {spent:.1f} s")
        for precision in ("single", "double"):
            start = time.perf_counter()
            theirs = {
                (row["language"], row["split"], row["metric"]): row["score"]
                for row in peer(folder / "data", units, ",".join((track, *kinds)), precision=precision)
            }
            spent = time.perf_counter() - start
            pairs = ((key[2], value, theirs[tuple(key)]) for *key, value in ours)
            report(f"discophon with cells in {precision} precision: {spent:.1f} s with its start", pairs)


def kmeans_units(split: str, count: int) -> dict[str, list[int]]:
    """Return units of 20 ms: the nearest of ``count`` frames of dev, drawn at random, to each pair of frames."""
    import numpy as np
    import soundfile

    from unitdisc.features.speech import SpeechSettings, speech_features

    def frames(part: str) -> dict[str, np.ndarray]:
        audio = dict(line.split() for line in (mboshi / part / "wav.scp").read_text().splitlines())
        found = {}
        for name, path in audio.items():
            samples, rate = soundfile.read(mboshi / part / path, dtype="float32")
            matrix = speech_features(samples, rate, SpeechSettings(type="mfcc", deltas=0))
            found[name] = matrix[: len(matrix) // 2 * 2].reshape(-1, 2, matrix.shape[1]).mean(1)
        return found

    pool = np.concatenate(list(frames("dev").values()))
    centres = pool[np.random.default_rng(0).choice(len(pool), count, replace=False)]
    return {
        name: ((matrix[:, None] - centres[None]) ** 2).sum(2).argmin(1).tolist()
        for name, matrix in frames(split).items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="store_true", help="write the cases and scores that the tests read")
    options = parser.parse_args()
    if "UNITDISC_DISCOPHON" not in os.environ:
        print("UNITDISC_DISCOPHON names no python of a virtual environment with discophon 0.2")
        return
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(24) if options.store else range(1000, 1200)
        found = cases(seeds, Path(folder) / "cases.json")
        if options.store:
            text = json.dumps({"discophon": "0.2.0", "cases": found}, indent=1)
            stored.write_text(text + "\n", encoding="utf-8")
        pairs = (
            (metric, value, case["scores"][metric]) for case in found for metric, value in case_scores(case).items()
        )
        report(f"{len(found)} random cases", pairs)
        if mboshi.exists():
            compare_mboshi(Path(folder))


if __name__ == "__main__":
    main()
