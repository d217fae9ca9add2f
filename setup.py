"""Puts the workflow files into the built package, so that it works without a clone; the rest is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

root = Path(__file__).parent
travelling = ("Snakefile", "config.yaml", "config.schema.json", "workflow", "profiles", "constraints.txt")


class BuildWithWorkflow(build_py):
    """Copies the files of the workflow beside the modules."""

    def run(self):
        """Build the modules, then copy."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "unitdisc" / "workflow_files"
        for name in travelling:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, target / name, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target / name)


setup(cmdclass={"build_py": BuildWithWorkflow})
