"""A lab of real browsers: stand-ins of two push services and of a desktop, Firefox and Chromium as people have them."""
