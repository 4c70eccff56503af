"""The demo shop: Larkfell."""
