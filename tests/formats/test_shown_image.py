"""Images are read as a viewer shows them: turned, on a ground that shows the ink, at any depth, one page a file."""

import contextlib
import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.helpers.images import png, saved, strokes, tiff
from unitdisc.errors import InputError
from unitdisc.features.handwriting import line_features, read_line
from unitdisc.formats.line_images import probe

ink = strokes().astype(np.int64)
paper = 1 - ink
plain = Image.fromarray((paper * 255).astype(np.uint8))
expected = line_features(plain)
turns = dict(enumerate((None, 0, 3, 1, 5, 2, 6, 4), start=1))  # as stored, such that the orientation undoes it


def check(tmp_path, data: bytes, wanted=expected, atol: float = 0.06) -> None:
    """The bicubic kernel overshoots where the tones are neither black nor white, by up to 0.06."""
    path = tmp_path / "line.img"
    path.write_bytes(data)
    features = read_line(str(path))
    assert probe(str(path)) == (len(features), None)
    assert features.shape == wanted.shape
    np.testing.assert_allclose(features, wanted, atol=atol)


def refused(tmp_path, data: bytes, message: str) -> None:
    path = tmp_path / "line.img"
    path.write_bytes(data)
    for function in (read_line, probe):
        with pytest.raises(InputError, match=rf"line\.img: {message}") as caught:
            function(str(path))
        assert "\n" not in str(caught.value)


# --- orientation ----------------------------------------------------------------------------------------------------


def stored(orientation: int) -> Image.Image:
    return plain if orientation == 1 else plain.transpose(Image.Transpose(turns[orientation]))


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[274] = orientation
    return block


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_line_is_turned_as_its_orientation_says(tmp_path, kind, orientation):
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(kind, {})
    if kind == "TIFF":
        data = saved(stored(orientation), kind, tiffinfo={274: orientation})
    else:
        data = saved(stored(orientation), kind, exif=exif(orientation), **options)
    check(tmp_path, data, atol=0.08 if kind == "JPEG" else 0.0)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_png_may_say_its_orientation_after_its_pixels(tmp_path, orientation):
    block = exif(orientation).tobytes()[6:]
    check(tmp_path, png(np.asarray(stored(orientation)), 8, after={b"eXIf": block}), atol=0)


