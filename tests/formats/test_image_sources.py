"""Images by source: files, records of batches and of tables, and members of archives, each read once for many."""

import shutil

import pytest

from tests.helpers.cifar import archive, hub, members, picture, saved, unpacked
from unitdisc.errors import InputError
from unitdisc.formats import image_sources
from unitdisc.formats.image_sources import ImageSources

files = members(count=3)
inner = "cifar-10-batches-bin"


@pytest.fixture
def corpora(tmp_path):
    """One of each kind; '#' and ':' in their folder do no harm."""
    folder = tmp_path / "a#b:1"
    (folder / "packed").mkdir(parents=True)
    (folder / "alone.png").write_bytes(saved(picture(9)))
    shutil.copy(folder / "alone.png", folder / "time:12")
    archive(folder / "packed", files)
    unpacked(folder / "files", files)
    hub(folder / "hub")
    return folder


def sources(folder):
    packed = folder / "packed" / "cifar-10-binary.tar.gz"
    yield from (
        (f"{packed}#{inner}/data_batch_{b}.bin:{n}", 100 * (b - 1) + n) for b, n in ((1, 0), (4, 2), (2, 1), (1, 1))
    )
    yield from ((f"{folder}/files/{inner}/{name}:{n}", n + at) for name, n, at in (("test_batch.bin", 2, 500),))
    yield from ((f"{folder}/hub/plain_text/train-00000-of-00001.parquet:{n}", n) for n in (8, 0))
    yield from ((str(folder / name), 9) for name in ("alone.png", "time:12"))


def test_every_source_has_its_pixels(corpora):
    with ImageSources((32, 32)) as images:
        for source, number in [*sources(corpora), *sources(corpora)]:
            assert (images.read(source) == picture(number)).all(), source


def test_a_member_is_read_once_for_all_of_its_images(corpora, monkeypatch):
    opened = []
    original = image_sources.TarMembers

    def counted(path):
        opened.append(path)
        return original(path)

    monkeypatch.setattr(image_sources, "TarMembers", counted)
    path = corpora / "packed" / "cifar-10-binary.tar.gz"
    for _ in range(2):
        with ImageSources((32, 32)) as images:
            for number in (0, 2, 1):
                images.read(f"{path}#{inner}/data_batch_1.bin:{number}")
    assert len(opened) == 1


def test_an_archive_that_changed_is_read_again(tmp_path):
    source = f"{archive(tmp_path, files)}#{inner}/data_batch_1.bin:0"
    assert (ImageSources((32, 32)).read(source) == picture(0)).all()
    archive(tmp_path, files | {"data_batch_1.bin": files["data_batch_2.bin"] + files["data_batch_3.bin"]})
    assert (ImageSources((32, 32)).read(source) == picture(100)).all()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("none.png", "none.png: no such file"),
        ("none.bin:3", "none.bin: no such file"),
        (f"packed/cifar-10-binary.tar.gz#{inner}/nine.bin:0", r"nine\.bin: is not in the archive"),
        (f"packed/cifar-10-binary.tar.gz#{inner}/test_batch.bin:3", "has no record 3: there are 3"),
        (f"files/{inner}/test_batch.bin:99999999999999999", "has no record 99999999999999999: there are 3"),
        (f"files/{inner}/test_batch.bin:²", "no such file"),
        (f"files/{inner}/readme.html:0", "its 6 bytes end in record 0"),
        (f"packed/cifar-10-binary.tar.gz#{inner}/readme.html:0", "its 6 bytes end in record 0"),
        ("hub/plain_text/train-00000-of-00001.parquet:9", "has no row 9: there are 9"),
    ],
)
def test_what_is_not_there_is_named(corpora, source, message):
    with pytest.raises(InputError, match=message):
        ImageSources((32, 32)).read(f"{corpora}/{source}")


def test_records_of_another_size_are_refused(corpora):
    with pytest.raises(InputError, match="has 32 × 32 pixels, and images here have 16 × 16"):
        ImageSources((16, 16)).read(f"{corpora}/files/{inner}/test_batch.bin:0")
