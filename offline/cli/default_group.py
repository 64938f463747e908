"""Commands of which one is meant where none is named: `samplechop train DIR` is `samplechop train chop DIR`."""

from typing import Any

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """Takes what is no command's name for an argument of the command DEFAULT; a bare call shows the help."""

    DEFAULT = "chop"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name in front where there is none."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.DEFAULT, *args]
        return super().parse_args(ctx, args)