def test_xmp_may_say_the_orientation(tmp_path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    check(tmp_path, saved(stored(6), "WEBP", lossless=True, xmp=xmp), atol=0)


@pytest.mark.parametrize("block", [b"", b"?", b"II*\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"II*\0\xff\xff\xff\xff"])
def test_a_broken_exif_block_changes_nothing(tmp_path, block):
    check(tmp_path, png(np.asarray(plain), 8, before={b"eXIf": block}), atol=0)
    check(tmp_path, png(np.asarray(plain), 8, after={b"eXIf": block}), atol=0)
    check(tmp_path, saved(plain, "WEBP", lossless=True, exif=block), atol=0)
    check(tmp_path, saved(plain, "JPEG", quality=100, exif=b"Exif\0\0" + block), atol=0.08)


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_there_is_not_changes_nothing(tmp_path, orientation):
    check(tmp_path, saved(plain, "PNG", exif=exif(orientation)), atol=0)


def test_a_line_in_a_zip_is_turned_too(tmp_path):
    with zipfile.ZipFile(tmp_path / "lines.zip", "w") as archive:
        archive.writestr("nl/line.png", saved(stored(6), "PNG", exif=exif(6)))
    source = f"{tmp_path}/lines.zip#nl/line.png"
    np.testing.assert_array_equal(read_line(source), expected)
    assert probe(source) == (150, None)


def test_the_size_that_counts_is_the_one_shown(tmp_path):
    thin = Image.new("L", (1, 100), 255)
    refused(tmp_path, saved(thin, "PNG"), "has 1 × 100 pixels: not one column")
    (tmp_path / "line.img").write_bytes(saved(thin, "PNG", exif=exif(6)))
    assert probe(str(tmp_path / "line.img")) == (3200, None)


# --- transparency ---------------------------------------------------------------------------------------------------


def clear(level, alpha) -> Image.Image:
    """Of one level (or colour) everywhere, visible by ``alpha`` (H, W)."""
    pixels = np.zeros((*ink.shape, 4), dtype=np.uint8)
    pixels[..., :3], pixels[..., 3] = level, alpha
    return Image.fromarray(pixels)


@pytest.mark.parametrize("colour", [0, 60, 120, 135, 255, (255, 0, 0), (255, 255, 0), (0, 0, 160)])
@pytest.mark.parametrize("alpha", [255, 120])
def test_ink_on_nothing_is_seen_whatever_its_colour(tmp_path, colour, alpha):
    check(tmp_path, saved(clear(colour, ink * alpha), "PNG"))


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBa", "P"])
@pytest.mark.parametrize("level", [0, 255])
def test_ink_on_nothing_is_seen_in_every_mode(mode, level):
    image = clear(level, ink * 255)
    images = {"P": image.quantize(4), "La": image.convert("LA").convert("La")}
    if mode == "PA":  # a palette is not converted with its transparency
        images["PA"] = Image.new("P", image.size).convert("PA")
        images["PA"].putpalette([level] * 3)
        images["PA"].putalpha(image.getchannel("A"))
    np.testing.assert_allclose(line_features(images.get(mode) or image.convert(mode)), expected, atol=0.06)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "GIF"])
@pytest.mark.parametrize("level", [0, 255])
def test_ink_on_nothing_is_seen_in_every_format(tmp_path, kind, level):
    check(tmp_path, saved(clear(level, ink * 255), kind, **({"lossless": True} if kind == "WEBP" else {})))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("light", [0, 1])
@pytest.mark.parametrize("colours", [1, 3])
def test_a_level_of_a_png_may_be_transparent(tmp_path, bits, light, colours):
    if colours == 3 and bits < 8:
        pytest.skip("PNG has no such colours")
    top = 2**bits - 1
    levels = np.where(ink, light * top, (1 - light) * top)
    levels = np.repeat(levels[..., None], 3, axis=2) if colours == 3 else levels
    transparent = struct.pack(f">{colours}H", *[(1 - light) * top] * colours)
    check(tmp_path, png(levels, bits, before={b"tRNS": transparent}))


@pytest.mark.parametrize(("tone", "level"), [(255, 0), (200, 30), (30, 220), (0, 255)])
@pytest.mark.parametrize("share", [0.4, 0.6, 0.9])
def test_what_surrounds_a_cut_out_piece_of_paper_is_paper(tone, level, share):
    cut = int(64 * (1 - share) / 2)
    alpha = np.zeros(ink.shape)
    alpha[cut : 64 - cut] = 255
    features = line_features(clear(np.where(ink, level, tone)[..., None], alpha))
    assert features.max() > 0.9
    assert abs(features[:, : max(1, cut // 2 - 1)]).max() < 0.05
    inside = slice(cut // 2 + 2, 32 - cut // 2 - 2)
    np.testing.assert_allclose(features[:, inside], expected[:, inside], atol=0.08)


def test_an_opaque_image_is_not_changed_by_its_alpha():
    np.testing.assert_array_equal(line_features(plain.convert("RGBA")), line_features(plain.convert("RGB")))
    np.testing.assert_array_equal(line_features(plain.convert("LA")), line_features(plain))


def test_a_wholly_transparent_image_is_an_empty_line(tmp_path):
    for level in (0, 255):
        check(tmp_path, saved(clear(level, 0), "PNG"), np.zeros_like(expected), atol=0)


def test_soft_edges_of_ink_keep_their_ink():
    soft = np.asarray(Image.fromarray((ink * 255).astype(np.uint8)).resize((900, 192)).resize((300, 64)))
    on_paper = line_features(Image.fromarray(255 - soft))
    for level in (0, 255):
        np.testing.assert_allclose(line_features(clear(level, soft)), on_paper, atol=0.05)


# --- depth ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("top", [1, 15, 255, 1023, 4095, 16383, 65535])
def test_fewer_bits_than_sixteen_may_be_stored_in_sixteen(tmp_path, top, order):
    check(tmp_path, tiff((paper * top).astype(np.uint16), order=order), atol=0)
    check(tmp_path, png(paper * top, 16), atol=0)


@pytest.mark.parametrize("top", [1023, 4095, 65535])
def test_fewer_bits_may_be_stored_in_sixteen_of_a_colour(tmp_path, top):
    colours = np.repeat((paper * top).astype(np.uint16)[..., None], 3, axis=2)
    for data in (tiff(colours), tiff(colours, order=">"), png(colours, 16)):
        check(tmp_path, data)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("inverted", [False, True])
def test_every_depth_of_a_png_is_read(tmp_path, bits, inverted):
    check(tmp_path, png((ink if inverted else paper) * (2**bits - 1), bits))


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("i1", -128, 127), ("i2", -32768, 32767), ("i2", -2048, 2047), ("i2", 0, 4095), ("i4", -(2**31), 2**31 - 1),
     ("u4", 0, 4095), ("u4", 0, 2**32 - 1), ("u4", 0, 70_000), ("f4", 0, 1), ("f4", 0, 255), ("f4", 0, 65535),
     ("f4", -1, 1), ("f4", -0.02, 1.03)],
)  # fmt: skip
def test_signed_and_floating_levels_are_read(tmp_path, kind, low, high):
    check(tmp_path, tiff(np.where(ink, low, high).astype(kind)))


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_white_may_be_zero(tmp_path, kind):
    check(tmp_path, tiff((ink * {"u1": 255, "u2": 4095, "f4": 1}[kind]).astype(kind), photometric=0))


@pytest.mark.parametrize("level", [0, 1])
def test_pixels_that_are_no_number_are_transparent(tmp_path, level):
    levels = np.where(ink, level, np.nan).astype(np.float32)
    check(tmp_path, tiff(levels))
    levels.view(np.uint32)[~ink] = 0x7FA00000  # one that signals
    with np.errstate(invalid="raise"):
        check(tmp_path, tiff(levels))


# --- pages ----------------------------------------------------------------------------------------------------------

grey = (paper * 255).astype(np.uint8)
two = "holds 2 pages or frames, and a file of a text line has one; save each as a file of its own"


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "WEBP", "PNG", "MPO"])
def test_a_file_of_several_pages_is_refused_with_their_number(tmp_path, kind):
    other = Image.fromarray((paper[:, ::-1] * 255).astype(np.uint8)).convert("RGB")
    refused(tmp_path, saved(plain.convert("RGB"), kind, save_all=True, append_images=[other]), two)


def test_pages_are_counted(tmp_path):
    refused(tmp_path, tiff(*[grey] * 12), "holds 12 pages")


def test_a_page_that_cannot_be_read_is_a_page_all_the_same(tmp_path):
    refused(tmp_path, tiff(grey, grey, tags={259: [1, 9999]}), "(holds 2 pages|cannot be read as an image)")
    refused(tmp_path, tiff(grey, grey)[:-20], "(holds 2 pages|cannot be read as an image)")


@pytest.mark.parametrize("tags", [{254: [0, 1]}, {254: [0, 4]}, {255: [1, 2]}])
def test_previews_and_masks_in_a_tiff_are_no_pages(tmp_path, tags):
    check(tmp_path, tiff(grey, grey[::4, ::4], tags=tags), atol=0)


def test_a_preview_may_come_first(tmp_path):
    check(tmp_path, tiff(grey[::4, ::4], grey, tags={254: [1, 0]}), atol=0)


def test_a_smaller_copy_beside_a_photograph_is_no_page(tmp_path):
    small = plain.resize((150, 32)).convert("RGB")
    check(tmp_path, saved(plain.convert("RGB"), "MPO", quality=100, save_all=True, append_images=[small]), atol=0.08)


def test_a_loop_of_pages_ends(tmp_path):
    data = bytearray(tiff(grey))
    data[-4:] = data[4:8]  # the page is followed by itself
    check(tmp_path, bytes(data), atol=0)


def test_an_animation_of_one_frame_is_an_image(tmp_path):
    check(tmp_path, saved(plain, "GIF", save_all=True), atol=0.05)


# --- broken files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "WEBP", "PNG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_file_of_pages_is_refused_in_one_line(tmp_path, kind, share):
    noise = Image.effect_noise((300, 64), 60).convert("RGB")
    whole = saved(noise, kind, save_all=True, append_images=[noise.transpose(Image.Transpose.ROTATE_180)])
    path = tmp_path / "cut.img"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=r"cut\.img: (is not an image|cannot be read as an image|holds 2 pages)"):
        read_line(str(path))


