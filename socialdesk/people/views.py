"""How people meet the browser: signing in, oneself, others, and what an admin does."""
from . import delivery  # noqa: F401  registers what sends mail
from .admin_views import bp as admin
from .me_views import bp as me
from .profile_views import bp as profiles
from .sign_in_views import bp as sign_in

blueprints = (sign_in, me, profiles, admin)
