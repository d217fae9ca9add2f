"""Names of files that must not reach the jobs of a cluster: Snakemake writes them into a shell command."""

import re
from collections.abc import Iterable

from unitdisc.errors import InputError

# Snakemake quotes as Python's repr does. A shell then expands, or takes for its own, what is in such a name; and what
# repr escapes is another name.
unquotable = re.compile(r"""^['"]|'.*["$`]|["$`].*'""", re.DOTALL)


def check_names(paths: Iterable[str]) -> None:
    """Raise InputError for a path that a shell of the cluster would not read as it is."""
    for path in paths:
        if unquotable.search(path) or repr(path)[1:-1] != path:
            raise InputError(
                "has a name that Snakemake cannot hand to a cluster: a quote first, ' together with \", $ or `, "
                "a backslash, or a character that cannot be printed",
                path,
                fix="rename it, or run without a cluster",
            )
