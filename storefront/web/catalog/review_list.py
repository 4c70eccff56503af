"""A page of reviews with the links to the others."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.core.texts import gettext as _
from storefront.core.texts import ngettext
from storefront.http.links import link_to
from storefront.reviews.queries import ReviewsPage
from storefront.web.catalog.addresses import with_query


@dataclass(frozen=True, slots=True)
class ReviewList:
    """What ``catalog/_reviews.html`` shows of a product's reviews."""

    slug: str
    page: ReviewsPage

    def address(self, number: int) -> str:
        """Page ``number`` of the reviews under the same filter."""
        state = [("stars", str(self.page.stars))] if self.page.stars else []
        if self.page.sort != "helpful":
            state.append(("order", self.page.sort))
        if number > 1:
            state.append(("page", str(number)))
        return with_query(link_to("catalog.reviews", slug=self.slug), state)

    @property
    def star_choices(self) -> list[tuple[str, str]]:
        """The filter's options: all of them, then each number of stars with its count."""
        by_stars = [
            (str(stars), f"{ngettext('%(num)s star', '%(num)s stars', stars)} ({count})")
            for stars, count in self.page.by_stars
        ]
        return [("", _("All stars")), *by_stars]