def test_a_kind_of_tiff_that_is_not_read_is_refused_in_one_line(tmp_path):
    refused(tmp_path, tiff(grey, tags={259: 9999}), "(is not an image that can be read|cannot be read as an image)")
    refused(tmp_path, tiff(grey.astype(np.float64)), "is not an image that can be read; convert the file to PNG")


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_one_line_or_an_image(tmp_path, seed):
    rng = np.random.default_rng(seed)
    kinds = [tiff(grey, grey[::4, ::4], tags={254: [0, 1]}), png(paper * 4095, 16, after={b"eXIf": exif(6).tobytes()}),
             saved(stored(6), "JPEG", exif=exif(6)), saved(clear(255, ink * 255), "WEBP", exif=exif(3))]  # fmt: skip
    data = bytearray(kinds[seed % 4])
    head = min(len(data), 400)
    for place in rng.integers(8, head, 5).tolist() + rng.integers(max(8, len(data) - 300), len(data), 5).tolist():
        data[place] = rng.integers(256)
    (tmp_path / "broken.img").write_bytes(data)
    with contextlib.suppress(InputError):
        read_line(str(tmp_path / "broken.img"))


def test_as_shown_leaves_an_ordinary_image_as_it_is():
    for mode in ("L", "RGB"):
        image = Image.open(io.BytesIO(saved(plain.convert(mode), "PNG")))
        np.testing.assert_array_equal(line_features(image), expected)
