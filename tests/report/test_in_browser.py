"""The report in a real browser: no error, no request, sorting, units, sound, the dark, a phone, the keyboard."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.helpers import chromium, image_results, report_results
from unitdisc.report import page as report_page
from unitdisc.report.page import render, render_folders

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
if chromium.path is None:
    pytest.skip("no chromium on this machine (apt-get install chromium)", allow_module_level=True)

pytestmark = pytest.mark.browser

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    plan = report_results.write(report_results.experiment(folder / "results"))
    (folder / "report.html").write_text(render(plan), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    plan = image_results.write(image_results.experiment(folder / "results"))
    (folder / "report.html").write_text(render(plan), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture(scope="module")
def decoded(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a k-means run on speech and a network on lines, both with decoders."""
    path = tmp_path_factory.mktemp("decoded") / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        path.write_text(render_folders([Path("results")]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium.path, args=chromium.arguments)
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Any, path: Path) -> Iterator[Opened]:
    """Open the page; at the end nothing may have gone wrong in it, and nothing been asked of the network."""
    contexts, trouble = [], []

    def open_page(fragment: str = "", path: Path = path, **options: Any) -> Any:
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: trouble.append(f"dialog {dialog.message}"))
        page.on(
            "request", lambda asked: trouble.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
        )
        page.goto(path.as_uri() + fragment)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def sorted_column(page: Any, column: int) -> list[float]:
    cells = page.locator(f".table-of-scores:visible tbody:first-of-type tr:not(.heading) td:nth-child({column})")
    return [float(value) for value in cells.evaluate_all("cells => cells.map(c => c.dataset.value)") if value]


def test_sorting_and_choosing_of_scores(opened: Opened) -> None:
    page = opened()
    before = sorted_column(page, 3)
    page.get_by_role("button", name="accuracy %").locator("visible=true").click()
    assert sorted_column(page, 3) == sorted(before, reverse=True) != before
    page.get_by_role("button", name="accuracy %").locator("visible=true").click()
    assert sorted_column(page, 3) == sorted(before)
    assert page.locator(".table-of-scores:visible th[aria-sort=ascending]").count() == 1
    page.get_by_role("button", name="train", exact=True).click()
    assert page.locator(".table-of-scores:visible").get_attribute("data-split") == "train"
    page.get_by_role("button", name="with silence and space", exact=True).click()
    assert page.locator(".table-of-scores:visible").get_attribute("data-view") == "_excluded"


def test_choosing_a_unit_keeps_it_in_the_address(opened: Opened) -> None:
    page = opened()
    page.locator('.unit[data-unit="7"]').click()
    assert page.locator("#unit h4").inner_text() == "Unit 7"
    assert "unit=7" in page.url
    assert page.locator(".example").count() > 2
    page.locator("#unit .near button").first.click()
    other = page.locator("#unit h4").inner_text()
    assert other != "Unit 7"
    page.go_back()
    assert page.locator("#unit h4").inner_text() == "Unit 7"
    again = opened("#" + page.url.partition("#")[2])
    assert again.locator("#unit h4").inner_text() == "Unit 7"


def test_an_address_from_elsewhere_changes_nothing(opened: Opened) -> None:
    page = opened("#corpus=nowhere&run=x/9&unit=9999&label=<b>")
    assert re.fullmatch(r"Unit \d+", page.locator("#unit h4").inner_text())
    opened("#training")


def test_labels_search_and_order(opened: Opened) -> None:
    page = opened()
    everything = page.locator(".unit").count()
    page.get_by_role("group", name="labels").get_by_role("button", name="b", exact=True).click()
    assert "label=b" in page.url
    page.get_by_role("group", name="labels").get_by_role("button", name="b", exact=True).click()
    assert page.locator(".unit").count() == everything
    page.locator("#unit-search").fill("7")
    assert page.locator(".unit").count() == 1
    page.locator("#unit-search").fill("no such thing")
    assert page.locator(".unit").count() == 0
    page.locator("#unit-search").fill("")
    page.locator("#unit-order").select_option("unit")
    numbers = page.locator(".unit .number").all_inner_texts()
    assert numbers == sorted(numbers, key=int)


