"""The ScribbleLens reader, on small corpora made here and on the UNIPEN lines in its layout."""

import io
import itertools
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from tests.helpers.corpora import read_corpus
from tests.helpers.places import shared
from tests.helpers.zips import zipped
from unitdisc.corpora import scribblelens
from unitdisc.errors import InputError
from unitdisc.formats.file_tree import OpenSources

unipen = shared / "data" / "unipen" / "scribblelens.corpus.v1.2.zip"
top = "scribblelens.corpus.v1"
nested = "corpora/scribblelens.paths.1.4b.zip"


def jpeg(width: int = 45, height: int = 72) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 255, np.uint8)).save(file, "JPEG")
    return file.getvalue()


def ali(image: str, symbols: str, text: str = "ab c") -> bytes:
    rows = "".join(f"{t} {t + 1} {s} -0.5\n" for t, s in enumerate(symbols))
    return f"{top}/{image} {len(symbols)} targetStr:{text}\n{rows}".encode()


class Corpus:
    """A corpus of two writers, 45 × 72 pixels (20 columns) a line, whose files a test may change."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.alignments: dict[str, bytes] = {}
        self.lists: dict[str, list[str]] = {"nl.bw.lines.train": [], "nl.bw.lines.test": []}
        for writer, pages in (("tasman", 3), ("van.neck.tweede", 2)):
            for page in range(1, pages + 1):
                for line in range(1, 5):
                    stem = f"nl/{writer}/{page}.left/line{line}"
                    self.add(stem, "nl.bw.lines.test" if line == 4 else "nl.bw.lines.train")

    def add(self, stem: str, name: str) -> None:
        self.files |= {f"{stem}.jpg": jpeg(), f"{stem}.txt": b"ab c\n"}
        self.alignments[f"{stem}.ali"] = ali(f"{stem}.jpg", "**aaaaabbbb___cccc**")
        self.lists.setdefault(name, []).append(f"{stem}.jpg {stem}.txt")

    def members(self) -> dict[str, bytes]:
        lists = {f"corpora/{name}.dat": "\n".join([*rows, ""]).encode() for name, rows in self.lists.items()}
        paths = {nested: zipped({f"{top}/{name}": data for name, data in self.alignments.items()})}
        return lists | (paths if self.alignments else {}) | self.files

    def zip(self, folder: Path) -> Path:
        path = folder / "corpus.zip"
        path.write_bytes(zipped({f"{top}/{name}": data for name, data in self.members().items()}))
        return path

    def unpack(self, folder: Path) -> Path:
        for name, data in self.members().items():
            path = folder / top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder


@pytest.fixture
def corpus() -> Corpus:
    return Corpus()


first = "nl/tasman/1.left/line1"


def test_a_zip_gives_utterances_and_runs_of_equal_symbols(corpus, tmp_path):
    path = corpus.zip(tmp_path)
    utterances, labels = scribblelens.read(path, dev=0)
    assert len(utterances) == 20
    assert utterances[0] == scribblelens.Utterance(
        "tasman-1.left-line1", "train", "tasman", f"{path}#{top}/{first}.jpg", 20.0, "ab c"
    )
    runs = [(label.start, label.end, label.label) for label in labels if label.utterance == "tasman-1.left-line1"]
    assert runs == [(0, 2, "*"), (2, 7, "a"), (7, 11, "b"), (11, 14, "_"), (14, 18, "c"), (18, 20, "*")]
    assert [u.split for u in utterances].count("test") == 5
    assert sorted({u.speaker for u in utterances}) == ["tasman", "van.neck.tweede"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus.zip"]


def test_every_source_can_be_read_back(corpus, tmp_path):
    utterances, _ = scribblelens.read(corpus.zip(tmp_path))
    with OpenSources() as sources:
        assert {sources.read(u.source) for u in utterances} == {jpeg()}


def test_the_unpacked_folder_gives_the_same(corpus, tmp_path):
    from_zip, labels = scribblelens.read(corpus.zip(tmp_path))
    corpus.unpack(tmp_path / "folder")
    for root in (tmp_path / "folder", tmp_path / "folder" / top):
        from_folder, folder_labels = scribblelens.read(root)
        assert folder_labels == labels
        assert [(u.utterance, u.split, u.speaker, u.duration) for u in from_folder] == [
            (u.utterance, u.split, u.speaker, u.duration) for u in from_zip
        ]
        assert all(Path(u.source).is_file() for u in from_folder)


def test_a_zip_without_the_top_folder_is_read_too(corpus, tmp_path):
    (tmp_path / "flat.zip").write_bytes(zipped(corpus.members()))
    assert len(scribblelens.read(tmp_path / "flat.zip")[1]) == 20 * 6


def test_dev_takes_its_share_of_the_training_lines_by_seed(corpus, tmp_path):
    path = corpus.zip(tmp_path)
    draws = {
        seed: {u.utterance for u in scribblelens.read(path, dev=0.2, seed=seed)[0] if u.split == "dev"}
        for seed in range(6)
    }
    assert all(len(drawn) == 3 for drawn in draws.values())
    assert len(set(map(frozenset, draws.values()))) > 1
    assert draws[0] == {u.utterance for u in scribblelens.read(path, dev=0.2, seed=0)[0] if u.split == "dev"}
    assert all(any(name.startswith("van.neck") for name in drawn) for drawn in draws.values())
    test = [[u for u in scribblelens.read(path, dev=dev)[0] if u.split == "test"] for dev in (0, 0.5)]
    assert test[0] == test[1]


def test_a_split_may_be_read_from_another_list(corpus, tmp_path):
    utterances, _ = scribblelens.read(corpus.zip(tmp_path), splits={"train": "train", "dev": "test"})
    assert {u.split for u in utterances} == {"train", "dev"}
    assert sum(u.split == "dev" for u in utterances) == 5


def test_writers_are_taken_from_their_own_lists_or_picked_from_the_common_one(corpus, tmp_path):
    corpus.lists["nl.bw.lines.tasman.train"] = corpus.lists["nl.bw.lines.train"][:2]
    path = corpus.zip(tmp_path)
    own, _ = scribblelens.read(path, writers=["tasman"], dev=0)
    assert [u.split for u in own] == ["train", "train", "test", "test", "test"]
    common, _ = scribblelens.read(path, writers=["van.neck.tweede", "van.neck.tweede"], dev=0)
    assert [u.split for u in common] == ["train"] * 6 + ["test"] * 2
    with pytest.raises(InputError, match=r"no line is by 'kieft'; the writers are tasman, van\.neck\.tweede"):
        scribblelens.read(path, writers=["tasman", "kieft"])


def test_the_unsupervised_list_adds_training_lines_without_labels(corpus, tmp_path):
    corpus.add("nl/unsupervised/kieft/2/line1", "all.nl.bw.lines.unsupervised")
    corpus.lists["all.nl.bw.lines.unsupervised"] += ["nl/tasman/1.left/line4.jpg", "nl/tasman/1.left/line1.jpg"]
    path = corpus.zip(tmp_path)
    plain, labels = scribblelens.read(path)
    more, same_labels = scribblelens.read(path, unsupervised=True)
    assert labels == same_labels
    assert more[:-1] == plain
    assert (more[-1].utterance, more[-1].split, more[-1].speaker) == ("unsupervised-kieft-2-line1", "train", "kieft")


def test_colour_lists_are_selected_by_mode(corpus, tmp_path):
    corpus.lists |= {"nl.color.lines.train": corpus.lists["nl.bw.lines.train"][:3]}
    corpus.lists |= {"nl.color.lines.test": corpus.lists["nl.bw.lines.test"][:1]}
    assert len(scribblelens.read(corpus.zip(tmp_path), mode="color")[0]) == 4
    with pytest.raises(InputError, match=r"nl\.gray\.lines\.train\.dat: is missing; the lists here are nl\.bw\.lines"):
        scribblelens.read(corpus.zip(tmp_path), mode="gray")


def test_transcripts_and_alignments_are_optional(corpus, tmp_path):
    corpus.lists["nl.bw.lines.train"] = [row.split()[0] for row in corpus.lists["nl.bw.lines.train"]]
    del corpus.alignments[f"{first}.ali"]
    utterances, labels = scribblelens.read(corpus.zip(tmp_path))
    assert len(utterances) == 20
    assert {u.utterance for u in utterances} - {label.utterance for label in labels} == {"tasman-1.left-line1"}
    corpus.alignments.clear()
    assert scribblelens.read(corpus.zip(tmp_path))[1] == []


@pytest.mark.parametrize("name", scribblelens.alignment_names)
def test_alignments_are_found_beside_the_corpus_or_where_they_are_said_to_be(corpus, tmp_path, name):
    expected = scribblelens.read(corpus.zip(tmp_path))[1]
    data = zipped(corpus.alignments)
    corpus.alignments.clear()
    path = corpus.zip(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "paths.zip").write_bytes(data)
    assert scribblelens.read(path, alignments=tmp_path / "elsewhere" / "paths.zip")[1] == expected
    (tmp_path / name).write_bytes(data)
    assert scribblelens.read(path)[1] == expected
    corpus.unpack(tmp_path)
    assert scribblelens.read(tmp_path)[1] == expected
    assert scribblelens.read(tmp_path / top)[1] == expected


def test_alignments_may_be_a_folder(corpus, tmp_path):
    expected = scribblelens.read(corpus.zip(tmp_path))[1]
    for name, data in corpus.alignments.items():
        (tmp_path / "ali" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ali" / name).write_bytes(data)
    corpus.alignments.clear()
    assert scribblelens.read(corpus.zip(tmp_path), alignments=tmp_path / "ali")[1] == expected


def test_space_is_one_label_whichever_way_it_is_written(corpus, tmp_path):
    text = ali(f"{first}.jpg", "a" * 10 + "_" * 10).replace(b" _ ", b" SPACE ")
    corpus.alignments[f"{first}.ali"] = text.replace(b"\n", b"\r\n")
    labels = [x for x in scribblelens.read(corpus.zip(tmp_path))[1] if x.utterance == "tasman-1.left-line1"]
    assert [(x.start, x.end, x.label) for x in labels] == [(0, 10, "a"), (10, 20, "_")]


@pytest.mark.parametrize(("width", "height", "columns"), [(45, 72, 20), (100, 33, 97), (7, 500, 0), (1, 32, 1)])
def test_columns_are_counted_as_the_format_says(corpus, tmp_path, width, height, columns):
    corpus.alignments.clear()
    corpus.files[f"{first}.jpg"] = jpeg(width, height)
    if columns:
        assert scribblelens.read(corpus.zip(tmp_path), dev=0)[0][0].duration == columns
    else:
        with pytest.raises(InputError, match=r"line1\.jpg: has 7 × 500 pixels: not one column"):
            scribblelens.read(corpus.zip(tmp_path))


# --- bad input ------------------------------------------------------------------------------------------------------


def refused(corpus: Corpus, tmp_path: Path, match: str, **options) -> None:
    """Both forms of the corpus are refused in the same words, the zip's with '#' where the folder's have '/'."""
    with pytest.raises(InputError, match=match) as caught:
        scribblelens.read(corpus.zip(tmp_path), **options)
    assert "\n" not in str(caught.value)
    assert f"corpus.zip#{top}/" in str(caught.value)
    with pytest.raises(InputError, match=match):
        scribblelens.read(corpus.unpack(tmp_path / "unpacked"), **options)


