"""What the benches of the turn engine share: a site of their own, pages, and a provider."""
