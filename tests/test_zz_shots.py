"""Take pictures of thread pages with real chromium."""
import sys, threading
sys.path.insert(0, "/work/main")
from tests.conftest import *
from werkzeug.serving import make_server
import pytest

def test_shots(desk, make, browse, tmp_path):
    from playwright.sync_api import sync_playwright
    from socialdesk.posts import actions
    net = make.team("Network")
    from socialdesk.tags import actions as ta
    with transaction(): ta.own_tag("wifi", net.id)
    ada, tom, ben, priya = make.person("Amina Yusuf"), make.agent("Tomasz Wrona"), make.person("Ben Okri"), make.agent("Priya Nair")
    t = make.ticket(ada, "My laptop asks for the Wi-Fi password every single morning. It never did before the summer. #wifi @ben")
    browse(tom).post(f"/p/{t.id}/seen", headers=HTMX)
    browse(tom).post(f"/p/{t.id}/take", headers=HTMX)
    make.reply(t, tom, "Good morning Amina. That is annoying, and it is not you. I’ll look at your laptop’s key.\n\n1. Open *Settings*\n2. Tell me what `ipconfig` says")
    make.reply(t, ada, "Thank you! I’m in a meeting until 11.")
    make.reply(t, priya, "Same as the September batch: the certificate ran out.", note=True)
    browse(tom).post(f"/p/{t.id}/reply", data={"body": "You have a new one. Please restart once.", "status": "resolved"})
    told_by_now()
    q = make.question(ada, "How do I print on both sides? The new printer in the hall only does one side and I have forty pages. #printing")
    r = make.reply(q, ben, "Choose **Both sides** in the print window.")
    make.reply(q, tom, "Or set it once in the printer’s settings.")
    browse(ben).post(f"/p/{q.id}/me-too", headers=HTMX)
    with transaction(): actions.accept(r.id, ada)
    browse(ada).post(f"/p/{q.id}/reply", data={"body": "Thanks, both work."})
    run_due()
    server = make_server("127.0.0.1", 0, desk, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True); thread.start()
    origin = f"http://127.0.0.1:{server.port}"
    desk.config["SETTINGS"].base_url = origin
    def cookie(person):
        c = browse(person); c.get("/p/1"); return c.get_cookie("socialdesk").value
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, who, path, size, scheme in [("ticket-req", ada, f"/p/{t.id}", (360,740), "light"), ("ticket-agent", tom, f"/p/{t.id}", (360,740), "dark"), ("ticket-wide", tom, f"/p/{t.id}", (1280,800), "light"), ("question", ada, f"/p/{q.id}", (360,740), "light"), ("question-ben", ben, f"/p/{q.id}", (360,740), "dark"), ("edit", ada, f"/p/{q.id}/edit", (360,740), "light")]:
            ctx = b.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, device_scale_factor=1.5)
            ctx.add_cookies([{"name": "socialdesk", "value": cookie(who), "url": origin}])
            page = ctx.new_page(); msgs=[]
            page.on("console", lambda m: msgs.append(m.text)); page.on("pageerror", lambda e: msgs.append(str(e)))
            page.add_init_script("document.addEventListener('securitypolicyviolation', e => console.log('CSPV', e.effectiveDirective, e.sample, e.sourceFile, e.lineNumber, e.columnNumber, e.target && e.target.outerHTML && e.target.outerHTML.slice(0,300)))"); page.goto(origin + path); page.wait_for_timeout(300)
            print(name, msgs, page.evaluate("document.documentElement.scrollWidth > innerWidth"))
            if name == "ticket-agent":
                page.screenshot(path=f"/tmp/sd/shots/{name}-view.png")
                page.click("label.chip:has([data-note])"); 
                page.fill("#reply textarea", "A note to all"); page.click("#reply .send"); page.wait_for_timeout(2500)
                page.screenshot(path=f"/tmp/sd/shots/{name}-noted.png")
                print(page.inner_text("#notices")); page.click("#notices .notice form button"); page.wait_for_timeout(2500)
                print(page.inner_text("#notices"), "|", page.input_value("#reply textarea"))
                page.screenshot(path=f"/tmp/sd/shots/{name}-undone.png")
            if name == "question":
                page.click("summary[aria-label^=Notices]"); page.wait_for_timeout(200)
                page.screenshot(path=f"/tmp/sd/shots/{name}-menu.png")
                page.click("text=Tell me nothing"); page.wait_for_timeout(600)
                print(page.get_attribute("summary[aria-label^=Notices]", "aria-label"))
                page.click("text=Not the answer after all"); page.wait_for_timeout(600)
                print(page.inner_text(f"#head-{q.id}"))
            if name == "question-ben":
                page.click(f"#me-too-{q.id}"); page.wait_for_timeout(1500); print(page.get_attribute(f"#me-too-{q.id}", "aria-pressed"))
            page.screenshot(path=f"/tmp/sd/shots/{name}.png", full_page=True)
            print(msgs)
        b.close()
    server.shutdown()
