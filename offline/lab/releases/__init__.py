"""Released models, each made again by one command: a recipe (NAME.toml), the text of its card (NAME.md), one runner."""
