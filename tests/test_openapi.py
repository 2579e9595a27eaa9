"""The OpenAPI document: sound by itself, the same as the routes, and readable as a page."""


def test_smoke(desk, browse):
    answer = browse().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert browse().get("/api/v1/docs").status_code == 200
