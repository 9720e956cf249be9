"""The documents name what exists."""

import re
from pathlib import Path

from dli_adapters.settings.schema import SETTINGS

ROOT = Path(__file__).parents[2]


def test_the_configuration_page_names_every_key_and_variable() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    for setting in SETTINGS:
        name = setting.name.removesuffix(".path").removesuffix(".format").replace(".*", "")
        assert name.removesuffix(".read_only") in text, setting.name
        assert setting.variable is None or setting.variable in text, setting.variable


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
