"""From an order to the finished drawing: which function draws which kind."""

from __future__ import annotations

from collections.abc import Callable

from storefront.journeys.demo.pictures import (
    accessories,
    backpacks,
    bags,
    boots,
    care,
    cooking,
    furniture,
    garments,
    jackets,
    kitchen,
    light,
    mats,
    roofs,
    shoes,
    sleeping_bags,
    tents,
    wayfinding,
)
from storefront.journeys.demo.pictures.art import Art
from storefront.journeys.demo.pictures.palette import PALETTES
from storefront.journeys.demo.pictures.sheet import Sheet

_DRAWINGS: dict[str, Callable[[Sheet, Art], None]] = {
    "tent": tents.tent,
    "tarp": roofs.tarp,
    "hammock": roofs.hammock,
    "bivy": roofs.bivy,
    "sleeping_bag": sleeping_bags.sleeping_bag,
    "mat": mats.mat,
    "pillow": mats.pillow,
    "jacket": jackets.jacket,
    "vest": jackets.vest,
    "trousers": garments.trousers,
    "shirt": garments.shirt,
    "base_layer": garments.base_layer,
    "beanie": accessories.beanie,
    "cap": accessories.cap,
    "gloves": accessories.gloves,
    "socks": accessories.socks,
    "boots": boots.boots,
    "gaiters": boots.gaiters,
    "shoes": shoes.shoes,
    "backpack": backpacks.backpack,
    "dry_bag": bags.dry_bag,
    "duffel": bags.duffel,
    "pouch": bags.pouch,
    "stove": cooking.stove,
    "pot": cooking.pot,
    "mug": kitchen.mug,
    "bottle": kitchen.bottle,
    "cutlery": kitchen.cutlery,
    "cooler": kitchen.cooler,
    "headlamp": light.headlamp,
    "lantern": light.lantern,
    "power_bank": light.power_bank,
    "solar_panel": light.solar_panel,
    "poles": wayfinding.poles,
    "compass": wayfinding.compass,
    "map_case": wayfinding.map_case,
    "book": wayfinding.book,
    "knife": care.knife,
    "first_aid": care.first_aid,
    "water_filter": care.water_filter,
    "rope": care.rope,
    "repair_kit": care.repair_kit,
    "chair": furniture.chair,
    "table": furniture.table,
    "towel": furniture.towel,
}


def draw(art: Art) -> str:
    """The SVG document of ``art``, 1200 by 1200."""
    sheet = Sheet(PALETTES[art.colour], art.seed)
    _DRAWINGS[art.kind](sheet, art)
    return sheet.svg()
