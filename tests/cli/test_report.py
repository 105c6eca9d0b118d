"""The report: one file with the whole fleet, looked at in a real browser."""

import collections
import pathlib
import stat

import pytest

from flow.fixtures import empty
from local_aws import state
from stage.local import wait_until

from .browser import Sheet, chromium
from .command import Command
from .fleets import write
from .passage import Passage
from .thousand import ENDPOINTS, HOSTILE, NAME, SECOND, Thousand

# Where the pictures of the last run can be looked at.
LOOK = state.REPOSITORY / ".local" / "report"


@pytest.fixture(scope="module")
def browser():
    """One browser for all of these tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def report(zonelink, tmp_path):
    """Makes the report; returns its file."""
    def made(**environment):
        file = tmp_path / "report.html"
        said = zonelink.run("report", "--html", str(file), **environment)
        assert said.code == 0, said
        return file
    return made


@pytest.fixture(scope="module")
def thousand(deployed, local, tmp_path_factory):
    """The report on a thousand endpoints, and the fleet behind it."""
    empty(local, deployed)
    fleet = Thousand(deployed.service)
    there = type("Fleet", (), {"local": local, "provider": deployed})
    fleet.file = tmp_path_factory.mktemp("thousand") / "report.html"
    write(there, fleet.items)
    try:
        with fleet.ec2() as ec2:
            fleet.said = Command(local.running)("report", "--html", str(fleet.file), "--output", "json",
                                                AWS_ENDPOINT_URL_EC2=ec2)
    finally:
        write(there, fleet.items, delete=True)
    assert fleet.said.code == 0, fleet.said
    return fleet


@pytest.fixture
def sheet(browser, thousand):
    """The thousand endpoints, opened; nothing is asked for and nothing complained of, whatever a test does."""
    with Sheet(browser, thousand.file) as sheet:
        yield sheet
        assert [url for url in sheet.requests if not url.startswith("file:")] == []
        assert len(sheet.requests) == 1, "the page alone"
        assert sheet.complaints == []


def test_real_fleet_is_drawn_with_its_wires_holds_and_times(zonelink, report, browser):
    vpc = zonelink.a.vpc(subnets=2)
    zone, endpoint = vpc.zone(), vpc.endpoint()
    zoneless = zonelink.b.vpc().endpoint()
    stranger = zonelink.c.vpc().endpoint()
    zonelink.local.settled()
    assert zone.addresses() == endpoint.addresses
    with Sheet(browser, report()) as sheet:
        assert sheet.page.inner_text("h1") == "1 of 3 endpoints is active"
        assert sorted(sheet.marks) == ["active", "held", "held"]
        assert sheet.held == {"NoZone": 1, "NotAllowed": 1}
        sheet.page.click(f".row:has-text('{zonelink.a.account}')")
        drawn = sheet.page.inner_text(".open")
        for text in (vpc.id, endpoint.id, zone.id, NAME, *endpoint.addresses, "available in EC2"):
            assert text in drawn, text
        assert sheet.page.locator(".open .thread.whole").count() == 1
        for account, held, why in ((zonelink.b.account, zoneless, "NoZone"), (zonelink.c.account, stranger, "NotAllowed")):
            sheet.search(account)
            sheet.page.click(".row")
            drawn = sheet.page.inner_text(".open")
            assert held.id in drawn and why in drawn and "What helps: " in drawn
            assert sheet.page.locator(".open .thread.broken").count() == 1
        # The functions' own journal, not items of this test.
        times = sheet.page.inner_text("section:has(#times)")
        assert "1 record, all on " in times and "None took longer than a minute." in times
        assert sheet.page.locator(".histogram .count").all_inner_texts() == ["1"]
        assert sheet.requests == sheet.requests[:1] and sheet.complaints == []


def test_journal_that_cannot_be_read_is_said_and_hides_nothing_else(zonelink, report, browser):
    vpc = zonelink.a.vpc()
    zone = vpc.zone()
    vpc.endpoint()
    zonelink.local.settled()

    class NoJournal(Passage):
        """Refuses to read journals, and nothing else."""

        def _forward(self, door, body):
            if b"journal#" in body:
                headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": "AccessDeniedException"}
                return 400, headers, b'{"__type": "AccessDeniedException", "message": "no"}'
            return super()._forward(door, body)

    with NoJournal(zonelink.local.running["ministack"]["url"]) as table:
        file = report(AWS_ENDPOINT_URL_DYNAMODB=table.url)
    with Sheet(browser, file) as sheet:
        assert sheet.page.inner_text("h1") == "The one endpoint is active"
        assert "The journal of 1 of 1 record that zonelink claims now could not be read" in sheet.page.inner_text("body")
        assert f"the journal of {zone.id}/{NAME}" in sheet.page.inner_text(".unread")


def test_nothing_yet_is_a_page_too(report, browser):
    with Sheet(browser, report()) as sheet:
        assert sheet.page.inner_text("h1") == "No endpoint is known"
        assert "Nothing is held." in sheet.page.inner_text("body") and sheet.complaints == []


def test_thousand_endpoints_are_counted_once_each(thousand, sheet):
    states = collections.Counter(state for found in thousand.connections.values() for _, _, state in found)
    marks = collections.Counter(sheet.marks)
    assert sum(marks.values()) == ENDPOINTS == thousand.said.json["endpoints"]
    assert {word: marks[word] for word in ("failed", "rejected", "pending", "deleting")} == {
        word: states[word] for word in ("failed", "rejected", "pending", "deleting")}
    assert marks["held"] == 23 and marks["unknown"] == 1
    assert thousand.said.json["unread"] == 0
    assert sheet.page.inner_text("h1") == f"{marks['active']} of 1,000 endpoints are active"
    assert len(sheet.accounts) == len(set(sheet.accounts)) == len(thousand.accounts)
    assert sheet.held == {"NotAllowed": 5, "NoZone": 4, "ForeignRecord": 1, "NoAccess": 1, "Route53Refused": 1}


def test_times_are_those_of_the_journal(thousand, sheet):
    ordered = sorted(thousand.milliseconds)
    seconds = [-(-ordered[-(-len(ordered) * percent // 100) - 1] // 1000) for percent in (50, 90, 99, 100)]
    said = sheet.page.locator(".quantiles dd").all_inner_texts()
    assert said == [f"{value} s" for value in seconds]
    counts = map(int, sheet.page.locator(".histogram .count").all_inner_texts())
    assert sum(counts) == len(ordered) == thousand.said.json["times"]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_thousand_endpoints_fit_their_window(thousand, browser, width, scheme):
    LOOK.mkdir(parents=True, exist_ok=True)
    with Sheet(browser, thousand.file, width=width, color_scheme=scheme) as sheet:
        assert sheet.overflow == 0
        sheet.page.screenshot(path=LOOK / f"{scheme}-{width}.png")
        for row in sheet.page.locator(".row").all()[:12]:
            row.click()
        for group in sheet.page.locator(".group summary").all():
            group.click()
        assert sheet.overflow == 0
        sheet.page.locator(".row >> nth=0").scroll_into_view_if_needed()
        sheet.page.screenshot(path=LOOK / f"{scheme}-{width}-open.png")


def test_search_finds_ids_names_addresses_and_reasons_at_once(thousand, sheet):
    one, account, _ = thousand.connections[thousand.service][100]
    for text in (one, one.upper()):
        took = sheet.search(text)
        assert took < 500, f"{took} ms"
        assert sheet.accounts == [account] and len(sheet.marks) == 1
        assert sheet.shown.startswith("1 of 1,000 endpoints")
    sheet.search("nozone")
    assert sheet.marks == ["held"] * 4 and sheet.held == {"NoZone": 4}
    sheet.search("second.example.com foreignrecord")
    assert len(sheet.marks) == 1, "all words have to match"
    sheet.search("no such thing")
    assert sheet.accounts == [] and sheet.held == {} and "No endpoint matches." in sheet.page.inner_text("#picture")
    sheet.page.click("#clear")
    assert len(sheet.marks) == ENDPOINTS and sheet.fragment == ""


def test_filters_stand_in_the_fragment_and_come_back_from_it(thousand, sheet, browser):
    sheet.page.click(".state.rejected")
    sheet.page.click(".state.pending")
    assert set(sheet.marks) == {"rejected", "pending"}
    sheet.page.select_option("#service", SECOND)
    sheet.page.fill("#text", "second")
    marks, accounts = sheet.marks, sheet.accounts
    assert 0 < len(marks) < 31
    assert sheet.fragment == f"#text=second&state=rejected,pending&service={SECOND}"
    sheet.page.click(".row >> nth=0")
    assert sheet.fragment.endswith(f"&open={accounts[0]}")
    with Sheet(browser, thousand.file, sheet.page.evaluate("location.hash")) as again:
        assert (again.marks, again.accounts, again.shown) == (marks, accounts, sheet.shown)
        assert again.page.locator(".open").count() == 1
        again.page.evaluate("location.hash = 'account=544444444444'")
        wait_until(lambda: again.accounts == ["544444444444"])
        assert again.marks == ["held"] * 12 and again.held == {"NoAccess": 1}
        again.page.evaluate("location.hash = 'account=nonsense&service=<b>&state=<i>'")
        # What the page does not know is no filter.
        wait_until(lambda: len(again.accounts) == len(thousand.accounts))
        assert again.shown == "" and again.fragment == "" and again.complaints == []


def test_hostile_texts_are_shown_and_not_obeyed(thousand, sheet):
    sheet.page.click(".group:has-text('Route53Refused') summary")
    assert HOSTILE in sheet.page.inner_text(".group:has-text('Route53Refused')")
    sheet.search("resting<b>")
    sheet.page.click(".row")
    assert "resting<b>'\" in EC2" in sheet.page.inner_text(".open")
    assert sheet.page.title().startswith(sheet.page.inner_text("h1"))
    assert sheet.page.locator("img, script").count() == 2, "the data and the page's own script"


def test_keyboard_reaches_filters_and_accounts(sheet):
    page = sheet.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus(".state.held input")
    page.keyboard.press("Space")
    assert set(sheet.marks) == {"held"}
    page.focus(".row >> nth=0")
    page.keyboard.press("Enter")
    assert page.get_attribute(".row >> nth=0", "aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert page.get_attribute(".row >> nth=0", "aria-expanded") == "false" and page.locator(".open").count() == 0
    label = page.get_attribute(".row >> nth=0", "aria-label")
    assert label == "account 544444444444, 12 endpoints in 1 VPC, all held"


def test_each_status_has_a_word_and_a_sign_of_its_own(sheet):
    signs = sheet.page.eval_on_selector_all("symbol", "all => all.map(one => one.innerHTML)")
    assert len(set(signs)) == len(signs) == 9
    for label in sheet.page.locator(".state").all_inner_texts():
        number, word = label.split(maxsplit=1)
        assert int(number) > 0 and word in {"held", "failed", "rejected", "pending", "deleting", "unknown", "active"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(thousand, browser, scheme):
    with Sheet(browser, thousand.file, color_scheme=scheme) as sheet:
        pairs = sheet.page.eval_on_selector_all(
            ".state, .quiet, .lead, .row .words, .group .reason",
            "all => all.map(one => [getComputedStyle(one).color, getComputedStyle(document.querySelector("
            "one.closest('.service') || one.matches('.state') ? '.service' : 'html')).backgroundColor])")
    for ink, ground in set(map(tuple, pairs)):
        assert _contrast(ink, ground) >= 4.5, (ink, ground)


def test_paper_shows_what_is_held_and_no_controls(sheet):
    sheet.page.emulate_media(media="print")
    sheet.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert sheet.page.locator(".group[open]").count() == 5
    assert not sheet.page.is_visible("#text")
    sheet.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sheet.page.locator(".group[open]").count() == 0


def test_file_is_replaced_and_standard_output_is_a_page(zonelink, report):
    file = report()
    file.write_text("old")
    assert report() == file
    assert file.read_text().startswith("<!doctype html>") and file.read_text().endswith("</html>")
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["report.html"]
    said = zonelink.run("report", "--html", "-")
    assert said.code == 0 and said.err == ""
    assert said.out.startswith("<!doctype html>") and said.out.endswith("</html>\n")


def test_places_that_take_no_file_are_refused_before_anything_is_read(command, tmp_path):
    for place in (tmp_path, tmp_path / "none" / "report.html"):
        said = command("report", "--html", str(place), profile=None)
        assert said.code == 2 and said.out == "" and "remedy: " in said.err, said
    assert list(pathlib.Path(tmp_path).iterdir()) == []


def _contrast(*colours):
    """The contrast ratio of WCAG 2.2 between two colours of the form rgb(r, g, b)."""
    def luminance(colour):
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))
    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)
