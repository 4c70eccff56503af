"""Catalog import: a feed's rows become products, with their stock's ledger and their pictures."""

from storefront.journeys.catalog_import.mapping import Mapping, MappingInvalid
from storefront.journeys.catalog_import.pictures import PictureFolder
from storefront.journeys.catalog_import.reading import FeedUnreadable
from storefront.journeys.catalog_import.running import ImportReport, import_catalog
from storefront.journeys.import_runs import ImportRunning

__all__ = [
    "FeedUnreadable",
    "ImportReport",
    "ImportRunning",
    "Mapping",
    "MappingInvalid",
    "PictureFolder",
    "import_catalog",
]
