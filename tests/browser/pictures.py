"""Pictures of every type of page of a running shop, for people to look at.

    python -m tests.browser.pictures http://127.0.0.1:8000 FOLDER --staff EMAIL PASSWORD [--only NAME ...]

One file for each page and theme: phone, tablet and desk side by side at half their size. The shop needs the demo's
products; an account, a cart and an order are made in it.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, chromium_path
from tests.browser.page_types import ALL, PageType, People, make_people
from tests.browser.shop import Shop, Staff

WIDTHS = (390, 820, 1440)
THEMES = ("light", "dark")
TALLEST = 6_000
GAP = 24


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description="Pictures of every type of page, for people to look at.")
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--staff", nargs=2, metavar=("EMAIL", "PASSWORD"), required=True)
    parser.add_argument("--only", nargs="*", default=[], help="names of page types")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    shop = Shop(wanted.url, Path(), Staff(*wanted.staff))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        people = make_people(browser, shop)
        for page_type in ALL:
            if not wanted.only or page_type.name in wanted.only:
                for theme, sheet in _sheets(browser, shop, people, page_type):
                    sheet.save(wanted.folder / f"{page_type.name}-{theme}.png")
        browser.close()


def _sheets(
    browser: Browser, shop: Shop, people: People, page_type: PageType
) -> Iterator[tuple[str, Image.Image]]:
    for theme in THEMES:
        views = []
        for width in WIDTHS:
            context = browser.new_context(
                base_url=shop.url,
                storage_state=people.cookies[page_type.who],
                viewport={"width": width, "height": 1000},
                color_scheme=theme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(people.path(page_type))
            if page_type.act:
                page_type.act(page)
            views.append(_whole(page))
            context.close()
        yield theme, _side_by_side(views)


def _whole(page: Page) -> Image.Image:
    """The page from top to bottom, with the pictures that load late."""
    page.evaluate(
        "document.querySelectorAll('img[loading=lazy]').forEach((image) => (image.loading = 'eager'))"
    )
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    return picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))


def _side_by_side(views: list[Image.Image]) -> Image.Image:
    halves = [view.resize((view.width // 2, view.height // 2), Image.Resampling.LANCZOS) for view in views]
    width = sum(view.width for view in halves) + GAP * (len(halves) - 1)
    sheet = Image.new("RGB", (width, max(view.height for view in halves)), "#808080")
    left = 0
    for view in halves:
        sheet.paste(view, (left, 0))
        left += view.width + GAP
    return sheet


if __name__ == "__main__":
    main()
