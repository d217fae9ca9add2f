"""What `unitdisc discovery` reads as labels, and what it says of those that do not fit the units."""

import json
import unicodedata

import pytest

from tests.helpers.eafs import Eaf
from tests.helpers.pipeline import in_process


@pytest.fixture
def folder(tmp_path):
    """Units of 0.6 s: the first half is 1, the second half 2."""
    put(tmp_path, {"u.tsv": units(u1=[1] * 15 + [2] * 15)})
    return tmp_path


def units(**sequences):
    rows = "".join(f"{name}\t0.02\t{' '.join(map(str, own))}\n" for name, own in sequences.items())
    return f"utterance\tframe_shift\tunits\n{rows}"


def put(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def grid(*tiers, end=0.6):
    """A TextGrid of tiers: a name, and intervals of start, end and text."""
    own = "".join(
        f'"IntervalTier"\n"{name}"\n0\n{end}\n{len(spans)}\n' + "".join(f'{s}\n{e}\n"{t}"\n' for s, e, t in spans)
        for name, *spans in tiers
    )
    return f'"ooTextFile"\n"TextGrid"\n0\n{end}\n<exists>\n{len(tiers)}\n{own}'


def scored(folder, *words, units="u.tsv"):
    """The value of many-to-one and its number of tokens, or the one line that the command ends with."""
    done = in_process(folder, "discovery", units, *words, "--bootstrap", "0", "--json")
    if done.returncode:
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        return done.stderr.removesuffix("\n").rpartition("unitdisc: ")[2]
    row = json.loads(done.stdout)["many_to_one"]
    return row["value"], row["n"]


def notices(folder, *words):
    done = in_process(folder, "discovery", "u.tsv", *words, "--bootstrap", "0")
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


halves = [(0, 0.3, "a"), (0.3, 0.6, "b")]
maus = grid(("ORT-MAU", (0, 0.6, "w")), ("KAN-MAU", (0, 0.6, "k")), ("MAU", *halves))


# --- tiers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["MAU", "mau", "3"])
def test_a_tier_is_chosen_by_name_or_number(folder, tier):
    put(folder, {"tg/u1.TextGrid": maus})
    assert scored(folder, "tg", "--tier", tier) == (1.0, 30)
    assert scored(folder, "tg/u1.TextGrid", "--tier", tier) == (1.0, 30)


def test_a_tier_must_be_chosen_where_none_is_of_phones(folder):
    put(folder, {"tg/u1.TextGrid": maus})
    tiers = "its interval tiers are: 1 'ORT-MAU', 2 'KAN-MAU', 3 'MAU'; choose one by name or number with --tier, in a configuration tier"
    assert scored(folder, "tg") == f"tg/u1.TextGrid: has no tier named phones; {tiers}"
    assert scored(folder, "tg", "--tier", "words") == f"tg/u1.TextGrid: has no tier 'words'; {tiers}"


def test_the_tiers_of_phones_of_two_speakers_are_read_together(folder):
    put(folder, {"tg/u1.TextGrid": grid(("Anna - phones", (0, 0.3, "a")), ("Bert - phones", (0.3, 0.6, "b")))})
    assert scored(folder, "tg") == (1.0, 30)
    assert scored(folder, "tg", "--tier", "bert - phones") == (1.0, 15)


@pytest.mark.parametrize("blank", ["", " ", "\u200b"])
def test_a_tier_may_end_in_silence_without_a_text(folder, blank):
    put(folder, {"tg/u1.TextGrid": grid(("phones", (0, 0.3, "a"), (0.3, 0.5, "b"), (0.5, 0.6, blank)))})
    assert scored(folder, "tg") == (1.0, 25)


def test_a_tier_that_ends_elsewhere_than_the_units_is_told(folder):
    put(folder, {"tg/u1.TextGrid": grid(("phones", *halves, (0.6, 0.9, "")), end=0.9)})
    assert scored(folder, "tg").startswith("u.tsv:2: the labels of 'u1' end at 0.9, its 30 units at 0.6, more than one")
    assert scored(folder, "tg", "--lengths", "common") == (1.0, 30)
    put(folder, {"tg/u1.TextGrid": grid(("phones", (0, 0.3, "a"), (0.3, 0.5, "b")), end=0.5)})
    assert "end at 0.5, its 30 units at 0.6" in scored(folder, "tg")


def test_a_ctm_says_nothing_of_silence_at_the_end(folder):
    put(folder, {"g.ctm": "u1 1 0 0.3 a\nu1 1 0.3 0.2 b\n"})
    assert "the labels of 'u1' end at 0.5, its 30 units at 0.6" in scored(folder, "g.ctm")
    assert scored(folder, "g.ctm", "--lengths", "common") == (1.0, 25)


# --- formats and names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.ctm", ";; by hand\nu1 1 0.30 0.30 b 0.9\nu1 1 0.00 0.31 a 0.8\n"),
        ("g.ctm", "u1 A 0 0.3 a\nu1 A * * <ALT_BEGIN>\nu1 A 0.3 0.3 b\nu1 A * * <ALT>\nu1 A 0.3 0.3 x\nu1 A * * <ALT_END>\n"),
        ("labels.tsv", "utterance\tstart\tend\tlabel\nu1\t0.3\t0.6\tb\nu1\t0\t0.3\ta\n"),
        ("text_ali", "u1 a 0 30 ; b 30 60 ;\n"),
        ("u1.phn", "0 4800 a\n4800 9600 b\n"),
        ("u1.TextGrid", 'File type = "ooTextFile short"\n' + grid(("phones", *halves)).partition("\n")[2]),
    ],
)  # fmt: skip
def test_labels_of_every_format_score_the_same(folder, name, text):
    put(folder, {name: text})
    assert scored(folder, name) == (1.0, 30)


