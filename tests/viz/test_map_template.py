from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

import viz

WEB = Path(str(viz.__file__)).parent / "web"


def fragment(**values: object) -> str:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    return environment.get_template("_map.html").render(map_title="A map", map_source="/map.json", **values)


def test_every_module_is_fetched_at_once() -> None:
    listed = set(re.findall(r'rel="modulepreload" href="/static/js/(\w+)\.js"', fragment()))
    assert listed == {file.stem for file in (WEB / "js").glob("*.js")} - {"standalone", "analysis"}


def test_the_fragment_has_no_script_or_style_of_its_own() -> None:
    text = fragment(map_expand="/expand", map_table_url="/table")
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="/static/js/main.js">']
    assert "style=" not in text
    assert not re.search(r"\son\w+=", text)


def test_a_hostile_address_stays_an_attribute() -> None:
    assert "<script>alert" not in fragment(map_expand='"><script>alert(1)</script>')


def test_without_scripts_there_is_a_way_to_the_table() -> None:
    assert '<a href="/table">' in fragment(map_table_url="/table")
