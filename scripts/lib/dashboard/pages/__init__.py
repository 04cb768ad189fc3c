"""The pages of the dashboard, each a module with the names that `shell.Page` lists."""
