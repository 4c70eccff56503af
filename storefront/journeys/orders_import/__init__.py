"""Other shops' books: their products, customers with the ways they pay, and orders, under their outside ids."""

from storefront.journeys.import_runs import ImportRunning
from storefront.journeys.orders_import.reading import Books, BooksUnreadable
from storefront.journeys.orders_import.running import BooksReport, import_books

__all__ = ["Books", "BooksReport", "BooksUnreadable", "ImportRunning", "import_books"]
