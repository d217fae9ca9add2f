"""What headers say of the length, of every format that libsndfile reads and of MP4."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.corpora import tone
from tests.helpers.recordings import encoded
from unitdisc.formats.declared_length import Promise, declared_samples, never_ends, promised

samples = tone(0.3)
aiff, sphere, wav = (encoded(samples, name, "PCM_16") for name in ("AIFF", "NIST", "WAV"))
vorbis, opus = encoded(samples, "OGG", "VORBIS"), encoded(samples, "OGG", "OPUS")


@pytest.mark.parametrize("content", [aiff, sphere])
def test_aiff_and_sphere_declare_their_samples(content):
    assert declared_samples(io.BytesIO(content)) == 4800
    assert declared_samples(io.BytesIO(content[: len(content) // 2])) == 4800


def test_compressed_aiff_declares_them_too():
    assert declared_samples(io.BytesIO(encoded(samples, "AIFF", "ULAW"))) == 4800


@pytest.mark.parametrize(
    "content", [wav, vorbis, encoded(samples, "FLAC"), b"", b"FORM\0\0\0\0AIFF", b"NIST_1A\n   1024\nend_head\n"]
)
def test_other_files_declare_nothing_here(content):
    assert declared_samples(io.BytesIO(content)) is None


def test_a_sphere_of_another_number_of_samples():
    more = sphere.replace(b"sample_count -i 4800", b"sample_count -i 9600")
    assert declared_samples(io.BytesIO(more)) == 9600


@pytest.mark.parametrize("content", [vorbis, opus])
def test_an_ogg_ends_with_a_page_that_says_so(content):
    assert not never_ends(io.BytesIO(content))
    last = content.rfind(b"OggS")
    assert never_ends(io.BytesIO(content[:last]))
    assert all(never_ends(io.BytesIO(content[:size])) for size in (last + 20, last + 40, len(content) - 1))


@pytest.mark.parametrize("content", [b"", b"Ogg", wav, aiff, sphere, encoded(samples, "MP3")])
def test_other_files_have_no_pages(content):
    assert not never_ends(io.BytesIO(content))


w64, rf64, au, caf = (encoded(samples, name, "PCM_16") for name in ("W64", "RF64", "AU", "CAF"))


@pytest.mark.parametrize("content", [w64, rf64, au, encoded(samples, "SVX", "PCM_16")])
def test_containers_declare_their_bytes(content):
    assert promised(io.BytesIO(content)) == Promise("bytes", 9600, 9600)
    assert promised(io.BytesIO(content[:-1000])) == Promise("bytes", 9600, 8600)


def test_a_caf_declares_its_bytes_with_four_more():
    assert promised(io.BytesIO(caf[:-1000])) == Promise("bytes", 9604, 8604)


@pytest.mark.parametrize(
    ("content", "at", "width"),
    [(au, 8, 4), (rf64, 28, 8), (w64, w64.index(b"data") + 16, 8), (caf, caf.index(b"data") + 4, 8)],
)
def test_what_was_streamed_promises_nothing(content, at, width):
    never_closed = content[:at] + b"\xff" * width + content[at + width :]
    assert promised(io.BytesIO(never_closed)) is None


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


mp4 = box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", bytes(100)) + box(b"mdat", bytes(1000))


def test_an_mp4_promises_whole_boxes():
    assert promised(io.BytesIO(mp4)) == Promise("bytes", len(mp4), len(mp4))
    assert promised(io.BytesIO(mp4[:-1])) == Promise("bytes", len(mp4), len(mp4) - 1)
    long = mp4[:124] + (1).to_bytes(4, "big") + b"mdat" + (2**40).to_bytes(8, "big") + bytes(1000)
    assert promised(io.BytesIO(long)) == Promise("bytes", 124 + 2**40, len(long))
    assert promised(io.BytesIO(mp4[:124] + bytes(4) + b"mdat" + bytes(50))) == Promise("bytes", 182, 182)


@given(st.sampled_from([aiff, sphere, w64, rf64, au, caf, mp4, vorbis]), st.integers(0, 200), st.binary(max_size=40))
def test_garbage_promises_something_or_nothing(content, at, garbage):
    stream = io.BytesIO(content[:at] + garbage + content[at + len(garbage) :])
    assert promised(stream) is None or promised(stream).declared > 0
    never_ends(stream)
