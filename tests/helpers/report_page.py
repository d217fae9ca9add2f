"""Reading a report page back: its text, its tags, its data, its pictures."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
from PIL import Image


class Parts(HTMLParser):
    """The text of a page, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def data_of(page: str) -> dict[str, Any]:
    """Return what the scripts of a page draw."""
    script = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, flags=re.DOTALL)
    assert script
    data: dict[str, Any] = json.loads(script[1])
    return data


def omitted(page: str) -> str:
    """Return the sentence of a page about what it leaves out."""
    sentence = re.search(r'<p[^>]* id="omitted">([^<]*)</p>', page)
    return sentence[1] if sentence else ""


def pixels(uri: str) -> np.ndarray:
    """Return the picture of a data URI."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))
