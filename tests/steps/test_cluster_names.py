import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake_interface_executor_plugins.utils import format_cli_arg

from unitdisc.errors import InputError
from unitdisc.steps.cluster_names import check_names


def test_a_name_that_a_shell_would_read_is_refused():
    check_names(["speech/wav.scp", "don't/a.wav", 'a "b".wav', "$(x) `y`.wav"])
    for name in ("it's $(x).wav", "`x` 'y'", "'\"; x; \"'", '"$(x)".wav', "'a'b", "a\\b", "a\u00a0b", "a\nb"):
        with pytest.raises(InputError, match="cannot hand to a cluster"):
            check_names(["fine.wav", name])


letters = st.text(st.sampled_from("ab /.'\"$`(){};&|*?!~#\u00e9\\\u00a0\n"), min_size=1)


@given(letters)
def test_what_is_let_through_stays_one_word(name):
    try:
        check_names([name])
    except InputError:
        return
    word = format_cli_arg("--wait-for-files", [name]).removeprefix("--wait-for-files ")
    assert word[0] == word[-1] == ('"' if "'" in name else "'")
    assert not (word[0] == '"' and set("$`") & set(name))
    assert shlex.split(word) == [name]
