"""The command line: one thin function per sub-command, each importing its step when it is called."""

import json
import os
import sys
import time
from pathlib import Path

import typer

from unitdisc.errors import InputError, reported_by_launcher

app = typer.Typer(
    name="unitdisc",
    help="Discover units in speech, handwriting and small images: recordings, text-line images or colour images in, "
    "unit sequences and scores out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def commands() -> None:
    """Register all commands by importing their modules."""
    from unitdisc.cli import abx, discophon, discovery, encode, project, reconstruct, report, steps, units  # noqa: F401


def main() -> None:
    """Run the command line; an error of the user is one line on standard error, with exit code 2."""
    import logging
    from signal import SIGTERM

    from unitdisc.signals import Ended, end_on, ignore

    # pyarrow's own allocators keep tens of megabytes that were freed.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    end_on(SIGTERM)  # as an exception, so that temporary files are removed
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        commands()
        app()
    except InputError as error:
        sys.exit(_report(str(error)))
    except Ended as end:
        ignore()
        if reported_by_launcher not in os.environ:
            print(f"unitdisc: ended by {end.name}", file=sys.stderr)  # noqa: T201
        sys.exit(end.code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        sys.exit(_report(str(InputError(error.strerror or str(error), error.filename or "a file"))))
    except MemoryError:
        sys.exit(_report("there is not enough memory for this"))


def _report(message: str) -> int:
    """Report an error to the user, or to the launcher of several processes, and return the exit code."""
    line, file = " ".join(message.split()), os.environ.get("TORCHELASTIC_ERROR_FILE")
    if file and reported_by_launcher in os.environ:  # one of several processes that share a training
        Path(file).write_text(json.dumps({"message": line, "timestamp": int(time.time()), "unitdisc": True}))
    else:
        print(f"unitdisc: {line}", file=sys.stderr)  # noqa: T201
    return 2
