"""Compare ABX with fastabx 0.9 in time, and with slow loops in value: phones in any context, angular, unsampled.

fastabx needs Python 3.12: if UNITDISC_PYTHON312 or the PATH has one, it gets a virtual environment beside this file.
Both read the same files in separate processes. A call reads features and items and scores them; the time of the whole
process includes imports: ours loads its kernels (and compiles them the first time on a machine), theirs torch.

Run: python -m benchmarks.abx [--calls 4] [--peer-calls 2] [--skip-peer]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from tests import reference
from unitdisc.formats.feature_files import open_features
from unitdisc.formats.item_files import read_items, write_items
from unitdisc.scores.abx.items import make_items
from unitdisc.scores.abx.score import abx

here = Path(__file__).resolve().parent
shared = here.parents[1] / "shared"


def find_peer() -> Path | None:
    """Return a Python with fastabx, installed on the first run; None without Python 3.12."""
    python = here / ".venv-fastabx" / "bin" / "python"
    if not python.exists():
        base = shutil.which(os.environ.get("UNITDISC_PYTHON312", "python3.12"))
        check = [base or "", "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
        if base is None or subprocess.run(check, capture_output=True, check=False).returncode:
            return None
        subprocess.run([base, "-m", "venv", here / ".venv-fastabx"], check=True)
    if subprocess.run([python, "-c", "import fastabx"], capture_output=True, check=False).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", "fastabx==0.9.*"], check=True)
    return python


def phones_of_test(folder: Path) -> Path:
    """Write the features of the oracle's 60 utterances and return its item file."""
    source = open_features(shared / "reference" / "oracle" / "features.npz", "0.01")
    for utterance, matrix in source.items():
        np.save(folder / f"{utterance}.npy", matrix)
    return shared / "reference" / "oracle" / "phone.item"


def tokens_of_train(folder: Path, count: int = 2000) -> Path:
    """Write the MFCC of mboshi's train split and ``count`` of its phones."""
    import soundfile

    from unitdisc.features.speech import SpeechSettings, speech_features
    from unitdisc.formats.labels import read_labels
    from unitdisc.formats.unit_files import read_speakers

    data = shared / "data" / "mboshi" / "train"
    labels, speakers = read_labels(data / "phones.ctm"), read_speakers(data / "utt2spk")
    items = make_items(labels, speakers, kind="phone", exclude=["SIL", "UNK"])
    items = items.sample(count, random_state=0).sort_index()
    settings = SpeechSettings(type="mfcc", deltas=0)
    audio = dict(line.split() for line in (data / "wav.scp").read_text().splitlines())
    for utterance in sorted(set(items["utterance"])):
        samples, rate = soundfile.read(data / audio[utterance], dtype="float32")
        np.save(folder / f"{utterance}.npy", speech_features(samples, rate, settings)[:, :13])
    write_items(folder / "train.item", items)
    return folder / "train.item"


