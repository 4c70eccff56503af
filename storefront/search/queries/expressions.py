"""A question as PostgreSQL's full-text search takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storefront.search.queries.understanding import Question, Term


def first_terms(question: Question, count: int) -> str:
    """What a product must hold: the first ``count`` terms, each in any of its forms, and nothing excluded."""
    return _joined(" & ", question.terms[:count], question.excluded)


def some_terms(question: Question) -> str:
    """One of the terms, and nothing excluded."""
    return _joined(" | ", question.terms, question.excluded)


def beginnings(before: Iterable[Sequence[str]], last: Iterable[str], *, half: bool) -> str:
    """One of each of the words ``before``, and one of ``last``: as the beginning of a word where it is ``half``."""
    ends = [f"{_quoted(word)}:*" if half else _quoted(word) for word in last]
    words = [[_quoted(form) for form in forms] for forms in before]
    return " & ".join(f"({' | '.join(forms)})" for forms in (*words, ends) if forms)


def _joined(operator: str, terms: Iterable[Term], excluded: Iterable[Term]) -> str:
    wanted = operator.join(_term(term) for term in terms)
    unwanted = " & ".join(_not(term) for term in excluded)
    return " & ".join(part for part in (f"({wanted})" if wanted else "", unwanted) if part)


def _not(term: Term) -> str:
    return f"(!{_term(term)} | {_quoted(term.unless)})" if term.unless else f"!{_term(term)}"


def _term(term: Term) -> str:
    first, *others = term.alternatives
    forms = [
        f"{_quoted(first)}:*" if term.is_prefix else _quoted(first),
        *(_quoted(other) for other in others),
    ]
    return f"({' | '.join(forms)})"


def _quoted(form: str) -> str:
    """A word or phrase as a quoted operand: no operator can hide in it, and a phrase keeps its order."""
    escaped = form.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
