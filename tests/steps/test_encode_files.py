"""Encoding of files that are in no corpus, as a user does it."""

import json
import os
from pathlib import Path

import pytest

from tests.helpers import networks
from tests.helpers.commands import lines_run, speech_run
from tests.helpers.corpora import recorded
from tests.helpers.pipeline import in_process
from tests.helpers.zips import zipped
from unitdisc import tables
from unitdisc.corpora.samples import pages as sample_pages
from unitdisc.formats.unit_files import read_runs, read_sequences
from unitdisc.records import Utterance


def encode(*arguments: str):
    return in_process(Path.cwd(), "encode", *map(str, arguments))


@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.parametrize("run", [speech_run, lines_run], ids=["speech", "lines"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_files_of_the_workflow_have_the_units_of_the_workflow(here, run, split, jobs):
    table = run.parent.parent / "utterances.tsv"
    done = encode(table, "--split", split, "--model", run, "--out", "new/units.tsv", "--jobs", jobs)
    assert (done.returncode, done.stdout) == (0, "")
    assert Path("new/units.tsv").read_bytes() == (run / f"{split}.units.tsv").read_bytes()
    assert [path.name for path in Path("new").iterdir()] == ["units.tsv"]


def test_what_features_are_normalised_with_is_said(here):
    for option, words in (
        ("speaker", "each speaker's files"),
        ("own", "each file by itself"),
        ("train", "the training"),
    ):
        done = encode("speech", "--model", speech_run, "--out", "u.tsv", "--statistics", option)
        assert f"normalised by the statistics of {words}" in done.stderr
    done = encode("lines", "--model", lines_run, "--out", "u.tsv")
    assert "with features that are not normalised, as in training" in done.stderr


def test_json_lines_and_folders_hold_the_same_units(here):
    options = ("--model", lines_run, "--repeats", "collapse")
    assert encode("lines", *options, "--out", "u.jsonl").returncode == 0
    assert encode("lines", *options, "--out", "folder", "--formats", "parquet").returncode == 0
    first = {row.utterance: row.units.tolist() for row in read_runs(Path("u.jsonl"))}
    second = {row.utterance: row.units.tolist() for row in read_runs(Path("folder/parquet-collapsed/units.parquet"))}
    assert first == second
    assert len(first) == 9
    facts = json.loads(Path("folder/manifest.json").read_text())
    assert facts["statistics"] == "speaker"
    assert facts["trained"]["model"]["kind"] == "vq"
    assert set(facts["inputs"]) == {"model.json", "model.safetensors"}


def test_a_file_that_cannot_be_read_is_named_at_the_end_and_in_the_exit_code(here):
    Path("lines/w0/broken.png").write_bytes(b"no image")
    done = encode("lines", "--model", lines_run, "--out", "u.tsv")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-2:]
    assert last[0].startswith("unitdisc: lines/w0/broken.png: ")
    assert last[1] == "unitdisc: 1 file could not be read; the others are in u.tsv"
    assert len(tables.read_units("u.tsv")) == 9


def test_a_link_that_leads_nowhere_is_a_file_that_cannot_be_read(here):
    Path("lines/w0/gone.png").symlink_to("nowhere.png")
    done = encode("lines", "--model", lines_run, "--out", "u.tsv")
    assert done.returncode == 1
    assert "unitdisc: lines/w0/gone.png: " in done.stderr
    assert len(tables.read_units("u.tsv")) == 9


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("lines", "--out", "u.txt"), "u.txt: ends neither in .tsv nor in .jsonl; choose the formats of a folder"),
        (("lines", "--out", "u.tsv", "--formats", "ctm"), "u.tsv: is no folder, which --formats are written into"),
        (("lines", "--out", "u", "--formats", "cmt"), "unknown format 'cmt'; the nearest known is 'ctm'"),
        (("lines", "--out", "u", "--formats", "textgrid"), "textgrid cannot represent handwriting"),
        (("lines", "--out", "u", "--formats", "hubert"), "hubert cannot represent handwriting"),
        (("lines",), "--out is missing; say where the units of FILES go"),
        (("lines", "--out", "u.tsv", "--corpus", "lines"), "--corpus is for a corpus, and excludes FILES"),
        (
            ("lines", "--out", "u.tsv", "--statistics", "mine"),
            "no statistics and no file 'mine'; choose speaker, own, train, or a file",
        ),
        (("bad", "--out", "u.tsv"), "none of 1 file can be read; the first: bad/x.png: "),
        (("speech", "--out", "u.tsv"), "speech: holds no images"),
        (("lines", "--out", "speech.tsv"), "speech.tsv: is a folder"),
        ((), "neither --corpus nor FILES are given"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(here, arguments, error):
    Path("bad").mkdir()
    Path("bad/x.png").write_bytes(b"no image")
    Path("speech.tsv").mkdir()
    done = encode(*arguments, "--model", lines_run)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2
    assert lines[-1].startswith(f"unitdisc: {error}")
    assert not Path("u.tsv").exists()
    assert not Path("u").exists()
    assert not list(Path().glob(".*encoding"))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("hubert", "--repeats", "collapse"), "hubert has no room for the durations of collapsed units"),
        (("discophon",), "discophon names its files after the language of a corpus; use unitdisc export"),
    ],
)
def test_a_format_that_cannot_hold_these_units_is_told(here, options, error):
    done = encode("speech", "--model", speech_run, "--out", "u", "--formats", *options)
    assert (done.returncode, done.stderr) == (2, f"unitdisc: {error}{done.stderr.partition(error)[2]}")
    assert not Path("u").exists()


