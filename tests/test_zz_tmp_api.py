from socialdesk import web
def test_two(desk, make, browse):
    a, b = make.person("A A"), make.person("B B")
    @desk.route("/whoami")
    def whoami(): return web.viewer().name
    ca, cb = browse(a), browse(b)
    assert ca.get("/whoami").text == "A A"
    assert cb.get("/whoami").text == "B B"
