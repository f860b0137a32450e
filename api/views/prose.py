"""The handwritten prose of the method pages as HTML: the little Markdown they are written in, everything escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from markupsafe import Markup

#: address of another page by its file name; None leaves the words without a link
Address = Callable[[str], str | None]

_INLINE = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)")
_ITEM = re.compile(r"(?:- |\d+\. )")
#: the line between the headings of a table and its rows
_RULE = re.compile(r"\|[-| ]+$")
_HEADING = re.compile(r"(#{2,5}) (.+)")


def sections(text: str) -> list[tuple[str, str]]:
    """(title, body) of each part below a ``##`` heading; what stands before the first has no title."""
    found = [("", "")]
    for line in text.splitlines():
        if line.startswith("## "):
            found.append((line[3:].strip(), ""))
        elif not line.startswith("# "):
            title, body = found[-1]
            found[-1] = (title, f"{body}{line}\n")
    return [(title, body.strip()) for title, body in found if body.strip()]


def prose(text: str, address: Address = lambda _: None, *, title: str = "") -> Markup:
    """Paragraphs, lists, tables and headings; nothing of the text becomes markup but what is named here. ``title`` of
    the part tells its tables apart from those of others."""
    return Markup("".join(_block(lines, address, title) for lines in _blocks(text)))  # noqa: S704  escaped piece by piece


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines that belong together: up to an empty line, or where a list begins."""
    block: list[str] = []
    for line in text.splitlines():
        begins = bool(block) and bool(_ITEM.match(line)) and not _ITEM.match(block[0])
        if block and (not line.strip() or begins):
            yield block
            block = []
        if line.strip():
            block.append(line)
    if block:
        yield block


def _block(lines: list[str], address: Address, title: str) -> str:
    heading = _HEADING.fullmatch(lines[0])
    if heading:
        rest = _block(lines[1:], address, title) if lines[1:] else ""
        return f'<h3 class="govuk-heading-s">{_inline(heading[2], address)}</h3>{rest}'
    if lines[0].startswith("|"):
        return _table(lines, address, title)
    if _ITEM.match(lines[0]):
        return _list(lines, address)
    return f'<p class="govuk-body">{_inline(" ".join(line.strip() for line in lines), address)}</p>'


def _list(lines: list[str], address: Address) -> str:
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            items.append(_ITEM.sub("", line, count=1))
        else:
            items[-1] += f" {line.strip()}"
    tag, kind = ("ul", "bullet") if lines[0].startswith("- ") else ("ol", "number")
    inside = "".join(f"<li>{_inline(item, address)}</li>" for item in items)
    return f'<{tag} class="govuk-list govuk-list--{kind}">{inside}</{tag}>'


def _table(lines: list[str], address: Address, title: str) -> str:
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if not _RULE.match(line)]
    head, *rows = cells or [[""]]
    titles = "".join(f'<th scope="col">{_inline(cell, address)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{_inline(row[0], address)}</th>'
        + "".join(f"<td>{_inline(cell, address)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    label = html.escape(f"{title}: {', '.join(head)}" if title else ", ".join(head))
    return (
        f'<div class="kith-scroll" role="region" aria-label="{label}" tabindex="0"><table class="kith-table">'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _inline(text: str, address: Address) -> str:
    parts, last = [], 0
    for found in _INLINE.finditer(text):
        parts.append(html.escape(text[last : found.start()]))
        code, strong, stressed, words, target = found.groups()
        if code is not None:
            parts.append(f"<code>{html.escape(code)}</code>")
        elif strong is not None:
            parts.append(f"<strong>{_inline(strong, address)}</strong>")
        elif stressed is not None:
            parts.append(f"<em>{html.escape(stressed)}</em>")
        else:
            url = address(target)
            shown = _inline(words, address)
            parts.append(f'<a class="govuk-link" href="{html.escape(url)}">{shown}</a>' if url else shown)
        last = found.end()
    parts.append(html.escape(text[last:]))
    return "".join(parts)