def test_a_line_with_three_fields_is_refused(corpus, tmp_path):
    corpus.lists["nl.bw.lines.train"][1] += " more"
    refused(
        corpus, tmp_path, r"nl\.bw\.lines\.train\.dat:2: has 3 fields; expected: an image and, at most, a transcript"
    )


def test_a_missing_image_is_refused(corpus, tmp_path):
    del corpus.files["nl/tasman/1.left/line2.jpg"]
    refused(corpus, tmp_path, r"train\.dat:2: names .*tasman/1\.left/line2\.jpg, which is missing")


def test_a_missing_transcript_is_refused(corpus, tmp_path):
    del corpus.files["nl/tasman/1.left/line4.txt"]
    refused(corpus, tmp_path, r"test\.dat:1: names .*line4\.txt, which is missing")


@pytest.mark.parametrize("path", ["nl/tasman/../../../secret.jpg", "/etc/x.jpg", "..\\x.jpg", "C:/x/y.jpg"])
def test_a_path_that_climbs_out_is_refused(corpus, tmp_path, path):
    corpus.lists["nl.bw.lines.train"].insert(2, path)
    refused(corpus, tmp_path, r"train\.dat:3: path '.*' leads out of the corpus; name it relative")


def test_an_image_without_a_writer_is_refused(corpus, tmp_path):
    corpus.files["nl/line1.jpg"] = jpeg()
    corpus.lists["nl.bw.lines.train"].append("nl/line1.jpg")
    refused(corpus, tmp_path, r"train\.dat:16: image 'nl/line1\.jpg' has no writer")


