"""Who wrote a page: by a folder or a part of its path, by a table, or by what its file says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unitdisc.corpora.speakers import speaker_of
from unitdisc.errors import InputError
from unitdisc.formats.pages.collection import PageFile
from unitdisc.formats.row_tables import read_row_table, text_of
from unitdisc.formats.text import plain_name
from unitdisc.formats.utterance_names import Names


@dataclass(frozen=True, slots=True)
class Writers:
    """The rule by which pages have writers: see ``PagesSettings``."""

    rule: int | str
    table: Path | None
    root: Path

    def of(self, pages: Mapping[str, PageFile], places: Mapping[str, Path]) -> dict[str, str]:
        """Return the writer of each page; one directly in the root is its own writer, unless it is said otherwise.

        Raises InputError for a page without a writer by the table, by metadata or by its path.
        """
        if self.table is not None:
            return self._of_table(self.table, pages)
        if self.rule == "metadata":
            for page in pages.values():
                if not page.page.writer:
                    fix = "set speaker to a folder, or writers to a table"
                    raise InputError("says no writer in its metadata", page.file_source, fix=fix)
            return {name: plain_name(page.page.writer) for name, page in pages.items()}
        writers = {}
        for name in pages:
            relative = places[name].relative_to(self.root)
            alone = len(relative.parts) == 1 and self.rule == 1
            writers[name] = (
                name if alone else speaker_of(relative.with_name(f"{relative.name}.x"), self.rule, self.root)
            )
        return writers

    def _of_table(self, table: Path, pages: Mapping[str, PageFile]) -> dict[str, str]:
        rows, known = read_row_table(table, ("path", "speaker")), Names(pages)
        writers = dict[str, str]()
        for line, path, speaker in zip(rows.lines, rows.column("path"), rows.column("speaker"), strict=True):
            try:
                text, writer = text_of(path, "path"), text_of(speaker, "speaker")
            except InputError as error:
                raise InputError(str(error), table, line) from None
            name = known.of_texts([(text, "")])[text, ""]
            if name in pages and writer:
                writers[name] = plain_name(writer)
        missing = next((name for name in pages if name not in writers), None)
        if missing is not None:
            raise InputError(
                f"says no writer of the page {missing!r}", table, fix="add a row with its path and speaker"
            )
        return writers
