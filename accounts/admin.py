from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import User
from accounts.second_factor.selectors import annotate_second_factor
from accounts.second_factor.services import remove_second_factor
from accounts.selectors import annotate_verified_email

admin.site.unregister(Group)
# Email addresses are changed only by their owner, with a confirmation.
admin.site.unregister(EmailAddress)
# Its page would show sealed secrets; what an admin may do about a second factor is an action below.
admin.site.unregister(Authenticator)


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Guests and accounts; a password can be replaced, and its hash is never shown."""

    form = UserChangeForm
    add_form = UserCreationForm
    actions = ("turn_second_factor_off",)
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "person",
        "has_verified_email",
        "has_second_factor",
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
        """Return users with whether their address is verified, as an address may have further accounts."""
        return annotate_second_factor(annotate_verified_email(super().get_queryset(request)))

    @admin.display(description=_("확인된 이메일"), boolean=True)
    def has_verified_email(self, user: User) -> bool:
        return bool(getattr(user, "is_email_verified", False))

    @admin.display(description=_("2단계 인증"), boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return bool(getattr(user, "is_second_factor_on", False))

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        """Only superusers may take a second factor from an account: it could be a superuser's."""
        return bool(getattr(request.user, "is_superuser", False))

    @action(description=_("2단계 인증 끄기"), permissions=["superuser"])
    def turn_second_factor_off(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Turn the second factor of people off who have lost their phone and their recovery codes."""
        removed = [user for user in chosen if remove_second_factor(account=user)]
        for user in removed:
            self.log_change(request, user, gettext("2단계 인증을 껐어요."))
            get_adapter(request).send_notification_mail("mfa/email/totp_deactivated", user)
        count = len(removed)
        text = ngettext("%(count)d명의 2단계 인증을 껐어요.", "%(count)d명의 2단계 인증을 껐어요.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Guests are read-only."""
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_guest)
