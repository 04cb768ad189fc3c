"""What the tests of pages share: an HTML file as what a browser makes of it, and what must hold of each."""

import base64
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

from PIL import Image

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
EMPTY = {"meta", "img", "br", "wbr", "rect", "line", "col"}  # elements without an end
LOADING = {
    "src",
    "href",
    "srcset",
    "data",
    "action",
    "poster",
    "background",
    "xlink:href",
    "ping",
    "formaction",
}


class PageReader(HTMLParser):
    """Tags with their attributes, the visible text, and whether all tags are closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text, self.style = "", ""
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text += data

    def all(self, *names: str) -> list[dict[str, str]]:
        """Return the attributes of all tags of these names."""
        return [attributes for tag, attributes in self.tags if tag in names]

    def pictures(self) -> list[Image.Image]:
        """Return every image of the page, decoded."""
        found = []
        for attributes in self.all("img"):
            kind, data = attributes["src"].split(",", 1)
            assert kind == "data:image/jpeg;base64"
            image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
            image.load()
            found.append(image)
        return found


def check_loads_nothing(page: PageReader) -> None:
    """Fail if the page could load, send or run anything."""
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in page.all("meta")
    assert not page.all("script", "link", "iframe", "object", "embed", "form", "base", "video", "audio")
    assert not re.search(r"url\(|@import|expression", page.style)
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        for name in LOADING & set(attributes):
            assert attributes[name].startswith("data:image/jpeg;base64,") or (
                tag == "a" and attributes[name].startswith("#")
            ), (tag, attributes)


def check_can_be_read_aloud(page: PageReader) -> None:
    """Fail if the page lacks what a screen reader goes by."""
    assert page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(attributes.get("alt", "").strip() for attributes in page.all("img"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attributes for attributes in page.all("th"))
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert {attributes["href"][1:] for attributes in page.all("a")} <= set(names)
    assert {attributes["aria-labelledby"] for attributes in page.all("section")} <= set(names)
