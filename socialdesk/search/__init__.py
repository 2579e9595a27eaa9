"""The index, suggestions while typing, the results page."""
