"""What comes first for whom: the views of the feed."""
