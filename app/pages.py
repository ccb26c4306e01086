"""The Streamlit entry: opens the build once and draws the page; says what to do where there is none."""

from __future__ import annotations

import os
from datetime import datetime

import streamlit as st

from app.browse import browse
from app.browse_html import STYLE, note
from kg.build import Build
from kg.home import Home
from kg.problem import MissingBuildError, YilunError


@st.cache_resource(show_spinner="正在打开构建…", max_entries=2)
def _opened(root: str, build_id: str) -> Build:
    """One build per id, opened once and read by every session."""
    from pathlib import Path

    return Build(Path(root) / build_id)


def main() -> None:
    """Draw the page for the build in use, or the one that the URL names."""
    st.set_option("client.toolbarMode", "minimal")  # the buttons for publishing an app are not for readers
    st.set_page_config(page_title="医伦　法规浏览", layout="wide", initial_sidebar_state="expanded")
    st.html(STYLE)
    try:
        home = Home.resolve(None, os.environ)
        path = home.build(st.query_params.get("build") or None)
        browse(_opened(str(path.parent), path.name), datetime.now().astimezone().date())
    except MissingBuildError as error:
        st.html(note(str(error), kind="error"))
        st.markdown("用打包的法律生成构建（几分钟），再刷新本页：")
        st.code("yilun build", language=None)
    except YilunError as error:
        st.html(note(str(error), kind="error"))
        st.markdown("查看所含文件与构建：")
        st.code("yilun status", language=None)


main()
