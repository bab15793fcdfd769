"""The explorers' networks, data and first pictures: ``python -m authoring explorers [NAME] [--photograph]``.

One module an explorer. Its ``main()`` trains or loads the networks and writes them to :data:`NETWORKS` with
:func:`authoring.web.networks.export` and ``export_arrays``, under names that begin with the explorer's
(``numbers_08.json``); what Keras said about the shown pictures goes to ``recorded/NAME.json`` beside the module, for tests.
:func:`put_pictures` fills the thumbnails of the fragment.

``--photograph`` opens the explorer in Chromium as it first shows itself and writes that into the fragment: pictures, curves,
values and texts. So a reader sees it before any script runs, on paper, and where no script runs.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import io
import json
import re
from collections.abc import Mapping

import numpy as np

from authoring.web.harness import EXPLORERS, browsing, find_chromium, serving

NAMES = ("numbers", "space", "noise", "swap")
NETWORKS = EXPLORERS / "networks"
LARGEST_MAP = 45_000  # bytes; a map that needs more is photographed at half the resolution
COLOURS_OF_A_MAP = 96  # a photograph of a map needs no more, and is a third of the size


def build(name: str | None = None, *, photograph_only: bool = False, photograph_too: bool = False) -> int:
    """Make one explorer's files, or all; returns the exit status."""
    if name is not None and name not in NAMES:
        print(f"There is no explorer {name!r}: they are {', '.join(NAMES)}")
        return 2
    for one in [name] if name else NAMES:
        if importlib.util.find_spec(f"{__name__}.{one}") is None:
            print(f"{one}: authoring/web/explorers/{one}.py does not exist yet")
            continue
        if not photograph_only:
            importlib.import_module(f"{__name__}.{one}").main()
        if photograph_only or photograph_too:
            photograph(one)
        print(f"{one}: {footprint(one) / 1e6:.2f} MB are loaded by its page")
    return 0


def own_bytes(name: str) -> int:
    """Bytes of an explorer's own networks, data, fragment, script and style."""
    return sum(path.stat().st_size for path in [*NETWORKS.glob(f"{name}_*"), *EXPLORERS.glob(f"{name}.*")])


def shared_bytes() -> int:
    """Bytes that all explorers load: scripts, style, strings."""
    files = [p for p in EXPLORERS.glob("*.*") if p.suffix in (".css", ".json", ".js") and p.stem not in NAMES]
    return sum(path.stat().st_size for path in files)


def footprint(name: str) -> int:
    """Bytes that the page of an explorer loads beside the page."""
    return own_bytes(name) + shared_bytes()


