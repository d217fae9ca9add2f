"""What an export's main reader asks for beyond a valid file, so that it drops and misreads nothing."""

import itertools
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import kaldiio
import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.units.exports.test_formats import make_part, meanings
from unitdisc.features.handwriting import read_line
from unitdisc.formats.labels import read_labels
from unitdisc.formats.text import decimal
from unitdisc.formats.textgrid import fill, textgrid_lines
from unitdisc.records import UnitSequence, Utterance
from unitdisc.units.exports.ctm import Ctm
from unitdisc.units.exports.fairseq import Fairseq
from unitdisc.units.exports.kaldi_ark import KaldiArchive
from unitdisc.units.exports.kaldi_text import KaldiText
from unitdisc.units.exports.pagexml import PageXml, baseline, image_names, instance, namespace

space = {"p": namespace}


def exported(place: Path, sources: dict[str, Path], units=(5, 5, 0, 7), kept: str = "keep") -> dict:
    """Export lines of these images, and return the root of each utterance's file, in the order of the utterances."""
    lines = {name: Utterance(name, "train", "w", str(path), 0.0) for name, path in sources.items()}
    part = replace(make_part(place, kept), labels={}, utterances=lines)
    width = {name: len(read_line(str(path))) for name, path in sources.items()}
    sequences = {name: UnitSequence(name, width[name] / max(len(units), 1), np.array(units, int)) for name in sources}
    PageXml().write(place / "page", replace(part, sequences=sequences))
    files = sorted((place / "page" / "train").iterdir())
    roots = [ElementTree.parse(file).getroot() for file in files]
    return {re.search(r"name:(.*?);", r.find(".//p:TextLine", space).get("custom"))[1]: r for r in roots}


def drawn(path: Path, size: tuple[int, int] = (300, 64), bottom: int = 40, **options) -> Path:
    image = Image.new("L", size, 255)
    for x in range(10, size[0] - 10, 20):
        ImageDraw.Draw(image).line((x, 20, x + 5, bottom), fill=0, width=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def points(element) -> list[tuple[int, int]]:
    return [tuple(map(int, point.split(","))) for point in element.get("points").split(" ")]


def area(corners: list[tuple[int, int]]) -> float:
    pairs = itertools.pairwise([*corners, corners[0]])
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


@pytest.mark.parametrize("size", [(300, 64), (31, 32), (12, 12), (3, 9), (2, 2), (400, 16)])
def test_every_shape_has_an_area_inside_the_page_and_its_parent(tmp_path, size):
    Image.new("L", size, 255).save(tmp_path / "line.png")
    page = exported(tmp_path, {"u": tmp_path / "line.png"}, units=[1, 2] * 9)["u"].find("p:Page", space)
    for shape in page.iter(f"{{{namespace}}}Coords"):
        corners = points(shape)
        assert area(corners) > 0
        assert all(0 <= x < size[0] and 0 <= y < size[1] for x, y in corners)
    (left, y), (right, same) = points(page.find(".//p:Baseline", space))
    assert (left, right, y) == (0, size[0] - 1, same)
    assert 0 <= y < size[1]
    lefts = [points(word.find("p:Coords", space))[0][0] for word in page.iter(f"{{{namespace}}}Word")]
    assert lefts == sorted(lefts)


def test_a_page_of_one_pixel_has_shapes_all_the_same(tmp_path):
    Image.new("L", (1, 1), 255).save(tmp_path / "line.png")
    page = exported(tmp_path, {"u": tmp_path / "line.png"})["u"]
    assert all(area(points(shape)) > 0 for shape in page.iter(f"{{{namespace}}}Coords"))
    assert len(set(points(page.find(".//p:Baseline", space)))) == 2


@pytest.mark.parametrize("units", [(5, 5, 0, 7), (3,), ()])
def test_the_text_is_the_same_on_every_level(tmp_path, units):
    line = exported(tmp_path, {"u": drawn(tmp_path / "l.png")}, units)["u"].find(".//p:TextLine", space)
    text = " ".join(map(str, units))
    assert (line.findtext("p:TextEquiv/p:Unicode", namespaces=space) or "") == text
    words = line.findall("p:Word", space)
    assert " ".join(word.findtext("p:TextEquiv/p:Unicode", namespaces=space) for word in words) == text
    for word in words:
        assert len(word.findall("p:TextEquiv", space)) == 1  # eScriptorium joins all of them
        glyph = word.find("p:Glyph/p:TextEquiv[@index='0']/p:Unicode", space)
        assert glyph.text == word.findtext("p:TextEquiv/p:Unicode", namespaces=space)


def test_the_region_has_the_text_and_the_page_its_order(tmp_path):
    root = exported(tmp_path, {"u": drawn(tmp_path / "l.png")})["u"]
    region = root.find("p:Page/p:TextRegion", space)
    assert region.findtext("p:TextEquiv/p:Unicode", namespaces=space) == "5 5 0 7"
    order = root.find("p:Page/p:ReadingOrder/p:OrderedGroup/p:RegionRefIndexed", space)
    assert order.attrib == {"index": "0", "regionRef": region.get("id")}
    ids = [element.get("id") for element in root.iter() if "id" in element.attrib]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in ids)


