#!/usr/bin/python3
"""A window of WebKitGTK that WebKitWebDriver drives: with a profile, which the driver's own browser does not keep, and with
those features switched on that are named.

    webkit.py PROFILE FEATURE ...
"""

import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

profile, *wanted = sys.argv[1:]
data = WebKit2.WebsiteDataManager(base_data_directory=os.path.join(profile, "data"), base_cache_directory=os.path.join(profile, "cache"))
context = WebKit2.WebContext(website_data_manager=data)
context.set_automation_allowed(True)
# What a page complains about is read there.
settings = WebKit2.Settings(enable_write_console_messages_to_stdout=True)
features = WebKit2.Settings.get_all_features()
features = {feature.get_identifier(): feature for feature in (features.get(n) for n in range(features.get_length()))}
for name in wanted:
    if name not in features:
        sys.exit(f"this WebKit has no feature {name}")
    settings.set_feature_enabled(features[name], True)


def window(*_):
    view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
    frame = Gtk.Window(default_width=420, default_height=900)
    frame.add(view)
    view.connect("close", lambda _: frame.destroy())
    frame.show_all()
    return view


def automated(_, session):
    about = WebKit2.ApplicationInfo()
    about.set_name("Spotter's window")
    about.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(about)
    for kind in ("window", "tab"):
        session.connect(f"create-web-view::{kind}", window)


context.connect("automation-started", automated)
Gtk.main()
