"""核对模型回答里的引文：经 HTTP，用标准库即可。

用法：python check_answer.py http://127.0.0.1:8700 [密钥]
"""

import json
import sys
import urllib.request

ANSWER = "依照《医师法》第二十五条，医师应当向患者说明病情；《民法典》第九千条另有规定。"


def ask(url: str, path: str, asked: dict[str, object], key: str = "") -> dict[str, object]:
    """把问题发给服务，取回 JSON。"""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url + path, json.dumps(asked).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


url, key = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
checked = ask(url, "/v1/cite/check", {"text": ANSWER, "as_of": "2026-11-22"}, key)
for citation in checked["citations"]:
    print(citation["surface"], citation["outcome"], citation["evidence"])
