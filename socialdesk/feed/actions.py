"""What one chooses about the feed: its order, what a swipe does, and whether to have the social side at all."""
from ..people.profile_actions import change_profile


def choose_view(viewer, view):
    """Keep the view the feed opens with.  Raises Invalid."""
    change_profile(viewer, feed_view=view)


def choose_only_tickets(viewer, is_only):
    """Keep whether the feed shows one's own and followed tickets alone."""
    change_profile(viewer, only_tickets=is_only)


def choose_swipes(viewer, right, left):
    """Keep what a swipe to each side does (people.models.SWIPES).  Raises Invalid; then neither is changed."""
    change_profile(viewer, swipe_right=right, swipe_left=left)