@pytest.mark.parametrize("name", ["train", "test"])
def test_an_utterance_listed_twice_is_refused(corpus, tmp_path, name):
    corpus.lists[f"nl.bw.lines.{name}"].append(corpus.lists["nl.bw.lines.train"][0])
    refused(corpus, tmp_path, rf"{name}\.dat:\d+: utterance 'tasman-1\.left-line1' is already in .*train\.dat, line 1")


def test_two_images_of_one_name_are_refused(corpus, tmp_path):
    corpus.add("nl/tasman/1.left-line1", "nl.bw.lines.train")
    refused(corpus, tmp_path, r"train\.dat:16: utterance 'tasman-1\.left-line1' is already")


def test_an_empty_list_is_refused(corpus, tmp_path):
    corpus.lists["nl.bw.lines.test"] = []
    with pytest.raises(InputError, match=r"corpus\.zip: the split 'test' has no lines"):
        scribblelens.read(corpus.zip(tmp_path))


def test_a_dev_share_that_takes_every_line_is_refused(corpus, tmp_path):
    corpus.lists["nl.bw.lines.train"] = corpus.lists["nl.bw.lines.train"][:1]
    with pytest.raises(InputError, match=r"dev = 0\.1 of 1 training lines leaves none"):
        scribblelens.read(corpus.zip(tmp_path))


