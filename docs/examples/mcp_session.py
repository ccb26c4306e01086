"""MCP：启动 yilun mcp，列出工具，检索一次。用法：python mcp_session.py [状态目录]"""

import asyncio
import sys

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

home = ["--home", sys.argv[1]] if len(sys.argv) > 1 else []
server = StdioServerParameters(command=sys.executable, args=["-m", "app.cli", "mcp", *home])


async def main() -> None:
    """列出工具，检索一次。"""
    async with Client(server, read_timeout_seconds=60) as client:
        print(*(tool.name for tool in (await client.list_tools()).tools))
        asked = {"query": "手术前要不要把替代方案告诉病人", "k": 1, "as_of": "2026-11-22"}
        found = await client.call_tool("search_law", asked)
        for hit in found.structured_content["hits"]:
            print(f"《{hit['title']}》{hit['article']} [{hit['status']}] {hit['text']}")


asyncio.run(main())
