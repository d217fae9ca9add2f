"""Features and units in parts, joined: the bytes of those that one job makes."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.helpers.commands import lines, run, speech
from tests.helpers.pipeline import snakemake
from unitdisc.checksums import beside
from unitdisc.errors import InputError
from unitdisc.steps.join import run_units
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
    beside(part).unlink()  # the checksum, by which the edit alone is told
    with pytest.raises(InputError, match=r"2-of-2\.units\.tsv:1: has another header than the part before it"):
        run_units(folder, ["test"], of=2)
    part.unlink()
    with pytest.raises(FileNotFoundError):
        run_units(folder, ["test"], of=2)
    assert folder.files.units("test").read_bytes() == before


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
