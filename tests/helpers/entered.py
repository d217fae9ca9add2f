"""Run a command of unitdisc and record which functions of the package it enters, and which modules it imports.

``python -m tests.helpers.entered OUT ARGUMENTS`` writes JSON to OUT: module → the qualified names of what was entered.
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
        if event == "call" and frame.f_code.co_filename.startswith(str(package)):
            entered.add((frame.f_code.co_filename, frame.f_code.co_qualname))

    threading.setprofile(record)
    sys.setprofile(record)
    from unitdisc.cli import main as run

    try:
        run()
    finally:
        sys.setprofile(None)
        found = {name: [] for name in sys.modules if name.split(".")[0] == "unitdisc"}
        for file, function in sorted(entered):
            parts = Path(file).relative_to(package.parent).with_suffix("").parts
            if function != "<module>":
                found.setdefault(".".join(part for part in parts if part != "__init__"), []).append(function)
        Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
