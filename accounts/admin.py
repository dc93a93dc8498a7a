from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import User
from accounts.selectors import annotate_verified_email

admin.site.unregister(Group)
# Email addresses are changed only by their owner, with a confirmation.
admin.site.unregister(EmailAddress)


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Guests and accounts; a password can be replaced, and its hash is never shown."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "person",
        "has_verified_email",
        "is_guest",
        "is_staff",
        "is_active",
        "date_joined",
        "last_login",
    )
    list_filter = ("is_guest", "is_staff", "is_superuser", "is_active")
    search_fields = ("email", "first_name", "public_id", "username")
    ordering = ("-date_joined",)
    readonly_fields = ("public_id", "is_guest", "date_joined", "last_login")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("username", "email", "first_name", "public_id", "is_guest")}),
        (_("권한"), {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        (_("날짜"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),
    )

    @admin.display(description=_("사용자"), ordering="email")
    def person(self, user: User) -> str:
        return user.email or user.username

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return users with whether their address is verified: an address may have further accounts."""
        return annotate_verified_email(super().get_queryset(request))

    @admin.display(description=_("확인된 이메일"), boolean=True)
    def has_verified_email(self, user: User) -> bool:
        return bool(getattr(user, "is_email_verified", False))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Guests are read-only."""
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_guest)
