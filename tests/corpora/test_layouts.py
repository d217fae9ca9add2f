"""Corpora laid out as they are published: what the corpus step writes of each."""

import json
import unicodedata

import numpy as np
import pytest
import soundfile

from tests.helpers.corpora import rate, tone
from tests.helpers.eafs import Eaf
from tests.helpers.pipeline import in_process
from unitdisc.corpora.folder import FolderCorpus, FolderSettings
from unitdisc.formats.textgrid import textgrid_lines

ends = np.cumsum([0.125, 0.125, 0.25]).tolist()  # of the three labels of most recordings here


class Layout:
    """A folder to lay a corpus out in, and the step that reads it."""

    def __init__(self, root):
        self.root = root

    def record(self, *names, seconds=0.5, form=None):
        for name in names:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(self.root / name, tone(seconds), rate, format=form, subtype="PCM_16" if form else None)

    def write(self, files, encoding="utf-8"):
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(text.encode(encoding))

    def step(self, root="corpus", **settings):
        """The two tables without their headers, as rows of fields, and the notices; or the one line of an error."""
        corpus = {"kind": "folder", "root": root, "splits": {"train": 1}, **settings}
        plan = {
            "results": "results",
            "corpora": {"c": corpus},
            "models": {"k": {"kind": "kmeans", "codewords": 2}},
            "runs": {"c": ["k"]},
        }
        done = in_process(self.root, "corpus", "--config", json.dumps(plan), "--corpus", "c")
        if done.returncode:
            assert done.returncode == 2, done.stderr
            return done.stderr.strip().rpartition("unitdisc: ")[2]
        rows = [[line.split("\t") for line in (self.root / "results" / "c" / name).read_text().splitlines()]
                for name in ("utterances.tsv", "labels.tsv")]  # fmt: skip
        rows[0] = [row[:5] for row in rows[0]]  # without a transcript
        assert [table.pop(0) for table in rows] == [["utterance", "split", "speaker", "source", "duration"],
                                                    ["utterance", "start", "end", "label"]]  # fmt: skip
        return *rows, [line.partition("notice: ")[2] for line in done.stderr.splitlines() if "notice: " in line]


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path)


def grid(*tiers, end=0.5):
    """A TextGrid in the long form: tiers of a name and texts, which end at ``ends``."""
    spans = {name: list(zip([0, *ends], ends, texts, strict=False)) for name, *texts in tiers}
    return "\n".join([*textgrid_lines(spans, end), ""])


def short(*tiers):
    """The same in the short form."""
    own = "".join(
        f'"IntervalTier"\n"{name}"\n0\n0.5\n{len(texts)}\n'
        + "".join(f'{start}\n{end}\n"{text}"\n' for start, end, text in zip([0, *ends], ends, texts, strict=False))
        for name, *texts in tiers
    )
    return f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n0.5\n<exists>\n{len(tiers)}\n{own}'


def labels_of(utterance, *texts):
    """The rows of labels that end at ``ends``."""
    starts = [0, *ends]
    return [[utterance, f"{s:g}", f"{e:g}", text] for s, e, text in zip(starts, ends, texts, strict=False) if text]


# --- TIMIT ----------------------------------------------------------------------------------------------------------

timit_files = {
    ".PHN": "0 2000 h#\n2000 4000 sh\n4000 5000 tcl\n5000 6000 q\n6000 7000 ix\n7000 8000 axr\n",
    ".WRD": "2000 8000 she\n",
    ".TXT": "0 8000 She.\n",
}


@pytest.fixture(params=["upper", "lower"])
def timit(request, layout):
    names = ("TRAIN/DR1/FCJF0/SA1", "TRAIN/DR1/FCJF0/SX37", "TEST/DR2/MABW0/SA1")
    spelt = str.upper if request.param == "upper" else str.lower
    layout.record(*(f"corpus/{spelt(name + '.WAV')}" for name in names), form="NIST")
    layout.write({f"corpus/{spelt(name + ending)}": text for name in names for ending, text in timit_files.items()})
    layout.names = [spelt(name) for name in sorted(names)]
    layout.spelt = spelt
    return layout


