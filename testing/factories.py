"""The cast: Ada converses, Grace advertises, Mallory should not be here."""

import uuid

import factory

from accounts.models import User


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person with an account, password `jjamppong-1234`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"person{number}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@example.com")
    password = factory.django.Password("jjamppong-1234")


class GuestFactory(factory.django.DjangoModelFactory[User]):
    """A guest, known only by the key in their cookie."""

    class Meta:
        model = User

    username = factory.LazyAttribute(lambda guest: f"guest-{guest.guest_key}")
    guest_key = factory.LazyFunction(uuid.uuid4)
    is_guest = True
