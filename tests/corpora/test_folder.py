"""A folder of recordings or line images, in any tree, with labels of every format."""

import unicodedata

import pytest
import soundfile
from PIL import Image

from tests.helpers.cifar import picture
from tests.helpers.corpora import rate, read_folder, recorded, tone
from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.modality import handwriting, images, speech
from unitdisc.records import Label

shares = {"train": 0.5, "dev": 0.25, "test": 0.25}


@pytest.fixture
def recordings(tmp_path):
    for speaker in ("anna", "bert"):
        (tmp_path / speaker / "day one").mkdir(parents=True)
        for number in range(4):
            soundfile.write(tmp_path / speaker / "day one" / f"{number}.flac", tone(0.5), rate)
    return tmp_path


def test_speakers_are_the_first_folders(recordings):
    utterances, labels = read_folder(recordings, speech, shares)
    assert labels == []
    assert {(u.utterance, u.speaker) for u in utterances} >= {("anna-day_one-0", "anna"), ("bert-day_one-3", "bert")}
    assert all(u.duration == 0.5 for u in utterances)


def test_splits_have_their_shares_and_depend_on_the_seed(recordings):
    def drawn(seed):
        return {u.utterance: u.split for u in read_folder(recordings, speech, shares, seed=seed)[0]}

    first = drawn(0)
    assert sorted(first.values()) == ["dev"] * 2 + ["test"] * 2 + ["train"] * 4
    assert drawn(0) == first
    assert any(drawn(seed) != first for seed in (1, 2, 3))


def test_every_split_gets_something(recordings):
    utterances, _ = read_folder(recordings, speech, {"train": 0.98, "dev": 0.01, "test": 0.01})
    assert {u.split for u in utterances} == {"train", "dev", "test"}


def test_images(tmp_path):
    for number in range(3):
        Image.new("L", (100 + number, 64), 255).save(tmp_path / f"{number}.png")
    utterances, _ = read_folder(tmp_path, handwriting, shares)
    assert [u.duration for u in utterances] == [50, 51, 51]
    assert [u.speaker for u in utterances] == ["0", "1", "2"]


def test_labels(recordings, tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text("utterance\tstart\tend\tlabel\nanna-day_one-0\t0\t0.5\tNA\n")
    assert read_folder(recordings, speech, shares, labels=path)[1] == [Label("anna-day_one-0", 0, 0.5, "NA")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("anna-day_one-0\t0.4\t0.3\ta", "does not end after it starts"),
        ("anna-day_one-0\t0.4\t1.1\ta", "lies past the end at 0.5"),
        ("anna-day_one-0\tx\t0.9\ta", "start 'x' is not a number"),
        ("anna-day_one-0\t0.1\t0.2", "has 3 fields"),
    ],
)
def test_bad_labels(recordings, tmp_path, row, message):
    path = tmp_path / "labels.tsv"
    path.write_text(f"utterance\tstart\tend\tlabel\n{row}\n")
    with pytest.raises(InputError, match=rf"labels\.tsv:2: .*{message}"):
        read_folder(recordings, speech, shares, labels=path)


def test_labels_come_in_the_order_of_time_and_do_not_overlap(recordings, tmp_path):
    path = tmp_path / "labels.tsv"
    head = "utterance\tstart\tend\tlabel\n"
    path.write_text(head + "anna-day_one-0\t0.2\t0.4\tb\nanna-day_one-0\t0\t0.2\ta\n")
    assert [label.label for label in read_folder(recordings, speech, shares, labels=path)[1]] == ["a", "b"]
    path.write_text(path.read_text() + "anna-day_one-0\t0.1\t0.15\tc\n")
    with pytest.raises(InputError, match=r"labels\.tsv:4: label 'c' .* overlaps the label before it"):
        read_folder(recordings, speech, shares, labels=path)


