"""Make our copy of the GOV.UK Frontend style sheet from its npm package.

    npm pack govuk-frontend@6.6.0 && tar xzf govuk-frontend-6.6.0.tgz
    python scripts/vendor_govuk.py package viz/web/vendor

Outside GOV.UK neither the crown nor the GDS Transport typeface may be used, and nothing may be fetched: the font faces,
the crest and the source map are taken out, and the type is Arial.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path


def without_branding(css: str) -> str:
    """The style sheet without font faces, crest, source map and any outside or missing address."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = css.replace("GDS Transport,", "")
    css = re.sub(r"(?:-webkit-)?mask-image:url\(/assets/images/govuk-crest\.svg\);?", "", css)
    css = re.sub(r"url\(/assets/images/govuk-crest\.svg\)", "none", css)
    css = re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", css)
    if "url(" in css or "GDS" in css:
        raise SystemExit("an address or the typeface is still there")
    return css


def main() -> None:
    package, target = Path(sys.argv[1]), Path(sys.argv[2])
    version = json.loads((package / "package.json").read_text())["version"]
    css = (package / "dist/govuk/govuk-frontend.min.css").read_text()
    (target / f"govuk-frontend-{version}.min.css").write_text(without_branding(css))


if __name__ == "__main__":
    main()
