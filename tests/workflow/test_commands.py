"""The commands of all rules, with a stand-in for unitdisc that records its arguments and makes its files."""

import os
from pathlib import Path

import pytest
import yaml

from tests.helpers.pipeline import snakemake, tiny
from unitdisc.config.load import read_config
from unitdisc.layout import Results
from unitdisc.steps.dependencies import dependencies

pytestmark = pytest.mark.slow

stand_in = r"""#!/bin/bash
printf '%s\0' "$@" > "$RECORDED/$BASHPID"
step=$1; shift
while [ $# -gt 0 ]; do
    case $1 in
        --config) config=$2;; --corpus) c=$2;; --model) m=$2;; --seed) s=$2;; --split) p=$2;; --part) part=.$2;;
        --abx) joined=abx;; esac
    shift
done
results=${config%/.settings/*}; corpus=$results/$c; run=$corpus/$m/seed$s
case $step in
    sample) files=("$corpus/source/x");;
    corpus) files=("$corpus"/{utterances,labels,spellings}.tsv);;
    features) files=("$corpus/features"/{train,dev,test}.{ark,scp})
        [ -z "${part-}" ] || files=("$corpus/features/parts/$p$part".{ark,scp});;
    join) files=("$corpus/features/$p".{ark,scp}); [ -z "${m-}" ] || files=("$run"/{train,dev,test}.units.tsv)
        [ -z "${joined-}" ] || files=("$run/test.abx.tsv");;
    activity) files=("$corpus/activity.tsv");;
    train) files=("$run"/{model.safetensors,model.json,training.tsv});;
    encode) files=("$run"/{train,dev,test}.units.tsv); [ -z "${part-}" ] || files=("$run/parts/$p$part.units.tsv");;
    score) files=("$run"/{train,dev,test}.scores.tsv);;
    recognise) files=("$run"/{dev,test}.{ctc,recognised}.tsv);;
    bits) files=("$run"/{dev,test}.bits.tsv);;
    fidelity) files=("$run"/{dev,test}.fidelity.tsv);;
    abx-run) files=("$run/test.abx.tsv"); [ -z "${part-}" ] || files=("$run/abx-parts/$p$part.abx.tsv");;
    probe) files=("$run/probe.scores.tsv");;
    segment) files=("$run/exports/segments/x");;
    pieces) files=("$run/exports/pieces/x");;
    export) files=("$run/exports/units/x");;
    collect) files=("$results/scores.tsv");;
    report) files=("$results/report.html");;
esac
for file in "${files[@]}"; do mkdir -p -- "${file%/*}"; : > "$file"; done
"""


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """The folder in which the stand-in, first on PATH, records its arguments."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "unitdisc").write_text(stand_in)
    (tmp_path / "bin" / "unitdisc").chmod(0o755)
    folder = tmp_path / "recorded"
    folder.mkdir()
    monkeypatch.setenv("RECORDED", str(folder))
    # The helper puts the folder of this Python before PATH; the profile of the shell puts ours before that.
    (tmp_path / "profile").write_text(f"PATH={tmp_path / 'bin'}:$PATH\n")
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "profile"))
    return folder


def everything(folder, results):
    """The configuration of an experiment that has jobs of all rules."""
    values = yaml.safe_load(tiny(folder).read_text())
    vq, kmeans = values["models"]["vq"], values["models"]["kmeans"]
    ctc = {key: part for key, part in vq.items() if key != "decoder"} | {"objective": "ctc"}
    values["models"] = {"kmeans": kmeans, "v.q-1_": ctc, "pixels": vq | {"decoder": "pixelcnn"}}
    values["corpora"] = {"speech": values["corpora"]["speech"], "drawn": {"kind": "sample-handwriting", "parts": 2}}
    values["runs"] = {"speech": ["v.q-1_"], "drawn": ["kmeans", "pixels"]}
    asked = {
        "segmentation": {},
        "pieces": {},
        "exports": {"formats": ["jsonl"]},
        "scoring": {"probes": {}, "fidelity": {}},
    }
    values |= asked | {"results": results, "report": {"title": "$(touch hacked) `touch hacked` '"}}
    (folder / "config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))


@pytest.mark.parametrize(
    "results",
    [
        're {s} $(touch hacked) `touch hacked` & "sults" it\'s; touch hacked | > hacked # \\ *?[a]\nline',
        "-x --config y/~root/$HOME !!",
    ],
)
def test_nothing_that_a_user_writes_is_read_by_a_shell(tmp_path, recorded, results, monkeypatch):
    folder = tmp_path / "a $(touch hacked) 'b'"
    folder.mkdir()
    everything(folder, results)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp $(touch hacked)"))
    Path(os.environ["TMPDIR"]).mkdir()
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    calls = [path.read_text().split("\0")[:-1] for path in recorded.iterdir()]
    commands = {"abx-run" if step == "abx" else step for step in dependencies}
    assert {call[0] for call in calls} == commands
    settings = Results(Path(results)).settings("x").parent
    for call in calls:
        words = [word for word in call[1:] if word != "--abx"]  # the only option without a value
        options = dict(zip(words[::2], words[1::2], strict=True))
        assert Path(options["--config"]).parent == settings
        assert options.keys() <= {
            "--config",
            "--corpus",
            "--model",
            "--seed",
            "--split",
            "--part",
            "--parts",
            "--jobs",
            "--threads",
        }
        assert options.get("--corpus", "speech") in ("speech", "drawn")
        assert options.get("--model", "kmeans") in ("kmeans", "v.q-1_", "pixels")
        (folder / options["--config"]).read_bytes()
    assert not list(tmp_path.rglob("hacked"))
    assert {entry.name for entry in folder.iterdir()} - {".snakemake"} == {
        "config.yaml", "speech", "lines", Path(results).parts[0],
    }  # fmt: skip
    again = snakemake(folder, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_configuration_of_150_models_is_collected_and_reported(tmp_path, recorded):
    values = yaml.safe_load(tiny(tmp_path).read_text())
    values["models"] = {f"m{number}": values["models"]["vq"] for number in range(150)}
    values["runs"] = {"speech": list(values["models"])}
    values["scoring"] = {"abx": None}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    corpus = Results(tmp_path / "results").corpus("speech")
    splits = ("train", "dev", "test")
    runs = [corpus.run(model, 0) for model in values["models"]]
    stages = [
        [corpus.utterances, corpus.labels, corpus.spellings],
        [path for split in splits for path in (corpus.archive(split), corpus.index(split))],
        [corpus.activity, *(path for run in runs for path in (run.weights, run.description, run.training, run.benchmark("train")))],
        [run.units(split) for run in runs for split in splits],
        [run.scores(split) for run in runs for split in splits],
    ]  # fmt: skip
    for time, paths in enumerate(stages, start=1_000_000_000):
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.utime(path, (time, time))
    for path in (tmp_path / "speech").rglob("*"):
        os.utime(path, (0, 0))
    done = snakemake(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    calls = [path.read_text().split("\0") for path in recorded.iterdir()]
    assert sorted(call[0] for call in calls) == ["collect", "report"]
    for call in calls:
        assert len(read_config(str(tmp_path / call[2])).models) == 150
