"""/service-worker.js, manifest, offline page."""
from flask import Blueprint

bp = Blueprint("pwa", __name__)
