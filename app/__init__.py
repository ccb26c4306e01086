"""The edges people touch: command line and Streamlit pages. Nothing imports this package."""
