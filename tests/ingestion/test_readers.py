"""Readers: real cases first; each refusal provoked by a file that is really bad."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers import files
from ingestion.readers.acquired import Claim, Form, Reading, UnreadableError
from ingestion.readers.described import of_name, of_text, title_of_name
from ingestion.readers.files import read_file
from ingestion.readers.plain import decode
from ingestion.readers.rows import Row, read_json, render
from kg.problem import Problem, Severity

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def reading(folder: Path, name: str, data: bytes) -> Reading:
    path = folder / name
    path.write_bytes(data)
    return read_file(path, name)


def raw(found: Reading) -> str:
    assert found.text is not None, found.problems
    return found.text.raw


def docx_file(body: str, *, prologue: str = "") -> bytes:
    """A minimal DOCX whose document body is the WordprocessingML given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{DOCX}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0" encoding="UTF-8"?>{prologue}<w:document '
            'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
            f"{body}</w:body></w:document>",
        )
    return buffer.getvalue()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def pdf_file(*pages: str) -> bytes:
    """A minimal PDF with a text layer; an empty string makes a page without one."""
    chars = sorted({char for page in pages for char in page if char != "\n"})
    code = {char: number for number, char in enumerate(chars, 1)}
    mapping = "\n".join(f"<{number:04X}> <{ord(char):04X}>" for char, number in code.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{len(chars)} beginbfchar\n{mapping}\nendbfchar\n"
        "endcmap end end"
    )
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        "/Supplement 0 >> /DW 1000 >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]
    for number, page in enumerate(pages):
        shown = " 0 -20 Td ".join(
            f"<{''.join(f'{code[char]:04X}' for char in line)}> Tj" for line in page.split("\n")
        )
        stream = f"BT /F1 12 Tf 50 700 Td {shown} ET" if page else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {7 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    out = "%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    out += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("ascii")


LAW = "第一条　为了保障医师合法权益，规范医师执业行为，制定本法。"


@pytest.mark.parametrize(
    ("data", "text", "encoding", "why"),
    [
        (LAW.encode(), LAW, "utf-8", "the usual case"),
        (
            b"\xef\xbb\xbf" + LAW.encode(),
            "\ufeff" + LAW,
            "utf-8",
            "a byte order mark is a recorded repair, later",
        ),
        (LAW.encode("gb18030"), LAW, "gb18030", "older ministry pages"),
        ("䶮㐂𠮷".encode("gb18030"), "䶮㐂𠮷", "gb18030", "rare names need GB18030, not GBK"),
        (b"\xff\xfe" + LAW.encode("utf-16-le"), "\ufeff" + LAW, "utf-16-le", "saved by an editor as Unicode"),
        (b"\xfe\xff" + LAW.encode("utf-16-be"), "\ufeff" + LAW, "utf-16-be", "the other byte order"),
        (b"a\r\nb\r", "a\r\nb\r", "utf-8", "line ends stay as they are"),
    ],
)
def test_decoding_keeps_every_character(data: bytes, text: str, encoding: str, why: str) -> None:
    assert decode(data) == (text, encoding), why


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "an image"),
        (b"text\x00text", "NUL stands in no text"),
        (b"\xff\xfe\x00\xd8", "half of a surrogate pair"),
        (b"\xaa\xa1\xaa\xa2", "decodes as GB18030, but only into the private use area"),
        (b"\xc3(\xff\xff", "in no encoding"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableError) as error:
        decode(data)
    assert error.value.code == "binary_file", why


@pytest.mark.parametrize(
    ("place", "title", "version"),
    [
        ("行政法/医师法(2021-08-20).md", "医师法", "2021-08-20"),
        ("行政法规/医疗机构管理条例(20220329).md", "医疗机构管理条例", "2022-03-29"),
        ("刑法/刑法修正案（十二）(2023-12-29).md", "刑法修正案（十二）", "2023-12-29"),
        ("刑法/刑法修正案（七）.md", "刑法修正案（七）", None),
        ("医疗机构病历管理规定（2013-11-20）.txt", "医疗机构病历管理规定", "2013-11-20"),
        ("社会救助法(2026).md", "社会救助法", None),
        ("nmpa/cmde-2022-28.md", None, None),
        ("administrative/biosafety-law/README.md", None, None),
    ],
)
def test_file_names(place: str, title: str | None, version: str | None) -> None:
    claims = {claim.field: claim.value for claim in of_name(place).claims}
    assert claims == {k: v for k, v in (("title", title), ("version_date", version)) if v is not None}