def test_an_unreadable_image_is_refused(corpus, tmp_path):
    for data in (b"", b"not an image", jpeg()[:60]):
        corpus.files[f"{first}.jpg"] = data
        refused(corpus, tmp_path, r"tasman/1\.left/line1\.jpg: (is not an image|cannot be read as an image)")


def test_a_list_that_is_not_text_is_refused(corpus, tmp_path):
    corpus.lists["nl.bw.lines.train"].append("x")
    path = corpus.unpack(tmp_path / "unpacked")
    (path / top / "corpora" / "nl.bw.lines.train.dat").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"train\.dat: is not a UTF-8 text file"):
        scribblelens.read(path)


def test_an_alignment_of_the_wrong_length_is_refused(corpus, tmp_path):
    corpus.alignments[f"{first}.ali"] = ali(f"{first}.jpg", "a" * 21)
    refused(corpus, tmp_path, r"line1\.ali:1: aligns 21 columns of an image that has 20 at height 32")


def test_an_alignment_cut_short_is_refused(corpus, tmp_path):
    data = corpus.alignments[f"{first}.ali"]
    for lines in (-1, -3):
        corpus.alignments[f"{first}.ali"] = b"\n".join(data.split(b"\n")[:lines][:-1])
        refused(corpus, tmp_path, r"line1\.ali:1: has \d+ columns where the first line says 20")
    corpus.alignments[f"{first}.ali"] = data + b"20 21 a -0.5\n"
    refused(corpus, tmp_path, r"line1\.ali:1: has 21 columns where the first line says 20")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n5 6 a -0.5", b"\n6 7 a -0.5"),
        (b"\n5 6 a -0.5", b"\n5 7 a -0.5"),
        (b"\n5 6 a -0.5", b"\n5 6 a"),
        (b"\n5 6 a -0.5", b"\n5 6 a b -0.5"),
        (b"\n5 6 a -0.5", b"\n5 6 a low"),
        (b"\n5 6 a -0.5", b"\n"),
        (b"\n5 6 a -0.5\n6 7 a", b"\n6 7 a -0.5\n5 6 a"),
    ],
)
def test_disordered_columns_are_refused(corpus, tmp_path, old, new):
    data = corpus.alignments[f"{first}.ali"]
    assert old in data
    corpus.alignments[f"{first}.ali"] = data.replace(old, new)
    refused(corpus, tmp_path, r"line1\.ali:7: is '.*' where column 5 is expected; expected: '<t> <t\+1> <symbol>")


@pytest.mark.parametrize("header", [b"", b"nl/x.jpg 20 ab", b"nl/x.jpg many targetStr:ab", b"0 1 a -0.5"])
def test_an_alignment_without_its_header_is_refused(corpus, tmp_path, header):
    data = corpus.alignments[f"{first}.ali"]
    corpus.alignments[f"{first}.ali"] = header + data[data.index(b"\n") :]
    refused(corpus, tmp_path, r"line1\.ali:1: starts with .*; expected: '<image> <columns> targetStr:<text>'")


def test_the_alignment_of_another_image_is_refused(corpus, tmp_path):
    corpus.alignments[f"{first}.ali"] = ali("nl/kieft/1.left/line1.jpg", "a" * 20)
    refused(corpus, tmp_path, r"line1\.ali:1: aligns '.*kieft.*' where 'nl/tasman/1\.left/line1\.jpg' is expected")