def test_the_schema_has_a_location_without_which_escriptorium_refuses_the_file(tmp_path):
    root = exported(tmp_path, {"u": drawn(tmp_path / "l.png")})["u"]
    assert root.get(f"{{{instance}}}schemaLocation").split(" ") == [namespace, f"{namespace}/pagecontent.xsd"]


tag = re.compile(r"\s*([\w-]+)\s*\{((?:\s*[\w-]+\s*:[^{}:;]+;\s*)*)\}\s*")


@pytest.mark.parametrize("name", ["u", "a:b", "{a}", "a;b}", "w/1%", "it's", 'a"b', "back\\slash", "ünï"])
def test_custom_attributes_have_the_syntax_of_transkribus_whatever_the_name(tmp_path, name):
    lines = exported(tmp_path, {name: drawn(tmp_path / "l.png")})
    line = next(iter(lines.values())).find(".//p:TextLine", space)
    custom = line.get("custom")
    found = dict(tag.findall(custom))
    assert tag.sub("", custom) == ""
    assert found["readingOrder"] == "index:0;"
    value = found["utterance"].removeprefix("name:").removesuffix(";")
    assert re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), value) == name
    assert next(iter(lines.values())).find(".//p:TextRegion", space).get("custom") == "readingOrder {index:0;}"


def test_what_xml_cannot_hold_is_replaced(tmp_path):
    lines = {"a\x01b": Utterance("a\x01b", "train", "w", str(drawn(tmp_path / "l.png")), 0.0)}
    part = replace(make_part(tmp_path, "keep"), labels={}, utterances=lines, meanings=("\x02\ud800", *meanings[1:]))
    PageXml().write(
        tmp_path / "page", replace(part, sequences={"a\x01b": UnitSequence("a\x01b", 2.0, np.zeros(3, int))})
    )
    root = ElementTree.parse(next((tmp_path / "page" / "train").iterdir())).getroot()
    assert root.findtext(".//p:TextEquiv[@index='1']/p:Unicode", namespaces=space) == "\ufffd\ufffd"
    assert "a\ufffdb" in root.find(".//p:TextLine", space).get("custom")


@pytest.mark.parametrize("bottom", [30, 40, 55])
def test_the_baseline_is_the_lower_edge_of_the_ink(tmp_path, bottom):
    root = exported(tmp_path, {"u": drawn(tmp_path / "l.png", bottom=bottom)})["u"]
    assert abs(points(root.find(".//p:Baseline", space))[0][1] - bottom) <= 3


def test_tails_do_not_pull_the_baseline_down():
    features = np.zeros((100, 32), np.float32)
    features[:, 8:20] = 1
    features[:10, 20:30] = 1  # tails
    assert baseline(features, 64) == 39
    assert baseline(np.zeros((100, 32), np.float32), 64) == 47


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_coordinates_are_those_of_the_image_as_shown(tmp_path, orientation):
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation)
    image = Image.open(drawn(tmp_path / "plain.png"))
    exif = Image.Exif()
    exif[274] = orientation
    (image if turn is None else image.transpose(turn)).save(tmp_path / "l.png", exif=exif)
    page = exported(tmp_path, {"u": tmp_path / "l.png"})["u"].find("p:Page", space)
    assert (page.get("imageWidth"), page.get("imageHeight")) == ("300", "64")
    assert abs(points(page.find(".//p:Baseline", space))[0][1] - 40) <= 3


