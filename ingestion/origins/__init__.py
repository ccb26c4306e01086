"""Origins: where texts come from, each read as it is, with what it states about them."""
