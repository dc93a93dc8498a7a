"""Factories of users and listings; in tests Ada converses, Grace advertises and Mallory attacks."""

import uuid

import factory

from accounts.models import User
from aggregator.models import Listing


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A user with an account and the password `jjamppong-1234`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"user{number}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.django.Password("jjamppong-1234")


class GuestFactory(factory.django.DjangoModelFactory[User]):
    """A guest, identified by the key in their cookie."""

    class Meta:
        model = User

    username = factory.LazyAttribute(lambda guest: f"guest-{guest.guest_key}")
    guest_key = factory.LazyFunction(uuid.uuid4)
    is_guest = True


class ListingFactory(factory.django.DjangoModelFactory[Listing]):
    """A reachable model, which the provider server finds by the name after the slash of `litellm_model`."""

    class Meta:
        model = Listing

    slug = factory.Sequence(lambda number: f"model-{number}")
    name = factory.LazyAttribute(lambda listing: listing.slug.title())
    vendor = factory.LazyAttribute(lambda listing: f"vendor of {listing.slug}")
    provider = "openai_compatible"
    litellm_model = factory.LazyAttribute(lambda listing: f"openai/{listing.slug}")
    is_reachable = True
    input_price_micros = 100
    output_price_micros = 400
    output_limit = 512
    context_window = 4_096
    languages = factory.LazyFunction(lambda: ["ko", "en"])
    standing = 0.5
