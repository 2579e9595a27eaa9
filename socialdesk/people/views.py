"""How people meet the browser: signing in, oneself, others, and what an admin does."""
from . import delivery, holiday_views  # noqa: F401  register what sends mail, and more pages of the admin
from .admin_views import bp as admin
from .me_views import bp as me
from .profile_views import bp as profiles
from .sign_in_views import bp as sign_in

blueprints = (sign_in, me, profiles, admin)