def test_an_impossible_date_in_a_name_is_reported() -> None:
    named = of_name("医师法(2021-02-30).md")
    assert [claim.field for claim in named.claims] == ["title"]
    assert [problem.code for problem in named.problems] == ["bad_date"]
    assert title_of_name("医师法(2021-02-30).md") == "医师法"


@pytest.mark.parametrize(
    ("text", "expected", "why"),
    [
        (
            "# 中华人民共和国医师法\n\n第一条",
            [("title", "中华人民共和国医师法", "heading:f")],
            "a heading is the title",
        ),
        ("\n 处方管理办法\n（卫生部令）", [("title", "处方管理办法", "first_line:f")], "else the first line"),
        (
            '---\ntitle: "社会救助法"\npublish_date: "2026-04-30"\nimplement_date: 2026-07-01\ntags:\n  - 法律\n---\n# 社会救助法\n',
            [
                ("title", "社会救助法", "front_matter:f"),
                ("version_date", "2026-04-30", "front_matter:f"),
                ("effective_date", "2026-07-01", "front_matter:f"),
                ("title", "社会救助法", "heading:f"),
            ],
            "front matter as china-law-db writes it",
        ),
        (
            "---\ntitle:\n  zh: 生产质量管理规范\n  en: ''\neffective_date: '2025-04-20'\n---\n\n正文"
            + "很长" * 150,
            [
                ("title", "生产质量管理规范", "front_matter:f"),
                ("effective_date", "2025-04-20", "front_matter:f"),
            ],
            "a nested title; prose is no title",
        ),
        (
            "---\nprev: /constitution/\n---\n\n# 序言\n",
            [("title", "序言", "heading:f")],
            "navigation is no claim",
        ),
    ],
)
def test_what_a_text_says_about_itself(text: str, expected: list[tuple[str, str, str]], why: str) -> None:
    assert of_text(text, "f").claims == tuple(Claim(*claim) for claim in expected), why


def test_rows_are_rendered_with_headings_when_they_change() -> None:
    rows = [
        Row("第一条", "甲。\n乙。", "第一章 总则"),
        Row("第二条", "丙。", "第二章 分则", "第一节 一般规定"),
        Row("第三条", "丁。", "第二章 分则", "第二节 特别规定"),
        Row("第四条", "戊。", "第三章 附则"),
    ]
    assert render("某法", rows) == (
        "某法\n第一章 总则\n第一条　甲。\n乙。\n第二章 分则\n第一节 一般规定\n第二条　丙。\n第二节 特别规定\n第三条　丁。\n"
        "第三章 附则\n第四条　戊。\n"
    )


def test_both_json_layouts_become_rows() -> None:
    law = {
        "law": {"law_name": "某法", "version_date": "2021-08-20", "issuing_body": None},
        "articles": [
            {"article_no": "第一条", "article_text": "甲。", "chapter": "第一章 总则", "section": None}
        ],
    }
    problems: list[Problem] = []
    text = read_json(json.dumps(law), "a.json", problems)
    assert (text.raw, text.form) == ("某法\n第一章 总则\n第一条　甲。\n", Form.ROWS)
    assert text.claims == (
        Claim("title", "某法", "record:a.json"),
        Claim("version_date", "2021-08-20", "record:a.json"),
    )
    listed = [
        {
            "originalTitle": "第一条",
            "paragraphs": ["甲。", "乙。"],
            "chapter": {"title": "General Provisions"},
            "sourceVersion": {"officialTitle": "某办法", "effectiveFrom": "2023-08-15"},
        },
        {"originalTitle": "第二条", "fullText": "丙。"},
    ]
    assert problems == []
    text = read_json(json.dumps(listed), "b.json", problems)
    assert [(problem.code, problem.place) for problem in problems] == [("foreign_headings", "b.json")]
    assert text.raw == "某办法\n第一条　甲。\n乙。\n第二条　丙。\n"
    assert {claim.field: claim.value for claim in text.claims} == {
        "title": "某办法",
        "effective_date": "2023-08-15",
    }