def test_images_of_one_name_are_told_apart_by_their_folders(tmp_path):
    sources = {"a-l": drawn(tmp_path / "a" / "l.png"), "b-l": drawn(tmp_path / "b" / "l.png")}
    names = {
        name: root.find("p:Page", space).get("imageFilename") for name, root in exported(tmp_path, sources).items()
    }
    assert names == {"a-l": "a/l.png", "b-l": "b/l.png"}
    assert image_names(["x/a.png", "x/b.png"]) == {"x/a.png": "a.png", "x/b.png": "b.png"}
    assert image_names(["x.zip#y/a.png", "x.zip#y/a.png"]) == {"x.zip#y/a.png": "a.png"}


def test_a_number_sign_may_be_in_the_name_of_an_image(tmp_path):
    root = exported(tmp_path, {"u": drawn(tmp_path / "f#2.png")})["u"]
    assert root.find("p:Page", space).get("imageFilename") == "f#2.png"


# --- speech ---------------------------------------------------------------------------------------------------------


def test_a_ctm_is_sorted_as_sclite_requires(tmp_path):
    part = make_part(tmp_path, "keep")
    names = ["b", "B", "a-2", "a1", "é"]
    sequences = {name: UnitSequence(name, 0.02, np.arange(3)) for name in names}
    Ctm().write(tmp_path, replace(part, sequences=sequences))
    rows = [line.split() for line in (tmp_path / "train.ctm").read_text(encoding="utf-8").splitlines()]
    assert rows == sorted(rows, key=lambda row: (row[0].encode(), float(row[2])))
    assert len(rows) == 15


@pytest.mark.parametrize("shift", [1 / 3, 1 / 6, 0.0123456789, 0.02])
def test_neighbours_in_a_ctm_neither_overlap_nor_part(tmp_path, shift):
    sequences = {"u": UnitSequence("u", shift, np.arange(300) % 7)}
    Ctm().write(tmp_path, replace(make_part(tmp_path, "keep"), sequences=sequences))
    frame = read_labels(tmp_path / "train.ctm")
    np.testing.assert_allclose(frame["end"][:-1], frame["start"][1:], rtol=0, atol=1e-9)


def test_kaldi_finds_its_data_sorted_and_complete(tmp_path):
    part = make_part(tmp_path, "keep")
    lines = {name: Utterance(name, "train", speaker, "x", 1.0) for name, speaker in zip("cab", "tss", strict=True)}
    sequences = {name: UnitSequence(name, 0.02, np.arange(3)) for name in "cab"}
    part = replace(part, utterances=lines, sequences=sequences)
    KaldiText().write(tmp_path, part)
    KaldiArchive().write(tmp_path / "kaldi-ark", part)
    assert (tmp_path / "train" / "spk2utt").read_text() == "s a b\nt c\n"
    assert (tmp_path / "train" / "utt2spk").read_text() == "a s\nb s\nc t\n"
    index = [line.split(" ")[0] for line in (tmp_path / "kaldi-ark" / "train.scp").read_text().splitlines()]
    assert index == [name for name, _ in kaldiio.load_ark(str(tmp_path / "kaldi-ark" / "train.ark"))] == ["a", "b", "c"]


def test_gslm_splits_a_line_at_one_bar_only(tmp_path):
    sequences = {"a|b": UnitSequence("a|b", 0.02, np.arange(3))}
    Fairseq().write(tmp_path, replace(make_part(tmp_path, "keep"), sequences=sequences))
    name, units = (tmp_path / "train.named.txt").read_text().rstrip().split("|")
    assert (name, units) == ("a%7Cb", "0 1 2")


@pytest.mark.parametrize("start", [0.0999995, 0.09999951, 0.1000004, 0.1])
def test_no_interval_of_a_textgrid_is_written_without_a_length(start):
    spans = [(0.0, start, "a"), (start, start + 9.8e-7, "b"), (start + 9.8e-7, 0.2, "c")]
    filled = list(fill(spans, 0.2000004))
    written = [(decimal(a), decimal(b)) for a, b, _ in filled]
    assert all(float(a) < float(b) for a, b in written)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(written))
    assert "xmax = 0.2\n" in "\n".join(textgrid_lines({"units": filled}, 0.2000004))