@pytest.mark.parametrize(
    ("known", "file"),
    [("s0-a0", "tg/s0/a0"), ("s0-a0", "tg/s0_a0"), ("s0_a0", "tg/s0/a0"), ("s0/a0", "tg/s0/a0"), ("a0", "tg/s0/a0"),
     ("s0-a0", "tg/a0"), ("s0-re\u0301", "tg/s0/r\u00e9"), ("s0-r\u00e9", "tg/s0/re\u0301"), ("John_Smith-a0", "tg/John Smith/a0")],
)  # fmt: skip
def test_units_and_textgrids_meet_whatever_joins_their_names(folder, known, file):
    put(folder, {"u.tsv": units(**{known: [1] * 15 + [2] * 15}), f"{file}.TextGrid": grid(("phones", *halves))})
    assert scored(folder, "tg") == (1.0, 30)


def test_labels_of_no_utterance_with_units_are_told_with_an_example_of_both(folder):
    put(folder, {"g.ctm": "x9 1 0 0.3 a\n"})
    assert scored(folder, "g.ctm") == (
        "g.ctm: no utterance has both units and labels: 'x9' is not among the units, 'u1' not among the labels"
    )


def test_two_files_of_one_utterance_are_told(folder):
    put(folder, {"tg/u1.TextGrid": grid(("phones", *halves)), "tg/u1.phn": "0 4800 a\n"})
    assert "tg/u1.TextGrid: is the utterance 'u1', as tg/u1.phn is; rename the others" in scored(folder, "tg")


