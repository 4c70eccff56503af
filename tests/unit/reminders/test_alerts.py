"""Back in stock: who is told, how many of them, how often, and who is not."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from storefront.accounts.errors import EmailInvalid
from storefront.accounts.models import User
from storefront.core.clock import frozen, now
from storefront.core.db import session, transaction, write
from storefront.core.errors import NotFound
from storefront.core.outbox import OutboxEntry
from storefront.core.settings import Settings
from storefront.inventory.services import adjust_stock
from storefront.jobs.outbox import drain
from storefront.providers.mail import mail_folder
from storefront.providers.mail_folder import stored_mails
from storefront.reminders import services
from storefront.reminders.errors import NothingToWaitFor
from storefront.reminders.models import StockAlert
from storefront.reminders.queries import alerts_of
from tests.factories.buying import change_product, make_guest, make_product, make_shopper

pytestmark = pytest.mark.usefixtures("app_context")


def told(settings: Settings) -> list[str]:
    return sorted(mail.to for mail in stored_mails(mail_folder(settings)) if "stock again" in mail.subject)


def statuses() -> Counter[str]:
    return Counter(session().scalars(sa.select(StockAlert.status)).all())


def waiting(product_id: uuid.UUID, number: int) -> None:
    """So many shoppers wait, the first one longest."""
    for one in range(number):
        services.wait_for(make_shopper(f"waits-{one}@example.com"), product_id, "en")
        with transaction():
            moment = now() - timedelta(minutes=number - one)
            write(
                sa.update(StockAlert)
                .where(StockAlert.created_at > now() - timedelta(seconds=30))
                .values(created_at=moment)
            )


def test_who_waits_is_told_once_when_it_comes(settings: Settings) -> None:
    kettle, mug = make_product("Kettle", stock=0), make_product("Mug", stock=0)
    shopper = make_shopper("ida@example.com", first_name="Ida")
    first = services.wait_for(shopper, kettle, "en")
    assert services.wait_for(shopper, kettle, "en") == first
    services.wait_for(shopper, mug, "en")
    drain()
    assert told(settings) == []
    adjust_stock(kettle, 2)
    assert drain() == 2
    assert told(settings) == ["ida@example.com"]
    adjust_stock(kettle, -2)
    adjust_stock(kettle, 5)
    drain()
    assert told(settings) == ["ida@example.com"]
    assert [one.name for one in alerts_of(shopper.user_id or uuid.uuid4())] == ["Mug"]


def test_a_few_for_each_unit_are_told_and_the_others_a_day_later(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 5)
    adjust_stock(kettle, 1)
    drain()
    assert told(settings) == [f"waits-{one}@example.com" for one in range(3)]
    # The unit goes and comes back, as holds do: nobody more is told.
    for delta in (-1, 1, -1, 1):
        adjust_stock(kettle, delta)
    drain()
    assert statuses() == {"sent": 3, "waiting": 2}
    later = sa.select(sa.func.count()).where(
        OutboxEntry.kind == services.ARRIVED, OutboxEntry.done_at.is_(None)
    )
    assert session().scalar(later) == 1
    with frozen(now() + timedelta(hours=25)):
        drain()
    assert told(settings) == [f"waits-{one}@example.com" for one in range(5)]
    assert statuses() == {"sent": 5}


def test_more_units_are_for_more_people(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 5)
    adjust_stock(kettle, 2)
    drain()
    assert len(told(settings)) == 5


def test_a_unit_that_was_held_tells_too_and_one_sold_by_then_tells_nobody(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 1)
    adjust_stock(kettle, 1)
    adjust_stock(kettle, -1)
    drain()
    assert (told(settings), statuses()) == ([], {"waiting": 1})
    change_product(kettle, stock_quantity=1, reserved_quantity=1)
    drain()
    assert told(settings) == []
    change_product(kettle, reserved_quantity=0)
    drain()
    assert told(settings) == ["waits-0@example.com"]


def test_what_is_not_sold_yet_is_told_on_its_day(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 1)
    change_product(kettle, published_at=now() + timedelta(days=3))
    adjust_stock(kettle, 1)
    drain()
    assert told(settings) == []
    with frozen(now() + timedelta(days=3, minutes=1)):
        drain()
    assert told(settings) == ["waits-0@example.com"]


def test_a_product_that_is_put_on_sale_again_counts_as_arrived(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 1)
    change_product(kettle, is_active=False)
    adjust_stock(kettle, 1)
    drain()
    assert told(settings) == []
    change_product(kettle, is_active=True)
    drain()
    assert told(settings) == ["waits-0@example.com"]


def test_an_address_is_asked_first_and_hears_nothing_without_a_yes(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    for spelling in ("ida@Example.com", " ida@example.com "):
        services.wait_by_email(spelling, kettle, "en")
    drain()
    (question,) = stored_mails(mail_folder(settings))
    assert question.to == "ida@example.com"
    adjust_stock(kettle, 1)
    drain()
    assert len(stored_mails(mail_folder(settings))) == 1
    alert_id = session().scalars(sa.select(StockAlert.id)).one()
    # The yes comes when it is there already: no trigger would tell.
    assert services.confirm_alert(alert_id)
    drain()
    assert told(settings) == ["ida@example.com"]
    assert not services.confirm_alert(alert_id)


def test_letters_can_be_stopped_with_one_click(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 1)
    adjust_stock(kettle, 1)
    drain()
    (path,) = mail_folder(settings).glob("*.eml")
    raw = path.read_bytes()
    letter = message_from_bytes(raw, policy=policy.default)
    link = str(letter["List-Unsubscribe"]).strip("<>")
    assert re.fullmatch(r"http://[\w.:]+/unsubscribe/alert/[\w.-]{60,90}", link), link
    # On one line, as programs that do not unfold read it.
    assert f"List-Unsubscribe: <{link}>".encode() in raw
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        body = letter.get_body(preferencelist=(kind,))
        assert body is not None
        assert link in body.get_content()


def test_who_unsubscribes_or_is_gone_is_not_told(settings: Settings) -> None:
    kettle = make_product("Kettle", stock=0)
    waiting(kettle, 2)
    first, second = session().execute(sa.select(StockAlert.id, StockAlert.user_id)).all()
    assert not services.cancel_alert(first.id, second.user_id)
    assert services.cancel_alert(first.id, first.user_id)
    assert not services.cancel_alert(first.id)
    with transaction() as current:
        current.execute(sa.update(User).where(User.id == second.user_id).values(is_active=False))
    adjust_stock(kettle, 1)
    drain()
    assert told(settings) == []


def test_there_must_be_something_to_wait_for() -> None:
    shopper = make_shopper()
    tent = make_product("Tent", stock=0)
    make_product("Tent, fir", stock=0, parent_id=tent, options={"Colour": "Fir"})
    for product_id in (make_product(stock=1), make_product(stock=0, is_active=False), tent, uuid.uuid4()):
        with pytest.raises(NothingToWaitFor):
            services.wait_for(shopper, product_id, "en")
    with pytest.raises(NotFound):
        services.wait_for(make_guest(), make_product(stock=0), "en")
    with pytest.raises(EmailInvalid):
        services.wait_by_email("nobody", make_product(stock=0), "en")


def test_unanswered_questions_are_forgotten_and_bounded() -> None:
    for number in range(22):
        services.wait_by_email("ida@example.com", make_product(f"Kettle {number}", stock=0), "en")
    assert statuses() == {"unconfirmed": 20}
    with frozen(now() + timedelta(days=4)):
        assert services.purge_unconfirmed() == 20
    assert statuses() == {}
