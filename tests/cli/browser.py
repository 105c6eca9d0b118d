"""A page in a real browser: Debian's Chromium without a window, and all that it asks for or complains of."""

import contextlib
import shutil

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def chromium():
    """The browser, for as long as the context lasts."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    assert path, "Chromium is missing here; .ci/browser brings it, or says how"
    with sync_playwright() as playwright:
        # It may run as root, whom its sandbox refuses.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Sheet:
    """The report, opened from its file."""

    def __init__(self, browser, file, fragment="", width=1280, **context):
        context = {"color_scheme": "light", "reduced_motion": "reduce"} | context
        self._context = browser.new_context(viewport={"width": width, "height": 900}, **context)
        self.page = self._context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.goto(f"file://{file}{fragment}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._context.close()

    def search(self, text):
        """Type into the search field; returns how long the page took to draw what matches, in milliseconds."""
        return self.page.evaluate("""text => {
            const field = document.getElementById("text");
            const began = performance.now();
            field.value = text;
            field.dispatchEvent(new Event("input", {bubbles: true}));
            document.body.getBoundingClientRect();
            return performance.now() - began;
        }""", text)

    @property
    def accounts(self):
        """The accounts of the picture, from top to bottom."""
        return self.page.locator(".row > .id").all_inner_texts()

    @property
    def marks(self):
        """The status of each endpoint in the picture."""
        return self.page.eval_on_selector_all(".row .cell", "marks => marks.map(mark => mark.classList[1])")

    @property
    def held(self):
        """The reasons that are shown, each with its number."""
        return dict(self.page.eval_on_selector_all(
            ".group:not([hidden])",
            "groups => groups.map(one => [one.querySelector('.reason').textContent,"
            " Number(one.querySelector('.number').textContent)])"))

    @property
    def shown(self):
        """What the page says of the filter."""
        return self.page.inner_text("#shown")

    @property
    def fragment(self):
        """The fragment of the page's address."""
        return self.page.evaluate("decodeURIComponent(location.hash)")

    @property
    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
