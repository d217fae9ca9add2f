"""Run the command line as ``python -m unitdisc``."""

from unitdisc.cli import main

main()
