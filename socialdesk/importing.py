"""What can be imported; what was brought in is put into the search index in the same transaction."""
from functools import partial

from .knowledge.import_actions import import_articles
from .people.import_actions import import_people
from .search.actions import index_posts
from .tickets.import_actions import import_posts, import_tickets

IMPORTS = {"people": import_people, "articles": partial(import_articles, index=index_posts),
           "tickets": partial(import_tickets, index=index_posts), "posts": partial(import_posts, index=index_posts)}
