"""The 165 official tasks of WebArena-Lite, and a scripted oracle for each of them on the replica."""

from webrl_gym.tasks.official.suite import OfficialSuite, official_suite

__all__ = ["OfficialSuite", "official_suite"]
