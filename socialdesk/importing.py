"""What can be imported, and by whom; what was brought in is indexed here."""
from .knowledge.import_actions import import_articles
from .people.import_actions import import_people
from .tickets.import_actions import import_posts, import_tickets

IMPORTS = {"people": import_people, "articles": import_articles, "tickets": import_tickets, "posts": import_posts}
