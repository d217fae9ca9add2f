"""Two pages made of lines of the handwriting sample, with the place of each line known: straight, and gently curved."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates
from scipy.spatial import KDTree

from unitdisc.corpora.samples.penmanship import Pen, hand, rows
from unitdisc.corpora.samples.phrases import compose

left, top, pitch = 60, 50, 120  # pixels: where the lines of a page begin, and from one to the next
foot = 46  # the row of the baseline in a line of the sample
namespaces = {
    "2013": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15",
    "2019": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15",
}


@dataclass(frozen=True)
class MadeLine:
    """A line as it was drawn, its text, and its polygon and baseline on the page."""

    id: str
    text: str
    image: np.ndarray
    polygon: list[tuple[int, int]]
    baseline: list[tuple[int, int]]


@dataclass(frozen=True)
class MadePage:
    """The grey levels of a page, and its lines in reading order."""

    image: np.ndarray
    lines: list[MadeLine]


def made_page(*, curve: float = 0.0, lines: int = 8, seed: int = 0, size: int = 1) -> MadePage:
    """Set lines by one writer on a page, ``size`` times as large as the sample draws them.

    ``curve`` is by how many pixels their baselines go up and down.
    """
    rng = np.random.default_rng([seed, lines])
    pen = Pen(hand(seed, rng), rng)
    texts = [compose(rng) for _ in range(lines)]
    drawn = [pen.write(text, rng).image for text in texts]
    width = size * max(image.shape[1] for image in drawn) + 2 * left
    paper = np.median(np.concatenate([image.ravel() for image in drawn]))
    page = np.clip(np.rint(paper + rng.normal(0, 2, (2 * top + lines * pitch * size, width))), 0, 255)
    page[:: pitch // 2, ::7] = 30  # specks between the lines, which are outside of every polygon
    made = []
    for number, (text, image) in enumerate(zip(texts, drawn, strict=True)):
        at = top + number * pitch * size
        large = np.asarray(
            Image.fromarray(image).resize((size * image.shape[1], size * rows), Image.Resampling.BICUBIC)
        )
        made.append(replace(_set(page, large, at, curve, f"l{number + 1}", text), image=image))
    return MadePage(page.astype(np.uint8), made)


def _set(page: np.ndarray, image: np.ndarray, at: int, curve: float, name: str, text: str) -> MadeLine:
    """Write a line on a page along a wave: letters stand upright on it, and it is as long as the line."""
    step, high_as = 0.25, len(image)
    foot_at, period = foot * high_as // rows, 1100 * high_as / rows
    along = np.arange(0, image.shape[1] - 1 + step, step)
    slope = curve * 2 * np.pi / period * np.cos(2 * np.pi * along / period + at)
    x = left + np.cumsum(np.cos(np.arctan(slope))) * step
    y = at + foot_at + np.cumsum(np.sin(np.arctan(slope))) * step
    x, y = x - (x[0] - left), y - y.mean() + at + foot_at - (np.round(y.mean()) - y.mean())
    wave, down = np.stack([x, y], 1), np.stack([-np.sin(np.arctan(slope)), np.cos(np.arctan(slope))], 1)
    low, high = int(y.min()) - foot_at - 10, int(y.max()) + high_as - foot_at + 10
    rows_of, columns_of = np.mgrid[low:high, left - 8 : left + image.shape[1] + 8]
    pixels = np.stack([columns_of, rows_of], 2).reshape(-1, 2)
    nearest = KDTree(wave).query(pixels)[1]
    away = pixels - wave[nearest]
    ahead = (away * np.stack([down[nearest][:, 1], -down[nearest][:, 0]], 1)).sum(1)
    where = [(away * down[nearest]).sum(1) + foot_at, along[nearest] + ahead]
    levels = map_coordinates(image.astype(float), where, order=1, cval=-1).reshape(rows_of.shape)
    part = page[low:high, left - 8 : left + image.shape[1] + 8]
    part[levels >= 0] = np.rint(levels[levels >= 0])
    every = np.unique(np.append(np.arange(0, len(along), int(45 / step)), len(along) - 1))
    upper, lower = wave[every] - foot_at * down[every], wave[every] + (high_as - 1 - foot_at) * down[every]
    return MadeLine(name, text, image, _whole([*upper, *lower[::-1]]), _whole([*wave[every[:-1:2]], wave[-1]]))


def _whole(points: list[np.ndarray]) -> list[tuple[int, int]]:
    """Points as tools write them, in whole pixels."""
    return [(round(float(x)), round(float(y))) for x, y in points]


def spelt(points) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def page_xml(page: MadePage, image: str, *, version: str = "2019", custom: bool = True) -> str:
    """A page as PAGE XML, as eScriptorium and Transkribus write it."""
    height, width = page.image.shape
    lines = "".join(
        f'<TextLine id="{line.id}"'
        + (f' custom="readingOrder {{index:{number};}}"' if custom else "")
        + f'><Coords points="{spelt(line.polygon)}"/><Baseline points="{spelt(line.baseline)}"/>'
        f"<TextEquiv><Unicode>{line.text}</Unicode></TextEquiv></TextLine>\n"
        for number, line in enumerate(page.lines)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<PcGts xmlns="{namespaces[version]}">'
        "<Metadata><Creator>by hand</Creator><Created>2020-01-01T00:00:00</Created>"
        "<LastChange>2020-01-01T00:00:00</LastChange></Metadata>\n"
        f'<Page imageFilename="{image}" imageWidth="{width}" imageHeight="{height}">'
        f'<TextRegion id="r1" custom="readingOrder {{index:0;}}"><Coords points="0,0 {width - 1},0 {width - 1},'
        f'{height - 1} 0,{height - 1}"/>\n{lines}</TextRegion></Page></PcGts>\n'
    )


def alto_xml(page: MadePage, image: str, *, version: str = "4") -> str:
    """A page as ALTO, as eScriptorium and kraken write it; until version 3 without baselines of several points."""
    height, width = page.image.shape
    lines = []
    for line in page.lines:
        x, y = np.array(line.polygon).T
        box = f'HPOS="{x.min()}" VPOS="{y.min()}" WIDTH="{np.ptp(x) + 1}" HEIGHT="{np.ptp(y) + 1}"'
        points = " ".join(f"{x} {y}" for x, y in line.baseline) if version == "4" else str(line.baseline[0][1])
        lines.append(
            f'<TextLine ID="{line.id}" BASELINE="{points}" {box}><Shape><Polygon POINTS="'
            f'{" ".join(f"{x} {y}" for x, y in line.polygon)}"/></Shape>'
            + "<SP/>".join(f'<String CONTENT="{word}"/>' for word in line.text.split(" "))
            + "</TextLine>\n"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<alto xmlns="http://www.loc.gov/standards/alto/ns-v{version}#">'
        f"<Description><MeasurementUnit>pixel</MeasurementUnit><sourceImageInformation><fileName>{image}</fileName>"
        f'</sourceImageInformation></Description><Layout><Page ID="p" PHYSICAL_IMG_NR="0" WIDTH="{width}" '
        f'HEIGHT="{height}"><PrintSpace><TextBlock ID="b1">\n{"".join(lines)}</TextBlock></PrintSpace></Page></Layout>'
        "</alto>\n"
    )


def write_page(folder: Path, stem: str, page: MadePage, *, ending: str = ".png", xml: str | None = None) -> None:
    """Write the image of a page and its file beside it, PAGE 2019 unless given."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(page.image).save(folder / f"{stem}{ending}")
    (folder / f"{stem}.xml").write_text(page_xml(page, f"{stem}{ending}") if xml is None else xml, encoding="utf-8")