def test_timit(timit):
    splits = {"train": timit.spelt("TRAIN"), "test": timit.spelt("TEST")}
    utterances, labels, notices = timit.step(labels="beside", speaker=-1, splits=splits)
    assert utterances == [
        [name.replace("/", "-"), name.split("/")[0].lower(), name.split("/")[2], timit.spelt(f"corpus/{name}.wav").replace(timit.spelt("corpus"), "corpus"), "0.5"]
        for name in timit.names
    ]  # fmt: skip
    phones = [("0", "0.125", "h#"), ("0.125", "0.25", "sh"), ("0.25", "0.3125", "tcl"), ("0.3125", "0.375", "q"),
              ("0.375", "0.4375", "ix"), ("0.4375", "0.5", "axr")]  # fmt: skip
    assert labels == [[name.replace("/", "-"), *phone] for name in timit.names for phone in phones]
    assert notices == []


def test_timit_folded(timit):
    _, labels, notices = timit.step(labels="beside", speaker=-1, fold="timit-39", split_by="file")
    phones = [("0", "0.125", "sil"), ("0.125", "0.25", "sh"), ("0.25", "0.3125", "sil"), ("0.375", "0.4375", "ih"),
              ("0.4375", "0.5", "er")]  # fmt: skip
    assert labels == [[name.replace("/", "-"), *phone] for name in timit.names for phone in phones]
    first = timit.names[0].replace("/", "-")
    assert notices == [f"labels that timit-39 leaves out: 3 (first: label 'q' of '{first}' (0.3125 to 0.375))"]


def test_what_timit_does_not_have_is_not_folded(timit):
    name = timit.names[0]
    path = timit.spelt(f"{name}.phn")
    timit.write({f"corpus/{path}": "0 2000 h#\n2000 4000 SH\n"})
    assert timit.step(labels="beside", fold="timit-39") == (
        f"corpus/{path}:2: 'SH' is none of the phones that timit-39 folds; leave fold out, or read the tier or file of "
        "these phones"
    )


def test_labels_among_the_recordings_are_told_of(timit):
    _, labels, notices = timit.step(speaker=3, split_by="file")
    assert labels == []
    assert notices == [
        "label files among the recordings, not read without labels: beside: 3 (first: corpus/"
        + timit.spelt(f"{timit.names[0]}.phn")
        + ")"
    ]


def test_labels_beside_are_sources_of_the_workflow(timit):
    settings = FolderSettings(root=timit.root / "corpus", labels="beside")
    reader = FolderCorpus(settings, timit.root)
    wanted = [timit.spelt(f"{name}{ending}") for name in timit.names for ending in (".wav", ".phn")]
    assert sorted(path.relative_to(timit.root / "corpus").as_posix() for path in reader.sources()) == sorted(wanted)
    assert reader.files() == []


# --- LibriSpeech ----------------------------------------------------------------------------------------------------

flacs = ("84/121123/84-121123-0000", "84/121123/84-121123-0001", "1272/128104/1272-128104-0000")
aligned = grid(("words", "hi", "hi", ""), ("phones", "HH", "AY1", ""))


@pytest.fixture
def librispeech(layout):
    layout.record(*(f"LibriSpeech/dev-clean/{name}.flac" for name in flacs))
    layout.write({"LibriSpeech/SPEAKERS.TXT": "; ids\n"})
    layout.write({"LibriSpeech/dev-clean/84/121123/84-121123.trans.txt": "84-121123-0000 HI\n"})
    return layout


def librispeech_tables(prefix=""):
    names = sorted(prefix + name.replace("/", "-") for name in flacs)
    where = {name: path for path in flacs for name in names if name.endswith(path.replace("/", "-"))}
    return (
        [[name, "train", where[name].split("/")[0], f"LibriSpeech/dev-clean/{where[name]}.flac", "0.5"] for name in names],
        [row for name in names for row in labels_of(name, "HH", "AY")],
    )  # fmt: skip


