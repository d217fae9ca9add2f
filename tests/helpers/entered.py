"""Run commands of unitdisc and record which modules of the package each imports, and which functions it enters.

``python -m tests.helpers.entered CALLS OUT`` reads JSON from CALLS, a list of arguments per command, and writes to OUT a
list of module → the qualified names of its functions that were entered. What only runs while a module is imported, such
as the body of a class, does not count as entered. Each command runs in a process of its own, forked from one that has
imported other packages, which takes longer than most commands.
"""

import json
import os
import sys
import threading
from importlib import import_module
from pathlib import Path

import unitdisc

package = Path(unitdisc.__file__).parent
others = (
    "torch",
    "torchaudio",
    "pandas",
    "pydantic",
    "typer",
    "kaldiio",
    "soundfile",
    "PIL.Image",
    "numba",
    "safetensors",
)


def main() -> None:
    calls, out = map(Path, sys.argv[1:])
    for name in others:
        import_module(name)
    assert not [name for name in sys.modules if name.startswith("unitdisc.")]
    found = []
    for arguments in json.loads(calls.read_text()):
        if (child := os.fork()) == 0:
            run_recorded(out, arguments)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status == 0, f"{arguments} ended with {status}"
        found.append(json.loads(out.read_text()))
    out.write_text(json.dumps(found))


def run_recorded(out: Path, arguments: list[str]) -> None:
    """Run a command, write what it entered, and end the process."""
    entered: set[tuple[str, str]] = set()
    ours = str(package)
    sys.argv = ["unitdisc", *arguments]

    def record(frame, *_):
        code = frame.f_code
        function = code.co_filename, code.co_qualname
        if function not in entered and code.co_filename.startswith(ours) and not importing(frame):
            entered.add(function)

    threading.settrace(record)  # without a function for the lines of a frame, a trace has its call alone
    sys.settrace(record)
    from unitdisc.cli import main as run

    status = 1
    try:
        run()
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        sys.settrace(None)
        modules = {name: [] for name in sys.modules if name.split(".")[0] == "unitdisc"}
        for file, function in sorted(entered):
            parts = Path(file).relative_to(package.parent).with_suffix("").parts
            modules.setdefault(".".join(part for part in parts if part != "__init__"), []).append(function)
        out.write_text(json.dumps(modules))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def importing(frame) -> bool:
    """Whether a frame runs because a module of the package is being imported."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(str(package)):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    main()
