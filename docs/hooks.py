"""What mkdocs does with links that leave docs/: they work in a clone, and the site has only the documents."""

import re
from posixpath import normpath

from mkdocs.config.defaults import MkDocsConfig

link = re.compile(r"\[([^\]]+)\]\(\.\./([^)#\s]+)\)")


def on_page_markdown(markdown: str, *, config: MkDocsConfig, **_: object) -> str:
    """Point such links at the repository if the site has one, else write the path in their place."""

    def replaced(match: re.Match[str]) -> str:
        text, path = match[1], normpath(match[2])
        if config.repo_url:
            return f"[{text}]({config.repo_url.rstrip('/')}/blob/main/{path})"
        return f"`{path}`" if path.endswith(text.strip("`").rstrip("/")) else f"{text} (`{path}`)"

    return link.sub(replaced, markdown)
