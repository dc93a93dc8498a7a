"""The base classes of admin pages whose rows are kept, or only shown."""

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class KeptRowsAdmin(ModelAdmin):
    """Lets nobody delete a row."""

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Rows are kept."""
        return False


class ReadOnlyAdmin(KeptRowsAdmin):
    """Shows rows and lets nobody add, change or delete one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the product adds rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Rows are not edited."""
        return False