def test_names_that_cannot_be_written_do_not_stop_the_others(here):
    source = tables.read_records("results/speech/utterances.tsv", Utterance)[0].source
    names = ["ok.wav", "ta\tb.wav", "new\nline.wav", "e\x1bsc.wav", os.fsdecode(b"s\xff.wav")]
    Path("odd").mkdir()
    for name in names:
        (Path("odd") / name).write_bytes(Path(source).read_bytes())
    (Path("odd") / "bad\t.wav").write_bytes(b"no sound")
    done = encode("odd", "--model", speech_run, "--out", "u.tsv")
    assert done.returncode == 1
    assert set(tables.read_units("u.tsv")) == {"ok", "ta_b", "new_line"}
    assert sum(line.startswith("unitdisc: ") for line in done.stderr.splitlines()) == 4


def test_what_is_encoded_is_never_replaced(here):
    Path("speech/manifest.json").write_text("{}")
    table = Path("results/speech/utterances.tsv")
    before = table.read_bytes()
    for files, out, more in (
        ("speech", "speech", ("--formats", "jsonl")),
        ("speech", ".", ("--formats", "jsonl")),
        (table, table, ()),
    ):
        done = encode(files, "--model", speech_run, "--out", out, *more)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
    assert table.read_bytes() == before
    assert list(Path("speech").rglob("*.wav"))


def test_an_export_that_holds_something_else_is_not_replaced(here):
    arguments = ("lines", "--model", lines_run, "--out", "u", "--formats", "jsonl")
    assert encode(*arguments).returncode == 0
    Path("u/.DS_Store").touch()
    assert encode(*arguments).returncode == 0
    Path("u/thesis.txt").touch()
    done = encode(*arguments)
    assert "u: already exists and holds 'thesis.txt', which is of no export" in done.stderr
    assert Path("u/thesis.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("lines", "--out", "u.tsv", "--repeats", "collapse"), "u.tsv: has one unit per token"),
        (("lines", "--out", "u.tsv", "--split", "test"), "lines: has no splits; --split chooses rows of a table"),
        (("lines", "--out", "u.tsv", "--seed", "1"), "--seed is for a corpus, and excludes FILES"),
        (("lines", "--out", "u.tsv", "--speaker", "("), "--speaker: speaker '(' is not a regular expression"),
        (("lines", "--out", "u.tsv", "--speaker", "0"), "--speaker: speaker counts folders from 1"),
        (("--corpus", "lines", "--jobs", "2"), "--jobs is for FILES, and there are none"),
        (("lines", "--out", "u.tsv", "--network", "x"), "features of kind 'handwriting' have no network"),
    ],
)
def test_an_option_that_has_no_effect_is_refused(here, arguments, error):
    done = encode(*arguments, "--model", lines_run)
    assert (done.returncode, done.stderr.splitlines()[-1][: len(error) + 10]) == (2, f"unitdisc: {error}")


def test_the_card_of_a_data_set_names_the_run(here):
    done = encode("speech", "--model", speech_run, "--out", "u", "--formats", "parquet-utterances")
    assert done.returncode == 0, done.stderr
    assert "model `speech/kmeans`, seed 0" in Path("u/parquet-utterances/README.md").read_text()


def test_a_folder_that_is_no_export_is_not_overwritten(here):
    Path("mine").mkdir()
    Path("mine/thesis.txt").touch()
    done = encode("lines", "--model", lines_run, "--out", "mine", "--formats", "kaldi-text")
    assert done.returncode == 2
    assert "mine: already exists and is not an export" in done.stderr
    assert Path("mine/thesis.txt").exists()


