"""法规浏览 as a page: the build in use, or the one that the URL names; says what to do where there is none."""

from __future__ import annotations

import streamlit as st

from app.browse import browse
from app.browse_html import note
from app.workbench.place import here
from kg.problem import MissingBuildError, YilunError


def draw() -> None:
    """Draw the browsing page."""
    try:
        place = here()
        browse(place.build, place.today)
    except MissingBuildError as error:
        st.html(note(str(error), kind="error"))
        st.markdown("用打包的法律生成构建（几分钟），再刷新本页：")
        st.code("yilun build", language=None)
    except YilunError as error:
        st.html(note(str(error), kind="error"))
        st.markdown("查看所含文件与构建：")
        st.code("yilun status", language=None)
