"""What headers say of the length, of AIFF, SPHERE and Ogg."""

import io

import pytest

from tests.helpers.corpora import tone
from tests.helpers.recordings import encoded
from unitdisc.formats.declared_length import declared_samples, never_ends

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
    assert not never_ends(io.BytesIO(content[: last + 40]))  # cut within the last page, which libsndfile sees


@pytest.mark.parametrize("content", [b"", b"Ogg", wav, aiff, sphere, encoded(samples, "MP3")])
def test_other_files_have_no_pages(content):
    assert not never_ends(io.BytesIO(content))