def test_an_interrupted_command_goes_on(here, monkeypatch):
    from unitdisc.units import encoding_work

    monkeypatch.setattr(encoding_work, "slice_files", 3)
    encode_chunk, done = encoding_work._encode_chunk, []

    def interrupted(*arguments):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        encode_chunk(*arguments)

    monkeypatch.setattr(encoding_work, "_encode_chunk", interrupted)
    assert encode("lines", "--model", lines_run, "--out", "u.tsv").returncode != 0
    assert not Path("u.tsv").exists()
    monkeypatch.setattr(encoding_work, "_encode_chunk", lambda *a: (done.append(1), encode_chunk(*a)))
    assert encode("lines", "--model", lines_run, "--out", "u.tsv").returncode == 0
    assert len(done) == 3
    names = {row.utterance for row in tables.read_records("results/lines/utterances.tsv", Utterance)}
    assert set(tables.read_units("u.tsv")) == names
    assert not list(Path().glob(".*encoding"))


def test_units_of_a_zerospeech_layout_are_scored_with_its_item_file(here):
    """The folder is speaker/book/file.wav, and the item file names the file alone."""
    source = tables.read_records("results/speech/utterances.tsv", Utterance)[0].source
    rows = ["#file onset offset #phone prev-phone next-phone speaker"]
    for speaker in ("84", "174"):
        for number in range(2):
            name = f"{speaker}-121-{number:04d}"
            path = Path("zs") / speaker / "121" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(Path(source).read_bytes())
            rows += [
                f"{name} {0.1 * place:.1f} {0.1 * place + 0.1:.1f} {'ab'[place % 2]} x y {speaker}"
                for place in range(4)
            ]
    Path("dev.item").write_text("\n".join(rows) + "\n")
    assert encode("zs", "--model", speech_run, "--out", "u.tsv").returncode == 0
    assert sorted(tables.read_units("u.tsv")) == [f"{s}-121-{s}-121-{n:04d}" for s in ("174", "84") for n in range(2)]
    done = in_process(Path.cwd(), "abx", "dev.item", "u.tsv", "--distance", "identical")
    assert done.returncode == 0, done.stderr
    error, cells = done.stdout.splitlines()[1].split()
    assert 0 <= float(error) <= 1
    assert cells == "4"  # two phones, each against the other, by two speakers


def test_a_network_may_have_moved_but_not_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    networks.written(tmp_path / "net")
    for number in range(3):
        recorded(Path("speech"), f"{number}.wav")
    settings = {
        "corpora": {"c": {"kind": "folder", "root": "speech", "features": {"kind": "ssl", "model": "net", "layer": 1}}},
        "models": {"k": {"kind": "kmeans", "codewords": 4}},
        "runs": {"c": ["k"]},
    }
    options = ("--corpus", "c", "--config", json.dumps(settings))
    steps = [
        ("corpus",),
        ("features",),
        ("train", "--model", "k"),
    ]
    for step in steps:
        done = in_process(tmp_path, *step, *options)
        assert done.returncode == 0, done.stderr
    run = Path("results/c/k/seed0")
    assert encode("speech", "--model", run, "--out", "before.tsv").returncode == 0
    Path("net").rename("moved")
    done = encode("speech", "--model", run, "--out", "u.tsv")
    assert done.returncode == 2
    assert "net: no such file or folder" in done.stderr
    assert encode("speech", "--model", run, "--out", "u.tsv", "--network", "moved").returncode == 0
    assert Path("u.tsv").read_bytes() == Path("before.tsv").read_bytes()
    networks.written(tmp_path / "other", seed=1)
    done = encode("speech", "--model", run, "--out", "v.tsv", "--network", "other")
    assert done.returncode == 2
    assert "the model was trained on other features: sha256 was " in done.stderr
    assert not list(tmp_path.glob(".*encoding"))


def test_units_of_pages_go_back_into_copies_of_them(here):
    """The zip of an export of eScriptorium: its lines are encoded as those of the folder are."""
    sample_pages.draw(Path("pages"), writers=1, lines=1)
    files = {path.relative_to("pages").as_posix(): path.read_bytes() for path in sorted(Path("pages").rglob("*.*"))}
    Path("export.zip").write_bytes(zipped(files))
    own = ("--model", lines_run)
    assert encode("pages", *own, "--out", "folder.tsv").returncode == 0
    assert encode("export.zip", *own, "--out", "zip.tsv").returncode == 0
    assert Path("folder.tsv").read_bytes() == Path("zip.tsv").read_bytes()
    units = tables.read_units("zip.tsv")
    assert list(units) == ["scribe01-0001-l1", "scribe01-0002-l1"]
    assert encode("export.zip", *own, "--out", "out", "--formats", "pages", "--repeats", "collapse").returncode == 0
    back = read_sequences("out/pages-collapsed", next(iter(units.values())).frame_shift)
    for name, sequence in units.items():
        assert back[name].units.tolist() == sequence.units.tolist()
    told = encode("export.zip", *own, "--out", "x", "--formats", "pagexml")
    assert told.returncode == 2
    assert told.stderr.strip().endswith("is a line of a page, and no image of its own; export pages")
