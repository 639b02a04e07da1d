"""A page of the report in a real browser, Chromium without a window."""
import json
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from pipeline import DEADLINE

WIDE = (1240, 900)
PHONE = (360, 740)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    driver.set_page_load_timeout(DEADLINE)
    driver.set_script_timeout(DEADLINE)
    yield driver
    driver.quit()


class Page:
    def __init__(self, driver):
        self.driver = driver

    def ask(self, script, *arguments):
        """What a function body returns, in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait_for(self, script, *arguments):
        return WebDriverWait(self.driver, DEADLINE, 0.05).until(lambda _: self.ask(script, *arguments))

    def text(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector).text

    def count(self, selector):
        return len(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def there(self, selector):
        return self.count(selector) > 0

    def headline(self):
        """The figures in large, by what they are."""
        return dict(self.ask("return [...document.querySelectorAll('#headline > div')].map(card => "
                             "[card.querySelector('dt').textContent, card.querySelector('dd').firstChild.textContent])"))

    def unfold(self, section):
        """Opens what is folded there, and waits for what is in it."""
        self.ask("document.querySelector(arguments[0] + ' details').open = true", section)
        self.wait_for("return document.querySelector(arguments[0] + ' details').children.length > 1", section)

    def table(self, section):
        """The rows that the table of a section shows, each by the titles of its columns."""
        titles, rows = self.ask(
            "const table = document.querySelector(arguments[0] + ' table');"
            "const texts = cells => [...cells].map(cell => cell.textContent);"
            "return [texts(table.tHead.rows[0].cells), [...table.tBodies[0].rows].map(row => texts(row.cells))]", section)
        return [dict(zip(titles, row)) for row in rows]

    def press(self, selector):
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def type(self, selector, keys):
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.ask("arguments[0].focus()", element)
        ActionChains(self.driver).send_keys(keys).perform()

    def tab_through(self):
        """What the Tab key reaches, one after the other: what it is called, and its outline."""
        reached = []
        while True:
            ActionChains(self.driver).send_keys("\ue004").perform()
            name, outline = self.ask(
                "const {activeElement: focus, body} = document;"
                "if (focus === body || focus.dataset.reached) return [null, null];"
                "focus.dataset.reached = 'yes';"
                "const {outlineStyle, outlineWidth} = getComputedStyle(focus);"
                "return [focus.ariaLabel ?? focus.textContent, outlineStyle === 'none' ? 'none' : outlineWidth]")
            if outline is None:
                return reached
            reached.append((name, outline))

    def window(self):
        """The seconds of the timeline that are shown."""
        shown = self.ask("return report.shownWindow()")
        return shown["from"], shown["to"]

    def middle_of_bar(self, task):
        """Of the first attempt at a task: seconds and row."""
        return self.ask("const {task, from, to, row} = report.bars; const i = task.indexOf(arguments[0]);"
                        "return [(from[i] + to[i]) / 2, row[i]]", task)

    def place_of(self, seconds, row):
        """Where this is in the timeline, from the middle of its chart on."""
        self.ask("document.getElementById('timeline-chart').scrollIntoView({block: 'center'})")
        return self.ask(
            "const chart = report.timeline;"
            "const [x, y] = chart.convertToPixel({xAxisIndex: 0, yAxisIndex: 0}, [arguments[0], arguments[1]]);"
            "return [Math.round(x - chart.getWidth() / 2), Math.round(y - chart.getHeight() / 2)]", seconds, row)

    def hover(self, seconds, row):
        chart = self.driver.find_element(By.ID, "timeline-chart")
        x, y = self.place_of(seconds, row)
        ActionChains(self.driver).move_to_element_with_offset(chart, x - 3, y).move_by_offset(3, 0).perform()
        self.wait_for("return document.querySelector('.tip')?.textContent")
        return self.ask("return document.querySelector('.tip').textContent")

    def drag(self, seconds, row, by):
        chart = self.driver.find_element(By.ID, "timeline-chart")
        x, y = self.place_of(seconds, row)
        ActionChains(self.driver).move_to_element_with_offset(chart, x, y).click_and_hold().move_by_offset(
            by // 2, 0).move_by_offset(by - by // 2, 0).release().perform()

    def complaints(self):
        """What the browser has said of the page on its console."""
        return self.driver.get_log("browser")

    def data(self):
        return json.loads(self.ask("return document.getElementById('data').textContent"))


@pytest.fixture
def show(driver):
    """Opens a page; whatever the browser says against it fails the test."""
    pages = []

    def open_page(path, size=WIDE, scheme="light"):
        width, height = size
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                               {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                               {"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        driver.get(f"file://{path}")
        page = Page(driver)
        page.wait_for("return document.documentElement.dataset.ready")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        assert page.complaints() == []


@contextmanager
def printed(driver, scheme):
    """As on paper, of a system with this scheme."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    yield
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