def random_tokens(folder: Path, count: int = 1000, speakers: int = 10) -> Path:
    """Write random frames and ``count`` tokens of 20 labels and ``speakers`` speakers."""
    generator = np.random.default_rng(0)
    rows = []
    for s in range(speakers):
        ends = np.cumsum(generator.integers(3, 16, size=count // speakers))
        np.save(folder / f"u{s}.npy", generator.normal(size=(ends[-1], 13)).astype(np.float32))
        starts = np.append(0, ends[:-1])
        labels = generator.integers(20, size=len(ends))
        rows += [
            (f"u{s}", f"{a / 100:.2f}", f"{b / 100:.2f}", f"p{p}", "x", "z", f"s{s}")
            for a, b, p in zip(starts, ends, labels, strict=True)
        ]
    columns = ["utterance", "onset", "offset", "label", "previous", "next", "speaker"]
    write_items(folder / "random.item", pd.DataFrame(rows, columns=columns))
    return folder / "random.item"


def check_by_loops(item: Path, folder: Path, speaker: str) -> str:
    """Score 40 tokens of the 4 most frequent labels, both ways."""
    table = read_items(item).table
    table = table[table["label"].isin(table["label"].value_counts().index[:4])]
    few = table.groupby("speaker").head(40 // min(4, table["speaker"].nunique())).head(40)
    source = open_features(folder, "0.01")
    tokens = []
    for row in few.itertuples():
        frames = reference.frames_between(str(row.onset), str(row.offset), "0.01")
        matrix = source[row.utterance].astype(float)
        tokens.append(([matrix[i].tolist() for i in frames], row.label, None, row.speaker))
    expected, cells = reference.abx_error(tokens, "angular", speaker, "any")
    result = abx(few, source, frame_shift="0.01", speaker=speaker, context="any")
    return f"{len(few)} tokens, {cells} cells: {result.error:.9f}, loops {expected:.9f}"


def ours(item: Path, folder: Path, speaker: str, calls: int) -> None:
    """Print the error and the seconds of each call as a line of JSON, like abx_peer.py."""
    seconds, error = [], 0.0
    for _ in range(calls):
        start = time.perf_counter()
        error = abx(item, open_features(folder, "0.01"), frame_shift="0.01", speaker=speaker, context="any").error
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"error": error, "seconds": seconds}))


def timed(command: list[str | Path]) -> dict[str, float]:
    """Run a process; return its error, and the seconds of the first call, of the others (median) and of the process."""
    start = time.perf_counter()
    output = subprocess.run(command, capture_output=True, check=True, text=True, cwd=here.parent).stdout
    whole = time.perf_counter() - start
    result = json.loads(output.splitlines()[-1])
    first, *rest = result["seconds"]
    return {"error": result["error"], "first": first, "again": median(rest or [first]), "process": whole}


def compare(name: str, item: Path, folder: Path, speaker: str, calls: tuple[int, int], peer: Path | None) -> None:
    print(f"{name}, {speaker} speakers")
    mine = timed([sys.executable, "-m", "benchmarks.abx", "--ours", item, folder, speaker, str(calls[0])])
    show = "{error:.7f}   first call {first:7.2f} s   again {again:7.2f} s   whole process {process:7.2f} s"
    print("  unitdisc  " + show.format(**mine))
    if peer:
        theirs = timed([peer, "-P", here / "abx_peer.py", item, folder, speaker, str(calls[1])])
        print("  fastabx   " + show.format(**theirs))
        ratios = [theirs[part] / mine[part] for part in ("first", "again", "process")]
        print("  times as fast           {:7.1f}           {:7.1f}                   {:7.1f}".format(*ratios))
    print("  check     " + check_by_loops(item, folder, speaker))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4, help="calls of ours in its process")
    parser.add_argument("--peer-calls", type=int, default=2, help="calls of fastabx in its process")
    parser.add_argument("--skip-peer", action="store_true", help="leave fastabx out")
    parser.add_argument("--ours", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        item, folder, speaker, calls = options.ours
        ours(Path(item), Path(folder), speaker, int(calls))
        return
    peer = None if options.skip_peer else find_peer()
    if not peer and not options.skip_peer:
        print("fastabx needs Python 3.12, which was not found: put it on the PATH or set UNITDISC_PYTHON312")
    sets = [("1,000 random tokens of 10 speakers", random_tokens, True)]
    sets += [("phones of mboshi/test", phones_of_test, shared.exists())]
    sets += [("2,000 tokens of mboshi/train", tokens_of_train, shared.exists())]
    for name, make, present in sets:
        if not present:
            print(f"{name}: no ../shared beside the repository")
            continue
        with tempfile.TemporaryDirectory() as folder:
            item = make(Path(folder))
            compare(name, item, Path(folder), "across", (options.calls, options.peer_calls), peer)


if __name__ == "__main__":
    main()
