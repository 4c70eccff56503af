"""Invoices and credit notes: drawn up from orders and refunds, numbered without gaps, never changed."""
