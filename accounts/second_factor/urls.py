"""The pages that replace or extend those of allauth.mfa, under the same prefix."""

from django.urls import path

from accounts.second_factor import views

urlpatterns = [
    path("", views.show_second_factor, name="mfa_index"),
    path("totp/activate/", views.ActivateView.as_view(), name="mfa_activate_totp"),
    path("recovery-codes/", views.ShowRecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/",
        views.RenewRecoveryCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("authenticate/recovery/", views.RecoveryCodeView.as_view(), name="mfa_authenticate_recovery"),
    path("authenticate/cancel/", views.cancel_login, name="mfa_cancel_login"),
]
