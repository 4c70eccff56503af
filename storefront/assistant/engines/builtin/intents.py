"""What a message is about, by rules a person can read. Order matters: the first rule that fits counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from storefront.assistant.engines.builtin.codes import asks_about_codes, code_wish, is_plain_wish

ORDER_NUMBER = re.compile(r"(?<![\w-])#?((?=[A-Z2-9]*[0-9])[2-9A-HJKMNP-TV-Z]{8})(?![A-Za-z0-9])", re.I)


class Intent(StrEnum):
    """The things a message can be about."""

    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HELP = "help"
    PERSON = "person"
    USE_CODE = "use_code"
    REMOVE_CODE = "remove_code"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    VIEW_CART = "view_cart"
    CANCEL_ORDER = "cancel_order"
    CHANGE_ORDER = "change_order"
    ORDER_STATUS = "order_status"
    ACCOUNT = "account"
    POLICY = "policy"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class _Rule:
    intent: Intent
    pattern: re.Pattern[str]


def _rule(intent: Intent, *patterns: str) -> _Rule:
    return _Rule(intent, re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I))


_ORDER = r"(?:orders?|purchases?|parcels?|packages?|shipments?|deliver(?:y|ies))"
_CART = r"(?:cart|basket|bag|trolley)"

_RULES = (
    _rule(
        Intent.PERSON,
        r"\b(?:human|real person|live agent|operator|representative|someone real)\b",
        r"\b(?:speak|talk|chat|connect me|put me through|write|transfer)\b.{0,20}\b(?:to|with)\b.{0,20}"
        r"\b(?:person|agent|staff|somebody|someone|support|service|assistant|employee|manager|colleague)\b",
        r"\bcustomer (?:service|support|care)\b",
        r"\b(?:complain|complaint|file a claim|consumer claim)\b",
        r"\bask (?:a|your|another) (?:colleague|person|human)\b",
    ),
    _rule(
        Intent.ADD_TO_CART,
        rf"\b(?:add|put|place|throw)\b.{{1,120}}\b(?:to|in|into)\b.{{0,12}}\b{_CART}\b",
        r"^\s*(?:yes,?\s+)?(?:please\s+)?(?:add|take|i(?:'ll| will) take)\b",
    ),
    _rule(
        Intent.REMOVE_FROM_CART,
        rf"\b(?:remove|delete|take)\b.{{1,120}}\b(?:from|out of)\b.{{0,12}}\b{_CART}\b",
        rf"\b(?:empty|clear)\b.{{0,12}}\b{_CART}\b",
    ),
    _rule(
        Intent.CANCEL_ORDER,
        rf"\bcancel\w*\b.{{0,60}}\b{_ORDER}\b",
        rf"\b{_ORDER}\b.{{0,40}}\bcancel",
        r"^\s*cancel it",
    ),
    _rule(
        Intent.CHANGE_ORDER,
        rf"\b(?:change|modify|edit|update|correct|swap)\b.{{0,40}}\b{_ORDER}\b",
        r"\b(?:change|correct|update|edit)\b.{0,30}\b(?:shipping|delivery|billing)?\s*address\b",
    ),
    _rule(
        Intent.ORDER_STATUS,
        rf"\b(?:where|status|track|tracking|eta|when|arrived?|late|missing|check|see|find|show|look up|latest|last)\b"
        rf".{{0,50}}\b(?:my|the|our|this)\b.{{0,20}}\b{_ORDER}\b",
        rf"\bmy (?:last |latest |recent )?{_ORDER}\b(?!.{{0,20}}\b(?:cost|fee|option|method)s?\b)",
        rf"\b{_ORDER} (?:status|number|history)\b",
        r"\btrack\w*\b",
    ),
    _rule(
        Intent.VIEW_CART,
        rf"\b(?:my|the|this)\s+(?:shopping )?{_CART}\b",
        rf"\bwhat.{{0,20}}\bin\b.{{0,12}}\b{_CART}\b",
    ),
    _rule(
        Intent.ACCOUNT,
        r"\b(?:sign|log)[ -]?(?:in|up|on|out)\b|\blogin\b|\bregist(?:er|ration)\b",
        r"\b(?:forgot|forgotten|reset|recover|lost|change)\b.{0,30}\b(?:password|passwd|pin)\b",
        r"\b(?:create|open|delete|close|edit|update|switch|remove)\b.{0,20}\b(?:account|profile)\b",
    ),
    _rule(
        Intent.POLICY,
        r"\b(?:ship|ships|shipping|delivery|deliver)\b",
        r"\b(?:return|returns|returning|refunds?|money back|send (?:it|them|something) back|exchange)\b",
        r"\b(?:warranty|guarantee|repair(?:s|ed|ing)?|broken|faulty|defect(?:ive)?|spare parts?)\b",
        r"\b(?:pay(?:ment|ments|ing)?|invoice|(?:credit|debit) cards?|paypal|cash on delivery)\b",
        r"\b(?:privacy|personal data|gdpr|cookies?|tracking)\b",
        r"\b(?:opening hours|contact|phone number|e-?mail address|pick[- ]?up)\b",
        r"\b(?:where are you|your (?:shop|store|address))\b",
        r"\b(?:who are you|about (?:you|larkfell|the (?:shop|company))|imprint|accessib\w+)\b",
        r"\b(?:polic(?:y|ies)|terms)\b",
    ),
    _rule(
        Intent.HELP,
        r"\bwhat can you do\b",
        r"\b(?:how does this|how do you) work\b",
        r"\bare you (?:a )?(?:bot|robot|real|human|ai)\b",
        r"^\s*help(?: me)?\s*[.!?]*$",
    ),
    _rule(
        Intent.THANKS,
        r"^\s*(?:many )?(?:thanks|thank you|thx|cheers|great|perfect|ok(?:ay)?|cool|nice)\b[\w\s,]{0,30}[.!]*$",
    ),
    _rule(Intent.GOODBYE, r"^\s*(?:good ?bye|bye|see you|ciao)\b"),
    _rule(
        Intent.GREETING,
        r"^\s*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|hallo|moin|greetings)"
        r"(?:\s+(?:there|you|all))?\s*[.!,?]*\s*$",
    ),
)


_CODE_WISHES = {"use": Intent.USE_CODE, "remove": Intent.REMOVE_CODE}
_BEFORE_CODES = frozenset((Intent.ORDER_STATUS, Intent.CANCEL_ORDER, Intent.CHANGE_ORDER, Intent.POLICY))
"""What a question, or whoever speaks of an order, is about rather than about the code that is mentioned beside."""


def read_intent(message: str) -> Intent:
    """What the message is about; a message that fits no rule may be a product's name."""
    text = message.replace("’", "'")
    intent = next((rule.intent for rule in _RULES if rule.pattern.search(text)), None)
    wish = code_wish(text)
    if (
        wish is not None
        and intent is not Intent.PERSON
        and (intent not in _BEFORE_CODES or is_plain_wish(text))
    ):
        return _CODE_WISHES[wish]
    if intent is None and asks_about_codes(text):
        return Intent.POLICY
    return intent or (Intent.ORDER_STATUS if order_number(message) else Intent.PRODUCT)


def order_number(message: str) -> str | None:
    """The order number in a message, if one is there."""
    found = ORDER_NUMBER.search(message)
    return found.group(1).upper() if found else None