def png(pixels: np.ndarray) -> bytes:
    """Grey (h, w) or colour (h, w, 3) pixels, floats in [0, 1] or uint8, as the bytes of a PNG file."""
    from PIL import Image

    if pixels.dtype != np.uint8:
        pixels = np.round(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()


def put_pictures(name: str, pictures: Mapping[str, np.ndarray | bytes]) -> None:
    """Write pictures into a fragment: key -> pixels or PNG, for each ``<img data-still="key">``.

    Raises:
        ValueError: if the fragment has no such image.
    """
    fragment = EXPLORERS / f"{name}.html"
    text = fragment.read_text(encoding="utf-8")
    for key, picture in pictures.items():
        text = _put_source(text, rf'<img[^>]*data-still="{re.escape(key)}"[^>]*>', picture, f'data-still="{key}"')
    fragment.write_text(text, encoding="utf-8")


def photograph(name: str) -> None:
    """Write the first view of the live explorer into its fragment.

    What is written: English texts of strings.json (``data-text``), the canvases' pixels into the ``<img>`` of pictures and
    maps, curves, values, the sliders' outputs and the live text.
    """
    fragment = EXPLORERS / f"{name}.html"
    text = fragment.read_text(encoding="utf-8")
    strings = json.loads((EXPLORERS / "strings.json").read_text(encoding="utf-8"))["en"]
    for key in set(re.findall(r'data-text="([\w.]+)"', text)):
        section, word = key.split(".")
        text = _put_text(text, f'data-text="{key}"', strings[section][word])
    fragment.write_text(text, encoding="utf-8")  # the page is made of it

    program = find_chromium()
    if not program:
        raise SystemExit("No Chromium was found; install it, or set CHROMIUM=/path/to/chromium")
    with serving() as address, browsing(program) as chromium:
        tab = chromium.new_page(viewport={"width": 1280, "height": 900}, device_scale_factor=2)
        tab.goto(f"{address}/lessons/{name}.html")
        tab.wait_for_selector("figure.explorer.is-live")
        seen = tab.evaluate(
            """() => {
              const all = (what, f) => Object.fromEntries(
                [...document.querySelectorAll(`figure [data-${what}]`)].map((e) => [e.dataset[what], f(e)]));
              return {
                picture: all("picture", (e) => e.querySelector("canvas")?.toDataURL()),
                map: all("map", (e) => e.querySelector("canvas")?.toDataURL()),
                chart: all("chart", (e) => e.innerHTML),
                drawn: all("drawn", (e) => e.innerHTML),
                value: all("value", (e) => e.innerHTML),
                outputs: Object.fromEntries([...document.querySelectorAll("figure output")].map((e) => [e.htmlFor, e.innerHTML])),
                live: [...document.querySelectorAll("figure .explorer-live")].map((e) => e.innerHTML),
              };
            }"""
        )
    for kind in ("picture", "map"):
        for key, address in seen[kind].items():
            data = base64.b64decode(address.split(",", 1)[1])
            picture = _fewer_colours(data) if kind == "map" else _repacked(data)
            text = _put_source(text, rf'data-{kind}="{key}"[^>]*>\s*<img[^>]*>', picture, f'data-{kind}="{key}"')
    for kind in ("chart", "drawn"):
        for key, drawn in seen[kind].items():
            text = _put(text, rf'(data-{kind}="{key}"[^>]*>).*?(</div>)', drawn, f'data-{kind}="{key}"')
    for key, shown in seen["value"].items():
        text = _put_text(text, f'data-value="{key}"', shown)
    for key, shown in seen["outputs"].items():
        text = _put(text, rf'(<output for="{key}">)[^<]*(<)', shown, f'<output for="{key}">')
    spoken = iter(seen["live"])  # a figure of several parts has a live text in each
    live = r'(<p class="explorer-live[^"]*"[^>]*>)[^<]*(<)'
    text = re.sub(live, lambda match: match[1] + next(spoken) + match[2], text)
    fragment.write_text(text, encoding="utf-8")


def _put(text: str, pattern: str, content: str, what: str) -> str:
    """Replace what stands between two groups; every place, at least one."""
    changed, count = re.subn(pattern, lambda m: m[1] + content + m[2], text, flags=re.DOTALL)
    if not count:
        raise ValueError(f"the fragment has no {what}")
    return changed


def _put_text(text: str, attribute: str, content: str) -> str:
    return _put(text, rf"({re.escape(attribute)}[^>]*>)[^<]*(<)", content, attribute)


def _put_source(text: str, pattern: str, picture: np.ndarray | bytes, what: str) -> str:
    """Replace the address of the image that a pattern finds."""
    data = picture if isinstance(picture, bytes) else png(picture)
    address = "data:image/png;base64," + base64.b64encode(data).decode()

    def with_address(match):
        return re.sub(r'src="[^"]*"', lambda _: f'src="{address}"', match[0])

    changed, count = re.subn(pattern, with_address, text, flags=re.DOTALL)
    if not count:
        raise ValueError(f"the fragment has no image with {what}")
    return changed


def _repacked(data: bytes) -> bytes:
    """A smaller file with the same pixels; grey where they are grey."""
    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    grey = (pixels == pixels[..., :1]).all()
    return png(pixels[..., 0] if grey else pixels)


def _fewer_colours(data: bytes) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    image = Image.open(io.BytesIO(data)).convert("RGBA")
    image.quantize(COLOURS_OF_A_MAP, Image.Quantize.FASTOCTREE).save(file, "PNG", optimize=True)
    if file.tell() <= LARGEST_MAP:
        return file.getvalue()
    return _fewer_colours(png(np.asarray(image.reduce(2))))  # thousands of dots: no sharp edge is lost
