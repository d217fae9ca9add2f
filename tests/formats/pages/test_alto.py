"""ALTO, versions 2 to 4."""

import numpy as np
import pytest

from tests.helpers.page_files import alto, alto_line, block
from unitdisc.formats.pages.page_file import read_pages


def only_page(text):
    (page,) = read_pages(text.encode(), "a.xml")[1]
    return page


@pytest.mark.parametrize("version", [2, 3])
def test_a_baseline_of_one_number(version):
    (a,) = only_page(alto(block("b", alto_line("a", 'BASELINE="70.5"')), version=version)).lines
    assert a.baseline.tolist() == [[10, 70.5], [900, 70.5]]


@pytest.mark.parametrize("points", ["10 70 900 72", "10,70 900,72", "(10, 70) (900, 72)", "10.0,70.0;900.0,72.0"])
def test_spellings_of_points(points):
    (a,) = only_page(alto(block("b", alto_line("a", f'BASELINE="{points}"')))).lines
    assert a.baseline.tolist() == [[10, 70], [900, 72]]


def test_a_line_without_a_shape_is_its_box():
    (a,) = only_page(alto(block("b", alto_line("a", shape="")))).lines
    assert a.polygon.tolist() == [[10, 10], [900, 10], [900, 90], [10, 90]]


def test_lines_in_composed_blocks():
    found = only_page(
        alto(f'<ComposedBlock ID="c">{block("b", alto_line("a"))}</ComposedBlock>' + block("d", alto_line("e")))
    )
    assert [(each.id, each.region) for each in found.lines] == [("a", "b"), ("e", "d")]


@pytest.mark.parametrize(
    ("refs", "expected"), [(["d", "b"], "eac"), (["c"], "cae"), (["e", "a"], "eac"), (["gone"], "ace"), ([], "ace")]
)
def test_the_reading_order(refs, expected):
    group = "".join(f'<ElementRef ID="o{n}" REF="{ref}"/>' for n, ref in enumerate(refs))
    head = f'<ReadingOrder><OrderedGroup ID="g">{group}</OrderedGroup></ReadingOrder>'
    body = block("b", alto_line("a") + alto_line("c")) + block("d", alto_line("e"))
    found = "".join(each.id for each in only_page(alto(body, head=head)).lines)
    assert found == expected


def test_millimetres_are_scaled_by_the_page():
    assert not only_page(alto(block("b", alto_line("a")), unit="mm10", size="")).pixels
    assert only_page(alto(block("b", alto_line("a")), unit="mm10")).size == (1000, 800)


def test_words_hyphens_and_spaces():
    words = '<String CONTENT="ge"/><HYP CONTENT="-"/>'
    body = block("b", alto_line("a").replace("</Shape>", f"</Shape>{words}"))
    assert only_page(alto(body)).lines[0].text == "ge-text of a"
    unspaced = alto(block("b", alto_line("a").replace("<SP/>", "")))
    assert only_page(unspaced).lines[0].text == "text of a"


def test_several_pages():
    two = alto(block("b", alto_line("a"))).replace(
        "</Layout>", f'<Page ID="q" PHYSICAL_IMG_NR="2" WIDTH="1000" HEIGHT="800"><PrintSpace>{block("c", alto_line("d"))}</PrintSpace></Page></Layout>'
    )  # fmt: skip
    first, second = read_pages(two.encode(), "a.xml")[1]
    assert (first.frame, second.frame) == (1, 2)
    assert [line.number for line in (*first.lines, *second.lines)] == [0, 1]


def test_the_writer_in_tags():
    head = '<Tags><OtherTag ID="t" TYPE="hand" LABEL="Kieft"/></Tags>'
    assert only_page(alto(block("b", alto_line("a")), head=head)).writer == "Kieft"
    assert np.isfinite(only_page(alto(block("b", alto_line("a")))).lines[0].polygon).all()