def test_another_run_and_corpus(opened: Opened) -> None:
    page = opened()
    page.locator("#units select.run").select_option(label="kmeans, seed 0")
    assert page.locator("#utterances select.run option:checked").inner_text() == "kmeans, seed 0"
    page.locator("#utterances select.corpus").select_option(label="lines")
    assert page.locator("#utterance-list article").count() == 6
    assert page.locator("#utterance-list .play").count() == 0
    assert "corpus=lines" in page.url


def test_playing(opened: Opened) -> None:
    page = opened()
    expect = playwright.expect
    page.locator("button.example").first.click()
    expect(page.locator("body")).to_have_attribute("data-played", "1")
    expect(page.locator(".playing")).to_have_count(0)
    play = page.locator("#utterance-list .play").first
    play.click()
    expect(page.locator("body")).to_have_attribute("data-played", "2")
    expect(page.locator("#utterance-list .head").first).to_be_visible()
    play.click()  # stops
    expect(page.locator(".playing")).to_have_count(0)
    expect(page.locator("#utterance-list .head:visible")).to_have_count(0)


def test_a_browser_hears_the_recording_where_the_labels_are(opened: Opened, path: Path) -> None:
    page = opened()
    name, wanted, samples = page.evaluate(
        """async () => {
          const data = JSON.parse(document.getElementById("data").textContent);
          const excerpt = data.corpora[0].excerpts[0];
          const bytes = Uint8Array.from(atob(excerpt.sound.split(",")[1]), (c) => c.charCodeAt(0));
          const buffer = await new OfflineAudioContext(1, 16000, 16000).decodeAudioData(bytes.buffer);
          return [excerpt.utterance, excerpt.end - excerpt.start, Array.from(buffer.getChannelData(0))];
        }"""
    )
    true, rate = soundfile.read(path.parent / "results/talk/source" / f"{name}.wav")
    lag = int(np.argmax(np.correlate(samples, true[: round(0.5 * wanted * rate)], "valid")))
    lead = 1105 if len(samples) / rate - wanted > 0.9 * 1105 / 16000 else 0  # as sound.js takes it off
    assert abs(lag - lead) <= 16  # a millisecond


