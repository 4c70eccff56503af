"""A question as PostgreSQL's full-text search takes it."""

from __future__ import annotations

from collections.abc import Iterable

from storefront.search.queries.understanding import Question, Term


def all_terms(question: Question) -> str:
    """What a product must hold: every term, in any of its forms, and nothing excluded. Empty for no terms."""
    return _joined(" & ", question)


def some_terms(question: Question) -> str:
    """As :func:`all_terms`, where one of the terms is enough."""
    return _joined(" | ", question)


def beginnings(words: Iterable[str], last: Iterable[str]) -> str:
    """All ``words``, and a word that begins like one of ``last``."""
    begun = " | ".join(f"{_quoted(word)}:*" for word in last)
    return " & ".join([*(_quoted(word) for word in words), *([f"({begun})"] if begun else [])])


def _joined(operator: str, question: Question) -> str:
    wanted = operator.join(_term(term) for term in question.terms)
    unwanted = " & ".join(f"!{_term(term)}" for term in question.excluded)
    return " & ".join(part for part in (f"({wanted})" if wanted else "", unwanted) if part)


def _term(term: Term) -> str:
    first, *others = term.alternatives
    forms = [f"{_quoted(first)}:*" if term.is_prefix else _quoted(first), *(_quoted(other) for other in others)]
    return f"({' | '.join(forms)})"


def _quoted(form: str) -> str:
    """A word or phrase as a quoted operand: no operator can hide in it, and a phrase keeps its order."""
    escaped = form.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