def test_a_missing_or_broken_zip_is_refused(corpus, tmp_path):
    with pytest.raises(InputError, match=r"nothing\.zip: no such file or folder"):
        scribblelens.read(tmp_path / "nothing.zip")
    path = corpus.zip(tmp_path)
    whole = path.read_bytes()
    for data in (b"", whole[: len(whole) // 2], b"PK and nonsense"):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"corpus\.zip: is not a valid zip .*; download it again"):
            scribblelens.read(path)


def test_a_damaged_member_is_refused(corpus, tmp_path):
    path = corpus.zip(tmp_path)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{top}/corpora/nl.bw.lines.train.dat")
    data = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(info.filename)
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"corpus\.zip#.*train\.dat: is not a valid zip"):
        scribblelens.read(path)


def test_a_broken_alignment_zip_is_refused(corpus, tmp_path):
    corpus.alignments.clear()
    corpus.files[nested] = b"PK and nonsense"
    refused(corpus, tmp_path, r"scribblelens\.paths\.1\.4b\.zip: is not a valid zip")


def test_alignments_that_are_missing_or_foreign_are_refused(corpus, tmp_path):
    path = corpus.zip(tmp_path)
    with pytest.raises(InputError, match=r"no\.zip: no such alignments"):
        scribblelens.read(path, alignments=tmp_path / "no.zip")
    (tmp_path / "foreign.zip").write_bytes(zipped({"nl/other/1/line1.ali": ali("nl/other/1/line1.jpg", "ab")}))
    with pytest.raises(InputError, match=r"foreign\.zip: aligns no line of the corpus"):
        scribblelens.read(path, alignments=tmp_path / "foreign.zip")


# --- real lines -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not unipen.exists(), reason="needs the UNIPEN lines beside the repository")
def test_the_unipen_lines_are_read_whole(monkeypatch):
    monkeypatch.delattr(ImageFile.ImageFile, "load")  # headers say enough; decoding every line would take long
    utterances, labels = scribblelens.read(unipen, dev=0)
    assert [sum(u.split == split for u in utterances) for split in ("train", "test")] == [1062, 180]
    assert len({u.speaker for u in utterances}) == 68
    ends: dict[str, float] = {}
    for label in labels:
        assert label.start == ends.get(label.utterance, 0.0)
        assert label.end > label.start
        ends[label.utterance] = label.end
    assert ends == {u.utterance: u.duration for u in utterances}
    assert all(one.label != two.label for one, two in itertools.pairwise(labels) if two.start > 0)


def test_unreadable_images_are_told_at_once_or_left_out_with_their_labels(corpus, tmp_path, caplog):
    lost = [f"nl/tasman/{page}.left/line1" for page in (1, 2, 3)] + ["nl/van.neck.tweede/1.left/line1"]
    corpus.files |= {f"{stem}.jpg": b"\xff\xd8\xff" + bytes(40) for stem in lost}
    path = corpus.zip(tmp_path)
    with pytest.raises(InputError) as error:
        read_corpus("scribblelens", root=path, dev=0)
    told = str(error.value)
    assert told.startswith(f"{path}: 4 utterances cannot be read: {path}#{top}/{lost[0]}.jpg: ")
    assert told.endswith("; and 1 more; mend them, or leave them out with on_bad_utterance: skip")
    utterances, labels = read_corpus("scribblelens", root=path, dev=0, on_bad_utterance="skip")
    names = {u.utterance for u in utterances}
    assert len(names) == 20 - 4
    assert {label.utterance for label in labels} == names
    assert "utterances that cannot be read, left out: 4 (first: " in caplog.text


def test_a_bad_alignment_leaves_its_line_out(corpus, tmp_path):
    corpus.alignments[f"{first}.ali"] = ali(f"{first}.jpg", "ab")
    path = corpus.zip(tmp_path)
    with pytest.raises(InputError, match="aligns 2 columns of an image that has 20"):
        read_corpus("scribblelens", root=path, dev=0)
    utterances, _ = read_corpus("scribblelens", root=path, dev=0, on_bad_utterance="skip")
    assert len(utterances) == 19


@pytest.mark.parametrize("place", ["beside", "a folder"])
def test_alignments_that_are_not_in_the_corpus_are_among_its_sources(corpus, tmp_path, place):
    settings = {"root": corpus.zip(tmp_path)}
    if place == "beside":
        expected = [tmp_path / "scribblelens.paths.1.4b.zip"]
        expected[0].write_bytes(b"zip")
    else:
        expected = [tmp_path / "ali" / "a.ali", tmp_path / "ali" / "b" / "c.ali"]
        (tmp_path / "ali" / "b").mkdir(parents=True)
        [file.touch() for file in expected]
        settings["alignments"] = tmp_path / "ali"
    kind = scribblelens.ScribbleLensCorpus
    reader = kind(kind.Settings.model_validate({"kind": "scribblelens", **settings}), tmp_path)
    assert reader.files() == [tmp_path / "corpus.zip"]
    assert list(reader.sources()) == expected
