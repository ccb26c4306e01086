"""The pages of the workbench beside the browsing page: each a view (values) and a drawing; no query, no rule."""