@pytest.mark.parametrize("speaker", [1, -2, r"([^/]+)/[^/]+/[^/]+$"])
@pytest.mark.parametrize("place", ["beside", "LibriSpeech-Alignments", "LibriSpeech-Alignments/dev-clean"])
def test_librispeech(librispeech, speaker, place):
    folder = "LibriSpeech/dev-clean" if place == "beside" else "LibriSpeech-Alignments/dev-clean"
    librispeech.write({f"{folder}/{name}.TextGrid": aligned for name in flacs})
    utterances, labels, notices = librispeech.step("LibriSpeech/dev-clean", labels=place, speaker=speaker)
    assert (utterances, labels) == librispeech_tables()
    assert notices == []


@pytest.mark.parametrize("name", [str, lambda flac: f"dev-clean/{flac}", lambda flac: flac.rpartition("/")[2]])
def test_librispeech_from_its_top_folder(librispeech, name):
    librispeech.write({f"alignments/{name(flac)}.TextGrid": aligned for flac in flacs})
    utterances, labels, _ = librispeech.step("LibriSpeech", labels="alignments", speaker=2)
    assert (utterances, labels) == librispeech_tables("dev-clean-")


@pytest.mark.parametrize("root", ["LibriSpeech", "LibriSpeech/dev-clean"])
def test_alignments_of_more_than_there_is_are_counted_and_not_opened(librispeech, root):
    librispeech.write({f"alignments/{name}.TextGrid": aligned for name in flacs[:2]})
    librispeech.write({f"alignments/{n}/{n}/{n}-{n}-0000.TextGrid": "not a TextGrid" for n in (1, 2)})
    utterances, labels, notices = librispeech.step(root, labels="alignments", speaker=-2)
    names = [row[0] for row in utterances]
    assert labels == [
        row for name in names if not name.endswith("1272-128104-0000") for row in labels_of(name, "HH", "AY")
    ]
    assert notices == [
        f"recordings without labels: 1 (first: '{next(name for name in names if '1272' in name)}')",
        "utterances with labels that are not among the recordings: 2 (first: '1-1-1-1-0000', alignments/1/1/1-1-0000.TextGrid)",
    ]  # fmt: skip


def test_one_file_of_more_than_there_is_is_counted(librispeech):
    lines = [f"{name.rpartition('/')[2]} 1 0 0.125 HH\n{name.rpartition('/')[2]} 1 0.125 0.125 AY1\n" for name in flacs]
    librispeech.write({"all.ctm": "9-9-9 1 0.1 0.5 XX\n9-9-9 1 0 0.5 XX\n" + "".join(lines)})
    _, labels, notices = librispeech.step("LibriSpeech/dev-clean", labels="all.ctm")
    assert labels == librispeech_tables()[1]
    assert notices == [
        "utterances found by the end of their names: 3 (first: '84-121123-0000' is '84-121123-84-121123-0000')",
        "utterances with labels that are not among the recordings: 1 (first: '9-9-9', all.ctm, line 1)",
    ]


def test_labels_of_another_corpus_alone_are_an_error(librispeech):
    librispeech.write({"alignments/9/9/9-9-0000.TextGrid": aligned})
    assert librispeech.step("LibriSpeech/dev-clean", labels="alignments") == (
        "alignments: none of the recordings has labels: they are of '9-9-9-9-0000', and not of "
        "'1272-128104-1272-128104-0000'"
    )


@pytest.mark.parametrize(
    ("speaker", "message"),
    [
        (4, "lies 2 folders below LibriSpeech/dev-clean, so folder 4 is not its speaker; change the setting speaker"),
        (-3, "lies 2 folders below LibriSpeech/dev-clean, so folder -3 is not its speaker"),
        ("x([0-9]+)", "has no speaker 'x([0-9]+)' in its path; change the setting speaker"),
        (0, "speaker counts folders from 1, or from -1 for the innermost"),
        ("(84", "speaker '(84' is not a regular expression (missing ), unterminated subpattern at position 0)"),
    ],
)
def test_a_speaker_that_is_not_there_is_told(librispeech, speaker, message):
    told = librispeech.step("LibriSpeech/dev-clean", speaker=speaker)
    assert message in told
    assert "\n" not in told


# --- Montreal Forced Aligner and VoxCommunis ------------------------------------------------------------------------

