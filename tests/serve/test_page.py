"""The page in a browser: a real upload, the switches, the keyboard; skipped where there is no Chromium."""

import shutil
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip('selenium')
uvicorn = pytest.importorskip('uvicorn')
BROWSER = shutil.which('chromium') or shutil.which('chromium-browser')
DRIVER = shutil.which('chromedriver')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason='there is no Chromium with its driver (apt: chromium-driver)'),
]


@pytest.fixture
def address(pose_model):
    from mmpose_dark.serve import Limits, PoseService, create_app
    from mmpose_dark.synthetic.people_detector import shipped_detector

    app = create_app(PoseService(pose_model, shipped_detector(), Limits(), title='demo'), Limits())
    server = uvicorn.Server(uvicorn.Config(app, host='127.0.0.1', port=0, log_level='error'))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f'http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/'
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for word in ('--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1400,950'):
        options.add_argument(word)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
    options.binary_location = BROWSER
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def until(condition, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError('it did not happen in time')


def test_an_upload_by_keyboard_and_what_it_shows(browser, address, png, tmp_path):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select

    (tmp_path / 'people.png').write_bytes(png)
    browser.get(address)
    find = lambda name: browser.find_element(By.ID, name)  # noqa: E731
    find('file').send_keys(str(tmp_path / 'people.png'))
    until(lambda: 'people.png: 2 people' in find('status').text)
    assert len(browser.find_elements(By.CSS_SELECTOR, '#table tbody tr')) == 34
    pixels = "return document.getElementById('overlay').toDataURL()"
    drawn = browser.execute_script(pixels)
    find('quarter').send_keys(Keys.SPACE)
    quarter = browser.execute_script(pixels)
    assert quarter != drawn
    for _ in range(60):
        find('kpt-thr').send_keys(Keys.ARROW_RIGHT)
    assert float(find('kpt-out').text) > 0.85
    assert browser.execute_script(pixels) != quarter
    Select(find('keypoint')).select_by_visible_text('left wrist')
    until(lambda: 'Heatmap of left wrist' in find('status').text)
    for name, value in dict(x1=10, y1=10, x2=100, y2=160).items():
        browser.find_element(By.NAME, name).send_keys(str(value))
    browser.find_element(By.NAME, 'y2').send_keys(Keys.ENTER)
    until(lambda: '1 boxes are drawn' in find('status').text)
    find('again').send_keys(Keys.ENTER)
    until(lambda: 'people.png: 1 person' in find('status').text)
    assert [entry for entry in browser.get_log('browser') if entry['level'] == 'SEVERE'] == []
    asked = [
        entry['message'] for entry in browser.get_log('performance') if 'Network.requestWillBeSent"' in entry['message']
    ]
    assert not [message for message in asked if '"url":"http' in message and address not in message]


def test_a_text_that_calls_itself_an_image_is_said(browser, address, tmp_path):
    from selenium.webdriver.common.by import By

    path = Path(tmp_path / 'words.jpg')
    path.write_text('no image')
    browser.get(address)
    browser.find_element(By.ID, 'file').send_keys(str(path))
    until(lambda: 'words.jpg' in browser.find_element(By.CSS_SELECTOR, '.status.bad').text
          if browser.find_elements(By.CSS_SELECTOR, '.status.bad') else False)  # fmt: skip
