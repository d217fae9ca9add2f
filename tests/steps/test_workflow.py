"""The plan of the workflow: the paths of every rule, and a workflow that follows it."""

import subprocess

import pytest

from tests.helpers.commands import change_config, speech_run, word_times
from tests.helpers.pipeline import snakemake
from unitdisc.units.exports import manifest

asked = {
    "segmentation": {"weight": 0.5},
    "pieces": {"vocabulary": 12, "units": "segmented"},
    "exports": {"formats": ["jsonl"], "units": "segmented"},
}


def planned(told: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the rules that a dry run says it would run."""
    text = (told.stdout + told.stderr).splitlines()
    return {line.split()[0] for line in text if line and line.split()[-1].isdigit()}


@pytest.mark.slow
def test_the_workflow_gives_out_segmented_units(here):
    change_config(**asked, scoring={"bootstrap": 0})
    folder = here / speech_run / "exports"
    targets = [str(speech_run / "exports" / name) for name in ("units", "pieces")]
    told = snakemake(here, "--rerun-triggers", "mtime", "--", *targets)
    assert told.returncode == 0, told.stderr
    for name in ("segments", "units", "pieces"):
        assert manifest.check(folder / name) == []
    again = snakemake(here, "--dry-run", "--", *targets)
    assert "Nothing to be done" in again.stdout + again.stderr
    (here / "speech/test/words.ctm").write_text(word_times("test"))
    rerun = planned(snakemake(here, "--dry-run", "--quiet", "reason", "--", *targets))
    assert rerun & {"corpus", "encode", "segment", "pieces", "export"} == {"pieces"}