def test_names_hold_no_space_of_any_kind(tmp_path):
    (tmp_path / "John Smith").mkdir()
    for name in ("a\u3000b", "c\u2028d", "e"):
        soundfile.write(tmp_path / "John Smith" / f"{name}.wav", tone(0.5), rate)
    utterances, _ = read_folder(tmp_path, speech, {"train": 1})
    assert {(u.utterance, u.speaker) for u in utterances} == {
        (f"John_Smith-{name}", "John_Smith") for name in ("a_b", "c_d", "e")
    }
    (tmp_path / "bad\udce9.wav").write_bytes(b"")
    with pytest.raises(InputError, match="has characters in its name that cannot be written"):
        read_folder(tmp_path, speech, {"train": 1})


def test_bad_folders(recordings, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere", speech, shares)
    with pytest.raises(InputError, match=r"holds no handwriting files; there are speech files: set features:"):
        read_folder(recordings, handwriting, shares)
    soundfile.write(recordings / "anna" / "day one" / "0.wav", tone(0.5), rate)
    with pytest.raises(InputError, match=r"is the utterance 'anna-day_one-0', as \S+anna/day.one/0.wav is"):
        read_folder(recordings, speech, shares)
    with pytest.raises(InputError, match="16000 Hz, but the corpus requires 8000 Hz"):
        read_folder(recordings / "bert", speech, shares, sample_rate=8000)


# --- trees, links and hidden files ----------------------------------------------------------------------------------

whole = {"train": 1}


def names_of(root, **options):
    return sorted(u.utterance for u in read_folder(root, speech, whole, **options)[0])


def test_folders_that_are_links_are_speakers_too(tmp_path):
    recorded(tmp_path / "disk", "carl/1.wav")
    root = recorded(tmp_path / "src", "anna/1.wav")
    (root / "bert").symlink_to(tmp_path / "disk" / "carl")
    (root / "loop").symlink_to(root)
    (root / "gone.wav").symlink_to("nowhere.wav")
    utterances, _ = read_folder(root, speech, whole)
    assert {(u.utterance, u.speaker, u.source) for u in utterances} == {
        ("anna-1", "anna", str(root / "anna" / "1.wav")),
        ("bert-1", "bert", str(root / "bert" / "1.wav")),
    }


def test_what_a_mac_leaves_is_counted_and_no_recording(tmp_path, caplog):
    root = recorded(tmp_path, "anna/1.wav")
    for name in ("anna/._1.wav", "__MACOSX/anna/1.wav", ".Trash/2.wav"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(bytes.fromhex("00051607") + bytes(200))
    assert names_of(root) == ["anna-1"]
    assert "hidden files and folders left out: 3" in caplog.text


def test_names_of_files_are_composed(tmp_path):
    root = recorded(tmp_path, "Zoe\u0308/re\u0301.wav")
    utterances, _ = read_folder(root, speech, whole)
    assert [(u.utterance, u.speaker) for u in utterances] == [("Zo\u00eb-r\u00e9", "Zo\u00eb")]
    assert audio.read(utterances[0].source)[1] == rate


# --- labels ---------------------------------------------------------------------------------------------------------


def grid(end, *intervals, name="phones"):
    spans = "".join(f'{start}\n{stop}\n"{text}"\n' for start, stop, text in intervals)
    return f'"ooTextFile"\n"TextGrid"\n0\n{end}\n<exists>\n1\n"IntervalTier"\n"{name}"\n0\n{end}\n{len(intervals)}\n{spans}'


def put(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


both = [Label("anna-u1", 0, 0.25, "a"), Label("anna-u1", 0.25, 0.5, "b"), Label("bert-u2", 0, 0.5, "a")]
anna, bert = grid(0.5, (0, 0.25, "a"), (0.25, 0.5, "b")), grid(0.5, (0, 0.5, "a"))
labelled = {
    "a table": ("labels.tsv", {"labels.tsv": "utterance\tstart\tend\tlabel\nanna-u1\t0\t0.25\ta\nanna-u1\t0.25\t0.5\tb\n"
                               "bert-u2\t0\t0.5\ta\n"}),
    "a table in other spellings": ("l.tsv", {"l.tsv": "utterance\tstart\tend\tlabel\nanna/u1\t0\t0.25\ta\n"
                                             "anna/u1\t0.25\t0.5\tb\nbert_u2\t0\t0.5\ta\n"}),
    "a CTM": ("l.ctm", {"l.ctm": "anna-u1 1 0.25 0.25 b\nanna-u1 1 0 0.25 a\nbert-u2 1 0 0.5 a\n"}),
    "a text_ali": ("text_ali", {"text_ali": "anna-u1 a 0 25 ; b 25 50 ;\nbert-u2 a 0 50 ;\n"}),
    "a tree of .phn": ("phn", {"phn/anna/u1.PHN": "0 4000 a\n4000 8000 b\n", "phn/bert/u2.phn": "0 8000 a\n"}),
    "a tree of TextGrids": ("tg", {"tg/anna/u1.TextGrid": anna, "tg/bert/u2.TextGrid": bert}),
    "a deeper tree": ("tg", {"tg/out/anna/u1.TextGrid": anna, "tg/out/bert/u2.TextGrid": bert}),
    "flat TextGrids": ("tg", {"tg/anna_u1.TextGrid": anna, "tg/bert-u2.TextGrid": bert}),
    "flat TextGrids of ends": ("tg", {"tg/u1.TextGrid": anna, "tg/u2.TextGrid": bert}),
    "TextGrids and a CTM": ("l", {"l/u1.TextGrid": anna, "l/more.ctm": "bert-u2 1 0 0.5 a\n"}),
    "the root": ("src", {"src/anna/u1.TextGrid": anna, "src/bert/u2.TextGrid": bert}),
}  # fmt: skip


@pytest.mark.parametrize("kind", labelled)
def test_labels_of_every_kind_are_the_same(tmp_path, kind):
    root = recorded(tmp_path / "src", "anna/u1.wav", "bert/u2.wav")
    place, files = labelled[kind]
    put(tmp_path, files)
    assert read_folder(root, speech, whole, labels=tmp_path / place)[1] == both


def test_one_textgrid_is_that_of_the_utterance_it_is_named_after(tmp_path):
    root = recorded(tmp_path / "src", "anna/u1.wav", "bert/u2.wav")
    put(tmp_path, {"anna_u1.TextGrid": anna})
    assert read_folder(root, speech, whole, labels=tmp_path / "anna_u1.TextGrid")[1] == both[:2]


def test_a_format_may_be_named(tmp_path):
    root = recorded(tmp_path / "src", "anna/u1.wav", "bert/u2.wav")
    put(tmp_path, {"l.txt": labelled["a CTM"][1]["l.ctm"]})
    assert read_folder(root, speech, whole, labels=tmp_path / "l.txt", label_format="ctm")[1] == both
    with pytest.raises(InputError, match="format of the labels cannot be inferred"):
        read_folder(root, speech, whole, labels=tmp_path / "l.txt")


@pytest.mark.parametrize(
    ("tier", "label"), [("MAU", "m"), ("mau", "m"), (3, "m"), ("3", "m"), ("ORT-MAU", "w"), (1, "w")]
)
def test_a_tier_is_chosen_by_name_or_number(tmp_path, tier, label):
    root = recorded(tmp_path / "src", "u1.wav")
    tiers = "".join(
        f'"IntervalTier"\n"{n}"\n0\n0.5\n1\n0\n0.5\n"{t}"\n'
        for n, t in (("ORT-MAU", "w"), ("KAN-MAU", "k"), ("MAU", "m"))
    )
    put(tmp_path, {"tg/u1.TextGrid": f'"ooTextFile"\n"TextGrid"\n0\n0.5\n<exists>\n3\n{tiers}'})
    assert read_folder(root, speech, whole, labels=tmp_path / "tg", tier=tier)[1] == [Label("u1", 0, 0.5, label)]
    with pytest.raises(
        InputError,
        match=r"has no tier named phones; .* 3 'MAU'; choose one by name or number with --tier, in a configuration tier",
    ):
        read_folder(root, speech, whole, labels=tmp_path / "tg")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_labels_and_names_in_either_form_are_composed(tmp_path, form):
    root = recorded(tmp_path / "src", unicodedata.normalize("NFD", "r\u00e9/u1.wav"))
    name = unicodedata.normalize(form, "r\u00e9_u1")
    put(tmp_path, {f"tg/{name}.TextGrid": grid(0.5, (0, 0.5, unicodedata.normalize(form, "\u00e3")))})
    put(tmp_path, {"l.ctm": unicodedata.normalize(form, "r\u00e9-u1 1 0 0.5 \u00e3\n")})
    for labels in ("tg", "l.ctm"):
        assert read_folder(root, speech, whole, labels=tmp_path / labels)[1] == [Label("r\u00e9-u1", 0, 0.5, "\u00e3")]


def test_an_end_that_two_recordings_have_is_none_of_them(tmp_path, caplog):
    root = recorded(tmp_path / "src", "anna/u1.wav", "bert/u1.wav", "bert/u2.wav")
    put(tmp_path, {"tg/u1.TextGrid": anna})
    with pytest.raises(
        InputError, match=r"tg: none of the recordings has labels: they are of 'u1', and not of 'anna-u1'"
    ):
        read_folder(root, speech, whole, labels=tmp_path / "tg")
    put(tmp_path, {"tg/bert_u2.TextGrid": bert})
    assert read_folder(root, speech, whole, labels=tmp_path / "tg")[1] == both[2:]
    assert "recordings without labels: 2 (first: 'anna-u1')" in caplog.text
    assert "utterances with labels that are not among the recordings: 1 (first: 'u1', " in caplog.text


def test_no_labels_at_all_are_no_mistake(tmp_path, caplog):
    root = recorded(tmp_path / "src", "anna/u1.wav")
    put(tmp_path, {"l.ctm": ";; nothing yet\n"})
    assert read_folder(root, speech, whole, labels=tmp_path / "l.ctm")[1] == []
    assert "recordings without labels: 1 (first: 'anna-u1')" in caplog.text


def test_faults_of_labels_without_a_recording_do_no_harm(tmp_path):
    root = recorded(tmp_path / "src", "anna/u1.wav", "bert/u2.wav")
    put(tmp_path, {"l.ctm": labelled["a CTM"][1]["l.ctm"] + "carl-u3 1 0 1 a\ncarl-u3 1 0.5 -1 b\n"})
    assert read_folder(root, speech, whole, labels=tmp_path / "l.ctm")[1] == both


@pytest.mark.parametrize(("end", "told"), [(0.5, False), (0.505, True), (0.7, True), (1.0, True)])
def test_labels_may_pass_the_end_by_half_a_second(tmp_path, caplog, end, told):
    root = recorded(tmp_path / "src", "u1.wav")
    put(tmp_path, {"tg/u1.TextGrid": grid(end, (0, 0.25, "a"), (0.25, end, "b"))})
    labels = read_folder(root, speech, whole, labels=tmp_path / "tg")[1]
    assert labels == [Label("u1", 0, 0.25, "a"), Label("u1", 0.25, 0.5, "b")]
    assert ("labels past the end of their recording, cut there: 1" in caplog.text) == told


@pytest.mark.parametrize(("end", "fits"), [(50, True), (51, True), (51.5, True), (51.6, False), (60, False)])
def test_labels_of_handwriting_may_pass_the_end_by_a_frame_and_a_half(tmp_path, end, fits):
    Image.new("L", (100, 64), 255).save(tmp_path / "l.png")
    put(tmp_path, {"labels.tsv": f"utterance\tstart\tend\tlabel\nl\t0\t20\ta\nl\t20\t{end}\tb\n"})
    if fits:
        labels = read_folder(tmp_path, handwriting, whole, labels=tmp_path / "labels.tsv")[1]
        assert labels == [Label("l", 0, 20, "a"), Label("l", 20, 50, "b")]
    else:
        with pytest.raises(InputError, match=r"labels\.tsv:3: label 'b' .* lies past the end at 50"):
            read_folder(tmp_path, handwriting, whole, labels=tmp_path / "labels.tsv")


# --- files that cannot be read --------------------------------------------------------------------------------------


def test_bad_files_are_told_at_once_or_left_out_with_their_labels(tmp_path, caplog):
    root = recorded(tmp_path / "src", "anna/u1.wav", "bert/u2.wav")
    for name in ("u3", "u4", "u5", "u6"):
        (root / "anna" / f"{name}.wav").write_bytes(b"no sound at all" * 20)
    put(tmp_path, {"l.ctm": labelled["a CTM"][1]["l.ctm"] + "anna-u3 1 0 9 x\nanna_u4 1 0 0.1 y\n"})
    with pytest.raises(InputError) as error:
        read_folder(root, speech, whole, labels=tmp_path / "l.ctm")
    told = str(error.value)
    assert told.startswith(f"{root}: 4 utterances cannot be read: {root / 'anna' / 'u3.wav'}: cannot be decoded")
    assert told.endswith("; and 1 more; mend them, or leave them out with on_bad_utterance: skip")
    assert told.count(str(root / "anna")) == 3
    utterances, labels = read_folder(root, speech, whole, labels=tmp_path / "l.ctm", on_bad_utterance="skip")
    assert sorted(u.utterance for u in utterances) == ["anna-u1", "bert-u2"]
    assert labels == both
    assert "utterances that cannot be read, left out: 4 (first: " in caplog.text


def test_one_bad_file_is_told_as_itself(tmp_path):
    root = recorded(tmp_path, "anna/u1.wav")
    (root / "u2.flac").touch()
    with pytest.raises(InputError) as error:
        names_of(root)
    assert str(error.value) == f"{root / 'u2.flac'}: is empty"
    assert names_of(root, on_bad_utterance="skip") == ["anna-u1"]


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_recordings_too_short_for_a_frame_are_left_out_with_their_labels(tmp_path, caplog, policy):
    root = recorded(recorded(tmp_path / "src", "u1.wav"), "u2.wav", "u3.wav", seconds=0.004)
    put(tmp_path, {"l.ctm": "u1 1 0 0.5 a\nu2 1 0 0.004 b\n"})
    utterances, labels = read_folder(root, speech, whole, labels=tmp_path / "l.ctm", on_bad_utterance=policy)
    assert [u.utterance for u in utterances] == ["u1"]
    assert labels == [Label("u1", 0, 0.5, "a")]
    assert "utterances that are too short for a frame, left out: 2 (first: 'u2' has 0.004 seconds)" in caplog.text


def test_a_bad_image_among_good_ones_is_left_out(tmp_path):
    Image.new("L", (100, 64), 255).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(InputError, match=r"bad\.png: is not an image that can be read"):
        read_folder(tmp_path, handwriting, whole)
    utterances, _ = read_folder(tmp_path, handwriting, whole, on_bad_utterance="skip")
    assert [u.utterance for u in utterances] == ["good"]


def test_the_split_of_a_file_does_not_depend_on_what_is_left_out(tmp_path):
    root = recorded(tmp_path, *(f"u{n}.wav" for n in range(8)))
    before = {u.utterance: u.split for u in read_folder(root, speech, shares)[0]}
    (root / "u3.wav").write_bytes(b"")
    after = {u.utterance: u.split for u in read_folder(root, speech, shares, on_bad_utterance="skip")[0]}
    assert after == {name: split for name, split in before.items() if name != "u3"}


def pictures(root, *paths):
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number)).save(root / path)
    return root


def test_the_sub_folder_of_an_image_is_its_class(tmp_path):
    root = pictures(
        tmp_path, *(f"{split}/{kind}/{n}.png" for split in ("train", "test") for kind in ("cat", "dog") for n in (1, 2))
    )
    splits = {"train": "train", "test": "test"}
    utterances, labels = read_folder(root, images, splits, labels="sub-folders")
    assert [(u.utterance, u.split, u.speaker, u.duration) for u in utterances][:2] == [
        ("test-cat-1", "test", "test-cat-1", 64),
        ("test-cat-2", "test", "test-cat-2", 64),
    ]
    assert [(label.label, label.start, label.end) for label in labels] == [
        (u.utterance.split("-")[1], 0, 64) for u in utterances
    ]


def test_classes_are_in_all_splits_that_are_shares_and_folders_around_them_are_speakers(tmp_path):
    root = pictures(tmp_path, *(f"{kind}/{n}.png" for kind in ("cat", "dog") for n in range(10)))
    utterances, labels = read_folder(root, images, {"train": 0.6, "test": 0.4}, labels="sub-folders")
    kind = {label.utterance: label.label for label in labels}
    assert {(u.split, kind[u.utterance]) for u in utterances} == {
        (s, k) for s in ("train", "test") for k in ("cat", "dog")
    }
    root = pictures(tmp_path / "by", *(f"{who}/{kind}/1.png" for who in ("ann", "bob") for kind in ("a", "b")))
    utterances, labels = read_folder(root, images, {"train": 0.5, "test": 0.5}, labels="sub-folders")
    assert [(u.speaker, label.label) for u, label in zip(utterances, labels, strict=True)] == [
        (who, kind) for who in ("ann", "bob") for kind in ("a", "b")
    ]


def test_recordings_may_have_the_label_of_their_sub_folder_too(recordings):
    utterances, labels = read_folder(recordings, speech, shares, labels="sub-folders")
    assert [(label.start, label.end) for label in labels] == [(0, u.duration) for u in utterances]


def test_an_image_without_a_sub_folder_or_of_another_size_is_named(tmp_path):
    root = pictures(tmp_path, "1.png", "cat/2.png")
    with pytest.raises(InputError, match=r"1\.png lies in no sub-folder that is its label"):
        read_folder(root, images, {"train": 1.0}, labels="sub-folders")
    Image.fromarray(picture(1, 16)).save(root / "cat/2.png")
    Image.fromarray(picture(1)[..., 0]).save(root / "1.png")
    with pytest.raises(
        InputError, match=r"2 utterances cannot be read: .*1\.png: is grey, not RGB.*has 16 × 16 pixels"
    ):
        read_folder(root, images, {"train": 1.0})


def test_the_hint_names_all_features_that_suit_images(tmp_path):
    with pytest.raises(
        InputError, match=r"there are handwriting or images files: set features: \{kind: handwriting\} or"
    ):
        read_folder(pictures(tmp_path, "1.png"), speech, {"train": 1.0})


texts = {
    "composed": "\u00e9",
    "decomposed": "e\u0301",
    "no composed form": "q\u0303",
    "two marks": "\u05e9\u05c1\u05b8",
    "Arabic": "\u0628\u064e",
    "marked": "\u200f\u05d0\u200e",
    "joined": "\u0646\u200c",
}


def test_labels_of_lines_in_any_script_stay_whole_and_where_they_are(tmp_path):
    """Columns count from the left in right-to-left writing too, and a label with marks is one label."""
    for name in "abc":
        Image.new("L", (70 * 4, 128), 255).save(tmp_path / f"{name}.png")
    rows = [f"a\t{10 * n}\t{10 * n + 10}\t{text}\n" for n, text in enumerate(texts.values())]
    (tmp_path / "labels.tsv").write_text("utterance\tstart\tend\tlabel\n" + "".join(rows), encoding="utf-8")
    _, labels = read_folder(tmp_path, handwriting, shares, labels=tmp_path / "labels.tsv")
    found = dict(zip(texts, labels, strict=True))
    assert [label.start for label in labels] == [10 * n for n in range(len(texts))]
    assert found["composed"].label == found["decomposed"].label == "\u00e9"
    for name in ("no composed form", "two marks", "Arabic", "joined"):
        assert found[name].label == unicodedata.normalize("NFC", texts[name])
    assert found["marked"].label == "\u05d0"
