"""Accuracy against the hours of training."""

import sys

import pytest

from benchmarks import hours
from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.records import Utterance


def results(folder, seconds, accuracies):
    """Results of a corpus of which so many seconds are for training, with an accuracy per model and seed."""
    corpus = folder / "mboshi"
    corpus.mkdir(parents=True)
    splits = {"train": seconds, "dev": 60.0, "test": 60.0}
    rows = [Utterance(f"u-{split}", split, "s", "u.wav", duration) for split, duration in splits.items()]
    tables.write(corpus / "utterances.tsv", rows, Utterance)
    for model, values in accuracies.items():
        for seed, value in enumerate(values):
            run = corpus / model / f"seed{seed}"
            run.mkdir(parents=True)
            (run / "test.scores.tsv").write_text(f"metric\tvalue\nmany_to_one\t0.9\nmany_to_one_heldout\t{value}\n")
            (run / "dev.scores.tsv").write_text("metric\tvalue\nmany_to_one_heldout\t0.1\n")
            (run / "test.abx.tsv").write_text(f"metric\tvalue\nabx_codes_across\t{1 - value}\n")
    return folder


def test_a_table_and_a_drawing(tmp_path, monkeypatch, capsys):
    folders = [
        results(tmp_path / "much", 7200.0, {"kmeans": [0.5], "vq": [0.6, 0.7]}),
        results(tmp_path / "little", 900.0, {"kmeans": [0.4], "vq": [0.45, 0.55]}),
    ]
    drawing = tmp_path / "hours.svg"
    arguments = [*map(str, folders), "--models", "kmeans", "vq", "--svg", str(drawing)]
    monkeypatch.setattr(sys, "argv", ["hours", *arguments])
    hours.main()
    assert capsys.readouterr().out.splitlines() == [
        "| hours | | kmeans | vq |",
        "| --- | --- | --- | --- |",
        "| 0.25 | accuracy, % | 40.0 (40.0–40.0) | 50.0 (45.0–55.0) |",
        "| 0.25 | ABX error of codes across, % | 60.0 (60.0–60.0) | 50.0 (45.0–55.0) |",
        "| 2.00 | accuracy, % | 50.0 (50.0–50.0) | 65.0 (60.0–70.0) |",
        "| 2.00 | ABX error of codes across, % | 50.0 (50.0–50.0) | 35.0 (30.0–40.0) |",
    ]
    assert drawing.read_text().startswith("<svg xmlns=")
    assert drawing.read_text().count('class="band') == 2


def test_without_results_a_line_says_so(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["hours"])
    hours.main()
    assert "left out" in capsys.readouterr().err


def test_a_folder_without_the_corpus_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["hours", str(tmp_path)])
    with pytest.raises(InputError, match=r"utterances\.tsv"):
        hours.main()
