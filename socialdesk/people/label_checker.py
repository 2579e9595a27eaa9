"""What a browser calls itself, in words a person knows their device by."""

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
             ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_PLACES = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "Chromebook"),
           ("Macintosh", "Mac"), ("Linux", "Linux"))


def label_of(agent):
    """"Firefox on Android" from a User-Agent; "A browser" where it says nothing we know."""
    browser = next((word for sign, word in _BROWSERS if sign in agent), None)
    place = next((word for sign, word in _PLACES if sign in agent), None)
    if browser and place:
        return f"{browser} on {place}"
    return browser or (f"A browser on {place}" if place else "A browser")


def is_phone(label):
    """Is it a device one holds in a hand?"""
    return label.endswith(("iPhone", "iPad", "Android"))
