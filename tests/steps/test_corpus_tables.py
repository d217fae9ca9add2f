"""Every step that reads a result notices where it changed since it was written, and says what to do."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.commands import lines, lines_run, run, speech, speech_run
from tests.helpers.full_disks import fill, small_disk
from tests.helpers.pipeline import in_process
from unitdisc import tables
from unitdisc.checksums import beside, sealing
from unitdisc.layout import CorpusFolder
from unitdisc.records import RunScore
from unitdisc.steps.corpus_tables import utterances_of

corpus = CorpusFolder(Path("results/speech"))
split = ("--split", "test")
readers = {
    "utterances.tsv": [("features", *speech[:2], *split), ("train", *speech), ("encode", *speech, *split)],
    "labels.tsv": [("score", *speech), ("abx-run", *speech, *split)],
    "kmeans/seed0/test.units.tsv": [("score", *speech), ("export", *speech, "--formats", "jsonl"), ("pieces", *speech)],
    "kmeans/seed0/model.safetensors": [("encode", *speech), ("segment", *speech)],
    "kmeans/seed0/model.json": [("encode", *speech), ("export", *speech, "--formats", "jsonl")],
}
again = {"utterances.tsv": "corpus", "labels.tsv": "corpus", "kmeans/seed0/test.units.tsv": "encode"}


@pytest.fixture
def sealed(made, tmp_path, monkeypatch):
    """Go to a copy of the runs as they were written."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")


def rows_missing(content):
    return b"".join(content.splitlines(keepends=True)[:-1])


def row_doubled(content):
    rows = content.splitlines(keepends=True)
    return b"".join([*rows, rows[-1]])


def cut_in_half(content):
    return content[: len(content) // 2]


def bit_flipped(content):
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("name", readers)
def test_a_result_that_changed_is_told_by_every_step_that_reads_it(name):
    path = corpus.path / name
    whole = path.read_bytes()
    for damage in (rows_missing, row_doubled, cut_in_half, bit_flipped):
        path.write_bytes(damage(whole))
        for arguments in readers[name]:
            done = in_process(Path(), *arguments)
            line = f"unitdisc: {path}: is not as unitdisc wrote it: cut, damaged or edited; make it anew: unitdisc "
            line += f"{again.get(name, 'train')} --help; or, if you changed it on purpose: rm {beside(path)}\n"
            assert (done.returncode, done.stderr) == (2, line), arguments
    beside(path).unlink()
    path.write_bytes(whole)
    run(*readers[name][0])


@pytest.mark.usefixtures("sealed")
def test_a_changed_table_of_scores_is_told_by_those_who_collect_it():
    run("score", *speech)
    run("score", *lines)
    path = speech_run / "test.scores.tsv"
    path.write_text(path.read_text().replace("0.", "1.", 1))
    for command in ("collect", "report"):
        done = in_process(Path(), command)
        assert done.returncode == 2
        assert f"{path}: is not as unitdisc wrote it" in done.stderr.splitlines()[-1]


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("test.units.tsv", ("discovery", str(speech_run / "test.units.tsv"), str(corpus.labels))),
        ("training.tsv", ("report",)),
        ("model.json", ("report",)),
        ("model.safetensors", ("report",)),
    ],
)
def test_a_result_that_is_named_on_the_command_line_or_shown_is_checked_too(name, arguments):
    path = speech_run / name
    if name == "training.tsv":  # a k-means has none to damage
        path = Path("results/lines/vq/seed0/training.tsv")
    path.write_bytes(cut_in_half(path.read_bytes()) if name.endswith(".tsv") else bit_flipped(path.read_bytes()))
    done = in_process(Path(), *arguments)
    assert done.returncode == 2
    assert f"{path}: is not as unitdisc wrote it" in done.stderr.splitlines()[-1]


def test_the_table_of_all_scores_is_checked_before_it_is_shown(tmp_path):
    path = tmp_path / "scores.tsv"
    with sealing(path):
        tables.write(path, [RunScore("c", "m", seed, "test", "nmi", 0.5, 0.4, 0.6, 9) for seed in (0, 1)], RunScore)
    assert in_process(Path(), "scores", str(tmp_path)).returncode == 0
    path.write_bytes(rows_missing(path.read_bytes()))
    done = in_process(Path(), "scores", str(tmp_path))
    assert (done.returncode, done.stderr.partition(" wrote it")[0]) == (2, f"unitdisc: {path}: is not as unitdisc")


