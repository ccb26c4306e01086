"""LangChain：先检索条文，再把条文与问题交给模型。这里的“模型”只复述所得，换成 init_chat_model(...) 即可。

用法：python langchain_context.py [状态目录]
"""

import sys
from datetime import date
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from retrieval import Retriever
from retrieval.langchain import ClauseRetriever

law = ClauseRetriever(
    retriever=Retriever.open(Path(sys.argv[1]) if len(sys.argv) > 1 else None), as_of=date(2026, 11, 22), k=2
)


def quoted(clauses: list[Document]) -> str:
    """条文连同出处与效力：模型只可引用这些。"""
    return "\n".join(
        f"《{c.metadata['title']}》{c.metadata['article']}（{c.metadata['status']}，{c.id}）：{c.page_content}"
        for c in clauses
    )


prompt = ChatPromptTemplate.from_messages(
    [("system", "只依据下列条文回答，写明条号；条文不足就说不足。\n{clauses}"), ("human", "{question}")]
)
model = RunnableLambda(lambda value: "\n".join(str(m.content) for m in value.to_messages()))

chain = {"clauses": law | quoted, "question": RunnablePassthrough()} | prompt | model
print(chain.invoke("手术前要不要把替代方案告诉病人"))
