"""The built-in assistant's sentences. Plain, short, and true of what the tools found."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from storefront.assistant.engines.builtin.intents import Intent
from storefront.assistant.engines.builtin.wishes import Wish
from storefront.assistant.tools.registry import Outcome

FIXED: dict[Intent, str] = {
    Intent.GREETING: "Hello! Tell me what you are looking for, for example “a waterproof jacket under 150 in blue”,"
    " or ask about an order, your cart, shipping or returns.",
    Intent.THANKS: "You are welcome. Is there anything else I can look up?",
    Intent.GOODBYE: "Goodbye, and a good time outside.",
    Intent.HELP: "I am the shop's assistant, a program and not a person. I can find products by what you need, a price"
    " and a colour, put them into your cart, use your discount code or gift card, tell you where your orders are, and"
    " answer from the shop's pages on shipping, returns, warranty and payment. When I cannot help, I can ask a"
    " colleague to answer you here.",
    Intent.ACCOUNT: "You can do that yourself: [sign in](/account/sign-in), [create an account](/account/sign-up),"
    " or ask for a [new password](/account/forgotten). Your name, password, addresses and sessions are in"
    " [your account](/account/)."
    " What we know of you, and the way to delete your account, are under [your data](/account/data).",
    Intent.CHANGE_ORDER: "I cannot change an order myself. While it is not packed you can cancel it on the order's"
    " page and place it again, or I can ask a colleague to change it: just say “ask a colleague”.",
}
DECLINED = (
    "I can only help with this shop: products, your cart and orders, shipping, returns and the like."
    " What are you looking for?"
)
NOT_UNDERSTOOD = (
    "I did not understand that. Tell me what you are looking for, or ask about an order, your cart, shipping or"
    " returns. I can also ask a colleague to help you."
)
ASK_WISH = "Gladly. What kind of thing should it be, and is there a price it should stay under?"
ASK_WHAT_TO_ADD = (
    "Which product should I put into your cart? Tell me its name, or search for something first."
)
ASK_WHICH_CODE = "Gladly. Which code? Please write it as you got it, for example “use code ABC123”."
WHICH_TO_ADD = "I found several. Which one should I put into your cart? You can say “the first one”."
NO_POLICY = (
    "I found nothing about that on the shop's pages, so I would rather not guess. I can ask a colleague: just say"
    " “ask a colleague”."
)
_LONGEST_PASSAGE = 700
_STATUS = {
    "pending": "has been received",
    "placed": "has been placed and will be packed",
    "processing": "is being packed",
    "shipped": "is on its way",
    "delivered": "has been delivered",
    "completed": "is complete",
    "cancelled": "was cancelled",
}


def _limits(wish: Wish, currency: str) -> str:
    parts = []
    if wish.min_price and wish.max_price:
        parts.append(f"between {_money(wish.min_price)} and {_money(wish.max_price)} {currency}")
    elif wish.max_price:
        parts.append(f"up to {_money(wish.max_price)} {currency}")
    elif wish.min_price:
        parts.append(f"from {_money(wish.min_price)} {currency}")
    if wish.colour:
        parts.append(f"in {wish.colour}")
    if wish.size:
        parts.append(f"in size {wish.size}")
    return " ".join(parts)


def _money(value: Decimal) -> str:
    return f"{value:.2f}".removesuffix(".00")


def _wished(wish: Wish, currency: str) -> str:
    what = f"“{wish.text}”" if wish.text else "gifts" if wish.is_gift else "products"
    return " ".join(part for part in (what, _limits(wish, currency)) if part)


def found(wish: Wish, data: dict[str, Any], currency: str) -> str:
    """What a search found, with what had to be left out."""
    total, first = data["total"], data["products"][0]
    missing = data.get("not_available") or []
    sentences = []
    if data.get("match") not in ("exact", None) and data.get("did_you_mean"):
        sentences.append(f"I took that as “{data['did_you_mean']}”.")
    if missing:
        sentences.append(f"Nothing that fits comes in {' or '.join(missing)}; this comes closest.")
    if total == 1:
        sentences.append(f"I found one: **{first['name']}**, {first['price_from']}.")
    else:
        what = "gift ideas" if wish.is_gift and not wish.text else "products"
        limits = _limits(wish, currency) if not missing else ""
        sentences.append(f"I found {total} {what}{' ' if limits else ''}{limits}.")
        sentences.append(f"At the top: **{first['name']}** from {first['price_from']}.")
    return " ".join(sentences)


def closest(wish: Wish, data: dict[str, Any], currency: str) -> str:
    """Nothing within the wish; what comes nearest."""
    first = data["products"][0]
    nearest = f"The nearest is **{first['name']}** at {first['price_from']}."
    return f"There is nothing for {_wished(wish, currency)}. {nearest}"


def nothing(wish: Wish, guess: str | None, currency: str) -> str:
    """Nothing at all."""
    hint = f" Did you mean “{guess}”?" if guess else " Try another word, or tell me what it is for."
    return f"I found nothing for {_wished(wish, currency)}.{hint}"


def cart(data: dict[str, Any]) -> str:
    """The cart as a list."""
    lines = data.get("lines", [])
    if not lines:
        return "Your cart is empty."
    listed = "\n".join(
        f"- {line['quantity']} × {line['name']}{_in_brackets(line)}, {line['unit_price']} each"
        for line in lines
    )
    return f"In your cart:\n\n{listed}\n\n{_sums(data)} [Go to the cart](/cart)"


def _sums(data: dict[str, Any]) -> str:
    """Subtotal, what is taken off, what a gift card pays: only what there is."""
    discounts = data.get("discounts", [])
    sentences = [f"Subtotal {data['subtotal']}, before shipping."]
    for one in discounts:
        code = f" (code {one['code']})" if one["code"] else ""
        off = "free shipping" if one["frees_shipping"] else f"{one['amount']} off"
        sentences.append(f"{one['name']}{code}: {off}.")
    if discounts and data["after_discounts"] != data["subtotal"]:
        sentences.append(f"That makes {data['after_discounts']}.")
    if data.get("why_the_code_takes_off_nothing"):
        sentences.append(str(data["why_the_code_takes_off_nothing"]))
    if data.get("gift_card"):
        sentences.append(_card_pays(data["gift_card"]))
    return " ".join(sentences)


def _card_pays(card: dict[str, Any]) -> str:
    return f"Your gift card ending in {card['ends_in']} pays up to {card['balance']} of it."


def code_used(outcome: Outcome) -> str:
    """After a code was tried: what it takes off or pays, or why not."""
    data = outcome.data
    if not outcome.ok:
        return outcome.summary
    if data.get("gift_card"):
        return f"{_card_pays(data['gift_card'])} You see the rest in the [checkout](/checkout)."
    if not data["applies"]:
        return f"I have kept the code {data['code']} in your cart. {data['reason']} [Go to the cart](/cart)"
    return f"The code {data['code']} applies. {_sums(data)} [Go to the cart](/cart)"


def code_removed(outcome: Outcome) -> str:
    """After a code was taken out of the cart, or where there was none."""
    if not outcome.ok:
        return outcome.summary
    return f"{outcome.summary}. {_sums(outcome.data)} [Go to the cart](/cart)"


def _in_brackets(line: dict[str, Any]) -> str:
    """The options that the name does not say already."""
    options = [value for value in line["options"].values() if value not in line["name"]]
    return f" ({', '.join(options)})" if options else ""


def added(outcome: Outcome) -> str:
    """After adding: done, or why not."""
    if outcome.ok:
        quantity = outcome.data["quantity_in_cart"]
        count = f" You have {quantity} of them now." if quantity > 1 else ""
        return f"**{outcome.data['added']}** is in your cart.{count} [Go to the cart](/cart)"
    if outcome.data.get("error") == "choose_variant":
        if not outcome.data["variants"]:
            return f"{outcome.summary}. You find it on [its page]({outcome.data['page']})."
        return "It comes in several variants. Which one would you like?"
    return outcome.summary


def removed(names: Sequence[str]) -> str:
    """After removing."""
    return f"Taken out of your cart: {', '.join(names)}."


def remove_what(lines: Sequence[dict[str, Any]]) -> str:
    """It is not clear what to remove."""
    if not lines:
        return "Your cart is empty."
    return f"Which one should I take out? In your cart: {', '.join(line['name'] for line in lines)}."


def orders(data: dict[str, Any]) -> str:
    """A list of orders, or why there is none."""
    if data.get("error"):
        return (
            f"I can only show your own orders. [Sign in]({data['sign_in']}) and ask me again, or find an order by its"
            f" number and your e-mail address [here]({data['guest_look_up']}); after that I can see it too."
        )
    if not data.get("orders"):
        return "There is no order in your account yet."
    listed = "\n".join(
        f"- [{order['number']}](/orders/{order['number']}) of {order['placed']}, {order['total']}: it"
        f" {_STATUS.get(order['status'], order['status'])}"
        for order in data["orders"]
    )
    return f"Your latest orders:\n\n{listed}"


def order(data: dict[str, Any], ok: bool, number: str) -> str:
    """One order's state."""
    if not ok:
        return (
            f"I cannot see an order {number} of yours. [Sign in](/account/sign-in), or find it by number and e-mail"
            " address [here](/orders/find)."
        )
    items = ", ".join(f"{item['quantity']} × {item['name']}" for item in data["items"])
    parcels = "".join(
        f" {parcel['carrier']} {parcel['tracking_number']}: {parcel['status']}."
        for parcel in data.get("parcels", [])
    )
    return (
        f"Your order [{data['number']}]({data['page']}) {_STATUS.get(data['status'], data['status'])}."
        f"{parcels} It holds {items}, {data['total']} in all, by {data['shipping']}."
    )