def test_docx_keeps_document_order(tmp_path: Path) -> None:
    body = (
        paragraph("某办法")
        + '<w:p><w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr><w:r><w:t>第一条</w:t><w:tab/><w:t>甲</w:t><w:br/><w:t>乙</w:t></w:r></w:p>'
        + "<w:tbl><w:tr><w:tc>" + paragraph("药品") + paragraph("名称") + "</w:tc><w:tc>" + paragraph("剂量") + "</w:tc></w:tr></w:tbl>"
        + "<w:sdt><w:sdtContent>" + paragraph("第二条 控件内") + "</w:sdtContent></w:sdt>"
        + "<w:p><w:ins><w:r><w:t>新增</w:t></w:r></w:ins><w:del><w:r><w:delText>删去</w:delText></w:r></w:del></w:p>"
    )  # fmt: skip
    found = reading(tmp_path, "某办法.docx", docx_file(body))
    assert raw(found) == "某办法\n第一条\t甲\n乙\n| 药品 名称 | 剂量 |\n第二条 控件内\n新增\n"
    assert found.problems == ()
    assert found.text is not None and found.text.form is Form.PLAIN


def test_docx_of_python_docx_and_its_automatic_numbers(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("某办法")
    document.add_paragraph("甲", style="List Number")
    document.paragraphs[1]._p.get_or_add_pPr().get_or_add_numPr()
    document.save(str(tmp_path / "某办法.docx"))
    found = read_file(tmp_path / "某办法.docx", "某办法.docx")
    assert raw(found) == "某办法\n甲\n"
    assert [problem.code for problem in found.problems] == ["automatic_numbers"]


def test_docx_entities_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("不应出现", encoding="utf-8")
    prologue = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y "展开">]>'
    found = reading(tmp_path, "a.docx", docx_file(paragraph("正文&x;&y;尾"), prologue=prologue))
    text = raw(found) if found.text else ""
    assert "不应出现" not in text and "展开" not in text


def test_pdf_text_layer(tmp_path: Path) -> None:
    found = reading(tmp_path, "某办法.pdf", pdf_file("某办法\n第一条 为了规范", "第二条 适用"))
    assert raw(found) == "某办法\n第一条 为了规范\n第二条 适用\n"
    assert found.text is not None and found.text.form is Form.PDF_TEXT
    found = reading(tmp_path, "某办法.pdf", pdf_file("第一条", ""))
    assert [problem.code for problem in found.problems] == ["pdf_empty_pages"]
    assert "第 2 页" in found.problems[0].text


@pytest.mark.parametrize(
    ("page", "text", "why"),
    [
        (
            "<html><head><title>x</title></head><body><nav>菜单</nav><script>var a=1</script><h1>某办法</h1>"
            "<p>第一条　为了<b>规范</b>，\n 制定本办法。<br>第二条 适用。</p><footer>版权</footer></body></html>",
            "某办法\n第一条　为了规范， 制定本办法。\n第二条 适用。\n",
            "blocks and br are lines, inline marks are not, frames are dropped",
        ),
        (
            "<body><div>导航</div><div id='UCAP-CONTENT'><p>第一条</p></div></body>",
            "第一条\n",
            "the main text of gov.cn",
        ),
        (
            "<table><tr><td><p>甲</p><p>乙</p></td><td>丙</td></tr><tr><th>丁</th></tr></table><p>尾</p>",
            "| 甲 乙 | 丙 |\n| 丁 |\n尾\n",
            "tables as rows",
        ),
        ("<?xml version='1.0' encoding='gbk'?><html><body>第一条</body></html>", "第一条\n", "XHTML declaration"),
        ("<p>甲</p><!-- 注释 --><p>乙</p>", "甲\n乙\n", "comments are no text"),
    ],
)  # fmt: skip
def test_html(tmp_path: Path, page: str, text: str, why: str) -> None:
    assert raw(reading(tmp_path, "a.html", page.encode())) == text, why


