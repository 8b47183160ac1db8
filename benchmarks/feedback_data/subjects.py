"""What is asked about, and in which words."""

from __future__ import annotations

__all__ = ["DOES", "SENTENCE", "THINGS", "WORDINGS"]

WORDINGS = (
    "How do I {does} {thing}?",
    "how to {does} {thing}",
    "What is the way to {does} {thing}?",
    "Can somebody tell me how we {does} {thing}?",
    "Where is it written how to {does} {thing}?",
    "{does} {thing}?",
    "Who may {does} {thing}?",
    "What do I need before I {does} {thing}?",
    "How long does it take to {does} {thing}?",
    "Is it possible to {does} {thing} on a weekend?",
    "Why can I not {does} {thing}?",
    "Which form is for people who {does} {thing}?",
)
DOES = (
    *("request", "renew", "cancel", "install", "update", "reset", "approve", "report", "rotate", "deploy"),
    *("restore", "book", "share", "archive", "measure", "disable"),
)
THINGS = (
    *(
        "a parental leave",
        "the VPN client",
        "a travel refund",
        "the staging cluster",
        "an API key",
        "a laptop",
    ),
    *("the on-call rota", "a backup of the database", "the firmware of a lantern", "a meeting room"),
    *("a support contract", "the build pipeline", "a customer's invoice", "an access badge", "the wiki page"),
    *(
        "a security incident",
        "the battery test",
        "a conference ticket",
        "the payroll entry",
        "a feature flag",
    ),
    *(
        "the load balancer",
        "a home office desk",
        "an expense report",
        "the mobile app",
        "a signing certificate",
    ),
)
SENTENCE = (
    "It is done on the page of the team that owns it, and whoever is on call approves it within two days"
)
