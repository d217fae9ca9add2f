"""The paths of the file contract, word for word."""

from pathlib import Path

import pytest

from unitdisc.layout import PiecesFolder, Results, RunFolder, format_folder, table_of

results = Results(Path("results"))
corpus = results.corpus("speech")
run = corpus.run("vq", 3)
pieces = PiecesFolder(run.pieces)


def test_a_run_knows_its_corpus_and_its_model_by_its_folder(tmp_path, monkeypatch):
    assert run.names == ("speech", "vq")
    folder = tmp_path / "speech" / "vq" / "seed0"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert RunFolder(Path()).names == ("speech", "vq")
    assert RunFolder(Path("/")).names == ("", "")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (results.scores, "results/scores.tsv"),
        (results.report, "results/report.html"),
        (results.log("report"), "results/logs/report.log"),
        (corpus.path, "results/speech"),
        (corpus.source, "results/speech/source"),
        (corpus.utterances, "results/speech/utterances.tsv"),
        (corpus.labels, "results/speech/labels.tsv"),
        (corpus.activity, "results/speech/activity.tsv"),
        (corpus.archive("train"), "results/speech/features/train.ark"),
        (corpus.index("train"), "results/speech/features/train.scp"),
        (corpus.log("corpus"), "results/speech/logs/corpus.log"),
        (run.path, "results/speech/vq/seed3"),
        (run.weights, "results/speech/vq/seed3/model.safetensors"),
        (run.description, "results/speech/vq/seed3/model.json"),
        (run.training, "results/speech/vq/seed3/training.tsv"),
        (run.units("test"), "results/speech/vq/seed3/test.units.tsv"),
        (run.scores("test"), "results/speech/vq/seed3/test.scores.tsv"),
        (run.abx("test"), "results/speech/vq/seed3/test.abx.tsv"),
        (run.recognition("test"), "results/speech/vq/seed3/test.ctc.tsv"),
        (run.recognised("test"), "results/speech/vq/seed3/test.recognised.tsv"),
        (run.bits("test"), "results/speech/vq/seed3/test.bits.tsv"),
        (run.fidelity("test"), "results/speech/vq/seed3/test.fidelity.tsv"),
        (run.curve, "results/speech/vq/seed3/curve.tsv"),
        (run.probes, "results/speech/vq/seed3/probe.scores.tsv"),
        (run.segments, "results/speech/vq/seed3/exports/segments"),
        (run.segmented_units("test"), "results/speech/vq/seed3/exports/segments/test.segments.units.tsv"),
        (run.segmented_units("test", Path("other")), "other/test.segments.units.tsv"),
        (run.pieces, "results/speech/vq/seed3/exports/pieces"),
        (run.exports, "results/speech/vq/seed3/exports/units"),
        (run.log("train"), "results/speech/vq/seed3/logs/train.log"),
        (run.benchmark("train"), "results/speech/vq/seed3/logs/train.benchmark.tsv"),
        (table_of(run.segments), "results/speech/vq/seed3/exports/segments/scores.tsv"),
        (table_of(run.pieces), "results/speech/vq/seed3/exports/pieces/scores.tsv"),
        (pieces.model, "results/speech/vq/seed3/exports/pieces/pieces.model"),
        (pieces.vocabulary, "results/speech/vq/seed3/exports/pieces/vocabulary.tsv"),
        (pieces.pieces("test"), "results/speech/vq/seed3/exports/pieces/test.pieces.tsv"),
        (format_folder(run.exports, "ctm", collapsed=False), "results/speech/vq/seed3/exports/units/ctm"),
        (format_folder(run.exports, "ctm", collapsed=True), "results/speech/vq/seed3/exports/units/ctm-collapsed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_path_is_the_one_of_the_contract(path, text):
    assert path == Path(text)


def test_no_two_files_of_a_run_share_a_path():
    splits = [of(split) for of in (run.units, run.scores, run.abx, run.recognition, run.recognised, run.bits, run.fidelity, run.segmented_units)
              for split in ("train", "dev", "test")]  # fmt: skip
    paths = [
        *splits,
        run.weights,
        run.description,
        run.training,
        run.curve,
        run.resume,
        run.probes,
        *map(run.log, ("a", "b")),
    ]
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(run.path) for path in paths)


def test_what_a_training_resumes_from_is_hidden_in_its_run():
    assert run.resume.parent == run.path
    assert run.resume.name.startswith(".")


def test_names_may_be_wildcards():
    wild = Results(Path("results")).corpus("{corpus}").run("{model}", "{seed}")
    assert str(wild.units("{split}")) == "results/{corpus}/{model}/seed{seed}/{split}.units.tsv"


def test_every_run_folder_is_found_with_its_seed(tmp_path):
    here = Results(tmp_path)
    runs = {("speech", "vq", 0), ("speech", "vq", 10), ("lines", "kmeans", 2)}
    for name, model, seed in runs:
        here.corpus(name).run(model, seed).path.mkdir(parents=True)
    for other in ("speech/vq/seedling", "speech/vq/seed", "speech/vq/seed-1", "speech/vq/seed1.old", "speech/features"):
        (tmp_path / other).mkdir(parents=True)
    (tmp_path / "speech/vq/seed9").touch()
    assert set(here.runs()) == runs
    assert list(Results(tmp_path / "nowhere").runs()) == []
    assert {RunFolder(here.corpus(name).run(model, seed).path).path for name, model, seed in here.runs()} == {
        tmp_path / name / model / f"seed{seed}" for name, model, seed in runs
    }
