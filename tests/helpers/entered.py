"""Run a command of unitdisc and record which modules of the package it imports, and which functions it enters.

``python -m tests.helpers.entered OUT ARGUMENTS`` writes JSON to OUT: module → the qualified names of its functions that
were entered. What only runs while a module is imported, such as the body of a class, does not count as entered.
"""

import json
import sys
import threading
from pathlib import Path

import unitdisc

package = Path(unitdisc.__file__).parent


def main() -> None:
    out, entered = sys.argv[1], set()
    sys.argv = ["unitdisc", *sys.argv[2:]]

    def record(frame, event, _):
        code = frame.f_code
        function = code.co_filename, code.co_qualname
        ours = event == "call" and code.co_filename.startswith(str(package))
        if ours and function not in entered and not importing(frame):
            entered.add(function)

    threading.setprofile(record)
    sys.setprofile(record)
    from unitdisc.cli import main as run

    try:
        run()
    finally:
        sys.setprofile(None)
        modules = {name: [] for name in sys.modules if name.split(".")[0] == "unitdisc"}
        for file, function in sorted(entered):
            parts = Path(file).relative_to(package.parent).with_suffix("").parts
            modules.setdefault(".".join(part for part in parts if part != "__init__"), []).append(function)
        Path(out).write_text(json.dumps(modules))


def importing(frame) -> bool:
    """Whether a frame runs because a module of the package is being imported."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(str(package)):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    main()
