from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from storefront.accounts import queries, services
from storefront.accounts.errors import EmailTaken, UnknownRole
from storefront.accounts.models import User
from storefront.analytics.models import AuditLog
from storefront.core.db import session, transaction
from storefront.core.errors import NotAllowed
from tests.factories.accounts import make_staff, make_user


@pytest.mark.usefixtures("app_context")
class TestPermissions:
    def test_roles_grant_what_the_database_says(self) -> None:
        admin, customer = make_staff("admin"), make_user()
        granted = queries.user_by_id(admin.id)
        assert granted is not None
        assert granted.is_staff
        resource, _, action = sorted(granted.permissions)[0].partition(":")
        assert granted.may(resource, action)
        services.require_permission(admin.id, resource, action)
        shopper = queries.user_by_id(customer.id)
        assert shopper is not None
        assert not shopper.is_staff
        for user_id in (customer.id, None):
            with pytest.raises(NotAllowed) as refused:
                services.require_permission(user_id, resource, action)
            assert (refused.value.resource, refused.value.action) == (resource, action)

    def test_a_right_that_was_taken_away_is_gone_at_once(self) -> None:
        admin = make_staff("admin")
        granted = queries.user_by_id(admin.id)
        assert granted is not None
        resource, _, action = sorted(granted.permissions)[0].partition(":")
        for values in ({"roles": ["customer"]}, {"roles": ["admin"], "is_active": False}):
            with transaction() as current:
                current.execute(sa.update(User).where(User.id == admin.id).values(**values))
            with pytest.raises(NotAllowed):
                services.require_permission(admin.id, resource, action)

    def test_no_role_grants_an_action_that_does_not_exist(self) -> None:
        with pytest.raises(NotAllowed):
            services.require_permission(make_staff("admin").id, "products", "levitate")


@pytest.mark.usefixtures("app_context")
class TestCreateStaff:
    def test_the_password_opens_and_the_trail_knows(self) -> None:
        user_id, password = services.create_staff("boss@example.com", role="manager")
        assert services.authenticate("boss@example.com", password) == user_id
        user = queries.user_by_email("BOSS@example.com")
        assert user is not None
        assert user.roles == ("customer", "manager")
        trail = session().scalars(sa.select(AuditLog)).one()
        assert (trail.user_id, trail.action, trail.resource_type, trail.resource_id) == (
            None,
            "create",
            "users",
            str(user_id),
        )
        assert trail.changes == {"roles": {"before": [], "after": ["customer", "manager"]}}

    def test_refuses_a_taken_address_and_an_unknown_role(self) -> None:
        make_user("ada@example.com")
        with pytest.raises(EmailTaken):
            services.create_staff("ADA@example.com")
        with pytest.raises(UnknownRole):
            services.create_staff("boss@example.com", role="emperor")


def test_the_command_prints_the_password_once(app: Flask) -> None:
    runner = app.test_cli_runner()
    made = runner.invoke(args=["users", "create-staff", "boss@example.com", "--role", "support"])
    assert made.exit_code == 0, made.output
    password = made.output.splitlines()[1].removeprefix("Password: ")
    with app.app_context():
        assert services.authenticate("boss@example.com", password)
    listed = runner.invoke(args=["users", "list", "--staff"])
    assert listed.output.startswith("boss@example.com\tcustomer,support\topen\t20")
    assert password not in listed.output
    again = runner.invoke(args=["users", "create-staff", "boss@example.com"])
    assert again.exit_code == 1
    assert again.output == "Error: There is an account for boss@example.com already.\n"