def cancel_which(data: dict[str, Any]) -> str:
    """It is not clear which order to cancel."""
    if data.get("error") or not data.get("orders"):
        return orders(data)
    return f"Which one? {orders(data)}\n\nOpen it to cancel it, as long as it is not packed."


def cancel(data: dict[str, Any], ok: bool, number: str) -> str:
    """Whether and where an order can be cancelled."""
    if not ok:
        return order(data, ok, number)
    if data["can_be_cancelled"]:
        return (
            f"Order {data['number']} is not packed yet, so you can still cancel it yourself on"
            f" [its page]({data['page']}). I do not cancel orders for you."
        )
    return (
        f"Order {data['number']} {_STATUS.get(data['status'], data['status'])}, so it cannot be cancelled any more."
        " You can send it back instead: ask me about returns."
    )


def handed_over(address: str | None) -> str:
    """A colleague was asked; ``address`` is where the shopper wants the answer."""
    asked = "I have asked a colleague. They will read this conversation and answer here"
    if address:
        return f"{asked}, or by e-mail to {address}."
    return f"{asked}; if you say “ask a colleague” with your e-mail address, they can write to you as well."


def policy(passages: Sequence[dict[str, Any]]) -> str:
    """The best passage; after a page's short opening also the next one of the same page."""
    best, *others = passages
    text = _cut(best)
    if best["heading"] == best["page"]:
        text = "\n\n".join([text, *(_cut(other) for other in others[:1] if other["page"] == best["page"])])
    return text


def _cut(passage: dict[str, Any]) -> str:
    """The passage's text, cut at a sentence where it is long."""
    text = str(passage["text"]).strip()
    if len(text) <= _LONGEST_PASSAGE:
        return text
    return f"{text[:_LONGEST_PASSAGE].rsplit('. ', 1)[0].rstrip('.')}. …"