@pytest.mark.parametrize(("form", "other"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_letters_are_compared_composed(folder, form, other):
    def of(text, form):
        return unicodedata.normalize(form, text)

    label = "u1 1 0 0.3 \u00e9\nu1 1 0.3 0.3 \u00e3\n"
    put(folder, {"g.ctm": of(label, form), "h.ctm": of(label, other)})
    done = in_process(
        folder, "discovery", "u.tsv", "g.ctm", "--map-units", "u.tsv", "--map-labels", "h.ctm", "--bootstrap", "0",
        "--json", "--exclude", of("\u00e3", other),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["many_to_one_heldout"]
    assert (found["value"], found["n"]) == (1.0, 15)


# --- mappings and what is said --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [("a", "A"), ("AA", "AA1"), ("a", "1")])
def test_a_mapping_without_a_common_label_is_told(folder, first, second):
    put(folder, {"g.ctm": f"u1 1 0 0.6 {first}\n", "h.ctm": f"u1 1 0 0.6 {second}\n"})
    assert scored(folder, "g.ctm", "--map-units", "u.tsv", "--map-labels", "h.ctm") == (
        f"h.ctm: has no label in common with the labels to score: {second!r} and so on here, {first!r} among those to score"
    )


def test_a_mapping_with_one_common_label_is_fitted(folder):
    put(folder, {"g.ctm": "u1 1 0 0.3 a\nu1 1 0.3 0.3 b\n", "h.ctm": "u1 1 0 0.3 a\nu1 1 0.3 0.3 c\n"})
    assert scored(folder, "g.ctm", "--map-units", "u.tsv", "--map-labels", "h.ctm") == (1.0, 30)


@pytest.mark.parametrize("words", [("--map-units", "u.tsv"), ("--map-labels", "g.ctm")])
def test_a_mapping_needs_both_files(folder, words):
    put(folder, {"g.ctm": "u1 1 0 0.6 a\n"})
    assert scored(folder, "g.ctm", *words) == (
        "a mapping needs both units and labels; give --map-units and --map-labels together"
    )


def test_what_was_put_right_is_said_on_standard_error(folder):
    put(folder, {"g.ctm": "u1 1 0 0.31 a\nu1 1 0.3 0.3 b\nu1 1 0.6 0 c\n", "u2.tsv": units(u1=[1] * 30, u2=[1])})
    assert notices(folder, "g.ctm") == [
        "notice: labels of no length, left out: 1 (first: label 'c' of 'u1' (0.6 to 0.6), g.ctm, line 3)",
        (
            "notice: labels that overlap the next one by up to a frame, cut there: 1 "
            "(first: label 'a' of 'u1' (0 to 0.31), g.ctm, line 1)"
        ),
    ]


@pytest.mark.parametrize(
    ("exclude", "told"),
    [("a", []), ("A", ["unitdisc: no label is named A (there is a)"]), ("a,x,B", ["unitdisc: no label is named B (there is b), x"])],
)  # fmt: skip
def test_labels_to_exclude_that_do_not_exist_are_told(folder, exclude, told):
    put(folder, {"g.ctm": "u1 1 0 0.3 a\nu1 1 0.3 0.3 b\n"})
    assert notices(folder, "g.ctm", "--exclude", exclude) == told


def test_utterances_without_labels_are_counted(folder):
    put(folder, {"u.tsv": units(u1=[1] * 15, u2=[1]), "g.ctm": "u1 1 0 0.3 a\n"})
    assert notices(folder, "g.ctm") == ["unitdisc: 1 of 2 utterances have no labels to score"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("g.ctm", "u1 1 0 0.3\n", "g.ctm:1: is not 'utterance channel start duration label'"),
        ("g.ctm", "u1 1 0 0.4 a\nu1 1 0.3 0.3 b\n", ("g.ctm:2: label 'b' of 'u1' (0.3 to 0.6) overlaps the label before it; "
         "take one tier or one channel per utterance")),
        ("g.ctm", "u1 1 -1 0.3 a\n", "g.ctm:1: label 'a' of 'u1' (-1 to -0.7) starts before 0"),
        ("g.txt", "u1 1 0 0.3 a\n", ("g.txt: the format of the labels cannot be inferred from the name; name it with "
         "--format, in a configuration label_format: tsv, ctm, textgrid, phn, eaf, text_ali, discophon")),
        ("u1.TextGrid", "ooBinaryFile", "u1.TextGrid: is a binary TextGrid; save it as a text file in Praat"),
        ("g/notes.txt", "", "g: this folder holds no tsv, ctm, textgrid, phn, eaf, text_ali, discophon file"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(folder, name, text, message):
    put(folder, {name: text})
    assert scored(folder, name.partition("/")[0]) == message


def test_no_labels_at_all_score_the_usage_alone(folder):
    put(folder, {"g.ctm": ";; nothing\n"})
    done = in_process(folder, "discovery", "u.tsv", "g.ctm", "--bootstrap", "0", "--json")
    assert done.returncode == 0, done.stderr
    assert "many_to_one" not in json.loads(done.stdout)


def test_a_mapping_without_any_label_is_told(folder):
    put(folder, {"g.ctm": "u1 1 0 0.6 a\n", "none.ctm": ""})
    assert scored(folder, "g.ctm", "--map-units", "u.tsv", "--map-labels", "none.ctm") == (
        "none.ctm: holds no labels to fit a mapping on"
    )


# --- ELAN, TIMIT and labels of more than was encoded ----------------------------------------------------------------


def test_elan_files_are_labels(folder):
    Eaf().aligned("words", [(0, 600, "w")]).aligned("ipa", [(0, 300, "a"), (300, 600, "b")]).write(folder / "e/u1.eaf")
    assert scored(folder, "e", "--tier", "ipa") == scored(folder, "e/u1.eaf", "--tier", "2") == (1.0, 30)
    tiers = (
        "its interval tiers are: 1 'words', 2 'ipa'; choose one by name or number with --tier, in a configuration tier"
    )
    assert scored(folder, "e") == f"e/u1.eaf: has no tier named phones; {tiers}"


def test_phones_of_timit_are_folded(folder):
    put(folder, {"u1.phn": "0 2400 h#\n2400 4800 pcl\n4800 7200 ix\n7200 9600 ih\n"})
    assert scored(folder, "u1.phn") == (16 / 30, 30)
    assert scored(folder, "u1.phn", "--fold", "timit-39") == (1.0, 30)
    put(folder, {"u1.phn": "0 4800 h#\n4800 7200 q\n7200 9600 ih_B\n"})
    assert scored(folder, "u1.phn", "--fold", "timit-39").startswith("u1.phn:3: 'ih_B' is none of the phones that")
    assert scored(folder, "u1.phn", "--fold", "timit-39", "--kaldi-phones") == (1.0, 23)


def test_files_of_other_utterances_are_not_opened(folder):
    put(folder, {"tg/u1.TextGrid": grid(("phones", *halves)), "tg/u2.TextGrid": "not a TextGrid"})
    assert scored(folder, "tg") == (1.0, 30)
    (folder / "tg" / "u1.TextGrid").unlink()
    assert scored(folder, "tg") == (
        "tg: no utterance has both units and labels: 'u2' is not among the units, 'u1' not among the labels"
    )