def test_keyboard(opened: Opened) -> None:
    page = opened()
    page.locator("#unit-order").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    first = page.locator("#unit h4").inner_text()
    page.keyboard.press("ArrowDown")
    assert page.locator("#unit h4").inner_text() != first
    assert page.locator(".unit[aria-selected=true]").count() == 1
    page.keyboard.press("ArrowUp")
    assert page.locator("#unit h4").inner_text() == first
    page.keyboard.press("Enter")
    playwright.expect(page.locator("body")).to_have_attribute("data-played", "1")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement === [...document.querySelectorAll('.unit')].at(-1)")
    unreachable = page.evaluate(
        "[...document.querySelectorAll('button, select, input, summary')].filter(e => e.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_dark(opened: Opened) -> None:
    def light(page: Any, name: str) -> float:
        text = page.evaluate(f"getComputedStyle(document.body).{name}")
        return sum(map(float, re.findall(r"[\d.]+", text)[:3])) / 3

    day, night = opened(color_scheme="light"), opened(color_scheme="dark")
    assert light(day, "backgroundColor") > 200 > 100 > light(day, "color")
    assert light(night, "backgroundColor") < 60 < 200 < light(night, "color")
    assert "invert(1)" in night.evaluate("getComputedStyle(document.querySelector('.picture img')).filter")


def test_phone(opened: Opened) -> None:
    page = opened(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator('.unit[data-unit="7"]').tap()
    assert page.locator("#unit h4").inner_text() == "Unit 7"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        "[...document.querySelectorAll('button:not(th button), select')].filter(e => e.offsetHeight && e.offsetHeight < 24).length"
    )
    assert small == 0


def test_the_key_of_the_curves_stays_in_sight(opened: Opened) -> None:
    page = opened(viewport={"width": 390, "height": 844})
    last = page.locator(".curves figure").nth(4)
    page.evaluate("scrollTo(0, 0)")
    last.evaluate("figure => scrollTo(0, figure.getBoundingClientRect().top + scrollY - 150)")
    key, nav = page.locator(".curves > .key").first.bounding_box(), page.locator("nav").bounding_box()
    assert nav["y"] + nav["height"] - 2 <= key["y"] <= last.bounding_box()["y"]


def test_tables_of_many_rows_unfold(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_page, "most_seeds", 1)
    monkeypatch.setattr(report_page, "listed_rows", 1)
    monkeypatch.setattr(report_page, "listed_findings", 1)
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["kmeans", "vq"]}, seeds=[0, 1])
    report_results.write(plan)
    for model in ("kmeans", "vq"):
        (plan.results / f"talk/{model}/seed0/test.units.tsv").unlink()
    (tmp_path / "report.html").write_text(render(plan), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    seeds = page.locator("tr.run:visible")
    assert seeds.count() == 0  # many of them: means alone to begin with
    page.locator("#seeds").check()
    assert seeds.count() == 4
    for part, rows in (("#health", ".findings li"), ("#scores", "[aria-label='acoustic pieces'] tbody tr")):
        row = page.locator(f"{part} {rows}").last
        assert not row.is_visible()
        page.locator(f"{part} details:has({rows}) summary").click()
        assert row.is_visible()
    page.close()


def test_the_heat_map_describes_its_cells_and_opens_units(opened: Opened) -> None:
    page = opened()
    image = page.locator("#heat-image")
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    text = page.locator("#heat-cell").inner_text()
    data = json.loads(page.locator("#data").evaluate("e => e.textContent"))
    corpus = data["corpora"][0]
    run = corpus["runs"][corpus["first"]]
    unit, label = run["heatmap"]["units"][0], run["heatmap"]["labels"][0]
    row = next(row for row in run["units"] if row[0] == unit)
    share = dict(row[4])[corpus["labels"].index(label)] / row[5]
    assert text.startswith(f"unit {unit}: {label} ")
    assert abs(float(text.split()[-2]) - 100 * share) <= 1
    page.mouse.click(box["x"] + 2, box["y"] + 2)
    assert page.locator("#unit h4").inner_text() == f"Unit {unit}"


def test_mistakes_are_marked(opened: Opened) -> None:
    page = opened()
    data = json.loads(page.locator("#data").evaluate("e => e.textContent"))
    corpus = data["corpora"][0]
    run = corpus["runs"][corpus["first"]]
    number = next(n for n, excerpt in enumerate(corpus["excerpts"]) if excerpt["why"] == "best")
    excerpt, (first, text) = corpus["excerpts"][number], run["pieces"][number]
    mapped = {row[0]: row[3] for row in run["units"]}
    right = scored = 0
    for index, unit in enumerate(text.split()):
        time = (first + index + 0.5) * run["shift"]
        label = next((name for start, end, name in excerpt["labels"] if start <= time < end), None)
        if label is not None and label not in corpus["excluded"]:
            scored += 1
            right += corpus["labels"][mapped[int(unit)]] == label
    shown = page.locator("#utterance-list article h4 small").first.inner_text()
    assert abs(float(re.findall(r"([\d.]+) % right", shown)[0]) - 100 * right / scored) <= 1
    assert page.locator("#utterance-list article .wrong").count() > 0


def test_inside_another_page(browser: Any, path: Path, tmp_path: Path) -> None:
    """The report of Snakemake shows the page as a data URI, which has no address of its own to keep anything in."""
    content = base64.b64encode(path.read_bytes()).decode()
    outer = tmp_path / "outer.html"
    outer.write_text(f'<iframe src="data:text/html;base64,{content}" width="1000" height="800"></iframe>')
    page = browser.new_page()
    page.goto(outer.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator('.unit[data-unit="7"]').click()
    playwright.expect(frame.locator("#unit h4")).to_have_text("Unit 7")
    page.close()


def test_a_unit_of_a_codebook_marks_its_patches(opened: Opened, pictures: Path) -> None:
    page = opened("#corpus=pictures&run=several/0/2", pictures)
    runs = page.get_by_label("run of the units").locator("option").all_text_contents()
    assert runs[1:7] == [f"several, seed 0, codebook {codebook}" for codebook in range(6)]
    number = page.locator("#unit-list [aria-selected=true]").get_attribute("data-unit")
    assert page.locator("#unit h4").text_content() == f"Unit {number} of codebook 2"
    tables = {
        line.split("\t")[0]: line.rstrip().split("\t")[2].split(" ")
        for split in ("train", "dev", "test")
        for line in (pictures.parent / f"results/pictures/several/seed0/{split}.units.tsv").read_text().splitlines()[1:]
    }
    examples = page.locator("#unit .example")
    assert examples.count() == 12
    for example in examples.all():
        name = example.get_attribute("title").partition(",")[0]
        found = [token.split(":")[2] == number for token in tables[name]]
        assert example.locator(".patch").count() == sum(found)
        assert example.get_attribute("title") == f"{name}, {sum(found)} of its patches"
        places = {(float(m.get_attribute("x")), float(m.get_attribute("y"))) for m in example.locator(".patch").all()}
        assert places == {(42.0 * (n % 3), 42.0 * (n // 3)) for n, chosen in enumerate(found) if chosen}
    page.locator("#unit-list [aria-selected=true]").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("location.hash").startswith("#corpus=pictures&run=several%2F0%2F2&unit=")


def test_an_image_stands_beside_its_units(opened: Opened, pictures: Path) -> None:
    page = opened("#corpus=pictures&run=kmeans/0", pictures)
    assert not page.locator("#lines-caption").is_visible()
    assert page.locator("#images-caption").is_visible()
    articles = page.locator("#utterance-list article")
    assert articles.count() == 6
    for article in articles.all():
        assert article.locator(".cell").count() == 6
        wrong = article.locator(".cell line").count()
        share = re.search("([0-9.]+) % right", article.locator("small").text_content())
        assert float(share[1]) == pytest.approx(100 * (6 - wrong) / 6, abs=0.6)
    unit = articles.first.locator(".cell text").first.text_content()
    articles.first.locator(".cell").first.click()
    assert page.locator("#unit h4").text_content() == f"Unit {unit}"
    page.get_by_label("run of the utterances").select_option(label="several, seed 0, codebook 5")
    assert page.locator("#unit h4").text_content().endswith("of codebook 5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_images_on_a_phone(opened: Opened, pictures: Path, scheme: str) -> None:
    page = opened("", pictures, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    rows = page.get_by_role("group", name="Images of test and their reconstructions, pictures")
    rows.focus()
    assert rows.evaluate("box => box.scrollWidth > box.clientWidth")
    page.keyboard.press("ArrowRight")
    for _ in range(100):
        if scrolled := rows.evaluate("box => box.scrollLeft"):
            break
        page.wait_for_timeout(30)
    assert scrolled
    over = page.locator(".over text").first
    assert (
        over.evaluate("text => getComputedStyle(text).fill") == "rgb(20, 23, 26)"
    )  # dark, as what is below it is light
    assert page.locator("#images svg image").count() == 80


def test_without_scripts_the_images_are_there(browser: Any, pictures: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(pictures.as_uri())
    assert page.locator("#images svg").is_visible()
    assert page.locator(".table-of-scores:visible").count() == 1
    page.context.close()


def test_tables_of_other_columns_are_chosen_together(browser: Any, tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r"))
    for file in plan.results.glob("lines/*/seed0/*.abx.tsv"):
        file.unlink()
    (tmp_path / "report.html").write_text(render(plan), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())

    def shown() -> list[tuple[str, str]]:
        groups = page.locator(".table-of-scores:visible").all()
        return [(group.get_attribute("data-split"), group.locator(".heading").text_content()) for group in groups]

    assert shown() == [("test", "talk"), ("test", "lines")]
    page.get_by_role("button", name="with silence and space", exact=True).click()
    assert shown() == [("test", "talk"), ("test", "lines")]
    page.close()


def test_each_utterance_plays_as_recorded_rebuilt_and_in_other_voices(opened: Opened, decoded: Path) -> None:
    page = opened("#corpus=speech&run=kmeans/0", decoded)
    expect = playwright.expect
    articles = page.locator("#utterance-list article")
    for article in articles.all():
        speaker = article.locator("h4 small").inner_text().partition(",")[0]
        names = [f"as recorded|rebuilt from its units|in the voice of {'s1' if speaker == 's0' else 's0'}"]
        assert ["|".join(article.locator(".players button").all_inner_texts())] == names
        assert article.locator(".play").count() == 0
    name = articles.first.get_by_role("group", name="sounds of").get_attribute("aria-label").removeprefix("sounds of ")
    for number, manner in enumerate(("as recorded", "rebuilt from its units", "in the voice of"), 1):
        button = page.get_by_role("button", name=re.compile(f"play {name} {manner}"))
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("body")).to_have_attribute("data-played", str(number))
        expect(articles.first.locator(".head")).to_be_visible()
        expect(page.locator(".playing")).to_have_count(0)
    articles.first.locator(".picture").nth(1).click(position={"x": 5, "y": 40})
    expect(page.locator("body")).to_have_attribute("data-played", "4")
    expect(page.locator("#rebuilt-caption")).to_contain_text(re.compile(r"^[^.]*metallic[^.]*\.$"))


def test_a_rebuilt_picture_is_right_below_the_original(opened: Opened, decoded: Path) -> None:
    for corpus in ("speech&run=kmeans/0", "lines&run=vq/0"):
        page = opened(f"#corpus={corpus}", decoded)
        for article in page.locator("#utterance-list article").all():
            above, below = (picture.bounding_box() for picture in article.locator(".picture img").all())
            assert (below["x"], below["width"], below["height"]) == (above["x"], above["width"], above["height"])
            assert below["y"] == pytest.approx(above["y"] + above["height"], abs=1)
            names = article.locator(".names span").all_inner_texts()
            assert [name for name in names if name not in ("labels", "mapped")] == ["original", "rebuilt", "units"]
    assert page.locator(".players").count() == 0
    assert page.get_by_alt_text("rebuilt from its units").count() == page.locator("#utterance-list article").count()


def test_a_unit_is_heard_or_seen_by_itself(opened: Opened, decoded: Path) -> None:
    page = opened("#corpus=speech&run=kmeans/0", decoded)
    expect = playwright.expect
    for row in page.locator("#unit-list .unit").all():
        row.click()
        number = row.get_attribute("data-unit")
        alone = page.get_by_role("button", name=f"play unit {number} by itself", exact=True)
        assert alone.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    alone.click()
    expect(page.locator("body")).to_have_attribute("data-played", "1")
    expect(page.locator(".playing")).to_have_count(0)
    page.locator("#unit-list [aria-selected=true]").focus()
    page.keyboard.press(" ")
    expect(page.locator("body")).to_have_attribute("data-played", "2")
    assert page.locator("#unit .hint").inner_text().startswith("First the unit by itself, decoded and held for 250 ms")
    page.locator("#units select.corpus").select_option(label="lines")
    assert page.get_by_role("img", name=re.compile(r"^unit \d+ by itself$")).count() == 1
    assert (
        page.locator("#unit .hint").inner_text().startswith("First the unit by itself, decoded and held for 8 columns")
    )


def test_rebuilt_pictures_in_the_dark_and_on_a_phone_move_nothing(opened: Opened, decoded: Path) -> None:
    page = opened("#corpus=speech&run=kmeans/0", decoded, viewport={"width": 390, "height": 844}, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for place in (".decoded img", "#utterance-list .picture img >> nth=1"):
        assert "invert(1)" in page.locator(place).evaluate("image => getComputedStyle(image).filter")
    small = page.locator(".players button").evaluate_all("all => all.filter(e => e.offsetHeight < 24).length")
    assert small == 0
    place = "[...document.querySelectorAll('article')].map(e => [e.offsetTop, e.offsetHeight])"
    before = page.evaluate(place)
    page.locator(".players button").nth(1).click()
    playwright.expect(page.locator(".playing")).to_have_count(0)
    assert page.evaluate(place) == before


def test_patches_stand_for_units_and_rebuilt_images_beside_them(opened: Opened, pictures: Path) -> None:
    page = opened("#corpus=pictures&run=kmeans/0", pictures, color_scheme="dark")
    patch = page.get_by_role("img", name=re.compile(r"^unit \d+ by itself$"))
    assert patch.locator(".picture").evaluate("e => [e.offsetWidth, e.offsetHeight]") == [84, 84]
    assert patch.locator("img").evaluate("image => getComputedStyle(image).filter") == "none"
    assert page.locator("#utterance-list .beside").first.locator(".image").count() == 2
    assert "invert" not in page.locator(".beside img").nth(1).evaluate("image => getComputedStyle(image).filter")