ipa = ("t̪ʰ", "ãː˥", "t͡ɕʼ")


@pytest.mark.parametrize(
    ("recordings", "textgrids"),
    [
        ("s1/u1 s1/u2 s2/u1", "s1/s1_u1 s1/s1_u2 s2/s2_u1"),
        ("s1/u1 s1/u2 s2/u1", "s1_u1 s1_u2 s2_u1"),
        ("s1/u1 s1/u2 s2/u1", "s1/u1 s1/u2 s2/u1"),
        ("u1 u2 u3", "s1/s1_u1 s1/s1_u2 s2/s2_u3"),
        ("common_voice_ab_1 common_voice_ab_2 common_voice_ab_3", "a9f/a9f_common_voice_ab_1 a9f/a9f_common_voice_ab_2 b7/b7_common_voice_ab_3"),
        ("common_voice_ab_1 common_voice_ab_11 common_voice_ab_111", "a9f_common_voice_ab_1 a9f_common_voice_ab_11 b7_common_voice_ab_111"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_textgrids_named_by_speaker_and_utterance(layout, recordings, textgrids, form, encoding):
    layout.record(*(f"corpus/{name}.mp3" for name in recordings.split()), seconds=0.5)
    texts = [unicodedata.normalize(form, text) for text in ipa]
    for name in textgrids.split():
        speaker = name.split("/")[0].split("_")[0]
        text = grid((f"{speaker} - words", "a", "", "spn"), (f"{speaker} - phones", *texts[:2], "spn"))
        layout.write({f"tg/{name}.TextGrid": text}, encoding)
    _, labels, notices = layout.step(labels="tg")
    found = [unicodedata.normalize("NFC", text) for text in ipa[:2]]
    names = sorted(name.replace("/", "-") for name in recordings.split())
    assert labels == [row for name in names for row in labels_of(name, *found, "spn")]
    assert notices == []


def test_silence_that_is_empty_or_named_and_marks_of_an_alignment(layout):
    layout.record("corpus/s1/u1.wav", "corpus/s1/u2.wav")
    layout.write(
        {"tg/s1/u1.TextGrid": grid(("phones", "sil", "AH0", "")), "tg/s1/u2.TextGrid": grid(("phones", "", "AH1", "T"))}
    )
    _, labels, notices = layout.step(labels="tg")
    assert labels == [*labels_of("s1-u1", "sil", "AH"), *labels_of("s1-u2", "", "AH", "T")]
    assert notices == ["labels that are the same without their marks (setting strip_marks): 1 (first: AH0, AH1 are AH)"]
    assert [row[3] for row in layout.step(labels="tg", strip_marks=False)[1]] == ["sil", "AH0", "AH1", "T"]


def test_positions_and_tones_are_marks_only_where_they_are_told(layout):
    layout.record("corpus/s1/u1.wav")
    layout.write({"l.ctm": "s1-u1 1 0 0.2 a_B\ns1-u1 1 0.2 0.2 ma1\n"})
    assert [row[3] for row in layout.step(labels="l.ctm")[1]] == ["a_B", "ma1"]
    assert [row[3] for row in layout.step(labels="l.ctm", strip_marks=True)[1]] == ["a", "ma"]


# --- Praat and ELAN -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [grid, short])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["TextGrid", "textgrid", "TEXTGRID"])
def test_praat(layout, write, encoding, ending):
    layout.record("corpus/anna/u1.wav")
    layout.write({f"corpus/anna/u1.{ending}": write(("Wörter", "w"), ("phones", *ipa))}, encoding)
    _, labels, notices = layout.step(labels="beside")
    assert labels == labels_of("anna-u1", *(unicodedata.normalize("NFC", text) for text in ipa))
    assert notices == []


@pytest.mark.parametrize("place", ["beside", "eaf"])
@pytest.mark.parametrize("tier", [None, "ipa@Anna", 2])
def test_elan(layout, place, tier):
    layout.record("corpus/anna/u1.wav", "corpus/anna/u2.wav")
    eaf = Eaf().aligned("words", [(0, 500, "w")]).aligned("ipa@Anna", [(0, 125, "a"), (125, 250, "b"), (250, 500, "")])
    eaf.referring("phones@Anna", "ipa@Anna", [("a2", "A"), ("a3", "B")])
    for name in ("u1", "u2"):
        eaf.write(layout.root / ("corpus" if place == "beside" else place) / "anna" / f"{name}.eaf")
    settings = {} if tier is None else {"tier": tier}
    _, labels, notices = layout.step(labels=place, **settings)
    texts = ("A", "B") if tier is None else ("a", "b")
    assert labels == [*labels_of("anna-u1", *texts), *labels_of("anna-u2", *texts)]
    assert notices == []


def test_labels_in_two_formats_need_a_choice(layout):
    layout.record("corpus/u1.wav")
    layout.write({"corpus/u1.TextGrid": grid(("phones", "a")), "corpus/u1.phn": "0 4000 b\n"})
    assert layout.step(labels="beside") == (
        "corpus/u1.TextGrid: is the utterance 'u1', as corpus/u1.phn is; rename the others, or name one format with "
        "label_format or --format"
    )
    assert layout.step(labels="beside", label_format="phn")[1] == [["u1", "0", "0.25", "b"]]


def test_a_folder_may_be_named_beside(layout):
    layout.record("corpus/u1.wav")
    layout.write({"beside/u1.phn": "0 4000 b\n"})
    assert layout.step(labels="./beside")[1] == [["u1", "0", "0.25", "b"]]
    assert layout.step(labels="beside") == (
        "corpus: this folder holds no tsv, ctm, textgrid, phn, eaf, text_ali, discophon file"
    )


# --- what is not as it should be ------------------------------------------------------------------------------------


def test_channels_are_recordings_that_are_named_after_them(layout):
    layout.record("corpus/sw1-A.wav", "corpus/sw1-B.wav")
    layout.write({"all.ctm": "sw1 A 0 0.25 a\nsw1 B 0.125 0.25 b\n"})
    assert layout.step(labels="all.ctm")[1] == [["sw1-A", "0", "0.25", "a"], ["sw1-B", "0.125", "0.375", "b"]]
    (layout.root / "corpus" / "sw1-A.wav").rename(layout.root / "corpus" / "sw1.wav")
    (layout.root / "corpus" / "sw1-B.wav").unlink()
    assert layout.step(labels="all.ctm") == (
        "all.ctm:2: label 'b' of 'sw1' (0.125 to 0.375) overlaps the label before it; take one tier or one channel per "
        "utterance"
    )


def test_intervals_of_no_length_past_the_end_and_points(layout):
    layout.record("corpus/u1.wav")
    points = '"TextTier"\n"phones"\n0\n0.5\n1\n0.25\n"!"\n'
    spans = '"IntervalTier"\n"MAU"\n0\n0.7\n3\n0\n0\n"a"\n0\n0.4\n"b"\n0.4\n0.7\n"c"\n'
    layout.write({"tg/u1.TextGrid": f'"ooTextFile"\n"TextGrid"\n0\n0.7\n<exists>\n2\n{points}{spans}'})
    _, labels, notices = layout.step(labels="tg")  # the only tier of intervals
    assert labels == [["u1", "0", "0.4", "b"], ["u1", "0.4", "0.5", "c"]]
    assert [notice.partition(" (first")[0] for notice in notices] == [
        "labels of no length, left out: 1",
        "labels past the end of their recording, cut there: 1",
    ]
    assert layout.step(labels="tg", tier="phones") == (
        "tg/u1.TextGrid: has no tier 'phones'; its interval tiers are: 2 'MAU'; choose one by name or number with --tier, "
        "in a configuration tier"
    )


def test_recordings_without_labels_are_read_and_counted(layout):
    layout.record("corpus/anna/u1.wav", "corpus/anna/u2.wav", "corpus/bert/u3.wav")
    layout.write({"corpus/anna/u2.phn": "0 8000 a\n"})
    utterances, labels, notices = layout.step(labels="beside")
    assert len(utterances) == 3
    assert labels == [["anna-u2", "0", "0.5", "a"]]
    assert notices == ["recordings without labels: 2 (first: 'anna-u1')"]
