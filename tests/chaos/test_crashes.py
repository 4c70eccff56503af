"""The short form of ``make chaos``: each part of the shop dies under its buyers, and the books are right."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.killing import ROLES
from tests.chaos.torment import Plan, torment


def test_whatever_is_killed_every_order_is_there_once_and_all_money_is_accounted_for(tmp_path: Path) -> None:
    result = torment(Plan(seed=4, kills=9, buyers=6, every=0.8), tmp_path)
    assert result.findings.wrong == []
    assert result.verified[0] == 0, result.verified[1]
    assert [kill for kill in result.kills if kill.recovered_after is None] == []
    assert {kill.role for kill in result.kills} == set(ROLES)
    assert result.findings.counts["buyers: acknowledged"] >= 5
