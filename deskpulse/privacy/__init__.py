"""Every field of the contract: whom it may identify, where it is kept, how long, in which form."""

from deskpulse.privacy.inventory import Inventory, inventory
from deskpulse.privacy.pages import as_json, as_markdown, as_text

__all__ = ["Inventory", "as_json", "as_markdown", "as_text", "inventory"]
