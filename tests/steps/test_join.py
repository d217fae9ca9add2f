"""Features and units in parts, joined: the bytes of those that one job makes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from tests.helpers.commands import lines, run, speech
from tests.helpers.pipeline import snakemake
from unitdisc import tables
from unitdisc.checksums import beside
from unitdisc.config.load import read_config
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.records import UnitSequence
from unitdisc.steps import join
from unitdisc.steps.join import run_features, run_units
from unitdisc.steps.run import find_run


def contents(*patterns):
    """The bytes of files below the results, by path."""
    found = [path for pattern in patterns for path in sorted(Path("results").glob(pattern)) if path.is_file()]
    assert found
    return {path: path.read_bytes() for path in found}


@pytest.mark.parametrize(("of", "which"), [(2, speech), (4, lines), (9, lines)])  # more parts than lines in a split
def test_features_and_units_in_parts_are_those_of_one_job(here, of, which):
    kept = contents(f"{which[1]}/features/*", f"{which[1]}/*/seed0/*.units.tsv")
    for path in kept:
        path.unlink()
    for number in range(of, 0, -1):
        run("features", *which[:2], "--part", f"{number}-of-{of}")
    run("join", *which[:2], "--parts", str(of))
    for number in range(1, of + 1):
        run("encode", *which, "--part", f"{number}-of-{of}")
    run("join", *which, "--parts", str(of))
    assert contents(*(str(path.relative_to("results")) for path in kept)) == kept


def test_a_part_that_is_missing_or_of_another_kind_is_told(here):
    for number in (1, 2):
        run("encode", *speech, "--split", "test", "--part", f"{number}-of-2")
    folder = find_run("config.yaml", "speech", "kmeans", 0)
    before = folder.files.units("test").read_bytes()
    part = folder.files.part_units("test", "2-of-2")
    part.write_text(part.read_text().replace("frame_shift", "shift", 1))
    beside(part).unlink()  # without it, the header is what differs
    with pytest.raises(InputError, match=r"2-of-2\.units\.tsv:1: has another header than the part before it"):
        run_units(folder, ["test"], of=2)
    part.unlink()
    with pytest.raises(InputError, match=r"2-of-2\.units\.tsv: no such file; .*: unitdisc encode --part 2-of-2$"):
        run_units(folder, ["test"], of=2)
    with pytest.raises(InputError, match=r"1-of-2\.scp: no such file; .*: unitdisc features --part 1-of-2$"):
        run_features(read_config("config.yaml"), "speech", ["test"], of=2)
    assert folder.files.units("test").read_bytes() == before


def features_in(of, *, split="test"):
    for number in range(1, of + 1):
        run("features", *speech[:2], "--split", split, "--part", f"{number}-of-{of}")


def kept_in(folder):
    return sorted(path.name for path in Path("results/speech", folder).iterdir())


def test_parts_of_another_version_of_the_utterances_are_told(here):
    features_in(2)
    for number in (1, 2):
        run("encode", *speech, "--split", "test", "--part", f"{number}-of-2")
    table = Path("results/speech/utterances.tsv")
    header, *rows = table.read_text().splitlines(keepends=True)
    longer = [row.replace("0.6\n", "0.61\n") if row.startswith("test5") else row for row in rows]
    table.write_text(header + "".join(longer))
    beside(table).unlink(missing_ok=True)
    with pytest.raises(InputError, match=r"test\.2-of-2\.scp: has features of another version of utterances\.tsv"):
        run_features(read_config("config.yaml"), "speech", ["test"], of=2)
    table.write_text(header + "".join(row for row in rows if not row.startswith("test5")))
    run("features", *speech[:2], "--split", "test")
    folder = find_run("config.yaml", "speech", "kmeans", 0)
    with pytest.raises(InputError, match=r"test\.1-of-2\.units\.tsv: has units of other utterances than the features"):
        run_units(folder, ["test"], of=2)


def test_a_part_of_which_nothing_can_be_read_is_empty(here):
    values = yaml.safe_load(Path("config.yaml").read_text())
    values["corpora"]["speech"]["on_bad_utterance"] = "skip"
    Path("config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    for number in (0, 1):  # replaced since the corpus was read
        soundfile.write(f"speech/test/audio/test{number}.wav", np.full(9600, np.nan), 16000, subtype="FLOAT")
    patterns = ("speech/features/test.*", "speech/features/.test.*")
    run("features", *speech[:2], "--split", "test")
    whole = contents(*patterns)
    assert list(Archive("results/speech/features/test.scp")) == [f"test{number}" for number in range(2, 6)]
    features_in(3)
    run("join", *speech[:2], "--split", "test", "--parts", "3")
    assert contents(*patterns) == whole
    for number in range(2, 6):
        soundfile.write(f"speech/test/audio/test{number}.wav", np.full(9600, np.nan), 16000, subtype="FLOAT")
    features_in(2)
    with pytest.raises(
        InputError, match=r"test\.ark: none of the 6 utterances can be read; see the notices of the log"
    ):
        run_features(read_config("config.yaml"), "speech", ["test"], of=2)
    assert contents(*patterns) == whole


def test_a_join_that_was_killed_at_its_end_is_repeated_with_checksums(here):
    features_in(2)
    run("join", *speech[:2], "--split", "test", "--parts", "2")
    sums = Path("results/speech/features/.test.ark.crc32")
    before = sums.read_bytes()
    assert kept_in("features/parts") == ["test.1-of-2.ark", "test.1-of-2.scp", "test.2-of-2.ark", "test.2-of-2.scp"]
    sums.unlink()
    run("join", *speech[:2], "--split", "test", "--parts", "2")
    assert sums.read_bytes() == before


def test_nothing_is_left_of_another_number_of_parts(here):
    features_in(3)
    killed = Path("results/speech/features/parts/.test.1-of-3.ark.work/0123456789abcdef")
    killed.mkdir(parents=True)
    (killed / "000000.ark").write_bytes(b"half")
    features_in(2)
    run("join", *speech[:2], "--split", "test", "--parts", "2")
    assert kept_in("features/parts") == ["test.1-of-2.ark", "test.1-of-2.scp", "test.2-of-2.ark", "test.2-of-2.scp"]
    run("features", *speech[:2], "--split", "test")
    run("encode", *speech, "--split", "test", "--part", "1-of-2")
    run("encode", *speech, "--split", "test")
    assert "parts" not in [*kept_in("features"), *kept_in("kmeans/seed0")]


@pytest.mark.slow
def test_the_workflow_makes_the_same_of_parts(here):
    patterns = ("speech/features/[!.]*", "speech/kmeans/seed0/*.units.tsv", "speech/kmeans/seed0/model.safetensors")
    whole = contents(*patterns)
    shutil.rmtree("results")
    values = yaml.safe_load(Path("config.yaml").read_text())
    values["corpora"]["speech"]["parts"] = 2
    Path("config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    target = ("--", "results/speech/kmeans/seed0/test.units.tsv")
    done = snakemake(here, *target)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(*patterns) == whole
    assert not list(Path("results").rglob("parts/*"))
    again = snakemake(here, "--dry-run", *target)
    assert "Nothing to be done" in again.stdout + again.stderr
    # What the parts were made from is remembered, though they are gone.
    values["corpora"]["speech"]["features"]["bins"] = 24
    Path("config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    changed = snakemake(here, "--dry-run", *target)
    assert {"features_part", "features_join", "encode_part", "encode_join", "train"} <= set(
        (changed.stdout + changed.stderr).split()
    )


def test_a_part_without_images_has_no_column_of_grids(tmp_path):
    made = {tmp_path / name: names for name, names in (("1", []), ("2", ["a"]), ("3", []), ("4", ["b"]))}
    for path, names in made.items():
        tables.write_units(path, [UnitSequence(name, 1.0, np.array([[1, 2], [3, 4]]), (1, 2)) for name in names])
    join._join_tables(tmp_path / "all", made)
    assert (tmp_path / "all").read_text().splitlines()[1:] == ["a\t1\t1:2 3:4\t1x2", "b\t1\t1:2 3:4\t1x2"]
    assert list(tables.read_units(tmp_path / "all")) == ["a", "b"]
