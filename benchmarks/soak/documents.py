"""The readers of text: labels, units, lists, tables and settings, with whole ones of every format."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import yaml
from safetensors.numpy import save as safetensors

from benchmarks.soak.reader import Reader
from tests.helpers.corpora import read_corpus
from tests.helpers.eafs import Eaf
from tests.helpers.places import repository
from tests.helpers.recordings import pcm, wav
from tests.helpers.textgrids import long_grid, short_grid
from tests.helpers.zips import zipped
from unitdisc import tables
from unitdisc.choices import LabelFormat
from unitdisc.config.description import described
from unitdisc.config.load import read_config
from unitdisc.corpora.table_rows import Layout
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.formats.discophon import read_manifest
from unitdisc.formats.feature_files import open_features
from unitdisc.formats.item_files import read_items
from unitdisc.formats.labels import read_label_table
from unitdisc.formats.unit_files import read_sequences, read_speakers
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.layout import RunFolder
from unitdisc.notices import Notices
from unitdisc.records import Label, Utterance
from unitdisc.report.training_files import description, epochs

labels: dict[str, tuple[LabelFormat, list[bytes]]] = {
    "u.tsv": ("tsv", [b"utterance\tstart\tend\tlabel\nu\t0\t0.25\ta\nu\t0.25\t0.5\tb\n"]),
    "u.ctm": ("ctm", [b"u 1 0.00 0.25 a\nu 1 0.25 0.25 b 0.9\nv A 0 1 <ALT_BEGIN>\nv A 0 1 x\nv A 1 1 <ALT_END>\n"]),
    "u.TextGrid": ("textgrid", [long_grid.encode(), short_grid.encode(), long_grid.encode("utf-16")]),
    "u.phn": ("phn", [b"0 4000 h#\n4000 8000 aa\n"]),
    "text_ali": ("text_ali", [b"u a 0 25 ; b 25 50 ;\nv x 0 10\n"]),
    "alignment-swa-dev.txt": ("discophon", [b"#file onset offset #phone\nu 0.00 0.20 SIL\nu 0.20 0.50 a\n"]),
}
units: dict[str, list[bytes]] = {
    "u.tsv": [b"utterance\tframe_shift\tunits\nu\t0.01\t1 2 2\nv\t0.01\t3\n", b"name\tunits\tdurations\nu\t1 2\t3 4\n"],
    "u.txt": [b"u|1 2 2\nv|3\n", b"u 1 2 2\nv 3\n", b"u\t1 2\nv\t3\n", b"u,1,2\nv,3,4\n"],
    "u.km": [b"1 2 2\n3\n"],
    "u.jsonl": [
        b'{"file": "u", "units": [1, 2], "frame_shift": 0.01}\n{"file": "v", "units": "3 4", "durations": [1, 2]}\n',
        b"{'audio': 'u.wav', 'hubert': '1 2 3', 'duration': 1.0}\n",
    ],
    "u.json": [b'[{"name": "u", "codes": [1, 2]}, {"name": "v", "codes": [3]}]', b'{"u": [1, 2], "v": [3]}'],
    "u.ctm": [b"u 1 0.00 0.01 1\nu 1 0.01 0.02 2\n"],
    "u.TextGrid": [short_grid.replace("0.375", "0.25").replace('"s"', '"1"').replace('"\u03b5"', '"2"').encode()],
    "u.xml": [
        (
            b'<?xml version="1.0" encoding="UTF-8"?><PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/'
            b'2019-07-15"><Page imageWidth="90" imageHeight="32"><TextRegion id="r"><TextLine id="l"><Word id="w">'
            b'<Glyph id="g0"><Coords points="0,0 9,0 9,31 0,31"/><TextEquiv><Unicode>1</Unicode></TextEquiv></Glyph>'
            b'<Glyph id="g1"><Coords points="9,0 90,0 90,31"/><TextEquiv><Unicode>2</Unicode></TextEquiv></Glyph>'
            b"</Word></TextLine></TextRegion></Page></PcGts>"
        )
    ],
}
beside: dict[str, dict[str, bytes]] = {"u.km": {"u.tsv": b"/root\nu.wav\t960\nv.wav\t320\n"}}
cells: dict[str, bytes] = {
    "u.csv": b'utterance,path,start\nu,"a.wav",0\nv,b.wav,0.1\n',
    "u.tsv": b"utterance\tpath\tstart\nu\ta.wav\t0\nv\tb.wav\t0.5\n",
    "u.jsonl": b'{"utterance": "u", "path": "a.wav", "start": 0}\n{"utterance": "v", "path": "b.wav"}\n',
}
kaldi: dict[str, bytes] = {
    "wav.scp": b"r1 r.wav\nr2 r.wav\n",
    "segments": b"u1 r1 0.0 0.1\nu2 r2 0.1 -1\n",
    "utt2spk": b"u1 s1\nu2 s2\n",
    "phones.ctm": b"u1 1 0.00 0.05 AA_B\nu1 1 0.05 0.05 SIL\n",
    "text_ali": b"u1 a 0 5 ; b 5 10\n",
    "reco2file_and_channel": b"r1 r A\n",
}
settings: dict[str, object] = {
    "kind": "kmeans",
    "codewords": 4,
}


def _items() -> bytes:
    return b"#file onset offset #phone prev-phone next-phone speaker\nu 0.0 0.1 a b c s\nv 0.1 0.25 b a c t\n"


def _elan() -> list[bytes]:
    document = Eaf().aligned("words", [(0, 500, "ab")]).aligned("phones", [(0, 250, "a"), (250, 500, "b")])
    with TemporaryDirectory() as folder:
        return [document.write(Path(folder) / "u.eaf").read_bytes()]


def _read_labels(path: Path, kind: LabelFormat) -> None:
    read_label_table(path, kind, notices=Notices(), known=["u", "v"])


def _read_table(path: Path) -> None:
    unreadable = Unreadable()
    list(Layout({}, ("utterance", "path", "start")).read(path, unreadable))
    for error in unreadable.errors.values():
        raise error


def _kaldi(path: Path) -> None:
    read_corpus("kaldi", root=path.parent, splits={"train": "."}, features={"kind": "speech"})


def _listed(path: Path) -> None:
    read_corpus("table", table=path, splits={"train": 1.0}, features={"kind": "speech"})


def _scribblelens(path: Path) -> None:
    read_corpus("scribblelens", root=path, features={"kind": "handwriting"})


def _lines() -> list[bytes]:
    from tests.corpora.test_scribblelens import Corpus, top

    return [zipped({f"{top}/{name}": data for name, data in Corpus().members().items()})]


def _index(path: Path) -> None:
    with UnitIndex(path) as index:
        for name in index:
            index[name]
    tables.read_units(path)


def _model(path: Path) -> None:
    from unitdisc.models import store

    described(RunFolder(path.parent))
    description(path.with_name("model.json"))
    store.load(RunFolder(path.parent))


def _described() -> list[bytes]:
    content = {"model": settings, "features": {"kind": "speech"}, "inputs": 4, "speakers": ["s"], "seed": 0}
    return [json.dumps({**content, "unitdisc": "0.1", "labels": []}).encode()]


def _description() -> dict[str, bytes]:
    return {"model.json": _described()[0]}


def _configurations() -> list[bytes]:
    names = ["config.yaml", *(f"workflow/configs/{path.name}" for path in _shipped()[:3])]
    small = {"results": "r", "corpora": {"a": {"kind": "kaldi", "root": "x"}}, "models": {"k": settings}}
    aliased = b"corpora: {s: {kind: kaldi, root: x}}\nmodels: {a: &x {kind: kmeans}, b: *x}\nruns: {s: [a, b]}\n"
    return [*((repository / name).read_bytes() for name in names), yaml.safe_dump(small).encode(), aliased]


def _shipped() -> list[Path]:
    return sorted((repository / "workflow" / "configs").glob("*.yaml"))


def _one(content: bytes) -> Callable[[], list[bytes]]:
    return lambda: [content]


def readers() -> Iterator[Reader]:
    """Yield the readers of text."""
    for file, (kind, samples) in labels.items():
        yield Reader(f"labels-{kind}", file, partial(_read_labels, kind=kind), partial(list, samples))
    yield Reader("labels-eaf", "u.eaf", partial(_read_labels, kind="eaf"), _elan)
    for file, samples in units.items():
        read = partial(read_sequences, frame_shift="0.01")
        around = beside.get(file, {})
        yield Reader(f"units-{file.partition('.')[2]}", file, read, partial(list, samples), partial(dict, around))
    for file, sample in cells.items():
        yield Reader(f"table-{file.partition('.')[2]}", file, _read_table, _one(sample))
    recording = {"r.wav": wav(pcm(0.3))}
    for file, sample in kaldi.items():
        around = {name: content for name, content in kaldi.items() if name != file} | recording
        if file == "text_ali":
            del around["phones.ctm"]
        elif file == "phones.ctm":
            del around["text_ali"]
        else:
            del around["text_ali"]
        yield Reader(f"kaldi-{file}", file, _kaldi, _one(sample), partial(dict, around))
    yield from _others(recording)


def _others(recording: dict[str, bytes]) -> Iterator[Reader]:
    recordings = {"a.wav": recording["r.wav"], "b.wav": recording["r.wav"]}
    yield Reader("corpus-csv", "u.csv", _listed, _one(cells["u.csv"]), partial(dict, recordings))
    yield Reader("scribblelens", "u.zip", _scribblelens, _lines)
    yield Reader("items", "u.item", read_items, _one(_items()))
    yield Reader("index", "u.scp", partial(open_features, frame_shift="0.01"), _one(b"u u.ark:2\nv u.ark:200\n"))
    yield Reader("manifest", "u.csv", read_manifest, _one(b"fileid,speaker,num_samples\nu,s,1600\nv,t,1600\n"))
    yield Reader("speakers", "u.txt", read_speakers, lambda: [b"u s\nv t\n", b"utterance\tspeaker\nu\ts\n"])
    yield Reader("utterances", "u.tsv", partial(tables.read, record=Utterance), _one(_utterances()))
    yield Reader("label-table", "u.tsv", partial(tables.read, record=Label), _one(labels["u.tsv"][1][0]))
    yield Reader("unit-index", "u.tsv", _index, _one(units["u.tsv"][0]))
    yield Reader("epochs", "training.tsv", epochs, _one(b"epoch\tstep\tloss\n1\t10\t0.5\n2\t20\t0.25\n"))
    weights = {"model.safetensors": safetensors({"codebook": np.eye(4, dtype=np.float32)})}
    yield Reader("model", "model.json", _model, _described, partial(dict, weights))
    yield Reader("model-weights", "model.safetensors", _model, partial(list, weights.values()), _description)
    yield Reader("configuration", "u.yaml", lambda path: read_config(str(path)), _configurations)


def _utterances() -> bytes:
    return b"utterance\tsplit\tspeaker\tsource\tduration\nu\ttrain\ts\ta.wav\t0.5\nv\ttest\tt\tb.wav\t0.25\n"
