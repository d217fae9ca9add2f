"""YAML of a configuration: aliases as they are meant, and none that grow without end."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.config.load import read_config
from unitdisc.config.yaml_text import parse_yaml
from unitdisc.errors import InputError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read(value):
    assert parse_yaml(yaml.safe_dump(value), "a.yaml") == value


def test_aliases_stand_for_what_they_name():
    text = "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n"
    assert parse_yaml(text, "a.yaml") == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}


laughs = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (laughs, r"a\.yaml:6: its aliases stand for more than 200000 values"),
        ("a: 1\nb: &b\n  - *b\n", r"a\.yaml:2: an alias stands for a value that it is part of"),
        ("a: &a {x: {y: *a}}\n", "stands for a value that it is part of"),
        ("a: " + "9" * 5000, r"a\.yaml: is not YAML \(Exceeds the limit"),
        ("a: " + "[" * 50_000, r"a\.yaml: is not YAML \(it is nested too deeply\)"),
        ("a: " + "[{b: " * 51 + "1" + "}]" * 51, r"a\.yaml: is not YAML \(it is nested too deeply\)"),
        ("a: 2001-99-99\n", r"a\.yaml: is not YAML \(month must be"),
        ("a: [1\nb: 2\n", r"a\.yaml:2: is not YAML: "),
        ("a: !!python/object/apply:os.system [id]\n", r"a\.yaml:1: is not YAML: could not determine a constructor"),
    ],
)
def test_what_grows_or_is_no_yaml_is_one_line(text, message):
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "a.yaml")


def test_a_hundred_levels_are_read():
    value = parse_yaml("a: " + "[{b: " * 50 + "1" + "}]" * 50, "a.yaml")["a"]
    for _ in range(50):
        (value,) = value
        value = value["b"]
    assert value == 1


def test_a_wrong_value_is_quoted_in_part(tmp_path):
    path = tmp_path / "a.yaml"
    for value in ("x" * 10**6, f"[{'[1, 2], ' * 10_000}3]"):
        rest = "corpora: {s: {kind: kaldi, root: x}}\nmodels: {k: kmeans}\nruns: {s: [k]}\n"
        path.write_text(f"scoring: {{bootstrap: {value}}}\n{rest}")
        with pytest.raises(InputError, match=r"a\.yaml:1: scoring\.bootstrap is ") as told:
            read_config(str(path))
        assert len(str(told.value)) <= 500
