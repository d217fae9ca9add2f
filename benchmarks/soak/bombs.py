"""Small files that want much: members of zips that grow, headers that promise terabytes, numbers without end."""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.helpers.recordings import encoded
from tests.helpers.zips import zipped

grown = 4 << 30  # bytes that a member of a zip becomes
step = 1 << 20
endless = (b"1e9999999", b"1e-9999999", b"9" * 5000, b"0." + b"9" * 5000)


def grown_zip(name: str, start: bytes) -> bytes:
    """Return a zip of a few MB whose only member is ``start`` and zeros up to ``grown`` bytes, without writing them."""
    first, rest = _deflated(start + bytes(step - len(start))), _deflated(bytes(step))
    packed = first + rest * (grown // step - 2) + _deflated(bytes(step), zlib.Z_FINISH)
    sizes = (0xFFFFFFFF, 0xFFFFFFFF)
    extra = struct.pack("<HHQQ", 1, 16, grown, len(packed))
    fields = struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 0, 0, *sizes, len(name), len(extra))
    local = b"PK\x03\x04" + fields + name.encode() + extra
    central = b"PK\x01\x02" + struct.pack("<H", 45) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0)
    central += name.encode() + extra
    place = len(local) + len(packed)
    return local + packed + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), place, 0)


def _deflated(content: bytes, end: int = zlib.Z_FULL_FLUSH) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush(end)


def _array_header(count: int) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (count,)})
    return file.getvalue()


