"""The fields of a request by the options that a person typed for them."""

from collections.abc import Iterable, Mapping

from chaufferie.sdk.errors import ChaufferieError, RefusedByServerError

#: Where an option is called otherwise than its field; of several, the one that was typed.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "at_s": ("--at",),
    "closing_index_wh": ("--closing",),
    "digit_wh": ("--digit",),
    "duration_s": ("--duration",),
    "from_month": ("--from",),
    "from_s": ("--from",),
    "index_wh": ("--index",),
    "latitude_deg": ("--at",),
    "life_s": ("--days",),
    "longitude_deg": ("--at",),
    "max_power_w": ("--max-kw",),
    "photo_sha256": ("--photo",),
    "points": ("--to",),
    "rolls_over_at_wh": ("--rolls-over",),
    "scopes": ("--scope",),
    "site_id": ("--site",),
    "site_ids": ("--site-id", "--site"),
    "starts_at_s": ("--start",),
    "to_month": ("--to",),
    "to_s": ("--to",),
    "tolerance_frac": ("--tolerance",),
    "types": ("--on",),
}
#: Limits are said in the unit of the field; where the option has another one, it is named.
_UNITS = {"_wh": "in Wh", "_w": "in W", "_s": "in seconds"}
#: What stands around the fields of a file that a person wrote.
_ENVELOPE = "terms."


def in_typed_words(error: ChaufferieError, words: Iterable[str]) -> str:
    """The sentence of an error, with every wrong field called as it was typed."""
    if not isinstance(error, RefusedByServerError) or not error.fields:
        return str(error)
    typed = {word.partition("=")[0] for word in words}
    named = [f"{_typed(field, typed)} {what}" for field, what in error.fields.items()]
    return f"{'; '.join(dict.fromkeys(named))}."


def _typed(field: str, typed: set[str]) -> str:
    name = field.removeprefix(_ENVELOPE)
    top = name.partition("[")[0].partition(".")[0]
    same = f"--{top.replace('_', '-')}"
    option = next((item for item in (*OPTIONS.get(top, ()), same) if item in typed), None)
    if option is None:
        return name
    unit = next((said for end, said in _UNITS.items() if top.endswith(end)), None)
    return option if unit is None else f"{option} ({unit})"
