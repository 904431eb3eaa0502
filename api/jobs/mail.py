"""What becomes of ``--mail-user`` under the rules of the operator."""

from dataclasses import replace

from domain.jobs.job_spec import JobSpec
from domain.notices.rules import NoticeRules


def knowing_relay(spec: JobSpec, rules: NoticeRules) -> JobSpec:
    """The same with those addresses only that mail goes to; of the others it says why not."""
    if not spec.mail_to:
        return spec
    if rules.relay is None:
        note = "--mail-user: no mail is sent, for the operator has set no mail relay."
        return replace(spec, mail_to=(), mail_types=(), notes=(*spec.notes, note))
    kept = tuple(address for address in spec.mail_to if rules.may_write_to(address))
    domains = ", ".join(sorted(rules.domains))
    notes = [
        f"--mail-user: no mail goes to {address}; the operator lets mail go to {domains} only."
        for address in spec.mail_to
        if address not in kept
    ]
    types = spec.mail_types if kept else ()
    return replace(spec, mail_to=kept, mail_types=types, notes=(*spec.notes, *notes))
