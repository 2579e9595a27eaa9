from .conftest import *
def token(person, scopes=None):
    from socialdesk.api import actions
    with transaction():
        return actions.make_token(person.id, scopes)
def test_x(desk, make, browse):
    p = make.person(); a = make.agent(teams=[make.team("Net")])
    c = browse()
    h = {"Authorization": "Bearer " + token(p)}; ha={"Authorization": "Bearer " + token(a)}
    r = c.post("/api/v1/tickets", json={"body": "My #vpn is down. Help @" + a.handle}, headers=h); print(r.status_code, r.json)
    k = r.json["id"]
    r = c.post(f"/api/v1/tickets/{k}/take", headers=ha); print(r.status_code, r.json)
    r = c.post(f"/api/v1/posts/{k}/replies", json={"body": "note this", "note": True}, headers=ha); print(r.status_code, r.json)
    r = c.patch(f"/api/v1/tickets/{k}", json={"status":"resolved","sentence":"Fixed it.", "team": "net", "urgency": "high"}, headers=ha); print(r.status_code, r.json)
    for who in (h, ha):
        r = c.get(f"/api/v1/tickets/{k}/timeline", headers=who); print(r.status_code, r.json)
    for path in ("tickets", "feed", "me", "notifications", "articles", "search?q=vpn", "suggestions?q=vpn+is+down", "tickets?assignee=me&tag=VPN&status=resolved", f"posts/{k}/replies"):
        r = c.get(f"/api/v1/{path}", headers=ha); print(path, r.status_code, r.json)
