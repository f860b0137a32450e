"""How long a map takes to open and how smoothly it moves, in headless Chromium without a GPU, beside pyvis.

    python bench/map_open.py [--sizes 200,1000,5000,20000] [--rounds 3] [--pyvis]

Open: from navigation to the first drawn frame. Frames: animation frames a second over two seconds while wheel or drag
events arrive every frame. Heap: after a forced collection. Medians. ``--pyvis`` adds pyvis as shipped (200 only; larger
does not settle) and with preset positions.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.e2e.map_site import serve
from tests.support import needs
from tests.viz.made import AS_AT, MADE_AT, neighbourhood
from viz.elements import MapDocument, map_document

_FRAMES = """async (act) => {
  const target = document.querySelector('canvas');
  const box = target.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  let frames = 0, turn = 0;
  const fire = (type, make) => target.dispatchEvent(make(type));
  const pointer = (type, px, py) => fire(type, (t) => new PointerEvent(t, {bubbles: true, cancelable: true,
    pointerId: 1, clientX: px, clientY: py, button: 0, buttons: 1, isPrimary: true, pointerType: 'mouse'}));
  target.setPointerCapture = () => {};
  if (act === 'pan') pointer('pointerdown', x, y);
  const began = performance.now();
  while (performance.now() - began < 2000) {
    turn += 1;
    if (act === 'zoom') fire('wheel', (t) => new WheelEvent(t, {bubbles: true, cancelable: true, clientX: x, clientY: y,
      deltaY: Math.floor(turn / 25) % 2 ? 30 : -30}));
    else pointer('pointermove', x + 120 * Math.sin(turn / 12), y + 80 * Math.cos(turn / 12));
    await new Promise(requestAnimationFrame);
    frames += 1;
  }
  if (act === 'pan') pointer('pointerup', x, y);
  return frames * 1000 / (performance.now() - began);
}"""
_DRAWN = "() => performance.getEntriesByName('kith-map-drawn').length > 0"


def made(count: int) -> MapDocument:
    return map_document(
        neighbourhood(count, per_node=2.5),
        title="Benchmark",
        audience="benchmark",
        purpose="benchmark",
        marking="OFFICIAL",
        as_at=AS_AT,
        known_at=None,
        made_at=MADE_AT,
    )


def pyvis_page(document: MapDocument, preset: bool) -> str:
    from pyvis.network import Network

    network = Network(height="700px", width="100%", cdn_resources="in_line", directed=True)
    nodes, ties = document.nodes, document.ties
    for i in range(len(nodes.id)):
        network.add_node(i, label=nodes.label[i], x=nodes.x[i], y=nodes.y[i])
    for a, b in zip(ties.source, ties.target, strict=True):
        network.add_edge(a, b)
    if preset:
        network.toggle_physics(False)
    html: str = network.generate_html()
    # the page asks a content network for Bootstrap: not available here, so not waited for
    return html.replace("https://cdn.jsdelivr.net", "data:,")


def measure(page: Page, url: str, drawn: str, frames: bool = True) -> tuple[float, float, float, float]:
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(drawn, timeout=150_000, polling=5)
    opened = time.perf_counter() - began
    if not frames:
        return opened, 0.0, 0.0, 0.0
    page.wait_for_timeout(200)
    zoom, pan = (float(page.evaluate(_FRAMES, act)) for act in ("zoom", "pan"))
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap: dict[str, Any] = session.send("Runtime.getHeapUsage")
    return opened, zoom, pan, float(heap["usedSize"]) / 1e6


def rounds(new_page: Callable[[], Page], url: str, drawn: str, count: int) -> list[float]:
    results = []
    for _ in range(count):
        page = new_page()
        results.append(measure(page, url, drawn))
        page.close()
    return [statistics.median(column) for column in zip(*results, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="200,1000,5000,20000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pyvis", action="store_true")
    options = parser.parse_args()
    print(
        f"{'nodes':>6} {'ties':>6} {'page':<16} {'kB':>6} {'open s':>7} {'zoom fps':>8} {'pan fps':>8} {'heap MB':>8}"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium_path(), args=needs.chromium_flags())

        def new_page() -> Page:
            return browser.new_page(viewport={"width": 1366, "height": 900})

        for count in map(int, options.sizes.split(",")):
            document = made(count)
            body = document.to_json_bytes()

            def row(
                name: str, size: int, result: list[float], count: int = count, ties: int = len(document.ties.id)
            ) -> None:
                opened, zoom, pan, heap = result
                print(
                    f"{count:>6} {ties:>6} {name:<16} {size // 1024:>6} {opened:>7.2f} {zoom:>8.0f} {pan:>8.0f}"
                    f" {heap:>8.1f}",
                    flush=True,
                )

            with serve(body) as url:
                row("kith", len(body), rounds(new_page, url, _DRAWN, options.rounds))
            if not options.pyvis:
                continue
            for name, preset in (("pyvis preset", True), ("pyvis as shipped", False)):
                if not preset and count > 200:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    file = Path(folder) / "page.html"
                    html = pyvis_page(document, preset)
                    event = "afterDrawing" if preset else "stabilizationIterationsDone"
                    html = html.replace(
                        "return network;",
                        f"network.once('{event}', () => {{ window.kithDrawn = true; }}); return network;",
                    )
                    file.write_text(html, encoding="utf-8")
                    row(name, len(html), rounds(new_page, file.as_uri(), "() => window.kithDrawn === true", 1))
        browser.close()


if __name__ == "__main__":
    main()
