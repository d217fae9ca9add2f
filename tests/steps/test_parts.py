import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.steps.parts import Part, parts, read_part


@given(st.integers(0, 50), st.integers(1, 20))
def test_parts_are_all_items_in_their_order_and_of_one_size(items, of):
    shares = [part.share(range(items)) for part in parts(of)]
    assert [item for share in shares for item in share] == list(range(items))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(st.integers(1, 20))
def test_a_part_is_read_as_it_is_written(of):
    assert [read_part(str(part)) for part in parts(of)] == parts(of)
    assert str(Part(2, 3)) == "2-of-3"


@pytest.mark.parametrize(
    "text", ["", "2", "0-of-3", "4-of-3", "1-of-0", "-1-of-3", "1-of-3 ", "١-of-٣", "1-of-" + 5000 * "9", "2/3"]
)
def test_what_is_no_part_is_told(text):
    with pytest.raises(InputError, match=r"--part .* is no part; the second of three is 2-of-3"):
        read_part(text)