def _rows(count: int) -> bytes:
    file, zeros = io.BytesIO(), np.zeros(count, dtype=np.int64)
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), ["u"])
    columns = {"utterance": names, "path": names, "unit": zeros, "start": zeros, "end": zeros}
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def _image(kind: str, at: Sequence[int], order: str) -> bytes:
    """Return an image whose header claims two thousand million pixels a side."""
    file = io.BytesIO()
    Image.new("L", (40, 40), 255).save(file, kind)
    data = bytearray(file.getvalue())
    for place in at:
        data[place : place + 4] = (2**31 - 1).to_bytes(4, order)  # type: ignore[arg-type]
    if kind == "PNG":
        data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def _patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def bombs() -> Iterator[tuple[str, bytes]]:
    """Yield the name of a reader and a file that it is to refuse, or to read as far as it goes."""
    header = _array_header(grown // 8 - 16)
    for reader in ("features-npz", "units-npz", "centroids-npz", "statistics-npz"):
        yield reader, grown_zip("u.npy", header)
    for reader in ("features-npy", "units-npy", "centroids-npy"):
        yield reader, _array_header(2**36)
    yield "weights-pt", grown_zip("archive/data/0", b"")
    yield "features-pt", grown_zip("archive/data/0", b"")
    yield "image-zip", grown_zip("a/b.png", b"\x89PNG\r\n\x1a\n")
    yield "image-zip", zipped({"a/b.png": _image("PNG", (16, 20), "big")})
    for reader in ("units-parquet", "table-parquet"):
        yield reader, _rows(8 << 20)
    yield "png", _image("PNG", (16, 20), "big")
    yield "bmp", _image("BMP", (18, 22), "little")
    yield from _recordings()
    yield from _matrices()
    yield from _texts()


def _recordings() -> Iterator[tuple[str, bytes]]:
    sound = np.zeros(1600, dtype=np.float32)
    whole = {
        form: encoded(sound, form, "PCM_16") for form in ("WAV", "FLAC", "AIFF", "W64", "AU", "CAF", "NIST", "RF64")
    }
    yield "wav", _patched(whole["WAV"], 40, b"\xff\xff\xff\x7e")
    yield "rf64", _patched(whole["RF64"], 28, (2**36).to_bytes(8, "little"))
    yield "flac", _patched(whole["FLAC"], 21, b"\xff\xff\xff\xff\xff")
    yield "aiff", _patched(whole["AIFF"], whole["AIFF"].index(b"COMM") + 10, b"\x7f\xff\xff\xff")
    yield "w64", _patched(whole["W64"], whole["W64"].index(b"data") + 16, (2**40).to_bytes(8, "little"))
    yield "au", _patched(whole["AU"], 8, b"\x7f\xff\xff\xfe")
    yield "caf", _patched(whole["CAF"], whole["CAF"].index(b"data") + 4, (2**40).to_bytes(8, "big"))
    yield "sph", whole["NIST"].replace(b"sample_count -i 1600", b"sample_count -i 68719476736")
    yield "kaldi-recording", b"AUDIO\x08" + (2**40).to_bytes(8, "little") + whole["WAV"]


def _matrices() -> Iterator[tuple[str, bytes]]:
    many = (2**31 - 1).to_bytes(4, "little")
    for mark in (b"FM ", b"DM "):
        yield "kaldi-matrix", b"u \0B" + mark + b"\4" + many + b"\4" + many + bytes(100)
    for mark in (b"CM ", b"CM2 ", b"CM3 "):
        yield "kaldi-matrix", b"u \0B" + mark + bytes(8) + many + many + bytes(100)
    yield "units-ark", b"u \0B\4" + many + bytes(100)
    huge = b'{"codebook":{"dtype":"F32","shape":[1099511627776,4],"data_offsets":[0,17592186044416]}}'
    for reader in ("centroids-safetensors", "weights-safetensors", "model-weights"):
        yield reader, len(huge).to_bytes(8, "little") + huge
        yield reader, (2**62).to_bytes(8, "little") + huge


def _texts() -> Iterator[tuple[str, bytes]]:
    laughs = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    laughs += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    yield "configuration", "\n".join(laughs).encode()
    yield "configuration", "\n".join([*laughs, "corpora: *i", "results: *i"]).encode()
    yield "configuration", b"corpora: &a {x: *a}\n"
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    for reader in ("labels-eaf", "units-xml"):
        yield reader, b'<!DOCTYPE x [<!ENTITY l0 "lol">' + entities + b"]><x>&l9;</x>"
    for number in endless:
        yield "configuration", b"results: x\nscoring: {bootstrap: " + number + b"}\n"
        yield "items", b"#file onset offset #phone prev-phone next-phone speaker\nu 0 " + number + b" a b c s\n"
        yield "labels-ctm", b"u 1 0 " + number + b" a\n"
        yield "labels-tsv", b"utterance\tstart\tend\tlabel\nu\t0\t" + number + b"\ta\n"
        yield "labels-text_ali", b"u a 0 " + number + b" ;\n"
        yield "labels-textgrid", b'"ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n' + number + b"\n"
        yield "units-jsonl", b'{"file": "u", "units": [' + number + b"]}\n"
        yield "units-jsonl", b'{"file": "u", "units": [1], "frame_shift": ' + number + b"}\n"
        yield "units-tsv", b"utterance\tframe_shift\tunits\nu\t" + number + b"\t1\n"
        yield "units-txt", b"u|" + number + b"\n"
        yield "statistics-json", b'{"mean": [' + number + b'], "deviation": [1]}'
        yield "model", b'{"model": {"kind": "kmeans", "codewords": ' + number + b'}, "features": {"kind": "speech"}}'
        yield "index", b"u u.ark:" + number + b"\n"
        yield "kaldi-segments", b"u1 r1 0 " + number + b"\n"
        yield "table-csv", b"utterance,path,start\nu,a.wav," + number + b"\n"
    for name in (b"a\0b", b"n" * 300, b"n" * 70_000, b"/".join([b"n" * 250] * 20)):
        yield "kaldi-wav.scp", b"r1 " + name + b".wav\nr2 r.wav\n"
        yield "corpus-csv", b"path\n" + name + b".wav\n"
        yield "index", b"u " + name + b".ark:2\n"
        yield "manifest", b"fileid,speaker\n" + name + b",s\n"
