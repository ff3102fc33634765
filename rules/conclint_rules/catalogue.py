"""All rules, in the order of their codes. A rule is in a run because it stands here."""

from __future__ import annotations

from conclint.rule import Rule, validate
from conclint_rules.event_loop import blocking_sleep

RULES: tuple[Rule, ...] = validate((blocking_sleep.RULE,))
