"""Features from every kind of file, and none that runs what it holds."""

import json
import pickle
from fractions import Fraction

import kaldiio
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from tests.helpers.corpora import read_corpus, recorded
from unitdisc import tables
from unitdisc.cli import abx, app, main  # noqa: F401  (registers the commands)
from unitdisc.errors import InputError
from unitdisc.formats.feature_files import open_features, read_shift
from unitdisc.records import Label, UnitSequence, Utterance

frames = {name: np.random.default_rng(i).normal(size=(40, 4)).astype(np.float32) for i, name in enumerate(["u", "v"])}
units = {name: np.random.default_rng(i).integers(5, size=40) for i, name in enumerate(["u", "v"])}
item = "#file onset offset #phone prev-phone next-phone speaker\n" + "".join(
    f"{name} {i / 20:.2f} {(i + 1) / 20:.2f} {'pqr'[(i * i + k) % 3]} x y s{name}\n"
    for k, name in enumerate("uv")
    for i in range(8)
)


@pytest.fixture
def made(tmp_path):
    (tmp_path / "a.item").write_text(item)
    for kind in ("npy", "pt", "deep/er"):
        (tmp_path / kind).mkdir(parents=True)
    for name, matrix in frames.items():
        np.save(tmp_path / "npy" / f"{name}.npy", matrix)
        np.save(tmp_path / "deep" / "er" / f"{name}.npy", matrix.astype(np.float64))
        torch.save(torch.from_numpy(matrix), tmp_path / "pt" / f"{name}.pt")
    np.savez(tmp_path / "a.npz", **frames)
    kaldiio.save_ark(str(tmp_path / "a.ark"), frames, scp=str(tmp_path / "a.scp"))
    rows = [json.dumps({"file": name, "units": values.tolist()}) for name, values in units.items()]
    (tmp_path / "a.jsonl").write_text("\n".join(rows) + "\n")
    tables.write_units(tmp_path / "a.tsv", [UnitSequence(n, 0.01, v) for n, v in units.items()])
    return tmp_path


@pytest.mark.parametrize("name", ["npy", "pt", "deep", "a.npz", "a.scp"])
def test_every_kind_of_features_gives_the_same_frames(made, name):
    source = open_features(made / name, "0.01")
    assert source.frame_shift == Fraction(1, 100)
    for utterance, matrix in frames.items():
        assert np.array_equal(source[utterance], matrix)
    assert "u" in source
    with pytest.raises(KeyError):
        source["w"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.tsv"])
def test_units_know_or_are_told_their_frame_shift(made, name):
    source = open_features(made / name, "0.01")
    assert all(np.array_equal(source[utterance], values) for utterance, values in units.items())
    assert open_features(made / "a.tsv").frame_shift == Fraction(1, 100)
    with pytest.raises(InputError, match=r"has frame_shift 0\.01, not 0\.02"):
        open_features(made / "a.tsv", "0.02")
    with pytest.raises(InputError, match="add --frame-shift SECONDS"):
        open_features(made / "a.jsonl")


def test_a_moved_archive_is_found_beside_its_index(made):
    target = made / "moved"
    target.mkdir()
    for name in ("a.ark", "a.scp"):
        (made / name).rename(target / name)
    assert np.array_equal(open_features(target / "a.scp", 0.01)["u"], frames["u"])


@pytest.mark.parametrize("method", [1, 2, 3])
def test_compressed_archives_are_read(tmp_path, method):
    kaldiio.save_ark(str(tmp_path / "c.ark"), frames, scp=str(tmp_path / "c.scp"), compression_method=method)
    assert open_features(tmp_path / "c.scp", 0.01)["u"] == pytest.approx(frames["u"], abs=0.1)


class Trap:
    def __reduce__(self):
        return (print, ("a pickle was loaded",))


def trap(folder, kind):
    """Write a file of each kind that would print, had it been unpickled."""
    if kind == "npy":
        np.save(folder / "u.npy", np.array([Trap()], dtype=object), allow_pickle=True)
        return folder
    if kind == "pt":
        torch.save(Trap(), folder / "u.pt")
        return folder
    if kind == "npz":
        np.savez(folder / "a.npz", u=np.array([Trap()], dtype=object))
        return folder / "a.npz"
    (folder / "a.ark").write_bytes(b"u PKL" + pickle.dumps(Trap()))
    (folder / "a.scp").write_text(f"u {folder / 'a.ark'}:2\n")
    return folder / "a.scp"


@pytest.mark.parametrize("kind", ["npy", "pt", "npz", "ark"])
def test_pickles_are_never_loaded(tmp_path, kind, capsys):
    with pytest.raises(InputError):
        open_features(trap(tmp_path, kind), "0.01")["u"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("u touch ran |", r"a\.scp:2: is not 'utterance archive:offset'"),
        ("u", r"a\.scp:2: is not 'utterance archive:offset'"),
        ("u nowhere.ark:2", r"a\.scp:2: there is no archive"),
        ("u a.scp:0", r"a\.scp:2: .* holds no Kaldi matrix at 0"),
        ("x a.scp:0", r"a\.scp:2: utterance 'x' occurs twice"),
    ],
)
def test_an_index_is_read_strictly_and_runs_nothing(tmp_path, line, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.scp").write_text(f"x a.scp:0\n{line}\n")
    with pytest.raises(InputError, match=message):
        open_features("a.scp", "0.01")["u"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.wav", b"RIFF", "none of the kinds"),
        ("a.npz", b"no zip", "not an .npz file"),
        ("f/a.txt", b"", "holds no .npy or .pt file"),
        ("f/u.npy", b"no array", "cannot be read"),
        ("f/u.pt", b"no tensor", "cannot be read"),
        ("none", None, "no such file or folder"),
    ],
)
def test_what_holds_no_features_is_told(tmp_path, name, content, message):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_features(path.parent if name.startswith("f/") else path, "0.01")["u"]


