"""Articles, their versions, and whether they solved it."""
