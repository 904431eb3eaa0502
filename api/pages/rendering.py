"""Pages for towns and for passers-by: one language, one theme, no script at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages import charts, france
from api.pages.words import LANGUAGES, Words, language_of, translations

TEMPLATES = Path(__file__).parents[1] / "templates"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with none at all, a browser hides where a form is from
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Language",
}


#: What of an address stays in the links to its other language.
_MOST_PARAMETERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Whose page it is, in its colour and under its logo."""

    name: str
    colour: str | None = None  #: ``#rrggbb``; None = the pages' own.
    logo_path: str | None = None

    @property
    def style_path(self) -> str | None:
        """The style sheet that sets the colour."""
        return None if self.colour is None else f"/theme/{self.colour.removeprefix('#')}.css"


OWN_THEME = Theme(name="Chaufferie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """The way to this same page in a language."""

    code: str
    title: str
    path: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The language of an answer; one that the address asked for stays in the page's links."""

    words: Words
    is_asked: bool
    path: str
    query: Sequence[tuple[str, str]]

    def link(self, path: str, **parameters: object) -> str:
        """An address of ours with these parameters, in the same language."""
        given = {key: str(value) for key, value in parameters.items() if value is not None}
        if self.is_asked:
            given["lang"] = self.words.language
        return f"{path}?{urlencode(given)}" if given else path

    def switches(self) -> list[Switch]:
        """The same page in each language."""
        kept = [(key, value) for key, value in self.query if key != "lang"]
        return [
            Switch(
                code=code,
                title=title,
                path=f"{self.path}?{urlencode([*kept, ('lang', code)])}",
                is_current=code == self.words.language,
            )
            for code, title in LANGUAGES.items()
        ]


def page_of(request: Request) -> str:
    """The page that somebody looks at: of a form that was sent, the one on which it stood."""
    path = request.url.path
    if request.method in {"GET", "HEAD"}:
        return path
    try:
        before = urlsplit(request.headers.get("referer", "")).path
    except ValueError:
        return path
    return before if before.startswith(("/town", "/t/")) else path


def speech(request: Request) -> Speech:
    """In which language to answer: as the address says, else as the browser prefers."""
    asked = request.query_params.get("lang")
    language = language_of(asked, request.headers.get("accept-language", ""))
    return Speech(
        words=Words(language=language),
        is_asked=asked in LANGUAGES,
        path=page_of(request),
        query=request.query_params.multi_items()[:_MOST_PARAMETERS],
    )


Speaks = Annotated[Speech, Depends(speech)]


def render(
    spoken: Speech,
    template: str,
    values: Mapping[str, object],
    *,
    theme: Theme = OWN_THEME,
    status: int = 200,
) -> HTMLResponse:
    """A page in one language and one theme."""
    shared = {
        "words": spoken.words,
        "link": spoken.link,
        "switches": spoken.switches(),
        "theme": theme,
        "person": None,
    }
    made = _environment(spoken.words.language).get_template(f"town/{template}")
    text = made.render({**shared, **values})
    headers = {**HEADERS, "Content-Language": spoken.words.language}
    return HTMLResponse(text, status_code=status, headers=headers)


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["france"] = france
    made.globals["chart_size"] = (charts.WIDTH, charts.HEIGHT)
    return made