def test_a_frame_shift_is_exact():
    assert read_shift(0.01) == read_shift("0.01") == Fraction(1, 100)
    assert read_shift("1/75") == Fraction(1, 75)
    for wrong in ("", "0", "-1", "x", "1/0", "nan", "inf"):
        with pytest.raises(InputError, match="is not a number above 0"):
            read_shift(wrong)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_commands_print_error_and_cells(made, monkeypatch):
    common = ["abx", made / "a.item", made / "a.npz", "--frame-shift", "0.01"]
    told = run(*common, "--json", "--cells", made / "cells.tsv")
    shown = json.loads(told.stdout)
    cells = (made / "cells.tsv").read_text().splitlines()
    assert set(shown) == {"error", "cells"}
    assert len(cells) == shown["cells"] + 1
    assert cells[0].split("\t")[:2] == ["label_a", "label_b"]
    assert told.stderr == ""  # no bar where there is no terminal
    plain = run(*common, "--speaker", "within").stdout.splitlines()
    assert plain == ["error\tcells", f"{shown['error']!r}\t{shown['cells']}"]
    for distance in ("identical", "levenshtein"):
        for name, shift in (("a.jsonl", ["--frame-shift", "0.01"]), ("a.tsv", [])):
            told = run("abx", made / "a.item", made / name, *shift, "--distance", distance, "--json")
            assert 0 <= json.loads(told.stdout)["error"] <= 1


def test_the_commands_end_a_mistake_in_one_line(made, monkeypatch, capsys):
    for words in (["a.npz"], ["a.npz", "--frame-shift", "1"], ["nowhere", "--frame-shift", "0.01"]):
        monkeypatch.setattr("sys.argv", ["unitdisc", "abx", str(made / "a.item"), str(made / words[0]), *words[1:]])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_items_are_made_from_a_table_with_the_speakers_beside_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = [Label("u", i, i + 1, name) for i, name in enumerate("ab_cdea")]
    tables.write("labels.tsv", labels, Label)
    told = run("abx-items", "labels.tsv", "--exclude", "_")
    assert "no utt2spk or utterances.tsv beside it" in str(told.exception)
    tables.write("utterances.tsv", [Utterance("u", "test", "writer", "u.png", 7)], Utterance)
    told = run("abx-items", "labels.tsv", "--exclude", "_", "--triphone", "three.item")
    assert told.stderr == "unitdisc: phone.item: 2 tokens\nunitdisc: three.item: 2 tokens\n"
    assert (tmp_path / "three.item").read_text().splitlines()[1:] == ["u 3 6 d c e writer", "u 4 7 e d a writer"]


def test_features_are_found_by_other_spellings_of_a_name(tmp_path):
    (tmp_path / "f" / "s1").mkdir(parents=True)
    np.save(tmp_path / "f" / "s1" / "a0.npy", np.zeros((3, 2)))
    np.save(tmp_path / "f" / "s1" / "a1.npy", np.ones((3, 2)))
    features = open_features(tmp_path / "f", "0.01")
    for name in ("s1-a1", "s1/a1", "s1_a1", "s1_a1.wav", "a1"):
        assert features[name].min() == 1
    with pytest.raises(KeyError):
        features["s2-a1"]


def test_an_item_file_beside_a_folder_of_recordings_names_files_alone(tmp_path):
    """The layout of Libri-Light and ZeroSpeech: speaker/book/file.flac, and items that know the file's name only."""
    names = ["84-121550-0000", "84-121550-0001", "174-50561-0000"]
    root = recorded(tmp_path / "dev", *(f"{name.split('-')[0]}/{name.split('-')[1]}/{name}.flac" for name in names))
    utterances, _ = read_corpus("folder", root=root, splits={"train": 1})
    assert {u.utterance.partition("-")[2].partition("-")[2] for u in utterances} == set(names)
    assert {u.speaker for u in utterances} == {"84", "174"}
    random = np.random.default_rng(0)
    units = [UnitSequence(u.utterance, 0.02, random.integers(4, size=50)) for u in utterances]
    tables.write_units(tmp_path / "dev.units.tsv", units)
    rows = (
        f"{name} {i / 10:.1f} {(i + 1) / 10:.1f} {'pq'[i % 2]} x y {name.split('-')[0]}"
        for name in names
        for i in range(6)
    )
    (tmp_path / "dev.item").write_text("\n".join([item.splitlines()[0], *rows]) + "\n")
    told = run("abx", tmp_path / "dev.item", tmp_path / "dev.units.tsv", "--distance", "identical", "--json")
    assert told.exit_code == 0, told.exception
    assert 0 <= json.loads(told.stdout)["error"] <= 1
    found = open_features(tmp_path / "dev.units.tsv")
    np.testing.assert_array_equal(found[names[1]], found[f"84-121550-{names[1]}"])
    with pytest.raises(KeyError):
        found["0000"]
