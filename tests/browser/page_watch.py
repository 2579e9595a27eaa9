"""Notes what pages complain of while a test runs: broken policy, errors, missing files."""

BINDING = "__policyViolation"
# Added by the browser's debugger, so the page's own policy does not bar it.
REPORT_VIOLATIONS = f"""
document.addEventListener("securitypolicyviolation", event => window.{BINDING}(
  `${{event.effectiveDirective}} blocked ${{event.blockedURI || "inline"}} `
  + `at ${{event.sourceFile || event.documentURI}}:${{event.lineNumber}} ${{event.sample}}`));
"""
FILE_KINDS = {"script", "stylesheet", "image", "font", "manifest"}
# A missing file is noted by its answer; a page that is left before it has melted into the next says so.
NO_FAULT = ("Failed to load resource", "ViewTransition")
POLICY_WORDS = ("Content Security Policy", "Content-Security-Policy")


class PageWatch:
    """policy: CSP violations; errors: uncaught exceptions and console errors, workers' too;
    failed: answers of 500 and above, files that are missing, connections that broke."""

    def __init__(self, context):
        self.policy, self.errors, self.failed = [], [], []
        context.expose_binding(BINDING, lambda source, text: self.policy.append(text))
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._weberror)
        context.on("serviceworker", lambda worker: worker.on("console", self._console))
        context.on("requestfailed", self._broken)
        context.on("response", self._response)

    def clear(self):
        """Forget what was noted."""
        for notes in (self.policy, self.errors, self.failed):
            notes.clear()

    def expect_nothing(self, page=None):
        """Fail with every complaint.  page: given, its pending events are let in first."""
        if page is not None:
            page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        complaints = {"policy": self.policy, "errors": self.errors, "failed": self.failed}
        assert not any(complaints.values()), {name: notes for name, notes in complaints.items() if notes}

    def _weberror(self, error):
        if not any(words in str(error.error) for words in NO_FAULT):
            self.errors.append(str(error.error))

    def _console(self, message):
        if any(words in message.text for words in POLICY_WORDS):
            self.policy.append(message.text)
        elif message.type == "error" and not any(words in message.text for words in NO_FAULT):
            self.errors.append(message.text)

    def _broken(self, request):
        # A page that is left, or a stream that it closes, ends its requests by itself.
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(f"{request.method} {request.url}: {request.failure}")

    def _response(self, response):
        missing = response.status >= 400 and response.request.resource_type in FILE_KINDS
        if missing or response.status >= 500:
            self.failed.append(f"{response.status} {response.url}")