@pytest.mark.usefixtures("sealed")
def test_a_changed_table_of_segments_is_told_by_its_manifest():
    run("segment", *speech)
    path = speech_run / "exports/segments/test.segments.units.tsv"
    path.write_bytes(cut_in_half(path.read_bytes()))
    done = in_process(Path(), "export", *speech, "--formats", "jsonl", "--units", "segmented")
    line = f"unitdisc: {path}: is not as unitdisc wrote it: cut, damaged or edited; make it anew: unitdisc segment --help\n"
    assert (done.returncode, done.stderr) == (2, line)


@pytest.mark.usefixtures("here")
def test_without_a_checksum_a_doubled_row_is_told_all_the_same():
    path = corpus.utterances
    path.write_bytes(row_doubled(path.read_bytes()))
    count = len(path.read_text().splitlines())
    for arguments in (("features", *speech[:2], *split), ("train", *speech), ("encode", *speech)):
        done = in_process(Path(), *arguments)
        line = (
            f"unitdisc: {path}:{count}: utterance '{utterance()}' occurs twice; read the corpus again: unitdisc corpus"
        )
        assert (done.returncode, done.stderr.partition(" --help")[0]) == (2, line)


def utterance():
    return corpus.utterances.read_text().splitlines()[-1].split("\t")[0]


@pytest.mark.usefixtures("sealed")
def test_features_of_a_recording_of_before_are_told():
    rows = utterances_of(corpus)
    name = next(row.source for row in rows if row.split == "test")
    shutil.copy(Path(name).with_name("test1.wav"), name)
    wav = Path(name).read_bytes()
    Path(name).write_bytes(wav[:40] + (len(wav) - 44 - 3200).to_bytes(4, "little") + wav[44:-3200])
    run("corpus", *speech[:2])
    for arguments in (("encode", *speech, *split), ("abx-run", *speech, *split)):
        done = in_process(Path(), *arguments)
        line = (
            f"unitdisc: {corpus.index('test')}: has features of another version of utterances.tsv; compute the features"
        )
        assert (done.returncode, done.stderr.partition(" again")[0]) == (2, line)
    run("features", *speech[:2], *split)
    run("encode", *speech, *split)


@pytest.mark.parametrize(
    ("arguments", "made_anew"),
    [
        (("corpus", *speech[:2]), "labels.tsv"),
        (("features", *speech[:2], *split), "features/test.ark"),
        (("train", *speech), "kmeans/seed0/model.json"),
        (("train", *lines), "../lines/vq/seed0/model.safetensors"),
        (("encode", *speech, *split), "kmeans/seed0/test.units.tsv"),
        (("score", *speech), "kmeans/seed0/test.scores.tsv"),
        (("export", *speech, "--formats", "jsonl"), "kmeans/seed0/exports/units/manifest.json"),
    ],
)
@pytest.mark.usefixtures("sealed")
def test_a_full_disk_is_one_line_with_the_file_and_then_all_goes_on(arguments, made_anew, tmp_path):
    with small_disk(tmp_path / "disk", "8m") as disk:
        shutil.copytree("results", disk / "results")
        shutil.rmtree("results")
        Path("results").symlink_to(disk / "results")
        for path in disk.rglob("*.crc32"):  # whose removal would make room
            path.unlink()
        before = files_below(disk)
        filler = fill(disk)
        done = in_process(Path(), *arguments)
        told = done.stderr.splitlines()[-1]
        assert done.returncode == 2
        assert told.startswith("unitdisc: results/")
        assert told.endswith(": No space left on device")
        filler.unlink()
        left = files_below(disk) - before
        assert not [path for path in left if path.suffix != ".crc32" and ".work" not in str(path)]
        run(*arguments)
        assert (corpus.path / made_anew).stat().st_size


def files_below(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def test_two_runs_are_there(made):
    assert (made / speech_run).exists()
    assert (made / lines_run).exists()