def test_deep_html_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    found = reading(tmp_path, "a.html", ("<div>" * 5000 + "第一条" + "</div>" * 5000).encode())
    assert found.text is not None or found.problems


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("第一条 为规范处方管理，提高处方质量，促进合理用药，保障 医疗安全，根据《执业医师法》制 定本办法。\n", Form.PDF_TEXT),
        ("第一条 为规范处方管理，提高处方质量，促进合理用药，保障医疗安全，制定本办法。\n", Form.PLAIN),
    ],
)  # fmt: skip
def test_text_copied_out_of_a_pdf_is_recognised(tmp_path: Path, text: str, form: Form) -> None:
    found = reading(tmp_path, "处方管理办法.txt", text.encode())
    assert found.text is not None and found.text.form is form


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (20 * 1024 * 1024))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code", "word"),
    [
        ("a.md", b"", "empty_file", "0 字节"),
        ("a.txt", "\ufeff \n\u3000\n".encode(), "empty_file", "没有文字"),
        ("a.txt", b"\x00\x01\x02", "binary_file", "U+0000"),
        ("a.md", b"%PDF-1.4\n\xff\xfe\x00\x00", "binary_file", "另存"),
        ("a.docx", b"PK\x03\x04 cut off", "unreadable_docx", "重新下载"),
        ("a.docx", docx_file(paragraph("第一条"))[:-200], "unreadable_docx", "不完整"),
        ("a.docx", docx_file("<w:p>"), "unreadable_docx", "损坏"),
        ("a.docx", bomb(), "too_large", "压缩炸弹"),
        ("a.docx", docx_file(""), "empty_file", "没有文字"),
        ("a.pdf", b"not a pdf at all", "unreadable_pdf", "重新下载"),
        ("a.pdf", pdf_file("第一条")[:300], "unreadable_pdf", "损坏"),
        ("a.pdf", pdf_file("", ""), "pdf_without_text", "扫描件"),
        ("a.html", b"<html><body><script>1</script></body></html>", "empty_file", "没有文字"),
        ("a.json", b"{", "unreadable_json", "语法"),
        ("a.json", b"[" * 100_000, "unreadable_json", "语法"),
        ("a.json", b'{"law": {"law_name": "\\ud83d"}, "articles": [{}]}', "unreadable_json", "代理对"),
        ("a.json", b'{"title": "x"}', "unknown_format", "结构"),
        ("a.json", b"[1]", "unknown_format", "结构"),
        ("a.doc", b"\xd0\xcf\x11\xe0", "unknown_format", ".docx"),
        ("a", b"text", "unknown_format", "无扩展名"),
    ],
)
def test_gallery_of_bad_files(tmp_path: Path, name: str, data: bytes, code: str, word: str) -> None:
    found = reading(tmp_path, name, data)
    assert found.text is None
    problem = found.problems[-1]
    assert (problem.severity, problem.code, problem.place) == (Severity.ERROR, code, name)
    assert word in problem.text


VALID = st.sampled_from(
    [
        (
            "a.docx",
            docx_file(
                paragraph("第一条 甲") + "<w:tbl><w:tr><w:tc>" + paragraph("乙") + "</w:tc></w:tr></w:tbl>"
            ),
        ),
        ("a.pdf", pdf_file("第一条 为了规范", "第二条 适用")),
        ("a.html", "<html><body><table><tr><td>第一条</td></tr></table><p>甲<br></body></html>".encode()),
        (
            "a.json",
            json.dumps({"law": {"law_name": "某法"}, "articles": [{"article_no": "第一条"}]}).encode(),
        ),
        ("a.md", "---\ntitle: 某法\npublish_date: 2020-01-01\n---\n# 某法\n第一条".encode()),
    ]
)


@settings(max_examples=200, deadline=None)
@given(VALID, st.integers(0, 3000), st.binary(max_size=8), st.integers(0, 20))
def test_damaged_files_never_raise(valid: tuple[str, bytes], at: int, patch: bytes, removed: int) -> None:
    name, data = valid
    at %= len(data)
    with tempfile.TemporaryDirectory() as folder:
        found = reading(Path(folder), name, data[:at] + patch + data[at + removed :])
    assert found.text is not None or found.problems[-1].severity is Severity.ERROR


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_file("第一条"))))
    writer.encrypt("秘密".encode().hex(), algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    found = read_file(tmp_path / "a.pdf", "a.pdf")
    assert [problem.code for problem in found.problems] == ["unreadable_pdf"]
    assert "密码" in found.problems[0].text


def test_other_encodings_are_noted(tmp_path: Path) -> None:
    found = reading(tmp_path, "医师法.txt", LAW.encode("gb18030"))
    assert raw(found) == LAW
    assert [(problem.severity, problem.code) for problem in found.problems] == [(Severity.NOTE, "not_utf8")]


def test_too_large_missing_and_special_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_file(tmp_path / "无.md", "无.md").problems[0].code == "missing_file"
    assert read_file(tmp_path, ".").problems[0].code == "missing_file"
    os.mkfifo(tmp_path / "a.md")  # reading it would wait for ever
    assert read_file(tmp_path / "a.md", "a.md").problems[0].code == "missing_file"
    monkeypatch.setattr(files, "SIZE_LIMIT", 2**20)
    found = reading(tmp_path, "b.md", b" " * (2**20 + 1))
    assert found.problems[0].code == "too_large"
    assert "1 MB" in found.problems[0].text
